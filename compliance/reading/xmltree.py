"""XML as elements, streamed: expat's calls go to the tree builder of the standard library, which is written in C.

Who reads says which elements are told, and which need not be made: that takes longer than reading them (see docs/adr/0012-xml.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, Literal, Protocol
from xml.etree import ElementTree

from .xmltext import DEPTH_LIMIT, Reader, qualified, too_deep

_REMEMBERED: Final = 1024
"""Names of elements that are remembered in their form."""
Event = tuple[Literal["start", "end"], "Element", int]
"""What happened, the element, and its depth; that of the root is 1."""


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
    reader = _building(found, selection, encoding)
    piece = None
    while piece != b"":
        piece = stream.read(reader.wanted())
        broken = reader.feed(piece)
        yield from found
        found.clear()
        if broken is not None:
            raise broken


def _building(found: list[Event], selection: Selection, encoding: str | None) -> Reader:
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
            raise too_deep()
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
            raise too_deep()
        if tag in never:
            raise PassedOver

    def pass_end(_: str) -> None:
        nonlocal depth
        depth -= 1
        if depth == read_from:
            parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, builder.data

    reader = Reader(start, end, builder.data, encoding)
    parser = reader.parser
    parser.StartNamespaceDeclHandler = None  # names get their form here
    return reader


def _with_names(attributes: dict[str, str]) -> dict[str, str]:
    """Gives names with a namespace their form."""
    for name in attributes:
        if "}" in name:
            return {qualified(name): value for name, value in attributes.items()}
    return attributes


class _Names(dict[str, str]):
    """Names of elements in the form ``{namespace}name``, remembered within bounds."""

    def __missing__(self, name: str) -> str:
        if len(self) < _REMEMBERED:
            self[name] = qualified(name)
            return self[name]
        return qualified(name)
