"""Values of a load test's JSON document, taken strictly, each refusal with its place."""

from __future__ import annotations

from collections.abc import Mapping

from compliance.errors import InputError
from compliance.record import Json, shorten

_MOST = 1e15


def number(value: Json, where: str) -> float:
    """Returns a number from 0."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= _MOST:
        raise InputError("nothing" if value is None else shorten(repr(value), 40), expected="a number from 0", where=where)
    return float(value)


def whole(value: Json, where: str) -> int:
    """Returns a whole number from 0."""
    found = number(value, where)
    if not found.is_integer():
        raise InputError(f"{found:g}", expected="a whole number", where=where)
    return int(value)


def flag(value: Json, where: str) -> bool:
    """Returns true or false."""
    if not isinstance(value, bool):
        raise InputError(shorten(repr(value), 40), expected="true or false", where=where)
    return value


def mapping(value: Json, where: str) -> Mapping[str, Json]:
    """Returns an object."""
    if not isinstance(value, dict):
        raise InputError("nothing" if value is None else type(value).__name__, expected="an object", where=where)
    return value


def array(value: Json, where: str) -> list[Json]:
    """Returns an array."""
    if not isinstance(value, list):
        raise InputError("nothing" if value is None else type(value).__name__, expected="an array", where=where)
    return value
