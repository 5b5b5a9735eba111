"""What the decision record says: who decided what, how it was signed, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from ..assessment import Outcome
from ..decision import Word
from ..record import Json, JsonDocument, Model
from ..report.model import AttachmentRow, CheckpointState, Signer
from ..subject import Subject

SCHEMA: Final = "compliance/decision-record/v1"
DECISIONS_SCHEMA: Final = "compliance/decisions/v1"


class Promised(Model):
    """A condition, as it was signed."""

    text: str
    owner: str
    due_at: datetime
    closed_by: str


class Decided(Model):
    """What somebody decided in a role."""

    entry: int
    """Ledger entry of the sign-off."""
    by: str
    key: str
    decision: Word
    override: bool
    reason: str | None
    conditions: tuple[Promised, ...]
    at: datetime
    expires_at: datetime
    method: Literal["sshsig", "x509", "pdf"] | None
    document: str | None
    """Attached packet that holds the signature; None where `decisions.json` does."""
    defect: str | None
    """Why it does not count."""


class RoleRecord(Model):
    """A role and its decisions."""

    role: str
    title: str
    required: bool
    quorum: int
    stands: str
    decided: tuple[Decided, ...]


class ConditionRecord(Promised):
    """A condition, as it stands."""

    id: str
    role: str
    met_by: int | None
    lapsed: bool


class DecisionRecord(JsonDocument):
    """The decision record."""

    schema_id: Literal["compliance/decision-record/v1"] = Field(default=SCHEMA, alias="schema")
    id: str
    log: str
    made_at: datetime
    title: str | None
    organisation: str | None
    page: Literal["A4", "Letter"]
    toolkit: str
    subject: Subject
    point: str
    question: str
    assessment: int
    decision_digest: str
    evidence_outcome: Outcome
    outcome: Outcome
    word: str
    because: str
    overridden: bool
    roles: tuple[RoleRecord, ...]
    conditions: tuple[ConditionRecord, ...]
    checkpoint: CheckpointState
    signer: Signer
    renderer: dict[str, str]
    attachments: tuple[AttachmentRow, ...]


class SignedDecision(Model):
    """A decision that was signed outside of a PDF."""

    entry: int
    statement: str
    """Canonical JSON: exactly the text that was signed."""
    signature: Json


class DecisionsFile(JsonDocument):
    """``decisions.json``."""

    schema_id: Literal["compliance/decisions/v1"] = Field(default=DECISIONS_SCHEMA, alias="schema")
    decisions: tuple[SignedDecision, ...]
