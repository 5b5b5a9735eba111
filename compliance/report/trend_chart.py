"""Draws trends as small multiples: one panel per measure, one axis of releases, the ends labelled, the threshold drawn in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from .drawing import BAD, BOLD, DARK, INK, MIDDLE, MUTED, SMALL, TEXT, WIDTH, fit, line, measure, svg, text
from .figure_model import Trend, TrendsFigure
from .trends import shown_value

ACROSS: Final = 3
"""Panels beside each other."""
_GAP: Final = 24.0
_PANEL: Final = (WIDTH - (ACROSS - 1) * _GAP) / ACROSS
_HEAD: Final = 14.0
PLOT: Final = 44.0
_FOOT: Final = 16.0


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
