"""Kind of evidence: scan."""
