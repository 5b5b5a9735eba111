"""JaCoCo XML: the counters of the report, not those below it."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from compliance.errors import InputError

from .helpers import assert_only_refuses, mutations, read, recognised

DOCTYPE = '<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd">'
SESSIONS = '<sessioninfo id="b" start="1" dump="1695909007085"/><sessioninfo id="a" start="1" dump="1695909005979"/>'


def counters(lines: tuple[int, int], branches: tuple[int, int] | None = None) -> str:
    """Covered and missed."""
    branch = '<counter type="BRANCH" missed="{1}" covered="{0}"/>'.format(*branches) if branches else ""
    line = '<counter type="LINE" missed="{1}" covered="{0}"/>'.format(*lines)
    return f'<counter type="INSTRUCTION" missed="900" covered="100"/>{branch}{line}<counter type="CLASS" missed="0" covered="1"/>'


A = f"""<package name="org/a"><class name="org/a/A" sourcefilename="A.java"><method name="m" desc="()V" line="3">{counters((4, 1))}</method>
{counters((4, 1), (1, 1))}</class><class name="org/a/A$B"><method name="n" desc="()V"/>{counters((4, 1))}</class>
<sourcefile name="A.java"><line nr="3" mi="0" ci="5" mb="1" cb="1"/>{counters((5, 1), (1, 1))}</sourcefile>
{counters((5, 1), (1, 1))}</package>"""
B = f'<package name="org/b"><class name="org/b/C"/>{counters((2, 2))}</package>'
ALL = counters((7, 3), (1, 1))


def report(content: str = SESSIONS + A + B + ALL, before: str = DOCTYPE, name: str = ' name="Example"') -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{before}<report{name}>{content}</report>'.encode()


def found(data: bytes) -> tuple[int, int, int | None, int | None]:
    summary = read("coverage", "jacoco-xml", data).payload.summary()
    return summary["lines_covered"], summary["lines_total"], summary["branches_covered"], summary["branches_total"]


def incomplete(data: bytes) -> str | None:
    return read("coverage", "jacoco-xml", data).payload.incomplete


def test_the_counters_of_the_report_count() -> None:
    assert recognised(report()) == ["jacoco-xml"]
    assert (found(report()), incomplete(report())) == ((7, 10, 1, 2), None)
    parsed = read("coverage", "jacoco-xml", report())
    payload = parsed.payload.model_dump()
    assert payload["files"] == 2
    assert payload["packages"] == (
        {"name": "org/a", "lines_covered": 5, "lines_total": 6, "branches_covered": 1, "branches_total": 2},
        {"name": "org/b", "lines_covered": 2, "lines_total": 4, "branches_covered": 0, "branches_total": 0},
    )
    assert parsed.observed_at == datetime(2023, 9, 28, 13, 50, 7, 85000, tzinfo=UTC)


def test_groups_of_several_modules() -> None:
    inner = f'<group name="inner">{B}{counters((2, 2))}</group>'
    first, second = f"{A}{inner}{counters((7, 3), (1, 1))}", f"{B}{counters((2, 2))}"
    data = report(f'<group name="one">{first}</group><group name="two">{second}</group>{counters((9, 5), (1, 1))}')
    assert (found(data), incomplete(data)) == ((9, 14, 1, 2), None)
    assert [package["lines_total"] for package in read("coverage", "jacoco-xml", data).payload.model_dump()["packages"]] == [6, 8]


def test_without_a_counter_of_branches_they_are_not_known() -> None:
    assert (found(report(B + counters((2, 2)))), incomplete(report(B + counters((2, 2))))) == ((2, 4, None, None), None)
    assert read("coverage", "jacoco-xml", report(B + counters((2, 2)))).payload.model_dump()["packages"][0]["branches_total"] is None


def test_counters_that_the_packages_do_not_add_up_to() -> None:
    said = "the report's totals state 7 of 10 lines and 1 of 2 branches, its files add up to 5 of 6 lines and 1 of 2 branches"
    assert (found(report(A + ALL)), incomplete(report(A + ALL))) == ((7, 10, 1, 2), said)
    assert "add up to 0 of 0 lines" in (incomplete(report(ALL)) or "")


def test_packages_count_where_the_report_was_cut() -> None:
    assert (found(report(A + B)), incomplete(report(A + B))) == ((7, 10, 1, 2), None)
    assert (found(report(B)), incomplete(report(B))) == ((2, 4, None, None), None)


NO_LINES = '<package name="p"><class name="p/A"/></package>'


@pytest.mark.parametrize("content", ["", SESSIONS, NO_LINES, '<counter type="CLASS" missed="1" covered="0"/>'])
def test_a_report_of_nothing_is_incomplete(content: str) -> None:
    assert (found(report(content)), incomplete(report(content))) == ((0, 0, None, None), "no line was measured")


@pytest.mark.parametrize(
    "data",
    [
        report(before=""),
        report("", before="<!DOCTYPE report SYSTEM 'https://www.jacoco.org/jacoco/trunk/coverage/report.dtd'>"),
        report(B, before=""),
        report(SESSIONS, before=""),
        report("", before=DOCTYPE.replace('"report.dtd"', '"report.dtd"[]')),
        report(B, before="", name='\n  id="1"\n  name="Intellij Coverage Report"'),
        b"\xef\xbb\xbf" + report(),
    ],
)
def test_recognised(data: bytes) -> None:
    assert recognised(data) == ["jacoco-xml"]
    assert found(data)


@pytest.mark.parametrize(
    "data",
    [
        b'<project name="x"><target name="y"/></project>',
        b'<report name="x"/>',
        b'<report name="x"><package name="y"/></report>',
        b"<report><stats/><data><all name='x'><coverage type='line, %' value='1% (1/99)'/></all></data></report>",
        b'<report><package name="a"><counter type="LINE" missed="1" covered="1"/></package></report>',
        report().replace(b"report", b"other"),
        b"<report",
    ],
)
def test_other_reports_are_not_claimed(data: bytes) -> None:
    assert recognised(data) == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('missed="1" covered="5"', 'missed="one" covered="5"', '/report/package: missed="one"; expected a count'),
        ('missed="1" covered="5"', 'missed="-1" covered="5"', '/report/package: missed="-1"; expected a count'),
        ('missed="3" covered="7"', 'covered="7"', '/report: missed=""; expected a count'),
        ('missed="3" covered="7"', 'missed="3" covered="7.0"', '/report: covered="7.0"; expected a count'),
        ('missed="3" covered="7"', 'missed="3" covered="9999999999"', "expected a count"),
        ('missed="3" covered="7"', 'missed="999999999" covered="999999999"', "/report: 1999999998 lines; expected at most 1000000000"),
        (ALL, ALL + ALL, "/report: two BRANCH counters; expected one"),
        ("</report>", "", "expected well-formed XML"),
        (DOCTYPE, '<!DOCTYPE report [<!ENTITY a "b">]>', "expected XML without entity declarations"),
        ("</report>", "</other>", "mismatched tag"),
    ],
)
def test_refused(old: str, new: str, reason: str) -> None:
    assert old in report().decode()
    with pytest.raises(InputError) as caught:
        found(report().decode().replace(old, new).encode())
    assert reason in caught.value.reason


def test_foreign_and_empty_files_are_refused() -> None:
    with pytest.raises(InputError, match="/: root element <project>; expected <report>"):
        found(b'<project name="x"/>')
    with pytest.raises(InputError, match="empty file"):
        found(b"")


def test_memory_does_not_grow_with_the_report() -> None:
    lines = '<line nr="3" mi="0" ci="5" mb="1" cb="1"/>' * 100_000
    data = report(f'<package name="p"><sourcefile name="A">{lines}</sourcefile>{counters((1, 1))}</package>{counters((1, 1))}')
    tracemalloc.start()
    assert found(data)[:2] == (1, 2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


@settings(max_examples=200, deadline=None)
@given(mutations(report()))
def test_only_input_error_leaves(data: bytes) -> None:
    parsed = assert_only_refuses("coverage", "jacoco-xml", data)
    if parsed is not None:
        counts = parsed.payload.model_dump()
        assert 0 <= counts["lines_covered"] <= counts["lines_total"]
