"""The pictures as SVG, placed by hand: no library, no script, legible in greyscale, labelled where the eye already is.

All sizes are in units of a point on a page of the usual width; text is measured with the font that it is set in, so that nothing is
clipped. The meaning is in words and lengths; colour only repeats it.
"""

from __future__ import annotations

from . import coverage, load, plan, rollback, severity, tests, trends
from .model import AnyFigure, CoverageFigure, LoadFigure, PlanFigure, SeverityFigure, TestsFigure, TrendsFigure


def draw(figure: AnyFigure) -> str:
    """Returns a figure as an SVG document."""
    if isinstance(figure, SeverityFigure):
        return severity.draw(figure)
    if isinstance(figure, TestsFigure):
        return tests.draw(figure)
    if isinstance(figure, CoverageFigure):
        return coverage.draw(figure)
    if isinstance(figure, LoadFigure):
        return load.draw(figure)
    if isinstance(figure, PlanFigure):
        return plan.draw(figure)
    if isinstance(figure, TrendsFigure):
        return trends.draw(figure)
    return rollback.draw(figure)
