"""Open findings by tool and severity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ...gate import Item
from ...judgement.history import Release
from ...record import Severity
from ..words import count, cut, listed, number
from .drawing import INK, MUTED, ROW, SMALL, WIDTH, bar, fit, line, measure, svg, text
from .model import SeverityFigure, SeverityRow
from .rows import NAME, ROWS, entries, left_out

_GONE: Final = 4
"""Scans that are named because they are missing."""
_FILL: Final = {
    Severity.CRITICAL: "#6b1503",
    Severity.HIGH: "#a6290d",
    Severity.MEDIUM: "#c7742a",
    Severity.LOW: "#8fa9bf",
    Severity.INFO: "#b9c7d4",
    Severity.UNKNOWN: "#57606a",
}


def figure(items: list[Item], before: Release | None) -> SeverityFigure:
    """Returns the figure, against the last release where there is one."""
    rows = [_scan_row(one, before) for one in items]
    rows.sort(key=lambda row: [-row.counts[severity] for severity in Severity])
    caption = f"{count(len(rows), 'scan')} of this commit: {_worst(row.counts for row in rows)}"
    caption += f"; release {_named(before)} had {_worst(before.scans.values())}." if before and before.scans else "."
    alt = "; ".join(f"{row.tool} ({row.category}): {_severities(row)}" for row in rows[:ROWS])
    return SeverityFigure(
        title="Open findings by tool and severity",
        caption=caption,
        alt=f"{caption} {alt}.",
        evidence=entries(items),
        note=_note(items, before),
        rows=tuple(rows[:ROWS]),
        against=_named(before) if before and before.scans else None,
    )


def _worst(many: Iterable[Mapping[Severity, int]]) -> str:
    total = {severity: sum(one[severity] for one in counts) for counts in [list(many)] for severity in Severity}
    others = sum(total.values()) - total[Severity.CRITICAL] - total[Severity.HIGH]
    return f"{number(total[Severity.CRITICAL])} critical, {number(total[Severity.HIGH])} high and {count(others, 'other open finding')}"


def _note(items: Sequence[Item], before: Release | None) -> str | None:
    """Names the scans that the last release had and this one has not: fewer findings may be fewer scans."""
    now = {(one.tool or one.format, one.payload.category) for one in items}
    gone = [f"{cut(tool, NAME)} ({category})" for tool, category in (before.scans if before else {}) if (tool, category) not in now]
    left = f"Not among the scans of this commit, but of release {_named(before)}: {listed(gone[:_GONE])}." if before and gone else None
    return " ".join(filter(None, [left_out(items, "scan"), left])) or None


def _named(release: Release) -> str:
    return cut(release.name, 40)


def _scan_row(item: Item, before: Release | None) -> SeverityRow:
    payload = item.payload
    counts = {severity: int(getattr(payload.by_severity, severity.value)) for severity in Severity}
    scanned = None if payload.scanned is None else count(payload.scanned, (payload.scanned_what or "items").removesuffix("s"))
    tool = cut(item.tool or item.format, NAME)
    known = before.scans.get((item.tool or item.format, payload.category)) if before else None
    return SeverityRow(tool=tool, category=payload.category, counts=counts, before=None if known is None else dict(known), scanned=scanned)


def _severities(row: SeverityRow) -> str:
    found = [f"{amount:,} {severity.value}" for severity, amount in row.counts.items() if amount]
    was = [f"{amount:,} {severity.value}" for severity, amount in (row.before or {}).items() if amount]
    text = listed(found) if found else "none open"
    return text if row.before is None else f"{text}, before that {listed(was) or 'none'}"


def draw(figure: SeverityFigure) -> str:
    """One row per scan, one column per severity, one common scale: bars with their numbers."""
    name_width, gap = 120.0, 8.0
    column = (WIDTH - name_width) / len(Severity)
    most = max((amount for row in figure.rows for amount in row.counts.values()), default=0)
    label_width = measure(f"{most:,}", bold=True) + 6
    parts = [text(name_width + n * column, 9, one.value, fill=MUTED, size=SMALL) for n, one in enumerate(Severity)]
    parts.append(line(0, 14, WIDTH, 14))
    height = ROW + (8 if figure.against is None else 13)
    for position, row in enumerate(figure.rows):
        y = 17 + position * height
        parts.append(text(0, y + 9, fit(f"{row.tool} {row.category}", name_width - gap), bold=False))
        parts.append(text(0, y + 18, fit(row.scanned or "extent not stated", name_width - gap, SMALL), size=SMALL, fill=MUTED))
        for n, severity in enumerate(Severity):
            x, amount = name_width + n * column, row.counts.get(severity, 0)
            length = max(0.0, column - gap - label_width) * amount / most if most else 0
            if amount:
                parts.append(bar(x, y + 3, length, ROW - 5, _FILL[severity]))
            parts.append(
                text(
                    x + (max(length, 0.8) + 4 if amount else 0),
                    y + 11,
                    f"{amount:,}",
                    fill=INK if amount else MUTED,
                    bold=bool(amount) and severity in (Severity.CRITICAL, Severity.HIGH),
                )
            )
            if row.before is not None and row.before[severity] != amount:
                parts.append(text(x, y + 21.5, fit(f"was {row.before[severity]:,}", column - gap, SMALL), size=SMALL, fill=MUTED))
        parts.append(line(0, y + height - 2, WIDTH, y + height - 2))
    return svg(17 + len(figure.rows) * height, parts)
