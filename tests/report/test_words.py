from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from compliance.report import words

NBSP = words.NBSP


@pytest.mark.parametrize(
    ("value", "name", "text"),
    [
        (None, "", "–"),
        (True, "", "yes"),
        (0, "", "0"),
        (1234567, "", "1,234,567"),
        (-3, "", "−3"),
        (221.0, "p95_ms", f"221{NBSP}ms"),
        (1891.4, "p99_ms", f"1,891.4{NBSP}ms"),
        (0.4710743, "error_rate", f"47.1{NBSP}%"),
        (0.9995, "availability", f"> 99.9{NBSP}%"),
        (1.0, "availability", f"100{NBSP}%"),
        (0.0001, "error_rate", f"< 0.1{NBSP}%"),
        (0, "error_rate", "0"),
        (3, "lines", "3"),
        (80.0, "lines_percent", f"80{NBSP}%"),
        (80.0, "lines-percent", f"80{NBSP}%"),
        (7, "max_age_days", f"7{NBSP}d"),
        (0.03125, "x", "0.031"),
        (1e-9, "x", "1.0e−09"),
        ({"p95_ms": 221, "smoke_test": "passed"}, "", f"P95 221{NBSP}ms, smoke test passed"),
        ([1, 2, 3, 4, 5, 6, 7, 8], "", "1, 2, 3, 4, 5, 6, 2 more"),
        ({}, "", "none"),
        ([], "", "none"),
        ("≤ 5 %", "", f"≤ 5{NBSP}%"),
    ],
)
def test_values_as_people_read_them(value: Any, name: str, text: str) -> None:
    assert words.show(value, name) == text


def test_of_what_was_observed_only_what_the_threshold_speaks_of_is_shown() -> None:
    assert words.observed({"tests": 165, "failed": 12}, {"failed": 0}) == "failed 12"
    assert words.observed([{"failed": 1}, {"failed": 1}, {"failed": 2}], {"failed": 0}) == "failed 1; failed 2"
    assert words.observed({"tests": 165}, {"failed": 0}) == "tests 165"


def test_a_threshold_says_which_way_it_holds() -> None:
    assert (
        words.threshold({"lines_percent": 80.0, "branch": "main"}, {"lines_percent": "at least"})
        == f"lines at least 80{NBSP}%, branch main"
    )


@pytest.mark.parametrize(("count", "text"), [(0, "0"), (999, "999"), (1000, "1.0 kB"), (27_069_644, "27.1 MB"), (5 * 10**12, "5000.0 GB")])
def test_sizes(count: int, text: str) -> None:
    assert words.size(count) == (f"{text}{NBSP}B" if count < 1000 else text.replace(" ", NBSP))


def test_times_and_spans() -> None:
    time = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert words.utc(time) == f"2026-01-02 03:04{NBSP}UTC"
    assert words.utc(time, seconds=True) == f"2026-01-02 03:04:05{NBSP}UTC"
    assert words.utc(None) == "–"
    assert words.seconds(119.96) == f"120{NBSP}s"
    assert words.seconds(275) == f"4{NBSP}min 35{NBSP}s"
    assert words.seconds(300) == f"5{NBSP}min"


def test_text_is_cut_where_it_says_least() -> None:
    assert words.cut("a\n\n b" + "c" * 40, 6) == "a…"
    assert words.cut("a\n\n b" + "c" * 40, 40) == "a b" + "c" * 36 + "…"
    assert words.cut("one, two, three", 12) == "one, two…"
    assert words.cut("one, two", 8) == "one, two"
    assert words.tail("/top/folder/file.py:12", 11) == "…file.py:12"
    assert words.cut("99 % of it", 50) == f"99{NBSP}% of it"


def test_advice_is_cut_between_sentences() -> None:
    text = "Correct the code in config.py, line 3. Scan again. What cannot be corrected needs a waiver."
    assert words.cut_advice(text, 60) == "Correct the code in config.py, line 3. Scan again."
    assert words.cut_advice(text, 51) == "Correct the code in config.py, line 3. Scan again."
    assert words.cut_advice(text, 30) == "Correct the code in…"
    assert words.cut_advice(text, 200) == text


def test_an_empty_list_has_no_bound() -> None:
    assert words.threshold({"denied_licences": [], "unknown": 0}, {"denied_licences": "at least", "unknown": "at most"}) == (
        "denied licences none, unknown 0"
    )


def test_lists_read_like_sentences() -> None:
    assert [words.listed(list("abc"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert words.count(1, "entry", "entries") == f"1{NBSP}entry"
    assert words.count(2000, "entry", "entries") == f"2,000{NBSP}entries"


def test_what_was_observed_is_written_against_its_threshold() -> None:
    assert words.against({"p95_ms": 300, "users": 5, "rest": 1}, {"p95_ms": 250.0, "users": 10}) == (
        "P95 300\u00a0ms against 250\u00a0ms, users 5 against 10"
    )  # fmt: skip
    many = dict.fromkeys("abcde", 1)
    assert words.against(many, many) == "a 1 against 1, b 1 against 1, c 1 against 1, 2 more"
    assert words.against({"files": 0}, {"markers": 0}) == "files 0"
    assert words.against(None, {"markers": 0}) == ""
