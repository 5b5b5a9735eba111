"""The evidence register: which pieces of evidence a report was made from, and what each of them looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..gate import Item
from ..judgement.view import Unreadable, View
from ..kind import Kind
from ..record import Json
from ..store import Store
from ..subject import Subject
from .figures.build import of_subject
from .model import EvidenceRow, Register
from .redact import WHOLE, Redaction
from .words import count, cut, label, listed, plain, show

_NAME: Final = 160
_TEXT: Final = 140
_SCOPE: Final = (("errors", "error"), ("skipped", "skipped"), ("suppressed", "suppressed"), ("unparsed", "unparsed line"))
"""Counts of a scan's payload that say what was left out; printed when they are not 0."""


def registered(view: View) -> dict[int, Item]:
    """Returns every piece of evidence that the judgement saw, by number."""
    return {item.entry: item for many in view.items.values() for item in many}


def register(
    store: Store,
    kinds: Mapping[str, Kind],
    items: Mapping[int, Item],
    used: Iterable[int],
    subject: Subject,
    limit: int,
    redaction: Redaction = WHOLE,
) -> Register:
    """Returns the register.

    Args:
        store: The store.
        kinds: The kinds that are installed.
        items: Evidence by number.
        used: Numbers that a verdict rests on: they are listed first when not all can be.
        subject: What is judged.
        limit: Most rows.
        redaction: What the copy leaves out.
    """
    wanted = set(used)
    chosen = sorted(items, key=lambda number: (number not in wanted, number))[:limit]
    rows = tuple(_row(store, kinds, redaction.item(items[number]), subject, redaction) for number in sorted(chosen))
    return Register(rows=rows, total=len(items))


def _row(store: Store, kinds: Mapping[str, Kind], item: Item, subject: Subject, redaction: Redaction) -> EvidenceRow:
    body = store.entry(item.entry).body
    command = redaction.text(" ".join(map(str, store.private(item.entry).get("paths", {}).get("command", []))), "paths")
    artifact: dict[str, Any] = body["artifact"]
    return EvidenceRow(
        number=item.entry,
        kind=kinds[item.kind].title if item.kind in kinds else item.kind,
        format=item.format,
        tool=None if item.tool is None else cut(item.tool, 60),
        tool_version=None if item.tool_version is None else cut(item.tool_version, 40),
        name=cut(item.name or item.format, _NAME),
        how="collected" if item.collected else "ingested",
        command=cut(command, _TEXT) if command else None,
        scope=_scope(item),
        subject=_subject(item.subject),
        counts=of_subject(item, subject),
        observed_at=item.observed_at,
        recorded_at=item.recorded_at,
        assurance=item.assurance.value,
        size=int(artifact["size"]),
        sha256=item.artifact,
        redacted=bool(artifact.get("redacted")),
        incomplete=_incomplete(item),
    )


def _subject(subject: Subject) -> str:
    commit = f"commit {subject.commit[:12]}" if subject.commit else "no commit"
    return f"{commit}, {cut(subject.environment, 40)}" if subject.environment else commit


def _incomplete(item: Item) -> str | None:
    if isinstance(item.payload, Unreadable):
        return cut(f"cannot be read by this version: {item.payload.why}", _TEXT)
    return None if item.payload.incomplete is None else cut(item.payload.incomplete, _TEXT)


def _scope(item: Item) -> str | None:
    payload = item.payload
    parts = []
    scanned = getattr(payload, "scanned", None)
    if scanned is not None:
        parts.append(count(scanned, (getattr(payload, "scanned_what", None) or "items").removesuffix("s")))
    for name, noun in _SCOPE:
        amount = getattr(payload, name, None)
        if isinstance(amount, int) and amount and (scanned is not None or name == "unparsed"):
            parts.append(count(amount, noun, noun if noun.endswith("ed") else None))
    parts += [_fact(name, value) for name, value in item.scope.items()]
    return cut(listed(parts), _TEXT) if parts else None


def _fact(name: str, value: Json) -> str:
    return plain(f"{label(name)} {show(value, name)}")
