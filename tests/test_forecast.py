"""Looking ahead: what turns red, and when, if nothing is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.assessment import Assessment, StoreState
from compliance.gate import Item, Status
from compliance.judgement.assessing import Case, assess
from compliance.judgement.forecast import PRECISION, forecast
from compliance.judgement.view import View
from compliance.project import Project
from compliance.subject import Subject
from tests.world import COMMIT, NOW, item, make_gate, make_project

DAY = timedelta(days=1)


def judge(project: Project, *items: Item) -> Callable[[datetime], Assessment]:
    at = project.point("production")
    subject = Subject(project="p", commit=COMMIT, environment=at.environment)
    view = View({"number": items}, {})
    return lambda time: assess(Case(project, view, subject, at, StoreState(size=1, root="00")), time)


def test_evidence_that_ages_turns_its_gate_red_to_the_minute() -> None:
    project = make_project(make_gate(max_age=7 * DAY), make_gate(id="T-2"))
    ahead = forecast(judge(project, item(age=DAY)), NOW, 30 * DAY)
    assert [(one.gate, one.before, one.after) for one in ahead.turns] == [("T-1", Status.PASS, Status.NOT_ASSESSED)]
    assert timedelta() <= ahead.turns[0].at - (NOW + 6 * DAY) <= 2 * PRECISION
    assert ahead.outcome_at_end == "no-go"


def test_what_is_red_already_does_not_turn() -> None:
    project = make_project(make_gate(max_age=7 * DAY))
    assert forecast(judge(project, item(number=11, age=DAY)), NOW, 30 * DAY).turns == ()
    assert forecast(judge(project, item(age=9 * DAY)), NOW, 30 * DAY).turns == ()


def test_nothing_turns_within_a_span_that_is_too_short() -> None:
    assert forecast(judge(make_project(make_gate(max_age=7 * DAY)), item(age=DAY)), NOW, 5 * DAY).turns == ()


@settings(max_examples=25, deadline=None)
@given(limits=st.lists(st.integers(1, 60 * 24 * 40), min_size=1, max_size=4, unique=True))
def test_each_gate_turns_when_its_own_evidence_is_too_old(limits: list[int]) -> None:
    gates = [make_gate(id=f"T-{number}", max_age=timedelta(minutes=minutes)) for number, minutes in enumerate(limits)]
    ahead = forecast(judge(make_project(*gates), item(age=timedelta())), NOW, 20 * DAY)
    expected = {f"T-{number}": timedelta(minutes=minutes) for number, minutes in enumerate(limits) if minutes < 20 * 24 * 60}
    assert {one.gate for one in ahead.turns} == expected.keys()
    assert list(ahead.turns) == sorted(ahead.turns, key=lambda one: (one.at, one.gate))
    for one in ahead.turns:
        assert timedelta() <= one.at - (NOW + expected[one.gate]) <= 2 * PRECISION
