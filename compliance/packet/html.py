"""A packet as HTML: from its model and that of the report in it."""

from __future__ import annotations

from ..report import html
from ..report.html import image
from ..report.model import ReportModel
from . import chart
from .model import CONDITIONS, PacketModel


def render(packet: PacketModel, report: ReportModel) -> str:
    """Returns the whole document."""
    return (
        html.environment()
        .get_template("packet/packet.html")
        .render(
            **html.shared(report),
            packet=packet,
            packet_style=html.style_sheet("packet/packet.css"),
            verdicts=image(chart.draw(packet.verdicts)),
            rows=range(1, CONDITIONS + 1),
        )
    )
