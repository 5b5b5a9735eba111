"""Reading evidence from a store: what older evidence can no longer say is not read, and no verdict changes by that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance.assessment import Assessment, StoreState
from compliance.gate import Item
from compliance.judgement import view
from compliance.judgement.admission import Admission
from compliance.judgement.assessing import Case, assess
from compliance.kind import Kind
from compliance.project import Project
from compliance.record import Assurance, Payload
from compliance.source import Source
from compliance.store import EvidenceDraft, Store
from compliance.subject import Binding, Subject
from compliance.times import rfc3339
from tests.world import COMMIT, NOW, make_gate, make_project

SUBJECT = Subject(project="p", version="1.8", commit=COMMIT, environment="staging")
DAY = timedelta(days=1)


class Plain(Payload):
    """A number of no category."""

    number: int


KIND = Kind(id="number", title="number", binds_to=Binding.PROJECT, payload=Plain)
PROJECT = make_project(make_gate(max_age=7 * DAY), make_gate(id="T-2"), kinds=(KIND,))


def draft(
    commit: int, number: int, age: timedelta, *, name: str = "n.yaml", assurance: Assurance = Assurance.IMPORTED, incomplete: bool = False
) -> EvidenceDraft:
    """A number of the whole project, recorded at some commit."""
    body = {
        "kind": "number",
        "format": "f",
        "parser": 1,
        "subject": Subject(project="p", commit=f"{commit:040x}").model_dump(mode="json"),
        "source": {"how": "ingested", "collector": None, "tool": None, "tool_version": None, "exit_code": None, "scope": {}},
        "observed_at": rfc3339(NOW - age),
        "observed_basis": "file",
        "collected_at": rfc3339(NOW),
        "assurance": assurance.value,
        "artifact": {"redacted": False, "original": None},
        "summary": {},
    }
    payload = Plain(number=number, incomplete="half of it" if incomplete else None)
    return EvidenceDraft(
        body=body, private={"paths": {"name": name}}, source=Source(name, str((commit, number, age)).encode()), payload=payload
    )


def seen(store: Store, settles: Callable[[Item], bool]) -> view.View:
    return view.build(store, PROJECT.catalog.kinds, SUBJECT, settles=settles)


def settles(item: Item) -> bool:
    return Admission(PROJECT.catalog.kinds, SUBJECT, NOW).settles(PROJECT.gates.values(), item)


def judged(project: Project, found: view.View, later: timedelta) -> Assessment:
    at = project.point("production")
    return assess(Case(project, found, SUBJECT, at, StoreState(size=1, root="00")), NOW + later)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "evidence.db") as made:
        yield made


def test_what_a_later_record_replaces_is_not_read(store: Store) -> None:
    store.record([draft(n, 1, (9 - n) * timedelta(hours=1)) for n in range(9)])
    assert [one.entry for one in seen(store, settles).items["number"]] == [9]
    assert len(seen(store, lambda _: False).items["number"]) == 9


@pytest.mark.parametrize("how", [{"incomplete": True}, {"assurance": Assurance.STATED}, {"name": "other.yaml"}, {"age": 8 * DAY}], ids=str)
def test_what_replaces_nothing_leaves_the_older_to_be_read(store: Store, how: dict[str, object]) -> None:
    store.record([draft(1, 1, 9 * DAY), draft(2, 2, **{"age": DAY, **how})])  # type: ignore[arg-type]
    assert [one.entry for one in seen(store, settles).items["number"]] == [2, 1]


RECORDS = st.builds(
    draft,
    st.integers(0, 3),
    st.sampled_from([1, 11]),
    st.integers(-2, 12 * 24).map(lambda hours: timedelta(hours=hours)),
    name=st.sampled_from(["n.yaml", "other.yaml"]),
    assurance=st.sampled_from([Assurance.STATED, Assurance.IMPORTED]),
    incomplete=st.booleans(),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drafts=st.lists(RECORDS, min_size=1, max_size=6), later=st.integers(0, 10).map(lambda days: days * DAY))
def test_no_verdict_changes_by_what_is_not_read(
    tmp_path_factory: pytest.TempPathFactory, drafts: list[EvidenceDraft], later: timedelta
) -> None:
    with Store.create(tmp_path_factory.mktemp("s") / "evidence.db") as made:
        made.record(drafts)
        some, every = (judged(PROJECT, seen(made, how), later) for how in (settles, lambda _: False))
    assert [(one.verdict, one.reason, one.observed, one.evidence) for one in some.gates] == [
        (one.verdict, one.reason, one.observed, one.evidence) for one in every.gates
    ]


def test_a_changed_payload_is_refused_when_it_is_read(store: Store) -> None:
    store.record([draft(1, 1, DAY)])
    stored = store.evidence_of(1)
    changed = type(stored)(stored.entry, stored.data.replace(b'"number":1', b'"number":2'), stored.sealed)
    with pytest.raises(Exception, match="its payload is not the one that was recorded"):
        _ = changed.payload
