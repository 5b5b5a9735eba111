"""Kind of evidence: test results."""
