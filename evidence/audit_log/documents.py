"""The entries of a JSON document: of an array, of the list that an object holds, or the object itself; read from a stream.

Documents of any size are read in bounded memory, and must be well-formed from end to end.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from compliance.errors import InputError
from compliance.reading import jsontext
from compliance.reading.jsonlines import LineReader
from compliance.record import Json
from compliance.source import Source

LISTS: Final = frozenset({"Records", "records", "items", "Events", "entries", "events", "logEvents", "results", "Messages"})
"""Members with the list of entries: CloudTrail, Azure Monitor, Kubernetes, ``lookup-events``, ``entries.list`` of Google Cloud, CloudWatch
Logs (found events, subscriptions, Insights) and SQS."""
_PIECE: Final = 1 << 18
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_VALUE: Final = json.JSONDecoder()


class Entry(NamedTuple):
    """One entry of a file, in whichever way that is laid out."""

    line: int
    """Line in which it begins."""
    raw: bytes
    value: dict[str, Json] | None
    """What it holds; None when it cannot be read or is no object."""
    around: Mapping[str, Json]
    """The members before the list in which it stands; empty elsewhere."""


class Document:
    """Reads JSON values from a stream, holding no more than a piece of it or the value that is next.

    Args:
        source: The file.
        limit: Characters of the longest entry.
    """

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
