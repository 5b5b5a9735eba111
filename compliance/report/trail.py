"""The audit trail: what the ledger says about the release that is judged, entry by entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlmodel import col, func, select

from ..store import Store
from ..store.ledger import Entry
from ..store.tables import Evidence, Ledger
from ..subject import Subject
from ..trail import describe
from .model import Trail, TrailEntry
from .redact import WHOLE, Redaction
from .words import cut

_TEXT: Final = 160


def trail(store: Store, subject: Subject, *, upto: int, limit: int, redaction: Redaction = WHOLE) -> Trail:
    """Returns the latest entries that concern a release, in their order.

    These are the evidence of its commit or of none, the collections that made it, its assessments and the reports on them.

    Args:
        store: The store.
        subject: What is judged.
        upto: Number of ledger entries that are seen.
        limit: Most entries to return.
        redaction: What the copy leaves out.
    """
    own = col(Evidence.commit).is_(None) | (col(Evidence.commit) == subject.commit)
    numbers = select(Evidence.entry).where(own, Evidence.entry < upto)
    total = int(store.database.query(select(func.count()).select_from(numbers.subquery()))[0][0])
    evidence = {int(row[0]) for row in store.database.query(numbers.order_by(col(Evidence.entry).desc()).limit(limit))}
    others = _others(store, subject, upto)
    chosen = sorted([*evidence, *others])[-limit:]
    leaves = select(Ledger.entry, Ledger.leaf).where(col(Ledger.entry).in_(chosen)).order_by(col(Ledger.entry))
    entries = [Entry(number, leaf) for number, leaf in store.database.query(leaves)]
    return Trail(entries=tuple(_entry(store, one, redaction) for one in entries), total=total + len(others))


def _others(store: Store, subject: Subject, upto: int) -> list[int]:
    """Returns the entries besides evidence that are of this release."""
    query = select(Ledger.entry, Ledger.leaf).where(Ledger.type != "evidence", Ledger.entry < upto).order_by(col(Ledger.entry))
    found: list[int] = []
    for number, leaf in store.database.query(query):
        body = Entry(number, leaf).body
        about: dict[str, Any] | None = body.get("subject")
        same = about is None or (about.get("project") == subject.project and about.get("commit") == subject.commit)
        if same and (body["type"] != "collection" or _made_something_of(store, subject, body)):
            found.append(number)
    return found


def _made_something_of(store: Store, subject: Subject, body: Mapping[str, Any]) -> bool:
    numbers = [number for run in body["runs"] for number in run["evidence"]]
    if not numbers:
        return True
    rows = store.database.query(select(Evidence.commit).where(col(Evidence.entry).in_(numbers[:1])))
    return bool(rows) and rows[0][0] in (None, subject.commit)


def _entry(store: Store, entry: Entry, redaction: Redaction) -> TrailEntry:
    text = describe(entry, redaction.private(store.private(entry.number)))
    return TrailEntry(number=entry.number, at=entry.at, type=entry.type, text=cut(text, _TEXT))
