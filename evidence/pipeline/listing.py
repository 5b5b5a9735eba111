"""Vocabularies are written as words separated by spaces: the lists stay readable as tables."""

from __future__ import annotations


def listed(text: str) -> frozenset[str]:
    """Returns the words of a text."""
    return frozenset(text.split())
