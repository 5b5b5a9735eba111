"""The JSON documents that commands print, as models: what programs may rely on. ``schemas/`` holds the JSON Schema of each.

Keys are only ever added. ``check`` and ``report`` have theirs in `compliance.report`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from .judgement.needs import Need
from .record import Finding, Json, JsonDocument, Model
from .reminders import Reminder
from .times import rfc3339
from .waiver import Waiver


class Printed(JsonDocument):
    """Base of a printed document."""


class ReadFile(Model):
    """What became of one file."""

    path: str
    status: Literal["recorded", "duplicate", "refused", "unrecognised"]
    kind: str | None
    format: str | None
    sha256: str | None
    """SHA-256 of the kept artifact: of the redacted bytes where secrets were redacted."""
    evidence: int | None
    """Ledger entry of the evidence."""
    summary: dict[str, Json]
    reason: str | None


class IngestDocument(Printed):
    """``ingest --format json``."""

    schema_id: Literal["compliance/ingest/v1"] = Field(default="compliance/ingest/v1", alias="schema")
    files: list[ReadFile]


class CollectorRun(Model):
    """What one collector did."""

    kind: str
    collector: str
    outcome: Literal["ran", "could-not-run"]
    seconds: float
    reason: str | None
    files: list[ReadFile]


class CollectDocument(Printed):
    """``collect --format json``."""

    schema_id: Literal["compliance/collect/v1"] = Field(default="compliance/collect/v1", alias="schema")
    runs: list[CollectorRun]


class VerifyCheck(Model):
    """One check."""

    name: str
    status: Literal["proven", "refuted", "not-proven"]
    detail: str


class VerifyDocument(Printed):
    """``verify --format json`` of one path."""

    schema_id: Literal["compliance/verify/v1"] = Field(default="compliance/verify/v1", alias="schema")
    path: str
    ok: bool
    """None is refuted and the signer is trusted."""
    signer: dict[str, Json]
    """status (trusted, trial, unknown, expired, revoked, none), subject, fingerprint, signed_at, proven_at (by a trusted timestamp),
    detail; empty for a store."""
    anchored_by: Literal["none", "report", "timestamp"]
    checks: list[VerifyCheck]


class VerifyList(Printed):
    """``verify --format json`` of several paths."""

    schema_id: Literal["compliance/verify-list/v1"] = Field(default="compliance/verify-list/v1", alias="schema")
    results: list[VerifyDocument]


class LogEntry(Model):
    """One line of the audit trail."""

    entry: int
    at: str
    type: str
    what: str


class LogDocument(Printed):
    """``log --format json``."""

    schema_id: Literal["compliance/log/v1"] = Field(default="compliance/log/v1", alias="schema")
    entries: list[LogEntry]


class MergedStore(Model):
    """What became of one source of a merge."""

    path: str
    log: str
    """Name of its log."""
    size: int
    """Its entries."""
    root: str
    """Root of its tree, in hexadecimal."""
    entry: int | None
    """The entry of the merge; null when all that the source holds was there already."""
    copied: int
    """Entries that were appended."""
    duplicates: int
    """Pieces of evidence that say what another one here says, from the same bytes."""
    present: int
    """Entries that were there already, or came with an earlier merge."""
    apart: dict[str, int]
    """Entries by type that are kept as they were, but do not count here: they are bound to the ledger of their store."""


class MergeDocument(Printed):
    """``merge --format json``."""

    schema_id: Literal["compliance/merge/v1"] = Field(default="compliance/merge/v1", alias="schema")
    store: str
    size: int
    """Entries of the store after the merge."""
    root: str
    sources: list[MergedStore]


class PurgedEntry(Model):
    """What is erased of one entry."""

    entry: int
    kind: str | None
    """Kind of evidence; null for the kept ledger of a store that was merged."""
    name: str
    """Name of the file."""
    collected_at: str
    """When the bytes were read or made; of a merge, when it was recorded."""
    size: int
    """Bytes of the artifact."""
    artifact: str
    """SHA-256 of the artifact, whose bytes are erased with the last entry that needs them."""


class PurgeDocument(Printed):
    """``purge --format json``."""

    schema_id: Literal["compliance/purge/v1"] = Field(default="compliance/purge/v1", alias="schema")
    dry_run: bool
    tombstone: int | None
    """The entry that says what was erased; null when nothing was."""
    entries: list[PurgedEntry]


class StampedFile(Model):
    """What became of a document that was to be prolonged."""

    path: str
    status: Literal["timestamped", "refuted"]
    output: str | None = None
    """The file that was written; null when the document is refuted."""
    at: datetime | None = None
    """Time of the timestamp."""
    authority: str | None = None
    """Who gave it."""
    until: datetime | None = None
    """When the first certificate on the authority's path expires: until then the document can be prolonged again."""
    reason: str | None = None
    """The checks that were refuted."""


class TimestampDocument(Printed):
    """``timestamp --format json``."""

    schema_id: Literal["compliance/timestamp/v1"] = Field(default="compliance/timestamp/v1", alias="schema")
    files: list[StampedFile]


class ReparsedEvidence(Model):
    """What became of a piece of evidence whose parser has another version now."""

    evidence: int
    kind: str
    format: str
    name: str
    """Name of the file."""
    parser: int
    """Version of the parser that read it."""
    installed: int | None
    """Version of the installed one; null when the format is not installed."""
    status: Literal["superseded", "refused", "left"]
    by: list[int]
    """Evidence that supersedes it."""
    reason: str | None


class ReparseDocument(Printed):
    """``reparse --format json``."""

    schema_id: Literal["compliance/reparse/v1"] = Field(default="compliance/reparse/v1", alias="schema")
    evidence: list[ReparsedEvidence]
    """Only that whose parser has another version."""


class ShowDocument(Printed):
    """``show --format json``."""

    schema_id: Literal["compliance/show/v1"] = Field(default="compliance/show/v1", alias="schema")
    entry: int
    leaf: dict[str, Json]
    """The leaf as it was hashed (docs/leaf-format.md)."""
    private: dict[str, Json]
    """Private values by class: paths, people, code."""
    payload: dict[str, Json] | None = None
    """For evidence: the payload (``payload-KIND`` among the schemas)."""
    findings: list[dict[str, Json]] | None = None
    """For evidence: the worst open findings, at most 20."""


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


class ListedKey(Model):
    """A key or a trusted certificate."""

    role: Literal["key", "trusted", "trusted-for-timestamps"]
    subject: str
    trial: bool
    not_after: str
    fingerprint: str
    """SHA-256 of the DER certificate in hexadecimal."""
    path: str
    """File, `pkcs11:` URI, or the command."""
    source: Literal["user", "project"] = "user"
    """Whose it is: the user's own folder, or ``[sign]`` of the project."""
    in_use: bool = False
    """The key that signs reports here."""


class KeysDocument(Printed):
    """``keys list --format json``."""

    schema_id: Literal["compliance/keys/v1"] = Field(default="compliance/keys/v1", alias="schema")
    keys: list[ListedKey]


class WrittenReport(Model):
    """A report that was written."""

    id: str
    path: str
    sha256: str
    trial_key: bool


class ReleaseDocument(Printed):
    """``release --format json``."""

    schema_id: Literal["compliance/release/v1"] = Field(default="compliance/release/v1", alias="schema")
    report: WrittenReport
    check: dict[str, Json]
    """The ``compliance/check/v1`` document."""


class PacketDocument(Printed):
    """``packet --format json``."""

    schema_id: Literal["compliance/packet-issued/v1"] = Field(default="compliance/packet-issued/v1", alias="schema")
    id: str
    path: str
    sha256: str
    """Of the file."""
    packet: str
    """SHA-256 of the document as it was rendered: what approvals bind to."""
    decision_digest: str
    evidence_outcome: str
    fields: dict[str, str]
    """Name of each signature field, with the role that signs it."""
    trial_key: bool


class FinalDocument(Printed):
    """``packet --final --format json``."""

    schema_id: Literal["compliance/final-packet/v1"] = Field(default="compliance/final-packet/v1", alias="schema")
    id: str
    path: str
    sha256: str
    """Of the file."""
    decision_digest: str
    evidence_outcome: str
    outcome: str
    attached: list[str]
    """Names of the files that it carries."""
    trial_key: bool


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


PRINTED: tuple[type[Printed], ...] = (
    IngestDocument,
    CollectDocument,
    VerifyDocument,
    VerifyList,
    LogDocument,
    ShowDocument,
    TimestampDocument,
    ExplainGate,
    ExplainKind,
    KeysDocument,
    ReleaseDocument,
    PacketDocument,
    FinalDocument,
    WaiversDocument,
    StatusDocument,
    DiffDocument,
    MergeDocument,
    ReparseDocument,
    PurgeDocument,
    HistoryDocument,
    GatesDocument,
)
"""Every document that a command prints, besides that of ``check``."""
