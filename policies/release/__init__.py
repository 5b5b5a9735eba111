"""Framework: release."""
