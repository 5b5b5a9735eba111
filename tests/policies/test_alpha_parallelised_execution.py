from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from compliance.gate import Place, Reason

from .helpers import about, ago, assert_fails, assert_open, assert_passes, item, judge


def test_pe1_a_sound_plan_passes_and_tells_its_figures() -> None:
    verdict = about("ALPHA-PE-1", "plan")
    assert_passes(verdict)
    assert verdict.message == "3 tasks in 0.5 h, critical path build → deploy, 1.5 tasks at once on average"
    assert verdict.observed["makespan_s"] == 1800.0
    assert "in 2 h" in about("ALPHA-PE-1", "plan", {"scheduled_s": 7200.0}).message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cycle": ("build", "deploy", "build")}, "a cycle: build needs deploy needs build"),
        ({"unknown_needs": (("docs", "x"), ("build", "y"))}, "2 unknown dependencies (docs needs x)"),
        ({"tasks.0.owned": False, "tasks.2.owned": False}, "2 tasks without owner (build, docs)"),
        ({"tasks.1.estimate_s": None}, "1 task without estimate (deploy)"),
    ],
)
def test_pe1_a_defect_of_the_plan_fails_and_is_named(changes: dict[str, Any], words: str) -> None:
    assert_fails(about("ALPHA-PE-1", "plan", changes), words)


def test_pe1_tasks_that_lack_something_are_placed() -> None:
    verdict = about("ALPHA-PE-1", "plan", {"tasks.0.owned": False, "tasks.0.estimate_s": None, "tasks.0.title": "Build it"})
    assert verdict.places == (Place("build Build it", "no owner, no estimate"),)


@pytest.mark.parametrize("gate_id", ["ALPHA-PE-1", "ALPHA-PE-2"])
def test_a_plan_of_another_version_is_none_of_this_one(gate_id: str) -> None:
    assert_open(about(gate_id, "plan", {"version": "1.7.0"}), Reason.MISSING, "no plan of version 1.8.0")
    assert_passes(about(gate_id, "plan", {"version": None}))


def test_the_newest_plan_counts_and_a_written_one_before_a_timeline() -> None:
    bad = item("plan", {"tasks.0.owned": False}, entry=2)
    assert_fails(judge("ALPHA-PE-1", bad, item("plan")))
    assert_passes(judge("ALPHA-PE-1", item("plan"), bad))
    assert_passes(judge("ALPHA-PE-1", replace(bad, format="markdown-document"), item("plan")))
    assert_fails(judge("ALPHA-PE-1", replace(bad, format="markdown-document")))


def test_pe2_a_plan_that_was_carried_out_passes() -> None:
    verdict = about("ALPHA-PE-2", "plan")
    assert_passes(verdict)
    assert verdict.message == "3 tasks finished in order, build after 1 times its estimate"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tasks.2.finished_at": None}, "1 task not finished (docs: not finished)"),
        ({"tasks.2.finished_at": ago(hours=-1)}, "1 task not finished"),
        ({"tasks.1.started_at": ago(days=1, seconds=-599)}, "1 task begun too early (deploy: began before build was finished)"),
        ({"tasks.2.estimate_s": 599.0}, "1 task over 1.5 times the estimate (docs: took 1.5 times its estimate)"),
    ],
)
def test_pe2_what_was_not_done_as_planned_fails(changes: dict[str, Any], words: str) -> None:
    assert_fails(about("ALPHA-PE-2", "plan", changes), words)


def test_pe2_the_overrun_holds_at_its_boundary_and_is_the_projects() -> None:
    assert_passes(about("ALPHA-PE-2", "plan", {"tasks.2.estimate_s": 600.0}))
    assert_passes(about("ALPHA-PE-2", "plan", {"tasks.2.estimate_s": 450.0}, overrun=2))
    assert_fails(about("ALPHA-PE-2", "plan", {"tasks.2.estimate_s": 0.0}))


def test_pe2_a_plan_without_times_is_open() -> None:
    none = {f"tasks.{number}.{name}": None for number in range(3) for name in ("started_at", "finished_at")}
    assert_open(about("ALPHA-PE-2", "plan", none), Reason.INCOMPLETE, "does not say when its tasks began")
    assert_open(about("ALPHA-PE-2", "plan", {"tasks.0.started_at": None}), Reason.INCOMPLETE, "1 task without start or estimate (build)")
    assert_open(about("ALPHA-PE-2", "plan", {"tasks.2.estimate_s": None}), Reason.INCOMPLETE)
