"""NUnit 3: each case once, labels of failures, and suites that failed by themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from .helpers import assert_only_refuses, mutations, outcome, read, recognised


def case(name: str, result: str = "Passed", label: str = "", message: str = "") -> str:
    labelled = f' label="{label}"' if label else ""
    inside = f"<failure><message><![CDATA[{message}]]></message><stack-trace>at x</stack-trace></failure>" if message else ""
    return f'<test-case id="1" name="{name}" fullname="N.F.{name}" result="{result}"{labelled} duration="0.01">{inside}</test-case>\n'


def suite(*inside: str, result: str = "Passed", site: str = "", kind: str = "TestFixture", name: str = "N.F") -> str:
    where = f'result="{result}"' + (f' site="{site}"' if site else "")
    message = "<failure><message>broken</message></failure>" if site else ""
    return f'<test-suite type="{kind}" name="F" fullname="{name}" {where} duration="0.5">{message}{"".join(inside)}</test-suite>'


def run(*inside: str, total: int = 1, **more: Any) -> bytes:
    counts = {"passed": total, "failed": 0, "inconclusive": 0, "skipped": 0, **more}
    said = " ".join(f'{name}="{value}"' for name, value in counts.items())
    return f"""<?xml version="1.0" encoding="utf-8" standalone="no"?>
<test-run id="0" testcasecount="{total}" result="Passed" total="{total}" {said} asserts="1" engine-version="3.16.3.0"
  start-time="2026-03-01 09:00:00Z" end-time="2026-03-01 09:00:01Z" duration="1.25">
<command-line><![CDATA[nunit3-console a.dll]]></command-line>
{suite(*inside, kind="Assembly", name="a.dll")}
</test-run>""".encode()


def found(data: bytes) -> Any:
    return read("test-results", "nunit3-xml", data)


def counts(data: bytes) -> tuple[int, int, int, int, int]:
    said = found(data).payload
    return said.tests, said.passed, said.failed, said.errors, said.skipped


def test_what_a_run_says() -> None:
    fixture = suite(case("A"), case("B", "Failed", message="Expected: 1"), case("C", "Skipped", "Ignored"), result="Failed", site="Child")
    data = run(fixture, total=3, passed=1, failed=1, skipped=1)
    assert recognised(data) == ["nunit3-xml"]
    assert counts(data) == (3, 1, 1, 0, 1)
    parsed = found(data)
    assert (parsed.tool.name, parsed.tool.version) == ("NUnit", "3.16.3.0")
    assert parsed.observed_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert parsed.payload.declared.model_dump() == {"tests": 3, "failures": 1, "errors": None, "skipped": 1}
    assert (parsed.payload.duration_s, parsed.payload.incomplete, parsed.payload.comparable) == (1.25, None, None)
    assert [(one.name, one.tests, one.duration_s) for one in parsed.payload.suites] == [("N.F", 3, 0.5)]
    assert [(one.rule, one.path, one.message) for one in parsed.findings] == [("failure", "N.F.B", "Expected: 1")]


@pytest.mark.parametrize(
    ("result", "label", "counted"),
    [
        *[("Passed", "", 1), ("Warning", "", 1), ("Failed", "", 2), ("Failed", "Error", 3), ("Failed", "Invalid", 3)],
        *[("Failed", "Cancelled", 3), ("Skipped", "", 4), ("Skipped", "Ignored", 4), ("Skipped", "Explicit", 4), ("Inconclusive", "", 4)],
    ],
)
def test_results_and_labels(result: str, label: str, counted: int) -> None:
    assert counts(run(suite(case("A", result, label))))[counted] == 1


def test_errors_are_declared_as_failures() -> None:
    data = run(suite(case("A", "Failed"), case("B", "Failed", "Error"), result="Failed"), total=2, passed=0, failed=2)
    assert found(data).payload.comparable.model_dump() == {"tests": 2, "failures": 1, "errors": None, "skipped": 0}


def test_inconclusive_cases_are_declared_beside_skipped_ones() -> None:
    data = run(suite(case("A", "Inconclusive"), case("B", "Skipped")), total=2, passed=0, inconclusive=1, skipped=1)
    assert found(data).payload.declared.skipped == 2
    assert found(data).payload.incomplete == "no test was executed"


@pytest.mark.parametrize("site", ["TearDown", "SetUp", "Test"])
def test_a_suite_that_failed_by_itself_is_a_finding_and_incomplete(site: str) -> None:
    parsed = found(run(suite(case("A"), result="Failed", site=site)))
    assert parsed.payload.incomplete == "N.F failed outside its tests"
    assert [(one.rule, one.path, one.message) for one in parsed.findings] == [("error", "N.F", "broken")]


def test_an_assembly_that_could_not_be_loaded_is_no_clean_run() -> None:
    assert found(run(suite(result="Failed", site="SetUp", kind="Assembly", name="b.dll"))).payload.incomplete is not None
    assert found(run(total=0)).payload.incomplete == "no test was executed"
    assert found(run(total=5)).payload.incomplete == "5 tests are declared, but the file holds no case"
    assert found(run(suite(case("A")), label="Cancelled")).payload.incomplete == "the run was cancelled"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty file"),
        (run(suite(case("A")))[:-12], "expected well-formed XML"),
        (run(suite(case("A", "Splendid"))), 'N.F.A: result="Splendid"; expected a result of a case'),
        (run(suite(case("A")), total=1, failed="some"), 'failed="some"'),
        (run(suite(case("A").replace("></test-case>", f">{case('B')}</test-case>"))), "a case inside a case"),
        (b"<test-results/>", "root element <test-results>"),
    ],
)
def test_refuses(data: bytes, why: str) -> None:
    assert why in outcome("test-results", "nunit3-xml", data)


@settings(max_examples=200)
@given(mutations(run(suite(case("A"), case("B", "Failed", "Error", "x"), result="Failed", site="Child"))))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("test-results", "nunit3-xml", data)
