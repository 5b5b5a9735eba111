"""Coverage by package, against its thresholds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...gate import Item
from ..words import count, cut, listed, percent
from .drawing import BAD, GOOD, INK, MUTED, ROW, SMALL, TRACK, WIDTH, bar, fit, limit_mark, measure, svg, text
from .limits import Limits
from .model import CoverageFigure, CoverageRow
from .rows import NAME, ROWS, left_out


def figure(items: list[Item], limits: Limits) -> CoverageFigure | None:
    """Returns the figure; None where no lines were counted."""
    item = items[0]
    payload = item.payload
    if not payload.lines_total:
        return None
    lines_limit = limits.find("coverage", ("lines_percent",), max)
    branches_limit = limits.find("coverage", ("branches_percent",), max)
    total = _row("all", payload)
    rows = sorted((_row(one.name, one) for one in payload.packages), key=lambda row: (row.lines is None, row.lines or 0))
    caption = _caption(total, rows, lines_limit, branches_limit)
    worst = "; ".join(f"{row.name} {percent(row.lines)}" for row in rows[:ROWS] if row.lines is not None)
    return CoverageFigure(
        title="Coverage by package",
        caption=caption,
        alt=f"{caption} Lines by package, lowest first: {worst or 'not given'}.",
        evidence=(item.entry,),
        note=left_out(rows, "package"),
        total=total,
        packages=tuple(rows[:ROWS]) if len(rows) > 1 else (),
        lines_limit=lines_limit,
        branches_limit=branches_limit,
    )


def _row(name: str, counts: Any) -> CoverageRow:
    return CoverageRow(
        name=cut(name, NAME),
        lines=_share(counts.lines_covered, counts.lines_total),
        branches=_share(counts.branches_covered, counts.branches_total),
    )


def _share(part: int | None, whole: int | None) -> float | None:
    return min(1.0, part / whole) if part is not None and whole else None


def _caption(total: CoverageRow, rows: Sequence[CoverageRow], lines_limit: float | None, branches_limit: float | None) -> str:
    parts = []
    for word, share, limit in (("lines", total.lines, lines_limit), ("branches", total.branches, branches_limit)):
        if share is not None:
            parts.append(f"{percent(share)} of {word}" + (f" (threshold {percent(limit)})" if limit is not None else ""))
    text = f"The tests ran {listed(parts)}"
    below = [row for row in rows if lines_limit is not None and row.lines is not None and row.lines < lines_limit]
    if len(rows) > 1:
        text += f"; {count(len(below), 'package lies', 'packages lie') if below else 'no package lies'} below the line threshold"
    return text + ("." if total.branches is not None else "; branches were not measured.")


def draw(figure: CoverageFigure) -> str:
    """Two panels side by side, lines and branches, each with its threshold drawn through all rows."""
    name_width, gap, label = 150.0, 16.0, 38.0
    rows = [figure.total, *figure.packages]
    panel = (WIDTH - name_width - gap) / 2
    bottom = 24 + len(rows) * ROW
    parts = [text(0, 24 + n * ROW + 9, fit(row.name, name_width - 8), bold=n == 0) for n, row in enumerate(rows)]
    panels: tuple[tuple[str, float | None, Callable[[CoverageRow], float | None]], ...] = (
        ("lines", figure.lines_limit, lambda row: row.lines),
        ("branches", figure.branches_limit, lambda row: row.branches),
    )
    for number_, (word, limit, share_of) in enumerate(panels):
        left, width = name_width + number_ * (panel + gap), panel - label
        parts.append(text(left, 9, word, fill=MUTED, size=SMALL))
        for n, row in enumerate(rows):
            parts.append(_bar(left, 24 + n * ROW, width, share_of(row), limit, bold=n == 0))
        if limit is not None:
            x = left + width * limit
            words = f"threshold {percent(limit)}"
            half = measure(words, SMALL) / 2
            parts.append(
                text(min(max(x, left + measure(word, SMALL) + 6 + half), left + panel - half), 9, words, anchor="middle", size=SMALL)
            )
            parts.append(limit_mark(x, 18, bottom))
    return svg(bottom + 3, parts)


def _bar(left: float, y: float, width: float, share: float | None, limit: float | None, *, bold: bool) -> str:
    if share is None:
        return text(left, y + 9, "not measured", fill=MUTED, size=SMALL)
    below = limit is not None and share < limit
    track = bar(left, y + 2, width, ROW - 6, TRACK)
    filled = bar(left, y + 2, width * share, ROW - 6, BAD if below else GOOD) if share else ""
    words = text(left + width + 36, y + 9, percent(share), anchor="end", size=SMALL, fill=BAD if below else INK, bold=bold or below)
    return track + filled + words
