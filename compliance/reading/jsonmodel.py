"""Own JSON formats: documents that name their schema, read strictly into a model, each with its JSON Schema.

Such a document is one JSON object with ``"schema": "compliance/NAME/v1"``; keys are written in snake case with their unit
(``duration_s``). Unknown keys are refused with the nearest known name, a number in quotes is no number, times are RFC 3339 with
their zone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Final, TypeVar

from pydantic import Field, ValidationError

from ..errors import InputError
from ..source import Source
from .ownformat import Count, OwnDocument, Part, Time, refuse, refused

__all__ = ["Count", "Document", "Milliseconds", "Part", "Rows", "Seconds", "Time", "read", "recogniser", "refuse"]

DOCUMENT_LIMIT: Final = 32 << 20
"""Bytes of the largest document that is read: about 200,000 probes."""

Milliseconds = Annotated[float, Field(ge=0, le=1e12)]
Seconds = Annotated[float, Field(ge=0, le=1e9)]
T = TypeVar("T")
Rows = Annotated[tuple[T, ...], Field(strict=False)]
"""A JSON array."""


class Document(OwnDocument):
    """Base of a whole document; its first field is ``schema_id`` with the literal name, under the alias ``schema``."""


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
        raise refused(error) from error
