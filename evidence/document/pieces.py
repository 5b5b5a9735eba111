"""Parts of a text between marks of punctuation, without the signs (ticks, crosses, hourglasses) that stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

Sign = Literal["done", "failed", "pending", "warning"]

DONE: Final = "✅✔☑🟢💚👍"
FAILED: Final = "❌✗✘⛔🔴"
PENDING: Final = "⏳⌛🔄🚧⬜☐⏸"
WARNING: Final = "⚠🟠🟡"
_SIGNS: Final = re.compile(f"[{DONE}{FAILED}{PENDING}{WARNING}]")
_SPLIT: Final = re.compile(
    r"(?P<open>\()|(?P<close>\))|;\s*|\s+[|•·]\s+|\s+[-–—]+\s+|,\s+(?!\d{3}\b)"
    rf"|(?<=[a-z0-9%){DONE}{FAILED}{PENDING}{WARNING}])[.!]\s+(?=\W*[A-Z0-9])"
)
_PLAIN: Final = str.maketrans(
    {
        "\u2019": "'",
        "\u2018": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\u2212": "-",
        "\u2264": "<=",
        "\u2265": ">=",
    }
)


@dataclass(frozen=True)
class Piece:
    """A part of a unit between two marks of punctuation."""

    text: str
    """Without ticks, in lower case, with single spaces."""
    said: str
    """As it stands, on one line."""
    line: int
    sign: Sign | None
    bracketed: bool = False
    """It stood in brackets."""


def pieces(text: str, line: int) -> Iterator[Piece]:
    """Cuts text at commas, semicolons, brackets, dashes and ends of sentences, and takes the signs off."""
    start, depth, counted = 0, 0, 0
    for match in [*_SPLIT.finditer(text), None]:
        end = match.start() if match else len(text)
        line, counted = line + text.count("\n", counted, start), start
        piece = _piece(text[start:end], line, bracketed=depth > 0)
        if piece is not None:
            yield piece
        if match is not None:
            depth = max(0, depth + (match.lastgroup == "open") - (match.lastgroup == "close"))
            start = match.end()


def _piece(text: str, line: int, *, bracketed: bool) -> Piece | None:
    line += len(text[: len(text) - len(text.lstrip())].split("\n")) - 1
    bare = normal(_SIGNS.sub(" ", text))
    sign = sign_of(text)
    if not bare:
        return Piece("", " ".join(text.split()), line, sign, bracketed) if sign else None
    return Piece(bare, " ".join(text.split()), line, sign, bracketed)


def sign_of(text: str) -> Sign | None:
    """Returns what the first sign in a text means."""
    found = _SIGNS.search(text)
    if found is None:
        return None
    signs: tuple[tuple[str, Sign], ...] = ((DONE, "done"), (FAILED, "failed"), (PENDING, "pending"))
    return next((sign for characters, sign in signs if found.group() in characters), "warning")


def normal(text: str) -> str:
    """Returns text for comparing: lower case, single spaces, plain signs, no marks of emphasis or punctuation at its ends."""
    bare = re.sub(r"\s+", " ", text.translate(_PLAIN).lower()).strip()
    return bare.rstrip(" *_`\"'.,:;!|#>-").lstrip(" *_`\"'.,:;!|#" + ("" if bare[:1] in "<>" else ">-"))
