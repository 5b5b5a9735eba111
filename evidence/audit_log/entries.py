"""The entries of a file of JSON events, whichever way they are laid out, one after the other and in bounded memory.

=========  ==================================================================================================================
lines      one object per line; a line that cannot be read is an entry without value
array      ``[{...}, {...}]``, on one line or printed over many
list       an object with the array in one member: ``{"Records": [...]}``, ``{"kind": "EventList", "items": [...]}``; several in a row
object     one event alone, printed over many lines
prefixed   one object per line behind a time, a host or a stream: CloudWatch's export to S3, ``oc adm node-logs``, containers' logs
=========  ==================================================================================================================

Lines are read as logs are: what is broken costs one line. The others are documents and must be well-formed from end to end. What stands in
an envelope is taken out of it (see `envelopes`).
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Final, NamedTuple

from compliance.errors import InputError
from compliance.reading import jsontext
from compliance.reading.jsonlines import LineReader
from compliance.reading.jsonrows import Rows
from compliance.record import Json
from compliance.source import LINE_LIMIT, Source

from .envelopes import may_be_opened, opened
from .lines import Block, blocks

LISTS: Final = frozenset({"Records", "records", "items", "Events", "entries", "events", "logEvents", "results", "Messages"})
"""Members with the list of entries: CloudTrail, Azure Monitor, Kubernetes, ``lookup-events``, ``entries.list`` of Google Cloud, CloudWatch
Logs (found events, subscriptions, Insights) and SQS."""
FIRST: Final = 20
"""Entries that are looked at for recognition."""
_LONG: Final = 4 << 20
"""Characters of the longest entry that is looked at for recognition."""
_HINTS: Final = (
    b"protoPayload",
    b"protopayload_auditlog",
    b"proto_payload",
    b"insertId",
    b"eventName",
    b"eventVersion",
    b"CloudTrailEvent",
    b"audit.k8s.io",
    b'"verb"',
    b'\\"verb\\"',
    b"kube-audit",
    b'"messageId"',
)
"""What the first 64 KiB of a file of such events hold; of other documents no more is read."""
_PIECE: Final = 1 << 18
_PREFIX: Final = re.compile(rb"[^{\[\"\r\n][^{\"\r\n]{0,511}(?=\{)")
"""What stands before the object of a line."""
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_VALUE: Final = json.JSONDecoder()


class Entry(NamedTuple):
    """One entry."""

    line: int
    """Line in which it begins."""
    raw: bytes
    value: dict[str, Json] | None
    """What it holds; None when it cannot be read or is no object."""
    around: Mapping[str, Json]
    """The members before the list in which it stands; empty elsewhere."""


def first_entries(source: Source) -> list[dict[str, Json]]:
    """Returns the objects among the first entries of a file; empty when it holds none. For recognition."""
    return source.once(_first_entries)


def _first_entries(source: Source) -> list[dict[str, Json]]:
    found: list[dict[str, Json]] = []
    head = source.head.lstrip()
    if (head[:1] in (b"{", b"[") or _PREFIX.match(head)) and any(hint in head for hint in _HINTS):
        with suppress(InputError):  # a document that is cut off further on is refused by name, once it is known what it is
            found.extend(entry.value for entry in islice(entries(source, _LONG), FIRST) if entry.value is not None)
    return found


def take(source: Source, one: Callable[[Entry], None], many: Callable[[Block, Rows], bool]) -> None:
    """Hands over the entries of a file, in their order.

    Args:
        source: The file.
        one: Takes an entry.
        many: Takes the entries of lines that each hold an object that is no envelope; false when it must have them one by one.

    Raises:
        InputError: As `entries`.
    """
    if not source.size or _is_prefixed(source) or not _is_lines(source):
        for entry in entries(source):
            one(entry)
        return
    for block in blocks(source):
        if block.rows is None or may_be_opened(block.rows.keys) or not many(block, block.rows):
            for number, raw, record in block.each():
                one(_unwrapped(Entry(number, raw, record, {})))


def entries(source: Source, limit: int = LINE_LIMIT) -> Iterator[Entry]:
    """Yields the entries of a file.

    Args:
        source: The file.
        limit: Characters of the longest entry of a document.

    Raises:
        InputError: Empty; or a document that is cut off, malformed, has a duplicate key, or an entry longer than the limit.
    """
    if not source.size:
        raise InputError("empty file", expected="JSON")
    if _is_prefixed(source):
        return map(_unwrapped, _prefixed(source))
    return map(_unwrapped, _lines(source) if _is_lines(source) else _Document(source, limit).entries())


def _is_prefixed(source: Source) -> bool:
    return _PREFIX.match(source.head.lstrip()) is not None


def _unwrapped(entry: Entry) -> Entry:
    if entry.value is None:
        return entry
    inside = opened(entry.value)
    return entry if inside.value is entry.value else entry._replace(raw=inside.raw or entry.raw, value=inside.value)


def _is_lines(source: Source) -> bool:
    """Tells whether each line is an object for itself: the first one is and holds no list, or the second one is."""
    read = LineReader()
    lines = (raw for _, raw in source.lines() if raw.strip())
    try:
        for place, raw in enumerate(islice(lines, 2)):
            if raw.lstrip()[:1] == b"[" and not place:
                return False
            value = read.object(raw)
            if value is not None:
                return place > 0 or not any(isinstance(value.get(name), list) for name in LISTS)
    except InputError:  # a line that is too long for a log may be a whole document
        return False
    return False


def _lines(source: Source) -> Iterator[Entry]:
    read = LineReader()
    for number, raw in source.lines():
        if raw.strip():
            yield Entry(number, raw, read.object(raw), {})


def _prefixed(source: Source) -> Iterator[Entry]:
    read = LineReader()
    for number, raw in source.lines():
        if raw.strip():
            prefix = _PREFIX.match(raw)
            yield Entry(number, raw, read.object(raw[prefix.end() if prefix else 0 :]), {})


class _Document:
    """Reads JSON values from a stream, holding no more than a piece of it or the value that is next."""

    def __init__(self, source: Source, limit: int) -> None:
        self._limit = limit
        self._stream = source.open_utf_8()
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._read = LineReader()
        self._text = ""
        self._at = 0
        self._line = 1
        self._more()
        self._text = self._text.removeprefix("\ufeff")

    def entries(self) -> Iterator[Entry]:
        """Yields the entries of an array, or of the objects in a row."""
        if self._next() == "[":
            yield from self._array({})
        else:
            while self._next() == "{":
                yield from self._object()
        if self._next():
            raise self._refused("text after the end", "one JSON document")

    def _object(self) -> Iterator[Entry]:
        """Yields the entries of the list that an object holds, or the object itself."""
        line = self._line
        begun = "{"
        self._take("{")
        while self._next() != "}":
            key = self._value()
            if not key.startswith('"') or self._next() != ":":
                raise self._refused("no member", "a JSON object")
            self._take(":")
            if key[1:-1] in LISTS and self._next() == "[":
                yield from self._listed(begun, key, line)
                return
            begun += f"{key}:{self._value()}"
            if self._next() == ",":
                self._take(",")
                begun += ","
            elif self._next() != "}":
                raise self._refused("no comma or brace", "a JSON object")
            self._keep_within(begun)
        self._take("}")
        yield self._entry(line, begun + "}", {})

    def _listed(self, begun: str, key: str, line: int) -> Iterator[Entry]:
        """Yields the entries of a list; what stands around it is then checked as an object of its own."""
        before = jsontext.loads((begun.rstrip(",") + "}").encode())
        yield from self._array(before)
        rest = ""
        while self._next() not in ("}", ""):
            sign = self._next()
            if sign in ",:":
                self._take(sign)
                rest += sign
            else:
                rest += self._value()
            self._keep_within(rest)
        self._take("}")
        try:
            jsontext.loads(f"{begun}{key}:[]{rest}}}".encode())
        except InputError as error:
            error.where = f"line {line}"
            raise

    def _array(self, around: Mapping[str, Json]) -> Iterator[Entry]:
        self._take("[")
        if self._next() == "]":
            self._take("]")
            return
        while True:
            self._next()
            line = self._line
            yield self._entry(line, self._value(), around)
            if self._next() == "]":
                self._take("]")
                return
            self._take(",")

    def _entry(self, line: int, text: str, around: Mapping[str, Json]) -> Entry:
        raw = text.encode()
        value = self._read.object(raw)
        if value is None:
            try:
                value = _row(jsontext.loads(raw))
            except InputError as error:
                error.where = f"line {line}"
                raise
        return Entry(line, raw, value, around)

    def _next(self) -> str:
        """Skips white space and returns the next character; empty at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._skip(match.end() if match else self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _take(self, sign: str) -> None:
        if self._next() != sign:
            raise self._refused(f"{self._next() or 'the end'!r}", f"{sign!r}")
        self._skip(self._at + 1)

    def _value(self) -> str:
        """Takes the text of the value that is next."""
        if not self._next():
            raise self._refused("the end", "a JSON value")
        while True:
            try:
                end = _VALUE.raw_decode(self._text, self._at)[1]
            except RecursionError as error:
                raise self._refused("values nested too deeply", "JSON of at most 200 levels") from error
            except ValueError as error:
                if len(self._text) - self._at > self._limit:
                    raise self._refused("no JSON value", f"one of at most {self._limit} characters") from error
                if not self._more():
                    raise self._refused("no JSON value, or one that is cut off", "a JSON document") from error
                continue
            start = self._at
            if end < len(self._text):
                break
            if not self._more():  # a number at the end of what was read might have gone on
                end -= start
                break
        text = self._text[self._at : end]
        self._skip(end)
        return text

    def _skip(self, end: int) -> None:
        self._line += self._text.count("\n", self._at, end)
        self._at = end

    def _more(self) -> bool:
        """Reads on: as much as is held, so that a long value is not scanned again for each piece of it."""
        held = self._text[self._at :]
        data = self._stream.read(max(_PIECE, len(held)))
        try:
            self._text = held + self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            raise self._refused(f"byte 0x{error.object[error.start]:02x}", "UTF-8 text") from error
        self._at = 0
        return bool(data)

    def _keep_within(self, text: str) -> None:
        if len(text) > self._limit:
            raise self._refused("an object that does not end", f"one of at most {self._limit} characters")

    def _refused(self, found: str, expected: str) -> InputError:
        return InputError(found, expected=expected, where=f"line {self._line}")


def _row(value: Json) -> dict[str, Json] | None:
    """Returns a row of CloudWatch Logs Insights, ``[{"field": ..., "value": ...}]``, as an object; None for any other value."""
    if not isinstance(value, list) or not value:
        return None
    cells = [cell for cell in value if isinstance(cell, dict) and isinstance(cell.get("field"), str)]
    return {str(cell["field"]): cell.get("value") for cell in cells} if len(cells) == len(value) else None
