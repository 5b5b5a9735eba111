"""The Gantt chart of the release plan: what it says, and that it shows the plan that the gates judge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

from compliance.gate import Item
from compliance.report.figures import plan
from compliance.report.figures.model import PlanFigure
from compliance.report.figures.rows import ROWS
from tests.evidence.helpers import read
from tests.policies.helpers import item

PLAN = b"""\
schema: compliance/plan/v1
recorded-at: 2025-09-20T15:00:00Z
resources: [{name: staging}]
tasks:
  - {id: build, owner: a, estimate: 30min, started-at: 2025-09-20T10:00:00Z, finished-at: 2025-09-20T10:24:00Z}
  - id: deploy
    title: Deploy to staging
    owner: ops
    estimate: 1h
    needs: [build]
    resource: staging
    started-at: 2025-09-20T10:30:00Z
    finished-at: 2025-09-20T12:00:00Z
  - {id: docs, owner: a, estimate: 45min, started-at: 2025-09-20T10:00:00Z, finished-at: 2025-09-20T10:30:00Z}
"""
TIMELINE = b"# Phase 3\n- T+0:00 - a\n- T+0:30 - b\n- T+2:00 - c\n"


def of(data: bytes, name: str) -> Item:
    return replace(item("plan"), payload=read("plan", name, data).payload, format=name)


def figure(*items: Item) -> PlanFigure:
    found: Any = plan.figure(list(items), None)  # type: ignore[arg-type]
    assert isinstance(found, PlanFigure)
    return found


def words(found: PlanFigure) -> str:
    return " ".join(ElementTree.fromstring(plan.draw(found)).itertext()).replace("\u00a0", " ")


def test_the_caption_answers_how_long_and_on_what_it_depends() -> None:
    found = figure(of(PLAN, "plan-yaml"))
    caption = found.caption.replace("\u00a0", " ")
    assert caption == (
        "The 3 tasks take 1 h 30 min by plan, 1.5 at once on average; on the critical path: build and deploy. It really took 2 h."
    )
    assert [(row.name, row.critical) for row in found.tasks] == [("build", True), ("docs", False), ("Deploy to staging", True)]
    assert (found.end_s, found.actual_end_s) == (5400.0, 7200.0)


def test_the_picture_says_in_words_which_bars_are_which() -> None:
    shown = words(figure(of(PLAN, "plan-yaml")))
    for text in ("planned, on the critical path", "as it really was", "Deploy to staging", "30 min", "1 h"):
        assert text in shown


def test_a_timeline_says_that_it_knows_no_dependencies() -> None:
    found = figure(of(TIMELINE, "markdown-document"))
    assert "the last of which begins after 2" in found.caption
    assert "does not say what depends on what" in found.caption
    assert [row.length_s for row in found.tasks] == [1800.0, 5400.0, None]
    assert "no estimate" in words(found)
    assert "as it really was" not in words(found)


def test_a_written_plan_is_shown_before_a_timeline() -> None:
    found = figure(of(TIMELINE, "markdown-document"), of(PLAN, "plan-yaml"))
    assert len(found.tasks) == 3
    assert found.tasks[0].name == "build"


def test_a_plan_without_a_schedule_has_no_figure() -> None:
    cycle = PLAN.replace(b"id: build, owner", b"id: build, needs: [deploy], owner")
    assert plan.figure([of(cycle, "plan-yaml")], None) is None  # type: ignore[arg-type]


def test_long_plans_are_cut_with_a_note() -> None:
    tasks = "".join(f"  - {{id: t{number}, estimate: 1h}}\n" for number in range(40))
    found = figure(of(f"schema: compliance/plan/v1\nrecorded-at: 2025-09-20T15:00:00Z\ntasks:\n{tasks}".encode(), "plan-yaml"))
    assert len(found.tasks) == ROWS
    assert found.note is not None
    assert "26" in found.note
