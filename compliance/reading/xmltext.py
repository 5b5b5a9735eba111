"""XML, streamed: nothing is declared, fetched or expanded, and nothing is nested or long without limit.

Expat is driven directly, and the standard library's tree builder, which is written in C, makes the elements: see
docs/adr/0012-xml.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, Literal, NoReturn, Protocol
from xml.etree import ElementTree
from xml.parsers import expat

from ..errors import InputError

DEPTH_LIMIT: Final = 256
TOKEN_LIMIT: Final = 16 << 20
"""Bytes of the longest tag or comment: expat before 2.6 reads an unfinished one again with each piece, in quadratic time."""
TEXT_LIMIT: Final = 64 << 20
"""Bytes of the longest text between two tags."""
_PIECE: Final = 16 << 10
"""Bytes that are fed at a time: few elements are alive at once then, which takes 15 % less time than pieces of 256 KiB."""
_LARGEST_PIECE: Final = 1 << 20
_REMEMBERED: Final = 1024
"""Names of elements that are remembered in their form."""
_PROLOG: Final = re.compile(rb"\s*(?:<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)", re.DOTALL)
_ROOT: Final = re.compile(rb"\s*<([A-Za-z_][\w.:-]*)")

Event = tuple[Literal["start", "end"], "Element", int]
"""What happened, the element, and its depth; that of the root is 1."""
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

    def findall(self, path: str) -> list[Any]:
        """Returns the children of a name."""

    def findtext(self, path: str) -> str | None:
        """Returns the text of the first child of a name: empty when it holds none, None when there is no such child."""

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


@dataclass(frozen=True)
class Selection:
    """What is told of a document, since telling takes longer than reading."""

    levels: int = DEPTH_LIMIT
    """Depth down to which all elements are told."""
    told: frozenset[str] = frozenset()
    """Names of elements that are told at any depth."""
    kept: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By the name of an element, the names of its children that are read; all children of elements that have no entry are. What is not read
    is passed over: no element is made of it, nor of what is inside of it."""
    never_passed: frozenset[str] = frozenset()
    """Names of elements that must not be passed over."""


_EVERYTHING: Final = Selection()


class PassedOver(Exception):  # noqa: N818
    """An element that must not be passed over stands inside of what is; the file has to be read without passing over anything."""


def events(stream: BinaryIO, encoding: str | None = None, selection: Selection = _EVERYTHING) -> Iterator[Event]:
    """Streams the beginnings and ends of elements; entities are refused, a DOCTYPE is tolerated and never loaded.

    The caller clears elements that it has read.

    Args:
        stream: The bytes.
        encoding: What they are in, where that is known, whatever a declaration says.
        selection: What is told.

    Raises:
        InputError: Not well-formed, an entity, nested deeper than `DEPTH_LIMIT`, or a tag, comment or text beyond `TOKEN_LIMIT` or
            `TEXT_LIMIT`.
        PassedOver: See there.
    """
    found: list[Event] = []
    reader = _Reader.building(found, selection, encoding)
    piece = None
    while piece != b"":
        piece = stream.read(reader.wanted())
        broken = reader.feed(piece)
        yield from found
        found.clear()
        if broken is not None:
            raise broken


def tags(stream: BinaryIO, start: Start, end: End, text: Text | None = None, encoding: str | None = None) -> None:
    """Calls ``start(tag, attributes)`` and ``end(tag)`` of each element: no tree is built, which saves a third.

    Args:
        stream: The bytes.
        start: Returns true when it wants the text up to the next tag, however many pieces that comes in.
        end: Takes the end of an element.
        text: Takes a piece of text.
        encoding: As in `events`.

    Raises:
        InputError: As `events`, or as raised by the calls.
    """
    reader = _Reader(*_counted(start, end), encoding=encoding) if text is None else _Reader.listening(start, end, text, encoding)
    piece = None
    while piece != b"":
        piece = stream.read(reader.wanted())
        if (broken := reader.feed(piece)) is not None:
            raise broken


def _counted(start: Start, end: End) -> tuple[Start, End]:
    """Returns calls that count the depth before they pass on: in cells of a closure, which takes half as long as in attributes."""
    depth = 0

    def starts(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH_LIMIT:
            raise _too_deep()
        start(tag, attributes)

    def ends(tag: str) -> None:
        nonlocal depth
        depth -= 1
        end(tag)

    return starts, ends


def _too_deep() -> InputError:
    return InputError(f"nested deeper than {DEPTH_LIMIT} levels", expected="XML of that depth")


class _Reader:
    """Turns bytes into calls."""

    def __init__(self, start: Start, end: End, text: Text | None = None, encoding: str | None = None) -> None:
        self._start, self._end = start, end
        self._given = 0
        self._tag = 0
        """Position of the last ``<``."""
        self._begun = False
        """Whether the root element began."""
        self._parser = parser = expat.ParserCreate(encoding, "}")
        parser.buffer_text = True
        parser.StartElementHandler = self._root
        parser.EndElementHandler = end
        parser.CharacterDataHandler = text
        parser.StartNamespaceDeclHandler = self._namespace
        parser.EntityDeclHandler = parser.UnparsedEntityDeclHandler = parser.SkippedEntityHandler = self._entity

    @classmethod
    def listening(cls, start: Start, end: End, text: Text, encoding: str | None = None) -> _Reader:
        """Returns a reader that calls ``text`` from a beginning that wants it up to the next tag: all other text costs nothing."""
        reader = cls(start, end, encoding=encoding)
        parser, depth = reader._parser, 0

        def starts(tag: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            if depth > DEPTH_LIMIT:
                raise _too_deep()
            parser.CharacterDataHandler = text if start(tag, attributes) else None

        def ends(tag: str) -> None:
            nonlocal depth
            depth -= 1
            parser.CharacterDataHandler = None
            end(tag)

        reader._start, reader._end, parser.EndElementHandler = starts, ends, ends
        return reader

    @classmethod
    def building(cls, found: list[Event], selection: Selection, encoding: str | None) -> _Reader:
        """Returns a reader that builds elements, and adds what began and ended to ``found``."""
        builder: Any = ElementTree.TreeBuilder()
        levels, told, kept = selection.levels, selection.told, selection.kept
        never = {name.removeprefix("{") for name in selection.never_passed}
        names, above = _Names(), [""]
        depth = read_from = 0

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal depth, read_from
            depth += 1
            if depth > DEPTH_LIMIT:
                raise _too_deep()
            name = names[tag]
            if (read := kept.get(above[-1])) is not None and name not in read:
                read_from = depth - 1
                parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = pass_start, pass_end, None
                return
            above.append(name)
            element = builder.start(name, _with_names(attributes) if attributes else attributes)
            if depth <= levels or name in told:
                found.append(("start", element, depth))

        def end(_: str) -> None:
            nonlocal depth
            name = above.pop()
            element = builder.end(name)
            if depth <= levels or name in told:
                found.append(("end", element, depth))
            depth -= 1

        def pass_start(tag: str, _: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            if depth > DEPTH_LIMIT:
                raise _too_deep()
            if tag in never:
                raise PassedOver

        def pass_end(_: str) -> None:
            nonlocal depth
            depth -= 1
            if depth == read_from:
                parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, builder.data

        reader = cls(start, end, builder.data, encoding)
        parser = reader._parser
        parser.StartNamespaceDeclHandler = None  # names get their form here
        return reader

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

    def feed(self, piece: bytes) -> InputError | None:
        """Reads on, to the end when the piece is empty: newer versions of expat hold a tag back until then. Returns what is wrong."""
        if (tag := piece.rfind(b"<")) >= 0:
            self._tag = self._given + tag
        self._given += len(piece)
        try:
            self._parser.Parse(piece, not piece)
        except InputError as error:
            return error
        except expat.ExpatError as error:
            where = f"line {error.lineno} column {error.offset + 1}"
            return InputError(str(error).split(":")[0], expected="well-formed XML", where=where)
        except (LookupError, ValueError) as error:
            if self._begun:  # a defect of what is called
                raise
            return InputError(str(error), expected="XML in a known encoding", where="line 1")
        return None

    def _root(self, tag: str, attributes: dict[str, str]) -> None:
        self._begun = True
        self._parser.StartElementHandler = self._start
        self._start(tag, attributes)

    def _namespace(self, *_: object) -> None:
        """Names get the form ``{namespace}name`` from here on; documents without namespaces do not pay for that."""
        start, end = self._start, self._end
        self._start = lambda tag, attributes: start(_qualified(tag), {_qualified(name): value for name, value in attributes.items()})
        self._parser.EndElementHandler = lambda tag: end(_qualified(tag))
        self._parser.StartNamespaceDeclHandler = None
        if self._begun:
            self._parser.StartElementHandler = self._start

    def _entity(self, name: str, *_: object) -> NoReturn:
        where = f"line {self._parser.CurrentLineNumber}"
        raise InputError(f"entity {name[:40]!r}", expected="XML without entity declarations", where=where)

    def _refuse(self, what: str, limit: int) -> NoReturn:
        where = f"line {self._parser.CurrentLineNumber}"
        raise InputError(f"{what} that does not end", expected=f"at most {limit} bytes", where=where)


def _qualified(name: str) -> str:
    return "{" + name if "}" in name else name


def _with_names(attributes: dict[str, str]) -> dict[str, str]:
    """Gives names with a namespace their form."""
    for name in attributes:
        if "}" in name:
            return {_qualified(name): value for name, value in attributes.items()}
    return attributes


class _Names(dict[str, str]):
    """Names of elements in the form ``{namespace}name``, remembered within bounds."""

    def __missing__(self, name: str) -> str:
        if len(self) < _REMEMBERED:
            self[name] = _qualified(name)
            return self[name]
        return _qualified(name)
