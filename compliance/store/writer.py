"""Appends to the ledger, within one transaction of the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from ..errors import TamperedError
from ..reading import jsontext
from ..record import PRIVACY_CLASSES, Finding, Json, PrivacyClass, canonical, sha256_hex, split_private
from ..times import now, rfc3339
from . import artifacts, ledger, merkle, note, tables
from .artifacts import Packed
from .database import Connection
from .drafts import SAME, EvidenceDraft
from .ledger import Entry, Sealed
from .reader import DOUBT

_THREAD_FROM: Final = 1 << 20
"""Bytes of an artifact from which on a thread of its own pays."""


@dataclass(frozen=True)
class Prepared:
    """What of a piece of evidence can be computed before the write lock is taken."""

    packed: Packed
    payload: bytes
    """The public payload: canonical JSON."""
    sealed: Mapping[PrivacyClass, Sealed]
    root: bytes
    """Root over the rows."""

    @classmethod
    def of(cls, draft: EvidenceDraft) -> Prepared:
        """Computes it; a large artifact is compressed in a thread meanwhile, since zstd and hashlib let go of the interpreter."""
        public, hidden = split_private(draft.payload)
        sealed = {name: Sealed.of({**draft.private.get(name, {}), "payload": hidden.get(name, {})}) for name in PRIVACY_CLASSES}
        payload, rows = canonical(public), ledger.RowHasher(ledger.keys_of(sealed))
        if draft.source.size < _THREAD_FROM:
            return cls(draft.source.once(artifacts.pack), payload, sealed, rows.root(draft.findings))
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as pool:
            packing = pool.submit(draft.source.once, artifacts.pack)
            root = rows.root(draft.findings)
        return cls(packing.result(), payload, sealed, root)


class Writer:
    """Appends within one transaction."""

    def __init__(self, connection: Connection, key: note.LogKey, origin: str | None = None) -> None:
        self.connection = connection
        self.key = key
        self.start = int(connection.execute("SELECT COALESCE(MAX(entry) + 1, 0) FROM ledger").fetchone()[0])
        self.frontier = merkle.Frontier(self.start, merkle.peaks_of(self.start, self._node))
        self.origin = origin or str(self.body(0)["origin"])
        self.at = rfc3339(now())

    def _node(self, level: int, position: int) -> bytes:
        row = self.connection.execute("SELECT hash FROM node WHERE level = ? AND position = ?", (level, position)).fetchone()
        if row is None:
            raise TamperedError(f"tree node {level}/{position} is missing", hint=DOUBT)
        return bytes(row[0])

    def body(self, number: int) -> dict[str, Any]:
        """Returns the leaf of an entry, read."""
        row = self.connection.execute("SELECT leaf FROM ledger WHERE entry = ?", (number,)).fetchone()
        return Entry(number, row[0]).body

    def append(self, entry_type: str, body: Mapping[str, Json], sealed: Mapping[PrivacyClass, Sealed]) -> int:
        """Appends an entry and returns its number."""
        number = self.frontier.size
        data = ledger.leaf(entry_type, self.at, self.start, body, sealed)
        self.connection.insert(tables.Ledger, [(number, entry_type, data)])
        self.connection.insert(tables.Node, self.frontier.append(merkle.leaf_hash(data)))
        self.connection.insert(tables.SealedValue, [(number, name, value.key, value.value) for name, value in sealed.items()])
        return number

    def duplicate_of(self, body: Mapping[str, Any], sha256: str, name: Json) -> int | None:
        """Returns the number of the evidence that says the same of the same subject from the same bytes, if there is one.

        Once something else was recorded under the same name, the same bytes say something new: a failure that came back.

        Args:
            body: What its leaf says.
            sha256: Address of the bytes.
            name: Name of the file.
        """
        rows = self.connection.execute(
            "SELECT entry, leaf FROM ledger JOIN evidence USING (entry) WHERE artifact = ? ORDER BY entry", (sha256,)
        )
        for number, leaf in rows:
            known = Entry(number, leaf).body
            if all(known.get(member) == body.get(member) for member in SAME) and not self._followed(number, body, sha256, name):
                return int(number)
        return None

    def _followed(self, number: int, body: Mapping[str, Any], sha256: str, name: Json) -> bool:
        """Tells whether other bytes of the same format, subject and name were recorded after an entry."""
        rows = self.connection.execute(
            "SELECT entry, leaf FROM ledger JOIN evidence USING (entry) WHERE entry > ? AND kind = ? AND artifact <> ?",
            (number, body["kind"], sha256),
        )
        for later, leaf in rows:
            known = Entry(later, leaf).body
            if all(known.get(member) == body.get(member) for member in ("format", "part", "subject")) and self._name(later) == name:
                return True
        return False

    def _name(self, number: int) -> Json:
        row = self.connection.execute("SELECT value FROM sealed WHERE entry = ? AND class = 'paths'", (number,)).fetchone()
        return None if row is None else jsontext.loads(row[0]).get("name")

    def evidence(self, draft: EvidenceDraft, ready: Prepared) -> int:
        """Appends a piece of evidence, with its artifact, findings and payload, and returns its number."""
        body = {
            **draft.body,
            "artifact": {**dict(draft.body.get("artifact", {})), **self.keep(ready.packed)},
            "payload": sha256_hex(ready.payload),
            "rows": {"count": len(draft.findings), "root": ready.root.hex()},
        }
        number = self.append("evidence", body, ready.sealed)
        columns = {name: list(map(attrgetter(name), draft.findings)) for name in Finding.__struct_fields__}
        self.connection.insert_columns(tables.FindingRow, {"evidence": number}, {"number": range(len(draft.findings)), **columns})
        self.project(number, body, ready.payload)
        return number

    def project(self, number: int, body: Mapping[str, Any], payload: bytes) -> None:
        """Writes the row of a piece of evidence, after its findings: from now on none can be added (see `schema`)."""
        row = (number, body["kind"], body["subject"].get("commit"), body["artifact"]["sha256"], payload)
        self.connection.insert(tables.Evidence, [row])

    def keep(self, packed: Packed) -> dict[str, Json]:
        """Stores the artifact unless it is there, and returns what the leaf says of it."""
        row = self.connection.execute("SELECT stored FROM artifact WHERE sha256 = ?", (packed.sha256,)).fetchone()
        if row is None:
            self.connection.insert(tables.Artifact, [(packed.sha256, packed.size, packed.stored)])
            self.connection.insert(tables.Chunk, ((packed.sha256, n, chunk) for n, chunk in enumerate(packed.chunks)))
        return {"sha256": packed.sha256, "size": packed.size, "stored": packed.stored if row is None else str(row[0])}

    def finish(self) -> None:
        """Signs the checkpoint of this transaction, if it appended anything."""
        if self.frontier.size == self.start:
            return
        checkpoint = note.Checkpoint(self.origin, self.frontier.size, self.frontier.root())
        self.connection.insert(tables.CheckpointNote, [(checkpoint.size, self.key.sign(checkpoint))])


def begin(connection: Connection, key: note.LogKey) -> None:
    """Writes entry 0, which names the log and its key."""
    origin = f"compliance-toolkit/{key.public.hex()[:16]}"
    writer = Writer(connection, key, origin)
    writer.append("store", {"origin": origin, "log_key": note.verifier_key(origin, key.public)}, {})
    writer.finish()
