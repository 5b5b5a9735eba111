from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from compliance.assessment import Assessment
from compliance.decision import Condition, SignOff
from compliance.record import Model, Payload
from compliance.report import bundle, bundle_check, html
from compliance.report.model import ReportModel
from compliance.sign.checks import Check
from compliance.stand import Stand
from compliance.store import EvidenceDraft
from compliance.waiver import State, Waiver
from tests.report import scenario
from tests.report.scenario import WHEN, Release
from tests.report.test_html import Page

DAY = timedelta(days=1)


def waiver(number: int, state: State = State.ACTIVE, days: float = 30, **given: Any) -> Waiver:
    base: dict[str, Any] = {
        "gate": "T-PF-5", "finding": None, "reason": "a known failure", "controls": "a guard", "requested_by": "Cy",
        "requested_at": WHEN - 40 * DAY, "approved_by": "Ada",
    }  # fmt: skip
    return Waiver(id=f"W{number}", state=state, expires_at=WHEN + days * DAY, **{**base, **given})


def condition(number: int, days: float, met_by: int | None = None) -> Condition:
    due, opened = WHEN + days * DAY, WHEN - 9 * DAY
    return Condition(
        id=f"C{number}", text="P99 below one second", owner="Cy", due_at=due, gate="T-RL-2", role="lead", opened_at=opened, met_by=met_by
    )  # fmt: skip


def sign_off(**given: Any) -> SignOff:
    base: dict[str, Any] = {
        "entry": 1, "role": "lead", "decision": "approve", "by": "Ada", "key": "SHA256:a", "trial": False, "point": "production",
        "decision_digest": "d", "packet": None, "assessment": 1, "override": True, "reason": "the freeze ends tonight",
        "at": WHEN - DAY, "expires_at": WHEN + 29 * DAY,
    }  # fmt: skip
    return SignOff(**{**base, **given})


def stand(approvals: Sequence[SignOff] = (), rejections: Sequence[SignOff] = (), title: str = "Technical lead") -> Stand:
    return Stand(
        role=title.split()[-1].lower(), title=title, required=True, may_override=True, quorum=1,
        approvals=tuple(approvals), rejections=tuple(rejections), void=(),
    )  # fmt: skip


def told(release: Release, sign_offs: Sequence[SignOff] = (), **changes: Any) -> tuple[ReportModel, dict[str, bytes]]:
    """The report on a release as people decided on it."""
    assessment: Assessment = release.assessment.model_copy(update=changes)
    return replace(release, assessment=assessment, view=replace(release.view, sign_offs=tuple(sign_offs))).bundle()


def page(release: Release, sign_offs: Sequence[SignOff] = (), **changes: Any) -> str:
    return Page(html.render(told(release, sign_offs, **changes)[0])).text.replace("\u00a0", " ").replace("\u2011", "-")


def test_waivers_that_count_come_first_and_the_others_are_named_with_their_reason(own_release: Release) -> None:
    waivers = (
        waiver(5, State.REQUESTED, why="nobody approved it", approved_by=None),
        waiver(4, State.EXPIRED, -3, why="expired at 2026-11-18T12:00:00Z"),
        waiver(3, why="nothing needs it", gate="T-PF-6"),
        waiver(2, days=60),
        waiver(1, days=9),
    )
    decided = told(own_release, waivers=waivers)[0].decided
    assert [one.id for one in decided.waivers] == ["W1", "W2", "W3", "W4", "W5"]
    assert [one.state for one in decided.waivers] == ["active", "active", "unused", "expired", "requested"]
    assert [one.left for one in decided.waivers[:4]] == ["9\u00a0d", "60\u00a0d", "30\u00a0d", "ended 3\u00a0d ago"]
    assert [one.soon for one in decided.waivers] == [True, False, False, False, False]
    assert (decided.waivers_count, decided.waivers_total, decided.warn_days) == (3, 5, 14)
    text = page(own_release, waivers=waivers)
    for words in (
        "3 of 5 waivers count",
        "Counts, but nothing needs it",
        "Does not count: expired at",
        "9 d, ends soon",
        "Meanwhile: a guard",
    ):
        assert words in text, words


def test_what_is_beyond_the_limit_is_counted(own_release: Release) -> None:
    many = tuple(waiver(n, gate="T-PF-5") for n in range(33))
    assert "13 more waivers (the listing is cut at 20)" in page(own_release, waivers=many)


def test_signatures_beyond_the_limit_are_counted(own_release: Release) -> None:
    many = [sign_off(entry=number, by=f"Person {number}", override=False) for number in range(8)]
    text = page(own_release, roles=(stand(many),))
    assert "Person 5: approved" in text
    assert "Person 6: approved" not in text
    assert "2 more signatures (the listing is cut at 6); all are in the attached assessment.json" in text


def test_conditions_say_who_owes_what_and_until_when(own_release: Release) -> None:
    conditions = (condition(1, 20, met_by=3), condition(2, 30), condition(3, -2), condition(4, 0.6))
    shown = told(own_release, conditions=conditions)[0].decided.conditions
    assert [(one.id, one.state, one.left) for one in shown] == [
        ("C3", "lapsed", "overdue by 2\u00a0d"),
        ("C4", "open", "14\u00a0h"),
        ("C2", "open", "30\u00a0d"),
        ("C1", "met", ""),
    ]
    text = page(own_release, conditions=conditions)
    assert "Closed by: gate T-RL-2" in text
    assert "Closed by entry 3" in text


def test_an_override_in_force_stands_first_on_page_1(own_release: Release) -> None:
    signed = sign_off()
    changes = {"roles": (stand([signed]),), "overridden": True, "outcome": "go-with-conditions", "because": "Overridden."}
    model, _ = told(own_release, [signed], **changes)
    notice = model.decision.notices[0]
    assert (notice.kind, notice.label) == ("override", "Overridden")
    assert (
        notice.text == "The evidence says no-go. Ada (Technical lead) let it pass on 2026-11-20 12:00\u00a0UTC: “the freeze ends tonight”."
    )
    shown = html.render(model)
    assert shown.index('<ul class="override">') < shown.index('<ul class="strip">') < shown.index('class="red"')
    assert "What was overridden" in shown


def test_an_override_stays_on_page_1_of_every_later_report(own_release: Release) -> None:
    model, _ = told(own_release, [sign_off(decision_digest="another"), sign_off(entry=2, by="Ben", trial=True)])
    first, second = model.decision.notices[:2]
    assert (first.label, second.label) == ("Earlier override", "Earlier override")
    assert first.text.startswith(f"Ben (lead) let 1.8.0, commit {scenario.COMMIT[:12]} pass at production against a no-go on 2026-11-20")
    assert first.text.endswith("Signed with a trial key.")
    assert [one.state for one in model.decided.overrides] == ["past", "past"]


def test_overrides_beyond_the_second_are_counted_on_page_1(own_release: Release) -> None:
    model, _ = told(own_release, [sign_off(decision_digest=str(n)) for n in range(15)])
    overrides = [one for one in model.decision.notices if one.kind == "override"]
    assert len(overrides) == 2
    assert overrides[-1].label == "Earlier override, 13\u00a0more overrides before"
    assert (len(model.decided.overrides), model.decided.overrides_total) == (10, 15)


def test_an_override_that_others_do_not_share_has_no_effect_and_says_so(own_release: Release) -> None:
    signed = sign_off()
    model, _ = told(own_release, [signed], roles=(stand([signed]), stand(rejections=[sign_off(override=False)], title="Security lead")))
    assert model.decision.notices[0].label == "Override without effect"
    assert model.decision.approvals == "Rejected by Security lead (Ada); approved by Technical lead (Ada)."


def test_an_override_that_is_not_validly_signed_is_none(own_release: Release) -> None:
    model, _ = told(own_release, [sign_off(defect="not validly signed")])
    assert model.decided.overrides == ()
    assert not [one for one in model.decision.notices if one.kind == "override"]


def test_page_1_says_whose_word_is_missing(own_release: Release) -> None:
    roles = (stand([sign_off(override=False)]), stand(title="Security"))
    assert told(own_release, roles=roles)[0].decision.approvals == "Approved by Technical lead (Ada); waiting for Security."


def test_where_nothing_stands_in_the_way_page_1_names_the_promises(own_release: Release) -> None:
    gates = tuple(one.model_copy(update={"required": False}) for one in own_release.assessment.gates)
    model, _ = told(own_release, gates=gates, conditions=(condition(3, 20), condition(4, 1, met_by=2)), waivers=(waiver(7, days=2),))
    assert model.decision.next == (
        "C3, Cy, due 2026-12-11 12:00 UTC (20\u00a0d): P99 below one second; gate T-RL-2 closes it.",
        "Waivers that end soon: W7 for T-PF-5 (2\u00a0d).",
    )


class Risk(Model):
    id: str
    title: str = "A risk"
    likelihood: str | None = "low"
    impact: str | None = "high"
    owned: bool = True
    owner: str | None = "Cy"
    mitigated: bool = True
    mitigation: str | None = "a guard"
    status: str | None = "open"
    residual: str | None = "low"
    fingerprint: str


class Register(Payload):
    version: str | None = None
    risks: tuple[Risk, ...]


def register(*risks: Risk) -> EvidenceDraft:
    return scenario.draft("risk-register", Register(risks=risks))


@pytest.fixture
def with_risks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A release with a risk register."""
    kinds = {**scenario.KINDS, "risk-register": replace(scenario.KINDS["rollback-drill"], id="risk-register", payload=Register)}
    monkeypatch.setattr(scenario, "KINDS", kinds)
    scenario.catalog.cache_clear()
    risks = [
        Risk(id="R1", fingerprint="a" * 32),
        Risk(id="R2", fingerprint="b" * 32, residual="high"),
        Risk(id="R3", fingerprint="c" * 32, residual=None, likelihood=None, owned=False, owner=None),
        Risk(id="R4", fingerprint="d" * 32, residual=None, status="closed"),
    ]
    with scenario.release(tmp_path, [scenario.scan(3), register(*risks)]) as made:
        yield made
    scenario.catalog.cache_clear()


def test_risks_come_worst_first_with_what_the_register_leaves_out(with_risks: Release) -> None:
    decided = told(with_risks, waivers=(waiver(9, gate=None, finding="b" * 32),))[0].decided
    assert [(one.id, one.residual, one.waiver) for one in decided.risks] == [
        ("R2", "high", "W9"), ("R3", None, None), ("R1", "low", None), ("R4", None, None),
    ]  # fmt: skip
    assert decided.risks[1].lacks == ("likelihood", "owner")
    text = page(with_risks, waivers=(waiver(9, gate=None, finding="b" * 32),))
    assert "Accepted by waiver W9" in text
    assert "The register does not state likelihood and owner." in text


def test_a_release_on_which_nobody_decided_anything_says_so(release: Release) -> None:
    text = page(release, roles=())
    for words in (
        "Nothing is waived.",
        "None was ever requested.",
        "No earlier approval was tied to one.",
        "No risk register of this version",
    ):
        assert words in text


def page_check(files: dict[str, bytes]) -> Check:
    return next(one for one in bundle_check.verify(files) if one.name == "bundle-page")


def test_pages_that_hide_what_people_decided_are_refuted(own_release: Release) -> None:
    signed = sign_off()
    changes: dict[str, Any] = {"roles": (stand([signed]),), "waivers": (waiver(1),), "conditions": (condition(2, 20),), "overridden": True}
    model, files = told(own_release, [signed], **changes)
    assert page_check(files).status == "proven"
    decision = model.decision.model_copy(update={"notices": model.decision.notices[1:]})
    hidden = [{name: ()} for name in ("roles", "waivers", "conditions", "overrides")]
    without = [model.model_copy(update={"decided": model.decided.model_copy(update=one)}) for one in hidden]
    for one in (model.model_copy(update={"decision": decision}), *without):
        assert page_check({**files, "report.json": bundle.model_json(one)}).status == "refuted"
