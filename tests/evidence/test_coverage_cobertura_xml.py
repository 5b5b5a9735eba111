"""Cobertura XML: the lines of classes, the fractions of branches, and totals that contradict them."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from compliance.errors import InputError

from .helpers import assert_only_refuses, mutations, read, recognised

DOCTYPE = '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">'
TOTALS = 'lines-covered="4" lines-valid="6"'
BRANCHES = 'branches-covered="3" branches-valid="4"'
METHOD = '<method name="m" signature="()V"><lines><line number="1" hits="2"/><line number="2" hits="0"/></lines></method>'
LINES = """<line number="1" hits="2" branch="false"/><line number="2" hits="0"/>
<line number="3" hits="18446744073709551617" branch="True" condition-coverage="75.00% (3/4)">
<conditions><condition number="0" type="jump" coverage="75%"/></conditions></line>"""


def report(
    root: str = f'line-rate="0.6667" branch-rate="0.75" {TOTALS} {BRANCHES} version="1.9" timestamp="1663310122"',
    lines: str = LINES,
    more: str = '<line number="7" hits="1"/><line number="8" hits="1"/><line number="9" hits="0"/>',
    before: str = DOCTYPE,
    methods: str = METHOD,
) -> bytes:
    return f"""<?xml version="1.0" encoding="utf-8"?>{before}
<coverage {root}><sources><source>C:\\src</source></sources><packages><package name="p" line-rate="1"><classes>
<class name="p.A" filename="src\\p\\A.cs" line-rate="0.5"><methods>{methods}</methods><lines>{lines}</lines></class>
<class name="p.A/inner" filename="src\\p\\A.cs" line-rate="1"><methods/><lines>{more}</lines></class>
</classes></package><package name="q"><classes/></package></packages></coverage>""".encode()


def found(data: bytes) -> tuple[int, int, int | None, int | None]:
    summary = read("coverage", "cobertura-xml", data).payload.summary()
    return summary["lines_covered"], summary["lines_total"], summary["branches_covered"], summary["branches_total"]


def incomplete(data: bytes) -> str | None:
    return read("coverage", "cobertura-xml", data).payload.incomplete


def test_lines_of_classes_are_counted_and_those_of_methods_not_again() -> None:
    parsed = read("coverage", "cobertura-xml", report())
    assert recognised(report()) == ["cobertura-xml"]
    assert found(report()) == (4, 6, 3, 4)
    payload = parsed.payload.model_dump()
    assert (payload["incomplete"], payload["files"]) == (None, 1)
    assert payload["packages"] == ({"name": "src/p", "lines_covered": 4, "lines_total": 6, "branches_covered": 3, "branches_total": 4},)
    assert (parsed.observed_at, parsed.tool) == (datetime(2022, 9, 16, 6, 35, 22, tzinfo=UTC), None)


def test_lines_of_methods_count_where_the_class_lists_none() -> None:
    assert found(report(lines="", root='line-rate="0.6" branch-rate="0"')) == (3, 5, None, None)
    assert incomplete(report(lines="", root='line-rate="0.6" branch-rate="0"')) is None


def test_a_line_counts_as_often_as_the_classes_list_it() -> None:
    again = '<line number="7" hits="1"/><line number="7" hits="0"/><line number="7" hits="0"/>'
    assert found(report(more=again)) == (3, 6, 3, 4)


@pytest.mark.parametrize(
    ("root", "said"),
    [
        (
            f'lines-covered="40" lines-valid="60" {BRANCHES}',
            "the report's totals state 40 of 60 lines and 3 of 4 branches, its files add up to 4 of 6 lines and 3 of 4 branches",
        ),
        (
            f'{TOTALS} branches-covered="0" branches-valid="0" branch-rate="0"',
            "the report's totals state 4 of 6 lines and 0 of 0 branches, its files add up to 4 of 6 lines and 3 of 4 branches",
        ),
        ('lines-covered="40" lines-valid="60"', "the report's totals state 40 of 60 lines, its files add up to 4 of 6 lines"),
        ('line-rate="0.07"', "the report's totals state a line rate of 0.07, its files add up to 4 of 6 lines"),
        (
            'line-rate="0.67" branches-covered="1" branches-valid="4"',
            "the report's totals state 4 of 6 lines and 1 of 4 branches, its files add up to 4 of 6 lines and 3 of 4 branches",
        ),
        (TOTALS, None),
        (f'{TOTALS} line-rate="1"', None),
        ('line-rate="0.67"', None),
        ('line-rate="0.7"', None),
        ('line-rate="NaN"', None),
        ('line-rate="0,6667"', None),
    ],
)
def test_totals_that_differ_make_it_incomplete_and_are_named(root: str, said: str | None) -> None:
    assert found(report(f"{root} version=''")) == (4, 6, 3, 4)
    assert incomplete(report(f"{root} version=''")) == said


PLAIN = '<line number="1" hits="1"/><line number="2" hits="0"/><line number="3" hits="1"/>'


@pytest.mark.parametrize(
    ("root", "branches"),
    [
        (f"{TOTALS} {BRANCHES}", (3, 4)),
        (f'{TOTALS} branches-covered="0" branches-valid="0" branch-rate="0"', (None, None)),
        (f'{TOTALS} branches-covered="0" branches-valid="0" branch-rate="0.0"', (None, None)),
        (f'{TOTALS} branches-covered="0" branches-valid="0" branch-rate="1"', (0, 0)),
        (f'{TOTALS} branch-rate="0.4"', (None, None)),
        (TOTALS, (None, None)),
    ],
)
def test_branches_of_the_root_where_the_lines_list_none(root: str, branches: tuple[int | None, int | None]) -> None:
    data = report(f'line-rate="0.6667" {root}', lines=PLAIN)
    assert found(data) == (4, 6, *branches)
    assert incomplete(data) is None
    folder = read("coverage", "cobertura-xml", data).payload.model_dump()["packages"][0]
    assert folder["branches_total"] == (0 if branches == (0, 0) else None)


UNCLEAR = PLAIN.replace('hits="0"', 'hits="0" branch="true"')


def test_branches_without_numbers() -> None:
    said = "1 lines do not say how many of their branches are covered"
    for conditions in ("", ' condition-coverage=""', ' condition-coverage="50%"'):
        lines = UNCLEAR.replace(' branch="true"', f' branch="true"{conditions}')
        assert found(report(lines=lines)) == (4, 6, 3, 4)  # those of the root
        assert incomplete(report(lines=lines)) is None
        for root in (TOTALS, f'{TOTALS} branches-covered="0" branches-valid="0"'):
            assert found(report(f'line-rate="0.6667" {root}', lines=lines)) == (4, 6, None, None)
            assert incomplete(report(f'line-rate="0.6667" {root}', lines=lines)) == said
    both = UNCLEAR + '<line number="4" hits="1" branch="true" condition-coverage="50% (1/2)"/>'
    assert found(report('line-rate="0.7"', lines=both)) == (5, 7, 1, 2)
    assert incomplete(report('line-rate="0.7"', lines=both)) == said


@pytest.mark.parametrize("text", ["50% (1/2)", "50.00% (1/2)", "33,3 % ( 1 / 2 ) ", "(1/2)", "NaN% (1/2)"])
def test_fractions_in_the_words_of_several_tools(text: str) -> None:
    line = f'<line number="1" hits="1" branch="true" condition-coverage="{text}"/>'
    assert found(report('line-rate="0.75"', lines=line, more=line))[2:] == (2, 4)


def test_a_negative_count_covers_nothing() -> None:
    lines = PLAIN.replace('hits="0"', 'hits="-3"')
    assert found(report(lines=lines)) == (4, 6, 3, 4)
    assert incomplete(report(lines=lines)) == "1 lines have a negative count of hits"


def test_a_report_of_nothing_is_incomplete() -> None:
    empty = b'<coverage line-rate="1" version="1.9"><packages/></coverage>'
    assert (found(empty), incomplete(empty)) == ((0, 0, None, None), "no line was measured")


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1663310122", datetime(2022, 9, 16, 6, 35, 22, tzinfo=UTC)),
        ("1663310122500", datetime(2022, 9, 16, 6, 35, 22, 500000, tzinfo=UTC)),
        ("2022-09-16T08:35:22+02:00", datetime(2022, 9, 16, 6, 35, 22, tzinfo=UTC)),
        ("2022-09-16T08:35:22", None),
        ("0", None),
        ("166331012", None),
        ("now", None),
    ],
)
def test_timestamps_in_seconds_or_milliseconds(text: str, time: datetime | None) -> None:
    assert read("coverage", "cobertura-xml", report(f'line-rate="0.6667" timestamp="{text}"')).observed_at == time


def test_the_writer_where_the_version_names_it() -> None:
    tool = read("coverage", "cobertura-xml", report('line-rate="0.6667" version="gcovr 7.2"')).tool
    assert tool is not None
    assert (tool.name, tool.version) == ("gcovr", "7.2")


@pytest.mark.parametrize(
    "data",
    [
        b'<coverage line-rate="1"/>',
        b"<coverage><packages/></coverage>",
        b"\xef\xbb\xbf<!-- x --><coverage\n version='1'\n>\n<!-- generated --><sources/></coverage>",
        report(before=f"<!-- Generated by a fork of coverage.py -->{DOCTYPE}"),
        report(before="<!DOCTYPE coverage [<!ELEMENT coverage (sources?,packages)>]>"),
    ],
)
def test_recognised(data: bytes) -> None:
    assert recognised(data) == ["cobertura-xml"]


@pytest.mark.parametrize(
    "data",
    [
        b'<coverage generated="1" clover="4.4.1"><project timestamp="1"/></coverage>',
        b'<coverage generated="1"><project timestamp="1"><metrics/></project></coverage>',
        b'<coverage profilerVersion="1.5.8" driverVersion="1.5.8.0"><module/></coverage>',
        b'<coverage version="1"><file path="a.c"><lineToCover lineNumber="1" covered="true"/></file></coverage>',
        b'<coverage version="1"></coverage>',
        b"<coverage/>",
        b'<cobertura line-rate="1"/>',
        b'<report line-rate="1"><packages/></report>',
        b"<coverage ",
        b"<coverage line-rate='1",
    ],
)
def test_other_reports_are_not_claimed(data: bytes) -> None:
    assert recognised(data) == []


def test_recognition_is_quick_on_hostile_heads() -> None:
    for part in (b"<!--", b'<coverage a="', b"<coverage a='", b"<coverage ", b'a="b" ', b"<!-- --><"):
        recognised((b"<coverage line-rate='1'>" + part * 20000)[:65536])
        recognised((b"<coverage " + part * 20000)[:65536])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (report(lines='<line number="1"/>'), "src\\p\\A.cs line 1: a line without hits; expected number and hits"),
        (report(lines='<line hits="1"/>'), "src\\p\\A.cs line ?: a line without number"),
        (report(lines='<line number="x" hits="1"/>'), 'line x: number="x"; expected a count'),
        (report(lines='<line number="1" hits="one"/>'), 'hits="one"; expected a count'),
        (report(lines='<line number="1" hits="1.5"/>'), 'hits="1.5"; expected a count'),
        (report(lines='<line number="1" hits=""/>'), 'hits=""; expected a count'),
        (report(lines='<line number="1" hits="\u0661"/>'), "expected a count"),
        (
            report(lines='<line number="4" hits="1" branch="true" condition-coverage="150% (3/2)"/>'),
            "src\\p\\A.cs line 4: 3 of 2 branches covered; expected at most all of them",
        ),
        (report(lines='<class filename="b"/>'), "src\\p\\A.cs: a class inside a class"),
        (report('lines-covered="7" lines-valid="6"'), "/coverage: 7 of 6 lines covered"),
        (report('lines-covered="seven" lines-valid="6"'), '/coverage: lines-covered="seven"; expected a count'),
        (report('lines-covered="6"'), '/coverage: lines-valid=""; expected a count'),
        (report('line-rate="1" branches-covered="9999999999" branches-valid="9999999999"'), "expected a count"),
        (b"<report/>", "/: root element <report>; expected <coverage>"),
        (report()[:-20], "expected well-formed XML"),
        (b"", "empty file"),
        (report(before='<!DOCTYPE c [<!ENTITY a "b">]>'), "expected XML without entity declarations"),
        (b"<coverage>" + b"<packages>" * 300, "nested deeper than 256 levels"),
    ],
)
def test_refused(data: bytes, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        read("coverage", "cobertura-xml", data)
    assert reason in caught.value.reason


def test_memory_does_not_grow_with_the_report() -> None:
    data = report(more='<line number="7" hits="1" branch="true" condition-coverage="50% (1/2)"/>\n' * 100_000)
    tracemalloc.start()
    assert read("coverage", "cobertura-xml", data).payload.summary()["lines_total"] == 100_003
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


@settings(max_examples=200, deadline=None)
@given(mutations(report()))
def test_only_input_error_leaves(data: bytes) -> None:
    parsed = assert_only_refuses("coverage", "cobertura-xml", data)
    if parsed is not None:
        counts = parsed.payload.model_dump()
        assert 0 <= counts["lines_covered"] <= counts["lines_total"]
