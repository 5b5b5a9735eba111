"""Reports: one folder per report, holding its HTML template and its style sheet."""
