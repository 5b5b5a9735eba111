"""What page 2 of a packet holds: as many red gates as there is room for, from the heights of its parts.

Sizes are those of ``templates/packet/packet.css``, in points. The texts are measured in the font that they are set in; each has a
greatest number of lines, which the style sheet enforces.
"""

from __future__ import annotations

from typing import Final

from ..report.figures import trends
from ..report.figures.drawing import WIDTH
from ..report.fit import lines
from . import chart
from .html import TREND_PLOT
from .model import Comparison, PacketModel

LEAST: Final = 4
"""Red gates for which the picture of the last releases makes way."""
_PAGES: Final = {"A4": (WIDTH, 722.8), "Letter": (498.9, 672.9)}
"""Width and height of a page within its margins."""
_SPARE: Final = 9.0
_SECTION: Final = 18.6
_HEADING: Final = 20.0
_HEAD: Final = 14.4
_TEXT, _BODY = 8.6, 11.7
"""Size and line of a paragraph."""
_SMALL, _LINE, _BETWEEN = 7.8, 10.14, 3.7
"""Size and line of a table's text, and what lies between two rows."""
_FINE: Final = 10.5
_PADDING: Final = 6.0


def fitted(packet: PacketModel, page: str) -> PacketModel:
    """Returns a packet without what its page 2 has no room for.

    The gates come first: where few of them would be left, the picture of the last releases makes way, which stands in the pages to look
    up as well.

    Args:
        packet: The packet, with all the red gates that page 2 may show.
        page: ``A4`` or ``Letter``.
    """
    width, height = _PAGES[page]
    room = height - _SPARE - _others(packet, width)
    if packet.comparison is not None and (figure := packet.comparison.figure) is not None:
        picture = 3 + trends.height(figure, TREND_PLOT) + _BODY * lines(figure.caption, _TEXT, width, 2)
        fewer = _fitting(packet, room - picture, width)
        if fewer >= min(packet.red_total, LEAST):
            return packet.model_copy(update={"red": packet.red[:fewer]})
        packet = packet.model_copy(update={"comparison": packet.comparison.model_copy(update={"figure": None})})
    return packet.model_copy(update={"red": packet.red[: max(1, _fitting(packet, room, width))]})


def _fitting(packet: PacketModel, room: float, width: float) -> int:
    """Returns how many red gates fit into a height."""
    for number, one in enumerate(packet.red):
        room -= _row(one.id, (one.statement, 0.30, 2), (one.message, 0.435, 2), width=width)
        if room < 0:
            return number
    return len(packet.red)


def _others(packet: PacketModel, width: float) -> float:
    """Returns the height of everything on page 2 but the rows of red gates and the picture of the last releases."""
    taken = _SECTION + 3 + chart.height(packet.verdicts) * width / WIDTH
    taken += _HEADING + (_HEAD + _FINE if packet.red else _BODY)
    taken += _HEADING + max(_waived(packet, width), _conditions(packet, width))
    taken += _HEADING + _risks(packet, width)
    taken += _HEADING + _BODY * (_compared(packet.comparison, width) if packet.comparison else 1)
    return taken + _HEADING + (sum(_row(one.id, width=width) for one in packet.rollback) or _BODY)


def _waived(packet: PacketModel, width: float) -> float:
    texts = [
        (one.id, f"{one.target} until {one.expires_at} ({one.days_left} days), by {one.approved_by}: {one.reason}") for one in packet.waived
    ]
    return _half(texts, packet.waived_total, width)


def _conditions(packet: PacketModel, width: float) -> float:
    texts = [(one.id, f"Past due: {one.text}; {one.owner}, due {one.due_at}; waits for {one.waits_for}") for one in packet.conditions]
    return _half(texts, packet.conditions_total, width)


def _half(texts: list[tuple[str, str]], total: int, width: float) -> float:
    """Returns the height of a list in one half of the page."""
    rows = sum(_row(name, (text, 0.875, 3), width=width * 0.48) for name, text in texts)
    return (rows or _BODY) + (_FINE if total > len(texts) else 0.0)


def _risks(packet: PacketModel, width: float) -> float:
    rows = sum(
        _row(
            "", (one.title, 0.29, 2), (f"{one.residual}, accepted", 0.12, 2), (one.owner, 0.15, 2), (one.mitigation, 0.315, 2), width=width
        )
        for one in packet.risks
    )
    return (_HEAD + rows if rows else _BODY) + (_FINE if packet.risks_total > len(packet.risks) else 0.0)


def _compared(against: Comparison, width: float) -> int:
    return lines(f"{against.release}, judged {against.judged_at} (entry {against.assessment}): {against.text}", _TEXT, width, 4)


def _row(name: str, *cells: tuple[str, float, int], width: float) -> float:
    """Returns the height of a table's row.

    Args:
        name: Its id, which is never cut.
        *cells: Text, share of the width and greatest number of lines of each of the others.
        width: Width of the table.
    """
    first = lines(name, _SMALL, width * 0.125 - _PADDING, len(name) or 1, bold=True)
    others = [lines(text, _SMALL, width * share - _PADDING, most) for text, share, most in cells]
    return _LINE * max([first, *others]) + _BETWEEN
