"""What was measured of the latest releases: the data and the words of the figure of trends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from ..judgement.history import Release, Unit
from .figure_model import Trend, TrendsFigure
from .words import NBSP, count, cut, listed, number, percent

RELEASES: Final = 10
"""Releases of the figure, the one that is judged among them."""
MOST: Final = 6
"""Measures of the figure."""
_NAME: Final = 20
"""Characters of a release's name."""
Strictest = Callable[[Iterable[float]], float]


class Thresholds(Protocol):
    """Finds the strictest threshold of the gates that read a kind."""

    def find(self, kind: str, names: Sequence[str], strictest: Strictest = min) -> float | None:
        """Returns it; None when no gate has one."""


def trends(releases: Sequence[Release], limits: Thresholds, most: int = MOST) -> TrendsFigure | None:
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
