"""Aligned tables for terminals, without borders, cut to the width at hand."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from unicodedata import east_asian_width

from ..plaintext import safe

NARROW, WIDE = 80, 120
_SEPARATORS = "/\\,;?&"
"""After these a word may be broken that has no room on a line of its own."""


def width() -> int:
    """Returns the columns to use: what the terminal has, between 80 and 120."""
    return max(NARROW, min(WIDE, shutil.get_terminal_size((NARROW, 24)).columns))


def lines(rows: Sequence[Sequence[str]], *, header: Sequence[str] = (), right: Sequence[int] = (), indent: int = 0) -> list[str]:
    """Returns the lines of a table; the last column takes the rest of the width and wraps.

    Args:
        rows: Cells; made safe here.
        header: Titles of the columns.
        right: Columns that are right-aligned.
        indent: Spaces before each line.
    """
    cells = [[safe(cell) for cell in row] for row in ([header] if header else []) + [list(row) for row in rows]]
    if not cells:
        return []
    sizes = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    room = max(20, width() - indent - sum(size + 2 for size in sizes[:-1]))
    made = []
    for row in cells:
        head = "".join((c.rjust(s) if n in right else c.ljust(s)) + "  " for n, (c, s) in enumerate(zip(row[:-1], sizes[:-1], strict=True)))
        last = row[-1].rjust(sizes[-1]) if len(row) - 1 in right else row[-1]
        pieces = wrap(last, room)
        made.append((" " * indent + head + pieces[0]).rstrip())
        made += [" " * (indent + len(head)) + piece for piece in pieces[1:]]
    return made


def wrap(text: str, room: int) -> list[str]:
    """Breaks text into lines of at most ``room`` columns; wide characters, such as Chinese ones, take two.

    A word that has no room on a line of its own is broken after a separator such as ``/``, so that the pieces of a path can still be read
    and copied, and between wide characters. What then has no room, such as a digest, runs over the edge.
    """
    lines, line, used = [], "", 0
    for gap, word in re.findall(r"( *)([^ ]+)", text):
        pieces = list(_pieces(word)) if _columns(word) > room else [word]
        for number, piece in enumerate(pieces):
            space = gap if line and not number else ""
            if line and used + len(space) + _columns(piece) > room:
                lines.append(line)
                line, used, space = "", 0, ""
            line, used = line + space + piece, used + len(space) + _columns(piece)
    return [*lines, line]


def _pieces(word: str) -> Iterator[str]:
    """Yields what a word may be broken into."""
    piece = ""
    for one, other in zip_longest(word, word[1:]):
        piece += one
        if other is None or _columns(one + other) > 2 or (one in _SEPARATORS and other not in _SEPARATORS):
            yield piece
            piece = ""


def _columns(text: str) -> int:
    return len(text) if text.isascii() else sum(2 if east_asian_width(one) in "WF" else 1 for one in text)
