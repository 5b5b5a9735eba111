"""The picture of a packet: verdicts of the required gates by area. Shades differ in lightness, and every part has its number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ..assessment import GateResult
from ..gate import Area, Status
from ..report.figures.drawing import BAD, INK, MUTED, SMALL, WIDTH, bar, fit, measure, svg, text
from ..report.words import count, listed
from .model import AreaVerdicts, VerdictsFigure

_NAMES: Final = {Status.FAIL: "failed", Status.NOT_ASSESSED: "not_assessed", Status.WAIVED: "waived", Status.PASS: "passed"}
_LOOKS: Final = {
    "failed": (BAD, None, "#ffffff"),
    "not_assessed": ("#ffffff", INK, INK),
    "waived": ("#d9c9a8", INK, INK),
    "passed": ("#9fb9c9", None, INK),
}
"""Fill, outline and number: dark, white, light and middle, so that a grey print tells them apart."""
_NAME, _ROW, _KEY = 76.0, 15.0, 14.0


def verdicts(gates: Iterable[GateResult]) -> VerdictsFigure:
    """Returns the figure for the required gates; those that do not apply are left out."""
    counted = [one for one in gates if one.required and one.verdict in _NAMES]
    rows = [_row(area, [one for one in counted if one.area is area]) for area in Area]
    rows = [row for row in rows if _total(row)]
    total = {name: sum(getattr(row, name) for row in rows) for name in _NAMES.values()}
    words = [f"{amount} {name.replace('_', ' ')}" for name, amount in total.items() if amount]
    caption = f"{count(len(counted), 'required gate')}: {listed(words) or 'none applies'}."
    alt = "; ".join(f"{row.area}: {_words(row)}" for row in rows)
    return VerdictsFigure(title="Verdicts by area", caption=caption, alt=f"{caption} {alt}.", evidence=(), areas=tuple(rows))


def _row(area: Area, gates: Sequence[GateResult]) -> AreaVerdicts:
    counts = {name: sum(one.verdict is status for one in gates) for status, name in _NAMES.items()}
    return AreaVerdicts(area=area.value, **counts)


def _total(row: AreaVerdicts) -> int:
    return row.failed + row.not_assessed + row.waived + row.passed


def _words(row: AreaVerdicts) -> str:
    return listed([f"{getattr(row, name)} {name.replace('_', ' ')}" for name in _NAMES.values() if getattr(row, name)])


def height(figure: VerdictsFigure) -> float:
    """Returns the height of the figure, in points on a page of the usual width."""
    return _KEY + len(figure.areas) * _ROW


def draw(figure: VerdictsFigure) -> str:
    """Returns the figure as an SVG document."""
    most = max((_total(row) for row in figure.areas), default=1)
    scale = (WIDTH - _NAME) / most
    parts = _key()
    for position, row in enumerate(figure.areas):
        y, x = _KEY + position * _ROW, _NAME
        parts.append(text(0, y + 9, fit(row.area, _NAME - 8)))
        for name, (fill, stroke, ink) in _LOOKS.items():
            amount = getattr(row, name)
            if amount:
                parts.append(bar(x + 0.5, y + 1, amount * scale - 1, _ROW - 4, fill, stroke=stroke))
                parts.append(text(x + 4, y + 9, f"{amount}", size=SMALL, fill=ink, bold=name == "failed"))
                x += amount * scale
    return svg(height(figure), parts)


def _key() -> list[str]:
    parts, x = [], _NAME
    for name, (fill, stroke, _) in _LOOKS.items():
        words = name.replace("_", " ")
        parts += [bar(x, 1, 8, 8, fill, stroke=stroke), text(x + 11, 8, words, size=SMALL, fill=MUTED)]
        x += measure(words, SMALL) + 24
    return parts
