"""Kind of evidence: audit log."""
