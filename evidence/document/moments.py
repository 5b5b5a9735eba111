"""Times that a document gives: when the work began and ended, and its list of what was done when.

A time without zone is none, with one exception: a list whose first entry reads exactly as the beginning that the document states with its
zone, keeps that zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, Literal

from .pieces import normal
from .units import Table, Unit

LEAST: Final = 3
"""Entries that make a list of what was done when."""

_STAMP = r"(?P<day>\d{4}-\d{2}-\d{2})[ tT](?P<clock>\d{2}:\d{2}(?::\d{2})?)(?:\.\d+)?\s?(?P<zone>utc|gmt|z|[+-]\d{2}:?\d{2})?(?![\w:])"
_START = r"(?:started|start(?: time| date)?|began|begin|beginning|opened|initiated|kick-?off)"
_END = r"(?:completed|complete|ended|end(?: time| date)?|finished|finish(?:ed)? at|closed|concluded|completion(?: time| date)?)"
_SAID = re.compile(
    rf"(?:^|[,;(]\s*|\b(?:and|it|phase|work|deployment) )(?:(?P<start>{_START})|(?P<end>{_END}))(?: at| on| by)?\s*[:=-]?\s*{_STAMP}"
)
_ENTRY = re.compile(rf"{_STAMP}[\s:|-]*(?P<rest>.*)", re.DOTALL)
_OF_LOG = re.compile(
    r"\b(?:log|logs|actions?|audit trail|timeline|history|chronology|events?|activit(?:y|ies)|done when|what happened|record)\b"
)
_ZONED = re.compile(r"\b(?:utc|gmt)\b")
_CLOSING = re.compile(r"\b(?:closed|complete(?:d)?|finished|done|ended|concluded|over|approved|approval|signed off|end of)\b")


@dataclass(frozen=True)
class Moment:
    """A time that the document states for the beginning or the end of the work."""

    what: Literal["started", "ended"]
    line: int
    said: str
    at: datetime
    section: str


@dataclass(frozen=True)
class Entry:
    """One line of the list of what was done when."""

    line: int
    said: str
    at: datetime

    @property
    def closes(self) -> bool:
        """Whether it says that the work is over."""
        return _CLOSING.search(normal(self.said)) is not None


def moments(units: Sequence[Unit]) -> Iterator[Moment]:
    """Yields the stated beginnings and ends that have a zone."""
    for unit in units:
        text = " ".join(f"{unit.label}: {unit.text}".split()) if unit.label else " ".join(unit.text.split())
        for match in _SAID.finditer(text.lower()):
            at = _time(match, None)
            if at is not None:
                what: Literal["started", "ended"] = "started" if match["start"] else "ended"
                said = text[match.start() : match.end()].strip(" ,;(")
                yield Moment(what, unit.line, said, at, unit.sections[-1] if unit.sections else "")


def log(units: Sequence[Unit], tables: Sequence[Table], stated: Sequence[Moment]) -> list[Entry]:
    """Returns the longest list of what was done when, in its own order; empty when there is none whose zone is known."""
    found = [*_lists(units), *map(_table, tables)]
    starts = [one.at for one in stated if one.what == "started"]
    read = [_zoned(entries, zoned, starts) for entries, zoned in found if len(entries) >= LEAST]
    return max(read, key=len, default=[])


_Raw = tuple[int, str, re.Match[str]]


def _lists(units: Sequence[Unit]) -> Iterator[tuple[list[_Raw], bool]]:
    groups: dict[int, list[Unit]] = {}
    for unit in units:
        if unit.kind == "item":
            groups.setdefault(unit.group, []).append(unit)
    for items in groups.values():
        heading = " ".join(map(normal, items[0].sections[-2:]))
        entries = [(unit.line, unit.text[match.start("rest") :], match) for unit in items if (match := _ENTRY.match(unit.text.lower()))]
        if _OF_LOG.search(heading) and len(entries) == len(items):
            yield entries, _ZONED.search(heading) is not None


def _table(table: Table) -> tuple[list[_Raw], bool]:
    heading = normal(" ".join([*table.sections[-2:], *table.head]))
    entries = [
        (line, " ".join(row[1:]), match)
        for row, line in zip(table.rows, table.lines, strict=True)
        if row and (match := _ENTRY.match(row[0].lower()))
    ]
    return (entries, _ZONED.search(heading) is not None) if _OF_LOG.search(heading) and len(entries) == len(table.rows) else ([], False)


def _zoned(entries: list[_Raw], zoned: bool, starts: list[datetime]) -> list[Entry]:
    zone: timezone | None = UTC if zoned else None
    first = _time(entries[0][2], UTC)
    if zone is None and first is not None:
        zone = next((start.tzinfo for start in starts if start.replace(tzinfo=UTC) == first and isinstance(start.tzinfo, timezone)), None)
    read = [Entry(line, said, at) for line, said, match in entries if (at := _time(match, zone)) is not None]
    return read if len(read) == len(entries) else []


def _time(match: re.Match[str], zone: timezone | None) -> datetime | None:
    own = match["zone"]
    if own in ("utc", "gmt", "z"):
        zone = UTC
    elif own:
        sign = -1 if own[0] == "-" else 1
        zone = timezone(sign * timedelta(hours=int(own[1:3]), minutes=int(own[-2:])))
    try:
        at = datetime.fromisoformat(f"{match['day']}T{match['clock']}")
        return None if zone is None else at.replace(tzinfo=zone)
    except ValueError:
        return None
