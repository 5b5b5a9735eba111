"""What people decided, and the risks that are left: overrides, approvals, waivers, conditions, registered risks.

`roles`, `waivers` and `conditions` are pure functions of the assessment, so that `page_check` can make the same again and compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from ..assessment import Assessment
from ..decision import Condition, SignOff
from ..gate import Item
from ..judgement.view import Unreadable, View
from ..record import Finding
from ..stand import Stand, missing
from ..store import Store
from ..subject import Subject
from ..times import show_span
from ..waiver import DAY, State, Waiver, for_findings
from .decided_model import ConditionRow, Decided, OverrideRow, RiskRow, RoleRow, SignatureRow, WaiverRow
from .model import Limits
from .redact import WHOLE, Redaction
from .words import NBSP, cut, tail

_TEXT: Final = 300
_PERSON: Final = 60
_WHERE: Final = 100
_SIGNATURES: Final = 6
"""Signatures per role."""
_WAIVER_ORDER: Final = ("active", "unused", "invalid", "expired", "requested", "revoked")
_CONDITION_ORDER: Final = ("lapsed", "open", "met")
_LEVELS: Final = ("high", None, "medium", "low")
"""Order of the residual levels: what nobody assessed may be high."""


def decided(store: Store, assessment: Assessment, view: View, warn_days: int, limits: Limits, redaction: Redaction = WHOLE) -> Decided:
    """Returns the section.

    Args:
        store: The store.
        assessment: The judgement.
        view: The evidence and the decisions that it saw.
        warn_days: ``[waivers] warn-before``.
        limits: Where to cut.
        redaction: What the copy leaves out.
    """
    shown = redaction.assessment(assessment)
    found = {one.fingerprint: one for many in view.waived.values() for one in many}
    about = {one.id: _about(found.get(one.finding), redaction) for one in assessment.waivers if one.finding}
    overrides = _overrides(store, assessment, [redaction.sign_off(one) for one in view.sign_offs])
    registers = _registers(view, assessment.subject)
    accepted = for_findings(assessment.waivers)
    risks = [
        _risk(item, seen, accepted.get(one.fingerprint))
        for item in registers
        for one, seen in zip(item.payload.risks, redaction.item(item).payload.risks, strict=True)
    ]
    risks.sort(key=lambda one: (one.status == "closed", _LEVELS.index(one.residual)))
    return Decided(
        overrides=tuple(overrides[: limits.overrides]),
        overrides_total=len(overrides),
        roles=roles(shown),
        waivers=waivers(shown, about, warn_days)[: limits.waivers],
        waivers_total=len(assessment.waivers),
        waivers_count=sum(one.active for one in assessment.waivers),
        conditions=conditions(shown)[: limits.conditions],
        conditions_total=len(assessment.conditions),
        warn_days=warn_days,
        risks=tuple(risks[: limits.risks]),
        risks_total=len(risks),
        registered=bool(registers),
    )


def _overrides(store: Store, assessment: Assessment, signed: Iterable[SignOff]) -> list[OverrideRow]:
    """Returns every override of the project that was validly signed, whichever release it let pass, newest first."""
    titles = {one.role: one.title for one in assessment.roles}
    current = {one.entry for one in assessment.overrides}
    rows = []
    for one in signed:
        if not one.override or one.defect:
            continue
        state: Literal["in force", "without effect", "past"] = "past"
        if one.entry in current:
            state = "in force" if assessment.overridden else "without effect"
        rows.append(
            OverrideRow(
                entry=one.entry,
                by=cut(one.by, _PERSON),
                role=cut(titles.get(one.role, one.role), _PERSON),
                reason=cut(one.reason or "(erased)", _TEXT),
                at=one.at,
                release=_release(store.entry(one.entry).body["subject"]),
                point=cut(one.point, _PERSON),
                state=state,
                trial=one.trial,
            )
        )
    return sorted(rows, key=lambda row: (row.state == "past", -row.entry))


def _release(subject: Mapping[str, Any]) -> str:
    parts = [cut(subject["version"], 40)] if subject["version"] else []
    parts += [f"commit {subject['commit'][:12]}"] if subject["commit"] else ["no commit"]
    return ", ".join(parts)


def roles(assessment: Assessment) -> tuple[RoleRow, ...]:
    """Returns how each role stands to the decision."""
    return tuple(_role(one) for one in assessment.roles)


def _role(stand: Stand) -> RoleRow:
    signed = [*stand.rejections, *stand.approvals, *stand.void]
    return RoleRow(
        title=cut(stand.title, _PERSON),
        required=stand.required,
        standing="rejected" if stand.rejections else "approved" if stand.approved else "waiting",
        words=cut(missing(stand), _TEXT),
        signatures=tuple(_signature(one) for one in signed[:_SIGNATURES]),
        signatures_more=max(0, len(signed) - _SIGNATURES),
    )


def _signature(one: SignOff) -> SignatureRow:
    return SignatureRow(
        entry=one.entry,
        by=cut(one.by, _PERSON),
        decision=one.decision,
        override=one.override,
        reason=None if one.reason is None else cut(one.reason, _TEXT),
        at=one.at,
        expires_at=one.expires_at,
        trial=one.trial,
        why_not=None if one.defect is None else cut(one.defect, _TEXT),
    )


def waivers(assessment: Assessment, about: Mapping[str, str | None], warn_days: int) -> tuple[WaiverRow, ...]:
    """Returns the waivers: those that count in the order in which they end, then those that do not.

    Args:
        assessment: The judgement.
        about: What the findings are that waivers name, by the waiver's id.
        warn_days: Days before its end from which on a waiver is warned about.
    """
    rows = [_waiver(one, assessment.as_of, about.get(one.id), warn_days) for one in assessment.waivers]
    return tuple(sorted(rows, key=lambda row: (_WAIVER_ORDER.index(row.state), row.expires_at, row.id)))


def _waiver(one: Waiver, at: datetime, about: str | None, warn_days: int) -> WaiverRow:
    return WaiverRow(
        id=one.id,
        target=one.target,
        about=about,
        state="unused" if one.state is State.ACTIVE and one.why else one.state.value,
        why=cut(one.why, _TEXT),
        reason=cut(one.reason, _TEXT),
        controls=cut(one.controls, _TEXT),
        requested_by=cut(one.requested_by, _PERSON),
        approved_by=None if one.approved_by is None else cut(one.approved_by, _PERSON),
        expires_at=one.expires_at,
        left=_left(one.expires_at - at, "ended"),
        soon=one.active and one.expires_at - at <= warn_days * DAY,
    )


def _about(finding: Finding | None, redaction: Redaction) -> str | None:
    if finding is None:
        return None
    if finding.path is None:
        return cut(finding.rule, _WHERE)
    where = redaction.text(finding.path if finding.line is None else f"{finding.path}:{finding.line}", "paths") or ""
    return f"{cut(finding.rule, _WHERE)} at {tail(where, _WHERE)}"


def conditions(assessment: Assessment) -> tuple[ConditionRow, ...]:
    """Returns the conditions: lapsed ones first, then open ones by their date, then those that are met."""
    titles = {one.role: one.title for one in assessment.roles}
    rows = [_condition(one, titles.get(one.role, one.role), assessment.as_of) for one in assessment.conditions]
    return tuple(sorted(rows, key=lambda row: (_CONDITION_ORDER.index(row.state), row.due_at, row.id)))


def _condition(one: Condition, role: str, at: datetime) -> ConditionRow:
    state: Literal["open", "lapsed", "met"] = "met" if one.met_by is not None else "lapsed" if one.due_at <= at else "open"
    return ConditionRow(
        id=one.id,
        text=cut(one.text, _TEXT),
        owner=cut(one.owner, _PERSON),
        role=cut(role, _PERSON),
        due_at=one.due_at,
        left="" if state == "met" else _left(one.due_at - at, "overdue by"),
        closes=cut(one.waits_for, _WHERE),
        state=state,
        met_by=one.met_by,
    )


def _left(span: timedelta, past: str) -> str:
    """Writes the days that are left, never more of them than there are: the last one in hours."""
    if span > timedelta(0):
        return show_span(span).replace(" ", NBSP)
    since = show_span(-span).replace(" ", NBSP)
    return f"{past} {since}" if past == "overdue by" else f"{past} {since} ago"


def _registers(view: View, subject: Subject) -> Sequence[Item]:
    """Returns the newest risk registers of this version, or of none, as gate REL-5 reads them."""
    items = [one for one in view.newest.get("risk-register", ()) if not isinstance(one.payload, Unreadable)]
    return [one for one in items if getattr(one.payload, "version", None) in (None, subject.version)]


def _risk(item: Item, risk: Any, accepted: Waiver | None) -> RiskRow:
    told = {
        "likelihood": risk.likelihood is not None,
        "impact": risk.impact is not None,
        "owner": risk.owned,
        "mitigation": risk.mitigated,
        "status": risk.status is not None,
    }
    return RiskRow(
        evidence=item.entry,
        id=risk.id,
        title=cut(risk.title, _TEXT),
        likelihood=risk.likelihood,
        impact=risk.impact,
        residual=risk.residual,
        owner=None if risk.owner is None else cut(risk.owner, _PERSON),
        mitigation=None if risk.mitigation is None else cut(risk.mitigation, _TEXT),
        status=risk.status,
        waiver=None if accepted is None else accepted.id,
        lacks=tuple(name for name, has in told.items() if not has),
    )
