"""Own JSON formats: documents that name their schema, read strictly into a model, each with its JSON Schema.

Such a document is one JSON object with ``"schema": "compliance/NAME/v1"``; keys are written in snake case with their unit
(``duration_s``). Unknown keys are refused with the nearest known name, a number in quotes is no number, times are RFC 3339 with
their zone.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from .errors import InputError
from .record import Json, shorten
from .recordfile import Time, refuse
from .source import Source

__all__ = ["Count", "Document", "Milliseconds", "Part", "Rows", "Seconds", "Time", "read", "recogniser", "refuse"]

DOCUMENT_LIMIT: Final = 32 << 20
"""Bytes of the largest document that is read: about 200,000 probes."""
_SHOWN: Final = 60

Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
Milliseconds = Annotated[float, Field(ge=0, le=1e12)]
Seconds = Annotated[float, Field(ge=0, le=1e9)]
T = TypeVar("T")
Rows = Annotated[tuple[T, ...], Field(strict=False)]
"""A JSON array."""


class Part(BaseModel):
    """Base of everything in a document: strict types, nothing unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _known_keys_only(cls, data: object) -> object:
        if not isinstance(data, Mapping):
            raise refuse(_shown(data), "an object")
        known = [info.alias or name for name, info in cls.model_fields.items()]
        for key in data:
            if key not in known:
                near = difflib.get_close_matches(str(key).lower(), known, n=1, cutoff=0.5)
                raise refuse(f"unknown key {_shown(key)}", repr(near[0]) if near else "one of " + ", ".join(known))
        return data


class Document(Part):
    """Base of a whole document; its first field is ``schema_id`` with the literal name, under the alias ``schema``."""

    @classmethod
    def json_schema(cls) -> dict[str, Json]:
        """Returns the JSON Schema (draft 2020-12). What relates two values to each other is checked by `read` only."""
        schema = cls.model_json_schema(by_alias=True)
        identity = schema["properties"]["schema"]["const"]
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:{identity.replace('/', ':')}", **schema}


DocumentT = TypeVar("DocumentT", bound=Document)


def recogniser(name: str) -> Callable[[Source], bool]:
    """Returns the recognition of ``compliance/NAME/v<n>``: the member ``schema`` of the one object that the file holds."""
    pattern = re.compile(rb'"compliance/' + re.escape(name.encode()) + rb'/v\d+"')
    return lambda source: (
        pattern.search(source.head) is not None and pattern.fullmatch(bytes(source.json_members.get("schema", b""))) is not None
    )


def read(source: Source, model: type[DocumentT]) -> DocumentT:
    """Reads a document.

    Raises:
        InputError: Too large, not JSON, or not what the model says; with the place as a JSON pointer.
    """
    if source.size > DOCUMENT_LIMIT:
        raise InputError(f"{source.size} bytes", expected=f"a document of at most {DOCUMENT_LIMIT} bytes")
    try:
        return model.model_validate(source.json)
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
    expected = str(context["expected"]) if error["type"] == "literal_error" else error["msg"].removeprefix("Input should be ")
    return InputError(_shown(error["input"]), expected=expected, where=where)


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, (dict, list, tuple)):
        return "an object" if isinstance(value, dict) else "an array"
    return shorten(repr(value), _SHOWN)
