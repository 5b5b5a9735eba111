"""An in-memory project with one gate, for tests of the engine: everything can be set, nothing touches the disk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from compliance.assessment import Assessment, StoreState
from compliance.catalog import Catalog
from compliance.configuration import Document, ProjectTable
from compliance.gate import Area, Gate, Inputs, Item, Params, Reason, Verdict, failed, gate, not_assessed, passed
from compliance.judgement.assessing import Case, assess
from compliance.judgement.view import View
from compliance.kind import Kind
from compliance.project import Project
from compliance.record import Assurance, Payload
from compliance.subject import Binding, Subject

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
COMMIT, OTHER = "a" * 40, "b" * 40

DOC = """A gate.

Asks: whether the number is small.
Why: because.
Evidence: a number.
Fix: make it smaller.
Maps to: nothing.
"""


class Number(Payload):
    """A payload with one number; the limit is 10."""

    number: int | None = 1
    category: str = "plain"


def small(inputs: Inputs, params: Params) -> Verdict:  # noqa: ARG001
    numbers = [item.payload.number for kind in inputs.items.values() for item in kind]
    known = [number for number in numbers if number is not None]
    if any(number > 10 for number in known):
        return failed(f"{max(known)} is more than 10", observed=max(known), threshold=10)
    if not known:
        return not_assessed(Reason.MISSING, "no number")
    return passed(f"{max(known)} is at most 10", observed=max(known), threshold=10)


small.__doc__ = DOC
small.__module__ = "policies.alpha.test"


def make_gate(judge: Callable[[Inputs, Any], Verdict] = small, id: str = "T-1", **metadata: Any) -> Gate:
    reads = metadata.pop("reads", ("number",))
    area = metadata.pop("area", Area.SECURITY)
    return gate(id=id, statement="The number is small", principle="Numbers", area=area, reads=reads, **metadata)(judge)


def make_kind(id: str = "number", binds_to: Binding = Binding.COMMIT, *, judges_tree: bool = False) -> Kind:
    return Kind(id=id, title=id, binds_to=binds_to, payload=Number, judges_tree=judges_tree)


def make_project(
    *gates: Gate,
    kinds: tuple[Kind, ...] = (make_kind(),),
    profile: Literal["service", "library", "cli"] = "service",
    profile_by: str | None = "somebody",
    settings: dict[str, dict[str, Any]] | None = None,
) -> Project:
    table = ProjectTable(name="p", profile=profile, profile_by=profile_by)
    catalog = Catalog({kind.id: kind for kind in kinds}, {}, {one.id: one for one in gates})
    return Project(Path("/"), Document(project=table, gates=settings or {}), catalog, None)


def item(
    entry: int = 1,
    number: int | None = 1,
    *,
    commit: str | None = COMMIT,
    environment: str | None = "staging",
    age: timedelta | None = timedelta(hours=1),
    assurance: Assurance = Assurance.IMPORTED,
    incomplete: str | None = None,
    kind: str = "number",
    category: str = "plain",
    payload: Any = None,
    dirty: bool | None = None,
    tool: str | None = None,
    name: str = "",
    version: str | None = None,
    of_project: bool = False,
) -> Item:
    return Item(
        entry=entry,
        kind=kind,
        format="f",
        subject=Subject(project="p", version=version, commit=commit, environment=environment, dirty=dirty),
        payload=payload or Number(number=number, incomplete=incomplete, category=category),
        assurance=assurance,
        observed_at=None if age is None else NOW - age,
        collected_at=NOW,
        recorded_at=NOW,
        tool=tool,
        name=name,
        of_project=of_project,
    )


def judged(
    project: Project, *items: Item, point: str = "production", commit: str | None = COMMIT, version: str | None = "1.8"
) -> Assessment:
    by_kind: dict[str, tuple[Item, ...]] = {}
    for one in items:
        by_kind[one.kind] = (*by_kind.get(one.kind, ()), one)
    at = project.point(point)
    subject = Subject(project="p", version=version, commit=commit, environment=at.environment)
    view = View(by_kind or {"other": (item(99, kind="other"),)}, {})
    return assess(Case(project, view, subject, at, StoreState(size=1, root="00")), NOW)
