"""Kind of evidence: coverage."""
