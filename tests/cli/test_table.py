from __future__ import annotations

import pytest

from compliance.cli.table import lines, wrap

PATH = "src/main/java/org/apache/commons/lang3/CharSequenceUtils.java:146"


@pytest.mark.parametrize("text", ["四个汉字 and words", "done \u2705 with it, \u2705 all of it", "汉" * 25])
def test_wide_characters_take_two_columns(text: str) -> None:
    lines = wrap(text, 10)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(sum(1 if one.isascii() else 2 for one in line) <= 10 for line in lines)


@pytest.mark.parametrize("room", range(1, 90))
def test_a_path_is_broken_after_a_separator_only_and_keeps_its_line_number(room: int) -> None:
    wrapped = wrap(f"at {PATH}  it is", room)
    assert "".join(wrapped).replace(" ", "") == f"at{PATH}itis"
    starts = ("at", "src/", "main/", "java/", "org/", "apache/", "commons/", "lang3/", "CharSequenceUtils.java:146", "it", "is")
    assert all(line.startswith(starts) for line in wrapped)
    assert all(len(line) <= room or " " not in line for line in wrapped)


def test_what_has_no_separator_runs_over_the_edge_whole() -> None:
    digest = "a" * 64
    assert wrap(f"sha256 {digest} b", 20) == ["sha256", digest, "b"]


@pytest.mark.parametrize("text", ["", "   "])
def test_nothing_is_one_empty_line(text: str) -> None:
    assert wrap(text, 10) == [""]


@pytest.mark.parametrize(("columns", "most"), [("80", 80), ("100", 100), ("200", 120), ("20", 80)])
def test_a_table_keeps_the_width_of_the_terminal_between_80_and_120_columns(
    monkeypatch: pytest.MonkeyPatch, columns: str, most: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    made = lines([["recorded", " ".join([PATH] * 9)], ["x", "y"]])
    assert most - len(PATH) <= max(map(len, made)) <= most
