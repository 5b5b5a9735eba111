"""The pictures as SVG, placed by hand: no library, no script, legible in greyscale, labelled where the eye already is.

All sizes are in units of a point on a page of the usual width; text is measured with the font that it is set in, so that nothing is
clipped. The meaning is in words and lengths; colour only repeats it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from . import coverage, load, plan, rollback, severity, tests, trends
from .model import AnyFigure

_DRAWN: Final[Mapping[str, Callable[[Any], str]]] = {
    "severity": severity.draw,
    "tests": tests.draw,
    "coverage": coverage.draw,
    "load": load.draw,
    "plan": plan.draw,
    "rollback": rollback.draw,
    "trends": trends.draw,
}


def draw(figure: AnyFigure) -> str:
    """Returns a figure as an SVG document."""
    return _DRAWN[figure.kind](figure)
