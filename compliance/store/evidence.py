"""Reads evidence: payloads, findings, artifacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from sqlmodel import col, func, select

from ..errors import StoreError, TamperedError
from ..reading import jsontext
from ..record import Finding, Json, join_private, sha256_hex
from ..times import read_rfc3339
from . import artifacts, tables
from .ledger import Entry
from .reader import DOUBT, LedgerReader, checked_entry, unsealed

_NAMED: Final = 10_000
"""Fingerprints that are asked for in one statement; SQLite takes 32,766 variables (SQLITE_MAX_VARIABLE_NUMBER)."""

REPARSE: Final = "reparse"
"""Type of the entries that say which evidence superseded which."""


@dataclass(frozen=True)
class StoredEvidence:
    """A piece of evidence as it lies in the store. What it says is read, and held against its entry, when it is asked for.

    Args:
        entry: Its entry.
        data: The public payload: canonical JSON.
        sealed: Rows of class, key and value of what is private.
    """

    entry: Entry
    data: bytes
    sealed: Sequence[Sequence[Any]]

    @cached_property
    def payload(self) -> dict[str, Json]:
        """The payload with its private values.

        Raises:
            TamperedError: It is not the one that was recorded.
        """
        if not isinstance(self.data, bytes) or sha256_hex(self.data) != self.entry.body["payload"]:
            raise TamperedError(f"evidence {self.entry.number}: its payload is not the one that was recorded", hint=DOUBT)
        whole: dict[str, Json] = join_private(
            jsontext.loads(self.data), {name: value.get("payload", {}) for name, value in self._unsealed.items()}
        )
        return whole

    @cached_property
    def private(self) -> Mapping[str, Mapping[str, Json]]:
        """Private values of the source, by class.

        Raises:
            TamperedError: They are not those that were recorded.
        """
        return {name: {k: v for k, v in value.items() if k != "payload"} for name, value in self._unsealed.items()}

    @cached_property
    def name(self) -> str:
        """What the artifact is called: a file name or a collector; empty where that was erased.

        Raises:
            TamperedError: It is not what was recorded.
        """
        paths = unsealed(self.entry, [row for row in self.sealed if row[0] == "paths"])
        return str(paths.get("paths", {}).get("name", ""))

    @cached_property
    def _unsealed(self) -> Mapping[str, Mapping[str, Json]]:
        return unsealed(self.entry, self.sealed)


def _which(kinds: Sequence[str] | None, commits: Sequence[str | None] | None, upto: int | None) -> list[Any]:
    """Returns the conditions for evidence of some kinds, commits and entries."""
    evidence = tables.Evidence
    conditions: list[Any] = []
    if kinds is not None:
        conditions.append(col(evidence.kind).in_(kinds))
    if commits is not None:
        conditions.append(col(evidence.commit).in_([one for one in commits if one]) | col(evidence.commit).is_(None))
    if upto is not None:
        conditions.append(col(evidence.entry) < upto)
    return conditions


class EvidenceReader(LedgerReader):
    """The evidence of an open store."""

    def evidence(
        self, *, kinds: Sequence[str] | None = None, commits: Sequence[str | None] | None = None, upto: int | None = None
    ) -> list[StoredEvidence]:
        """Returns evidence in the order of its recording, without what was superseded.

        Args:
            kinds: Only these kinds.
            commits: Only evidence of these commits.
            upto: Only entries below this number.
        """
        evidence = tables.Evidence
        ledger, node, private = tables.Ledger, tables.Node, tables.SealedValue
        which = _which(kinds, commits, upto)
        rows = self.database.query(
            select(evidence.entry, ledger.leaf, node.hash, evidence.payload)
            .join(ledger, col(ledger.entry) == col(evidence.entry))
            .outerjoin(node, (col(node.position) == col(ledger.entry)) & (col(node.level) == 0))
            .where(*which)
            .order_by(col(evidence.entry))
        )
        sealed: dict[int, list[tuple[Any, ...]]] = {}
        columns = (
            select(private.entry, private.privacy_class, private.key, private.value)
            .join(evidence, col(private.entry) == col(evidence.entry))
            .where(*which)
        )
        for number, *value in self.database.query(columns.order_by(col(private.entry), col(private.privacy_class))):
            sealed.setdefault(number, []).append(tuple(value))
        superseded = self.superseded(upto)
        return [
            StoredEvidence(checked_entry(number, leaf, node), payload, sealed.get(number, ()))
            for number, leaf, node, payload in rows
            if number not in superseded
        ]

    def superseded(self, upto: int | None = None) -> set[int]:
        """Returns the evidence in whose place what a newer parser read of the same bytes was put, below entry ``upto``."""
        return {one["entry"] for entry in self.entries(types=[REPARSE], upto=upto) for one in entry.body["superseded"]}

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
            raise TamperedError(f"evidence {number}: its row is missing", hint=DOUBT)
        private = tables.SealedValue
        columns = select(private.privacy_class, private.key, private.value).where(private.entry == number)
        sealed = self.database.query(columns.order_by(col(private.privacy_class)))
        return StoredEvidence(entry, rows[0][0], sealed)

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
            .order_by(col(tables.Ledger.entry))
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
            tombstone = select(func.max(tables.Erased.tombstone)).where(tables.Erased.artifact == sha256)
            number = self.database.query(tombstone)[0][0]
            raise StoreError(f"no artifact {sha256}" if number is None else f"artifact {sha256[:12]} was purged by entry {number}")
        return artifacts.unpack(sha256, rows[0][0], self._chunks(sha256))

    def _chunks(self, sha256: str) -> Iterator[bytes]:
        number = 0
        query = select(tables.Chunk.data)
        while rows := self.database.query(query.where(tables.Chunk.artifact == sha256, tables.Chunk.number == number)):
            yield rows[0][0]
            number += 1
