"""The store's tables, for queries. `schema` creates them."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class SchemaStep(SQLModel, table=True):
    """A schema step that was applied."""

    __tablename__ = "schema_step"
    step: int = Field(primary_key=True, sa_type=BigInteger)
    name: str
    sha256: str


class Ledger(SQLModel, table=True):
    """An entry of the ledger: the truth that all other tables are checked against."""

    entry: int = Field(primary_key=True, sa_type=BigInteger)
    type: str
    leaf: bytes


class Node(SQLModel, table=True):
    """The root of a perfect subtree; level 0 holds the leaf hashes."""

    level: int = Field(primary_key=True, sa_type=BigInteger)
    position: int = Field(primary_key=True, sa_type=BigInteger)
    hash: bytes


class CheckpointNote(SQLModel, table=True):
    """A signed checkpoint."""

    __tablename__ = "checkpoint"
    size: int = Field(primary_key=True, sa_type=BigInteger)
    note: str


class SealedValue(SQLModel, table=True):
    """Private values of an entry and the key of their salts."""

    __tablename__ = "sealed"
    entry: int = Field(primary_key=True, sa_type=BigInteger)
    privacy_class: str = Field(primary_key=True, sa_column_kwargs={"name": "class"})
    key: bytes
    value: bytes


class Artifact(SQLModel, table=True):
    """Raw bytes, addressed by their SHA-256."""

    sha256: str = Field(primary_key=True)
    size: int = Field(sa_type=BigInteger)
    stored: str
    """SHA-256 of the compressed bytes."""


class Chunk(SQLModel, table=True):
    """A piece of an artifact's compressed bytes."""

    artifact: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    data: bytes


class Evidence(SQLModel, table=True):
    """A projection of an evidence entry: what queries need, all of it derivable from the ledger and the artifact."""

    entry: int = Field(primary_key=True, sa_type=BigInteger)
    kind: str
    commit: str | None
    artifact: str
    payload: bytes
    """The public payload: canonical JSON."""


class FindingRow(SQLModel, table=True):
    """A row of a piece of evidence (see `record.Finding`)."""

    __tablename__ = "finding"
    evidence: int = Field(primary_key=True, sa_type=BigInteger)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    confidence: str | None
    fixed_in: str | None
    package: str | None
    package_version: str | None
    rule: str
    severity: str
    state: str
    fingerprint: str
    line: int | None = Field(sa_type=BigInteger)
    path: str | None
    message: str | None
    person: str | None


class Erased(SQLModel, table=True):
    """A projection of the tombstones: what was erased."""

    entry: int = Field(primary_key=True, sa_type=BigInteger)
    """The evidence, or the merge, whose private values and findings are gone."""
    tombstone: int = Field(sa_type=BigInteger)
    artifact: str | None
    """The artifact whose bytes are gone with it; None where other entries still need them."""
