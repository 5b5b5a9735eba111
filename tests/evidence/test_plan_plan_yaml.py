"""Release plans: the graph of tasks, its critical path and schedule, and what really happened."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance.errors import InputError
from compliance.record import Assurance, split_private

from .helpers import assert_only_refuses, mutations, read, recognised

NAME = "plan-yaml"
PLAN = b"""\
schema: compliance/plan/v1
title: Release 1.8
version: "1.8"
recorded-at: 2025-09-20T15:00:00Z
resources:
  - {name: staging}
tasks:
  - id: build
    title: Build and tag
    owner: jane@example.org
    estimate: 30min
    started-at: 2025-09-20T10:00:00Z
    finished-at: 2025-09-20T10:24:00Z
  - {id: deploy, owner: ops, estimate: 1h, needs: [build], resource: staging}
  - {id: load-test, owner: qa, estimate: 1h 30min, needs: [build], resource: staging}
  - {id: docs, owner: jane@example.org, estimate: 2h}
"""


def plan(data: bytes | str) -> Any:
    return read("plan", NAME, data if isinstance(data, bytes) else data.encode()).payload


def tasks(*written: str) -> Any:
    lines = "".join(f"  - {{{text}}}\n" for text in written)
    return plan(f"schema: compliance/plan/v1\nrecorded-at: 2025-09-20T15:00:00Z\ntasks:\n{lines}")


def test_a_plan_is_read_and_analysed() -> None:
    parsed = read("plan", NAME, PLAN)
    payload: Any = parsed.payload
    assert (payload.title, payload.version, parsed.version) == ("Release 1.8", "1.8", "1.8")
    assert parsed.observed_at is not None
    assert parsed.assurance is Assurance.STATED
    assert (payload.edges, payload.cycle, payload.unknown_needs) == (2, (), ())
    assert payload.critical_path == ("build", "load-test", "deploy"), "the last two contend for staging"
    assert (payload.makespan_s, payload.work_s) == (7200.0, 18000.0)
    assert payload.scheduled_s == 10800.0, "deploy and load test both occupy staging"
    assert payload.parallelism == 1.667
    assert {task.id: task.start_s for task in payload.tasks} == {"build": 0, "docs": 0, "load-test": 1800, "deploy": 7200}
    assert (payload.actual_s, payload.actual_parallelism) == (None, None)
    assert recognised(PLAN) == [NAME]


def test_owners_are_private() -> None:
    payload = plan(PLAN)
    public, private = split_private(payload)
    assert "jane" not in str(public)
    assert "jane" not in str(payload.summary())
    assert private["people"]["/tasks/0/owner"] == "jane@example.org"
    assert payload.summary()["owned"] == 4


def test_what_really_happened_is_measured_when_all_of_it_is_written() -> None:
    payload = tasks(
        "id: a, started-at: '2025-09-20T10:00:00Z', finished-at: '2025-09-20T11:00:00Z'",
        "id: b, started-at: '2025-09-20T10:30:00Z', finished-at: '2025-09-20T12:00:00Z'",
    )
    assert (payload.actual_s, payload.actual_work_s, payload.actual_parallelism) == (7200.0, 9000.0, 1.25)
    assert payload.makespan_s is None, "no estimates"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90s", 90), ("30min", 1800), ("1h 30min", 5400), ("1h30min", 5400), ("2d", 172800), ("1w", 604800), ("0min", 0)],
)
def test_estimates_are_spans(written: str, seconds: float) -> None:
    assert tasks(f"id: a, estimate: {written}").makespan_s == seconds


def test_cycles_and_unknown_needs_are_read_and_leave_no_figures() -> None:
    payload = tasks("id: a, estimate: 1h, needs: [c]", "id: b, estimate: 1h, needs: [a]", "id: c, estimate: 1h, needs: [b, ghost]")
    assert payload.cycle in (("a", "c", "b", "a"), ("b", "a", "c", "b"), ("c", "b", "a", "c"))
    assert payload.unknown_needs == (("c", "ghost"),)
    assert (payload.edges, payload.makespan_s, payload.critical_path) == (3, None, ())
    assert tasks("id: a, needs: [a]").cycle == ("a", "a")
    assert tasks("id: a, estimate: 1h, needs: [ghost]").makespan_s == 3600.0


def test_milestones_take_no_time() -> None:
    payload = tasks(
        "id: go, estimate: 0min, needs: [a, b]", "id: a, estimate: 1h", "id: b, estimate: 2h", "id: c, estimate: 1h, needs: [go]"
    )
    assert payload.critical_path == ("b", "go", "c")
    assert payload.makespan_s == 10800.0


Needs = list[list[int]]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[int], Needs, list[int]]:
    count = draw(st.integers(1, 8))
    lengths = draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    needs = [draw(st.lists(st.integers(0, number - 1), unique=True, max_size=3)) if number else [] for number in range(count)]
    return lengths, needs, draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_schedules_keep_order_and_resources_and_the_critical_path_is_the_longest(graph: tuple[list[int], Needs, list[int]]) -> None:
    lengths, needs, held = graph
    document = {
        "schema": "compliance/plan/v1",
        "recorded-at": "2025-09-20T15:00:00Z",
        "resources": [{"name": "r1"}, {"name": "r2", "capacity": 2}],
        "tasks": [
            {
                "id": f"t{number}",
                "estimate": f"{length}h",
                "needs": [f"t{one}" for one in needs[number]],
                **({"resource": f"r{held[number]}"} if held[number] else {}),
            }
            for number, length in enumerate(lengths)
        ],
    }
    payload = plan(json.dumps(document))
    longest: list[int] = []
    for number, length in enumerate(lengths):
        longest.append(length + max((longest[one] for one in needs[number]), default=0))
    assert payload.makespan_s == 3600.0 * max(longest)
    start = [task.start_s / 3600 for task in payload.tasks]
    end = [begin + length for begin, length in zip(start, lengths, strict=True)]
    assert all(start[number] >= end[one] for number, many in enumerate(needs) for one in many)
    for resource, capacity in ((1, 1), (2, 2)):
        mine = [number for number, one in enumerate(held) if one == resource and lengths[number]]
        for number in mine:
            assert sum(start[other] <= start[number] < end[other] for other in mine) <= capacity
    assert payload.scheduled_s == 3600.0 * max(end)
    path = [int(name[1:]) for name in payload.critical_path]
    assert start[path[0]] == 0
    assert end[path[-1]] == max(end)
    assert all(end[one] == start[other] for one, other in pairwise(path))
    assert payload.work_s == 3600.0 * sum(lengths)


def test_every_timed_task_is_a_citation() -> None:
    digest = "sha256:" + "ab" * 32
    data = PLAN.replace(b"    finished-at", f"    artifact: {digest}\n    finished-at".encode())
    (citation,) = read("plan", NAME, data).citations
    assert (citation.step, citation.artifact) == ("build", "ab" * 32)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("id: deploy", "id: build", "task 'build' twice"),
        ("name: staging", "name: stage", "resource 'staging' of task 'deploy'; expected one of `resources`"),
        ("30min", "30m", "/tasks/0/estimate: '30m'; expected a span such as 30min, 1h 30min or 2d"),
        ("30min", "-1h", "/tasks/0/estimate: '-1h'; expected a span"),
        ("estimate: 30min", "estimate: 30", "/tasks/0/estimate: 30; expected a span"),
        ("needs: [build]", "needs: [build, build]", "task 'deploy' that needs something twice"),
        ("needs: [build]", "needs: build", "/tasks/1/needs"),
        ("10:24:00Z", "09:24:00Z", "/tasks/0: finished-at 2025-09-20T09:24:00Z; expected a time not before"),
        ("10:24:00Z", "10:24:00", "/tasks/0/finished-at: '2025-09-20T10:24:00'; expected an RFC 3339 time"),
        ("15:00:00Z", "10:10:00Z", "recorded-at 2025-09-20T10:10:00Z; expected a time not before the last task"),
        ("id: docs", "id: 'd o'", "/tasks/3/id"),
        ("owner: ops", "owners: ops", "/tasks/1: unknown key 'owners'; expected 'owner'"),
        ("recorded-at: 2025-09-20T15:00:00Z\n", "", "no key 'recorded-at'"),
        ("{name: staging}", "{name: staging, capacity: 0}", "/resources/0/capacity: 0"),
    ],
)
def test_refusals_say_where_and_what_was_expected(old: str, new: str, reason: str) -> None:
    assert old.encode() in PLAN
    with pytest.raises(InputError) as caught:
        plan(PLAN.replace(old.encode(), new.encode(), 1))
    assert reason in caught.value.reason


def test_a_plan_without_tasks_is_refused() -> None:
    with pytest.raises(InputError, match=r"tasks"):
        plan("schema: compliance/plan/v1\nrecorded-at: 2025-09-20T15:00:00Z\ntasks: []\n")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutations(PLAN))
def test_mutated_plans_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("plan", NAME, data)
