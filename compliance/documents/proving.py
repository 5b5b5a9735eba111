"""What was made, and what it proves: the documents of the commands that write, sign, verify and show."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from ..record import Json, Model
from . import Printed


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
