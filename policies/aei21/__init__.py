"""Framework: aei21."""
