"""``compliance status``: who has signed, who is missing, and what is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .session import Clock, Format, Session, print_json, read_time

if TYPE_CHECKING:
    from ..assessment import Assessment
    from ..decision import Condition, SignOff
    from ..documents.judging import SignedStatus, StatusDocument
    from ..reminders import Reminder
    from ..store import Store

_CHANGES = 5
"""Changes that are shown under a void approval."""


def run(
    session: Session,
    point: Annotated[str, typer.Option(envvar="COMPLIANCE_POINT", help="Decision point.")] = "production",
    as_of: Annotated[str | None, typer.Option(help="Look with the clock and the ledger at this time: 2026-01-31T12:00:00Z.")] = None,
    clock: Clock = None,
    ics: Annotated[Path | None, typer.Option("--ics", help="Write what falls due into this calendar file as well.")] = None,
    format: Format = "text",
) -> int:
    """Show who has signed, who is missing, and what is waited for."""
    from ..judgement.judging import judge
    from ..reminders import calendar
    from .files import write_whole

    with session.reading() as store:
        assessment = judge(session.project, store, point, read_time("--as-of", as_of), clock=read_time("--clock", clock)).assessment
        if ics is not None:
            write_whole(ics, calendar(assessment))
        if format == "json":
            print_json(document(assessment))
            return 0
        for line in _lines(session, store, assessment):
            print(line)
    return 0


def document(assessment: Assessment) -> StatusDocument:
    """Returns the ``compliance/status/v1`` document."""
    from ..documents.judging import ConditionStatus, ListedWaiver, RoleStatus, StatusDocument
    from ..reminders import reminders
    from ..stand import missing
    from ..times import rfc3339

    return StatusDocument(
        point=assessment.point,
        evidence_outcome=assessment.evidence_outcome,
        outcome=assessment.outcome,
        decision_digest=assessment.decision_digest,
        overridden=assessment.overridden,
        roles=[
            RoleStatus(
                role=one.role,
                title=one.title,
                required=one.required,
                quorum=one.quorum,
                approved_by=[approval.by for approval in one.approvals],
                rejected_by=[rejection.by for rejection in one.rejections],
                waits_for=missing(one),
                void=[f"{lost.by}: {lost.defect}" for lost in one.void],
                signed=[_signed(said) for said in (*one.approvals, *one.rejections)],
            )
            for one in assessment.roles
        ],
        conditions=[
            ConditionStatus(
                **{name: getattr(one, name) for name in ("id", "text", "owner", "role", "waits_for", "met_by")}, due_at=rfc3339(one.due_at)
            )
            for one in assessment.conditions
        ],
        waivers=[ListedWaiver.of(one, assessment.as_of) for one in assessment.waivers],
        due=reminders(assessment),
    )


def _signed(said: SignOff) -> SignedStatus:
    from ..documents.judging import SignedStatus
    from ..times import rfc3339

    same = {name: getattr(said, name) for name in ("entry", "by", "decision", "override", "method", "packet", "document")}
    return SignedStatus(**same, at=rfc3339(said.at), expires_at=rfc3339(said.expires_at))


def _lines(session: Session, store: Store, assessment: Assessment) -> Iterator[str]:
    from ..stand import missing
    from . import table

    yield f"{assessment.point}: the evidence says {assessment.evidence_outcome}; decision {assessment.decision_digest[:12]}"
    yield ""
    signs = ["+" if one.approved else "x" if one.rejections else "?" for one in assessment.roles]
    people = [", ".join(yes.by for yes in one.approvals) or "-" for one in assessment.roles]
    rows = [[sign, one.title, missing(one), names] for sign, one, names in zip(signs, assessment.roles, people, strict=True)]
    yield from table.lines(rows, header=["", "ROLE", "STANDS", "APPROVED BY"])
    for stand in assessment.roles:
        for lost in stand.void:
            yield ""
            yield from _void(session, store, assessment, lost)
    yield from _signatures(assessment)
    if assessment.conditions:
        yield ""
        from ..times import show_due

        rows = [[one.id, _state(one, assessment), show_due(one.due_at), one.owner, one.text] for one in assessment.conditions]
        yield from table.lines(rows, header=["ID", "STATE", "DUE", "OWNER", "CONDITION"])
    if assessment.waivers:
        yield ""
        rows = [[one.id, one.state.value, one.target, f"{one.expires_at:%Y-%m-%d}", one.why or one.reason] for one in assessment.waivers]
        yield from table.lines(rows, header=["ID", "STATE", "FOR", "UNTIL", "WHY"])
    yield from _due(assessment)


def _signatures(assessment: Assessment) -> Iterator[str]:
    """Lists on which document each decision that counts was signed, and until when it counts."""
    from . import table

    said = [(role, one) for role in assessment.roles for one in (*role.approvals, *role.rejections)]
    rows = [[f"#{one.entry}", one.by, one.decision, _document(one), f"{one.expires_at:%Y-%m-%d}"] for _, one in said]
    if rows:
        yield ""
        yield from table.lines(rows, header=["ENTRY", "SIGNED BY", "DECISION", "ON", "UNTIL"])


def _document(one: SignOff) -> str:
    if one.packet is None:
        return f"assessment #{one.assessment}"
    return f"packet {one.packet[:12]}" + (f", in the file of #{one.document}" if one.document is not None else "")


def _day(one: Reminder) -> str:
    from ..times import read_rfc3339, show_due

    return show_due(read_rfc3339(one.due_at)) if one.kind == "condition" else one.due_at[:10]


def _due(assessment: Assessment) -> Iterator[str]:
    """Lists what falls due, earliest first."""
    from ..reminders import reminders
    from . import table

    rows = [[_day(one), one.id, one.owner, one.text] for one in reminders(assessment)]
    if rows:
        yield ""
        yield from table.lines(rows, header=["DUE", "ID", "WHO", "WHAT"])


def _state(one: Condition, assessment: Assessment) -> str:
    if one.met_by is not None:
        return f"met by #{one.met_by}"
    return f"{'LAPSED' if one.due_at <= assessment.as_of else 'open'}, waits for {one.waits_for}"


def _void(session: Session, store: Store, assessment: Assessment, lost: SignOff) -> Iterator[str]:
    """Says why an approval does not count, and what changed since it was given."""
    from ..errors import StoreError
    from ..judgement.diff import compare
    from ..judgement.judging import recorded_assessment
    from ..plaintext import safe

    yield safe(f"{lost.decision} by {lost.by} for {lost.role} (#{lost.entry}) does not count: {lost.defect}")
    if lost.decision_digest == assessment.decision_digest:
        return
    try:
        changes = [one for one in compare(recorded_assessment(store, lost.assessment), assessment) if one.decides]
    except StoreError as error:
        session.detail(str(error))
        return
    yield from (safe(f"  {one.text}") for one in changes[:_CHANGES])
    if len(changes) > _CHANGES:
        yield f"  … {len(changes) - _CHANGES} more"
