"""The figures as SVG, placed by hand: no library, no script, legible in greyscale, labelled where the eye already is.

All sizes are in units of a point on a page of the usual width; text is measured with the font that it is set in, so that nothing is
clipped. The meaning is in words and lengths; colour only repeats it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from ..record import Severity
from . import trend_chart
from .drawing import (
    BAD,
    BOLD,
    DARK,
    GOOD,
    INK,
    MIDDLE,
    MUTED,
    ROW,
    SMALL,
    TRACK,
    WIDTH,
    bar,
    fit,
    limit_mark,
    line,
    measure,
    plate,
    svg,
    text,
)
from .figure_model import (
    AnyFigure,
    CoverageFigure,
    CoverageRow,
    EndpointErrors,
    Latency,
    LoadFigure,
    PlanFigure,
    PlanRow,
    RollbackFigure,
    SeverityFigure,
    TestsFigure,
    TrendsFigure,
)
from .words import NBSP, duration, number, percent, seconds

_SEVERITY_FILL: Final = {
    Severity.CRITICAL: "#6b1503",
    Severity.HIGH: "#a6290d",
    Severity.MEDIUM: "#c7742a",
    Severity.LOW: "#8fa9bf",
    Severity.INFO: "#b9c7d4",
    Severity.UNKNOWN: "#57606a",
}


def draw(figure: AnyFigure) -> str:
    """Returns a figure as an SVG document."""
    if isinstance(figure, SeverityFigure):
        return _severity(figure)
    if isinstance(figure, TestsFigure):
        return _tests(figure)
    if isinstance(figure, CoverageFigure):
        return _coverage(figure)
    if isinstance(figure, LoadFigure):
        return _load(figure)
    if isinstance(figure, PlanFigure):
        return _plan(figure)
    if isinstance(figure, TrendsFigure):
        return trend_chart.draw(figure)
    return _rollback(figure)


def _severity(figure: SeverityFigure) -> str:
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
                parts.append(bar(x, y + 3, length, ROW - 5, _SEVERITY_FILL[severity]))
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


def _tests(figure: TestsFigure) -> str:
    """One bar per suite on one common scale: failed first, so that failures line up at the same edge."""
    name_width = 150.0
    labels = [_suite_label(bar.passed, bar.failed, bar.skipped) for bar in figure.suites]
    label_width = max(measure(label, SMALL, bold=True) for label in labels) + 10
    most = max(bar.passed + bar.failed + bar.skipped for bar in figure.suites) or 1
    scale = (WIDTH - name_width - label_width) / most
    parts = [_key(0, 8, ((BAD, None, "failed"), (GOOD, None, "passed"), ("#ffffff", MUTED, "skipped")))]
    for position, (suite, label) in enumerate(zip(figure.suites, labels, strict=True)):
        y, x = 16 + position * ROW, name_width
        parts.append(text(0, y + 9, fit(suite.name, name_width - 8)))
        for amount, fill, stroke in ((suite.failed, BAD, None), (suite.passed, GOOD, None), (suite.skipped, "#ffffff", MUTED)):
            if amount:
                parts.append(bar(x, y + 2, amount * scale, ROW - 6, fill, stroke=stroke))
                x += max(amount * scale, 0.8)
        parts.append(text(x + 5, y + 9, label, size=SMALL, fill=BAD if suite.failed else MUTED, bold=bool(suite.failed)))
    return svg(18 + len(figure.suites) * ROW, parts)


def _suite_label(passed: int, failed: int, skipped: int) -> str:
    parts = [f"{failed:,} failed"] if failed else []
    parts += [f"{passed:,} passed"]
    parts += [f"{skipped:,} skipped"] if skipped else []
    return ", ".join(parts)


def _key(x: float, y: float, entries: Sequence[tuple[str, str | None, str]]) -> str:
    parts = []
    for fill, stroke, word in entries:
        parts.append(bar(x, y - 6.5, 8, 7, fill, stroke=stroke))
        parts.append(text(x + 12, y, word, size=SMALL, fill=MUTED))
        x += 12 + measure(word, SMALL) + 14
    return "".join(parts)


def _coverage(figure: CoverageFigure) -> str:
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
            parts.append(_coverage_bar(left, 24 + n * ROW, width, share_of(row), limit, bold=n == 0))
        if limit is not None:
            x = left + width * limit
            words = f"threshold {percent(limit)}"
            half = measure(words, SMALL) / 2
            parts.append(
                text(min(max(x, left + measure(word, SMALL) + 6 + half), left + panel - half), 9, words, anchor="middle", size=SMALL)
            )
            parts.append(limit_mark(x, 18, bottom))
    return svg(bottom + 3, parts)


def _coverage_bar(left: float, y: float, width: float, share: float | None, limit: float | None, *, bold: bool) -> str:
    if share is None:
        return text(left, y + 9, "not measured", fill=MUTED, size=SMALL)
    below = limit is not None and share < limit
    track = bar(left, y + 2, width, ROW - 6, TRACK)
    filled = bar(left, y + 2, width * share, ROW - 6, BAD if below else GOOD) if share else ""
    words = text(left + width + 36, y + 9, percent(share), anchor="end", size=SMALL, fill=BAD if below else INK, bold=bold or below)
    return track + filled + words


def _load(figure: LoadFigure) -> str:
    """Latencies on one scale with the limit of each, then the share of failed requests per endpoint."""
    parts: list[str] = []
    y = 0.0
    if figure.latencies:
        parts += [text(0, 9, "Latency", fill=MUTED, size=SMALL), _latencies(figure)]
        y = 20 + len(figure.latencies) * (ROW + 4) + 6
    if figure.endpoints:
        parts += _endpoints(figure, y)
        y += 20 + len(figure.endpoints) * ROW
    return svg(y + 4, parts)


def _latencies(figure: LoadFigure) -> str:
    left = 46.0
    labels = [_latency_label(one) for one in figure.latencies]
    label_width = max(measure(words, SMALL, bold=True) for words in labels) + 8
    longest = max(max(one.value_ms, one.limit_ms or 0) for one in figure.latencies) or 1.0
    scale = (WIDTH - left - label_width) / longest
    parts = []
    for n, (one, words) in enumerate(zip(figure.latencies, labels, strict=True)):
        y = 16 + n * (ROW + 4)
        broken = _broken(one)
        fill = BAD if broken else GOOD if one.limit_ms is not None else MIDDLE
        parts += [text(0, y + 9, one.label, bold=one.limit_ms is not None), bar(left, y + 2, one.value_ms * scale, ROW - 6, fill)]
        end = left + max(one.value_ms, one.limit_ms or 0) * scale
        if one.limit_ms is not None:
            parts.append(limit_mark(left + one.limit_ms * scale, y + 1, y + ROW - 2))
        parts.append(text(end + 6, y + 9, words, size=SMALL, fill=BAD if broken else INK, bold=broken))
    return "".join(parts)


def _broken(one: Latency) -> bool:
    return one.limit_ms is not None and one.value_ms >= one.limit_ms


def _latency_label(one: Latency) -> str:
    words = f"{number(round(one.value_ms))}{NBSP}ms"
    if one.limit_ms is None:
        return words
    return f"{words}, limit {number(one.limit_ms)}{NBSP}ms: {'broken' if _broken(one) else 'kept'}"


def _endpoints(figure: LoadFigure, top: float) -> list[str]:
    """Share of failed requests as bars; P95 and P99 of the endpoint as figures, where the test gives them."""
    name_width = 150.0
    labels = [_failed_label(one) for one in figure.endpoints]
    slow = any(one.p95_ms is not None or one.p99_ms is not None for one in figure.endpoints[1:])
    columns = 92.0 if slow else 0.0
    label_width = max(118.0 if slow else 150.0, *(measure(words, SMALL, bold=True) + 8 for words in labels))
    width = WIDTH - name_width - label_width - columns
    parts = [text(0, top + 9, "Failed requests", fill=MUTED, size=SMALL)]
    if slow:
        heads = ((WIDTH - 46, "P95"), (WIDTH, "P99"))
        parts += [text(x, top + 9, f"{word}, ms", anchor="end", fill=MUTED, size=SMALL) for x, word in heads]
    bottom = top + 18 + len(figure.endpoints) * ROW
    for n, (one, words) in enumerate(zip(figure.endpoints, labels, strict=True)):
        y, share = top + 18 + n * ROW, min(1.0, (one.failed or 0) / one.requests)
        broken = figure.error_limit is not None and one.failed is not None and share >= figure.error_limit
        parts += [text(0, y + 9, fit(one.name, name_width - 8), bold=n == 0 and one.name == "all requests")]
        parts += [bar(name_width, y + 2, width, ROW - 6, TRACK)]
        parts += [bar(name_width, y + 2, width * share, ROW - 6, BAD if broken else MIDDLE)] if one.failed else []
        parts.append(text(name_width + width + 6, y + 9, words, size=SMALL, fill=BAD if broken else INK, bold=broken))
        parts += _slowness(figure, one, y) if slow else []
    if figure.error_limit is not None:
        x = name_width + width * figure.error_limit
        parts += [limit_mark(x, top + 14, bottom), text(x + 6, top + 9, f"limit {percent(figure.error_limit)}", size=SMALL)]
    return parts


def _failed_label(one: EndpointErrors) -> str:
    if one.failed is None:
        return f"not stated, {one.requests:,} requests"
    return f"{one.failed:,} of {one.requests:,} ({percent(one.failed / one.requests)})"


def _slowness(figure: LoadFigure, one: EndpointErrors, y: float) -> list[str]:
    """Returns P95 and P99 of an endpoint; those over the limit in bold and with a mark that needs no colour."""
    parts = []
    for x, value, limit in ((WIDTH - 46, one.p95_ms, figure.p95_limit_ms), (WIDTH, one.p99_ms, figure.p99_limit_ms)):
        broken = value is not None and limit is not None and value >= limit
        words = "–" if value is None else fit(("> " if broken else "") + number(round(value)), 40 / BOLD, SMALL)
        parts.append(text(x, y + 9, words, anchor="end", size=SMALL, fill=BAD if broken else INK, bold=broken))
    return parts


def _plan(figure: PlanFigure) -> str:
    """Tasks on a time axis: planned bars, those of the critical path dark; below each, thin, when it really ran."""
    name_width, right = 150.0, 8.0
    real = any(one.actual_start_s is not None for one in figure.tasks)
    labels = [_plan_label(one) for one in figure.tasks]
    longest = max([figure.end_s, figure.actual_end_s or 0.0, *(one.actual_start_s or 0.0 for one in figure.tasks)]) or 1.0
    label_width = max(measure(words, SMALL, bold=True) for words in labels) + 8
    scale = (WIDTH - name_width - right - label_width) / longest
    height = ROW + (4 if real else 0)
    critical: tuple[tuple[str, str | None, str], ...] = ((DARK, None, "planned, on the critical path"),)
    top = 32.0
    bottom = top + len(figure.tasks) * height
    entries = critical if any(one.critical for one in figure.tasks) else ()
    parts = [_key(0, 8, (*entries, (MIDDLE, None, "planned"), *((("#ffffff", INK, "as it really was"),) if real else ())))]
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


def _plan_label(row: PlanRow) -> str:
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


def _rollback(figure: RollbackFigure) -> str:
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
