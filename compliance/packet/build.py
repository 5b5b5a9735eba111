"""Builds the model of a packet from an assessment, the evidence that it saw, and the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from ..assessment import Assessment, GateResult
from ..decision import Condition
from ..gate import Area
from ..judgement.view import Unreadable, View
from ..outcome import because
from ..project import Project
from ..record import sha256_hex
from ..report.build import Basis
from ..report.gates import WORDS, red_gates
from ..report.model import ReportModel
from ..report.words import count, cut, listed, plain
from ..waiver import Waiver, for_findings
from .chart import verdicts
from .comparison import comparison
from .fit import fitted
from .hazards import RULE, hazards
from .model import ConditionLine, GateLine, PacketModel, RiskLine, WaivedLine
from .slots import slots_of

RED: Final = 24
WAIVED: Final = 3
CONDITIONS: Final = 3
RISKS: Final = 4
ROLLBACK: Final = 4
_DAYS: Final = (7, 14, 30, 60, 90)
"""Offered due dates, in days after the packet's."""
_TEXT, _SHORT, _NAME = 180, 120, 60
_QUESTIONS: Final = {
    "change": "May this change of {name} be merged?",
    "staging": "May {name} be deployed to {environment}?",
    "production": "May {name} go live?",
    "rollback": "Is {environment} ready to be rolled back from {name}?",
}
_LEVELS: Final = ("high", "medium", "low")


def build(basis: Basis, report: ReportModel, report_json: bytes, packet_id: str) -> PacketModel:
    """Returns the model.

    Args:
        basis: What the report in the packet is made from.
        report: Its model.
        report_json: The same, as it is attached.
        packet_id: The packet's id.

    Raises:
        ConfigError: The roles need more signatures than a packet has room for.
    """
    judged = basis.judged
    assessment, project = judged.assessment, judged.project
    people = tuple(one.id for one in assessment.gates if _reads(project, one.id, "sign-off"))
    asked = [one for one in assessment.gates if one.id not in people]
    red = [one for one in red_gates(assessment) if one.id not in people]
    open_ = [one for one in assessment.conditions if one.met_by is None]
    lapsed = [one for one in open_ if one.due_at <= assessment.as_of]
    active = sorted((one for one in assessment.waivers if one.active), key=lambda one: one.expires_at)
    risks = _risks(judged.view, assessment)
    rollback = [one for one in asked if one.area is Area.RECOVERY][:ROLLBACK]
    whys = {name: setting.gate.doc.why for name, setting in project.gates.items()}
    everything = PacketModel(
        id=packet_id,
        log=judged.store.origin,
        made_at=basis.made_at,
        report_sha256=sha256_hex(report_json),
        subject=assessment.subject,
        point=assessment.point,
        assessment=basis.entry,
        decision_digest=assessment.decision_digest,
        evidence_digest=assessment.store.root,
        evidence_outcome=assessment.evidence_outcome,
        question=question(project, assessment),
        word=WORDS[assessment.evidence_outcome],
        because=plain(_because(assessment, asked, len(open_))),
        recommendation=recommendation(assessment, red, len(open_), len(active)),
        hazards=hazards(assessment, people, judged.view.newest.get("risk-register", ()), whys, lapsed),
        hazard_rule=RULE,
        red=tuple(_line(one) for one in red[:RED]),
        red_total=len(red),
        people_gates=people,
        waived=tuple(_waived(one, assessment.as_of) for one in active[:WAIVED]),
        waived_total=len(active),
        conditions=tuple(_condition(one, one in lapsed) for one in sorted(open_, key=lambda one: one.due_at)[:CONDITIONS]),
        conditions_total=len(open_),
        risks=tuple(risks[:RISKS]),
        risks_total=len(risks),
        comparison=comparison(basis, people),
        rollback=tuple(_line(one) for one in rollback),
        verdicts=verdicts(asked),
        slots=slots_of(project.roles, assessment.evidence_outcome),
        closers=closers(project, assessment),
        dues=tuple(f"{basis.made_at + timedelta(days=days):%Y-%m-%d}" for days in _DAYS),
    )
    return fitted(everything, report.page)


def question(project: Project, assessment: Assessment) -> str:
    """Returns the question that is to be decided."""
    point, subject = project.point(assessment.point), assessment.subject
    name = cut(f"{subject.project} {subject.version or (subject.commit or '')[:12]}".strip(), _TEXT)
    words = _QUESTIONS.get(point.name, "May {name} pass the decision point {point}?")
    return words.format(name=name, environment=subject.environment or point.name, point=point.name)


def recommendation(assessment: Assessment, red: list[GateResult], conditions: int, waivers: int) -> str:
    """Returns what the evidence recommends; each outcome has one sentence, so that nobody has a hand in it."""
    if assessment.evidence_outcome == "no-go":
        return (
            f"Reject. {count(len(red), 'required gate')} {'stands' if len(red) == 1 else 'stand'} in the way. Whoever approves "
            "nevertheless overrides the evidence, answers for it with their name, and has to say why."
        )
    if assessment.evidence_outcome == "go-with-conditions":
        parts = [count(waivers, "waiver") if waivers else "", count(conditions, "open condition") if conditions else ""]
        parts.append("" if assessment.profile_by else "a profile that nobody confirmed")
        return f"Approve, if you accept what is listed on the next page: {listed([part for part in parts if part])}."
    return "Approve. No required gate stands in the way, and nothing was waived."


def closers(project: Project, assessment: Assessment) -> tuple[str, ...]:
    """Returns what may close a condition: a gate that is asked here, by passing, or a kind of evidence, by being newer."""
    gates = [one.id for one in assessment.gates if not any(_reads(project, one.id, what) for what in ("sign-off", "condition"))]
    return (*(f"gate {name}" for name in gates), *(f"kind {name}" for name in sorted(project.catalog.kinds)))


def _reads(project: Project, gate: str, what: str) -> bool:
    return gate in project.gates and what in project.gates[gate].gate.reads


def _because(assessment: Assessment, asked: list[GateResult], conditions: int) -> str:
    confirmed = assessment.profile_by is not None
    return because(asked, assessment.evidence_outcome, profile_confirmed=confirmed, open_conditions=conditions)


def _line(gate: GateResult) -> GateLine:
    return GateLine(id=gate.id, statement=plain(gate.title), verdict=gate.verdict, message=cut(gate.message, _TEXT))


def _waived(one: Waiver, at: datetime) -> WaivedLine:
    return WaivedLine(
        id=one.id,
        target=cut(one.target, _NAME),
        reason=cut(one.reason, _SHORT),
        controls=cut(one.controls, _SHORT),
        approved_by=cut(one.approved_by or "nobody", _NAME),
        expires_at=one.expires_at,
        days_left=(one.expires_at - at).days,
    )


def _condition(one: Condition, lapsed: bool) -> ConditionLine:
    return ConditionLine(
        id=one.id,
        text=cut(one.text, _SHORT),
        owner=cut(one.owner, _NAME),
        due_at=one.due_at,
        waits_for=one.waits_for,
        lapsed=lapsed,
    )


def _risks(view: View, assessment: Assessment) -> list[RiskLine]:
    """Returns the risks that are not closed, the highest first."""
    accepted = for_findings(assessment.waivers)
    found = []
    for item in view.newest.get("risk-register", ()):
        if isinstance(item.payload, Unreadable):
            continue
        found += [
            RiskLine(
                id=one.id,
                title=cut(one.title, _SHORT),
                residual=one.residual or "not stated",
                owner=cut(one.owner or "nobody", _NAME),
                mitigation=cut(one.mitigation or "none", _SHORT),
                waived=one.fingerprint in accepted,
            )
            for one in item.payload.risks
            if one.status != "closed"
        ]
    return sorted(found, key=lambda one: _LEVELS.index(one.residual) if one.residual in _LEVELS else -1)
