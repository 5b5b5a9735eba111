"""Evidence as gates see it: read from a prefix of the ledger, one item per slot, the newest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
from pydantic import ValidationError
from sqlmodel import col, func, select

from .. import decision, waiver
from ..decision import Condition, SignOff
from ..gate import Item
from ..kind import Kind
from ..record import Assurance, Finding
from ..role import Role
from ..store import Store, StoredEvidence, tables
from ..store.ledger import Entry
from ..subject import Binding, Subject
from ..times import read_rfc3339
from ..waiver import Waiver

if TYPE_CHECKING:
    from ..sign.statement import Signers


@dataclass(frozen=True)
class Unreadable:
    """Stands for the payload of evidence that this version cannot read back."""

    why: str


@dataclass(frozen=True)
class View:
    """What an assessment may see."""

    items: Mapping[str, tuple[Item, ...]]
    """Evidence by kind, newest first: all of it, since a later run replaces an earlier one only if it may."""
    could_not_run: Mapping[str, tuple[str, ...]]
    """Per kind, what the collectors that could not run said, from the last collection."""
    waivers: tuple[Waiver, ...] = ()
    """As `waiver.read` returns them: how they stand is for the judgement to say."""
    waived: Mapping[int, tuple[Finding, ...]] = field(default_factory=dict)
    """Open findings that waivers name, by the evidence that holds them."""
    sign_offs: tuple[SignOff, ...] = ()
    conditions: tuple[Condition, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is no evidence at all."""
        return not any(self.items.values())

    @property
    def newest(self) -> dict[str, tuple[Item, ...]]:
        """The newest item of each slot by kind, for pictures; what counts is for `assessing` to say."""
        return {kind: newest_per_slot(many) for kind, many in self.items.items()}


def build(
    store: Store,
    kinds: Mapping[str, Kind],
    subject: Subject,
    *,
    roles: Sequence[Role] = (),
    signers: Callable[[], Signers] | None = None,
    upto: int | None = None,
    settles: Callable[[Item], bool] = lambda _: False,
) -> View:
    """Reads the evidence of a subject, and what people decided on its project.

    Evidence of other commits is read only where it can count (kinds bound to the project) or to say that it is foreign (the newest).

    Args:
        store: The store.
        kinds: The kinds that are installed.
        subject: What is judged.
        roles: Roles of the project.
        signers: Gives those whose signatures count; asked only where there are signatures. None: decisions of people are not read.
        upto: Number of ledger entries that are seen; all when None.
        settles: Tells of a piece of evidence of the project whether each gate would take it for all that is older of its slot, which is
            then not read: a project that has released a thousand times has a thousand registers of its risks.
    """
    read = [item_of(store, kinds[one.entry.body["kind"]], one) for one in _bound(store, kinds, subject, upto)]
    of_project = _free(store, kinds, subject, upto)
    items: dict[str, list[Item]] = {}
    for item in (*read, *_of_project(store, kinds, of_project, settles)):
        items.setdefault(item.kind, []).append(item)
    ordered = {kind: tuple(sorted(many, key=when, reverse=True)) for kind, many in items.items()}
    view = View(ordered, _could_not_run(store, upto))
    if signers is None or not store.has_entries([waiver.TYPE, decision.TYPE], upto=upto):
        return view
    known = signers()
    waivers = waiver.read(store, subject.project, roles, known, upto=upto)
    sign_offs, conditions = decision.read(store, subject.project, roles, known, upto=upto)
    fingerprints = sorted({name for one in waivers for name in waiver.named(one)})
    held = {item.entry: store.findings_named(item.entry, fingerprints) for many in items.values() for item in many} if fingerprints else {}
    waived = {entry: tuple(findings) for entry, findings in held.items() if findings}
    return replace(view, waivers=tuple(waivers), waived=waived, sign_offs=tuple(sign_offs), conditions=tuple(conditions))


def entries_read(store: Store, kinds: Mapping[str, Kind], subject: Subject, upto: int | None = None) -> set[int]:
    """Returns the entries whose payloads and private values `build` may read; of all others it reads the leaves at most.

    Whoever has these whole, and the leaves of all others, judges as the store does. The arguments are those of `build`.
    """
    evidence = {one.entry.number for one in (*_bound(store, kinds, subject, upto), *_free(store, kinds, subject, upto))}
    decided = store.entries(types=[waiver.TYPE, decision.TYPE, decision.CONDITION_TYPE], upto=upto)
    people = {entry.number for entry in decided if entry.body["subject"]["project"] == subject.project}
    return evidence | people | collections_read(store, upto)


def collections_read(store: Store, upto: int | None = None) -> set[int]:
    """Returns the collections of which `build` reads why a collector could not run."""
    return {entry.number for entry in _failed(store, upto).values()}


def _bound(store: Store, kinds: Mapping[str, Kind], subject: Subject, upto: int | None) -> list[StoredEvidence]:
    """Returns evidence of the commit, and per kind the newest of another one, to say that it is foreign."""
    bound = [kind.id for kind in kinds.values() if kind.binds_to is not Binding.PROJECT]
    found = store.evidence(kinds=bound, commits=[subject.commit], upto=upto)
    found += [store.evidence_of(number) for number in _newest_foreign(store, bound, subject.commit, upto)]
    return [one for one in found if _project(one) == subject.project]


def _free(store: Store, kinds: Mapping[str, Kind], subject: Subject, upto: int | None) -> list[StoredEvidence]:
    """Returns evidence of the project as a whole."""
    free = [kind.id for kind in kinds.values() if kind.binds_to is Binding.PROJECT]
    return [one for one in store.evidence(kinds=free, upto=upto) if _project(one) == subject.project]


def slot(item: Item) -> tuple[Any, ...]:
    """Returns what a later run of the same thing shares: format, tool, category, name, environment, what it is of, how it was made.

    What is bound to the project replaces what was recorded at an earlier commit, unless the two say that they are of different versions.
    """
    mine = item.subject
    category = getattr(item.payload, "category", None)
    return item.format, item.tool, category, item.name, mine.environment, mine.version if item.of_project else mine.commit, item.collected


def thing(item: Item) -> tuple[Any, ...]:
    """Returns what runs of the same thing share whichever commit they are of: their `slot` but for that."""
    return item.kind, item.format, item.tool, getattr(item.payload, "category", None), item.name, item.collected


def when(item: Item) -> tuple[datetime, int]:
    """Returns what orders items in time: when they were observed, else collected; then their number."""
    return item.observed_at or item.collected_at, item.entry


def newest_per_slot(items: Iterable[Item]) -> tuple[Item, ...]:
    """Keeps the newest item of each slot, newest first."""
    newest = {slot(item): item for item in sorted(items, key=when)}
    return tuple(sorted(newest.values(), key=when, reverse=True))


def _project(stored: StoredEvidence) -> str:
    return str(stored.entry.body["subject"]["project"])


def _of_project(
    store: Store, kinds: Mapping[str, Kind], found: Iterable[StoredEvidence], settles: Callable[[Item], bool]
) -> Iterator[Item]:
    """Yields evidence of the project, newest first, until what is older of a slot can say nothing more."""
    settled: set[tuple[Any, ...]] = set()
    for stored in sorted(found, key=_when, reverse=True):
        kind = kinds[stored.entry.body["kind"]]
        place = _place(stored)
        if place in settled:
            continue
        item = item_of(store, kind, stored)
        yield item
        if settles(item) and "category" not in kind.payload.model_fields:  # a category is seen only in what is read
            settled.add(place)


def _when(stored: StoredEvidence) -> tuple[datetime, int]:
    """As `when`, of what is not read yet."""
    body = stored.entry.body
    return read_rfc3339(body["observed_at"] or body["collected_at"]), stored.entry.number


def _place(stored: StoredEvidence) -> tuple[Any, ...]:
    """As `slot` within a kind, of what is bound to the project and not read yet."""
    body = stored.entry.body
    source, subject = body["source"], body["subject"]
    return body["kind"], body["format"], source["tool"], source["how"], stored.name, subject["environment"], subject["version"]


def _newest_foreign(store: Store, kinds: list[str], commit: str | None, upto: int | None) -> list[int]:
    evidence = tables.Evidence
    other = col(evidence.commit).is_not(None) if commit is None else col(evidence.commit) != commit
    query = (
        select(func.max(evidence.entry))
        .where(col(evidence.kind).in_(kinds), other)
        .group_by(col(evidence.kind))
        .order_by(col(evidence.kind))
    )
    if upto is not None:
        query = query.where(evidence.entry < upto)
    return [row[0] for row in store.database.query(query)]


def item_of(store: Store, kind: Kind, stored: StoredEvidence) -> Item:
    """Returns a stored piece of evidence as gates see it."""
    body = stored.entry.body
    source = body["source"]
    try:
        payload: Any = kind.payload.model_validate_json(msgspec.json.encode(stored.payload))
    except ValidationError as error:
        first = error.errors()[0]
        payload = Unreadable(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    worst: Callable[[int], Any] = partial(_worst, store, stored.entry.number)
    return Item(
        entry=stored.entry.number,
        kind=kind.id,
        format=body["format"],
        subject=Subject.model_validate(body["subject"]),
        payload=payload,
        assurance=Assurance(body["assurance"]),
        observed_at=read_rfc3339(body["observed_at"]) if body["observed_at"] else None,
        collected_at=read_rfc3339(body["collected_at"]),
        recorded_at=stored.entry.at,
        tool=source["tool"],
        tool_version=source["tool_version"],
        collected=source["how"] == "collected",
        of_project=kind.binds_to is Binding.PROJECT,
        scope=source["scope"],
        name=stored.name,
        artifact=body["artifact"]["sha256"],
        worst=worst,
    )


def _worst(store: Store, number: int, limit: int) -> Any:
    return store.findings(number, limit=limit, open_only=True)


def _failed(store: Store, upto: int | None) -> dict[tuple[str, str], Entry]:
    """Returns the entries of the last collections of those collectors that could not run then, by kind and collector."""
    last: dict[tuple[str, str], tuple[Entry, bool]] = {}
    for entry in sorted(store.entries(types=["collection"], upto=upto), key=attrgetter("first_at")):
        for run in entry.body["runs"]:
            last[run["kind"], run["collector"]] = entry, run["outcome"] == "ran"
    return {which: entry for which, (entry, ran) in last.items() if not ran}


def _could_not_run(store: Store, upto: int | None) -> dict[str, tuple[str, ...]]:
    grouped: dict[str, tuple[str, ...]] = {}
    for (kind, collector), entry in _failed(store, upto).items():
        reasons = store.private_of(entry).get("paths", {}).get("reasons", {})
        grouped[kind] = (*grouped.get(kind, ()), str(reasons.get(f"{kind}/{collector}", "could not run")))
    return grouped
