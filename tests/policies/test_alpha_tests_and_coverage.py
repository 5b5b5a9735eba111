from __future__ import annotations

from typing import Any

import pytest

from compliance.gate import Reason

from .helpers import about, assert_fails, assert_open, assert_passes, item, judge


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


def _lines(covered: int, total: int) -> dict[str, Any]:
    return {"lines_covered": covered, "lines_total": total, "branches_covered": None, "branches_total": None}


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
