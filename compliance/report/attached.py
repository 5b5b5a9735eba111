"""The store that a report's attachments give: in memory, read as any other, so that the same code judges from both.

It believes nothing: `bundle_check` says whether what is attached was in the ledger. What is not attached is not there, and whoever asks for
the findings of evidence whose rows are not attached is noted in `lacking`, since an empty answer would be a wrong one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from ..record import Finding
from ..store import Store, merkle, tables
from ..store.ledger import Entry
from ..store.sqlite.database import SQLiteDatabase
from .bundle_files import BundleFiles
from .finding_files import FindingLine

NAME: Final = "the attachments"


class AttachedStore(Store):
    """The attachments as a store, to be read only. Use as a context manager.

    Args:
        files: Of a report whose checks prove them.
    """

    def __init__(self, files: BundleFiles) -> None:
        super().__init__(SQLiteDatabase.in_memory(NAME))
        self.files = files
        self.lacking: set[int] = set()
        """Evidence whose findings were asked for and are not attached."""
        self._loaded: set[int] = set()
        others = files.others or ()
        leaves = {number: kept.entry for number, kept in files.entries.items()}
        leaves |= {one.number: Entry(one.number, one.leaf.encode()) for one in others if one.leaf is not None}
        self.foreign = sum(one.hash is not None for one in others)
        """Entries of the ledger of which only the hash is attached, since they name another project."""
        self.whole = files.others is not None
        """Whether every entry under the checkpoint is attached, at least by its hash."""
        hashes = {number: merkle.leaf_hash(entry.data) for number, entry in leaves.items()}
        hashes |= {one.number: bytes.fromhex(one.hash) for one in others if one.hash is not None}
        self._fill(leaves, hashes)

    def _fill(self, leaves: dict[int, Entry], hashes: dict[int, bytes]) -> None:
        """Writes what is attached into the tables."""
        with self.database.transaction() as connection:
            connection.insert(tables.Ledger, ((number, one.type, one.data) for number, one in leaves.items()))
            connection.insert(tables.Node, self._nodes(hashes))
            sealed = ((number, name, one) for number, kept in self.files.entries.items() for name, one in kept.sealed.items())
            connection.insert(tables.SealedValue, ((number, name, one.key, one.value) for number, name, one in sealed))
            connection.insert(tables.Evidence, (self._row(entry) for entry in leaves.values() if entry.type == "evidence"))
            connection.insert(tables.Erased, ((number, tombstone, None) for number, tombstone in self.files.erased.items()))

    def _row(self, entry: Entry) -> tuple[Any, ...]:
        """Returns the row of a piece of evidence; the payload of one that is attached by its leaf alone is nothing that fits it."""
        body, kept = entry.body, self.files.entries.get(entry.number)
        payload = b"" if kept is None or kept.payload is None else kept.payload
        return entry.number, body["kind"], body["subject"].get("commit"), body["artifact"]["sha256"], payload

    def _nodes(self, hashes: dict[int, bytes]) -> list[tuple[int, int, bytes]]:
        """Returns the nodes of the tree as far as they are known: all of them when no leaf is missing."""
        if not self.whole:
            return [(0, number, value) for number, value in hashes.items()]
        tree = merkle.Tree()
        tree.extend([hashes[number] for number in sorted(hashes)])
        return [
            (level, position, tree.node(level, position))
            for level, known in enumerate(tree.levels)
            for position in range(len(known) // merkle.SIZE)
        ]

    def findings(self, evidence: int, *, limit: int | None = None, open_only: bool = False) -> list[Finding]:
        """Returns the rows of a piece of evidence: see `EvidenceReader.findings`."""
        if not self._load(evidence) and evidence not in self.files.erased and self.entry(evidence).body["rows"]["count"]:
            self.lacking.add(evidence)
        return super().findings(evidence, limit=limit, open_only=open_only)

    def findings_named(self, evidence: int, fingerprints: Sequence[str]) -> list[Finding]:
        """Returns open rows with some fingerprints: see `EvidenceReader.findings_named`.

        Rows that are not attached belong to evidence of other commits, which no waiver makes count.
        """
        self._load(evidence)
        return super().findings_named(evidence, fingerprints)

    def _load(self, evidence: int) -> bool:
        """Fills in the findings of a piece of evidence when they are asked for first, since there may be many; tells whether it has any."""
        lines = self._listed.get(evidence, ())
        if lines and evidence not in self._loaded:
            self._loaded.add(evidence)
            columns = {name: [getattr(line, name) for line in lines] for name in Finding.__struct_fields__}
            with self.database.transaction() as connection:
                connection.insert_columns(tables.FindingRow, {"evidence": evidence}, {"number": range(len(lines)), **columns})
        return bool(lines)

    @cached_property
    def _listed(self) -> Mapping[int, Sequence[FindingLine]]:
        """The attached findings by evidence."""
        return {number: list(lines) for number, lines in groupby(self.files.findings, attrgetter("evidence"))}
