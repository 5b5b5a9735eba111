"""Coverage profiles of Go: statements of each block once, as ``go tool cover -func`` counts them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from .helpers import assert_only_refuses, mutations, outcome, read, recognised

PROFILE = """mode: count
example.org/m/ok/ok.go:3.19,4.11 1 3
example.org/m/ok/ok.go:7.2,7.11 1 2
example.org/m/ok/ok.go:12.2,12.10 1 0
example.org/m/ok/ok.go:4.11,6.3 1 1
example.org/m/ok/ok.go:8.9,8.18 1 1
example.org/m/ok/ok.go:9.9,10.11 1 1
example.org/m/ok/ok.go:14.10,14.26 1 0
"""
"""Of Go 1.19, whose ``go tool cover -func`` says: total 71.4 %."""


def found(text: str) -> Any:
    return read("coverage", "go-cover", text.encode()).payload


def counts(text: str) -> tuple[int, int]:
    return found(text).lines_covered, found(text).lines_total


def test_statements_are_counted_by_file_and_folder() -> None:
    assert recognised(PROFILE.encode()) == ["go-cover"]
    payload = found(PROFILE + "example.org/m/b.go:1.1,9.2 13 0\n")
    assert (payload.lines_covered, payload.lines_total, payload.branches_total, payload.files) == (5, 20, None, 2)
    assert [(one.name, one.lines_covered, one.lines_total) for one in payload.packages] == [
        ("example.org/m", 0, 13),
        ("example.org/m/ok", 5, 7),
    ]
    assert payload.incomplete is None


def test_a_block_that_several_runs_list_counts_once_and_is_covered_by_any() -> None:
    again = PROFILE.splitlines(keepends=True)[1:]
    assert counts(PROFILE + "".join(again)) == (5, 7)
    assert counts(PROFILE + "example.org/m/ok/ok.go:14.10,14.26 1 18446744073709551615\n") == (6, 7)
    assert counts(PROFILE + PROFILE) == (5, 7)


@pytest.mark.parametrize("mode", ["set", "count", "atomic"])
def test_modes_and_line_ends(mode: str) -> None:
    text = PROFILE.replace("count", mode)
    for data in (text, text.replace("\n", "\r\n"), "\ufeff" + text, text + "\n"):
        assert recognised(data.encode()) == ["go-cover"]
        assert counts(data) == (5, 7)
    assert counts(text.replace("example.org/m", "C:/a b")) == (5, 7)


def test_a_profile_of_nothing_is_incomplete() -> None:
    for text in ("mode: set\n", "mode: set\na.go:1.1,1.2 0 1\n"):
        assert recognised(text.encode()) == ["go-cover"]
        assert found(text).incomplete == "no line was measured"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty file"),
        ("mode: some\n", "line 1: mode: some; expected mode: set, count or atomic"),
        (PROFILE + "mode: set\n", "line 9: mode: set; expected"),
        (PROFILE[:-4], "line 8: example.org/m/ok/ok.go:14.10,14.26; expected file:line.column"),
        (PROFILE + "example.org/m/ok/ok.go:3.19,4.11 2 3\n", "line 9: 2 statements in a block; expected 1, as stated before"),
        (PROFILE + "a.go:3.19,4.11 one 3\n", "line 9: a.go:3.19,4.11 one 3"),
        (PROFILE + "a.go:3.19,4.11 1 -3\n", "expected file:line.column"),
        (PROFILE + "a.go:3.19,4.11 1 1.5\n", "expected file:line.column"),
        ("mode: set\na.go:1.1,1.2 999999999 1\na.go:1.1,1.3 999999999 1\n", "a.go: 1999999998 statements; expected at most"),
    ],
)
def test_refuses(text: str, why: str) -> None:
    assert why in outcome("coverage", "go-cover", text.encode())


def test_recognises_no_look_alike() -> None:
    assert recognised(b"mode: set the oven to 200 degrees\n") == []
    assert recognised(b"mode: set\nother words\n") == []


@given(mutations(PROFILE.encode()))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("coverage", "go-cover", data)
