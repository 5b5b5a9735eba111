"""Packets: what the pages say follows from the judgement, they are archivable, accessible, and fit whatever the evidence says."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest

from compliance.errors import ConfigError
from compliance.packet import check
from compliance.packet.build import build
from compliance.packet.hazards import MOST
from compliance.packet.html import TREND_PLOT
from compliance.packet.issue import FILE, attachment, render
from compliance.packet.model import PacketModel
from compliance.packet.slots import slots_of
from compliance.record import sha256_hex
from compliance.report.build import build as build_report
from compliance.report.figures import trends
from compliance.report.figures.model import TrendsFigure
from compliance.report.figures.trends import ACROSS
from compliance.report.model import ReportModel
from compliance.role import RoleTable, roles_of
from compliance.sign.checks import Check
from compliance.sign.pdf_verify import inspect_pdf
from tests import verapdf
from tests.packet import packets
from tests.packet.packets import Desk, text_of
from tests.report import hostile, scenario
from tests.report.test_trends import released


def page_of(pdf: bytes, words: str) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        pages = len(opened.pages)
    return next(page for page in range(1, pages + 1) if words in text_of(pdf, page, page))


def test_two_pages_say_what_is_decided(desk: Desk) -> None:
    packet = desk.packet.packet
    first, second = (" ".join(text_of(desk.packet.pdf, page, page).split()) for page in (1, 2))
    assert "May Orchard 1.8.0 go live?" in first
    assert "NO-GO" in first
    assert packet.decision_digest[:8] in first
    for gate in packet.red:
        assert gate.id in second
    assert page_of(desk.packet.pdf, "Decide and sign") == 3
    for name in ("Sasha", "Otto", "Quinn"):
        assert f"May be signed by {name}." in text_of(desk.packet.pdf, 3, 4)


def test_the_evidence_outcome_leaves_out_what_people_decide(tmp_path: Path) -> None:
    with packets.desk(tmp_path, frameworks={"test": True}) as made:
        assert made.packet.packet.people_gates == ()
        assert made.packet.packet.evidence_outcome == "no-go"


def test_the_ledger_holds_what_was_rendered_and_issued(desk: Desk) -> None:
    assessment, rendered, issued = (desk.store.entry(number) for number in desk.packet.entries)
    packet = desk.packet.packet
    assert (
        assessment.body["decision_digest"] == rendered.body["decision_digest"] == issued.body["decision_digest"] == packet.decision_digest
    )
    signed = inspect_pdf(desk.packet.pdf)
    assert rendered.body["sha256"] == issued.body["rendered"] == sha256_hex(desk.packet.pdf[: signed.unsigned_length])
    assert issued.body["sha256"] == sha256_hex(desk.packet.pdf)


def test_each_role_has_a_prepared_and_tagged_field_that_locks_its_block(desk: Desk) -> None:
    assert inspect_pdf(desk.packet.pdf).prepared == ("product-owner", "qa", "security")
    with pikepdf.open(io.BytesIO(desk.packet.pdf)) as pdf:
        fields = {str(one.T): one for one in pdf.Root.AcroForm.Fields}
        locks = {name: {str(one) for one in fields[name].Lock.Fields} for name in packets.PEOPLE}
    for slot in desk.packet.packet.slots:
        assert locks[slot.name] == {slot.field(part) for part in slot.words}
        assert all("TU" not in fields[slot.field(part)] or str(fields[slot.field(part)].TU) for part in slot.parts())


def test_a_role_that_may_not_override_has_no_box_to_approve_with(desk: Desk) -> None:
    words = {slot.role: list(slot.words.values()) for slot in desk.packet.packet.slots}
    assert words["qa"] == ["Reject"]
    assert words["security"] == [
        "Override the no-go and approve",
        "Override the no-go and approve, with the conditions below",
        "Reject",
    ]


def test_where_the_evidence_says_go_nobody_overrides() -> None:
    for slot in slots_of(roles_of({"a": RoleTable(override=True), "b": RoleTable()}), "go"):
        assert list(slot.words.values()) == ["Approve", "Approve, with the conditions below", "Reject"]


@pytest.mark.parametrize("page", ["A4", "Letter"])
def test_a_packet_is_archivable_and_accessible(tmp_path: Path, page: str) -> None:
    with packets.desk(tmp_path, report={"page": page}) as made:
        path = tmp_path / "packet.pdf"
        path.write_bytes(made.packet.pdf)
        assert verapdf.failures(["3a", "ua1"], path) == {"packet.pdf 3a": {}, "packet.pdf ua1": {}}


def test_hostile_texts_stay_on_their_pages(tmp_path: Path) -> None:
    with packets.desk(tmp_path, hostile.drafts(), **{**hostile.tables("Letter"), "roles": packets.ROLES}) as made:
        assert page_of(made.packet.pdf, "Decide and sign") == 3
        assert troubles(list(check.verify(inspect_pdf(made.packet.pdf).attachments, unsigned(made.packet.pdf)))) == {}


def unsigned(pdf: bytes) -> bytes:
    return pdf[: inspect_pdf(pdf).unsigned_length]


def troubles(checks: list[Check]) -> dict[str, str]:
    return {one.name: one.detail for one in checks if one.status != "proven"}


def test_a_packet_proves_its_contents(desk: Desk) -> None:
    signed = inspect_pdf(desk.packet.pdf)
    assert {one.name: one.detail for one in signed.checks if one.status != "proven"} == {}
    checks = list(check.verify(signed.attachments, unsigned(desk.packet.pdf)))
    assert troubles(checks) == {}
    assert {"packet-model", "page-render"} <= {one.name for one in checks}


@pytest.mark.parametrize(
    "change",
    [
        {"word": "GO"},
        {"evidence_outcome": "go"},
        {"decision_digest": "0" * 64},
        {"evidence_digest": "0" * 64},
        {"red_total": 0},
        {"red": ()},
        {"waived_total": 3},
        {"conditions_total": 3},
        {"report_sha256": "0" * 64},
        {"log": "elsewhere"},
        {"id": "P1-00000000"},
        {"point": "staging"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_packet_that_says_something_else_than_the_judgement_is_refuted(desk: Desk, change: dict[str, object]) -> None:
    """The pages are rendered from the changed model, so nothing but the comparison finds it."""
    other = PacketModel.model_validate({**desk.packet.packet.model_dump(), **change})
    files = {one.name: one.content for one in desk.packet.attachments} | {FILE: attachment(other).content}
    found = troubles([check._follows(other, desk.packet.report, files["report.json"])])
    assert set(found) == {"packet-model"}


def test_pages_that_the_models_do_not_give_are_refuted(desk: Desk) -> None:
    other = desk.packet.packet.model_copy(update={"recommendation": "Approve."})
    files = [attachment(other) if one.name == FILE else one for one in desk.packet.attachments]
    page = render(desk.packet.packet, desk.packet.report, files).content
    assert "page-render" in troubles(list(check.verify({one.name: one.content for one in files}, page)))


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b'{"schema": "compliance/packet/v1"}', b"\xff"])
def test_a_broken_model_is_refuted_by_name(desk: Desk, content: bytes) -> None:
    files = {one.name: one.content for one in desk.packet.attachments} | {FILE: content}
    assert "packet-model" in troubles(list(check.verify(files, b"")))


# --- against the last release ---


def compared(folder: Path, *before: str) -> tuple[PacketModel, ReportModel]:
    """The packet of version 1.8.0, without its pages, after other versions were judged."""
    with scenario.release(folder, [scenario.scan(12), *scenario.others()], roles=packets.ROLES) as made:
        for number, version in enumerate(before):
            released(made, version, f"{number}" * 40, [scenario.scan(30 * (number + 1)), *scenario.others()])
        basis = scenario.judged(made.store, made.project, made.key).basis()
        report, _ = build_report(basis)
        return build(basis, report, b"{}", "P1"), report


def test_the_first_release_is_compared_with_none(tmp_path: Path) -> None:
    assert compared(tmp_path)[0].comparison is None


@pytest.mark.parametrize("before", [("1.7.0",), ("1.6.0", "1.7.0")], ids=len)
def test_a_release_is_compared_with_the_last_one_and_drawn_with_all(tmp_path: Path, before: tuple[str, ...]) -> None:
    packet, report = compared(tmp_path, *before)
    last = packet.comparison
    assert last is not None
    assert last.figure is not None
    assert last.release.startswith("1.7.0 ")
    assert last.closed == 30 * len(before) - 12
    assert f"{last.closed} closed" in last.text.replace("\xa0", " ")
    assert last.figure.releases == (*before, "1.8.0")
    whole = next(one for one in report.figures if isinstance(one, TrendsFigure))
    assert last.figure.trends == whole.trends[:ACROSS]
    worst = next(one for one in last.figure.trends if one.title == "Critical and high findings")
    assert f"{before[0]} {worst.values[0]:.0f}" in last.figure.alt
    drawn = trends.draw(last.figure, TREND_PLOT)
    assert all(f">{words}</text>" in drawn for words in (before[0], "1.8.0", f"{worst.values[-1]:.0f}"))


def test_a_picture_of_other_releases_than_the_reports_is_refuted(tmp_path: Path) -> None:
    packet, report = compared(tmp_path, "1.7.0")
    assert packet.comparison is not None
    assert packet.comparison.figure is not None
    assert check._trends(packet, report)
    figure = packet.comparison.figure.model_copy(update={"releases": ("1.7.0", "1.9.0")})
    assert not check._trends(packet.model_copy(update={"comparison": packet.comparison.model_copy(update={"figure": figure})}), report)


def test_an_approval_counts_for_days_in_words(desk: Desk) -> None:
    assert {slot.lasts.replace("\xa0", " ") for slot in desk.packet.packet.slots} == {"30 days"}
    assert desk.packet.packet.slots[0].model_copy(update={"validity": "36h"}).lasts == "36 h"


def test_three_hazards_by_the_rule_that_is_printed(desk: Desk) -> None:
    hazards = desk.packet.packet.hazards
    assert len(hazards) == MOST
    products = [one.likelihood * one.impact for one in hazards]
    assert products == sorted(products, reverse=True)
    areas = {gate.id: gate.area for gate in desk.packet.report.assessment.gates}
    assert len({areas[one.source] for one in hazards}) == MOST
    assert desk.packet.packet.hazard_rule.replace(" ", "")[:30] in text_of(desk.packet.pdf, 1, 1).replace(" ", "")


def test_names_of_roles_that_cannot_be_fields_get_others() -> None:
    tables = {"Größe": RoleTable(), "ok": RoleTable(quorum=3)}
    assert [slot.name for slot in slots_of(roles_of(tables), "go")] == ["signature1", "signature2", "signature3", "signature4"]
    assert [slot.name for slot in slots_of(roles_of({"ok": RoleTable(quorum=3)}), "go")] == ["ok", "ok-2", "ok-3"]
    clashing = {"qa": RoleTable(), "qa-approve": RoleTable()}
    assert [slot.name for slot in slots_of(roles_of(clashing), "go")] == ["signature1", "signature2"]


def test_too_many_signatures_for_one_document_are_refused() -> None:
    with pytest.raises(ConfigError, match="a packet has room for"):
        slots_of(roles_of({f"r{number}": RoleTable(quorum=8) for number in range(6)}), "go")
