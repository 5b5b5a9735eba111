"""Records that people write by hand: rollback drills, checkpoints, deployments (format ``record-yaml``).

A record is one YAML document (JSON is YAML) whose first key names its schema::

    schema: compliance/rollback-drill/v1

Keys are written with hyphens, as in ``compliance.toml``; unknown ones are refused with the nearest known name. Times are RFC 3339
and state their zone. What a person wrote is worth ``stated``; each timed step may cite an artifact of the store as its proof, and a
record whose citations all hold counts as ``imported`` (see `record.Citation`).
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from .errors import InputError
from .record import Citation, Json, Model, Private, shorten
from .source import Source, parse_time

FORMAT: Final = "record-yaml"
"""Name of the format (CONTRACT.md); each kind of record has its own `Format` of this name."""
RECORD_LIMIT: Final = 256 << 10
"""Bytes of the largest record; people do not write more, and the YAML reader is slow."""
STEP_LIMIT: Final = 1000
COUNT_LIMIT: Final = 2**53 - 1
_SHOWN = 60
_SHOULD: Final = re.compile(r"^(Input|String|Tuple) should (be |have |match )?")
_TIME_PATTERN: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
_TIME_EXPECTED: Final = "an RFC 3339 time with zone, such as 2025-09-20T10:26:00Z"


def refuse(found: str, expected: str) -> PydanticCustomError:
    """Returns the error that a validator of a record raises; `read` makes an `InputError` of it."""
    return PydanticCustomError("record", "{found}; expected {expected}", {"found": found, "expected": expected})


def _time(value: object) -> datetime:
    time = parse_time(value.upper().replace(" ", "T")) if isinstance(value, str) and re.fullmatch(_TIME_PATTERN, value) else None
    if time is None:
        raise refuse(_shown(value), _TIME_EXPECTED)
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise refuse(_shown(value), _TIME_EXPECTED) from error


def _digest(value: object) -> str:
    match = re.fullmatch(r"sha256:([0-9a-f]{64})", value) if isinstance(value, str) else None
    if match is None:
        raise refuse(_shown(value), "sha256: and 64 lower-case hexadecimal digits")
    return match.group(1)


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Time = Annotated[
    datetime, BeforeValidator(_time), WithJsonSchema({"type": "string", "format": "date-time", "pattern": f"^{_TIME_PATTERN}$"})
]
"""An RFC 3339 time with zone; held in UTC."""
Digest = Annotated[str, BeforeValidator(_digest), WithJsonSchema({"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"})]
"""``sha256:`` and the digest of an artifact; held as the bare hexadecimal digits."""
Commit = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")]
"""A full commit id."""
Count = Annotated[int, Field(ge=0, le=COUNT_LIMIT)]
T = TypeVar("T")
Many = Annotated[tuple[T, ...], Field(strict=False, max_length=STEP_LIMIT)]
"""A list of at most `STEP_LIMIT` values."""


class RecordPart(BaseModel):
    """Base of everything in a record: strict types, keys with hyphens, nothing unknown."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        alias_generator=lambda name: name.replace("_", "-"),
    )

    @model_validator(mode="before")
    @classmethod
    def _known_keys_only(cls, data: object) -> object:
        if not isinstance(data, Mapping):
            raise refuse(_shown(data), "a mapping of keys to values")
        known = [info.alias or name for name, info in cls.model_fields.items()]
        for key in data:
            if key not in known:
                near = difflib.get_close_matches(str(key).lower(), known, n=1, cutoff=0.5)
                raise refuse(f"unknown key {_shown(key)}", repr(near[0]) if near else "one of " + ", ".join(known))
        return data


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


class Record(RecordPart):
    """Base of a record's document; the first field of each is ``schema_id`` with its literal name."""

    environment: Annotated[Text, Field(max_length=100)]
    """Where it happened: one of the project's environments."""
    version: Text | None = None
    """Version of the project; in quotes, since YAML reads 1.10 as the number 1.1."""
    commit: Commit | None = None
    operator: Text | None = None
    """Who did it; private."""

    @classmethod
    def json_schema(cls) -> dict[str, Json]:
        """Returns the JSON Schema (draft 2020-12) of the document; rules between two values are checked by `read` only."""
        schema = cls.model_json_schema(by_alias=True)
        identity = schema["properties"]["schema"]["const"]
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:{identity.replace('/', ':')}", **schema}


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


RecordT = TypeVar("RecordT", bound=Record)


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
        raise _refused(error.errors(include_url=False)[0]) from error


def _refused(error: ErrorDetails) -> InputError:
    where = "".join(f"/{part}" for part in error["loc"]) or None
    context: Mapping[str, Any] = error.get("ctx", {})
    if error["type"] == "record":
        return InputError(context["found"], expected=context["expected"], where=where)
    if error["type"] == "missing":
        parent = "".join(f"/{part}" for part in error["loc"][:-1]) or None
        return InputError(f"no key {str(error['loc'][-1])!r}", expected=f"{error['loc'][-1]!r}", where=parent)
    if error["type"] == "string_type":
        expected = "text in quotes" if isinstance(error["input"], (int, float)) else "text"
        return InputError(_shown(error["input"]), expected=expected, where=where)
    expected = str(context["expected"]) if error["type"] == "literal_error" else _SHOULD.sub("", error["msg"])
    return InputError(_shown(error["input"]), expected=expected, where=where)


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, (dict, list, tuple, set)):
        return {dict: "a mapping", list: "a list"}.get(type(value), f"a {type(value).__name__}")
    return shorten(repr(value), _SHOWN)
