"""XML, streamed: nothing is declared, fetched or expanded, and nothing is nested or long without limit.

Expat is driven directly: see docs/adr/0012-xml.md. Where elements are wanted, `xmltree` makes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import BinaryIO, Final, NoReturn
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
_PROLOG: Final = re.compile(rb"\s*(?:<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)", re.DOTALL)
_ROOT: Final = re.compile(rb"\s*<([A-Za-z_][\w.:-]*)")

Start = Callable[[str, dict[str, str]], object]
End = Callable[[str], object]
Text = Callable[[str], object]


def root_of(head: bytes) -> str | None:
    """Returns the tag of the root element when a file that begins so is XML, else None."""
    if not head.lstrip().startswith(b"<"):
        return None
    position = 0
    while match := _PROLOG.match(head, position):
        position = match.end()
    root = _ROOT.match(head, position)
    return root.group(1).decode() if root else None


def tags(stream: BinaryIO, start: Start, end: End, text: Text | None = None, encoding: str | None = None) -> None:
    """Calls ``start(tag, attributes)`` and ``end(tag)`` of each element: no tree is built, which saves a third.

    Args:
        stream: The bytes.
        start: Returns true when it wants the text up to the next tag, however many pieces that comes in.
        end: Takes the end of an element.
        text: Takes a piece of text.
        encoding: What they are in, where that is known, whatever a declaration says.

    Raises:
        InputError: Not well-formed, an entity, nested deeper than `DEPTH_LIMIT`, a tag, comment or text beyond `TOKEN_LIMIT` or
            `TEXT_LIMIT`; or as raised by the calls.
    """
    reader = Reader(*_counted(start, end), encoding=encoding) if text is None else Reader.listening(start, end, text, encoding)
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
            raise too_deep()
        start(tag, attributes)

    def ends(tag: str) -> None:
        nonlocal depth
        depth -= 1
        end(tag)

    return starts, ends


def too_deep() -> InputError:
    """Returns what is raised below `DEPTH_LIMIT`."""
    return InputError(f"nested deeper than {DEPTH_LIMIT} levels", expected="XML of that depth")


class Reader:
    """Turns bytes into calls.

    Args:
        start: Takes the beginning of an element.
        end: Takes its end.
        text: Takes a piece of text.
        encoding: What the bytes are in, where that is known, whatever a declaration says.
    """

    def __init__(self, start: Start, end: End, text: Text | None = None, encoding: str | None = None) -> None:
        self._start, self._end = start, end
        self._given = 0
        self._tag = 0
        """Position of the last ``<``."""
        self._begun = False
        """Whether the root element began."""
        self.parser = parser = expat.ParserCreate(encoding, "}")
        parser.buffer_text = True
        parser.StartElementHandler = self._root
        parser.EndElementHandler = end
        parser.CharacterDataHandler = text
        parser.StartNamespaceDeclHandler = self._namespace
        parser.EntityDeclHandler = parser.UnparsedEntityDeclHandler = parser.SkippedEntityHandler = self._entity

    @classmethod
    def listening(cls, start: Start, end: End, text: Text, encoding: str | None = None) -> Reader:
        """Returns a reader that calls ``text`` from a beginning that wants it up to the next tag: all other text costs nothing."""
        reader = cls(start, end, encoding=encoding)
        parser, depth, listens = reader.parser, 0, None

        def starts(tag: str, attributes: dict[str, str]) -> None:
            nonlocal depth, listens
            depth += 1
            if depth > DEPTH_LIMIT:
                raise too_deep()
            wanted = text if start(tag, attributes) else None
            if wanted is not listens:  # setting a handler takes as long as calling a function
                listens = parser.CharacterDataHandler = wanted

        def ends(tag: str) -> None:
            nonlocal depth, listens
            depth -= 1
            if listens is not None:
                listens = parser.CharacterDataHandler = None
            end(tag)

        reader._start, reader._end, parser.EndElementHandler = starts, ends, ends
        return reader

    def wanted(self) -> int:
        """Returns how many bytes to feed next: more at a time while a tag, comment or text does not end.

        Raises:
            InputError: It is longer than it may be.
        """
        unread = self._given - self.parser.CurrentByteIndex
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
            self.parser.Parse(piece, not piece)
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
        self.parser.StartElementHandler = self._start
        self._start(tag, attributes)

    def _namespace(self, *_: object) -> None:
        """Names get the form ``{namespace}name`` from here on; documents without namespaces do not pay for that."""
        start, end = self._start, self._end
        self._start = lambda tag, attributes: start(qualified(tag), {qualified(name): value for name, value in attributes.items()})
        self.parser.EndElementHandler = lambda tag: end(qualified(tag))
        self.parser.StartNamespaceDeclHandler = None
        if self._begun:
            self.parser.StartElementHandler = self._start

    def _entity(self, name: str, *_: object) -> NoReturn:
        where = f"line {self.parser.CurrentLineNumber}"
        raise InputError(f"entity {name[:40]!r}", expected="XML without entity declarations", where=where)

    def _refuse(self, what: str, limit: int) -> NoReturn:
        where = f"line {self.parser.CurrentLineNumber}"
        raise InputError(f"{what} that does not end", expected=f"at most {limit} bytes", where=where)


def qualified(name: str) -> str:
    """Returns a name of expat's in the form ``{namespace}name``."""
    return "{" + name if "}" in name else name
