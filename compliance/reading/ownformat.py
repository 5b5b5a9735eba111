"""What our own file formats share: strict models whose refusals name the place, what was found, and what was expected.

`recordfile` builds records written by hand on it (YAML, keys with hyphens), `jsonmodel` documents written by programs (JSON).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from ..errors import InputError
from ..record import Json, shorten
from ..source import parse_time

COUNT_LIMIT: Final = 2**53 - 1
_SHOWN: Final = 60
_SHOULD: Final = re.compile(r"^(Input|String|Tuple) should (be |have |match )?")
_TIME_PATTERN: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
_TIME_EXPECTED: Final = "an RFC 3339 time with zone, such as 2025-09-20T10:26:00Z"


def refuse(found: str, expected: str) -> PydanticCustomError:
    """Returns the error that a validator raises; `refused` makes an `InputError` of it."""
    return PydanticCustomError("record", "{found}; expected {expected}", {"found": found, "expected": expected})


def _time(value: object) -> datetime:
    time = parse_time(value.upper().replace(" ", "T")) if isinstance(value, str) and re.fullmatch(_TIME_PATTERN, value) else None
    if time is None:
        raise refuse(shown(value), _TIME_EXPECTED)
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise refuse(shown(value), _TIME_EXPECTED) from error


def _digest(value: object) -> str:
    match = re.fullmatch(r"sha256:([0-9a-f]{64})", value) if isinstance(value, str) else None
    if match is None:
        raise refuse(shown(value), "sha256: and 64 lower-case hexadecimal digits")
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


class Part(BaseModel):
    """Base of everything in a document of our own: strict types, nothing unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _known_keys_only(cls, data: object) -> object:
        if not isinstance(data, Mapping):
            raise refuse(shown(data), "a mapping of keys to values")
        known = [info.alias or name for name, info in cls.model_fields.items()]
        for key in data:
            if key not in known:
                near = difflib.get_close_matches(str(key).lower(), known, n=1, cutoff=0.5)
                raise refuse(f"unknown key {shown(key)}", repr(near[0]) if near else "one of " + ", ".join(known))
        return data


class OwnDocument(Part):
    """Base of a whole document; its field ``schema_id``, under the alias ``schema``, holds the literal name."""

    @classmethod
    def json_schema(cls) -> dict[str, Json]:
        """Returns the JSON Schema (draft 2020-12); what relates two values to each other is checked by reading only."""
        schema = cls.model_json_schema(by_alias=True)
        identity = schema["properties"]["schema"]["const"]
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:{identity.replace('/', ':')}", **schema}


def refused(error: ValidationError) -> InputError:
    """Returns the refusal of a document: its first defect, with the place as a JSON pointer."""
    first = error.errors(include_url=False)[0]
    where = "".join(f"/{part}" for part in first["loc"]) or None
    context: Mapping[str, Any] = first.get("ctx", {})
    if first["type"] == "record":
        return InputError(context["found"], expected=context["expected"], where=where)
    if first["type"] == "missing":
        parent = "".join(f"/{part}" for part in first["loc"][:-1]) or None
        return InputError(f"no key {str(first['loc'][-1])!r}", expected=f"{first['loc'][-1]!r}", where=parent)
    if first["type"] == "string_type":
        expected = "text in quotes" if isinstance(first["input"], (int, float)) else "text"
        return InputError(shown(first["input"]), expected=expected, where=where)
    expected = str(context["expected"]) if first["type"] == "literal_error" else _SHOULD.sub("", first["msg"])
    return InputError(shown(first["input"]), expected=expected, where=where)


def shown(value: object) -> str:
    """Returns a value for a message, in a few characters."""
    if value is None:
        return "nothing"
    if isinstance(value, (dict, list, tuple, set)):
        return {dict: "a mapping", list: "a list"}.get(type(value), f"a {type(value).__name__}")
    return shorten(repr(value), _SHOWN)
