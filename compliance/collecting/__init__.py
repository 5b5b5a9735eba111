"""How live evidence is collected: collectors, the programs that they start, and the probes that they send."""
