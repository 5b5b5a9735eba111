"""JUnit XML: every case once, with its worst result."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Json

from .helpers import assert_only_refuses, mutations, read, recognised

VALID = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites tests="4" failures="1" errors="0" skipped="1" time="0.5">
  <testsuite name="pytest" tests="4" timestamp="2025-09-20T10:00:00+02:00">
    <properties><property name="p" value="v"/></properties>
    <testcase classname="tests.test_a" name="test_one" time="0.1"/>
    <testcase classname="tests.test_a" name="test_two" time="0.2" line="12">
      <failure message="assert 1 == 2"><![CDATA[<b>trace</b> & more]]></failure>
    </testcase>
    <testcase classname="tests.test_a" name="test_three" time="0"><skipped message="not here"/></testcase>
    <testcase classname="tests.test_b" name="test_four" time="0.2"><system-out>said</system-out></testcase>
  </testsuite>
</testsuites>
"""


def results(data: bytes | str) -> dict[str, Json]:
    found = read("test-results", "junit-xml", data.encode() if isinstance(data, str) else data).payload
    return found.model_dump()


def counts(data: bytes | str) -> tuple[int, ...]:
    found = results(data)
    return tuple(found[key] for key in ("tests", "passed", "failed", "errors", "skipped"))


def refused(data: bytes | str) -> str:
    with pytest.raises(InputError) as caught:
        results(data)
    return caught.value.reason


def test_valid_file() -> None:
    assert recognised(VALID) == ["junit-xml"]
    parsed = read("test-results", "junit-xml", VALID)
    assert parsed.payload.summary() == {
        "tests": 4,
        "passed": 2,
        "failed": 1,
        "errors": 0,
        "skipped": 1,
        "flaky": 0,
        "retried": 0,
        "declared": {"tests": 4, "failures": 1, "errors": 0, "skipped": 1},
    }
    assert parsed.payload.incomplete is None
    assert parsed.observed_at == datetime(2025, 9, 20, 8, 0, tzinfo=UTC)
    (finding,) = parsed.findings
    assert (finding.rule, finding.severity, finding.path, finding.line) == ("failure", "high", "tests.test_a::test_two", 12)
    assert finding.message == "assert 1 == 2"


def test_suites_and_duration() -> None:
    found = results(VALID)
    assert found["duration_s"] == 0.5
    assert [(suite["name"], suite["tests"], suite["duration_s"]) for suite in found["suites"]] == [("pytest", 4, None)]


def test_message_from_text_when_there_is_no_attribute() -> None:
    parsed = read(
        "test-results", "junit-xml", b"<testsuite><testcase name='a'><error>\n  boom <![CDATA[<x>]]>\nmore</error></testcase></testsuite>"
    )
    assert (parsed.findings[0].path, parsed.findings[0].message) == ("a", "boom <x>")


def test_worst_of_several_results_counts() -> None:
    both = "<skipped/><failure message='f'/><error message='e'/>"
    data = f"<testsuite><testcase name='a'>{both}</testcase><testcase name='b'><failure/><failure/><skipped/></testcase></testsuite>"
    assert counts(data) == (2, 0, 1, 1, 0)


def test_nested_suites_count_their_cases_once() -> None:
    data = """<testsuites><testsuite name="outer" tests="3" time="9"><testsuite name="inner" tests="2" time="5">
    <testcase name="a"/><testcase name="b"><failure/></testcase></testsuite><testcase name="a"/></testsuite></testsuites>"""
    found = results(data)
    assert counts(data) == (3, 2, 1, 0, 0)
    assert found["declared"] == {"tests": 3, "failures": None, "errors": None, "skipped": None}
    assert found["duration_s"] == 9
    assert [(suite["name"], suite["tests"]) for suite in found["suites"]] == [("inner", 2), ("outer", 1)]


def test_same_name_in_other_suites_is_no_retry() -> None:
    one = "<testsuite name='{}'><testcase name='a'>{}</testcase></testsuite>"
    found = results(f"<testsuites>{one.format('x', '<failure/>')}{one.format('y', '')}</testsuites>")
    assert (found["failed"], found["flaky"], found["retried"]) == (1, 0, 0)


def test_flaky_elements_are_passes_and_rerun_elements_are_failures() -> None:
    data = """<testsuite><testcase name="a"><flakyFailure message="once"/></testcase><testcase name="b"><flakyError/></testcase>
    <testcase name="c"><failure/><rerunFailure/></testcase><testcase name="d"><rerunError/></testcase>
    <testcase name="e"><flakyFailure/><failure/></testcase></testsuite>"""
    assert counts(data) == (5, 2, 2, 1, 0)
    assert results(data)["flaky"] == 2


def test_repeated_case_after_a_failure_is_a_retry_and_the_failure_stays() -> None:
    case = "<testcase classname='c' name='a'>{}</testcase>"
    data = "<testsuite tests='1'>" + case.format("<failure/>") * 2 + case.format("") * 2 + "</testsuite>"
    found = results(data)
    assert (found["tests"], found["failed"], found["passed"], found["flaky"], found["retried"]) == (4, 2, 2, 1, 3)


def test_repeated_names_that_all_pass_are_parametrised() -> None:
    found = results("<testsuite>" + "<testcase classname='c' name='unknown'/>" * 200 + "</testsuite>")
    assert (found["tests"], found["retried"], found["flaky"]) == (200, 0, 0)


@pytest.mark.parametrize("status", ["disabled", "notrun", "NotRun"])
def test_disabled_case_is_skipped_unless_it_failed(status: str) -> None:
    assert counts(f"<testsuite><testcase name='a' status='{status}'/><testcase name='b'/></testsuite>") == (2, 1, 0, 0, 1)
    assert counts(f"<testsuite><testcase name='a' status='{status}'><failure/></testcase></testsuite>") == (1, 0, 1, 0, 0)


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("inconclusive", (1, 0, 0, 0, 1)),
        ("Blocked", (1, 0, 0, 0, 1)),
        ("timedout", (1, 0, 1, 0, 0)),
        ("FAILED", (1, 0, 1, 0, 0)),
        ("broken", (1, 0, 0, 1, 0)),
        ("panicked", (1, 0, 0, 1, 0)),
        ("completed", (1, 1, 0, 0, 0)),
    ],
)
def test_a_word_counts_where_no_element_says_how_a_case_ended(word: str, found: tuple[int, ...]) -> None:
    assert counts(f"<testsuite><testcase name='a' status='{word}'/></testsuite>") == found
    assert counts(f"<testsuite><testcase name='a' result='{word}'/></testsuite>") == found


def test_declared_totals_come_from_the_root_or_from_all_outermost_suites() -> None:
    case = "<testcase name='a'/>"
    suites = f"<testsuite tests='2' failures='0'>{case}</testsuite><testsuite tests='3'>{case}</testsuite>"
    assert results(f"<testsuites tests='9'>{suites}</testsuites>")["declared"]["tests"] == 9
    assert results(f"<testsuites>{suites}</testsuites>")["declared"] == {"tests": 5, "failures": None, "errors": None, "skipped": None}
    assert results(f"<testsuites><testsuite>{case}</testsuite></testsuites>")["declared"] is None


def test_declared_disabled_cases_are_skipped_ones() -> None:
    cases = "<testcase name='a' status='run'/><testcase name='b' status='disabled'/><testcase name='c'><skipped/></testcase>"
    found = results(f"<testsuite tests='3' skipped='1' disabled='1'>{cases}</testsuite>")
    assert (found["skipped"], found["declared"]["skipped"]) == (2, 2)
    assert results(f"<testsuite tests='3' disabled='1'>{cases}</testsuite>")["declared"]["skipped"] is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("<testsuite tests='6' failures='1'/>", "6 tests are declared, but the file holds no case"),
        ("<testsuites/>", "no test was executed"),
        ("<testsuite><testcase name='a'><skipped/></testcase></testsuite>", "no test was executed"),
        ("<testsuite name='s'><error message='setup'/><testcase name='a'/></testsuite>", "suite s reports a failure outside its cases"),
    ],
)
def test_incomplete(data: str, reason: str) -> None:
    assert results(data)["incomplete"] == reason


def test_failure_outside_cases_is_a_finding() -> None:
    parsed = read("test-results", "junit-xml", b"<testsuite name='s'><error message='setup'/><testcase name='a'/></testsuite>")
    assert [(finding.rule, finding.path, finding.message) for finding in parsed.findings] == [("error", "s", "setup")]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1.4e-05", 1.4e-05), ("1,234.567", 1234.567), ("123456789", None), ("", None), ("fast", None), ("-1", None), ("1e999", None)],
)
def test_times(text: str, seconds: float | None) -> None:
    assert results(f"<testsuite time='{text}'><testcase name='a'/></testsuite>")["duration_s"] == seconds


def test_time_without_zone_says_nothing() -> None:
    data = b"<testsuite timestamp='2025-09-20T10:00:00'><testcase name='a'/></testsuite>"
    assert read("test-results", "junit-xml", data).observed_at is None


def test_byte_order_mark_namespace_and_doctype_are_tolerated() -> None:
    data = b"\xef\xbb\xbf<!DOCTYPE testsuites SYSTEM 'junit.dtd'>\n"
    data += b"<testsuites xmlns='urn:x'><testsuite><testcase name='a'/></testsuite></testsuites>"
    assert recognised(data) == ["junit-xml"]
    assert counts(data) == (1, 1, 0, 0, 0)


def test_suites_are_merged_by_name_and_bounded() -> None:
    many = "".join(
        f"<testsuite name='s{number}' time='1'><testcase name='a'>{'<failure/>' if number == 1500 else ''}</testcase></testsuite>"
        for number in range(1600)
    )
    found = results(f"<testsuites>{many}<testsuite name='s7' time='2'><testcase name='b'/></testsuite></testsuites>")
    assert len(found["suites"]) == 1000
    assert found["suites"][0]["name"] == "s1500"
    assert next(suite for suite in found["suites"] if suite["name"] == "s7")["duration_s"] == 3
    assert found["tests"] == 1601


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("<testcase name='a'/>", "/: root element <testcase>; expected <testsuites> or <testsuite>"),
        ("<suites><case/></suites>", "/: root element <suites>; expected <testsuites> or <testsuite>"),
        ("<testsuite><testcase><testcase/></testcase></testsuite>", "<testcase> inside a <testcase>"),
        ("<testsuite tests='many'/>", 'tests="many"; expected a count'),
        ("<testsuite failures='-1'/>", 'failures="-1"; expected a count'),
        ("<testsuite><testcase name='a'/>", "expected well-formed XML"),
        ("<testsuite><testcase name='a'><failure><![CDATA[cut", "expected well-formed XML"),
        ("<testsuite name='a<b'/>", "expected well-formed XML"),
        ("<testsuite name='\0'/>", "expected well-formed XML"),
        ("<!DOCTYPE t [<!ENTITY a 'b'>]><testsuite name='&a;'/>", "expected XML without entity declarations"),
        ("<testsuite>" * 300 + "</testsuite>" * 300, "nested deeper than 256 levels"),
        ("", "empty file"),
        ("{}", "expected well-formed XML"),
    ],
)
def test_refused(data: str, reason: str) -> None:
    assert reason in refused(data)


def test_bad_utf8_is_refused() -> None:
    assert "expected well-formed XML" in refused(b"<testsuite name='\xff'/>")


@pytest.mark.parametrize("data", [b"", b"<suites/>", b"<testcase/>", b"<coverage/>", b"{}", b"<!-- <testsuite> --><html/>"])
def test_not_recognised(data: bytes) -> None:
    assert "junit-xml" not in recognised(data)


@settings(max_examples=200, deadline=None)
@given(mutations(VALID))
def test_only_input_error_leaves(data: bytes) -> None:
    parsed = assert_only_refuses("test-results", "junit-xml", data)
    if parsed is not None:
        found = parsed.payload.model_dump()
        assert found["tests"] == found["passed"] + found["failed"] + found["errors"] + found["skipped"]
        assert len(parsed.findings) >= found["failed"] + found["errors"]


def test_file_of_a_real_pytest_run(tmp_path: Path) -> None:
    tests = "import pytest\n\ndef test_a(): pass\n\ndef test_b(): assert 1 == 2\n\n@pytest.mark.skip\ndef test_c(): pass\n\n"
    tests += "@pytest.fixture\ndef broken(): raise OSError('no')\n\ndef test_d(broken): pass\n"
    (tmp_path / "test_x.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--junitxml=junit.xml", "test_x.py"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=120)
    data = (tmp_path / "junit.xml").read_bytes()
    parsed = read("test-results", "junit-xml", data)
    assert recognised(data) == ["junit-xml"]
    assert counts(data) == (4, 1, 1, 1, 1)
    assert results(data)["declared"] == {"tests": 4, "failures": 1, "errors": 1, "skipped": 1}
    assert {(finding.rule, finding.path) for finding in parsed.findings} == {("failure", "test_x::test_b"), ("error", "test_x::test_d")}
    assert parsed.observed_at is not None  # pytest states the zone since 8.0


def test_memory_does_not_grow_with_the_file() -> None:
    case = b"<testcase classname='c' name='n%d' time='0.1'><system-out>said %d</system-out></testcase>\n"
    data = b"<testsuite name='s'>" + b"".join(case % (number, number) for number in range(50_000)) + b"</testsuite>"
    tracemalloc.start()
    assert counts(data) == (50_000, 50_000, 0, 0, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20
