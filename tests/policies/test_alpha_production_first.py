from __future__ import annotations

from typing import Any

import pytest

from compliance.gate import Place, Reason
from compliance.record import Finding

from .helpers import about, assert_fails, assert_open, assert_passes, item, judge


def test_pf1_finished_code_passes() -> None:
    assert_passes(about("ALPHA-PF-1", "source"))


def test_pf1_markers_fail_with_their_places() -> None:
    todo = Finding(rule="todo", severity="medium", fingerprint="f", path="src/app.py", line=7, message="TODO: retry")
    verdict = judge("ALPHA-PF-1", item("source", {"markers": 1}, findings=[todo]))
    assert_fails(verdict, "1 marker and 0 unimplemented functions", "at most 0 and 0")
    assert verdict.places == (Place("src/app.py:7", "TODO: retry"),)


@pytest.mark.parametrize(("field", "value", "passes"), [("markers", 2, True), ("markers", 3, False), ("unimplemented", 3, False)])
def test_pf1_limits_hold_at_their_boundary(field: str, value: int, passes: bool) -> None:
    verdict = about("ALPHA-PF-1", "source", {field: value}, markers=2, unimplemented=2)
    assert_passes(verdict) if passes else assert_fails(verdict)


def test_pf1_a_baseline_is_shown_and_does_not_fail() -> None:
    verdict = about("ALPHA-PF-1", "source", {"baselined": 4})
    assert_passes(verdict)
    assert "4 more in the baseline" in verdict.message


def test_pf1_a_tree_without_production_files_proves_nothing_but_its_markers_count() -> None:
    assert_open(about("ALPHA-PF-1", "source", {"files": 0}), Reason.INCOMPLETE, "no production source file")
    assert_fails(about("ALPHA-PF-1", "source", {"files": 0, "markers": 1}))


def test_pf1_files_that_could_not_be_looked_at_prove_nothing() -> None:
    assert_open(about("ALPHA-PF-1", "source", {"skipped_files": 1}), Reason.INCOMPLETE, "1 production file could not be looked at")
    assert_passes(about("ALPHA-PF-1", "source", {"skipped_files": 1}, skipped_files=1))
    assert_open(about("ALPHA-PF-1", "source", {"skipped_files": 2}, skipped_files=1), Reason.INCOMPLETE)
    assert_fails(about("ALPHA-PF-1", "source", {"skipped_files": 1, "markers": 1}))
    assert_open(judge("ALPHA-PF-1", item("source"), item("source", {"skipped_files": 1}, entry=2)), Reason.INCOMPLETE)


def test_pf1_every_tree_counts_not_only_the_newest() -> None:
    assert_fails(judge("ALPHA-PF-1", item("source"), item("source", {"markers": 1}, entry=2)))


def test_pf1_the_worst_tree_is_told() -> None:
    one, many = item("source", {"markers": 1}), item("source", {"markers": 9}, entry=2)
    assert_fails(judge("ALPHA-PF-1", one, many), "9 markers")
    assert_open(judge("ALPHA-PF-1", item("source"), item("source", {"files": 0}, entry=2)), Reason.INCOMPLETE)


def test_pf3_a_clean_tagged_tree_passes() -> None:
    verdict = about("ALPHA-PF-3", "source")
    assert_passes(verdict)
    assert "clean tree on main, tagged v1.8.0" in verdict.message
    assert verdict.threshold == {"modified": 0, "untracked": 0, "branch": "main", "version_tag": "annotated or signed"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"modified": 39, "untracked": 33, "dirty_files": ("a.py", "b.py")}, "39 modified and 33 untracked"),
        ({"untracked": 1}, "0 modified and 1 untracked"),
        ({"branch": "fix", "branches": ("fix", "topic")}, "branch fix, topic; expected main"),
        ({"tags": ()}, "no annotated or signed version tag"),
        ({"tags.0.annotated": False}, "(only v1.8.0)"),
        ({"tags.0.name": "latest"}, "(only latest)"),
    ],
)
def test_pf3_what_is_not_versioned_fails(changes: dict[str, Any], words: str) -> None:
    assert_fails(about("ALPHA-PF-3", "source", changes), words)


def test_pf3_any_branch_that_points_at_the_commit_counts() -> None:
    assert_passes(about("ALPHA-PF-3", "source", {"branch": "topic", "branches": ("topic", "main")}))
    assert_passes(about("ALPHA-PF-3", "source", {"branch": None, "branches": ("main",)}))


def test_pf3_places_are_the_files() -> None:
    verdict = about("ALPHA-PF-3", "source", {"modified": 12, "dirty_files": tuple(f"src/{n}.py" for n in range(12))})
    assert [place.where for place in verdict.places] == [f"src/{n}.py" for n in range(10)]


@pytest.mark.parametrize("name", ["v1.8.0", "1.8", "release-1.8.0-rc.1", "service@2.0.0", "v2025.09.20", "v1.8.0+build.5"])
def test_pf3_version_tags_are_recognised(name: str) -> None:
    assert_passes(about("ALPHA-PF-3", "source", {"tags.0.name": name}))


@pytest.mark.parametrize("name", ["latest", "stable", "version", "v", "release-candidate", "vNext1"])
def test_pf3_other_tags_are_no_version(name: str) -> None:
    assert_fails(about("ALPHA-PF-3", "source", {"tags.0.name": name}))


def test_pf3_a_signed_tag_is_enough() -> None:
    assert_passes(about("ALPHA-PF-3", "source", {"tags.0.annotated": False, "tags.0.signed": True}))


def test_pf3_a_change_is_asked_for_a_clean_tree_only() -> None:
    assert_passes(about("ALPHA-PF-3", "source", {"branch": None, "branches": (), "tags": ()}, point="change"))
    assert_fails(about("ALPHA-PF-3", "source", {"modified": 1}, point="change"), "1 modified")


def test_pf3_the_release_branch_is_the_projects() -> None:
    assert_passes(about("ALPHA-PF-3", "source", {"branch": "stable", "branches": ()}, project={"release_branch": "stable"}))
    assert_fails(about("ALPHA-PF-3", "source", project={"release_branch": "stable"}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"commit": None}, "no commit"),
        ({"branch": None, "branches": ()}, "no branch points at the commit"),
        ({"tags": (), "shallow": True}, "shallow clone"),
    ],
)
def test_pf3_what_the_checkout_cannot_show_is_open(changes: dict[str, Any], words: str) -> None:
    assert_open(about("ALPHA-PF-3", "source", changes), Reason.INCOMPLETE, words)
    assert_fails(about("ALPHA-PF-3", "source", {**changes, "modified": 1}))


def _step(line: int, pattern: str) -> dict[str, Any]:
    return {"file": "ci.yml", "line": line, "what": f"npm audit {pattern}", "job": "test", "step": "audit", "pattern": pattern}


def test_pf4_a_pipeline_whose_gates_can_fail_passes() -> None:
    verdict = about("ALPHA-PF-4", "pipeline")
    assert_passes(verdict)
    assert verdict.threshold == {"neutralised": 0}


def test_pf4_a_neutralised_step_fails_with_file_and_line() -> None:
    verdict = about("ALPHA-PF-4", "pipeline", {"neutralised": (_step(31, "|| echo"),)})
    assert_fails(verdict, "1 gate step cannot fail (|| echo)")
    assert verdict.places == (Place("ci.yml:31", "npm audit || echo"),)


def test_pf4_every_workflow_file_counts() -> None:
    bad = {"neutralised": (_step(3, "|| true"), _step(9, "set +e")), "jobs": 0}
    assert_fails(judge("ALPHA-PF-4", item("pipeline"), item("pipeline", bad, entry=2)), "2 gate steps cannot fail (set +e, || true)")


def test_pf4_a_pipeline_without_jobs_is_open() -> None:
    assert_open(about("ALPHA-PF-4", "pipeline", {"jobs": 0}), Reason.INCOMPLETE)
    assert_open(judge("ALPHA-PF-4", item("pipeline"), item("pipeline", {"jobs": 0}, entry=2)), Reason.INCOMPLETE)
