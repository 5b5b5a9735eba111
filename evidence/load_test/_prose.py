"""Tells a document that quotes the output of a tool from the output itself: manuals show examples, and examples are no evidence."""

from __future__ import annotations

import re
from typing import Final

_MARKUP: Final = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+\S|```|~~~|<(?:!doctype|html|head|body|p|div|pre)\b)", re.IGNORECASE | re.MULTILINE)


def is_document(text: str) -> bool:
    """Tells whether a text has headings, fences or tags, as Markdown and HTML have."""
    return _MARKUP.search(text) is not None
