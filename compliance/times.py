"""Times as this project writes them: RFC 3339, UTC, microseconds; and spans such as ``7d``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from .errors import InputError

_SPAN = re.compile(r"(\d{1,6})\s*(s|min|h|d|w)")
_UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def now() -> datetime:
    """Returns the present time in UTC."""
    return datetime.now(UTC)


def rfc3339(time: datetime) -> str:
    """Writes a time with a zone as ``2026-01-31T12:00:00Z``, with microseconds only if there are any."""
    if time.tzinfo is None:
        raise ValueError("a time without zone")
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def optional_rfc3339(time: datetime | None) -> str | None:
    """As `rfc3339`, None for None."""
    return None if time is None else rfc3339(time)


def read_rfc3339(text: str) -> datetime:
    """Reads a time that must state its zone.

    Raises:
        InputError: No such time.
    """
    from .source import parse_time

    time = parse_time(text)
    if time is None:
        raise InputError(f"{text!r}", expected="a time with zone such as 2026-01-31T12:00:00Z")
    return time.astimezone(UTC)


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
