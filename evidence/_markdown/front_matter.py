"""Front matter: the YAML between two ``---`` lines (or TOML between ``+++``) that may begin a Markdown file.

Source: the convention of Jekyll and Hugo (gohugo.io, content management, front matter).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from compliance.errors import InputError
from compliance.reading import yamltext
from compliance.record import Json
from compliance.source import parse_time

_BLOCK = re.compile(r"(---|\+\+\+)[ \t]*\n(.*?)(?:(?<=\n)|^)\1[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_LIMIT = 65536

_REVIEWED = (
    "reviewed",
    "lastreviewed",
    "reviewedat",
    "reviewedon",
    "lastreview",
    "reviewdate",
    "lastreviewdate",
    "updated",
    "lastupdated",
    "updatedat",
    "lastmod",
    "lastmodified",
)
"""Names of the review date without case, ``-`` and ``_``, those that speak of a review first."""


@dataclass(frozen=True)
class Split:
    """A Markdown file in its two parts."""

    fields: Mapping[str, Json]
    """Names as they stand; empty without front matter."""
    body: str
    offset: int
    """Lines before the body."""


def split(text: str) -> Split:
    """Cuts the front matter off.

    Raises:
        InputError: It begins like front matter and is not readable as such.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    match = _BLOCK.match(text[:_LIMIT])
    if match is None:
        return Split({}, text, 0)
    fields = _load(match.group(1), match.group(2))
    if fields is None:
        return Split({}, text, 0)
    return Split(fields, text[match.end() :], text.count("\n", 0, match.end()))


def _load(fence: str, block: str) -> Mapping[str, Json] | None:
    """Reads the block; None when it is text between two rules."""
    if fence == "---":
        try:
            value = yamltext.loads(block)
        except InputError as error:
            raise InputError(error.found, expected="front matter in YAML", where=f"front matter, {error.where}") from error
        if value is None:
            return {}
        return {str(key): item for key, item in value.items()} if isinstance(value, dict) else None
    import tomllib

    try:
        return tomllib.loads(block)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise InputError(str(error), expected="front matter in TOML", where="front matter") from error


def text_field(fields: Mapping[str, Json], name: str) -> str | None:
    """Returns a field that is text and not blank."""
    value = fields.get(name)
    return value.strip() or None if isinstance(value, str) else None


def reviewed_at(fields: Mapping[str, Json]) -> datetime | None:
    """Returns when the file says that it was last reviewed (or else updated).

    A day without a time, which is what front matter usually holds, counts from its first instant in UTC; so does a time without zone.
    Years before 1990 or from 2100 on are slips of the pen.
    """
    named = {re.sub(r"[-_ ]", "", name.lower()): value for name, value in fields.items()}
    found = (_time(named.get(name)) for name in _REVIEWED)
    return next((at for at in found if at is not None and 1990 <= at.year < 2100), None)


def _time(value: Json) -> datetime | None:
    try:
        if isinstance(value, datetime):
            return value.astimezone(UTC) if value.tzinfo else _first_instant(value.date())
        if isinstance(value, date):
            return _first_instant(value)
        if not isinstance(value, str):
            return None
        zoned = parse_time(value)
        return zoned.astimezone(UTC) if zoned else _first_instant(datetime.fromisoformat(value.strip()).date())
    except (ValueError, OverflowError):
        return None


def _first_instant(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
