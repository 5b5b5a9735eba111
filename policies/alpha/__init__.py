"""Framework: alpha."""
