"""Aligned tables for terminals, without borders, cut to the width at hand."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from unicodedata import east_asian_width

from ..plaintext import safe

NARROW, WIDE = 80, 120
_SECOND = "\x00"
"""Stands for the second column of a wide character while text is wrapped; `safe` lets none through."""


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
    """Breaks text into lines of at most ``room`` columns, long words included; wide characters, such as Chinese ones, take two."""
    import textwrap

    marked = text if text.isascii() else "".join(one + _SECOND if east_asian_width(one) in "WF" else one for one in text)
    lines = textwrap.wrap(marked, room, break_long_words=True, break_on_hyphens=False) or [""]
    return [line.replace(_SECOND, "") for line in lines]
