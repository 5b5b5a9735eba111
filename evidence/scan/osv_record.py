"""Advisories in the OSV format (Open Source Vulnerability schema, version 1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from compliance import severity
from compliance.record import Severity

from .._bom import Rating
from .ratings import highest


class Score(msgspec.Struct):
    """A rating: its type, such as ``CVSS_V3``, and a vector or a word."""

    type: str | None = None
    score: str | None = None


class Named(msgspec.Struct):
    """A package of an ecosystem."""

    name: str | None = None
    ecosystem: str | None = None


class Event(msgspec.Struct):
    """Where a range of versions begins or ends."""

    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None


class Range(msgspec.Struct):
    """Affected versions, as events in any order."""

    type: str | None = None
    events: list[Event] | None = None


class Affected(msgspec.Struct):
    """A package that is affected, in which versions."""

    package: Named | None = None
    severity: list[Score] | None = None
    ranges: list[Range] | None = None
    versions: list[str] | None = None


class Record(msgspec.Struct):
    """One advisory."""

    id: str
    summary: str | None = None
    details: str | None = None
    aliases: list[str] | None = None
    modified: str | None = None
    withdrawn: str | None = None
    severity: list[Score] | None = None
    affected: list[Affected] | None = None
    database_specific: dict[str, Any] | None = None
    database_specific_camel: dict[str, Any] | None = msgspec.field(name="databaseSpecific", default=None)


def severity_of(record: Record, package: str) -> Severity:
    """Returns the word of the record's database, else the highest of its ratings for a package; ``unknown`` when it says nothing."""
    word = (record.database_specific or record.database_specific_camel or {}).get("severity")
    if isinstance(word, str) and (found := severity.from_word(word)) is not Severity.UNKNOWN:
        return found
    scores = [*(record.severity or ()), *(one for affected in of_package(record, package) for one in affected.severity or ())]
    return highest(_rating(one) for one in scores)


def of_package(record: Record, package: str) -> Iterator[Affected]:
    """Yields what the record says of a package."""
    yield from (one for one in record.affected or () if one.package is not None and one.package.name == package)


def fixed_in(record: Record, package: str) -> list[str]:
    """Returns the versions that fix the problem; commits, of ranges of the type GIT, are left out."""
    ranges = [one for affected in of_package(record, package) for one in affected.ranges or () if one.type != "GIT"]
    return list(dict.fromkeys(event.fixed for one in ranges for event in one.events or () if event.fixed))


def _rating(score: Score) -> Rating:
    """OSV holds vectors, and words where the type is that of a distribution (OSV schema, ``severity``)."""
    if (score.type or "").startswith("CVSS"):
        return Rating(method=score.type, vector=score.score)
    return Rating(method=score.type, severity=score.score)
