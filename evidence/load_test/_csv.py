"""Rows of separated values, read strictly, in pieces of bounded size.

A field is quoted with ``"``, doubled inside, or holds no quote at all: RFC 4180, which is also what JMeter's own reader takes
(``CSVSaveService.csvReadLine``). Blank lines are no rows, and carriage returns before a line feed end a row with it: some programs write
two. Anything else is refused with its line, where other readers would carry on with shifted fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from compliance.errors import InputError
from compliance.source import LINE_LIMIT, Source, decode

PIECE: Final = 4 << 20
"""Bytes that are read at a time."""
FIELDS_LIMIT: Final = 10_000
"""Fields of a row."""
_WIDEST: Final = 64
"""Fields of the longest row that one pattern reads."""
_BOM: Final = b"\xef\xbb\xbf"

_QUOTED: Final = re.compile(r'"(?:[^"]++|"")*"(?!")')
_UNUSUAL: Final = re.compile(r'["\r]')

Row = list[str]


@dataclass(frozen=True)
class Piece:
    """Whole rows of a file."""

    line: int
    """Number of the first line."""
    lines: int
    """How many there are."""
    data: bytes
    """UTF-8, without NUL."""

    @property
    def text(self) -> str:
        """The rows as text; large pieces of plain rows are never turned into it."""
        return self.data.decode()


def pieces(source: Source) -> Iterator[Piece]:
    """Cuts a file into pieces that end with a row.

    Raises:
        InputError: Not UTF-8 text, or a row that is too long or whose last field is not closed.
    """
    stream, data, rest, line = source.open_utf_8(), source.utf_8, b"", 1
    while True:
        least = stream.tell() + PIECE  # and to the end of a line: putting pieces of lines together takes up to a tenth of all time
        read = stream.read(PIECE + max(0, data.find(b"\n", least, least + LINE_LIMIT) + 1 - least))
        whole, rest = _cut(rest, read.removeprefix(_BOM) if line == 1 and not rest else read)
        if whole:
            if not whole.isascii() or b"\0" in whole:
                decode(whole, line)
            lines = whole.count(b"\n") + (not whole.endswith(b"\n"))
            yield Piece(line, lines, whole)
            line += lines
        if not read:
            return
        if len(rest) > LINE_LIMIT:
            raise InputError("a row that does not end", expected=f"rows of at most {LINE_LIMIT} bytes", where=f"line {line}")


def _cut(rest: bytes, read: bytes) -> tuple[bytes, bytes]:
    """Returns the whole rows of what was read, and what is left; all of it at the end of the file.

    A row ends behind a line break with an even number of quotes before it.
    """
    if not read:
        return rest, b""
    if b'"' not in read and b'"' not in rest:
        if not rest and read.endswith(b"\n"):
            return read, b""
        end = read.rfind(b"\n") + 1
        return (b"".join((rest, memoryview(read)[:end])), read[end:]) if end else (b"", rest + read)
    data = rest + read
    cut = data.rfind(b"\n") + 1
    quotes = data.count(b'"', 0, cut)
    while quotes % 2:
        last = data.rfind(b"\n", 0, data.rfind(b'"', 0, cut)) + 1
        quotes -= data.count(b'"', last, cut)
        cut = last
    return data[:cut], data[cut:]


def rows(text: str, delimiter: str, line: int = 1) -> Iterator[tuple[int, Row]]:
    """Yields ``(line number, fields)`` of each row.

    Raises:
        InputError: A quote where none may be, or one that is not closed.
    """
    at, counted = 0, 0
    while at < len(text):
        line, counted, blank = line + text.count("\n", counted, at), at, text[at] in "\r\n"
        row, at = read_row(text, at, delimiter, line)
        if not blank:
            yield line, row


def read_row(text: str, at: int, delimiter: str, line: int) -> tuple[Row, int]:
    """Reads one row.

    Args:
        text: Whole rows.
        at: Where the row begins.
        delimiter: What stands between fields.
        line: Number of the row's first line, for the message.

    Returns:
        Its fields, and where the next row begins.

    Raises:
        InputError: A quote where none may be, one that is not closed, or too many fields.
    """
    pattern, row = _field(delimiter), []
    while True:
        field = pattern.match(text, at)
        if field is None:
            raise InputError(_defect(text, at), expected='fields in ", doubled inside, or without any', where=f"line {line}")
        quoted, plain, end = field.groups()
        row.append(plain if quoted is None else quoted.replace('""', '"'))
        if len(row) > FIELDS_LIMIT:
            raise InputError(f"more than {FIELDS_LIMIT} fields", expected="rows of fewer", where=f"line {line}")
        at = field.end()
        if end != delimiter:
            return row, at


def whole_row(text: str, delimiter: str, width: int) -> Row | None:
    """Returns the fields of a text that is one row of so many fields, in a fifth of the time; None when `read_row` has to look at it."""
    match = _row(delimiter, width).fullmatch(text) if width <= _WIDEST else None
    if match is None:
        return None
    return [field[1:-1].replace('""', '"') if field[:1] == '"' else field for field in match.groups()]


def _defect(text: str, at: int) -> str:
    quoted = _QUOTED.match(text, at)
    if quoted:
        return "text behind a closing quote"
    if text[at] == '"':
        return "a quote that is not closed"
    unusual = _UNUSUAL.search(text, at)
    return "a quote inside a field" if unusual and unusual.group() == '"' else "a carriage return inside a field"


@lru_cache(maxsize=8)
def _field(delimiter: str) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    return re.compile(rf'(?:"((?:[^"]++|"")*)"|([^"\r\n{mark}]*+))({mark}|\r*\n|\Z)')


@lru_cache(maxsize=8)
def _row(delimiter: str, width: int) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    field = rf'("(?:[^"]++|"")*"|[^"\r\n{mark}]*+)'
    return re.compile(rf"{mark.join([field] * width)}(?:\r*\n)?")
