"""Merges ledgers: what other stores hold is appended to this one, once, in the order in which it was recorded."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

from ..errors import InputError, TamperedError
from ..reading import jsontext
from ..record import PrivacyClass
from ..source import Source
from . import archive, artifacts, merkle, note, tables
from .artifacts import Packed
from .database import Connection
from .ledger import Entry, Sealed
from .reader import DOUBT
from .writer import Writer

_ALONE: Final = {"merge": "was itself merged from others", "tombstone": "was purged"}
"""Types of entries that say that a source does not hold all that it speaks of."""


@dataclass
class Merged:
    """What became of one source."""

    log: str
    """Name of its log."""
    size: int
    root: str
    entry: int | None = None
    """The entry of the merge; None when all that the source holds was there already."""
    copied: int = 0
    """Entries that were appended."""
    duplicates: int = 0
    """Pieces of evidence that this store has from elsewhere."""
    present: int = 0
    """Entries that this store holds already, itself or from an earlier merge."""
    apart: Counter[str] = field(default_factory=Counter)
    """Entries by type that are kept, but do not count here: they are bound to the ledger of the source."""


class Ledger:
    """The ledger of a source, as one consistent state of its file holds it.

    Args:
        connection: To the source, within a transaction.
        name: What the source is called.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self.connection = connection
        self.name = name
        self.entries = [Entry(n, leaf) for n, leaf in connection.stream("SELECT entry, leaf FROM ledger ORDER BY entry")]
        self.hashes = [merkle.leaf_hash(entry.data) for entry in self.entries]
        found = connection.execute("SELECT note FROM checkpoint WHERE size = ?", (len(self.entries),)).fetchone()
        if not self.entries or found is None:
            raise TamperedError(f"{name}: no signed checkpoint over all entries", hint=DOUBT)
        self.note = str(found[0])
        self.log_key = str(self.entries[0].body["log_key"])
        checkpoint = note.open_note(self.note, self.log_key)
        self.log, self.root = checkpoint.origin, merkle.root_of(self.hashes)
        if checkpoint.root != self.root:
            raise TamperedError(f"{name}: the newest checkpoint was signed over another ledger", hint=DOUBT)
        self.places: dict[int, int | None] = {}
        """Where each entry stands in the store that it is merged into."""
        self.apart: set[int] = set()
        """Entries whose private values that store has nowhere else."""

    def place(self, number: int) -> int:
        """Returns where an entry stands in the store that it is merged into."""
        found = self.places.get(number)
        if found is None:
            raise TamperedError(f"{self.name}: an entry names entry {number}, which is no evidence before it", hint=DOUBT)
        return found

    def sealed(self, number: int) -> dict[PrivacyClass, Sealed]:
        """Returns the private values of an entry by class."""
        rows = self.connection.execute("SELECT class, key, value FROM sealed WHERE entry = ? ORDER BY class", (number,))
        return {name: Sealed(key, value) for name, key, value in rows}

    def packed(self, artifact: Mapping[str, Any]) -> Packed:
        """Returns an artifact's compressed bytes."""
        rows = self.connection.stream("SELECT data FROM chunk WHERE artifact = ? ORDER BY number", (artifact["sha256"],), 1)
        return Packed(artifact["sha256"], artifact["size"], artifact["stored"], tuple(data for (data,) in rows))

    def order(self, which: int) -> Iterator[tuple[str, int, int]]:
        """Yields when each entry was recorded, the number of this source, and the entry's; a clock set back changes no order."""
        times = accumulate((entry.body["at"] for entry in self.entries), max)
        return ((time, which, number) for number, time in enumerate(times))


def merge(writer: Writer, sources: Sequence[Ledger]) -> list[Merged]:
    """Appends what sources hold, then one ``merge`` entry for each source that held anything new.

    Args:
        writer: Of this store, within a transaction.
        sources: The ledgers, each whole and sound.

    Raises:
        InputError: A source was itself merged or purged.
    """
    merger = _Merger(writer)
    for source in sources:
        merger.require_whole(source)
    done = [Merged(one.log, len(one.entries), one.root.hex()) for one in sources]
    for _, which, number in heapq.merge(*(one.order(which) for which, one in enumerate(sources))):
        source = sources[which]
        try:
            merger.take(source, source.entries[number], done[which])
        except (KeyError, TypeError, AttributeError) as error:
            raise TamperedError(f"{source.name}: entry {number} cannot be read: {error}", hint=DOUBT) from error
    for source, one in zip(sources, done, strict=True):
        if one.present < one.size:
            one.entry = merger.conclude(source, one)
    return done


class _Merger:
    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.connection = writer.connection
        self.known: dict[bytes, int | None] = {}
        """Where the entries stand that this store holds already, by the hash of their leaf."""
        kept = "SELECT leaf FROM ledger WHERE type = ? AND entry NOT IN (SELECT entry FROM erased)"
        for (leaf,) in self.connection.execute(kept, (archive.TYPE,)):
            self.known.update((merkle.leaf_hash(line.leaf), line.entry) for line in archive.read(self._archive(Entry(0, leaf).body)))
        own = self.connection.stream("SELECT hash, position FROM node WHERE level = 0")
        self.known.update((bytes(digest), number) for digest, number in own)

    def _archive(self, body: Mapping[str, Any]) -> bytes:
        said = body["artifact"]
        rows = self.connection.stream("SELECT data FROM chunk WHERE artifact = ? ORDER BY number", (said["sha256"],), 1)
        return b"".join(artifacts.unpack(said["sha256"], said["size"], (data for (data,) in rows)))

    def require_whole(self, source: Ledger) -> None:
        """Refuses a source that speaks of what neither it nor this store holds."""
        for entry in source.entries:
            if entry.type in _ALONE and source.hashes[entry.number] not in self.known:
                raise InputError(
                    f"the store {_ALONE[entry.type]} (entry {entry.number})",
                    expected="one that holds all that it speaks of",
                    source=source.name,
                    hint="merge the stores that it was made from",
                )

    def take(self, source: Ledger, entry: Entry, done: Merged) -> None:
        """Appends an entry of a source, unless it is here."""
        digest = source.hashes[entry.number]
        if digest in self.known:
            source.places[entry.number] = self.known[digest]
            done.present += 1
            return
        number = self._same(source, entry) if entry.type == "evidence" else None
        if number is None and entry.type in archive.COPIED:
            number = self._copy(source, entry)
            done.copied += 1
        else:
            source.apart.add(entry.number)
            done.duplicates += number is not None
            if number is None and entry.type != "store":
                done.apart[entry.type] += 1
        source.places[entry.number] = self.known[digest] = number

    def _same(self, source: Ledger, entry: Entry) -> int | None:
        name = jsontext.loads(source.sealed(entry.number)["paths"].value).get("name")
        found = self.writer.duplicate_of(entry.body, entry.body["artifact"]["sha256"], name)
        return found if found is not None and archive.same_bytes(self.writer.body(found), entry.body) else None

    def _copy(self, source: Ledger, entry: Entry) -> int:
        body = archive.moved(entry.body, source.place)
        body.pop("private", None)
        body["merged"] = {"log": source.log, "entry": entry.number, "at": entry.body["at"]}
        if entry.type == "evidence":
            body["artifact"] = {**entry.body["artifact"], **self.writer.keep(source.packed(entry.body["artifact"]))}
        number = self.writer.append(entry.type, body, source.sealed(entry.number))
        if entry.type == "evidence":
            rows = source.connection.stream("SELECT * FROM finding WHERE evidence = ? ORDER BY number", (entry.number,))
            self.connection.insert(tables.FindingRow, ((number, *row[1:]) for row in rows))
            (payload,) = source.connection.execute("SELECT payload FROM evidence WHERE entry = ?", (entry.number,)).fetchone()
            self.writer.project(number, body, payload)
        return number

    def conclude(self, source: Ledger, done: Merged) -> int:
        """Appends the entry of the merge, with the source's ledger as its artifact."""
        lines = (
            archive.Line(entry.data, source.places[entry.number], source.sealed(entry.number) if entry.number in source.apart else {})
            for entry in source.entries
        )
        packed = artifacts.pack(Source("ledger", archive.write(lines)))
        body = {
            "log": source.log,
            "log_key": source.log_key,
            "size": done.size,
            "root": done.root,
            "checkpoint": source.note,
            "artifact": self.writer.keep(packed),
            "entries": {"copied": done.copied, "duplicates": done.duplicates, "present": done.present, "apart": dict(done.apart)},
        }
        return self.writer.append(archive.TYPE, body, {"paths": Sealed.of({"name": source.name})})
