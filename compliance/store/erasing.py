"""Erases what may no longer be kept, under a tombstone that the log key signs first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from ..record import Json
from . import tables
from .archive import TYPE as MERGE
from .ledger import Entry
from .writer import Writer

TYPE: Final = "tombstone"
"""Type of the ledger entries."""


def erase(writer: Writer, entries: Sequence[int], rule: Mapping[str, Json]) -> int:
    """Appends a tombstone with its signed checkpoint, then deletes what it names, all in the writer's transaction.

    Args:
        writer: Of the store.
        entries: Numbers of evidence and merges that were not erased before.
        rule: Why, in numbers and words.

    Returns:
        The number of the tombstone.
    """
    erased: list[dict[str, Json]] = []
    gone = _erased(writer) | set(entries)
    for number in sorted(entries):
        address = str(writer.body(number)["artifact"]["sha256"])
        last = address not in {one["artifact"] for one in erased} and not _needed(writer, address, gone)
        erased.append({"entry": number, "artifact": address if last else None})
    tombstone = writer.append(TYPE, {"erased": erased, "rule": dict(rule)}, {})
    writer.finish()
    connection = writer.connection
    connection.insert(tables.Erased, [(one["entry"], tombstone, one["artifact"]) for one in erased])
    connection.executemany("DELETE FROM sealed WHERE entry = ?", [(number,) for number in entries])
    connection.executemany("DELETE FROM finding WHERE evidence = ?", [(number,) for number in entries])
    addresses = [(one["artifact"],) for one in erased if one["artifact"] is not None]
    connection.executemany("DELETE FROM chunk WHERE artifact = ?", addresses)
    connection.executemany("DELETE FROM artifact WHERE sha256 = ?", addresses)
    return tombstone


def _erased(writer: Writer) -> set[int]:
    return {number for (number,) in writer.connection.execute("SELECT entry FROM erased")}


def _needed(writer: Writer, address: str, gone: Collection[int]) -> bool:
    """Tells whether an entry that stays was made from an artifact."""
    rows = writer.connection.execute("SELECT entry FROM evidence WHERE artifact = ?", (address,))
    if any(number not in gone for (number,) in rows):
        return True
    merges = writer.connection.execute("SELECT entry, leaf FROM ledger WHERE type = ?", (MERGE,))
    return any(number not in gone and Entry(number, leaf).body["artifact"]["sha256"] == address for number, leaf in merges)
