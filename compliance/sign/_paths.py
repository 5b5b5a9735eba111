"""Which paths lead to an object of a revision; answers as pyHanko's resolver gives them, without walking every path of the file.

pyHanko walks all paths to all objects, each revision anew, and through every number of the widths of a font for each page that shows
it: two seconds for a revision of a packet, of which a signature changes four objects. Here each object is read once, whichever
revisions it is part of, and only those ways are walked that end at an object that was asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject, NullObject, Reference
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import RawPdfPath

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader

MAX_EFFORT: Final = 50_000_000
"""Most work on the paths of one file: references looked at and parts of paths. Signing a packet four times takes 1,100,000.

Objects that refer to each other crosswise have more paths than anybody can walk; on such a file, pyHanko never ends.
"""

_UP: Final = "/Parent"
_STRUCTURE_UP: Final = "/P"
_TRAILER: Final = (-1, -1)
"""Stands for the trailer, which is no object."""
_CONTAINERS: Final = (IndirectObject, DictionaryObject, ArrayObject)
_STRUCTURE: Final = ("/Root", "/StructTreeRoot", "/K")

Path = tuple[str | int, ...]
Key = tuple[int, int]
"""Number and generation of an object; hashed ten times as fast as pyHanko's references."""


@dataclass(frozen=True, slots=True)
class Link:
    """A reference that stands in an object.

    Args:
        path: Where it stands in it.
        target: The object that it leads to.
        is_up: In an element of the structure tree, the reference leads back up.
    """

    path: Path
    target: Key
    is_up: bool


def links_in(value: Any) -> tuple[Link, ...]:
    """The references that stand in an object, but for those to its parent. One that is itself a reference leads nowhere."""
    return () if isinstance(value, IndirectObject) else tuple(_links(value, ()))


def _links(value: Any, path: Path) -> Iterator[Link]:
    if isinstance(value, IndirectObject):
        yield Link(path, _key(value), _STRUCTURE_UP in path)
    elif isinstance(value, DictionaryObject):
        for key, inner in value.items():
            if key != _UP and isinstance(inner, _CONTAINERS):
                yield from _links(inner, (*path, key))
    elif isinstance(value, ArrayObject):
        for position, inner in enumerate(value):
            if isinstance(inner, _CONTAINERS):
                yield from _links(inner, (*path, position))


def _key(reference: Reference | IndirectObject) -> Key:
    return reference.idnum, reference.generation


class Links:
    """The objects of a file with the references in them, each version read once.

    Args:
        reader: The file.
    """

    def __init__(self, reader: PdfFileReader) -> None:
        self._reader = reader
        self._read: dict[tuple[Key, Any], tuple[Any, tuple[Link, ...]]] = {}
        self._effort = 0
        table = reader.xrefs
        updates = range(1, table.total_revisions)
        # Objects that an update frees count among them.
        self._updated = {one.idnum for number in updates for one in table.explicit_refs_in_revision(number)}

    def at(self, key: Key, revision: int) -> tuple[Any, tuple[Link, ...]]:
        """An object as it stands in a revision, with its links; what a reference in it gives by itself is the newest object."""
        reference = Reference(*key, pdf=self._reader)
        place = self._reader.xrefs.get_historical_ref(reference, revision) if key[0] in self._updated else None
        if (key, place) not in self._read:
            # Of an object that is still the same, the reader has kept what it read for others.
            is_newest = key[0] not in self._updated or self._last_change(reference) <= revision
            value = self._reader.get_object(reference, None if is_newest else revision)  # type: ignore[no-untyped-call]
            self._read[key, place] = value, links_in(value)
        return self._read[key, place]

    def spend(self, effort: int) -> None:
        """Counts the work.

        Raises:
            ValueError: It got too much.
        """
        self._effort += effort
        if self._effort > MAX_EFFORT:
            raise ValueError("objects of the file are used in too many ways to look at each")

    def _last_change(self, reference: Reference) -> int:
        try:
            return int(self._reader.xrefs.get_last_change(reference))
        except KeyError:  # never given: the reader refuses it
            return 0


class Paths:
    """The paths to the objects of one revision, from its trailer on.

    What counts as one is pyHanko's choice: no path goes through an object twice, or up to a parent; the page tree is entered
    from its root only, and the structure tree from its own.

    Args:
        links: The objects of the file.
        resolver: The revision.

    Raises:
        Exception: An object of the revision cannot be read; pyHanko raises many types.
    """

    def __init__(self, links: Links, resolver: HistoricalResolver) -> None:
        self._links = links
        self._revision = resolver.revision
        root = self._object(_key(resolver.root_ref))
        self._pages = self._page_tree(root)
        self._elements = self._structure_tree(root)
        self._known: dict[Key, frozenset[Path]] = {}
        self._in: dict[Key, tuple[Link, ...]] = {_TRAILER: links_in(resolver.trailer_view)}
        # By object: those that refer to it, and those from which a path may go on into it.
        self._referring: dict[Key, set[Key]] = defaultdict(set)
        self._leading: dict[Key, set[Key]] = defaultdict(set)
        self._explore()

    def to(self, reference: Reference) -> set[RawPdfPath]:
        """All paths that lead to an object; none if it is not used.

        Raises:
            ValueError: It is used in more ways than can be looked at.
        """
        key = _key(reference)
        if key not in self._known:
            self._known[key] = frozenset(self._walk(key))
        return {RawPdfPath(*path) for path in self._known[key]}

    def _explore(self) -> None:
        """Reads every object that a path may lead to, so that one which cannot be read is refused, used in an update or not."""
        entered = {_TRAILER}
        waiting = [_TRAILER]
        while waiting:
            holder = waiting.pop()
            for link in self._in[holder]:
                target = link.target
                if target not in self._in:
                    self._in[target] = self._links.at(target, self._revision)[1]
                self._referring[target].add(holder)
                if self._may_enter(link):
                    self._leading[target].add(holder)
                    if target not in entered:
                        entered.add(target)
                        waiting.append(target)

    def _walk(self, wanted: Key) -> Iterator[Path]:
        above = self._above(wanted)
        waiting: list[tuple[Key, Path, frozenset[Key]]] = [(_TRAILER, (), frozenset())] if above else []
        while waiting:
            holder, before, passed = waiting.pop()
            self._links.spend(len(self._in[holder]))
            for link in self._in[holder]:
                target = link.target
                if target in passed or not (target == wanted or target in above):
                    continue
                path = (*before, *link.path)
                self._links.spend(len(path))
                is_structure = path[:3] == _STRUCTURE
                if is_structure and link.is_up:
                    continue
                if target == wanted:
                    yield path
                elif self._pages.get(target, path) == path and (is_structure or target not in self._elements):
                    waiting.append((target, path, passed | {target}))

    def _above(self, wanted: Key) -> set[Key]:
        """The objects from which a path may lead to one."""
        found: set[Key] = set()
        waiting = list(self._referring.get(wanted, ()))
        while waiting:
            holder = waiting.pop()
            if holder not in found:
                found.add(holder)
                waiting.extend(self._leading.get(holder, ()))
        return found

    def _may_enter(self, link: Link) -> bool:
        """Whether some path through this reference may go on; which of them do depends on where they come from."""
        page = self._pages.get(link.target)
        if page is not None and page[-len(link.path) :] != link.path:
            return False
        return not (link.is_up and link.target in self._elements)

    def _page_tree(self, root: Any) -> Mapping[Key, Path]:
        pages = root.raw_get("/Pages")
        path: Path = ("/Root", "/Pages")
        found = {_key(pages): path} if isinstance(pages, IndirectObject) else {}
        for key, place in self._kids(self._resolved(pages), path):
            if key in found:
                raise PdfReadError("the tree of pages has a circle")
            found[key] = place
        return found

    def _kids(self, node: Any, path: Path) -> Iterator[tuple[Key, Path]]:
        for position, kid in enumerate(self._entry(node, "/Kids")):
            place = (*path, "/Kids", position)
            if isinstance(kid, IndirectObject):
                yield _key(kid), place
            inner = self._resolved(kid)
            if inner.get("/Type") == "/Pages":
                yield from self._kids(inner, place)

    def _structure_tree(self, root: Any) -> frozenset[Key]:
        found: set[Key] = set()
        if "/StructTreeRoot" in root:
            for key in self._elements_below(self._resolved(root.raw_get("/StructTreeRoot"))):
                if key in found:
                    raise PdfReadError("the tree of the structure has a circle")
                found.add(key)
        return frozenset(found)

    def _elements_below(self, element: Any) -> Iterator[Key]:
        try:
            children = self._entry(element, "/K")
        except KeyError:
            return
        for child in children if isinstance(children, ArrayObject) else (children,):
            inner = self._resolved(child)
            # Content of a page is no element; an element need not say that it is one.
            if not isinstance(inner, DictionaryObject) or self._type(inner) not in (None, "/StructElem"):
                continue
            if isinstance(child, IndirectObject):
                yield _key(child)
            yield from self._elements_below(inner)

    def _type(self, element: DictionaryObject) -> Any:
        try:
            return self._entry(element, "/Type")
        except KeyError:
            return None

    def _entry(self, dictionary: Any, key: str) -> Any:
        value = self._resolved(dictionary.raw_get(key))
        if isinstance(value, NullObject):
            raise KeyError(key)
        return value

    def _resolved(self, value: Any) -> Any:
        return self._object(_key(value)) if isinstance(value, IndirectObject) else value

    def _object(self, key: Key) -> Any:
        # References that lead to each other end in a RecursionError, as in pyHanko.
        return self._resolved(self._links.at(key, self._revision)[0])
