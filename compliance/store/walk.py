"""Reads a ledger once, from its first entry to its last: form and place of each, the tree over them, what they say of the other tables.

Entries are looked at in blocks: what is right of a whole block is seen in one comparison, and only a block that differs is searched for
the entry that does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from ..reading.jsontext import collector_paused
from . import archive, erasing, ledger, merkle
from .database import ROWS, UNREADABLE, Connection
from .ledger import Entry

BLOCK: Final = 256
"""Entries that are read together: with fewer the calls take the time, with more the memory caches miss."""
_KEPT: Final = ("evidence", "store", archive.TYPE)
"""Types of entries that the other parts of the check look at again."""


class Walk:
    """What one walk through a ledger finds."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.entries: dict[int, Entry] = {}
        """Those of the types that the other parts look at again."""
        self.roots: dict[int, bytes] = {}
        """Root at the size of every checkpoint that the ledger implies."""
        self.subtrees = merkle.Tree()
        """The tree, recomputed."""
        self.size = 0
        self.erased: dict[int, int] = {}
        """Tombstone of each entry whose private values, findings and artifact were erased."""
        self.erased_bytes: dict[str, int] = {}
        """Last tombstone of each artifact whose bytes were erased."""
        self.projected: set[tuple[int, int, str | None]] = set()
        """Rows that the table of what was erased must have."""
        self.commitments = Commitments(connection)
        self.broken: str | None = None
        """What is wrong with the first entry that is not as this log writes it."""
        self._after = 0
        with collector_paused():
            self._read()

    def rows(self, sql: str, parameters: tuple[Any, ...] = (), size: int = ROWS) -> Iterator[tuple[Any, ...]]:
        """Runs a query through the driver: see `Connection.stream`."""
        return iter(self.connection.stream(sql, parameters, size))

    def _read(self) -> None:
        found = self.connection.stream("SELECT entry, type, leaf FROM ledger ORDER BY entry")
        sizes = []
        while block := found.fetchmany(BLOCK):
            if self.broken is None:
                sizes += self._take(block)
            self.subtrees.extend(merkle.leaf_hashes(leaf for _, _, leaf in block if isinstance(leaf, bytes)))
        self.size = self.subtrees.size
        self.roots = {size: self.subtrees.root_at(size) for size in (*sizes, self.size)}

    def _take(self, block: Sequence[tuple[Any, ...]]) -> list[int]:
        """Notes what the entries of a block say, up to the first that is broken; returns the sizes at which they imply a checkpoint."""
        first = expected = self.subtrees.size
        sizes: list[int] = []
        committed: list[tuple[int, str, str]] = []
        for (number, kind, leaf), read in zip(block, ledger.read_leaves([leaf for _, _, leaf in block]), strict=True):
            self.broken = ledger.leaf_defect(expected, number, kind, leaf, self._after, read)
            if self.broken is not None:
                break
            body = Entry(number, leaf).body if read is None else read
            if body["after"] == number and number:
                self._after = number
                sizes.append(number)
            if kind in _KEPT:
                self.entries[number] = Entry(number, leaf)
            elif kind == erasing.TYPE:
                self._note_erased(number, body)
            if "private" in body:
                committed += [(number, name, said) for name, said in body["private"].items()]
            expected += 1
        self.commitments.compare(first, expected, committed)
        return sizes

    def _note_erased(self, tombstone: int, body: dict[str, Any]) -> None:
        for one in body["erased"]:
            self.erased[one["entry"]] = tombstone
            self.projected.add((one["entry"], tombstone, one["artifact"]))
            if one["artifact"] is not None:
                self.erased_bytes[one["artifact"]] = tombstone


class Commitments:
    """Compares the private values of a store with what the leaves commit to."""

    def __init__(self, connection: Connection) -> None:
        self.held = 0
        """Commitments that hold."""
        self._connection = connection
        self._end = 0
        self._defect: str | None = None
        self._missing: list[tuple[int, str]] = []

    def compare(self, first: int, end: int, committed: Sequence[tuple[int, str, str]]) -> None:
        """Compares the values of some entries with what these commit to.

        Args:
            first: The first entry: the one after those that were compared before.
            end: The one after the last.
            committed: Entry, class and commitment, in their order.
        """
        self._end = end
        if self._defect is not None:
            return
        try:
            rows = self._connection.execute(
                "SELECT entry, class, key, value FROM sealed WHERE entry >= ? AND entry < ? ORDER BY entry, class", (first, end)
            ).fetchall()
        except UNREADABLE as error:  # text that is not UTF-8
            if end - first == 1:
                self._defect = f"entry {first}: its private values cannot be read: {error}"
                return
            for number in range(first, end):
                self.compare(number, number + 1, [one for one in committed if one[0] == number])
            return
        found = [
            (number, name, ledger.commitment(key, value) if type(key) is type(value) is bytes and len(key) == ledger.KEY_SIZE else None)
            for number, name, key, value in rows
        ]
        self.held += len(found)
        if found != committed:
            self._search(found, {(number, name): said for number, name, said in committed})

    def _search(self, found: Sequence[tuple[int, str, str | None]], expected: dict[tuple[int, str], str]) -> None:
        for number, name, given in found:
            if (number, name) not in expected:
                self._defect = _unknown(number, name)
                return
            if given != expected.pop((number, name)):
                self._defect = f"entry {number}: private values of class {name} are not those that were committed to"
                return
        self._missing += expected

    def defect(self, erased: Collection[int]) -> str | None:
        """Returns what is wrong with the private values, if anything is.

        Args:
            erased: Entries whose values must be gone.
        """
        if self._defect is not None:
            return self._defect
        kept = "SELECT entry, class FROM sealed WHERE entry = ? ORDER BY class LIMIT 1"
        beyond = "SELECT entry, class FROM sealed WHERE entry < 0 OR entry >= ? ORDER BY entry, class LIMIT 1"
        for sql, number in (*((kept, number) for number in sorted(erased)), (beyond, self._end)):
            if (row := self._connection.execute(sql, (number,)).fetchone()) is not None:
                return _unknown(*row)
        lost = min((one for one in self._missing if one[0] not in erased), default=None)
        return None if lost is None else f"entry {lost[0]}: private values of class {lost[1]} are missing"


def _unknown(number: int, name: str) -> str:
    return f"private values of entry {number}, class {name}, that the ledger does not know"
