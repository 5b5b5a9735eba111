"""The JSON files of a report's bundle, as models: what a verifier of another make may rely on."""

from __future__ import annotations

from typing import Final, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ..record import JsonDocument, Model, PrivacyClass, Severity
from .model import CheckpointState

EVIDENCE_SCHEMA: Final = "compliance/evidence-bundle/v1"
LEDGER_SCHEMA: Final = "compliance/ledger/v1"
PROOFS_SCHEMA: Final = "compliance/proofs/v1"
FINDINGS_SCHEMA: Final = "compliance/findings/v1"


class SealedText(Model):
    """Private values of one class, with the key of their salts."""

    key: str = Field(pattern=r"^[0-9a-f]{64}$")
    value: str
    """Canonical JSON; the commitment is SHA-256(HMAC-SHA-256(key, "entry") || value)."""


class KeptEntry(Model):
    """A ledger entry."""

    number: int = Field(ge=0)
    leaf: str
    """Canonical JSON, exactly the text whose leaf hash is in the tree."""
    payload_public: str | None = None
    """Of evidence: canonical JSON, exactly the text whose SHA-256 is in the leaf."""
    sealed: dict[PrivacyClass, SealedText]


class EvidenceBundle(JsonDocument):
    """``evidence.json``."""

    schema_id: Literal["compliance/evidence-bundle/v1"] = Field(default=EVIDENCE_SCHEMA, alias="schema")
    entries: tuple[KeptEntry, ...]
    """Entry 0, every registered piece of evidence, the assessment, the tombstones of what was erased of that evidence, and in a full report
    everything else that judging read: decisions of people, collections that could not run, older evidence of the project as a whole."""


class LedgerEntry(Model):
    """A ledger entry that judging reads nothing of but its leaf; exactly one of both is there."""

    number: int = Field(ge=0)
    leaf: str | None = None
    """Canonical JSON, exactly the text whose leaf hash is in the tree."""
    hash: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """The leaf hash alone, of an entry about another project."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.leaf is None) == (self.hash is None):
            raise ValueError("expected either leaf or hash")
        return self


class LedgerDocument(JsonDocument):
    """``ledger.json``: with ``evidence.json`` every entry under the checkpoint, so that its root shows that none was left out."""

    schema_id: Literal["compliance/ledger/v1"] = Field(default=LEDGER_SCHEMA, alias="schema")
    entries: tuple[LedgerEntry, ...]


class TreeState(Model):
    """A size of the ledger and its root."""

    size: int = Field(ge=0)
    root: str
    """In hexadecimal."""


class Inclusion(Model):
    """Proof that an entry is in the tree of the checkpoint (RFC 6962 section 2.1.1)."""

    entry: int = Field(ge=0)
    proof: tuple[str, ...]
    """Hashes in hexadecimal, lowest level first."""


class Consistency(Model):
    """Proof that the checkpoint extends the one of the report before (RFC 6962 section 2.1.2)."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    report: str
    """Id of the report before."""
    before: CheckpointState = Field(alias="from")
    proof: tuple[str, ...]


class ProofsDocument(JsonDocument):
    """``proofs.json``."""

    schema_id: Literal["compliance/proofs/v1"] = Field(default=PROOFS_SCHEMA, alias="schema")
    checkpoint: TreeState
    inclusion: tuple[Inclusion, ...]
    consistency: Consistency | None


class ListedFinding(Model):
    """One finding; what a tool does not say is left out."""

    evidence: int
    """Ledger entry of the evidence."""
    number: int
    """Position within the evidence, from 0."""
    confidence: str | None = None
    fixed_in: str | None = None
    package: str | None = None
    package_version: str | None = None
    rule: str
    severity: Severity
    state: Literal["open", "suppressed"]
    fingerprint: str = ""
    """Empty where a redacted copy leaves it out."""
    line: int | None = None
    path: str | None = None
    message: str | None = None
    person: str | None = None
    commitments: dict[PrivacyClass, str] | None = None
    """In a redacted copy: the row's commitments to what is left out (docs/leaf-format.md, rows), in hexadecimal by class."""


class FindingsDocument(JsonDocument):
    """``findings.json``. It is written and read without this model, which is 20 times slower; a test holds the two together."""

    schema_id: Literal["compliance/findings/v1"] = Field(default=FINDINGS_SCHEMA, alias="schema")
    findings: tuple[ListedFinding, ...]
