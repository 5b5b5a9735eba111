"""Retention: finds what may no longer be kept, and has it erased under a signed tombstone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .errors import UsageError
from .record import Json
from .store import Store
from .store.archive import TYPE as MERGE
from .store.ledger import Entry
from .times import read_rfc3339, rfc3339


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What is to be erased: entries that all of these fit."""

    older_than: timedelta | None = None
    """By the time at which the bytes were read or made; of a kept ledger, when it was merged."""
    kinds: tuple[str, ...] = ()
    entries: tuple[int, ...] = ()

    def json(self, at: datetime) -> dict[str, Json]:
        """Returns the rule as the tombstone says it: nothing of it is private."""
        before = None if self.older_than is None else rfc3339(at - self.older_than)
        return {"before": before, "kinds": list(self.kinds), "entries": list(self.entries)}


def chosen(store: Store, rule: Rule, at: datetime) -> list[Entry]:
    """Returns the evidence, and the kept ledgers of merged stores, that a rule fits and that were not erased before.

    Args:
        store: The store.
        rule: What is to be erased.
        at: The time from which ages count.

    Raises:
        UsageError: The rule says nothing, or names an entry that holds nothing to erase.
    """
    if not (rule.older_than is not None or rule.kinds or rule.entries):
        raise UsageError("nothing says what is to be erased", hint="give --older-than 400d, --kind or --evidence")
    erasable = {entry.number: entry for entry in store.entries(types=["evidence", MERGE])}
    strange = set(rule.entries) - erasable.keys()
    if strange:
        raise UsageError(f"entry {min(strange)} is no evidence", hint="compliance log --type evidence lists it")
    unknown = set(rule.kinds) - {entry.body.get("kind") for entry in erasable.values()}
    if unknown:
        raise UsageError(f"no evidence of kind {min(unknown)!r}", hint="compliance log --type evidence lists what there is")
    erased = store.erased()
    return [entry for entry in erasable.values() if entry.number not in erased and _fits(rule, entry, at)]


def purge(store: Store, entries: Sequence[Entry], rule: Rule, at: datetime) -> int | None:
    """Erases what was chosen.

    Returns:
        The number of the tombstone; None when there was nothing to erase.

    Raises:
        StoreUnavailableError: All is done, but another process still reads the file as it was before.
    """
    return store.erase([entry.number for entry in entries], rule.json(at))


def collected_at(entry: Entry) -> datetime:
    """Returns from when the age of an entry counts."""
    return read_rfc3339(entry.body.get("collected_at", entry.body["at"]))


def _fits(rule: Rule, entry: Entry, at: datetime) -> bool:
    return (
        (rule.older_than is None or collected_at(entry) < at - rule.older_than)
        and (not rule.kinds or entry.body.get("kind") in rule.kinds)
        and (not rule.entries or entry.number in rule.entries)
    )
