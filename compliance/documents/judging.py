"""What is asked, how it is judged, and what people decide: the documents of the commands that look at a judgement."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from ..judgement.needs import Need
from ..record import Finding, Json, Model
from ..reminders import Reminder
from ..times import rfc3339
from ..waiver import Waiver
from . import Printed


class AppliedGate(Model):
    """A gate that is asked."""

    id: str
    framework: str
    title: str
    required: bool
    reads: list[str]
    max_age: str | None
    declared: str | None
    """Why it does not apply, and who says so."""
    evidence: list[int] | None
    """Entries of the kinds that it reads, whether they count or not; null without ``--coverage``."""
    needs_evidence: bool
    """False for gates that only read what people decided."""


class UnreadEvidence(Model):
    """Evidence of a kind that no gate reads."""

    entry: int
    kind: str
    name: str


class GatesDocument(Printed):
    """``compliance/gates/v1``."""

    schema_id: Literal["compliance/gates/v1"] = Field(default="compliance/gates/v1", alias="schema")
    point: str
    left_out: int
    gates: list[AppliedGate]
    unread: list[UnreadEvidence] | None
    """Null without ``--coverage``."""


class ExplainGate(Printed):
    """``explain GATE --format json``."""

    schema_id: Literal["compliance/explain-gate/v1"] = Field(default="compliance/explain-gate/v1", alias="schema")
    id: str
    title: str
    framework: str
    principle: str
    required: bool
    reads: list[str]
    thresholds: dict[str, Json]
    asks: str
    why: str
    evidence: str
    fix: str
    maps_to: str
    now: str | None
    """Verdict on the current store; null when there is none."""
    needs: list[Need] | None
    """What would turn it green, all of it together; empty when it is green, null when there is no store to judge."""


class ExplainKind(Printed):
    """``explain KIND --format json``."""

    schema_id: Literal["compliance/explain-kind/v1"] = Field(default="compliance/explain-kind/v1", alias="schema")
    id: str
    title: str
    binds_to: str
    about: str
    formats: dict[str, str]
    collectors: dict[str, str]
    needs: dict[str, list[Need]] | None
    """By gate that reads the kind and is not green: what it needs of this kind; null when there is no store to judge."""


class ListedWaiver(Model):
    """One waiver, as it stands."""

    id: str
    state: str
    why: str
    """Why it does not count; empty when it does."""
    gate: str | None
    finding: str | None
    findings: int
    """How many findings a baseline names; 0 for any other waiver."""
    reason: str
    controls: str
    requested_by: str
    approved_by: str | None
    expires_at: str
    days_left: float
    """Negative once it has ended."""

    @classmethod
    def of(cls, one: Waiver, at: datetime) -> ListedWaiver:
        """Returns what a document says of a waiver at a time."""
        same = {name: getattr(one, name) for name in ("id", "why", "gate", "finding", "reason", "controls", "requested_by", "approved_by")}
        left = round((one.expires_at - at).total_seconds() / 86400, 2)
        return cls(**same, findings=len(one.findings), state=one.state.value, expires_at=rfc3339(one.expires_at), days_left=left)


class WaiversDocument(Printed):
    """``compliance/waivers/v1``."""

    schema_id: Literal["compliance/waivers/v1"] = Field(default="compliance/waivers/v1", alias="schema")
    waivers: list[ListedWaiver]


class SignedStatus(Model):
    """One decision, and on which document it was signed."""

    entry: int
    by: str
    decision: str
    override: bool
    method: str | None
    packet: str | None
    """SHA-256 of the packet as it was rendered; null where the assessment itself was signed."""
    document: int | None
    """Ledger entry of the signed packet that holds the signature, if one does."""
    at: str
    expires_at: str


class RoleStatus(Model):
    """How one role stands to the decision."""

    role: str
    title: str
    required: bool
    quorum: int
    approved_by: list[str]
    rejected_by: list[str]
    waits_for: str
    void: list[str]
    """Approvals that do not count, and why."""
    signed: list[SignedStatus]
    """Decisions that count."""


class ConditionStatus(Model):
    """How one condition stands."""

    id: str
    text: str
    owner: str
    role: str
    due_at: str
    waits_for: str
    met_by: int | None


class StatusDocument(Printed):
    """``compliance/status/v1``."""

    schema_id: Literal["compliance/status/v1"] = Field(default="compliance/status/v1", alias="schema")
    point: str
    evidence_outcome: str
    outcome: str
    decision_digest: str
    overridden: bool
    roles: list[RoleStatus]
    conditions: list[ConditionStatus]
    waivers: list[ListedWaiver]
    due: list[Reminder]
    """What falls due, earliest first."""


class DiffFinding(Model):
    """A finding that was opened or closed, or that is new."""

    severity: str
    rule: str
    where: str
    fingerprint: str

    @classmethod
    def of(cls, one: Finding) -> DiffFinding:
        """Returns what a document says of a finding."""
        place = one.path or one.package or ""
        where = place if one.line is None else f"{place}:{one.line}"
        return cls(severity=one.severity, rule=one.rule, where=where, fingerprint=one.fingerprint)


class DiffDocument(Printed):
    """``compliance/diff/v1``."""

    schema_id: Literal["compliance/diff/v1"] = Field(default="compliance/diff/v1", alias="schema")
    before: int
    """Ledger entry of the assessment."""
    after: int
    changes: list[dict[str, Json]]
    """Each with what, name, before, after, and whether it decides."""
    opened: list[DiffFinding]
    closed: list[DiffFinding]


class PastRelease(Model):
    """A release and how its newest assessment judged it."""

    assessment: int
    """Ledger entry."""
    version: str | None
    commit: str | None
    judged_at: str
    outcome: str
    evidence_outcome: str
    verdicts: dict[str, str]
    """Verdict by gate."""
    scans: list[dict[str, Json]]
    """Each with tool, category and by_severity: open findings of the evidence that counted."""


class PastSeries(Model):
    """One measure over the releases."""

    name: str
    """Never changes: readiness, red, findings-critical, tests-passed, lines-covered, error-rate, p95, gate:ID and so on."""
    title: str
    unit: Literal["share", "count", "ms"]
    values: list[float | None]
    """One per release, in their order; shares are 0 to 1. Of a gate 1 when it passed or was waived, 0 when not. Null where nothing
    that counts says so."""


class HistoryDocument(Printed):
    """``log --releases --format json``."""

    schema_id: Literal["compliance/history/v1"] = Field(default="compliance/history/v1", alias="schema")
    point: str
    releases: list[PastRelease]
    """In the order in which they were first judged."""
    series: list[PastSeries]
