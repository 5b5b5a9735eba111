"""What is to be recorded, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..record import Finding, Json, Payload, PrivacyClass
from ..source import Source

SAME: Final = ("kind", "format", "parser", "part", "subject", "assurance", "observed_at")
"""What two pieces of evidence from the same bytes must share to say the same."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An entry that is to be appended."""

    type: str
    body: Mapping[str, Json]
    private: Mapping[PrivacyClass, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EvidenceDraft:
    """A piece of evidence that is to be recorded."""

    body: Mapping[str, Json]
    """Public members besides those that the store adds: artifact, payload, rows."""
    private: Mapping[PrivacyClass, Mapping[str, Json]]
    """Private values of the source; those of the payload are added."""
    source: Source
    payload: Payload
    findings: Sequence[Finding] = ()
    once: bool = False
    """Record nothing if the store already says the same of the same subject from the same bytes."""


@dataclass(frozen=True)
class Recorded:
    """The number of a piece of evidence, and whether it was there already."""

    number: int
    duplicate: bool
