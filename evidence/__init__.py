"""Kinds of evidence: one module or folder per kind, one file per format."""
