"""The JUnit form of a check."""

from __future__ import annotations

from pathlib import Path

import pytest
from junitparser import JUnitXml

from compliance.catalog import shipped
from compliance.errors import UnrecognisedError
from compliance.reading.recognise import recognise
from compliance.report import junit
from compliance.source import Source
from tests.report.checks import HOSTILE, assessment, checked, hostile

SNAPSHOT = """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="compliance check" tests="6" failures="1" errors="1" skipped="2" time="0">
  <testsuite name="" tests="6" failures="1" errors="1" skipped="2" time="0" timestamp="2026-06-01T12:00:00Z">
    <properties>
      <property name="project" value="p" />
      <property name="version" value="1.8" />
      <property name="commit" value="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" />
      <property name="point" value="production" />
      <property name="outcome" value="no-go" />
    </properties>
    <testcase classname="compliance." name="T-1 The number is small" time="0">
      <failure message="2 findings are open" type="fail">2 findings are open
src/app.py:7  eval
src/other.py:9  exec
/api/health  503
tests::b  failed
fix: make it smaller.</failure>
    </testcase>
    <testcase classname="compliance." name="T-2 The number is small" time="0">
      <error message="no scan of this commit" type="missing">no scan of this commit
fix: Run `compliance ingest FILE` (number).</error>
    </testcase>
    <testcase classname="compliance." name="T-3 The number is small" time="0" />
    <testcase classname="compliance." name="T-4 The number is small" time="0">
      <skipped message="advisory, fail: 2 findings are open" />
    </testcase>
    <testcase classname="compliance." name="T-5 The number is small" time="0" />
    <testcase classname="compliance." name="T-6 The number is small" time="0">
      <skipped message="not applicable: not built (Ada)" />
    </testcase>
  </testsuite>
</testsuites>
"""


def test_the_junit_xml_of_a_check(tmp_path: Path) -> None:
    assert junit.text(checked(tmp_path)) == SNAPSHOT


def test_our_own_reader_and_a_usual_one_count_the_same_and_ours_takes_it_for_no_tests(tmp_path: Path) -> None:
    text = junit.text(checked(tmp_path))
    _, form = shipped().formats["junit-xml"]
    (statement,) = form.read(Source("check.xml", text.encode()))
    payload = statement.payload.model_dump()
    assert [payload[name] for name in ("tests", "passed", "failed", "errors", "skipped")] == [6, 2, 1, 1, 2]
    assert payload["declared"] == {"tests": 6, "failures": 1, "errors": 1, "skipped": 2}
    suites = JUnitXml.fromstring(text.encode())
    assert (suites.tests, suites.failures, suites.errors, suites.skipped) == (6, 1, 1, 2)
    with pytest.raises(UnrecognisedError, match="a result of `compliance check`"):
        recognise(Source("check.xml", text.encode()), shipped().kinds)


def test_untrusted_text_stays_text(tmp_path: Path) -> None:
    text = junit.text(checked(tmp_path, hostile(assessment(), 2)))
    cases = [case for suite in JUnitXml.fromstring(text.encode()) for case in suite]
    assert len(cases) == 2
    shown = HOSTILE.replace("\x1b", "\\x1b").replace("\n", "\\x0a")
    assert cases[0].name == f"H-0 {shown}"
    assert cases[0].result[0].message == shown
    assert cases[0].result[0].text.splitlines()[-2:] == ["10 more", f"fix: {shown}"]
