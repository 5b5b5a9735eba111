"""What was measured of the latest releases: small multiples, one panel per measure, on one axis of releases.

The ends of each line are labelled, and its threshold is drawn in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, Protocol

from ...judgement.history import Release, Unit
from ..words import NBSP, count, cut, listed, number, percent
from .drawing import BAD, BOLD, DARK, INK, MIDDLE, MUTED, SMALL, TEXT, WIDTH, fit, line, measure, svg, text
from .model import Trend, TrendsFigure

RELEASES: Final = 10
"""Releases of the figure, the one that is judged among them."""
MOST: Final = 6
"""Measures of the figure."""
_NAME: Final = 20
"""Characters of a release's name."""
ACROSS: Final = 3
"""Panels beside each other."""
_GAP: Final = 24.0
_PANEL: Final = (WIDTH - (ACROSS - 1) * _GAP) / ACROSS
_HEAD: Final = 14.0
PLOT: Final = 44.0
_FOOT: Final = 16.0
Strictest = Callable[[Iterable[float]], float]


class Thresholds(Protocol):
    """Finds the strictest threshold of the gates that read a kind."""

    def find(self, kind: str, names: Sequence[str], strictest: Strictest = min) -> float | None:
        """Returns it; None when no gate has one."""


def figure(releases: Sequence[Release], limits: Thresholds, most: int = MOST) -> TrendsFigure | None:
    """Returns the figure; None unless something was measured of two releases at least.

    Args:
        releases: Oldest first; the last one is that which is judged.
        limits: Thresholds as this project asks them.
        most: Measures that are shown, the most telling first.
    """
    slowest = limits.find("load-test", ("p99_ms", "max_p99_ms"))
    over = releases[-1].percentiles_over if releases else None
    made: tuple[tuple[str, Unit, Callable[[Release], float | None], float | None], ...] = (
        ("Readiness score", "share", lambda one: one.readiness, None),
        ("Required gates in the way", "count", lambda one: one.red, None),
        ("Critical and high findings", "count", lambda one: one.worst, None),
        ("Tests passed", "share", lambda one: one.tests_passed, None),
        ("Lines covered", "share", lambda one: one.lines_covered, limits.find("coverage", ("lines_percent",), max)),
        ("P99 latency", "ms", lambda one: one.p99_ms if one.percentiles_over == over else None, slowest),
    )
    shown = [Trend(title=title, unit=unit, values=tuple(value(one) for one in releases), limit=limit) for title, unit, value, limit in made]
    shown = [one for one in shown if sum(value is not None for value in one.values) > 1][:most]
    if len(releases) < 2 or not shown:
        return None
    names = tuple(cut(one.name, _NAME) for one in releases)
    changes = [_change(one) for one in shown if _comparable(one)]
    caption = f"Since {names[-2]}: {listed(changes)}." if changes else f"Nothing was measured of both {names[-2]} and {names[-1]}."
    alt = "; ".join(f"{one.title}: {_history(one, names)}" for one in shown)
    return TrendsFigure(
        title=f"Trends over {count(len(names), 'release')}", caption=caption, alt=f"{caption} {alt}.", evidence=(), releases=names,
        trends=tuple(shown),
    )  # fmt: skip


def shown_value(value: float, unit: Unit) -> str:
    """Writes a value of a trend with its unit."""
    if unit == "share":
        return percent(value)
    return f"{number(round(value))}{NBSP}ms" if unit == "ms" else number(value)


def _comparable(trend: Trend) -> bool:
    return trend.values[-1] is not None and trend.values[-2] is not None


def _change(trend: Trend) -> str:
    before, now = (shown_value(value, trend.unit) for value in trend.values[-2:] if value is not None)
    title = trend.title if trend.title[1:2].isdigit() else trend.title[:1].lower() + trend.title[1:]
    return f"{title} still {now}" if before == now else f"{title} from {before} to {now}"


def _history(trend: Trend, names: Sequence[str]) -> str:
    known = [(name, value) for name, value in zip(names, trend.values, strict=True) if value is not None]
    return ", ".join(f"{name} {shown_value(value, trend.unit)}" for name, value in known)


def height(figure: TrendsFigure, plot: float = PLOT) -> float:
    """Returns the height of the figure in points; as `draw`."""
    return _row(plot) * (1 + (len(figure.trends) - 1) // ACROSS)


def _row(plot: float) -> float:
    return _HEAD + plot + _FOOT + 6


def draw(figure: TrendsFigure, plot: float = PLOT) -> str:
    """Returns the figure as an SVG document.

    Args:
        figure: What it shows.
        plot: Height between the title of a panel and its axis, in points.
    """
    parts: list[str] = []
    for position, trend in enumerate(figure.trends):
        row, column = divmod(position, ACROSS)
        parts += _panel(trend, figure.releases, column * (_PANEL + _GAP), row * _row(plot), plot)
    return svg(height(figure, plot), parts)


def _panel(trend: Trend, names: Sequence[str], left: float, top: float, plot: float) -> Iterator[str]:
    """Draws one measure; the values at both ends stand beside the line, where nothing can run through them."""
    known = [value for value in trend.values if value is not None]
    first = fit(shown_value(known[0], trend.unit), _PANEL * 0.3, SMALL)
    last = fit(shown_value(known[-1], trend.unit), _PANEL * 0.3 / BOLD)
    start = left + measure(first, SMALL) + 6
    end = left + _PANEL - measure(last, TEXT, bold=True) - 7
    base = top + _HEAD + plot
    highest = 1.0 if trend.unit == "share" else max([*known, trend.limit or 0.0]) or 1.0
    step = (end - start) / (len(names) - 1)
    points = [(n, start + n * step, base - plot * min(1.0, value / highest)) for n, value in enumerate(trend.values) if value is not None]
    yield text(left, top + 8, trend.title, bold=True)
    yield line(start, base, end, base)
    if trend.limit is not None:
        y = base - plot * min(1.0, trend.limit / highest)
        yield line(start, y, end, y, stroke=INK, width=0.9, dash="2.4 1.6")
        words = fit(f"threshold {shown_value(trend.limit, trend.unit)}", _PANEL - measure(trend.title, bold=True) - 8, SMALL)
        yield text(left + _PANEL, top + 8, words, anchor="end", size=SMALL, fill=MUTED)
    for (n, x1, y1), (m, x2, y2) in pairwise(points):
        yield line(x1, y1, x2, y2, stroke=MIDDLE, width=1.4, dash="" if m == n + 1 else "1 2")
    for n, x, y in points:
        radius, fill = (2.6, DARK) if n == points[-1][0] else (1.7, MIDDLE)
        yield f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius:g}" fill="{fill}"/>'
    yield text(points[0][1] - 5, points[0][2] + 2.6, first, anchor="end", size=SMALL, fill=MUTED)
    yield text(points[-1][1] + 5, points[-1][2] + 3, last, bold=True, fill=BAD if _broken(trend, known[-1]) else INK)
    yield text(start, base + 10, fit(names[0], (end - start) / 2 - 4, SMALL), size=SMALL, fill=MUTED)
    yield text(end, base + 10, fit(names[-1], (end - start) / 2 - 4, SMALL), anchor="end", size=SMALL, fill=MUTED)


def _broken(trend: Trend, value: float) -> bool:
    if trend.limit is None:
        return False
    return value < trend.limit if trend.unit == "share" else value >= trend.limit
