"""Verifying a ledger of 1,000,000 entries, against hashing them."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import measure

GOAL = 10.0
ENTRIES = 1_000_000
BATCH = 10_000


def lines(repeat: int) -> Iterator[measure.Line]:
    """Measures; the ledger is made by the store's own way of appending, in transactions of `BATCH` entries, each with private values."""
    with tempfile.TemporaryDirectory(prefix="compliance-bench-") as name:
        ledger = str(Path(name) / "evidence.db")
        measure.call("store:append", ledger, ENTRIES, BATCH)
        pair = measure.paired(lambda: measure.call("store:audit_ledger", ledger), lambda: measure.call("ledger:hashes", ledger), repeat)
        yield pair.line(f"verify of a ledger of {ENTRIES:,} entries, {Path(ledger).stat().st_size / 1e6:,.0f} MB", GOAL)


def hashes(path: str) -> Callable[[], str]:
    """The floor: the hashes of RFC 6962 section 2.1 over leaves in memory, and the nodes above them."""
    leaves = [leaf for (leaf,) in sqlite3.connect(path).execute("SELECT leaf FROM ledger ORDER BY entry")]

    def run() -> str:
        sha256 = hashlib.sha256
        level = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
        while len(level) > 1:
            pairs = iter(level)
            above = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
            level = [*above, *level[2 * len(above) :]]  # a last node without a sibling is its own parent
        return level[0].hex()

    return run
