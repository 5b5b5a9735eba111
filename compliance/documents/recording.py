"""What of evidence was recorded, read again, joined and erased: the documents of the commands that write the store."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..record import Json, Model
from . import Printed


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
