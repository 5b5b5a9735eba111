"""The bytes of one input, as parsers see them: decoded strictly, within limits, never executed or fetched."""

from __future__ import annotations

import hashlib
import io
import mmap
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar

import msgspec

from .errors import CHECK_PATH, InputError
from .reading import jsontext, xmltext, xmltree
from .reading.xmltree import Element as Element

if TYPE_CHECKING:
    from _typeshed import SupportsRead

SIZE_LIMIT: Final = 8 << 30
"""Bytes of the largest file that is read at all."""
MEMORY_LIMIT: Final = 256 << 20
"""Bytes up to which a file is held in memory; a larger one is copied to an unnamed file and mapped, which costs two more copies."""
DOCUMENT_LIMIT: Final = 1 << 30
"""Bytes of the largest file that is read as one document (JSON, text)."""
YAML_LIMIT: Final = 4 << 20
"""Bytes of the largest YAML file."""
LINE_LIMIT: Final = 16 << 20
"""Bytes of the longest line."""
_HEAD: Final = 65536
_BOM: Final = b"\xef\xbb\xbf"
_UTF_16: Final = re.compile(rb"\xff\xfe(?!\0\0)|\xfe\xff")
"""Its byte order mark; with two zero bytes behind it, it is UTF-32's."""
_UTF_32: Final = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
_CHUNK: Final = 1 << 20
_KEPT: Final = 16 << 20
"""Bytes of a mapped file that stay in memory behind the place where it is read; a multiple of every page size."""

T = TypeVar("T")


class Source:
    """One input.

    Args:
        name: What to call it in messages; shown escaped by whoever prints it.
        data: The bytes.
        facts: What was seen of the file's surroundings when it was read (see `kind.Format.attend`).
    """

    def __init__(self, name: str, data: bytes | mmap.mmap, facts: Mapping[str, Any] | None = None) -> None:
        self.name = name
        self.data = data
        self.facts = facts or {}
        self._made: dict[Callable[[Source], Any], Any] = {}

    @classmethod
    def from_path(cls, path: Path, name: str | None = None) -> Source:
        """Reads a file once; what parsers see later cannot change under them.

        Raises:
            InputError: The file cannot be read, is not a regular file, is larger than `SIZE_LIMIT`, or changes while it is read.
        """
        shown = name or str(path)
        try:
            with open(path, "rb", opener=_without_waiting) as file:
                return cls(shown, _read(file))
        except InputError as error:
            error.source = shown
            raise
        except OSError as error:
            raise InputError(error.strerror or str(error), source=shown, hint=CHECK_PATH) from error

    @classmethod
    def from_stream(cls, name: str, stream: SupportsRead[bytes], most: int) -> Source | None:
        """Reads a stream to its end, into memory or, when it is long, into an unnamed file.

        Args:
            name: What to call it in messages.
            stream: A blocking stream.
            most: Bytes that it may have.

        Returns:
            The source, or None when the stream has more bytes than it may.
        """
        data = _rest(stream, min(most, MEMORY_LIMIT) + 1)
        if len(data) <= min(most, MEMORY_LIMIT):
            return None if len(data) > most else cls(name, data)
        if most <= MEMORY_LIMIT:
            return None
        mapped = _snapshot(stream, most + 1 - len(data), data)
        return None if len(mapped) > most else cls(name, mapped)

    def once(self, make: Callable[[Source], T]) -> T:
        """Returns ``make(self)``, computed once: recognition, redaction and parsing of a large document share what they cut it into."""
        if make not in self._made:
            self._made[make] = make(self)
        made: T = self._made[make]
        return made

    @property
    def size(self) -> int:
        """Size in bytes."""
        return len(self.data)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the bytes in hexadecimal."""
        if isinstance(self.data, bytes):
            return hashlib.sha256(self.data).hexdigest()
        digest = hashlib.sha256()
        stream = self.open()
        while piece := stream.read(_CHUNK):
            digest.update(piece)
        return digest.hexdigest()

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB in UTF-8, without a byte order mark, for recognition."""
        head = bytes(self.data[:_HEAD])
        return head.decode("utf-16", "replace").encode("utf-8", "replace") if self.is_utf_16 else head.removeprefix(_BOM)

    @property
    def head_is_whole(self) -> bool:
        """Whether nothing stands behind the head."""
        return self.size <= _HEAD

    @property
    def is_utf_16(self) -> bool:
        """Whether the file begins with the byte order mark of UTF-16, as what a PowerShell redirects does."""
        return _UTF_16.match(self.data) is not None

    @cached_property
    def utf_8(self) -> bytes | mmap.mmap:
        """The bytes that readers of text read: those of the file, or the same text in UTF-8 where it is in UTF-16 with its mark.

        Raises:
            InputError: UTF-16 that is larger than `DOCUMENT_LIMIT` or that cannot be decoded.
        """
        if not self.is_utf_16:
            return self.data
        if self.size > DOCUMENT_LIMIT:
            raise InputError(f"{self.size} bytes in UTF-16", expected=f"at most {DOCUMENT_LIMIT} bytes, or UTF-8")
        try:
            return str(self.data[:], "utf-16").encode("utf-8")
        except UnicodeDecodeError as error:
            line = str(self.data[: error.start], "utf-16", "ignore").count("\n") + 1
            raise InputError(f"UTF-16 with {error.reason}", expected="text", where=f"line {line}") from error

    @cached_property
    def document(self) -> bytes:
        """All bytes in UTF-8, without a byte order mark.

        Raises:
            InputError: Empty, larger than `DOCUMENT_LIMIT`, in UTF-32, or in UTF-16 that cannot be decoded.
        """
        if not self.data:
            raise InputError("empty file")
        if self.size > DOCUMENT_LIMIT:
            raise InputError(f"{self.size} bytes", expected=f"a document of at most {DOCUMENT_LIMIT} bytes")
        if self.data[:4] in _UTF_32:
            raise InputError("UTF-32 text", expected="UTF-8", where="line 1")
        if isinstance(self.utf_8, bytes):
            return self.utf_8.removeprefix(_BOM)
        data = bytes(self.utf_8)
        self.utf_8.madvise(mmap.MADV_DONTNEED)  # the copy serves from here on: one of the two is enough in memory
        return data.removeprefix(_BOM)

    @cached_property
    def text(self) -> str:
        """All text, strictly UTF-8, without NUL.

        Raises:
            InputError: Not UTF-8, or a NUL byte; with the line.
        """
        return decode(self.document, 1)

    @cached_property
    def json(self) -> Any:
        """The whole file as one JSON document, read strictly (see `jsontext`)."""
        with jsontext.collector_paused():
            return jsontext.loads(self.document)

    @cached_property
    def json_members(self) -> dict[str, msgspec.Raw]:
        """The members of the JSON object that the file holds; empty when it does not hold one."""
        if self.head.lstrip()[:1] != b"{" or self.size > DOCUMENT_LIMIT:
            return {}
        try:
            return dict(jsontext.members(self.document))
        except InputError:
            return {}

    @cached_property
    def yaml(self) -> Any:
        """The file as one YAML document: safe tags only, unique keys, bounded aliases (see `yamltext`).

        Plain words stay text: ``on`` is not True, and a date is not converted.
        """
        from .reading.yamltext import loads

        if self.size > YAML_LIMIT:
            raise InputError(f"{self.size} bytes", expected=f"YAML of at most {YAML_LIMIT} bytes")
        return loads(self.text)

    @cached_property
    def xml_root(self) -> str | None:
        """Tag of the root element when the file is XML, else None; read from the first 64 KiB only."""
        return xmltext.root_of(self.head)

    def xml(self, selection: xmltree.Selection | None = None) -> Iterator[xmltree.Event]:
        """Streams ``("start" | "end", element, depth)`` from XML, whatever its size (see `xmltree`).

        The caller clears elements that it has read. A byte order mark counts for more than the declaration: what a program wrote as
        UTF-8 is declared as that even when a shell has redirected it to a file in UTF-16.
        """
        if not self.data:
            raise InputError("empty file", expected="XML")
        return xmltree.events(self.open_utf_8(), self._marked, selection or xmltree.Selection())

    def xml_tags(self, start: xmltext.Start, end: xmltext.End, text: xmltext.Text | None = None) -> None:
        """Calls ``start(tag, attributes)``, ``end(tag)`` and ``text(piece)`` for what stands in XML (see `xml` and `xmltext.tags`)."""
        if not self.data:
            raise InputError("empty file", expected="XML")
        xmltext.tags(self.open_utf_8(), start, end, text, self._marked)

    @property
    def _marked(self) -> str | None:
        """The encoding of what `open_utf_8` gives, where a byte order mark says it."""
        return "utf-8" if self.is_utf_16 or self.data[:3] == _BOM else None

    def open(self) -> BinaryIO:
        """Returns a binary stream over the bytes."""
        return _stream(self.data)

    def open_utf_8(self) -> BinaryIO:
        """Returns a binary stream over the bytes in UTF-8 (see `utf_8`)."""
        return _stream(self.utf_8)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Streams ``(line number from 1, line without its end)``; a byte order mark is dropped.

        Raises:
            InputError: A line longer than `LINE_LIMIT`.
        """
        stream = self.open_utf_8()
        number = 0
        while line := stream.readline(LINE_LIMIT + 2):
            number += 1
            if len(line.rstrip(b"\r\n")) > LINE_LIMIT:
                raise InputError("line too long", expected=f"at most {LINE_LIMIT} bytes", where=f"line {number}")
            yield number, (line.removeprefix(_BOM) if number == 1 else line).rstrip(b"\r\n")


def _stream(data: bytes | mmap.mmap) -> BinaryIO:
    return io.BytesIO(data) if isinstance(data, bytes) else io.BufferedReader(_MappedStream(data), _CHUNK)


class _MappedStream(io.RawIOBase):
    """A stream over mapped bytes; each has a position of its own. Pages that were read are given back, or the whole file would stay."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._position = 0
        self._kept_from = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self._data)}[whence]
        if start + offset < 0:
            raise ValueError("a position before the beginning")
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        piece = self._data[self._position : self._position + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        if self._position - self._kept_from >= _KEPT:
            self._data.madvise(mmap.MADV_DONTNEED, self._kept_from, _KEPT)
            self._kept_from += _KEPT
        return len(piece)


def _without_waiting(path: str, flags: int) -> int:
    """Opens a file; a pipe without a writer would wait right here, before anybody could see that it is one."""
    return os.open(path, flags | os.O_NONBLOCK)


def _read(file: BinaryIO) -> bytes | mmap.mmap:
    before = os.fstat(file.fileno())
    if not stat.S_ISREG(before.st_mode):
        raise InputError("not a regular file")
    if before.st_size > SIZE_LIMIT:
        raise InputError(f"{before.st_size} bytes", expected=f"at most {SIZE_LIMIT} bytes")
    # One byte more than there should be: a file that grows without end is noticed, not followed.
    most = before.st_size + 1
    data = file.read(most) if before.st_size <= MEMORY_LIMIT else _snapshot(file, most)
    after = os.fstat(file.fileno())
    if (len(data), after.st_size, after.st_mtime_ns) != (before.st_size, before.st_size, before.st_mtime_ns):
        raise InputError("changed while it was read", expected="a file that is complete", hint="read it again once it is written")
    return data


def _rest(stream: SupportsRead[bytes], most: int) -> bytes:
    """Reads until ``most`` bytes or the end: a single ``read`` of a decompressor may give less."""
    pieces, size = [], 0
    while size < most and (piece := stream.read(min(_CHUNK, most - size))):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def _snapshot(file: SupportsRead[bytes], most: int, begun: bytes = b"") -> mmap.mmap:
    with tempfile.TemporaryFile() as copy:
        copy.write(begun)
        while most and (chunk := file.read(min(_CHUNK, most))):
            copy.write(chunk)
            most -= len(chunk)
        copy.flush()
        return mmap.mmap(copy.fileno(), 0, access=mmap.ACCESS_READ)


def decode(data: bytes, first_line: int) -> str:
    """Decodes UTF-8 strictly.

    Args:
        data: Whole lines.
        first_line: Number of the first one, for the message.

    Raises:
        InputError: Not UTF-8, or a NUL byte; with the line.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = first_line + data.count(b"\n", 0, error.start)
        raise InputError(f"byte 0x{data[error.start]:02x}", expected="UTF-8 text", where=f"line {line}") from error
    if "\0" in text:
        line = first_line + text.count("\n", 0, text.index("\0"))
        raise InputError("NUL byte", expected="text", where=f"line {line}")
    return text


def parse_time(text: str) -> datetime | None:
    """Reads an ISO 8601 / RFC 3339 time that states its zone.

    Returns:
        The time in its zone, or None when the text is no time, has no zone (a zone is never guessed), or lies outside of the years
        1 to 9999 in UTC.
    """
    try:
        time = datetime.fromisoformat(_trim_fraction(text.strip()))
        if time.tzinfo is not None:
            time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return time if time.tzinfo is not None else None


def _trim_fraction(text: str) -> str:
    """Cuts fractions of a second to microseconds: several tools print nanoseconds."""
    return re.sub(r"(\.\d{6})\d+", r"\1", text)
