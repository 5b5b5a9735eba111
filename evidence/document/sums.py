"""Totals that their parts do not give: in tables with a row or a column of totals, and in a list of test counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .pieces import normal
from .units import Table

_TOTAL: Final = re.compile(r"(?:grand )?totals?|sum|in total")
_COUNT: Final = re.compile(r"\d{1,3}(?:,\d{3})+|\d+")
_NO_SUM: Final = re.compile(
    r"%|percent|\b(?:rate|average|avg|mean|median|min|max|minimum|maximum|p\d\d|version|id|year|date|time|line|priority|rank|score|coverage"
    r"|ratio|share|unique|distinct|target|limit|threshold|port|per|days?|weight|level|#|no|number)\b"
)
_PARTS: Final = ("passed", "failed", "errors", "skipped")
_COLUMN_WORDS: Final = {"pass": "passed", "fail": "failed", "failures": "failed", "failure": "failed", "error": "errors", "skip": "skipped",
                        "ignored": "skipped", "passing": "passed", "failing": "failed", "total": "total", "tests": "total"}  # fmt: skip


def table_sums(table: Table) -> Iterator[tuple[int, str, str]]:
    """Yields line, total as written, and why it cannot be."""
    yield from _columns(table)
    yield from _rows(table)


def _columns(table: Table) -> Iterator[tuple[int, str, str]]:
    """The last row is a total of the rows above it, where all of them are counts and no other row is a sum."""
    if len(table.rows) < 3 or not table.rows[-1] or not _TOTAL.fullmatch(normal(table.rows[-1][0])):
        return
    above = table.rows[:-1]
    if any(not row or re.search(r"total|sum\b", normal(row[0])) for row in above):
        return
    for number in range(1, len(table.head)):
        name = normal(table.head[number])
        cells = [_count(row[number]) if number < len(row) else None for row in table.rows]
        if not name or _NO_SUM.search(name) or None in cells:
            continue
        counts = [cell for cell in cells if cell is not None]
        if sum(counts[:-1]) != counts[-1]:
            yield table.lines[-1], f"{table.head[number].strip()}: {counts[-1]}", f"the rows above give {sum(counts[:-1])}"


def _rows(table: Table) -> Iterator[tuple[int, str, str]]:
    """A row of test counts: passed, failed, errors and skipped give the total."""
    names = [_COLUMN_WORDS.get(name, name) for name in map(normal, table.head)]
    if names.count("total") != 1 or not {"passed", "failed"} <= set(names):
        return
    places = {name: names.index(name) for name in (*_PARTS, "total") if names.count(name) == 1}
    for row, line in zip(table.rows, table.lines, strict=True):
        found = {name: _count(row[place]) for name, place in places.items() if place < len(row)}
        if len(found) < len(places) or None in found.values():
            continue
        counts = {name: value for name, value in found.items() if value is not None}
        reason = unequal(counts["total"], {name: counts[name] for name in _PARTS if name in counts})
        if reason:
            yield line, f"{row[0].strip()}: {counts['total']} in total", reason


def unequal(total: int, parts: dict[str, int]) -> str | None:
    """Says why a total of tests cannot be; without a count of skipped tests, only too large a sum is wrong."""
    given = sum(parts.values())
    if given - parts.get("errors", 0) == total:  # some tools count errors among the failures as well
        return None
    if given > total or (given < total and "skipped" in parts and len(parts) >= 3):
        return f"{', '.join(f'{value} {name}' for name, value in parts.items())} give {given}"
    return None


def _count(cell: str) -> int | None:
    text = normal(cell)
    return int(text.replace(",", "")) if _COUNT.fullmatch(text) else None
