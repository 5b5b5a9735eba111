"""The store: an append-only ledger with a Merkle tree, signed checkpoints, and the artifacts kept whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlmodel import col, func, select

from .. import jsontext
from ..errors import SigningKeyError, StoreError, TamperedError
from ..record import PRIVACY_CLASSES, Finding, Json, Payload, PrivacyClass, canonical, join_private, sha256_hex, split_private
from ..source import Source
from ..times import now, read_rfc3339, rfc3339
from . import artifacts, ledger, merkle, note, tables
from .artifacts import Packed
from .bulk import insert_rows
from .database import WAIT_S, Database, insert_sql
from .ledger import Entry, Sealed

_THREAD_FROM: Final = 1 << 20
"""Bytes of an artifact from which on a thread of its own pays."""
_NAMED: Final = 10_000
"""Fingerprints that are asked for in one statement; SQLite takes 32,766 variables (SQLITE_MAX_VARIABLE_NUMBER)."""
_DOUBT: Final = "run `compliance verify` on the store"
GITIGNORE: Final = "# made by compliance-toolkit: evidence and keys stay out of version control\n*\n"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An entry that is to be appended."""

    type: str
    body: Mapping[str, Json]
    private: Mapping[PrivacyClass, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EvidenceDraft:
    """A piece of evidence that is to be recorded."""

    body: Mapping[str, Json]
    """Public members besides those that the store adds: artifact, payload, rows."""
    private: Mapping[PrivacyClass, Mapping[str, Json]]
    """Private values of the source; those of the payload are added."""
    source: Source
    payload: Payload
    findings: Sequence[Finding] = ()
    once: bool = False
    """Record nothing if the store already says the same of the same subject from the same bytes."""


@dataclass(frozen=True)
class Recorded:
    """The number of a piece of evidence, and whether it was there already."""

    number: int
    duplicate: bool


@dataclass(frozen=True)
class StoredEvidence:
    """A piece of evidence as it lies in the store."""

    entry: Entry
    payload: dict[str, Json]
    """The payload with its private values."""
    private: Mapping[str, Mapping[str, Json]]
    """Private values of the source, by class."""


class Store:
    """One store, open. Use as a context manager; `open` and `create` make it."""

    def __init__(self, database: Database, key_path: Path) -> None:
        self.database = database
        self.key_path = key_path

    @classmethod
    def open(cls, path: Path, *, write: bool = False, wait_s: float = WAIT_S) -> Store:
        """Opens an existing store.

        Raises:
            StoreError: There is none, or it cannot be opened.
        """
        return cls(Database.open(path, write=write, wait_s=wait_s), _key_path(path))

    @classmethod
    def create(cls, path: Path, *, wait_s: float = WAIT_S) -> Store:
        """Opens a store for writing; makes it, its folder and its log key where there is none.

        Raises:
            StoreError: It cannot be made or opened.
            SigningKeyError: Its log key is missing or cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            ignore = path.parent / ".gitignore"
            if path.parent.name == ".compliance" and not (ignore.exists() and ignore.stat().st_size):  # empty after a kill
                ignore.write_text(GITIGNORE)
            exists = path.exists()
        except OSError as error:
            raise StoreError(f"{path.parent}: {error.strerror}", hint="give another --store") from error
        if not exists:
            key = note.LogKey.load(_key_path(path)) or note.LogKey.create(_key_path(path))
            Database.make(path, lambda connection: _begin(connection, key))
        return cls.open(path, write=True, wait_s=wait_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the store."""
        self.database.close()

    # What the ledger says

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
            raise StoreError(f"no entry {number}; the ledger has entries 0 to {self.size - 1}")
        return _entry(*rows[0])

    def entries(self, *, types: Sequence[str] = (), upto: int | None = None) -> Iterator[Entry]:
        """Streams entries in their order, all or those of some types, below number ``upto``."""
        query = _entries().order_by(col(tables.Ledger.entry))
        if types:
            query = query.where(*_of_types(types))
        if upto is not None:
            query = query.where(tables.Ledger.entry < upto)
        for row in self.database.query(query):
            yield _entry(*row)

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
            raise TamperedError(f"the newest checkpoint is over {signed or 0} entries, the ledger has {size}", hint=_DOUBT)
        try:
            same = not size or note.open_note(self.checkpoint_note(size), self.verifier).root == self.root_at(size)
        except TamperedError as error:
            error.hint = error.hint or _DOUBT
            raise
        if not same:
            raise TamperedError("the newest checkpoint was signed over another ledger", hint=_DOUBT)
        rows = select(tables.Evidence.entry)
        lost = select(func.min(tables.Ledger.entry)).where(tables.Ledger.type == "evidence", col(tables.Ledger.entry).not_in(rows))
        number = self.database.query(lost)[0][0]
        if number is not None:
            raise TamperedError(f"evidence {number}: its row is missing", hint=_DOUBT)

    def private(self, number: int) -> dict[str, Any]:
        """Returns the private values of an entry by class.

        Raises:
            TamperedError: They are not those that the entry commits to.
        """
        return self._private(self.entry(number))

    def _private(self, entry: Entry) -> dict[str, Any]:
        sealed = tables.SealedValue
        committed = entry.body.get("private", {})
        values = {}
        for name, key, value in self.database.query(
            select(sealed.privacy_class, sealed.key, sealed.value).where(sealed.entry == entry.number)
        ):
            if not isinstance(key, bytes) or not isinstance(value, bytes) or Sealed(key, value).commitment != committed.get(name):
                raise TamperedError(f"entry {entry.number}: its private values are not those that were recorded", hint=_DOUBT)
            values[name] = jsontext.loads(value)
        return values

    # Evidence

    def evidence(
        self, *, kinds: Sequence[str] | None = None, commits: Sequence[str | None] | None = None, upto: int | None = None
    ) -> list[StoredEvidence]:
        """Returns evidence in the order of its recording.

        Args:
            kinds: Only these kinds.
            commits: Only evidence of these commits.
            upto: Only entries below this number.
        """
        evidence = tables.Evidence
        ledger, node = tables.Ledger, tables.Node
        query = (
            select(evidence.entry, ledger.leaf, node.hash, evidence.payload)
            .join(ledger, col(ledger.entry) == col(evidence.entry))
            .outerjoin(node, (col(node.position) == col(ledger.entry)) & (col(node.level) == 0))
            .order_by(col(evidence.entry))
        )
        if kinds is not None:
            query = query.where(col(evidence.kind).in_(kinds))
        if commits is not None:
            query = query.where(col(evidence.commit).in_([c for c in commits if c]) | col(evidence.commit).is_(None))
        if upto is not None:
            query = query.where(evidence.entry < upto)
        return [self._stored(_entry(number, leaf, node), payload) for number, leaf, node, payload in self.database.query(query)]

    def evidence_of(self, number: int) -> StoredEvidence:
        """Returns one piece of evidence by its number.

        Raises:
            StoreError: The entry is of another type, or there is none.
        """
        entry = self.entry(number)
        rows = self.database.query(select(tables.Evidence.payload).where(tables.Evidence.entry == number))
        if entry.type != "evidence":
            raise StoreError(f"entry {number} is of type {entry.type}, not evidence")
        if not rows:
            raise TamperedError(f"evidence {number}: its row is missing", hint=_DOUBT)
        return self._stored(entry, rows[0][0])

    def _stored(self, entry: Entry, payload: bytes) -> StoredEvidence:
        if not isinstance(payload, bytes) or sha256_hex(payload) != entry.body["payload"]:
            raise TamperedError(f"evidence {entry.number}: its payload is not the one that was recorded", hint=_DOUBT)
        private = self._private(entry)
        whole = join_private(jsontext.loads(payload), {name: value.get("payload", {}) for name, value in private.items()})
        source = {name: {k: v for k, v in value.items() if k != "payload"} for name, value in private.items()}
        return StoredEvidence(entry, whole, source)

    def findings(self, evidence: int, *, limit: int | None = None, open_only: bool = False) -> list[Finding]:
        """Returns the rows of a piece of evidence, in their order; with ``open_only`` the open ones, worst first.

        What has no severity may be anything: it comes before all that is known to be less than high.
        """
        row = tables.FindingRow
        names = Finding.__struct_fields__
        query = select(*(col(getattr(row, name)) for name in names)).where(col(row.evidence) == evidence)
        if open_only:
            from sqlalchemy import case

            from ..record import Severity

            worst_first = sorted(Severity, key=lambda one: (one not in ("critical", "high"), one != "unknown"))
            rank = case({name.value: number for number, name in enumerate(worst_first)}, value=col(row.severity), else_=9)
            query = query.where(col(row.state) == "open").order_by(rank, col(row.number))
        else:
            query = query.order_by(col(row.number))
        if limit is not None:
            query = query.limit(limit)
        return [Finding(**dict(zip(names, values, strict=True))) for values in self.database.query(query)]

    def findings_named(self, evidence: int, fingerprints: Sequence[str]) -> list[Finding]:
        """Returns the open rows of a piece of evidence that have one of some fingerprints."""
        row = tables.FindingRow
        names = Finding.__struct_fields__
        found: list[Finding] = []
        for start in range(0, len(fingerprints), _NAMED):
            query = select(*(col(getattr(row, name)) for name in names)).where(
                col(row.evidence) == evidence, col(row.state) == "open", col(row.fingerprint).in_(fingerprints[start : start + _NAMED])
            )
            rows = self.database.query(query.order_by(col(row.number)))
            found += [Finding(**dict(zip(names, values, strict=True))) for values in rows]
        return found

    def has_finding(self, fingerprint: str) -> bool:
        """Tells whether any evidence holds a finding with a fingerprint; looks through all of them."""
        row = tables.FindingRow
        return bool(self.database.query(select(row.number).where(col(row.fingerprint) == fingerprint).limit(1)))

    def known_fingerprints(self, fingerprints: Sequence[str]) -> set[str]:
        """Returns those fingerprints that any evidence holds a finding with; looks through all of them."""
        row = tables.FindingRow
        parts = [fingerprints[start : start + _NAMED] for start in range(0, len(fingerprints), _NAMED)]
        queries = [select(row.fingerprint).where(col(row.fingerprint).in_(part)).distinct() for part in parts]
        return {name for query in queries for (name,) in self.database.query(query)}

    def observed_times(self, sha256: str) -> list[datetime]:
        """Returns when the evidence of an artifact was observed, one time per piece of evidence that says so."""
        rows = self.database.query(
            select(tables.Ledger.leaf)
            .join(tables.Evidence, col(tables.Evidence.entry) == col(tables.Ledger.entry))
            .where(tables.Evidence.artifact == sha256)
        )
        times = [Entry(0, leaf).body["observed_at"] for (leaf,) in rows]
        return [read_rfc3339(time) for time in times if time]

    def has_artifact(self, sha256: str) -> bool:
        """Tells whether an artifact is kept."""
        return bool(self.database.query(select(tables.Artifact.sha256).where(tables.Artifact.sha256 == sha256)))

    def artifact(self, sha256: str) -> Iterator[bytes]:
        """Streams an artifact's bytes.

        Raises:
            StoreError: It is not in the store.
            TamperedError: The stored bytes are not those that were recorded.
        """
        rows = self.database.query(select(tables.Artifact.size).where(tables.Artifact.sha256 == sha256))
        if not rows:
            raise StoreError(f"no artifact {sha256}")
        return artifacts.unpack(sha256, rows[0][0], self._chunks(sha256))

    def _chunks(self, sha256: str) -> Iterator[bytes]:
        number = 0
        query = select(tables.Chunk.data)
        while rows := self.database.query(query.where(tables.Chunk.artifact == sha256, tables.Chunk.number == number)):
            yield rows[0][0]
            number += 1

    # Writing

    def append(self, drafts: Sequence[Draft]) -> list[int]:
        """Appends entries in one transaction and signs a checkpoint over them.

        Returns:
            Their numbers.
        """
        with self.database.transaction() as connection:
            writer = _Writer(connection, self._key())
            numbers = [
                writer.append(draft.type, draft.body, {name: Sealed.of(value) for name, value in draft.private.items()}) for draft in drafts
            ]
            writer.finish()
        return numbers

    def record(self, drafts: Sequence[EvidenceDraft]) -> list[Recorded]:
        """Records pieces of evidence, all of them or none, and signs a checkpoint over them.

        Returns:
            Their numbers, in the order of the drafts.
        """
        key = self._key()
        prepared = [_Prepared.of(draft) for draft in drafts]
        with self.database.transaction() as connection:
            writer = _Writer(connection, key)
            recorded = []
            for draft, ready in zip(drafts, prepared, strict=True):
                known = writer.duplicate_of(draft) if draft.once else None
                number = writer.evidence(draft, ready) if known is None else known
                recorded.append(Recorded(number, known is not None))
            writer.finish()
        return recorded

    def mask_key(self) -> bytes:
        """Returns the key of the masks that stand for redacted secrets."""
        return self._key().derive("redaction")

    def _key(self) -> note.LogKey:
        key = note.LogKey.load(self.key_path)
        name, public = note.read_verifier_key(self.verifier)
        if key is None:
            raise SigningKeyError(
                f"{self.key_path}: the store's log key is missing",
                hint=f"restore it, or give it in {note.KEY_ENVIRONMENT}; without it nothing can be added",
            )
        if key.public != public:
            raise SigningKeyError(f"the log key is not the one of store {name}", hint="use the key that lies beside the store")
        return key


@dataclass(frozen=True)
class _Prepared:
    """What of a piece of evidence can be computed before the write lock is taken."""

    packed: Packed
    payload: bytes
    """The public payload: canonical JSON."""
    sealed: Mapping[PrivacyClass, Sealed]
    root: bytes
    """Root over the rows."""

    @classmethod
    def of(cls, draft: EvidenceDraft) -> _Prepared:
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


def _entries() -> Any:
    """Selects entries with the hash that the tree has of each."""
    ledger, node = tables.Ledger, tables.Node
    return select(ledger.entry, ledger.leaf, node.hash).outerjoin(node, (col(node.position) == col(ledger.entry)) & (col(node.level) == 0))


def _of_types(types: Sequence[str]) -> list[Any]:
    """Returns the conditions for entries of some types; the index of types leaves evidence out and is used only where that is said."""
    kind = col(tables.Ledger.type)
    return [kind.in_(types), *([] if "evidence" in types else [kind != "evidence"])]


def _entry(number: int, leaf: bytes, node: bytes | None) -> Entry:
    if not isinstance(leaf, bytes) or merkle.leaf_hash(leaf) != node:
        raise TamperedError(f"entry {number}: it is not the one that was recorded", hint=_DOUBT)
    return Entry(number, leaf)


class _Writer:
    """Appends within one transaction."""

    def __init__(self, connection: sqlite3.Connection, key: note.LogKey, origin: str | None = None) -> None:
        self.connection = connection
        self.key = key
        self.start = int(connection.execute("SELECT COALESCE(MAX(entry) + 1, 0) FROM ledger").fetchone()[0])
        self.frontier = merkle.Frontier(self.start, merkle.peaks_of(self.start, self._node))
        self.origin = origin or str(self._body(0)["origin"])
        self.at = rfc3339(now())

    def _node(self, level: int, position: int) -> bytes:
        row = self.connection.execute("SELECT hash FROM node WHERE level = ? AND position = ?", (level, position)).fetchone()
        if row is None:
            raise TamperedError(f"tree node {level}/{position} is missing", hint=_DOUBT)
        return bytes(row[0])

    def _body(self, number: int) -> dict[str, Any]:
        row = self.connection.execute("SELECT leaf FROM ledger WHERE entry = ?", (number,)).fetchone()
        return Entry(number, row[0]).body

    def append(self, entry_type: str, body: Mapping[str, Json], sealed: Mapping[PrivacyClass, Sealed]) -> int:
        number = self.frontier.size
        data = ledger.leaf(entry_type, self.at, self.start, body, sealed)
        self.connection.execute(_LEDGER, (number, entry_type, data))
        self.connection.executemany(_NODE, self.frontier.append(merkle.leaf_hash(data)))
        self.connection.executemany(_SEALED, [(number, name, value.key, value.value) for name, value in sealed.items()])
        return number

    def duplicate_of(self, draft: EvidenceDraft) -> int | None:
        """Returns the number of the evidence that says the same of the same subject from the same bytes, if there is one.

        Once something else was recorded under the same name, the same bytes say something new: a failure that came back.
        """
        rows = self.connection.execute(
            "SELECT entry, leaf FROM ledger JOIN evidence USING (entry) WHERE artifact = ?", (draft.source.sha256,)
        )
        for number, leaf in rows:
            known = Entry(number, leaf).body
            if all(known.get(name) == draft.body.get(name) for name in _SAME) and not self._followed(number, draft):
                return int(number)
        return None

    def _followed(self, number: int, draft: EvidenceDraft) -> bool:
        """Tells whether other bytes of the same format, subject and name were recorded after an entry."""
        rows = self.connection.execute(
            "SELECT entry, leaf FROM ledger JOIN evidence USING (entry) WHERE entry > ? AND kind = ? AND artifact <> ?",
            (number, draft.body["kind"], draft.source.sha256),
        )
        name = draft.private.get("paths", {}).get("name")
        for later, leaf in rows:
            known = Entry(later, leaf).body
            if all(known.get(member) == draft.body.get(member) for member in ("format", "part", "subject")) and self._name(later) == name:
                return True
        return False

    def _name(self, number: int) -> Json:
        row = self.connection.execute("SELECT value FROM sealed WHERE entry = ? AND class = 'paths'", (number,)).fetchone()
        return None if row is None else jsontext.loads(row[0]).get("name")

    def evidence(self, draft: EvidenceDraft, ready: _Prepared) -> int:
        body = {
            **draft.body,
            "artifact": {**dict(draft.body.get("artifact", {})), **self._keep(ready.packed)},
            "payload": sha256_hex(ready.payload),
            "rows": {"count": len(draft.findings), "root": ready.root.hex()},
        }
        number = self.append("evidence", body, ready.sealed)
        columns = {name: list(map(attrgetter(name), draft.findings)) for name in Finding.__struct_fields__}
        insert_rows(self.connection, "finding", {"evidence": number}, {"number": range(len(draft.findings)), **columns})
        # After its findings, which none can be added to from now on (see `schema`).
        commit = dict(draft.body["subject"]).get("commit")
        self.connection.execute(_EVIDENCE, (number, draft.body["kind"], commit, ready.packed.sha256, ready.payload))
        return number

    def _keep(self, packed: Packed) -> dict[str, Json]:
        """Stores the artifact unless it is there, and returns what the leaf says of it."""
        row = self.connection.execute("SELECT stored FROM artifact WHERE sha256 = ?", (packed.sha256,)).fetchone()
        if row is None:
            self.connection.execute(_ARTIFACT, (packed.sha256, packed.size, packed.stored))
            self.connection.executemany(_CHUNK, [(packed.sha256, n, chunk) for n, chunk in enumerate(packed.chunks)])
        return {"sha256": packed.sha256, "size": packed.size, "stored": packed.stored if row is None else str(row[0])}

    def finish(self) -> None:
        """Signs the checkpoint of this transaction, if it appended anything."""
        if self.frontier.size == self.start:
            return
        checkpoint = note.Checkpoint(self.origin, self.frontier.size, self.frontier.root())
        self.connection.execute(_CHECKPOINT, (checkpoint.size, self.key.sign(checkpoint)))


def _begin(connection: sqlite3.Connection, key: note.LogKey) -> None:
    """Writes entry 0, which names the log and its key."""
    origin = f"compliance-toolkit/{key.public.hex()[:16]}"
    writer = _Writer(connection, key, origin)
    writer.append("store", {"origin": origin, "log_key": note.verifier_key(origin, key.public)}, {})
    writer.finish()


_NUMBERS: Final = 1 << 63
"""SQLite's numbers end before this one."""
_SAME: Final = ("kind", "format", "parser", "part", "subject", "assurance", "observed_at")
"""What two pieces of evidence from the same bytes must share to say the same."""
_LEDGER: Final = insert_sql(tables.Ledger)
_NODE: Final = insert_sql(tables.Node)
_SEALED: Final = insert_sql(tables.SealedValue)
_ARTIFACT: Final = insert_sql(tables.Artifact)
_CHUNK: Final = insert_sql(tables.Chunk)
_EVIDENCE: Final = insert_sql(tables.Evidence)
_CHECKPOINT: Final = insert_sql(tables.CheckpointNote)


def _key_path(path: Path) -> Path:
    return path.with_suffix(".key")
