"""The lines of a file of JSON objects, read many at a time: asking the decoder once for all of them takes half as long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from compliance.errors import InputError
from compliance.reading.jsonrows import RowReader, Rows
from compliance.record import Json
from compliance.source import LINE_LIMIT, Source

_BLOCK: Final = 1 << 17
"""Bytes that are read at a time: with more the memory caches miss."""
_BOM: Final = b"\xef\xbb\xbf"


class Block(NamedTuple):
    """Lines that follow each other."""

    first: int
    """Number of the first one."""
    data: bytes
    lines: list[bytes]
    """Without their ends."""
    rows: Rows | None
    """What each holds; None when they have to be read one by one."""
    read: Callable[[bytes], dict[str, Json] | None]
    """Returns what a line holds; None when it is no object, or is refused."""

    def each(self) -> Iterator[tuple[int, bytes, dict[str, Json] | None]]:
        """Yields number, bytes and content of each line that is not blank."""
        for number, raw in enumerate(self.lines, self.first):
            if raw.strip():
                yield number, raw, self.read(raw)


def blocks(source: Source) -> Iterator[Block]:
    """Yields the lines of a file, the same as `Source.lines` does.

    Raises:
        InputError: A line longer than `LINE_LIMIT`.
    """
    stream, first, read = source.open_utf_8(), 1, RowReader()
    while data := stream.read(_BLOCK) + stream.readline(LINE_LIMIT + 2):
        if first == 1:
            data = data.removeprefix(_BOM)
        lines = data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        if b"\r" in data:
            lines = [line.rstrip(b"\r") for line in lines]
        if len(data) > LINE_LIMIT and len(lines[-1]) > LINE_LIMIT:
            where = f"line {first + len(lines) - 1}"
            raise InputError("line too long", expected=f"at most {LINE_LIMIT} bytes", where=where)
        yield Block(first, data, lines, read.rows(data, lines), read.object)
        first += len(lines)
