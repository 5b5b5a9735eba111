"""Statements of the in-toto Attestation Framework, version 1: something is said of subjects that are named by their digests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ..errors import InputError
from ..reading import jsontext
from ..record import Json, canonical

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
"""Type of a statement within a DSSE envelope."""
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
_READ: Final = (STATEMENT_TYPE, "https://in-toto.io/Statement/v0.1")
"""Versions that are read: in both a statement names its subjects in the same way."""


@dataclass(frozen=True)
class Subject:
    """What a statement is about."""

    name: str
    digest: Mapping[str, str]
    """Hexadecimal by algorithm, such as ``sha256`` or ``gitCommit``."""
    uri: str = ""


@dataclass(frozen=True)
class Statement:
    """A statement."""

    subjects: tuple[Subject, ...]
    predicate_type: str
    predicate: Mapping[str, Json] = field(default_factory=dict)


def write(subjects: Sequence[Subject], predicate_type: str, predicate: Mapping[str, Json]) -> bytes:
    """Returns a statement as canonical JSON; numbers in the predicate are written as floats, since protobuf knows no others."""
    from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
    from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor  # type: ignore[import-untyped]
    from in_toto_attestation.v1.statement import Statement as Message  # type: ignore[import-untyped]

    about = [ResourceDescriptor(name=one.name, uri=one.uri, digest=dict(one.digest)).pb for one in subjects]
    made = Message(about, predicate_type, dict(predicate))
    made.validate()
    return canonical(MessageToDict(made.pb))


def read(payload: bytes) -> Statement:
    """Reads a statement.

    Raises:
        InputError: It is none.
    """
    match jsontext.loads(payload):
        case {"_type": str(version), "subject": list(subjects), "predicateType": str(kind), **rest} if subjects and version in _READ:
            predicate = rest.get("predicate", {})
            if isinstance(predicate, dict):
                return Statement(tuple(_subject(one, number) for number, one in enumerate(subjects)), kind, predicate)
    raise InputError("no in-toto statement", expected=f"_type {STATEMENT_TYPE}, subject, predicateType, predicate")


def _subject(value: Any, number: int) -> Subject:
    match value:
        case {"digest": dict(digest)} if digest and all(isinstance(one, str) for one in digest.values()):
            name, uri = value.get("name", ""), value.get("uri", "")
            if isinstance(name, str) and isinstance(uri, str):
                return Subject(name, digest, uri)
    raise InputError("no subject", expected="an object with digest, and name or uri", where=f"/subject/{number}")
