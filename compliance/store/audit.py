"""Checks a store against itself: every stored column is in the ledger, addressed by content, or derivable, and nothing else exists.

Rows are read through the driver, not through the query layer, so that a value of another type does not pass as an equal one. What this
cannot see is a store that its owner rewrote as a whole with the log key: only a checkpoint held elsewhere shows that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from itertools import count, islice, takewhile
from operator import itemgetter
from struct import iter_unpack
from typing import Any, Final

from ..errors import ComplianceError, StoreUnavailableError, TamperedError
from ..kind import Format, Kind
from ..record import PRIVACY_CLASSES, Finding, sha256_hex
from ..sign.checks import Check
from . import archive, artifacts, ledger, merkle, note
from .database import UNREADABLE, Connection, Database
from .ledger import Entry
from .replay import replayed
from .store import Store
from .walk import BLOCK, Walk

_NAMED: Final = 10
"""Entries that one line names."""
_COLUMNS: Final = ", ".join(Finding.__struct_fields__)


def audit(store: Store, formats: Mapping[str, Mapping[str, tuple[Kind, Format]]] | None = None) -> Iterator[Check]:
    """Checks everything that a store holds.

    Args:
        store: The store.
        formats: Kinds' formats by kind id and format name; given to parse every artifact again and compare (``--replay``).

    Yields:
        One check per part of the store; a refuted one names the first bad entry.

    Raises:
        StoreUnavailableError: The database cannot be asked any longer, so that nothing is known.
    """
    with store.database.reading() as connection:
        try:
            audit = Audit(connection, store.database)
        except StoreUnavailableError:
            raise
        except _UNREADABLE as error:
            yield Check("ledger", "refuted", f"cannot be read: {error}")
            return
        if not audit.size:
            yield Check("ledger", "refuted", "the ledger is empty; expected entry 0, which names the log")
            return
        parts: list[tuple[str, Callable[[], str]]] = [
            ("schema", audit.schema),
            ("ledger", audit.ledger),
            ("tree", audit.tree),
            ("checkpoints", audit.checkpoints),
            ("private-values", audit.sealed),
            ("evidence", audit.evidence),
            ("findings", audit.findings),
            ("artifacts", audit.artifacts),
            ("merges", audit.merges),
            ("erasures", audit.erasures),
        ]
        for name, part in parts:
            yield _checked(name, part)
        yield from audit.purged()
        if formats is not None:
            yield from replayed(audit, formats)


_UNREADABLE: Final[tuple[type[Exception], ...]] = (ComplianceError, *UNREADABLE, KeyError, TypeError, ValueError, AttributeError)
"""What reading a store raises whose values are of other types than it writes."""


class _Refuted(Exception):  # noqa: N818 (an outcome, not an error)
    """A check that failed, with its detail."""


def _checked(name: str, part: Callable[[], str]) -> Check:
    try:
        return Check(name, "proven", part())
    except _Refuted as refuted:
        return Check(name, "refuted", str(refuted))
    except StoreUnavailableError:
        raise
    except _UNREADABLE as error:
        return Check(name, "refuted", f"cannot be read: {error}")


class Audit(Walk):
    """The parts of the check, over what one walk through the ledger found; each returns what was proven, or raises what was refuted."""

    def __init__(self, connection: Connection, database: Database) -> None:
        super().__init__(connection)
        self.database = database

    def schema(self) -> str:
        """Checks what the database defines, and the types of its values."""
        try:
            return self.database.checked_schema(self.connection)
        except TamperedError as error:
            raise _Refuted(error.message) from error

    def ledger(self) -> str:
        """Checks numbers, form and place of the entries."""
        if self.broken is not None:
            raise _Refuted(self.broken)
        return f"{self.size} entries, numbered without a gap, each in the place that it names"

    def tree(self) -> str:
        """Compares the stored tree with the one that the leaves give."""
        total = 0
        for level, expected in enumerate(self.subtrees.levels):
            stored = self.connection.stream("SELECT position, hash FROM node WHERE level = ? ORDER BY position", (level,))
            nodes, first = zip(count(), map(itemgetter(0), iter_unpack(f"{merkle.SIZE}s", expected)), strict=False), 0
            while (found := stored.fetchmany(BLOCK)) or first < len(expected) // merkle.SIZE:
                wanted = list(islice(nodes, BLOCK))
                if found != wanted:
                    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(found, wanted, strict=False)))
                    raise _Refuted(f"node {level}/{first + same} does not fit the ledger; first entry below it: {first + same << level}")
                first += len(found)
            total += first
        if self.connection.execute("SELECT count(*) FROM node").fetchone()[0] != total:
            raise _Refuted("nodes on levels that the tree does not have")
        return f"Merkle tree recomputed over {self.size} entries, root {self.roots[self.size].hex()[:16]}…"

    def checkpoints(self) -> str:
        """Checks that each transaction has its signed checkpoint, and nothing else has one."""
        verifier = self._body(0)["log_key"]
        seen = set()
        for size, text in self.rows("SELECT size, note FROM checkpoint ORDER BY size"):
            if size not in self.roots:
                raise _Refuted(f"a checkpoint of size {size}, where the ledger has none (it has {self.size} entries)")
            try:
                checkpoint = note.open_note(text, verifier)
            except TamperedError as error:
                raise _Refuted(f"the checkpoint after entry {size - 1}: {error}") from error
            if checkpoint.size != size or checkpoint.root != self.roots[size]:
                raise _Refuted(f"the checkpoint after entry {size - 1} was signed over another ledger")
            seen.add(size)
        missing = self.roots.keys() - seen
        if missing:
            raise _Refuted(f"no signed checkpoint after entry {min(missing) - 1}: entries after the last signed one are not the log's")
        return f"{len(seen)} checkpoints signed by {verifier.split('+')[0]}, each over the ledger as it stands"

    def sealed(self) -> str:
        """Checks private values against the commitments in the leaves."""
        defect = self.commitments.defect(self.erased)
        if defect is not None:
            raise _Refuted(defect)
        return f"{self.commitments.held} commitments to private values hold"

    def evidence(self) -> str:
        """Checks columns and payloads of the evidence."""
        expected = {number for number, entry in self.entries.items() if entry.type == "evidence"}
        count = len(expected)
        for number, kind, commit, artifact, payload in self.rows(
            'SELECT entry, kind, "commit", artifact, payload FROM evidence ORDER BY entry'
        ):
            if number not in expected:
                raise _Refuted(f"evidence {number} is not in the ledger")
            body = self._body(number)
            if (kind, commit, artifact) != (body["kind"], body["subject"]["commit"], body["artifact"]["sha256"]):
                raise _Refuted(f"evidence {number}: its columns differ from the ledger")
            if not isinstance(payload, bytes) or sha256_hex(payload) != body["payload"]:
                raise _Refuted(f"evidence {number}: its payload is not the one that was recorded")
            expected.discard(number)
        if expected:
            raise _Refuted(f"evidence {min(expected)} is in the ledger, but its row is missing")
        return f"{count} pieces of evidence as recorded"

    def findings(self) -> str:
        """Checks the rows of each piece of evidence against their root."""
        total = 0
        counts = dict(self.rows("SELECT evidence, count(*) FROM finding GROUP BY evidence"))
        for number, entry in self.pieces():
            if number in self.erased:
                continue
            said = entry.body["rows"]
            if counts.pop(number, 0) != said["count"]:
                raise _Refuted(f"evidence {number}: its number of findings is not {said['count']}")
            if self._rows_root(number).hex() != said["root"]:
                raise _Refuted(f"evidence {number}: its findings are not those that were recorded")
            total += said["count"]
        if counts:
            raise _Refuted(f"findings of evidence {min(counts)}, which is not in the ledger")
        return f"{total} findings as recorded"

    def _rows_root(self, number: int) -> bytes:
        sql = f"SELECT number, {_COLUMNS} FROM finding WHERE evidence = ? ORDER BY number"  # noqa: S608 (names of our own fields)
        rows = _in_order(number, self.rows(sql, (number,)))
        return ledger.RowHasher(self.keys(number)).root(rows)

    def keys(self, number: int) -> dict[Any, bytes]:
        """Returns the keys of an entry by class."""
        keys = dict(self.connection.execute("SELECT class, key FROM sealed WHERE entry = ?", (number,)).fetchall())
        return {name: keys[name] for name in PRIVACY_CLASSES}

    def artifacts(self) -> str:
        """Checks every kept file against its address."""
        kept = {sha256: (size, stored) for sha256, size, stored in self.rows("SELECT sha256, size, stored FROM artifact")}
        sizes: dict[str, int] = {}
        for number, entry in (*self.pieces(), *self._merges()):
            body = entry.body["artifact"]
            sha256, said = body["sha256"], (body["size"], body["stored"])
            if sha256 not in kept and number < self.erased_bytes.get(sha256, 0):
                continue
            if kept.get(sha256) != said:
                raise _Refuted(f"{entry.type} {number}: its artifact {sha256[:12]} is missing, or kept with another size or digest")
            if sha256 not in sizes:
                sizes[sha256] = self._artifact_of(entry, sha256, *said)
        strange = kept.keys() - sizes.keys()
        if strange:
            raise _Refuted(f"artifact {min(strange)[:12]}, which is not in the ledger")
        stray = self.connection.execute("SELECT artifact FROM chunk WHERE artifact NOT IN (SELECT sha256 FROM artifact) LIMIT 1").fetchone()
        if stray:
            raise _Refuted(f"bytes of an artifact {str(stray[0])[:12]} that the store does not know")
        return f"{len(sizes)} artifacts, {sum(sizes.values())} bytes, each with the digest that is its address"

    def _artifact_of(self, entry: Entry, sha256: str, size: int, stored: str) -> int:
        try:
            return self._artifact(sha256, size, stored)
        except (_Refuted, TamperedError) as error:
            raise _Refuted(f"{entry.type} {entry.number}: {error}") from error

    def _artifact(self, sha256: str, size: int, stored: str) -> int:
        hasher = hashlib.sha256()

        def chunks() -> Iterator[bytes]:
            sql = "SELECT number, data FROM chunk WHERE artifact = ? ORDER BY number"
            for expected, (number, data) in enumerate(self.rows(sql, (sha256,), 1)):
                if number != expected or not isinstance(data, bytes):
                    raise _Refuted(f"artifact {sha256[:12]}: piece {expected} is missing")
                hasher.update(data)
                yield data

        artifacts.require_whole(sha256, size, chunks())
        if hasher.hexdigest() != stored:
            raise _Refuted(f"artifact {sha256[:12]}: its compressed bytes were changed")
        return size

    def merges(self) -> str:
        """Checks that all that merged stores held is here or kept."""
        total = 0
        for number, entry in self._merges():
            if number in self.erased:
                continue
            try:
                defect = archive.defect(entry, self.bytes_of(entry), self._leaf)
            except TamperedError as error:
                defect = str(error)
            if defect is not None:
                raise _Refuted(f"merge {number}: {defect}")
            total += entry.body["size"]
        return f"all {total} entries of the stores that were merged are here or kept" if total else "no store was merged into this one"

    def erasures(self) -> str:
        """Checks that no more was erased than the tombstones name."""
        found = set(self.rows("SELECT entry, tombstone, artifact FROM erased"))
        if found != self.projected:
            raise _Refuted(f"what was erased of entry {min(one[0] for one in found ^ self.projected)} is not what the tombstones say")
        for number, entry in (*self.pieces(), *self._merges()):
            tombstone = self.erased_bytes.get(entry.body["artifact"]["sha256"], 0)
            if number < tombstone and not self.erased.get(number, self.size) <= tombstone:
                raise _Refuted(f"{entry.type} {number}: its artifact was erased by entry {tombstone}, which does not name it")
        return f"{len(found)} entries were erased, each named by a tombstone" if found else "nothing was erased"

    def purged(self) -> Iterator[Check]:
        """Says of each tombstone what can no longer be proven."""
        for tombstone in sorted(set(self.erased.values())):
            numbers = [number for number, by in sorted(self.erased.items()) if by == tombstone]
            named = ", ".join(map(str, numbers[:_NAMED])) + (f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else "")
            yield Check("purged", "not-proven", f"purged by entry {tombstone}: artifact, private values and findings of {named}")

    def _leaf(self, number: int) -> bytes:
        row = self.connection.execute("SELECT leaf FROM ledger WHERE entry = ?", (number,)).fetchone()
        return bytes(row[0]) if row else b""

    def bytes_of(self, entry: Entry) -> bytes:
        """Returns the artifact of an entry."""
        said = entry.body["artifact"]
        rows = self.rows("SELECT data FROM chunk WHERE artifact = ? ORDER BY number", (said["sha256"],), 1)
        return b"".join(artifacts.unpack(said["sha256"], said["size"], (row[0] for row in rows)))

    def pieces(self) -> Iterator[tuple[int, Entry]]:
        """Yields the evidence by number."""
        return ((number, entry) for number, entry in self.entries.items() if entry.type == "evidence")

    def _merges(self) -> Iterator[tuple[int, Entry]]:
        return ((number, entry) for number, entry in self.entries.items() if entry.type == archive.TYPE)

    def _body(self, number: int) -> dict[str, Any]:
        if number not in self.entries:
            raise _Refuted(f"entry {number} cannot be read")
        return self.entries[number].body


def _in_order(evidence: int, rows: Iterator[tuple[Any, ...]]) -> Iterator[Finding]:
    for expected, (number, *values) in enumerate(rows):
        if number != expected:
            raise _Refuted(f"evidence {evidence}: finding {expected} is missing")
        yield Finding(**dict(zip(Finding.__struct_fields__, values, strict=True)))
