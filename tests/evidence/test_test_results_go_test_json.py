"""``go test -json``: each test once, whatever became of its package; events as Go 1.19 to 1.25 write them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Json

from .helpers import assert_only_refuses, mutations, outcome, read, recognised

NAME = "go-test-json"


def event(action: str, test: str | None = None, package: str | None = "m/a", **more: Json) -> str:
    found = {"Time": "2026-03-01T10:00:00.123456789+01:00", "Action": action, "Package": package, "Test": test, **more}
    return json.dumps({key: value for key, value in found.items() if value is not None}, separators=(",", ":")) + "\n"


def test_of(name: str, action: str = "pass", *outputs: str, package: str = "m/a") -> str:
    printed = "".join(event("output", name, package, Output=text) for text in outputs)
    return event("run", name, package) + printed + event(action, name, package, Elapsed=0.01)


test_of.__test__ = False  # type: ignore[attr-defined]  # it makes the events of a test
OK = event("pass", Elapsed=0.5)
BAD = event("output", Output="FAIL\n") + event("fail", Elapsed=0.25)


def found(*lines: str) -> Any:
    return read("test-results", NAME, "".join(lines).encode())


def counts(*lines: str) -> tuple[int, int, int, int, int]:
    said = found(*lines).payload
    return said.tests, said.passed, said.failed, said.errors, said.skipped


def test_subtests_and_the_tests_that_hold_them_are_tests() -> None:
    text = event("start") + event("run", "TestA") + test_of("TestA/one") + test_of("TestA/two", "skip") + event("pass", "TestA") + OK
    assert recognised(text.encode()) == [NAME]
    assert counts(text) == (3, 2, 0, 0, 1)
    parsed = found(text)
    assert (parsed.payload.duration_s, parsed.payload.incomplete, parsed.payload.declared) == (0.5, None, None)
    assert parsed.observed_at == datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=UTC)
    assert [(suite.name, suite.tests, suite.skipped, suite.duration_s) for suite in parsed.payload.suites] == [("m/a", 3, 1, 0.5)]


def test_a_failed_test_is_a_finding_with_the_place_and_the_words_of_its_log() -> None:
    parsed = found(test_of("TestB", "fail", "=== RUN   TestB\n", "    b_test.go:12: got 1\n", "    b_test.go:13: more\n"), BAD)
    (one,) = parsed.findings
    assert (one.rule, one.path, one.line, one.message) == ("failure", "m/a::TestB", 12, "got 1")
    assert (parsed.payload.failed, parsed.payload.incomplete) == (1, None)


def test_a_test_that_does_not_end_in_a_package_that_fails_is_an_error() -> None:
    lines = test_of("TestA"), event("run", "TestX"), event("output", "TestX", Output="panic: no [recovered]\n"), BAD
    assert counts(*lines) == (2, 1, 0, 1, 0)
    parsed = found(*lines)
    assert (parsed.findings[0].rule, parsed.findings[0].message, parsed.payload.incomplete) == ("error", "panic: no [recovered]", None)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([event("output", Output="panic: main\n"), BAD], "panic: main"),
        ([test_of("TestA"), BAD], None),
        (
            ["# m/a [m/a.test]\n", "a_test.go:3:27: undefined: x\n", test_of("TestC", package="m/c"), "FAIL\tm/a [build failed]\n"],
            "[build failed]",
        ),
        (
            [
                event("build-output", None, None, ImportPath="m/a [m/a.test]", Output="# m/a\n"),
                event("build-fail", None, None, ImportPath="m/a [m/a.test]"),
                event("start"),
                event("output", Output="FAIL\tm/a [build failed]\n"),
                event("fail", Elapsed=0, FailedBuild="m/a [m/a.test]"),
            ],
            None,
        ),
    ],
    ids=["test-main", "after-all-tests", "build-1.23", "build-1.24"],
)
def test_a_package_that_fails_although_no_test_did_is_a_finding_and_incomplete(lines: list[str], message: str | None) -> None:
    parsed = found(*lines)
    assert parsed.payload.incomplete == "m/a failed outside its tests"
    assert [(one.rule, one.path, one.message) for one in parsed.findings] == [("error", "m/a", message)]
    assert parsed.payload.failed == parsed.payload.errors == 0


def test_a_run_that_was_cut_off_is_incomplete_and_what_ran_is_an_error() -> None:
    text = test_of("TestA", package="m/b") + event("pass", None, "m/b", Elapsed=1) + test_of("TestA") + event("run", "TestB")
    assert counts(text) == (3, 2, 0, 1, 0)
    assert found(text).payload.incomplete == "the run was cut off: package m/a did not end"
    assert found(text).payload.duration_s is None


def test_results_that_stand_in_the_output_only_are_read_there() -> None:
    """Up to Go 1.20, of tests that print without a line feed (golang/go issue 49630)."""
    printed = event("run", "TestP") + event("output", "TestP", Output="hello--- PASS: TestP (0.00s)\n")
    assert counts(printed, OK) == (1, 1, 0, 0, 0)
    assert counts(printed.replace("PASS", "SKIP"), OK) == (1, 0, 0, 0, 1)
    assert counts(printed.replace("PASS", "FAIL"), BAD) == (1, 0, 1, 0, 0)
    assert counts(printed.replace("PASS: TestP", "PASS: TestOther"), BAD) == (1, 0, 0, 1, 0)
    assert found(test_of("TestA"), event("run", "TestP"), OK).payload.incomplete == "1 test has no result"


def test_benchmarks_are_no_tests_unless_they_fail() -> None:
    """Since Go 1.20 a benchmark has a ``run`` and no result (golang/go issue 61767)."""
    assert counts(test_of("TestA"), event("run", "BenchmarkB"), event("output", "BenchmarkB", Output="BenchmarkB\n"), OK) == (1, 1, 0, 0, 0)
    assert found(test_of("TestA"), event("bench", "BenchmarkB"), OK).payload.incomplete is None
    assert counts(test_of("TestA"), event("run", "BenchmarkB"), event("fail", "BenchmarkB"), BAD) == (2, 1, 1, 0, 0)


def test_repetitions_count_each_and_tell_what_is_flaky() -> None:
    again = found(test_of("TestA", "fail"), BAD, test_of("TestA"), OK, test_of("TestA"), OK).payload
    assert (again.tests, again.passed, again.failed, again.flaky, again.retried) == (3, 2, 1, 1, 2)
    other = found(test_of("TestA", "fail"), BAD, test_of("TestA", package="m/b"), event("pass", None, "m/b", Elapsed=1)).payload
    assert (other.flaky, other.retried) == (0, 0)


@pytest.mark.parametrize(
    "text",
    [
        event("output", Output="?   \tm/a\t[no test files]\n") + event("skip", Elapsed=0),
        event("output", Output="ok  \tm/a\t0.003s [no tests to run]\n") + OK,
        test_of("TestA", "skip") + OK,
    ],
)
def test_a_run_of_nothing_is_incomplete(text: str) -> None:
    assert found(text).payload.incomplete == "no test was executed"


def test_what_may_stand_between() -> None:
    text = (
        "go: downloading x v1\n\n"
        + test_of("TestA")
        + event("attr", "TestA", Key="k", Value="v")
        + event("pause", "TestA")
        + "exit status 1\n"
    )
    for data in (text + OK, (text + OK).replace("\n", "\r\n")):
        assert recognised(data.encode()) == [NAME]
        assert counts(data) == (1, 1, 0, 0, 0)
    assert counts("\ufeff" + test_of("TestA") + OK) == (1, 1, 0, 0, 0)
    without = test_of("TestA", package="").replace('"Package":"",', "") + event("pass", None, None, Elapsed=0.1)
    assert recognised(without.encode()) == [NAME]
    assert counts(without) == (1, 1, 0, 0, 0)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no event"),
        ("words\n", "no event"),
        (test_of("TestA")[:-8], "line 2: a broken line; expected an event of go test -json"),
        ('{"Package": "a"}\n', "line 1: a line that is no event"),
        (event("run", "TestA").replace('"Action"', '"Action":"run","Action"'), "line 1: a broken line"),
        (event("pass", Elapsed="long"), "line 1/Elapsed: 'long'; expected seconds"),
        (event("pass", Elapsed=True), "expected seconds"),
        (event("pass").replace('"m/a"', "3"), "line 1/Package: 3; expected text"),
        (test_of("TestA") + "[" * 5000 + "\n\0\n", "NUL byte"),
        (test_of("TestA") + '{"a":' * 5000 + "\n", "a broken line"),
    ],
)
def test_refuses(text: str, why: str) -> None:
    assert why in outcome("test-results", NAME, text.encode())


def test_recognises_no_look_alike() -> None:
    assert recognised(b'{"Action": "run", "Package": "a", "level": "info"}\n') == []
    assert recognised(b'{"Action": "jump", "Package": "a"}\n') == []
    assert recognised(b'{"Action": "run"}\n') == []
    assert recognised(b'{"Action": ["run"], "Package": "a"}\n') == []


def test_a_large_run_is_read_in_bounded_memory() -> None:
    import tracemalloc

    data = "".join(test_of(f"Test{n}", "pass", "=== RUN\n", "x" * 500 + "\n") for n in range(20_000)) + OK
    tracemalloc.start()
    try:
        assert counts(data)[0] == 20_000
        assert tracemalloc.get_traced_memory()[1] < 3 * len(data)
    finally:
        tracemalloc.stop()


@settings(max_examples=200)
@given(mutations((event("run", "TestA") + test_of("TestB", "fail", "    b_test.go:12: got 1\n") + BAD).encode()))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    try:
        assert_only_refuses("test-results", NAME, data)
    except InputError as error:  # recognition may refuse, too
        assert error.reason
