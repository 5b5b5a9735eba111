"""An inventory of secrets that people keep: ``compliance/secret-rotation/v1``.

::

    schema: compliance/secret-rotation/v1
    recorded-at: 2025-09-20T09:00:00Z
    secrets:
      - name: firebase-admin-key
        owner: jane@example.org           # private
        created-at: 2024-11-02T09:00:00Z
        rotated-at: 2025-08-01T09:00:00Z
        expires-at: 2026-08-01T09:00:00Z
      - {name: projects/demo/secrets/oauth, owner: ops}   # times come from the list of the cloud

Never write a secret's value here. An entry with the name of a secret in a cloud's list (or with the last part of it) tells its owner.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from compliance.kind import Format
from compliance.reading.recordfile import FORMAT, Digest, Many, ProjectRecord, RecordPart, Text, Time, read, recogniser, refuse, written
from compliance.record import Assurance, Citation, Parsed
from compliance.source import Source

from . import Secret, SecretRotation


class SecretEntry(RecordPart):
    """A secret, as it is written."""

    name: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,300}$")]
    """What it is called; never its value."""
    owner: Text | None = None
    """Who answers for it; private."""
    created_at: Time | None = None
    rotated_at: Time | None = None
    """When its value was last replaced."""
    expires_at: Time | None = None
    artifact: Digest | None = None
    """Digest of the kept artifact that proves the rotation."""

    @model_validator(mode="after")
    def _is_rotated_after_it_is_created(self) -> Self:
        if self.created_at is not None and self.rotated_at is not None and self.rotated_at < self.created_at:
            raise refuse(f"rotated-at {written(self.rotated_at)}", f"a time not before created-at {written(self.created_at)}")
        return self

    @property
    def set_at(self) -> datetime | None:
        """When the present value was set."""
        return self.rotated_at or self.created_at


class SecretRotationRecord(ProjectRecord):
    """The document, as it is written."""

    schema_id: Literal["compliance/secret-rotation/v1"] = Field(alias="schema")
    secrets: Many[SecretEntry]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [secret.name for secret in self.secrets]
        twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
        if twice is not None:
            raise refuse(f"secret {twice!r} twice", "each once")
        return self


def _secret(entry: SecretEntry) -> Secret:
    return Secret(
        name=entry.name,
        owned=entry.owner is not None,
        owner=entry.owner,
        set_at=entry.set_at,
        set_by=entry.set_at,
        expires_at=entry.expires_at,
    )


def _parse(source: Source) -> Parsed:
    record = read(source, SecretRotationRecord)
    return Parsed(
        payload=SecretRotation(
            origin="record",
            secrets=tuple(map(_secret, record.secrets)),
            left_out=0,
            incomplete=None if record.secrets else "no secret in the inventory",
        ),
        observed_at=record.recorded_at,
        version=record.version,
        assurance=Assurance.STATED,
        citations=tuple(Citation(one.name, one.set_at, one.artifact) for one in record.secrets if one.set_at is not None),
    )


RECORD_YAML = Format(
    name=FORMAT,
    title="Hand-written inventory of secrets",
    parser=1,
    recognise=recogniser("secret-rotation"),
    parse=_parse,
    marks=("schema: compliance/secret-rotation/v", "recorded-at", "secrets"),
)
