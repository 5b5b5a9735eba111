"""Tells YAML from text that merely quotes some, such as a Markdown file with an example in it."""

from __future__ import annotations

import re

_KEY = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n|---[^\n]*\n|%[^\n]*\n)*[\"']?[A-Za-z][\w.-]*[\"']?[ \t]*:(?:\s|\Z)")
_FENCE = re.compile(rb"(?m)^(?:```|~~~)")


def begins_as_yaml(head: bytes) -> bool:
    """Tells whether a file begins with a key, comments aside, and holds no fenced block at the beginning of a line."""
    return _KEY.match(head) is not None and _FENCE.search(head) is None
