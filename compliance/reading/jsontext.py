"""JSON that is refused where readers disagree: duplicate keys, NaN, bad UTF-8, lone surrogates, deep nesting.

``json`` and msgspec keep the last of two equal keys, which can hide findings; jiter refuses them. For documents too large to hold as
Python objects, `members` and `elements` cut one level of the text into slices and check that level for duplicate keys themselves.
"""

from __future__ import annotations

import gc
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import jiter
import msgspec

from ..errors import InputError

_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SMALL = 1 << 16
"""Bytes up to which a second reader looks for numbers beyond a float; a regular expression took fifteen times as long."""
_SHAPE = bytes.maketrans(b"123456789E", b"000000000e")
_LONG = b"0" * 200
_PIECE = 1 << 18
_REST = 256
"""Bytes behind the last value of a document in which its end is looked for."""
_ANY = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder()
DEPTH = 200
"""Levels of nesting that `loads` reads."""
_NOT_OPENING = bytes(byte for byte in range(256) if byte not in b"{[")
_COLON = rb"\u003"
_GROUP = 8
"""Texts that are read together: with fewer the calls take the time, with more the memory caches miss."""
_PATIENCE = 16
"""Groups of texts that may fail the comparison before `read_each` gives it up."""
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_OBJECTS = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pauses the cyclic garbage collector.

    What is read holds no cycles, and walking over a million values again and again takes as long as reading them three times.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def loads(data: bytes) -> Any:
    """Reads one JSON document.

    Args:
        data: UTF-8 bytes without a byte order mark.

    Raises:
        InputError: Not JSON, a duplicate key, NaN or Infinity, nested deeper than 200 levels; with line and column.
    """
    try:
        value = jiter.from_json(data, catch_duplicate_keys=True, allow_inf_nan=False, cache_mode="keys")
    except ValueError as error:
        raise _refused(str(error)) from error
    if not _is_finite(data, value):
        raise InputError("a number beyond the range of a float", expected="JSON with finite numbers")
    return value


def _is_finite(data: bytes, value: Any) -> bool:
    """Tells whether all numbers are within a float: jiter reads others as infinity, msgspec refuses them."""
    if len(data) > _SMALL:
        return not (_may_be_infinite(data) and _has_infinity(value))
    try:
        _ANY.decode(data)
    except msgspec.ValidationError:
        return False
    return True


def _may_be_infinite(data: bytes) -> bool:
    """Looks for an exponent of three digits, or for so many digits that one of two will do."""
    shape = data.translate(_SHAPE, b"+")
    return b"0e000" in shape or _LONG in shape


def _has_infinity(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_infinity, value.values()))
    if isinstance(value, list):
        return any(map(_has_infinity, value))
    return isinstance(value, float) and math.isinf(value)


def _refused(message: str) -> InputError:
    text, at, position = message.rpartition(" at line ")
    if not at:
        return InputError(message, expected="JSON")
    text = text.replace("Detected duplicate key", "duplicate key")
    return InputError(text, expected="JSON with unique keys" if "duplicate" in text else "JSON", where=f"line {position}")


def read_each(texts: Sequence[msgspec.Raw]) -> Iterator[Any]:
    """Yields what `loads` reads of each of many JSON texts of one writer, in two thirds of its time.

    msgspec reads neither infinite numbers nor bad UTF-8, but keeps the last of two equal keys. So what it would write from the values that
    it read is compared with the text: that is the same byte by byte, or has as many colons, which stand behind keys and in strings; had a
    key come twice, it would have more. A text with more, and one that may hold a colon as an escape, is read by `loads`.

    Args:
        texts: Cut by `elements`.

    Raises:
        InputError: `loads` refuses the text that is next.
    """
    patience, size = _PATIENCE, _group(texts[0]) if texts else 1
    for start in range(0, len(texts), size):
        group = texts[start : start + size]
        values = _written_back(group) if patience else None
        if values is not None:
            yield from values
            continue
        patience -= patience > 0
        for text in group:
            yield loads(bytes(text))


def _group(text: msgspec.Raw) -> int:
    """Returns how many texts like this one are read together: fewer where they hold many objects, since `_written_back` bounds those."""
    return max(1, min(_GROUP, DEPTH // (2 + 2 * len(bytes(text).translate(None, _NOT_OPENING)))))


def _written_back(texts: Sequence[msgspec.Raw]) -> list[Any] | None:
    """Returns the values of texts that msgspec writes back as they are, else None."""
    data = b"[" + b", ".join(texts) + b"]"
    if len(data.translate(None, _NOT_OPENING)) > DEPTH:
        return None
    try:
        values: list[Any] = _ANY.decode(data)
        written = _ENCODER.encode(values)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    if msgspec.json.format(written, indent=0) == data or (written.count(b":") == data.count(b":") and _COLON not in data):
        return values
    return None


def members(text: bytes | msgspec.Raw) -> Mapping[str, msgspec.Raw]:
    """Cuts a JSON object into its members, without reading their values.

    Args:
        text: The object's JSON text. The values' own text is checked for syntax only: read each with `loads`, `members` or `elements`.

    Raises:
        InputError: Not a JSON object, or a duplicate key.
    """
    try:
        found = _MEMBERS.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"not a JSON object ({error})", expected="a JSON object") from error
    whole = text if isinstance(text, bytes) else memoryview(text)
    _walk(whole, _skip(whole, 0), found, b"}")
    return found


def objects(text: bytes | msgspec.Raw) -> list[Mapping[str, msgspec.Raw]]:
    """Cuts a JSON array of objects into the members of each, in one go.

    Raises:
        InputError: Not a JSON array of objects, or a duplicate key in one of them.
    """
    try:
        found = _OBJECTS.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"not a JSON array of objects ({error})", expected="a JSON array of objects") from error
    whole = text if isinstance(text, bytes) else memoryview(text)
    position = _skip(whole, 0) + 1
    for one in found:
        position = _skip(whole, _walk(whole, _skip(whole, position), one, b"}]")) + 1
    return list(found)


def elements(text: bytes | msgspec.Raw) -> list[msgspec.Raw]:
    """Cuts a JSON array into its elements, without reading them.

    Raises:
        InputError: Not a JSON array.
    """
    try:
        return _ELEMENTS.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"not a JSON array ({error})", expected="a JSON array") from error


def _walk(text: bytes | memoryview, position: int, found: Mapping[str, msgspec.Raw], end: bytes) -> int:
    """Walks over an object's text: if a key came twice, its first place holds another value than the decoder kept, or one is left.

    Args:
        text: The whole text.
        position: Where the object begins.
        found: What the decoder kept of it.
        end: The brackets with which a text ends whose last object this is.

    Returns:
        The position after the object.
    """
    position = _skip(text, position + 1)
    for key, value in found.items():
        name = _STRING.match(text, _skip(text, position))
        if name is None or msgspec.json.decode(name.group()) != key:
            raise InputError("duplicate key", expected="JSON with unique keys", where=f"before key {key!r}")
        position = _skip(text, _skip(text, name.end()) + 1)
        raw = memoryview(value)
        if not (_ends(text, position + len(raw), end) or _stands_at(text, position, raw)):
            raise InputError(f"duplicate key {key!r}", expected="JSON with unique keys")
        position = _skip(text, position + len(raw)) + 1
    position += not found
    if text[position - 1] != ord("}"):
        raise InputError("duplicate key", expected="JSON with unique keys")
    return position


def _ends(text: bytes | memoryview, position: int, end: bytes) -> bool:
    """Tells whether nothing but closing brackets is left, which saves comparing the last value, often nearly all of a document.

    A value of this length that stood at any later place would end in these brackets, and so leave none to close its own object.
    """
    return len(text) - position < _REST and bytes(text[position:]).translate(None, b" \t\r\n") == end


def _stands_at(text: bytes | memoryview, position: int, part: memoryview) -> bool:
    """Compares in pieces of bytes: ``==`` on memoryviews takes 2.5 ns per byte on Python 3.11, ``startswith`` is memcmp."""
    if isinstance(text, bytes):
        return text.startswith(part, position)
    whole = text[position : position + len(part)]
    starts = range(0, len(part), _PIECE)
    return len(whole) == len(part) and all(bytes(whole[n : n + _PIECE]).startswith(part[n : n + _PIECE]) for n in starts)


def _skip(text: bytes | memoryview, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position
