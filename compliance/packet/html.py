"""A packet as HTML: from its model and that of the report in it."""

from __future__ import annotations

from typing import Final

from ..report import html
from ..report.figures import trends
from ..report.html import image
from ..report.model import ReportModel
from . import chart
from .model import CONDITIONS, PacketModel

TREND_PLOT: Final = 24.0
"""Height of the panels that show the last releases, in points: less than in the pages to look up."""


def render(packet: PacketModel, report: ReportModel) -> str:
    """Returns the whole document."""
    figure = None if packet.comparison is None else packet.comparison.figure
    return (
        html.environment()
        .get_template("packet/packet.html")
        .render(
            **html.shared(report),
            packet=packet,
            packet_style=html.style_sheet("packet/packet.css"),
            trends=None if figure is None else image(trends.draw(figure, TREND_PLOT)),
            verdicts=image(chart.draw(packet.verdicts)),
            rows=range(1, CONDITIONS + 1),
        )
    )
