"""XML, streamed: nothing is declared, fetched or expanded, and nothing is nested or long without limit.

Expat is driven directly, and the standard library's tree builder, which is written in C, makes the elements: see
docs/adr/0012-xml.md.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final, Literal, NoReturn, Protocol
from xml.etree import ElementTree
from xml.parsers import expat

from .errors import InputError

DEPTH_LIMIT: Final = 256
TOKEN_LIMIT: Final = 16 << 20
"""Bytes of the longest tag or comment: expat before 2.6 reads an unfinished one again with each piece, in quadratic time."""
TEXT_LIMIT: Final = 64 << 20
"""Bytes of the longest text between two tags."""
_PIECE: Final = 16 << 10
"""Bytes that are fed at a time: few elements are alive at once then, which takes 15 % less time than pieces of 256 KiB."""
_LARGEST_PIECE: Final = 1 << 20
_PROLOG: Final = re.compile(rb"\s*(?:<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)", re.DOTALL)
_ROOT: Final = re.compile(rb"\s*<([A-Za-z_][\w.:-]*)")

Event = tuple[Literal["start", "end"], "Element"]
Start = Callable[[str, dict[str, str]], object]
End = Callable[[str], object]
Text = Callable[[str], object]


class Element(Protocol):
    """An XML element as ``xml.etree`` gives it."""

    tag: str
    text: str | None
    attrib: dict[str, str]

    def get(self, key: str, default: str | None = None) -> str | None:
        """Returns an attribute."""

    def clear(self) -> None:
        """Forgets content and children, to free memory."""

    def __iter__(self) -> Iterator[Any]: ...


def root_of(head: bytes) -> str | None:
    """Returns the tag of the root element when a file that begins so is XML, else None."""
    if not head.lstrip().startswith(b"<"):
        return None
    position = 0
    while match := _PROLOG.match(head, position):
        position = match.end()
    root = _ROOT.match(head, position)
    return root.group(1).decode() if root else None


def events(stream: BinaryIO) -> Iterator[Event]:
    """Streams the beginnings and ends of elements; entities are refused, a DOCTYPE is tolerated and never loaded.

    The caller clears elements that it has read.

    Raises:
        InputError: Not well-formed, an entity, nested deeper than `DEPTH_LIMIT`, or a tag, comment or text beyond `TOKEN_LIMIT` or
            `TEXT_LIMIT`.
    """
    reader = _Tree()
    while piece := stream.read(reader.wanted()):
        broken = reader.feed(piece)
        yield from reader.found
        reader.found.clear()
        if broken is not None:
            raise broken
    if (broken := reader.feed(b"", last=True)) is not None:
        raise broken


def tags(stream: BinaryIO, start: Start, end: End, text: Text | None = None) -> None:
    """Calls ``start(tag, attributes)`` and ``end(tag)`` of each element, and ``text(piece)``: no tree is built, which saves a third.

    Raises:
        InputError: As `events`, or as raised by the calls.
    """
    reader = _Tags(start, end, text)
    broken: Exception | None = None
    while broken is None and (piece := stream.read(reader.wanted())):
        broken = reader.feed(piece)
    if broken := broken or reader.feed(b"", last=True):
        raise broken


class _Reader(ABC):
    """Turns bytes into calls."""

    def __init__(self) -> None:
        self.depth = 0
        self._given = 0
        self._tag = 0
        """Position of the last ``<``."""
        self._parser = parser = expat.ParserCreate(namespace_separator="}")
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.text
        parser.StartNamespaceDeclHandler = self._namespace
        parser.EntityDeclHandler = parser.UnparsedEntityDeclHandler = parser.SkippedEntityHandler = self._entity

    def wanted(self) -> int:
        """Returns how many bytes to feed next: more at a time while a tag, comment or text does not end.

        Raises:
            InputError: It is longer than it may be.
        """
        unread = self._given - self._parser.CurrentByteIndex
        if unread > TOKEN_LIMIT:
            self._refuse("a tag or comment", TOKEN_LIMIT)
        if self._given - self._tag > TEXT_LIMIT:
            self._refuse("a text", TEXT_LIMIT)
        return min(max(_PIECE, unread), _LARGEST_PIECE)

    def feed(self, piece: bytes, *, last: bool = False) -> InputError | None:
        """Reads on; returns what is wrong after that."""
        if (tag := piece.rfind(b"<")) >= 0:
            self._tag = self._given + tag
        self._given += len(piece)
        try:
            self._parser.Parse(piece, last)
        except InputError as error:
            return error
        except expat.ExpatError as error:
            where = f"line {error.lineno} column {error.offset + 1}"
            return InputError(str(error).split(":")[0], expected="well-formed XML", where=where)
        except (LookupError, ValueError) as error:
            return InputError(str(error), expected="XML in a known encoding")
        return None

    @property
    @abstractmethod
    def text(self) -> Text | None:
        """Takes the text between tags."""

    @abstractmethod
    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Takes the beginning of an element."""

    @abstractmethod
    def end(self, tag: str) -> None:
        """Takes the end of an element."""

    def _namespace(self, *_: object) -> None:
        """Names get the form ``{namespace}name`` from here on; documents without namespaces do not pay for that."""
        self._parser.StartElementHandler = lambda tag, attributes: self.start(
            _qualified(tag), {_qualified(name): value for name, value in attributes.items()}
        )
        self._parser.EndElementHandler = lambda tag: self.end(_qualified(tag))

    def _entity(self, name: str, *_: object) -> NoReturn:
        where = f"line {self._parser.CurrentLineNumber}"
        raise InputError(f"entity {name[:40]!r}", expected="XML without entity declarations", where=where)

    def _refuse(self, what: str, limit: int) -> NoReturn:
        where = f"line {self._parser.CurrentLineNumber}"
        raise InputError(f"{what} that does not end", expected=f"at most {limit} bytes", where=where)


class _Tags(_Reader):
    """Passes the calls on."""

    def __init__(self, start: Start, end: End, text: Text | None) -> None:
        self._start, self._end, self._text = start, end, text
        super().__init__()

    @property
    def text(self) -> Text | None:
        return self._text

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise _too_deep()
        self._start(tag, attributes)

    def end(self, tag: str) -> None:
        self.depth -= 1
        self._end(tag)


class _Tree(_Reader):
    """Builds elements. It does not share the few lines of `_Tags`: one more call per element takes a tenth of the time."""

    def __init__(self) -> None:
        self.found: list[Event] = []
        """What the last piece began and ended."""
        self._builder: Any = ElementTree.TreeBuilder()
        super().__init__()

    @property
    def text(self) -> Text:
        text: Text = self._builder.data
        return text

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise _too_deep()
        self.found.append(("start", self._builder.start(tag, attributes)))

    def end(self, tag: str) -> None:
        self.depth -= 1
        self.found.append(("end", self._builder.end(tag)))


def _too_deep() -> InputError:
    return InputError(f"nested deeper than {DEPTH_LIMIT} levels", expected="XML of that depth")


def _qualified(name: str) -> str:
    return "{" + name if "}" in name else name
