"""A rollback drill on a time axis."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...gate import Item
from ..words import cut, seconds
from .drawing import DARK, INK, MUTED, ROW, SMALL, TRACK, WIDTH, bar, fit, limit_mark, line, measure, plate, svg, text
from .limits import Limits
from .model import DrillStep, RollbackFigure
from .rows import NAME, ROWS, left_out


def figure(items: list[Item], limits: Limits) -> RollbackFigure | None:
    """Returns the figure; None where no step has a time."""
    item = items[0]
    payload = item.payload
    timed = [one for one in payload.steps if one.started_at is not None]
    if not timed:
        return None
    begin: datetime = payload.started_at or min(one.started_at for one in timed)
    steps = [
        DrillStep(
            name=cut(one.name, NAME),
            start_s=max(0.0, (one.started_at - begin).total_seconds()),
            end_s=None if one.ended_at is None else max(0.0, (one.ended_at - begin).total_seconds()),
        )
        for one in timed
    ]
    limit = limits.find("rollback-drill", ("recovery_s", "max_recovery_s", "recovery", "max_recovery"))
    caption = _caption(payload, limit)
    alt = "; ".join(f"{one.name} from {seconds(one.start_s)}" + ("" if one.end_s is None else f" to {seconds(one.end_s)}") for one in steps)
    return RollbackFigure(
        title="Rollback drill",
        caption=caption,
        alt=f"{caption} Steps since the start: {alt}.",
        evidence=(item.entry,),
        note=left_out(steps, "step"),
        steps=tuple(steps[:ROWS]),
        recovery_s=payload.recovery_s,
        limit_s=limit,
    )


def _caption(payload: Any, limit: float | None) -> str:
    where = f" in {cut(payload.environment, 40)}" if payload.environment else ""
    if payload.mode != "executed":
        return f"The rollback was only {payload.mode}{where}: that is no drill."
    if payload.recovery_s is None:
        return f"The drill{where} ended without a verified recovery."
    took = f"Recovery{where} took {seconds(payload.recovery_s)}"
    return f"{took}, {'within' if payload.recovery_s < limit else 'beyond'} the limit of {seconds(limit)}." if limit else f"{took}."


def draw(figure: RollbackFigure) -> str:
    """Steps on a time axis, with the recovery and its limit drawn through all of them."""
    name_width, right = 150.0, 60.0
    ends = [one.end_s if one.end_s is not None else one.start_s for one in figure.steps]
    longest = max([*ends, figure.recovery_s or 0, figure.limit_s or 0]) or 1.0
    scale = (WIDTH - name_width - right) / longest
    bottom = 18 + len(figure.steps) * ROW
    parts: list[str] = []
    for n, one in enumerate(figure.steps):
        y = 18 + n * ROW
        end = one.start_s if one.end_s is None else one.end_s
        parts += [
            line(name_width, y + ROW - 0.5, WIDTH - right, y + ROW - 0.5, stroke=TRACK),
            text(0, y + 9, fit(one.name, name_width - 8)),
        ]
        parts.append(bar(name_width + one.start_s * scale, y + 2, max((end - one.start_s) * scale, 2.4), ROW - 6, DARK))
    for value, word, heavy in ((figure.recovery_s, "recovered", True), (figure.limit_s, "limit", False)):
        if value is not None:
            parts.append(_time_mark(name_width + value * scale, bottom, f"{word} {seconds(value)}", heavy=heavy))
    for n, one in enumerate(figure.steps):
        words = seconds(one.start_s) if one.end_s is None else seconds(one.end_s - one.start_s)
        end = one.start_s if one.end_s is None else one.end_s
        parts.append(plate(name_width + end * scale + 5, 18 + n * ROW + 9, words, fill=MUTED))
    return svg(bottom + 26, parts)


def _time_mark(x: float, bottom: float, words: str, *, heavy: bool) -> str:
    half = measure(words, SMALL, bold=heavy) / 2
    at = min(x, WIDTH - half)
    if heavy:
        return line(x, 8, x, bottom, stroke=INK, width=1.2) + text(at, bottom + 20, words, anchor="middle", size=SMALL, bold=True)
    return limit_mark(x, 12, bottom) + text(at, bottom + 10, words, anchor="middle", size=SMALL)
