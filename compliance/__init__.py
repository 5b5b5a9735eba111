"""Compliance evidence in, a decision out, proof attached."""

__version__ = "0.1.0"
