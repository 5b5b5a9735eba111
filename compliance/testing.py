"""For tests of gates of your own: evidence in memory, what a gate makes of it, and what to expect.

::

    from compliance.testing import assert_fails, assert_passes, evidence, judged

    def test_our_limit() -> None:
        good = evidence("coverage", lines_covered=90, lines_total=100, branches_covered=None, branches_total=None, files=3)
        assert_passes(judged(our_gate, good))
        assert_fails(judged(our_gate, evidence("coverage", of=good, lines_covered=10)), "10 of 100")

`judged` takes the way of a real judgement: stale, foreign, weak and missing evidence are the engine's business there, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from .assessment import GateResult, StoreState
from .catalog import Catalog, shipped
from .configuration import Document, ProjectTable
from .gate import Gate, Item, Reason, Status
from .judgement.assessing import Case, assess
from .judgement.view import View
from .kind import Kind
from .project import Project
from .record import Assurance
from .subject import Binding, Subject

__all__ = ["COMMIT", "NOW", "assert_fails", "assert_not_assessed", "assert_passes", "evidence", "judged"]

NOW: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)
"""Time of the judgement."""
COMMIT: Final = "5f3a" * 10
"""The commit that is judged."""
_PROJECT: Final = "tested"


def evidence(
    kind: str | Kind,
    *,
    of: Item | None = None,
    entry: int = 1,
    age: timedelta | None = timedelta(hours=1),
    commit: str | None = COMMIT,
    environment: str | None = "staging",
    assurance: Assurance = Assurance.IMPORTED,
    tool: str | None = None,
    **payload: Any,
) -> Item:
    """Makes a piece of evidence.

    Args:
        kind: Id of a shipped kind, or a kind of your own.
        of: Evidence whose payload is taken, with the named fields changed.
        entry: Its number.
        age: How long before `NOW` it was observed; None when it does not say.
        commit: The commit that it is about.
        environment: Where it was made.
        assurance: What it is worth.
        tool: What made it.
        **payload: Fields of the payload; nested ones as mappings.

    Raises:
        ValidationError: The payload lacks a field, or has one of another type.
    """
    found = kind if isinstance(kind, Kind) else shipped().kinds[kind]
    fields = {**(of.payload.model_dump() if of is not None else {}), **payload}
    return Item(
        entry=entry,
        kind=found.id,
        format="test",
        subject=Subject(project=_PROJECT, commit=commit, environment=environment),
        payload=found.payload.model_validate(fields),
        assurance=assurance,
        observed_at=None if age is None else NOW - age,
        collected_at=NOW,
        recorded_at=NOW,
        tool=tool,
        of_project=found.binds_to is Binding.PROJECT,
    )


def judged(
    gate: Gate,
    *items: Item,
    settings: Mapping[str, Any] | None = None,
    point: Literal["change", "staging", "production", "rollback"] = "production",
    at: datetime = NOW,
    kinds: Mapping[str, Kind] | None = None,
) -> GateResult:
    """Judges one gate on some evidence, as a real judgement does.

    Args:
        gate: The gate.
        *items: What `evidence` made; none: the evidence is missing.
        settings: Its table ``[gates."ID"]``.
        point: Decision point.
        at: Time of the judgement.
        kinds: Kinds of your own that the evidence has.
    """
    table = ProjectTable(name=_PROJECT, profile_by="a test")
    known = {**shipped().kinds, **(kinds or {})}
    document = Document(project=table, gates={gate.id: dict(settings or {})})
    project = Project(Path("/"), document, Catalog(known, {}, {gate.id: gate}), None)
    by_kind: dict[str, tuple[Item, ...]] = {"": (evidence_of_nothing(),)}
    for one in items:
        by_kind[one.kind] = (*by_kind.get(one.kind, ()), one)
    where = project.point(point)
    subject = Subject(project=_PROJECT, commit=COMMIT, environment=where.environment)
    case = Case(project, View(by_kind, {}), subject, where, StoreState(size=1, root="00"))
    return assess(case, at, only=[gate.id]).result(gate.id)


def evidence_of_nothing() -> Item:
    """Returns evidence that no gate reads: a judgement without any evidence is refused as a whole."""
    return Item(
        entry=0,
        kind="",
        format="test",
        subject=Subject(project=_PROJECT),
        payload=None,
        assurance=Assurance.STATED,
        observed_at=None,
        collected_at=NOW,
        recorded_at=NOW,
    )


def assert_passes(result: GateResult, *words: str) -> None:
    """Checks for a pass whose message holds the words."""
    _expect(result, Status.PASS, None, words)


def assert_fails(result: GateResult, *words: str) -> None:
    """Checks for a failure whose message holds the words."""
    _expect(result, Status.FAIL, result.reason, words)


def assert_not_assessed(result: GateResult, reason: Reason, *words: str) -> None:
    """Checks that the gate could not be assessed for a reason, with a message that holds the words."""
    _expect(result, Status.NOT_ASSESSED, reason, words)


def _expect(result: GateResult, status: Status, reason: Reason | None, words: tuple[str, ...]) -> None:
    found = (result.verdict.value, result.reason and result.reason.value, result.message)
    if (result.verdict, result.reason) != (status, reason):
        raise AssertionError(f"got {found}, expected {status.value}{f' ({reason.value})' if reason else ''}")
    missing = [word for word in words if word not in result.message]
    if missing:
        raise AssertionError(f"got {found}, expected a message with {missing}")
