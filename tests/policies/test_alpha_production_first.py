from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from compliance.gate import Place, Reason
from compliance.record import Finding

from .helpers import about, assert_fails, assert_open, assert_passes, gate, item, judge, passing


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


def test_pf2_answers_of_all_endpoints_pass() -> None:
    assert_passes(about("ALPHA-PF-2", "health"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"endpoints.2.failed": 1}, "/api/about: 1 of 3 probes failed"),
        ({"endpoints.0.statuses": {"200": 2, "503": 1}}, "/api/health: answered 503; expected 200"),
        ({"endpoints.0.statuses": {"200": 2, "timeout": 1}}, "/api/health: answered timeout; expected 200"),
        ({"endpoints.1.shape_ok": False}, "/api/metrics: the body does not have the declared shape"),
    ],
)
def test_pf2_a_wrong_answer_fails_with_its_endpoint(changes: dict[str, Any], words: str) -> None:
    verdict = about("ALPHA-PF-2", "health", changes)
    assert_fails(verdict, words)
    assert verdict.places[0].where in words


def test_pf2_another_status_is_wrong_even_where_the_prober_expected_it() -> None:
    changes = {"endpoints.0.statuses": {"401": 3}, "endpoints.0.expected_status": 401}
    assert_fails(about("ALPHA-PF-2", "health", changes), "answered 401")
    health = item("health", {"endpoints.0.path": "/me", "endpoints.0.statuses": {"401": 3}})
    assert_passes(judge("ALPHA-PF-2", health, endpoints=("/me",), status=401))


def test_pf2_endpoints_that_are_not_asked_do_not_decide() -> None:
    health = item("health", {"endpoints.1.failed": 3, "endpoints.1.path": "/beta"})
    assert_passes(judge("ALPHA-PF-2", health, endpoints=("/api/health", "/api/about")))


def test_pf2_an_endpoint_that_nobody_probed_is_open() -> None:
    assert_open(about("ALPHA-PF-2", "health", {"endpoints.1.path": "/x"}), Reason.INCOMPLETE, "/api/metrics was not probed")
    assert_open(about("ALPHA-PF-2", "health", {"endpoints": ()}), Reason.MISSING, "/api/health was not probed")


def test_pf2_three_probes_are_enough_and_two_are_not() -> None:
    verdict = about("ALPHA-PF-2", "health", {"endpoints.0.probes": 2, "endpoints.0.statuses": {"200": 2}})
    assert_open(verdict, Reason.INCOMPLETE, "/api/health was probed 2 times; expected at least 3")
    assert_fails(about("ALPHA-PF-2", "health", {"endpoints.0.statuses": {"200": 1}, "endpoints.2.failed": 1}))


def test_pf2_only_answers_count_as_probes() -> None:
    silent = about("ALPHA-PF-2", "health", {"endpoints.0.statuses": {}}, probes=1)
    assert_open(silent, Reason.INCOMPLETE, "/api/health was probed 0 times; expected at least 1")


def test_pf2_probes_of_several_runs_add_up_and_a_failure_in_any_counts() -> None:
    few: dict[str, Any] = {f"endpoints.{i}.statuses": {"200": 2} for i in range(3)}
    assert_passes(judge("ALPHA-PF-2", item("health", few), item("health", few, entry=2)))
    assert_fails(judge("ALPHA-PF-2", item("health"), item("health", {"endpoints.0.failed": 1}, entry=2)))


def test_pf2_without_a_shape_the_status_decides_and_the_verdict_says_so() -> None:
    half = judge("ALPHA-PF-2", item("health"), item("health", {"endpoints.0.shape_ok": None}, entry=2))
    assert "no shape is declared for /api/health" in half.message
    verdict = about("ALPHA-PF-2", "health", {"endpoints.1.shape_ok": None})
    assert_passes(verdict)
    assert "no shape is declared for /api/metrics" in verdict.message


def test_pf2_a_list_of_no_endpoints_is_refused() -> None:
    with pytest.raises(ValidationError):
        gate("ALPHA-PF-2").params.model_validate({"endpoints": []})


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


def test_pf5_passing_tests_pass() -> None:
    verdict = about("ALPHA-PF-5", "test-results")
    assert_passes(verdict)
    assert verdict.message == "9 of 10 tests passed, 1 skipped"


@pytest.mark.parametrize("field", ["failed", "errors"])
def test_pf5_a_failed_or_broken_test_fails(field: str) -> None:
    assert_fails(about("ALPHA-PF-5", "test-results", {field: 1, "declared": None}), "of 10 tests failed")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("tests", 12, "tests declared by the file: 12, counted in it: 10"),
        ("failures", 2, "failures declared by the file: 2, counted in it: 0"),
        ("errors", 1, "errors declared by the file: 1,"),
        ("skipped", 0, "skipped declared by the file: 0, counted in it: 1"),
    ],
)
def test_pf5_totals_that_differ_from_the_cases_fail(field: str, value: int, words: str) -> None:
    assert_fails(about("ALPHA-PF-5", "test-results", {f"declared.{field}": value}), words)


def test_pf5_skipped_tests_may_be_declared_without_being_listed() -> None:
    verdict = about("ALPHA-PF-5", "test-results", {"declared.tests": 12, "declared.skipped": 3})
    assert_passes(verdict)
    assert verdict.message == "9 of 10 tests passed, 1 skipped and 2 more declared as skipped, but not listed"
    for tests, skipped in [(12, 2), (12, 4), (8, 1), (10, 3), (9, 0)]:
        assert_fails(about("ALPHA-PF-5", "test-results", {"declared.tests": tests, "declared.skipped": skipped}), "counted in it")


def test_pf5_totals_are_compared_as_their_writer_counts() -> None:
    stated = {"tests": 8, "failures": 0, "errors": 0, "skipped": 1}
    assert_passes(about("ALPHA-PF-5", "test-results", {"declared.tests": 8, "comparable": stated | {"tests": 10}}))
    assert_fails(about("ALPHA-PF-5", "test-results", {"comparable": stated}), "tests declared by the file: 8, counted in it: 10")


def test_pf5_totals_that_the_file_does_not_state_are_not_compared() -> None:
    assert_passes(about("ALPHA-PF-5", "test-results", {"declared": None}))
    assert_passes(about("ALPHA-PF-5", "test-results", {"declared.skipped": None}))


def test_pf5_a_run_of_skipped_tests_only_is_open() -> None:
    changes = {"tests": 3, "passed": 0, "skipped": 3, "declared": None}
    assert_open(about("ALPHA-PF-5", "test-results", changes), Reason.INCOMPLETE, "0 tests passed, 3 skipped")


def test_pf5_all_files_count() -> None:
    bad = item("test-results", {"failed": 1, "passed": 8, "declared.failures": 1}, entry=2)
    assert_fails(judge("ALPHA-PF-5", item("test-results"), bad), "1 of 20 tests failed")


@pytest.mark.parametrize(("failed", "passes"), [(2, True), (3, False)])
def test_pf5_a_loosened_limit_holds_at_its_boundary(failed: int, passes: bool) -> None:
    verdict = about("ALPHA-PF-5", "test-results", {"failed": failed, "declared": None}, failed=2)
    assert_passes(verdict) if passes else assert_fails(verdict)
    enough = about("ALPHA-PF-5", "test-results", passed=9)
    assert_passes(enough)
    assert_open(about("ALPHA-PF-5", "test-results", passed=10), Reason.INCOMPLETE)


def test_pf6_covered_code_passes() -> None:
    verdict = about("ALPHA-PF-6", "coverage")
    assert_passes(verdict)
    assert verdict.message == "90 % of the lines and 75 % of the branches covered"


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({"lines_covered": 80}, True),
        ({"lines_covered": 79}, False),
        ({"lines_covered": 79999, "lines_total": 100000}, False),
        ({"branches_covered": 14}, True),
        ({"branches_covered": 13}, False),
        ({"branches_covered": 0}, False),
    ],
)
def test_pf6_limits_hold_at_their_boundary(changes: dict[str, Any], passes: bool) -> None:
    verdict = about("ALPHA-PF-6", "coverage", changes)
    assert_passes(verdict) if passes else assert_fails(verdict, "expected at least")


def test_pf6_a_limit_reached_exactly_is_reached_whatever_the_total() -> None:
    for total in range(1, 400):
        for percent in (70, 80, 92.5, 99.9):
            covered = total * percent / 100
            if covered == int(covered):
                assert_passes(about("ALPHA-PF-6", "coverage", _lines(int(covered), total), lines_percent=percent))


def _lines(covered: int, total: int) -> dict[str, Any]:
    return {"lines_covered": covered, "lines_total": total, "branches_covered": None, "branches_total": None}


def test_pf6_branches_count_only_where_they_were_measured() -> None:
    verdict = about("ALPHA-PF-6", "coverage", _lines(90, 100))
    assert_passes(verdict)
    assert "branches were not measured" in verdict.message


def test_pf6_the_least_covered_packages_come_first() -> None:
    verdict = about("ALPHA-PF-6", "coverage", {"lines_covered": 50})
    assert_fails(verdict, "50 of 100 lines covered (50 %); expected at least 80 %")
    assert [place.where for place in verdict.places] == ["src/jobs", "src/api"]


def test_pf6_reports_do_not_make_up_for_each_other() -> None:
    assert_fails(judge("ALPHA-PF-6", item("coverage"), item("coverage", {"lines_covered": 10}, entry=2)), "10 of 100")


def test_pf6_a_report_without_lines_is_open() -> None:
    assert_open(about("ALPHA-PF-6", "coverage", _lines(0, 0)), Reason.INCOMPLETE, "no executable line")
    assert_open(judge("ALPHA-PF-6", item("coverage"), item("coverage", _lines(0, 0), entry=2)), Reason.INCOMPLETE)


def test_pf7_declared_limits_pass() -> None:
    assert_passes(about("ALPHA-PF-7", "deployment"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"limits.cpu": None}, "no CPU limit"),
        ({"limits.memory": None}, "no memory limit"),
        ({"limits.termination": False}, "no termination handling"),
        ({"limits.termination": None, "limits.rate_limit": None}, "no termination handling, no rate limiting"),
    ],
)
def test_pf7_an_absent_limit_fails(changes: dict[str, Any], words: str) -> None:
    assert_fails(about("ALPHA-PF-7", "deployment", changes), words)


def test_pf7_every_record_that_names_limits_names_all() -> None:
    assert_fails(judge("ALPHA-PF-7", item("deployment"), item("deployment", {"limits.cpu": None}, entry=2)), "no CPU limit")


def test_pf7_a_record_without_limits_is_open() -> None:
    assert_open(about("ALPHA-PF-7", "deployment", {"limits": None}), Reason.INCOMPLETE)
    assert_passes(judge("ALPHA-PF-7", *passing("ALPHA-PF-7"), item("deployment", {"limits": None}, entry=2)))
