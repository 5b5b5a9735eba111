"""TRX: each result once, rows of data in the place of their test, and runs that broke outside of tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from .helpers import assert_only_refuses, mutations, outcome, read, recognised

NAMESPACE = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010"


def result(name: str, outcome: str | None = "Passed", inside: str = "", test: str | None = None) -> str:
    said = f' outcome="{outcome}"' if outcome else ""
    return f'<UnitTestResult testId="{test or name}" testName="{name}" duration="00:00:00.0120000"{said}>{inside}</UnitTestResult>\n'


def failed(name: str, message: str = "Assert.Equal() Failure", outcome: str | None = "Failed") -> str:
    return result(name, outcome, f"<Output><ErrorInfo><Message>{message}</Message><StackTrace>at x</StackTrace></ErrorInfo></Output>")


def counters(total: int, **more: int) -> str:
    """As vstest writes them: of what was not executed always 0."""
    names = ("executed", "passed", "failed", "error", "timeout", "aborted", "inconclusive", "notRunnable", "notExecuted", "disconnected")
    counts = {"total": total, **dict.fromkeys(names, 0), **more}
    return "<Counters " + " ".join(f'{name}="{count}"' for name, count in counts.items()) + " />"


INFO = '<RunInfos><RunInfo outcome="{}"><Text>{}</Text></RunInfo></RunInfos>'


def trx(*results: str, summary: str = "", outcome: str = "Completed", definitions: str = "") -> bytes:
    return f"""\ufeff<?xml version="1.0" encoding="utf-8"?>
<TestRun id="1" name="me@host" xmlns="{NAMESPACE}">
  <Times creation="2026-03-01T10:00:00.0+01:00" queuing="2026-03-01T10:00:00.0+01:00"
         start="2026-03-01T10:00:00.1234567+01:00" finish="2026-03-01T10:00:02.6234567+01:00" />
  <TestSettings name="default" id="2" />
  <Results>{"".join(results)}</Results>
  <TestDefinitions>{definitions}</TestDefinitions>
  <ResultSummary outcome="{outcome}">{summary}</ResultSummary>
</TestRun>
""".encode()


def found(data: bytes) -> Any:
    return read("test-results", "trx", data)


def counts(data: bytes) -> tuple[int, int, int, int, int]:
    said = found(data).payload
    return said.tests, said.passed, said.failed, said.errors, said.skipped


def test_what_a_run_says() -> None:
    definition = '<UnitTest name="A" id="A"><TestMethod codeBase="x.dll" className="Shop.Cart, x" name="A" /></UnitTest>'
    data = trx(
        result("A"),
        failed("B"),
        result("C", "NotExecuted"),
        summary=counters(3, executed=2, passed=1, failed=1),
        outcome="Failed",
        definitions=definition,
    )
    assert recognised(data) == ["trx"]
    assert counts(data) == (3, 1, 1, 0, 1)
    parsed = found(data)
    assert parsed.observed_at == datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=UTC)
    assert (parsed.payload.duration_s, parsed.payload.incomplete, parsed.payload.comparable) == (2.5, None, None)
    assert parsed.payload.declared.model_dump() == {"tests": 3, "failures": 1, "errors": 0, "skipped": None}
    assert [(suite.name, suite.tests) for suite in parsed.payload.suites] == [("Shop.Cart", 1), ("(unnamed)", 2)]
    assert [(one.rule, one.path, one.message) for one in parsed.findings] == [("failure", "B", "Assert.Equal() Failure")]


@pytest.mark.parametrize(
    ("word", "counted"),
    [
        ("Passed", 1), ("Warning", 1), ("Failed", 2), ("Timeout", 2), ("Error", 3), (None, 3), ("Aborted", 3), ("NotRunnable", 3),
        ("Disconnected", 3), ("InProgress", 3), ("Inconclusive", 4), ("NotExecuted", 4), ("Pending", 4), ("Completed", 4),
    ],
)  # fmt: skip
def test_outcomes_of_tests(word: str | None, counted: int) -> None:
    """One that is left out is an error, the first of the words (vstest, ``TestResult.Save``)."""
    assert counts(trx(result("A", word)))[counted] == 1


def test_rows_of_data_count_in_the_place_of_their_test() -> None:
    def rows(*words: str) -> str:
        return f"<InnerResults>{''.join(result(f'A ({n})', word) for n, word in enumerate(words))}</InnerResults>"

    data = trx(result("A", "Failed", rows("Passed", "Failed")), summary=counters(3, passed=1, failed=2), outcome="Failed")
    assert counts(data) == (2, 1, 1, 0, 0)
    assert found(data).payload.comparable.model_dump() == {"tests": 2, "failures": 1, "errors": 0, "skipped": None}
    classic = trx(result("A", "Failed", rows("Passed", "Failed")), summary=counters(1, failed=1), outcome="Failed")
    assert found(classic).payload.comparable.tests == 2
    assert found(classic).payload.comparable.failures is None
    assert counts(trx(result("A", "Failed", rows("Passed", "Passed")))) == (3, 2, 1, 0, 0), "it failed by itself"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (trx(result("A"), outcome="Aborted"), "the run ended as Aborted"),
        (trx(result("A"), outcome="Error"), "the run ended as Error"),
        (trx(result("A", "PassedButRunAborted")), "the run was aborted"),
        (trx(result("A"), outcome="Failed"), "the run says that it failed, and none of its tests did"),
        (trx(), "no test was executed"),
        (trx(result("A", "NotExecuted")), "no test was executed"),
        (trx(summary=counters(4)), "4 tests are declared, but the file holds no case"),
        (
            trx(
                failed("A"),
                outcome="Failed",
                summary='<RunInfos><RunInfo outcome="Error"><Text>Test host crashed</Text></RunInfo></RunInfos>',
            ),
            "the run failed outside its tests",
        ),
    ],
)
def test_runs_that_broke_are_incomplete(data: bytes, why: str) -> None:
    assert found(data).payload.incomplete == why


def test_what_the_adapter_of_xunit_reports_of_the_run_are_its_tests() -> None:
    data = trx(failed("A"), outcome="Failed", summary=INFO.format("Error", "[xUnit.net 00:00:00.51]     A [FAIL]"))
    assert found(data).payload.incomplete is None
    assert found(trx(result("A"), summary=INFO.format("Warning", "No test is available"))).payload.incomplete is None
    broken = found(trx(result("A"), summary=INFO.format("Error", "Could not load file"), outcome="Failed"))
    assert [(one.rule, one.message) for one in broken.findings] == [("error", "Could not load file")]


def test_a_test_that_ran_again_and_passed_is_flaky() -> None:
    payload = found(trx(failed("A"), result("A"), outcome="Failed")).payload
    assert (payload.tests, payload.flaky, payload.retried) == (2, 1, 1)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty file"),
        (trx(result("A"))[:-20], "expected well-formed XML"),
        (trx(result("A", "Splendid")), 'outcome="Splendid"; expected an outcome of a test'),
        (trx(result("A"), summary=counters(1).replace('total="1"', 'total="one"')), 'total="one"'),
        (b"<testsuites/>", "root element <testsuites>"),
        (trx("<a>" * 300 + "</a>" * 300), "nested"),
    ],
)
def test_refuses(data: bytes, why: str) -> None:
    assert why in outcome("test-results", "trx", data)


def test_recognises_no_look_alike() -> None:
    assert recognised(b"<TestRun/>") == []


@settings(max_examples=200)
@given(mutations(trx(result("A", "Passed", f"<InnerResults>{result('B')}</InnerResults>"), failed("C"), summary=counters(3))))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("test-results", "trx", data)
