"""Kind of evidence: checkpoint. What was set aside before a deployment, so that there is something to roll back to.

::

    schema: compliance/checkpoint/v1
    environment: production
    deployed-at: 2025-09-20T12:00:00Z   # start of the deployment that the checkpoint was taken for
    operator: jane@example.org          # private
    items:
      - what: data                      # data | configuration | version
        taken-at: 2025-09-20T11:30:00Z
        digest: sha256:...              # of the backup itself
        location: gs://backups/2025-09-20T11:30
        artifact: sha256:...            # of the kept log that proves it
        restore-test: {tested-at: 2025-09-18T09:00:00Z, artifact: "sha256:..."}

The restore test is one of the procedure: it may be older than the backup, within the limit of gate AEI21-DR-2.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from compliance.kind import Format, Kind
from compliance.reading.recordfile import FORMAT, Digest, Many, Record, RecordPart, Text, Time, read, recogniser
from compliance.record import Assurance, Citation, Json, Model, Parsed, Payload, Private
from compliance.source import Source
from compliance.subject import Binding

What = Literal["data", "configuration", "version"]


class RestoreTest(RecordPart):
    """A test that a backup of this sort can be restored."""

    tested_at: Time
    artifact: Digest | None = None
    """Digest of the kept artifact that proves the test."""


class CheckpointItem(RecordPart):
    """One thing that was set aside."""

    what: What
    """``data``: an export of the database; ``configuration``: settings; ``version``: the tagged code or image."""
    taken_at: Time
    digest: Digest | None = None
    """Digest of the backup itself."""
    location: Text | None = None
    """Where it lies: a bucket, a tag, an image reference; private."""
    artifact: Digest | None = None
    """Digest of the kept artifact that proves the backup, such as the export's log."""
    restore_test: RestoreTest | None = None


class CheckpointRecord(Record):
    """The document, as it is written."""

    schema_id: Literal["compliance/checkpoint/v1"] = Field(alias="schema")
    deployed_at: Time | None = None
    """Start of the deployment that the checkpoint was taken for; absent when there was none yet."""
    items: Annotated[Many[CheckpointItem], Field(min_length=1)]


class BackupItem(Model):
    """One thing that was set aside."""

    what: What
    taken_at: datetime
    sha256: str | None
    """Digest of the backup in hexadecimal."""
    location: Annotated[str | None, Private("paths")]
    restore_tested_at: datetime | None


class Checkpoint(Payload):
    """What the checkpoint says."""

    environment: str | None
    items: tuple[BackupItem, ...]
    deployed_at: datetime | None
    operator: Annotated[str | None, Private("people")]

    def summary(self) -> dict[str, Json]:
        """Returns everything but the places of the backups and the operator."""
        items = [item.model_dump(mode="json", exclude={"location"}) for item in self.items]
        return {**self.model_dump(mode="json", include={"environment", "deployed_at"}), "items": items}


def _times(record: CheckpointRecord) -> Iterator[datetime]:
    for item in record.items:
        yield item.taken_at
        if item.restore_test is not None:
            yield item.restore_test.tested_at


def _citations(record: CheckpointRecord) -> Iterator[Citation]:
    for item in record.items:
        yield Citation(f"{item.what} backup", item.taken_at, item.artifact)
        if item.restore_test is not None:
            yield Citation(f"{item.what} restore test", item.restore_test.tested_at, item.restore_test.artifact)


def _item(item: CheckpointItem) -> BackupItem:
    return BackupItem(
        what=item.what,
        taken_at=item.taken_at,
        sha256=item.digest,
        location=item.location,
        restore_tested_at=item.restore_test.tested_at if item.restore_test else None,
    )


def _parse(source: Source) -> Parsed:
    record = read(source, CheckpointRecord)
    return Parsed(
        payload=Checkpoint(
            environment=record.environment,
            items=tuple(_item(item) for item in record.items),
            deployed_at=record.deployed_at,
            operator=record.operator,
        ),
        observed_at=max(_times(record)),
        commit=record.commit,
        version=record.version,
        environment=record.environment,
        assurance=Assurance.STATED,
        citations=tuple(_citations(record)),
    )


kind = Kind(id="checkpoint", title="Checkpoint before a deployment", binds_to=Binding.PROJECT, payload=Checkpoint)

record_yaml = Format(
    name=FORMAT,
    title="Hand-written checkpoint record",
    parser=1,
    recognise=recogniser("checkpoint"),
    parse=_parse,
    marks=("schema: compliance/checkpoint/v", "environment", "taken-at", "items"),
)
