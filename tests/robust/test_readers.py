"""The readers that all parsers share: no input makes them hang, wait, guess or raise anything but a refusal."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from compliance import source as module
from compliance.errors import InputError
from compliance.reading import yamltext
from compliance.source import Source, parse_time

PATIENCE_S = 30.0
"""Far above what the inputs here take (a second or two), far below what they took when reading was quadratic or worse."""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: !!bool maybe", "line 1 column 4: not a value of type bool"),
        ('!!int ""', "line 1 column 1: not a value of type int"),
        ('a:\n  - !!float ""', "line 2 column 5: not a value of type float"),
        ('!!int "12x"', "not a value of type int"),
        ("!!map x", "not a value of type map (found a scalar)"),
        ("!!seq {}", "line 1 column 1: expected a sequence node"),
        ("!!timestamp x", "tag:yaml.org,2002:timestamp"),
        ("!!timestamp 2026-01-31", "tag:yaml.org,2002:timestamp"),
        ("!!binary AAAA", "tag:yaml.org,2002:binary"),
        ("!!set {a, b}", "tag:yaml.org,2002:set"),
        ("<<: {a: 1}", "tag:yaml.org,2002:merge"),
        ('a: "\\ud800"', "line 1 column 4: half of a character"),
        ('"\\uDC00": a', "half of a character"),
        ("a: 0x" + "f" * 20_000, "line 1 column 4: not a value of type int (too long)"),
        ("a: " + "9" * 5000, "line 1 column 4: not a value of type int"),
        ("!!int 1:0:0", "a number to base 60"),
        ("- " * 5000, "nested too deeply"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_yaml_that_says_one_type_and_holds_another_is_refused_with_its_place(text: str, found: str) -> None:
    with pytest.raises(InputError) as caught:
        yamltext.loads(text)
    assert found in caught.value.reason
    assert caught.value.expected


def test_times_of_day_and_other_colons_are_no_numbers_in_yaml() -> None:
    assert yamltext.loads("[20:30, 1:2:3.5, -1:00, 22:22]") == ["20:30", "1:2:3.5", "-1:00", "22:22"]
    assert yamltext.loads("[1, -2, 0x1f, 1.5, 1e3, .inf]") == [1, -2, 31, 1.5, 1000.0, float("inf")]


@pytest.mark.parametrize(
    "text",
    [
        "1" + ":0" * 500_000,
        "[" + "a," * 500_000 + "]",
        "k: v\n" + "".join(f"k{n}: v\n" for n in range(50_000)),
        "- &a x\n" + "- *a\n" * 200_000,
    ],
    ids=["base 60", "flow", "mapping", "aliases"],
)
def test_a_long_yaml_document_is_given_up_when_it_has_too_many_values(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamltext, "NODE_LIMIT", 10_000)
    started = time.monotonic()
    if text.startswith("1"):
        assert yamltext.loads(text) == text
    else:
        with pytest.raises(InputError, match="more than 10000 values"):
            yamltext.loads(text)
    assert time.monotonic() - started < PATIENCE_S


def events(data: bytes) -> int:
    count = 0
    for event, element, _ in Source("f", data).xml():
        count += 1
        if event == "end":
            element.clear()
    return count


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"<a>\n<b c='" + b"x" * (24 << 20) + b"'/></a>", "line 2: a tag or comment that does not end"),
        (b"<a>\n\n<!--" + b"< " * (12 << 20) + b"--></a>", "line 3: a tag or comment that does not end"),
        (b"<a>" + b"x" * (72 << 20) + b"</a>", "line 1: a text that does not end"),
    ],
    ids=["attribute", "comment", "text"],
)
def test_xml_that_would_take_quadratic_time_is_refused_with_its_line(data: bytes, found: str) -> None:
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        events(data)
    assert found in caught.value.reason
    assert time.monotonic() - started < PATIENCE_S


def test_long_attributes_comments_and_texts_within_the_limits_are_read() -> None:
    long = b"x" * (3 << 20)
    assert events(b"<a b='" + long + b"'><!--" + long + b"-->" + long * 4 + b"<![CDATA[" + long + b"]]></a>") == 2


@pytest.mark.parametrize(
    "part", [b"<!DOCTYPE[]", b"<!DOCTYPE[] ", b"<!--", b"<?", b"<!DOCTYPE a [", b"<!DOCTYPE a [ ] ", b"<!-- -->", b"< "]
)
def test_the_root_of_hostile_xml_is_looked_for_in_linear_time(part: bytes) -> None:
    started = time.monotonic()
    assert Source("f", part * (65536 // len(part))).xml_root is None
    assert time.monotonic() - started < 1


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    failed: list[InputError] = []

    def read() -> None:
        with pytest.raises(InputError) as caught:
            Source.from_path(tmp_path / "pipe", "pipe")
        failed.append(caught.value)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(10)
    assert [str(error) for error in failed] == ["pipe: not a regular file"]


def test_devices_are_refused() -> None:
    with pytest.raises(InputError, match="not a regular file"):
        Source.from_path(Path(os.devnull))


@pytest.mark.parametrize("limit", [module.MEMORY_LIMIT, 3], ids=["in memory", "mapped"])
@pytest.mark.parametrize("change", ["grows", "shrinks", "is rewritten"])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, change: str) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"0123456789")
    os.utime(path, ns=(1, 1))
    monkeypatch.setattr(module, "MEMORY_LIMIT", limit)
    real, looks = os.fstat, []

    def look_and_change(descriptor: int) -> os.stat_result:
        """Between the first look at the size and the reading, another program writes."""
        state = real(descriptor)
        looks.append(state)
        if len(looks) == 1:
            path.write_bytes({"grows": b"0123456789!", "shrinks": b"01234", "is rewritten": b"9876543210"}[change])
        return state

    monkeypatch.setattr("compliance.source.os.fstat", look_and_change)
    with pytest.raises(InputError, match="f: changed while it was read; expected a file that is complete"):
        Source.from_path(path, "f")


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_time_that_does_not_exist_in_utc_is_no_time(text: str) -> None:
    assert parse_time(text) is None


def test_the_first_and_the_last_time_are_times() -> None:
    assert parse_time("0001-01-01T00:00:00Z") == datetime.min.replace(tzinfo=UTC)
    assert parse_time("9999-12-31T23:59:59.999999Z") == datetime.max.replace(tzinfo=UTC)
