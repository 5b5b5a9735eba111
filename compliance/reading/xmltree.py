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
    """What stands before the first child; what stands behind a child is not kept."""
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
    levels, names = selection.levels, _Names(selection)
    never = {name.removeprefix("{") for name in selection.never_passed}
    above: list[_Name] = []
    read: frozenset[str] | None = None
    depth = passed = 0  # elements that are open, and those of them that are passed over
    listens = True

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, passed, listens, read
        depth += 1
        if depth > DEPTH_LIMIT:
            raise too_deep()
        if passed:
            passed += 1
            if tag in never:
                raise PassedOver
            return
        name = names[tag]
        if read is not None and name[0] not in read:
            passed = 1
            return
        above.append(name)
        qualified_name, read, is_told = name
        element = builder.start(qualified_name, _with_names(attributes) if attributes else attributes)
        if not listens:
            listens, parser.CharacterDataHandler = True, builder.data
        if is_told or depth <= levels:
            found.append(("start", element, depth))

    def end(_: str) -> None:
        nonlocal depth, passed, listens, read
        depth -= 1
        if passed:
            passed -= 1
            return
        if listens:  # most of what stands between elements is white space: taking it takes longer than being called
            listens, parser.CharacterDataHandler = False, None
        name, _read, is_told = above.pop()
        read = above[-1][1] if above else None
        element = builder.end(name)
        if is_told or depth < levels:
            found.append(("end", element, depth + 1))

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


_Name = tuple[str, frozenset[str] | None, bool]
"""The name of an element in the form ``{namespace}name``, the names of its children that are read, and whether it is told at any depth."""


class _Names(dict[str, _Name]):
    """What is known of names, remembered within bounds."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection

    def __missing__(self, tag: str) -> _Name:
        name = qualified(tag)
        found = name, self._selection.kept.get(name), name in self._selection.told
        if len(self) < _REMEMBERED:
            self[tag] = found
        return found
