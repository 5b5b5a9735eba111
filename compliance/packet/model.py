"""What a sign-off packet says besides the audit report whose pages follow: one of its attachments, and what a signature in it is read by.

The report's own model lies beside it (``report.json``); together they are all that the pages are made from.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import Field

from ..assessment import Outcome
from ..gate import Status
from ..record import JsonDocument, Model
from ..report.figures.model import Count, Figure, TrendsFigure
from ..report.words import count
from ..role import Role, RoleTable
from ..subject import Subject
from ..times import read_span, show_span

SCHEMA: Final = "compliance/packet/v1"
CONDITIONS: Final = 2
"""Conditions that a block has room for."""

Likelihood = Literal[1, 2, 3]


class Hazard(Model):
    """Something that is likely to go wrong."""

    source: str
    """Id of the gate, risk, waiver or condition."""
    what: str
    known: str
    """What is known of it."""
    why: str
    """Why it matters; empty where nothing says so."""
    likelihood: Likelihood
    impact: Likelihood


class GateLine(Model):
    """A gate in one line."""

    id: str
    statement: str
    verdict: Status
    message: str


class WaivedLine(Model):
    """A gate or finding that somebody accepted for a time."""

    id: str
    target: str
    reason: str
    controls: str
    approved_by: str
    expires_at: datetime
    days_left: int


class ConditionLine(Model):
    """A condition of an earlier approval that is not met."""

    id: str
    text: str
    owner: str
    due_at: datetime
    waits_for: str
    lapsed: bool


class RiskLine(Model):
    """A risk of the register."""

    id: str
    title: str
    residual: str
    owner: str
    mitigation: str
    waived: bool


class Comparison(Model):
    """What changed since the last release that was judged at this decision point."""

    assessment: int
    """Ledger entry of its assessment."""
    release: str
    judged_at: datetime
    evidence_outcome: Outcome
    turned_red: tuple[str, ...]
    turned_green: tuple[str, ...]
    opened: int
    """Findings that are new."""
    closed: int
    thresholds: int
    """Thresholds that changed."""
    text: str
    """The same in words."""
    figure: TrendsFigure | None
    """What was measured of the last releases; None where nothing was, or where the page has no room for it."""


class AreaVerdicts(Model):
    """Verdicts of the required gates of one area."""

    area: str
    failed: Count
    not_assessed: Count
    waived: Count
    passed: Count


class VerdictsFigure(Figure):
    """Verdicts by area."""

    areas: tuple[AreaVerdicts, ...]


class Slot(Model):
    """A place for one signature of a role."""

    name: str
    """Name of the signature field; those to fill in begin with it."""
    role: str
    title: str
    number: int
    of: int
    """How many of the role's people must approve."""
    people: tuple[str, ...]
    """Who may sign it, by name or key."""
    required: bool
    may_approve: bool
    """False where the evidence says no-go and the role may not override it."""
    override: bool
    """Whether an approval here overrides a no-go."""
    validity: str
    """How long an approval counts, as a span such as ``30d``."""

    def field(self, part: str) -> str:
        """Returns the name of one of its fields, such as ``approve`` or ``due-1``."""
        return f"{self.name}-{part}"

    def box(self, part: str = "") -> str:
        """Returns the id of the element that holds a field."""
        return f"sig-{self.field(part) if part else self.name}"

    @property
    def words(self) -> dict[str, str]:
        """The boxes to tick, by part, with what is printed beside each."""
        over = "Override the no-go and approve" if self.override else "Approve"
        approvals = {"approve": over, "conditions": f"{over}, with the conditions below"}
        return {**(approvals if self.may_approve else {}), "reject": "Reject"}

    @property
    def lasts(self) -> str:
        """How long an approval counts, as it is printed."""
        span = read_span(self.validity)
        days, rest = divmod(span, timedelta(days=1))
        return show_span(span) if rest else count(days, "day")

    @property
    def as_role(self) -> Role:
        """The role, as far as the packet tells: for signers who have nothing else of the project."""
        return Role(self.role, RoleTable(title=self.title, override=self.override, validity=self.validity))

    def parts(self) -> Iterator[str]:
        """Yields every part but the signature, in the order in which it is read."""
        yield from self.words
        yield "reason"
        if self.may_approve:
            for number in range(1, CONDITIONS + 1):
                yield from (f"{part}-{number}" for part in ("condition", "owner", "due", "closed-by"))


class PacketModel(JsonDocument):
    """A sign-off packet."""

    schema_id: Literal["compliance/packet/v1"] = Field(default=SCHEMA, alias="schema")
    id: str
    log: str
    """Name of the log whose ledger it was made from."""
    made_at: datetime
    report_sha256: str
    """SHA-256 of the attached report.json."""
    subject: Subject
    point: str
    assessment: int
    """Ledger entry of the assessment."""
    decision_digest: str
    evidence_digest: str
    """Root over the ledger's entries that the judgement saw."""
    evidence_outcome: Outcome
    question: str
    word: str
    because: str
    recommendation: str
    hazards: tuple[Hazard, ...]
    hazard_rule: str
    red: tuple[GateLine, ...]
    red_total: int
    people_gates: tuple[str, ...]
    """Gates that read what people decide: they are left out of the evidence outcome."""
    waived: tuple[WaivedLine, ...]
    waived_total: int
    conditions: tuple[ConditionLine, ...]
    conditions_total: int
    risks: tuple[RiskLine, ...]
    risks_total: int
    comparison: Comparison | None
    rollback: tuple[GateLine, ...]
    verdicts: VerdictsFigure
    slots: tuple[Slot, ...]
    closers: tuple[str, ...]
    """What may close a condition: ``gate ID`` or ``kind NAME``."""
    dues: tuple[str, ...]
    """Days that are offered as due dates."""

    def slot(self, name: str) -> Slot | None:
        """Returns a slot by the name of its signature field."""
        return next((one for one in self.slots if one.name == name), None)
