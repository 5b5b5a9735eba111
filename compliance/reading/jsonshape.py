"""JSON of other programs, read as typed structures: what is not of the expected type is refused with its place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from ..errors import InputError
from . import jsontext

T = TypeVar("T")

_EXACT = 2**53
"""Floats below it hold each whole number exactly."""
_EXPECTED = re.compile(r"Expected (.+), got (.+)", re.DOTALL)


def shaped(value: Any, type_: type[T], where: str | None = None) -> T:
    """Reads a JSON value as a typed structure.

    Args:
        value: A value of JSON's data model.
        type_: Type that msgspec can convert to; unknown members are left out.
        where: JSON pointer of the value, for the message.

    Raises:
        InputError: Something in it has another type.
    """
    try:
        with jsontext.collector_paused():
            return converted(value, type_)
    except msgspec.ValidationError as error:
        raise misshaped(error, where) from error


def converted(value: Any, type_: type[T]) -> T:
    """Reads a JSON value as a typed structure; ``1.0`` is the whole number 1, as in JSON Schema.

    Raises:
        msgspec.ValidationError: Something in it has another type.
    """
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError:
        if (whole := _with_whole_numbers(value)) is value:
            raise
        return msgspec.convert(whole, type_)


def _with_whole_numbers(value: Any) -> Any:
    """Returns a value with integers for floats without a fraction, itself where it holds none."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < _EXACT else value
    if isinstance(value, dict):
        changed = {key: new for key, old in value.items() if (new := _with_whole_numbers(old)) is not old}
        return {**value, **changed} if changed else value
    if isinstance(value, list):
        items = [_with_whole_numbers(item) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def checked(found: Mapping[str, msgspec.Raw], wanted: Collection[str], apart: Collection[str]) -> dict[str, Any]:
    """Reads all members of a JSON object strictly and returns those that are wanted; long arrays are not held.

    Args:
        found: Members, cut by `jsontext.members`.
        wanted: Names of the members to return, where they are there.
        apart: Names of members that the caller reads by `each`.

    Raises:
        InputError: A member is JSON that is refused (see `jsontext`).
    """
    kept = {}
    for name, text in found.items():
        if name in wanted:
            kept[name] = jsontext.loads(bytes(text))
        elif name not in apart and bytes(memoryview(text)[:1]) == b"[":
            for _ in jsontext.read_each(jsontext.elements(text)):
                pass
        elif name not in apart:
            jsontext.loads(bytes(text))
    return kept


def optional(value: Any, type_: type[T], where: str | None = None) -> T | None:
    """As `shaped`; None for null, and for what is not there."""
    return None if value is None else shaped(value, type_, where)


def misshaped(error: msgspec.ValidationError, where: str | None = None) -> InputError:
    """Turns msgspec's words into the project's: what was found, what was expected, where."""
    text, _, inner = str(error).partition(" - at `$")
    place = ((where or "") + re.sub(r"\[(\d+)\]", r"/\1", inner.rstrip("`").replace("[...]", "/*")).replace(".", "/")).replace("`", "")
    match = _EXPECTED.fullmatch(text)
    if match is None:
        return InputError(text, where=place or None)
    return InputError(match.group(2).strip("`"), expected=match.group(1).strip("`"), where=place or None)


def each(text: bytes | msgspec.Raw, type_: type[T], where: str) -> Iterator[T]:
    """Reads the elements of a JSON array one by one, strictly, each as a typed structure: memory holds one of them at a time.

    Args:
        text: The array's JSON text; ``null`` is an empty array.
        type_: Type that msgspec can convert to; unknown members are left out.
        where: JSON pointer of the array, for messages.

    Raises:
        InputError: Not an array, JSON that is refused (see `jsontext`), or something in it has another type.
    """
    if bytes(memoryview(text)[:4]) == b"null":
        return
    for number, value in enumerate(jsontext.read_each(jsontext.elements(text))):
        try:
            yield converted(value, type_)
        except msgspec.ValidationError as error:
            raise misshaped(error, f"{where}/{number}") from error
