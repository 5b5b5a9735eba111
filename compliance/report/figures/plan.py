"""The plan on a time axis, with its critical path."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...gate import Item
from ..words import count, cut, duration, listed, number
from .drawing import BOLD, DARK, INK, MIDDLE, MUTED, ROW, SMALL, TRACK, WIDTH, bar, fit, key, line, measure, plate, svg, text
from .limits import Limits
from .model import PlanFigure, PlanRow
from .rows import NAME, ROWS, left_out


def figure(items: list[Item], _: Limits) -> PlanFigure | None:
    """Draws the plan that gate ALPHA-PE-1 judges: one written as such, else a timeline of a document."""
    written = [one for one in items if one.format != "markdown-document"]
    item = (written or items)[0]
    payload = item.payload
    begun = min((one.started_at for one in payload.tasks if one.started_at is not None), default=None)
    rows = [_row(one, one.id in payload.critical_path, begun) for one in payload.tasks if one.start_s is not None]
    if not rows:
        return None
    rows.sort(key=lambda row: row.start_s)
    ends = [row.actual_end_s for row in rows if row.actual_end_s is not None]
    caption = _caption(payload, max(ends, default=None))
    alt = "; ".join(_words(row) for row in rows[:ROWS])
    return PlanFigure(
        title="Release plan and its critical path" if payload.critical_path else "Release plan",
        caption=caption,
        alt=f"{caption} {alt}.",
        evidence=(item.entry,),
        note=left_out(rows, "task"),
        tasks=tuple(rows[:ROWS]),
        end_s=max(row.start_s + (row.length_s or 0.0) for row in rows),
        actual_end_s=max(ends, default=None),
    )


def _row(task: Any, critical: bool, begun: datetime | None) -> PlanRow:
    started, finished = (
        max(0.0, (time - begun).total_seconds()) if time is not None and begun is not None else None
        for time in (task.started_at, task.finished_at)
    )
    return PlanRow(
        name=cut(task.title or task.id, NAME),
        start_s=task.start_s,
        length_s=task.estimate_s,
        critical=critical,
        actual_start_s=started,
        actual_end_s=None if started is None else finished,
    )


def _caption(payload: Any, actual_s: float | None) -> str:
    tasks = count(len(payload.tasks), "task")
    end = payload.makespan_s if payload.scheduled_s is None else payload.scheduled_s
    if end is None:
        last = max(one.start_s for one in payload.tasks if one.start_s is not None)
        return f"The timeline has {tasks}, the last of which begins after {duration(last)}; it does not say what depends on what."
    path = listed([cut(name, 30) for name in payload.critical_path[:6]])
    more = " and more" if len(payload.critical_path) > 6 else ""
    really = f" It really took {duration(actual_s)}." if payload.actual_s is not None and actual_s is not None else ""
    parallel = f", {number(payload.parallelism)} at once on average" if payload.parallelism is not None else ""
    return f"The {tasks} take {duration(end)} by plan{parallel}; on the critical path: {path}{more}.{really}"


def _words(row: PlanRow) -> str:
    planned = f"{row.name} from {duration(row.start_s)}" + ("" if row.length_s is None else f" to {duration(row.start_s + row.length_s)}")
    return planned + (" (critical)" if row.critical else "")


def draw(figure: PlanFigure) -> str:
    """Tasks on a time axis: planned bars, those of the critical path dark; below each, thin, when it really ran."""
    name_width, right = 150.0, 8.0
    real = any(one.actual_start_s is not None for one in figure.tasks)
    labels = [_label(one) for one in figure.tasks]
    longest = max([figure.end_s, figure.actual_end_s or 0.0, *(one.actual_start_s or 0.0 for one in figure.tasks)]) or 1.0
    label_width = max(measure(words, SMALL, bold=True) for words in labels) + 8
    scale = (WIDTH - name_width - right - label_width) / longest
    height = ROW + (4 if real else 0)
    critical: tuple[tuple[str, str | None, str], ...] = ((DARK, None, "planned, on the critical path"),)
    top = 32.0
    bottom = top + len(figure.tasks) * height
    entries = critical if any(one.critical for one in figure.tasks) else ()
    parts = [key(0, 8, (*entries, (MIDDLE, None, "planned"), *((("#ffffff", INK, "as it really was"),) if real else ())))]
    parts += _hours(name_width, scale, longest, bottom)
    for n, (one, words) in enumerate(zip(figure.tasks, labels, strict=True)):
        y, x = top + n * height, name_width + one.start_s * scale
        end = x + max((one.length_s or 0.0) * scale, 1.6)
        parts.append(text(0, y + 9, fit(one.name, (name_width - 8) / (BOLD if one.critical else 1.0)), bold=one.critical))
        parts.append(bar(x, y + 2, end - x, ROW - 6, DARK if one.critical else MIDDLE))
        if one.actual_start_s is not None:
            begin = name_width + one.actual_start_s * scale
            length = ((one.actual_end_s or one.actual_start_s) - one.actual_start_s) * scale
            parts.append(bar(begin, y + ROW - 2.5, max(length, 1.6), 3.0, "#ffffff", stroke=INK))
        parts.append(plate(end + 5, y + 9, words, fill=INK if one.critical else MUTED))
    return svg(bottom + 4, parts)


def _label(row: PlanRow) -> str:
    if row.length_s is None:
        return "no estimate"
    return duration(row.length_s) if row.length_s else "milestone"


def _hours(left: float, scale: float, longest: float, bottom: float) -> list[str]:
    """Returns the axis: at most six marks at round times, with thin lines through all rows."""
    steps = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800)
    step = next((float(one) for one in steps if longest / one <= 6), longest / 6)
    parts = []
    free = 0.0
    for mark in range(int(longest / step) + 1):
        x, words = left + mark * step * scale, duration(mark * step) if mark else "0"
        half = measure(words, SMALL) / 2
        parts.append(line(x, 26, x, bottom, stroke=TRACK))
        if x - half >= free and x + half <= WIDTH:
            parts.append(text(x, 23, words, anchor="middle", size=SMALL, fill=MUTED))
            free = x + half + 4
    return parts
