"""Times as this project writes them: RFC 3339, UTC, microseconds; and spans such as ``7d``."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from .errors import InputError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SPAN = re.compile(r"(\d{1,6})\s*(s|min|h|d|w)")
_UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def now() -> datetime:
    """Returns the present time in UTC."""
    return datetime.now(UTC)


def rfc3339(at: datetime) -> str:
    """Writes a time with a zone as ``2026-01-31T12:00:00Z``, with microseconds only if there are any."""
    if at.tzinfo is None:
        raise ValueError("a time without zone")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def optional_rfc3339(at: datetime | None) -> str | None:
    """As `rfc3339`, None for None."""
    return None if at is None else rfc3339(at)


def read_rfc3339(text: str) -> datetime:
    """Reads a time that must state its zone.

    Raises:
        InputError: No such time.
    """
    from .source import parse_time

    found = parse_time(text)
    if found is None:
        raise InputError(f"{text!r}", expected="a time with zone such as 2026-01-31T12:00:00Z")
    return found.astimezone(UTC)


def read_due(text: str) -> datetime:
    """Reads a due date: a day such as ``2026-12-31``, which lasts until it ends in UTC, or a time that states its zone.

    Raises:
        InputError: Neither.
    """
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is not None and day < date.max:
        return datetime.combine(day + timedelta(days=1), time(), UTC)
    try:
        return read_rfc3339(text)
    except InputError as error:
        raise InputError(f"{text!r}", expected="a day such as 2026-12-31") from error


def last_day(at: datetime) -> date | None:
    """Returns the day that ends at a time; None when the time lies within a day."""
    at = at.astimezone(UTC)
    return (at - timedelta(days=1)).date() if at.time() == time() else None


def show_due(at: datetime) -> str:
    """Writes a due date for people: the day that ends with it, as they wrote it, else day and time."""
    return str(last_day(at) or f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")


def read_span(text: str) -> timedelta:
    """Reads a span: a number and one of s, min, h, d, w.

    Raises:
        InputError: No such span.
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise InputError(f"{text!r}", expected="a span such as 90s, 15min, 24h, 7d or 2w")
    return timedelta(**{_UNITS[match.group(2)]: int(match.group(1))})


def show_span(span: timedelta) -> str:
    """Writes a span for people, in its largest whole unit below two of the next: ``36 h``, ``3 d``."""
    seconds = int(span.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{sign}{seconds // size} {unit}"
    return f"{sign}{seconds} s"
