"""REL-5 to REL-7: risks are treated, those who must decide have decided, and what they asked for came."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from compliance.decision import Condition, SignOff
from compliance.gate import Inputs, Reason, Verdict
from compliance.stand import Stand
from compliance.subject import Subject

from .helpers import AS_OF, about, ago, assert_fails, assert_open, assert_passes, gate, item, judge

EMPTY = Inputs(subject=Subject(project="p"), point="production", as_of=AS_OF, items={})


def ask(gate_id: str, **views: Any) -> Verdict:
    found = gate(gate_id)
    assert found.judge is not None
    return found.judge(replace(EMPTY, **views), found.params())


def said(role: str = "security", decision: Any = "approve", *, override: bool = False, defect: str | None = None) -> SignOff:
    return SignOff(
        entry=7,
        role=role,
        decision=decision,
        by="ada",
        key="k",
        trial=False,
        point="production",
        decision_digest="d",
        packet=None,
        assessment=6,
        override=override,
        reason=None,
        at=ago(days=1),
        expires_at=ago(days=-29),
        defect=defect,
    )


def stand(role: str = "security", *yes: SignOff, required: bool = True, override: bool = False, quorum: int = 1, **others: Any) -> Stand:
    lists = {"rejections": (), "void": (), **others}
    return Stand(role=role, title=role, required=required, may_override=override, quorum=quorum, approvals=yes, **lists)


def test_every_required_role_must_have_approved_with_its_quorum() -> None:
    product = stand("product", said("product"))
    assert_passes(ask("REL-6", roles=(stand("security", said()), product), evidence_outcome="go"), "2 roles approved")
    lacking = ask("REL-6", roles=(stand("security"), product), evidence_outcome="go")
    assert_open(lacking, Reason.MISSING, "security (waits for an approval)")
    assert_open(ask("REL-6", roles=(stand("security", said(), quorum=2),), evidence_outcome="go"), Reason.MISSING, "1 of 2")
    assert_passes(ask("REL-6", roles=(product, stand("legal", required=False)), evidence_outcome="go"), "1 role approved")
    assert_open(ask("REL-6", roles=(stand("legal", required=False),), evidence_outcome="go"), Reason.INCOMPLETE, "no role is required")


def test_one_rejection_is_enough() -> None:
    rejected = stand("security", said(), rejections=(said(decision="reject"),))
    assert_fails(ask("REL-6", roles=(rejected,), evidence_outcome="go"), "rejected by security")


def test_a_void_approval_is_no_approval() -> None:
    defect = "void, because the decision has changed since"
    verdict = ask("REL-6", roles=(stand("security", void=(said(defect=defect),)),), evidence_outcome="go")
    assert_open(verdict, Reason.STALE, "not approved: security")
    assert [(place.where, place.what) for place in verdict.places] == [("#7", f"security: {defect}")]


def test_a_no_go_needs_all_who_may_override() -> None:
    over, plain = said(override=True), said()
    roles = (stand("security", over, override=True), stand("product"))
    assert_passes(ask("REL-6", roles=roles, evidence_outcome="no-go"), "overridden")
    assert_open(ask("REL-6", roles=roles, evidence_outcome="go"), Reason.MISSING, "product")
    for lacking in (stand("security", plain, override=True), stand("security", override=True), stand("security", over)):
        assert_open(ask("REL-6", roles=(lacking, stand("product")), evidence_outcome="no-go"), Reason.MISSING)
    against = stand("product", rejections=(said("product", "reject"),))
    assert_fails(ask("REL-6", roles=(roles[0], against), evidence_outcome="no-go"), "rejected by product")


def condition(due: datetime, met_by: int | None = None) -> Condition:
    opened = ago(days=40)
    return Condition(text="t", owner="o", due_at=due, kind="coverage", id="C9", role="security", opened_at=opened, met_by=met_by)


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ((), "no earlier approval was tied to a condition"),
        ((condition(ago(days=-1)),), "0 of 1 condition met, 1 not due yet"),
        ((condition(ago(days=1), met_by=5), condition(ago(days=-1))), "1 of 2 conditions met, 1 not due yet"),
    ],
)
def test_conditions_that_are_met_or_not_due_do_not_stand_in_the_way(conditions: tuple[Condition, ...], words: str) -> None:
    assert_passes(ask("REL-7", conditions=conditions), words)


@pytest.mark.parametrize("due", [ago(days=1), AS_OF])
def test_a_condition_that_lapsed_does(due: datetime) -> None:
    verdict = ask("REL-7", conditions=(condition(due), condition(ago(days=-1))))
    assert_fails(verdict, "1 condition past the due date: C9")
    assert verdict.places[0].what.endswith("waits for evidence of kind coverage")


def test_rel5_risks_that_are_owned_and_treated_pass() -> None:
    verdict = about("REL-5", "risk-register")
    assert_passes(verdict)
    assert verdict.message == "2 risks, each owned and treated; residual: 0 high, 1 medium, 1 low"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"risks.0.owned": False}, "1 risk without owner (R1)"),
        ({"risks.1.mitigated": False, "risks.1.status": None}, "1 risk without mitigation, status (R2)"),
        ({"risks.0.likelihood": None, "risks.0.impact": None}, "1 risk without likelihood, impact (R1)"),
        ({"risks.1.residual": "high"}, "1 high residual risk without a waiver (R2)"),
    ],
)
def test_rel5_a_risk_without_owner_or_treatment_fails(changes: dict[str, Any], words: str) -> None:
    assert_fails(about("REL-5", "risk-register", changes), words)


def test_rel5_a_high_residual_risk_names_the_finding_that_a_waiver_would_accept() -> None:
    verdict = about("REL-5", "risk-register", {"risks.1.residual": "high"})
    assert [(place.where, place.what) for place in verdict.places] == [
        ("R2 What R2 is about", "high residual risk, finding r2000000000000000000000000000000")
    ]
    assert_passes(about("REL-5", "risk-register", {"risks.1.residual": "high", "risks.1.waived": True}))
    assert_passes(about("REL-5", "risk-register", {"risks.1.residual": "high"}, high_residual=1))


def test_rel5_a_closed_risk_has_no_residual_one() -> None:
    assert_passes(about("REL-5", "risk-register", {"risks.1.residual": None, "risks.1.status": "closed"}))


def test_rel5_the_register_of_this_version_counts() -> None:
    assert_passes(about("REL-5", "risk-register", {"version": None}))
    assert_open(about("REL-5", "risk-register", {"version": "1.7.0"}), Reason.MISSING, "no risk is registered for this version")
    old = item("risk-register", {"version": "1.7.0", "risks.0.owned": False}, entry=2)
    assert_passes(judge("REL-5", item("risk-register"), old))
