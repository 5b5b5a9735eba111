"""Kind of evidence: load test."""
