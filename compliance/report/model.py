"""What an audit report says: the template's only input, and one of the report's attachments.

Every number on the page comes from here. The template sees neither the store nor a clock, so that whoever holds the model can render
the same bytes again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from ..assessment import Assessment, Outcome
from ..gate import Reason, Standing, Status
from ..record import JsonDocument, Model, PrivacyClass, Severity
from .decided_model import Decided
from .figures.model import AnyFigure

SCHEMA: Final = "compliance/report/v1"


class Notice(Model):
    """Something that a reader of page 1 must not miss."""

    kind: Literal["redacted", "override", "trial-key", "example", "hindsight", "profile", "loosened", "switched-off", "partial"]
    label: str
    text: str


class RedGate(Model):
    """A gate that stands in the way, in short."""

    id: str
    statement: str
    verdict: Status
    message: str
    observed: str
    threshold: str
    fix: str


class Counts(Model):
    """How many gates have which verdict."""

    passed: int = 0
    failed: int = 0
    not_assessed: int = 0
    waived: int = 0
    not_applicable: int = 0

    @property
    def total(self) -> int:
        """All gates."""
        return self.passed + self.failed + self.not_assessed + self.waived + self.not_applicable


class FrameworkCounts(Model):
    """One row of the matrix on page 1."""

    id: str
    title: str
    counts: Counts
    red: int
    """Required gates that failed or could not be assessed."""


class Decision(Model):
    """Page 1."""

    outcome: Outcome
    word: str
    because: str
    notices: tuple[Notice, ...]
    notices_more: int
    """Notices that did not fit; they stand in the section on settings."""
    red: tuple[RedGate, ...]
    """The worst of the red gates."""
    red_total: int
    red_rest: str
    """One sentence about the red gates that are not listed on page 1; empty when all are."""
    frameworks: tuple[FrameworkCounts, ...]
    total: FrameworkCounts
    next: tuple[str, ...]
    """What must happen next where no gate stands in the way, one sentence each."""
    approvals: str
    """One sentence: who approved, who rejected, whose word is missing."""
    readiness: str
    """The score in percent, or why there is none."""
    vouched_by: str
    """What vouches for the time of the report."""


class Spot(Model):
    """A place that matters."""

    where: str
    what: str


class GateRow(Model):
    """A gate in the listing."""

    id: str
    statement: str
    required: bool
    verdict: Status
    reason: Reason | None
    message: str
    observed: str
    threshold: str
    age: str | None
    """Age of the oldest evidence that the verdict rests on."""
    evidence: tuple[int, ...]
    evidence_more: int


class Principle(Model):
    """The gates of one principle."""

    name: str
    gates: tuple[GateRow, ...]


class FrameworkGates(Model):
    """The gates of one framework."""

    id: str
    title: str
    principles: tuple[Principle, ...]


class Trouble(Model):
    """A gate that failed or could not be assessed, in full."""

    id: str
    statement: str
    required: bool
    verdict: Status
    reason: Reason | None
    message: str
    observed: str
    threshold: str
    fix: str
    places: tuple[Spot, ...]
    places_cut: bool
    """Whether there are more places than these; how many is not known, since gates name some only."""
    evidence: tuple[int, ...]
    evidence_more: int


class Setting(Model):
    """A threshold or switch that differs from the default."""

    gate: str
    what: str
    default: str
    value: str
    loosened: bool
    reason: str | None
    by: str | None


class FindingGroup(Model):
    """Open findings of one piece of evidence that share rule, package and severity."""

    severity: Severity
    rule: str
    package: str | None
    tool: str
    evidence: int
    count: int
    where: str | None
    """Place of the first one."""
    message: str | None
    """Message of the first one."""
    fixed_in: str | None


class Findings(Model):
    """The findings, grouped."""

    open: int
    suppressed: int
    by_severity: dict[Severity, int]
    """Of the open ones."""
    groups: tuple[FindingGroup, ...]
    groups_total: int
    findings_listed: int
    """Open findings that the listed groups stand for."""
    erased: tuple[int, ...] = ()
    """Evidence whose findings were erased: they are in none of these numbers."""


class ClaimRow(Model):
    """One claim of a release document beside the evidence."""

    standing: Standing
    text: str
    where: str
    """Document and line."""
    found: str
    evidence: tuple[int, ...]
    evidence_more: int


class ClaimGroup(Model):
    """Statements that no evidence can decide, for one reason."""

    why: str
    count: int
    first: tuple[Spot, ...]
    """The first few of them."""


class Claims(Model):
    """What the release documents claim."""

    gates: tuple[str, ...]
    """The gates that checked them."""
    counts: dict[Standing, int]
    rows: tuple[ClaimRow, ...]
    """Contradicted, without evidence, confirmed, cut at a limit."""
    rows_total: int
    others: tuple[ClaimGroup, ...]


class EvidenceRow(Model):
    """One piece of evidence in the register."""

    number: int
    kind: str
    format: str
    tool: str | None
    tool_version: str | None
    name: str
    how: Literal["ingested", "collected"]
    command: str | None
    scope: str | None
    """What was looked at, and what was left out."""
    subject: str
    """Commit and environment that it is of."""
    counts: bool
    """Whether it is of the commit that is judged."""
    observed_at: datetime | None
    recorded_at: datetime
    assurance: str
    size: int
    sha256: str
    redacted: bool
    incomplete: str | None


class Register(Model):
    """The evidence register, cut at a limit."""

    rows: tuple[EvidenceRow, ...]
    total: int


class TrailEntry(Model):
    """One ledger entry."""

    number: int
    at: datetime
    type: str
    text: str


class Trail(Model):
    """Ledger entries of this release in their order, the latest of them when there are more than the limit."""

    entries: tuple[TrailEntry, ...]
    total: int


class CheckpointState(Model):
    """A signed checkpoint of the ledger."""

    note: str
    """The whole signed note."""
    size: int
    root: str
    """In hexadecimal."""


class PreviousReport(Model):
    """The report that was made before this one."""

    id: str
    sha256: str
    signed_at: datetime
    checkpoint: CheckpointState
    """The checkpoint after its signature."""
    proof: tuple[str, ...]
    """Consistency proof from that checkpoint to this report's, hashes in hexadecimal."""


class Proof(Model):
    """What the report is anchored in."""

    assessment_entry: int
    checkpoint: CheckpointState
    """C1: the ledger up to and including this assessment."""
    log_key: str
    """Public half of the key that signs checkpoints."""
    log_key_fingerprint: str
    """SHA-256 of its 32 bytes."""
    previous: PreviousReport | None


class Signer(Model):
    """The certificate that this report is signed with."""

    subject: str
    fingerprint: str
    """SHA-256 of its DER form."""
    trial: bool
    not_after: datetime
    timestamp: str | None = None
    """Address of the authority that stamps the signature; None: the time is the word of the machine that signs."""
    level: str = "B-B"
    """PAdES level of the signature (ETSI EN 319 142-1)."""


class AttachmentRow(Model):
    """One attached file."""

    name: str
    media_type: str
    size: int
    sha256: str
    description: str


class Limits(Model):
    """Where listings are cut; printed with each of them."""

    red_gates: int = 5
    notices: int = 5
    places: int = 8
    groups: int = 24
    claims: int = 40
    overrides: int = 10
    waivers: int = 20
    conditions: int = 20
    risks: int = 20
    register_rows: int = 60
    trail: int = 40


class ReportModel(JsonDocument):
    """An audit report."""

    schema_id: Literal["compliance/report/v1"] = Field(default=SCHEMA, alias="schema")
    id: str
    title: str | None
    """``[report] title``: printed on every page."""
    organisation: str | None
    page: Literal["A4", "Letter"]
    toolkit: str
    """Version of compliance-toolkit."""
    made_at: datetime
    assessment: Assessment
    decision: Decision
    frameworks: tuple[FrameworkGates, ...]
    troubles: tuple[Trouble, ...]
    settings: tuple[Setting, ...]
    figures: tuple[AnyFigure, ...]
    findings: Findings
    claims: Claims | None
    """None when no gate checked any."""
    decided: Decided
    evidence: Register
    trail: Trail
    proof: Proof
    signer: Signer
    renderer: dict[str, str]
    redacted: tuple[PrivacyClass, ...] = ()
    """Privacy classes that this copy leaves out; none for a full report."""
    verifier_sha256: str | None = None
    """SHA-256 of the stand-alone verifier of this version; None in reports from before there was one."""
    attachments: tuple[AttachmentRow, ...]
    """Every attachment but the model itself."""
    limits: Limits = Limits()
