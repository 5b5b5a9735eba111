"""What the lists of cloud secret managers share: strict objects, times with a zone, owners in tags, and no values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from compliance.errors import InputError
from compliance.record import Json, Parsed
from compliance.source import Source, parse_time

from . import Origin, Secret, SecretRotation

LIMIT: Final = 100_000
"""Secrets of one list."""
_OWNERS: Final = ("owner", "team", "owned-by", "owned_by", "ownedby", "contact", "maintainer", "responsible")
_VALUES: Final = ("value", "SecretString", "SecretBinary", "payload", "data")
"""Members that would hold a secret's value."""


def entries(value: Json, where: str) -> list[dict[str, Json]]:
    """Returns the objects of a list.

    Raises:
        InputError: It is no list of objects, or one of them holds a value.
    """
    if not isinstance(value, list) or len(value) > LIMIT:
        raise InputError(
            "no list" if not isinstance(value, list) else f"{len(value)} secrets", expected="a list of secrets", where=where or None
        )
    for number, one in enumerate(value):
        if not isinstance(one, dict):
            raise InputError("an entry that is no object", expected="a secret", where=f"{where}/{number}")
        held = next((name for name in _VALUES if one.get(name) is not None), None)
        if held is not None:
            raise InputError(f"the value of a secret (member {held!r})", expected="a list without values", where=f"{where}/{number}")
    return value


def text(entry: Mapping[str, Json], name: str, where: str) -> str:
    """Returns a member that must be text."""
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        raise InputError(f"{name} {str(value)[:60]!r}", expected="text", where=where)
    return value


def time(entry: Mapping[str, Json], name: str, where: str) -> datetime | None:
    """Returns a member that is a time: RFC 3339 with zone, or seconds since 1970; None when it is absent or null."""
    value = entry.get(name)
    if value is None:
        return None
    found = parse_time(value) if isinstance(value, str) else None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e11:
        found = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)
    if found is None:
        raise InputError(f"{name} {str(value)[:60]!r}", expected="a time with zone", where=where)
    return found.astimezone(UTC)


def owner(tags: Any, where: str) -> str | None:
    """Returns the value of a tag that names an owner.

    Args:
        tags: A map, or AWS's list of ``Key`` and ``Value``; null is none.
        where: Place of the entry.
    """
    if isinstance(tags, list):
        tags = {str(one.get("Key")): one.get("Value") for one in tags if isinstance(one, dict)}
    if tags is not None and not isinstance(tags, dict):
        raise InputError("tags that are no map", expected="a map of tags", where=where)
    found = {str(name).lower(): value for name, value in (tags or {}).items()}
    return next((value for name in _OWNERS if isinstance(value := found.get(name), str) and value.strip()), None)


def parsed(origin: Origin, secrets: Sequence[Secret], left_out: int, incomplete: str | None = None) -> Parsed:
    """Returns the statement of a list."""
    why = incomplete or (None if secrets else "no secret in the list")
    return Parsed(payload=SecretRotation(origin=origin, secrets=tuple(secrets), left_out=left_out, incomplete=why))


def first(source: Source) -> dict[str, Json]:
    """Returns the first object of a JSON array; empty when the file is none."""
    if source.head.lstrip()[:1] != b"[":
        return {}
    try:
        document = source.json
    except InputError:
        return {}
    return document[0] if document and isinstance(document[0], dict) else {}
