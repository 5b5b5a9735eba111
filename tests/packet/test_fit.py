"""Page 2 of a packet holds what it can, and never runs over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from compliance.gate import Status
from compliance.packet import fit
from compliance.packet.fit import fitted
from compliance.packet.issue import render
from compliance.packet.model import Comparison, ConditionLine, GateLine, PacketModel, RiskLine, WaivedLine
from compliance.report.figures.model import Trend, TrendsFigure
from tests.report.scenario import WHEN

from .packets import Desk, desk, text_of

WORDS = "47.107 % of the requests failed at /api/auth/status; evidence 5 is of environment production, expected staging at 99 % "
LONG, SHORT = (WORDS * 4)[:180], "not tested"


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("fit")) as made:
        yield made


def full(packet: PacketModel, text: str, items: int) -> PacketModel:
    """A packet with many red gates, and with a number of waivers, conditions, risks and releases before."""
    red = tuple(GateLine(id=f"ALPHA-PF-{n}", statement=text[:90], verdict=Status.FAIL, message=text) for n in range(24))
    waived = WaivedLine(id="W1", target=text[:60], reason=text[:120], controls="none", approved_by=text[:60], expires_at=WHEN, days_left=3)
    condition = ConditionLine(id="C1", text=text[:120], owner=text[:60], due_at=WHEN, waits_for="gate REL-2", lapsed=True)
    risk = RiskLine(id="R1", title=text[:120], residual="not stated", owner=text[:60], mitigation=text[:120], waived=True)
    trend = Trend(title="P99 latency", unit="ms", values=(900, 1200), limit=1000)
    figure = TrendsFigure(title="Trends", caption="c", alt="a", evidence=(), releases=("1.6.0", "1.7.0"), trends=(trend,) * 3)
    before = Comparison(
        assessment=3, release="1.7.0", judged_at=WHEN - timedelta(days=9), evidence_outcome="go", turned_red=(), turned_green=(),
        opened=1, closed=1, thresholds=1, text=text * 2, figure=figure,
    )  # fmt: skip
    return packet.model_copy(
        update={
            "red": red,
            "red_total": 30,
            "waived": (waived,) * min(items, 3),
            "waived_total": 9,
            "conditions": (condition,) * min(items, 3),
            "conditions_total": 9,
            "risks": (risk,) * items,
            "risks_total": 9,
            "rollback": red[:items],
            "comparison": before if items else None,
        }
    )


@pytest.mark.parametrize("page", ["A4", "Letter"])
@pytest.mark.parametrize(("text", "items"), [(LONG, 4), (SHORT, 4), (LONG, 0)], ids=["long-full", "short-full", "long-empty"])
def test_the_blocks_to_sign_begin_on_page_3(issued: Desk, page: str, text: str, items: int) -> None:
    report = issued.packet.report.model_copy(update={"page": page})
    packet = fitted(full(issued.packet.packet, text, items), page)
    assert fit.LEAST <= len(packet.red) < 24
    pdf = render(packet, report, issued.packet.attachments).content
    assert "The way back" in text_of(pdf, 2, 2)
    assert "Decide and sign" in text_of(pdf, 3, 3)
    assert f"cut at {len(packet.red)}" in text_of(pdf, 2, 2)


def test_short_texts_leave_room_for_more_gates(issued: Desk) -> None:
    counts = [len(fitted(full(issued.packet.packet, text, 2), "A4").red) for text in (LONG, SHORT)]
    assert counts[0] * 1.5 < counts[1]


def test_gates_come_before_the_picture(issued: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "LEAST", 5)
    crowded = fitted(full(issued.packet.packet, LONG, 4), "Letter")
    roomy = fitted(full(issued.packet.packet, SHORT, 1), "A4")
    assert crowded.comparison is not None
    assert roomy.comparison is not None
    assert (crowded.comparison.figure is None, roomy.comparison.figure is None) == (True, False)


def test_a_page_without_red_gates_is_left_as_it_is(issued: Desk) -> None:
    calm = issued.packet.packet.model_copy(update={"red": (), "red_total": 0, "comparison": full(issued.packet.packet, LONG, 1).comparison})
    assert fitted(calm, "A4") == calm
