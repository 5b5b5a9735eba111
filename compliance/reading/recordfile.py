"""Records that people write by hand: rollback drills, checkpoints, deployments, plans, registers (format ``record-yaml`` for most).

A record is one YAML document (JSON is YAML) whose first key names its schema::

    schema: compliance/rollback-drill/v1

Keys are written with hyphens, as in ``compliance.toml``; unknown ones are refused with the nearest known name. Times are RFC 3339
and state their zone. What a person wrote is worth ``stated``; each timed step may cite an artifact of the store as its proof, and a
record whose citations all hold counts as ``imported`` (see `record.Citation`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import ConfigDict, Field, ValidationError, model_validator

from ..errors import InputError
from ..record import Citation, Model, Private
from ..source import Source
from .ownformat import COUNT_LIMIT, Commit, Count, Digest, OwnDocument, Part, Text, Time, refuse, refused

__all__ = [
    "COUNT_LIMIT",
    "FORMAT",
    "Commit",
    "Count",
    "Digest",
    "Many",
    "ProjectRecord",
    "Record",
    "RecordPart",
    "RecordedStep",
    "Step",
    "Text",
    "Time",
    "citations",
    "in_order",
    "read",
    "recogniser",
    "refuse",
    "written",
]

FORMAT: Final = "record-yaml"
"""Name of the format (CONTRACT.md); each kind of record has its own `Format` of this name."""
RECORD_LIMIT: Final = 256 << 10
"""Bytes of the largest record; people do not write more, and the YAML reader is slow."""
STEP_LIMIT: Final = 1000


T = TypeVar("T")
Many = Annotated[tuple[T, ...], Field(strict=False, max_length=STEP_LIMIT)]
"""A list of at most `STEP_LIMIT` values."""


class RecordPart(Part):
    """Base of everything in a record: keys are written with hyphens."""

    model_config = ConfigDict(use_attribute_docstrings=True, alias_generator=lambda name: name.replace("_", "-"))


class RecordedStep(RecordPart):
    """One timed step, as it is written."""

    name: Text
    """What was done."""
    started_at: Time
    ended_at: Time | None = None
    """Absent: the step took no time worth recording, or never ended."""
    artifact: Digest | None = None
    """Digest of the kept artifact that proves the step: a log, a probe's output."""
    note: Text | None = None
    """What else is worth knowing, such as the error message; private."""

    @property
    def last(self) -> datetime:
        """The step's end, or its start where no end was recorded."""
        return self.ended_at or self.started_at

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.ended_at is not None and self.ended_at < self.started_at:
            raise refuse(f"ended-at {written(self.ended_at)}", f"a time not before started-at {written(self.started_at)}")
        return self


class ProjectRecord(RecordPart, OwnDocument):
    """Base of a record about the project as a whole; the first field of each is ``schema_id`` with its literal name."""

    recorded_at: Time
    """When it was written down, or last brought up to date."""
    version: Text | None = None
    """Version of the project that it is for; in quotes, since YAML reads 1.10 as the number 1.1."""


class Record(RecordPart, OwnDocument):
    """Base of a record about one environment; the first field of each is ``schema_id`` with its literal name."""

    environment: Annotated[Text, Field(max_length=100)]
    """Where it happened: one of the project's environments."""
    version: Text | None = None
    """Version of the project; in quotes, since YAML reads 1.10 as the number 1.1."""
    commit: Commit | None = None
    operator: Text | None = None
    """Who did it; private."""


class Step(Model):
    """One timed step in a payload."""

    name: str
    kind: str | None = None
    """What the step was for, where the kind of record says so (see ``rollback_drill``)."""
    started_at: datetime
    ended_at: datetime | None = None
    artifact: str | None = None
    """SHA-256 of the artifact that it cites, in hexadecimal."""
    result: Literal["passed", "failed"] | None = None
    """Of a step that checks something."""
    note: Annotated[str | None, Private("code")] = None


def written(time: datetime) -> str:
    """Writes a time as messages do: RFC 3339 in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def in_order(steps: Sequence[RecordedStep]) -> None:
    """Refuses steps that do not stand in the order of their beginnings; steps that overlap are fine.

    Raises:
        PydanticCustomError: For use in a validator (see `refuse`).
    """
    for number, (earlier, later) in enumerate(itertools.pairwise(steps), start=1):
        if later.started_at < earlier.started_at:
            raise refuse(
                f"step {number + 1} started at {written(later.started_at)}",
                f"steps in the order of time; step {number} started at {written(earlier.started_at)}",
            )


def citations(steps: Iterable[RecordedStep]) -> tuple[Citation, ...]:
    """Returns one citation per step, at the time when the step ended: what it cites was finished by then."""
    return tuple(Citation(step.name, step.last, step.artifact) for step in steps)


def recogniser(kind: str) -> Callable[[Source], bool]:
    """Returns the recognition of a kind's records: the first key of the document is ``schema: compliance/KIND/v<n>``."""
    name = rb"compliance/" + re.escape(kind.encode()) + rb"/v\d+"
    block = rb"(?:[ \t]*(?:#[^\n]*)?\r?\n|---[ \t]*\r?\n)*schema[ \t]*:[ \t]+([\"']?)" + name + rb"\1[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z)"
    flow = rb"\s*\{\s*\"schema\"\s*:\s*\"" + name + rb"\"\s*[,}]"
    pattern = re.compile(rb"(?:" + block + rb"|" + flow + rb")")
    return lambda source: source.size <= RECORD_LIMIT and pattern.match(source.head) is not None


RecordT = TypeVar("RecordT", bound=OwnDocument)


def read(source: Source, model: type[RecordT]) -> RecordT:
    """Reads a record's document.

    Raises:
        InputError: Too large, not YAML, or not what the model says; with the place as a JSON pointer.
    """
    from . import yamltext

    if source.size > RECORD_LIMIT:
        raise InputError(f"{source.size} bytes", expected=f"a record of at most {RECORD_LIMIT} bytes")
    document = yamltext.loads(source.text)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise refused(error) from error
