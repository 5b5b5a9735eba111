"""Guards a PDF parser, which unpacks whole streams in memory, against files that unpack to gigabytes."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_STREAM: Final = re.compile(rb"stream\r?\n")
_PACKED: Final = 64 * 1024
_UNPACKED: Final = 1024 * 1024


def unpacked_size(pdf: bytes, *, limit: int) -> int | None:
    """Bytes that all deflated streams unpack to, counted without keeping any; None if there are more than the limit.

    Streams are found by their keyword, so that nothing of the file has to be believed. Every stream counts at least one
    byte, which bounds the work on files that repeat the keyword.
    """
    view = memoryview(pdf)
    total = 0
    for match in _STREAM.finditer(pdf):
        total += 1
        for size in _inflate(view[match.end() :]):
            total += size
            if total > limit:
                return None
    return total


def _inflate(data: memoryview) -> Iterator[int]:
    """Sizes of the pieces that a zlib stream at the start of the data unpacks to; ends at its end or first error."""
    inflater = zlib.decompressobj()
    try:
        for start in range(0, len(data), _PACKED):
            packed: bytes | memoryview = data[start : start + _PACKED]
            while packed and not inflater.eof:
                yield len(inflater.decompress(packed, _UNPACKED))
                packed = inflater.unconsumed_tail
            if inflater.eof:
                return
    except zlib.error:
        return
