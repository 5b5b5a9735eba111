"""Sign-off packets: what people read, decide and sign, and the record of what they decided."""
