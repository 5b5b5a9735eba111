"""Reads the ledger: entries, the tree over them, signed checkpoints, private values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlmodel import col, func, select

from ..errors import StoreError, TamperedError
from ..reading import jsontext
from ..record import PrivacyClass
from . import merkle, note, tables
from .database import Database
from .ledger import Entry, Sealed

DOUBT: Final = "run `compliance verify` on the store"
"""What to do when the store contradicts itself."""
_NUMBERS: Final = 1 << 63
"""SQLite's numbers end before this one."""


class LedgerReader:
    """What the ledger of an open store says."""

    database: Database

    @property
    def size(self) -> int:
        """Number of entries."""
        return int(self.database.query(select(func.count()).select_from(tables.Ledger))[0][0])

    def entry(self, number: int) -> Entry:
        """Returns one entry.

        Raises:
            StoreError: There is no such entry.
            TamperedError: It is not the one that was recorded.
        """
        rows = self.database.query(_entries().where(tables.Ledger.entry == number)) if number < _NUMBERS else []
        if not rows:
            raise StoreError(f"no entry {number}; the ledger has entries 0 to {self.size - 1}", hint="`compliance log` lists them")
        return checked_entry(*rows[0])

    def entries(self, *, types: Sequence[str] = (), upto: int | None = None) -> Iterator[Entry]:
        """Streams entries in their order, all or those of some types, below number ``upto``."""
        query = _entries().order_by(col(tables.Ledger.entry))
        if types:
            query = query.where(*_of_types(types))
        if upto is not None:
            query = query.where(tables.Ledger.entry < upto)
        for row in self.database.query(query):
            yield checked_entry(*row)

    def has_entries(self, types: Sequence[str], *, upto: int | None = None) -> bool:
        """Tells whether there is an entry of one of some types below number ``upto``."""
        query = select(tables.Ledger.entry).where(*_of_types(types)).limit(1)
        return bool(self.database.query(query if upto is None else query.where(tables.Ledger.entry < upto)))

    def prefix_at(self, time: datetime) -> int:
        """Returns how many entries the ledger had at a time: those before the first one recorded later."""
        low, high = 0, self.size
        while low < high:
            middle = (low + high) // 2
            if self.entry(middle).at <= time:
                low = middle + 1
            else:
                high = middle
        return low

    def node(self, level: int, position: int) -> bytes:
        """Returns the root of a perfect subtree (see `merkle.Node`).

        Raises:
            TamperedError: It is missing.
        """
        rows = self.database.query(select(tables.Node.hash).where(tables.Node.level == level, tables.Node.position == position))
        if not rows:
            raise TamperedError(f"tree node {level}/{position} is missing")
        return bytes(rows[0][0])

    def root_at(self, size: int) -> bytes:
        """Returns the root over the first ``size`` entries."""
        return merkle.subtree_root(0, size, self.node) if size else merkle.EMPTY_ROOT

    @property
    def origin(self) -> str:
        """The name of the log, from entry 0."""
        return str(self.entry(0).body["origin"])

    @property
    def verifier(self) -> str:
        """The public log key, from entry 0."""
        return str(self.entry(0).body["log_key"])

    def checkpoint_note(self, size: int | None = None) -> str:
        """Returns the newest signed checkpoint, or the one of a given size.

        Raises:
            TamperedError: There is none, although there are entries.
        """
        query = select(tables.CheckpointNote.note).order_by(col(tables.CheckpointNote.size).desc()).limit(1)
        if size is not None:
            query = query.where(tables.CheckpointNote.size == size)
        rows = self.database.query(query)
        if not rows:
            raise TamperedError("no signed checkpoint" + ("" if size is None else f" of size {size}"))
        return str(rows[0][0])

    def require_whole(self) -> None:
        """Looks at what every judgement relies on; ``verify`` looks at all the rest.

        Raises:
            TamperedError: The newest checkpoint is not signed over the ledger as it stands, or a piece of evidence has lost its row.
        """
        sizes = select(
            select(func.max(tables.CheckpointNote.size)).scalar_subquery(),
            select(func.count()).select_from(tables.Ledger).scalar_subquery(),
        )
        signed, size = self.database.query(sizes)[0]  # in one statement: another process may be writing
        if signed != size:
            raise TamperedError(f"the newest checkpoint is over {signed or 0} entries, the ledger has {size}", hint=DOUBT)
        try:
            same = not size or note.open_note(self.checkpoint_note(size), self.verifier).root == self.root_at(size)
        except TamperedError as error:
            error.hint = error.hint or DOUBT
            raise
        if not same:
            raise TamperedError("the newest checkpoint was signed over another ledger", hint=DOUBT)
        ledger, evidence = tables.Ledger, tables.Evidence
        # A join, which no database takes for a question to ask once per row.
        lost = select(func.min(ledger.entry)).outerjoin(evidence, col(evidence.entry) == col(ledger.entry))
        number = self.database.query(lost.where(ledger.type == "evidence", col(evidence.entry).is_(None)))[0][0]
        if number is not None:
            raise TamperedError(f"evidence {number}: its row is missing", hint=DOUBT)

    def erased(self) -> dict[int, int]:
        """Returns the tombstone of each entry whose private values, findings and artifact were erased."""
        erased = tables.Erased
        return dict(map(tuple, self.database.query(select(erased.entry, erased.tombstone).order_by(col(erased.entry)))))

    def private(self, number: int) -> dict[str, Any]:
        """Returns the private values of an entry, as `private_of` does."""
        return self.private_of(self.entry(number))

    def private_of(self, entry: Entry) -> dict[str, Any]:
        """Returns the private values of an entry by class.

        Raises:
            TamperedError: They are not those that the entry commits to.
        """
        sealed = tables.SealedValue
        columns = select(sealed.privacy_class, sealed.key, sealed.value).where(sealed.entry == entry.number)
        return unsealed(entry, self.database.query(columns.order_by(col(sealed.privacy_class))))

    def keys(self, number: int) -> dict[PrivacyClass, bytes]:
        """Returns the keys of an entry's private values by class."""
        sealed = tables.SealedValue
        columns = select(sealed.privacy_class, sealed.key).where(sealed.entry == number)
        return dict(map(tuple, self.database.query(columns.order_by(col(sealed.privacy_class)))))


def unsealed(entry: Entry, rows: Iterable[Sequence[Any]]) -> dict[str, Any]:
    """Returns private values of an entry by class, as the rows class, key, value hold them.

    Raises:
        TamperedError: They are not those that the entry commits to.
    """
    committed = entry.body.get("private", {})
    values = {}
    for name, key, value in rows:
        if not isinstance(key, bytes) or not isinstance(value, bytes) or Sealed(key, value).commitment != committed.get(name):
            raise TamperedError(f"entry {entry.number}: its private values are not those that were recorded", hint=DOUBT)
        values[name] = jsontext.loads(value)
    return values


def _entries() -> Any:
    """Selects entries with the hash that the tree has of each."""
    ledger, node = tables.Ledger, tables.Node
    return select(ledger.entry, ledger.leaf, node.hash).outerjoin(node, (col(node.position) == col(ledger.entry)) & (col(node.level) == 0))


def _of_types(types: Sequence[str]) -> list[Any]:
    """Returns the conditions for entries of some types; the index of types leaves evidence out and is used only where that is said."""
    kind = col(tables.Ledger.type)
    return [kind.in_(types), *([] if "evidence" in types else [kind != "evidence"])]


def checked_entry(number: int, leaf: bytes, node: bytes | None) -> Entry:
    """Returns an entry whose leaf is the one that the tree has.

    Raises:
        TamperedError: It is another one.
    """
    if not isinstance(leaf, bytes) or merkle.leaf_hash(leaf) != node:
        raise TamperedError(f"entry {number}: it is not the one that was recorded", hint=DOUBT)
    return Entry(number, leaf)
