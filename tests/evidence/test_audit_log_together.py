"""Logs that are read many lines at a time: to the letter what reading line by line gives."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from compliance.errors import InputError
from compliance.reading.jsonlines import LineReader
from compliance.source import LINE_LIMIT, Source

from . import helpers
from .helpers import format_of

outcome = partial(helpers.outcome, "audit-log")
PACKAGE = format_of("audit-log", "jsonl-log").parse.__module__.rpartition(".")[0]
"""Packaging maps the folder: a module of the kind is found through the format's own."""
lines, order, hints, rules, records = (
    importlib.import_module(f"{PACKAGE}.{name}") for name in ("lines", "order", "personal_hints", "personal_rules", "records")
)
KEYS = (
    *("timestamp", "time", "level", "event", "action", "category", "result", "status", "success", "user", "userId", "user_id"),
    *("requestId", "trace", "resource", "target", "resource_type", "http", "log", "seq", "n", "immutable", "prev_hash", "hash", "msg", "x"),
    *("record", "date", "t", "s", "c"),
)
TEXTS = (
    *("", "info", "auth.login", "delete", "update", "denied", "ok", "200", "users/17", "user", "2025-09-20T10:00:00Z", "true"),
    *("2025-09-20T10:00:01.5+00:00", "2025-09-20T12:00:00+02:00", "2025-09-20T10:00:00", "1758362400", "20250920T100000Z"),
    *("0001-01-01T00:00:00Z", "2150-01-01T00:00:00Z", "someone@example.org", "4111 1111 1111 1111", "X1234567L", 'a " b\\c\nd: @'),
    *("é\u2028", "Bearer abcdefghijklmnopqrstuvwxyz012345", "0" * 64, "ab" * 32),
)
SCALARS = st.one_of(
    st.sampled_from(TEXTS),
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, 1.0, 200, 403, 500, 1758362400, 1758362400123, 4111111111111111, 10**30, -0.0, 1e300]),
)
INNER = st.dictionaries(st.sampled_from(["action", "name", "type", "level", "id", "x", "requestId", "value", "time"]), SCALARS, max_size=3)
VALUES = st.one_of(SCALARS, SCALARS, INNER, st.lists(st.one_of(SCALARS, INNER), max_size=3))
RECORDS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=7)


@st.composite
def line(draw: st.DrawFn, template: dict[str, Any]) -> str:
    """A line: most are of one form, some of another, some broken."""
    record = {**template, **{key: draw(VALUES) for key in template if draw(st.integers(0, 3)) == 0}} if draw(st.booleans()) else template
    if draw(st.integers(0, 5)) == 0:
        record = draw(RECORDS)
    text = json.dumps(record, ensure_ascii=draw(st.booleans()), separators=draw(st.sampled_from([None, (",", ":"), (" , ", " : ")])))
    if draw(st.integers(0, 15)) == 0:
        text = draw(
            st.sampled_from(
                [
                    *('{"level": "a", ' + text[1:], text[:-1] + ', "x": 1, "x": "\\u0022"}', '{"x": {"y": 1, "y": "2"}}', text + text),
                    *("", "  ", "[1]", "{", text + ",", '{"x": 1e999}', '{"x": NaN}', '{"x": "\\ud800"}', "\x00", text + "  ", "null"),
                    *('{"x": ' * 150 + "1" + "}" * 150, '{"x": ' + "[" * 250 + "]" * 250 + "}", '{"x"\t:1,"x":2}', '{"x": "\\u0022:"}'),
                ]
            )
        )
    return text


@st.composite
def logs(draw: st.DrawFn) -> bytes:
    template = draw(RECORDS) | {"timestamp": "2025-09-20T10:00:00Z", "event": "data.read"}
    end = draw(st.sampled_from(["\n", "\r\n", "\r\r\n"]))
    text = end.join(draw(st.lists(line(template), min_size=1, max_size=12)))
    data = (draw(st.sampled_from(["", "", "\ufeff"])) + text + draw(st.sampled_from(["", end, end + end]))).encode()
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.sampled_from([b"", b"\xff", b'"', b"\n"])) + data[at + 1 :]
    return data


@contextmanager
def one_by_one() -> Iterator[None]:
    with patch.object(LineReader, "objects", lambda *_: None):
        yield


@settings(max_examples=300, deadline=None)
@given(logs(), st.sampled_from([1, 100, 400, 1 << 17]))
@example(b'{"timestamp": "2025-09-20T10:00:00Z", "event": "a", "event": "b"}\n' * 3, 1 << 17)
@example(b"\xef\xbb\xbf", 1)
@example(b'{"t": "2025-09-20T10:00:00Z", "event": "a", "s": "I"}\n{"event": "a", "c": "x"}\n' * 9, 1 << 17)
@example(b"".join(b'{"time": "2025-09-20T10:00:00Z", "level": "", "result": %s}\n' % word for word in (b"true", b"true", b"1", b"1.0")), 1)
@example(
    b'{}\n{"time": "2025-09-20T10:00:00Z", "record": "", "level": "", "event": "a"}\n'
    b'{"time": "", "record": {"level": "info"}, "level": "", "event": "a"}\n',
    1,
)
def test_a_log_gives_the_same_in_whatever_blocks_it_is_read(data: bytes, block: int) -> None:
    with one_by_one():
        expected = outcome("jsonl-log", data)
    with patch.object(lines, "_BLOCK", block):
        assert outcome("jsonl-log", data) == expected


def unordered(value: Any) -> Any:
    """A value whose objects have their keys in order."""
    if isinstance(value, dict):
        return {key: unordered(value[key]) for key in sorted(value)}
    return [unordered(item) for item in value] if isinstance(value, list) else value


def held(data: bytes) -> Iterator[tuple[int, bytes, Any]]:
    """The lines that are not blank, and what each holds, as they are read many at a time."""
    for block in lines.blocks(Source("log", data)):
        for place, raw in enumerate(block.lines):
            if block.rows is not None or raw.strip():
                yield block.first + place, raw, block.rows.object(place) if block.rows is not None else block.read(raw)


@settings(max_examples=300, deadline=None)
@given(logs(), st.sampled_from([1, 100, 400, 1 << 17]))
def test_the_objects_of_lines_are_those_of_each_line(data: bytes, block: int) -> None:
    read = LineReader()
    expected = [(number, raw, read.object(raw)) for number, raw in Source("log", data).lines() if raw.strip()]
    with patch.object(lines, "_BLOCK", block):
        found = list(held(data))
    assert repr([unordered(list(one)) for one in found]) == repr([unordered(list(one)) for one in expected])  # tells 1 from 1.0 and True


@settings(max_examples=300, deadline=None)
@given(logs(), st.sampled_from([1, 100, 400]))
def test_columns_are_those_of_the_objects(data: bytes, block: int) -> None:
    with patch.object(lines, "_BLOCK", block):
        read = [found.rows for found in lines.blocks(Source("log", data)) if found.rows is not None]
    for rows in read:
        held = [rows.object(place) for place in range(len(rows))]
        assert set(rows.keys) >= set().union(*held)
        for key in (*rows.keys, "lacking"):
            values = [one.get(key) for one in held]
            assert repr(rows.column(key)) == repr(values)
            assert rows.kind(key) != "text" or all(isinstance(value, str) and value for value in values)
            assert rows.kind(key) != "object" or all(isinstance(value, dict) and value for value in values)
            assert not rows.always(key) or all(key in one for one in held)
            inner = [value if isinstance(value, dict) else {} for value in values]
            assert set(rows.inside(key)) >= set().union(*inner)
            for name in (*rows.inside(key), "lacking"):
                assert repr(rows.column(key, name)) == repr([value.get(name) for value in inner])


def test_logs_of_one_writer_become_structures() -> None:
    """Otherwise the tests above would compare dictionaries with dictionaries."""
    one = '{"timestamp": "2025-09-20T10:00:00Z", "event": "a", "http": {"status": 200, "path": "/"}, "n": 1%s}\n'
    data = "".join(one % (', "more": null' if number % 3 else "") for number in range(5000)).encode()
    read = [found.rows for found in lines.blocks(Source("log", data))]
    assert [rows.kind("event") for rows in read] == [None, *["text"] * (len(read) - 1)]
    assert [rows.kind("http") for rows in read] == [None, *["object"] * (len(read) - 1)]
    assert len(read) > 2


@pytest.mark.parametrize(
    "twice",
    [
        '{"a": 1, "a": 2}',
        '{"a": 1, "b": {"c": "x", "c": "x"}}',
        '{"a": "\\"", "a": "\\u0022"}',
        '{"a": 1, "\\u0061": 2}',
        '{"a": [{"b": null, "b": null}]}',
    ],
)
def test_a_duplicate_key_among_many_lines_makes_its_line_unreadable(twice: str) -> None:
    good = '{"timestamp": "2025-09-20T10:00:00Z", "event": "data.read", "a": 1}'
    data = "\n".join([*[good] * 50, twice, *[good] * 50]).encode()
    assert [number for number, _, value in held(data) if value is None] == [51]
    for block in (len(good), 1 << 17):  # lines that are structures, and lines that are dictionaries
        with patch.object(lines, "_BLOCK", block):
            payload = outcome("jsonl-log", data)
        assert (payload.lines, payload.events, payload.unparsed) == (101, 100, 1)


def test_a_key_of_a_structure_that_comes_twice_makes_its_line_unreadable() -> None:
    good = '{"timestamp": "2025-09-20T10:00:00Z", "event": "data.read", "a": %d, "b": {"c": "x"}}'
    for twice in (
        good.replace('"a"', '"a": 2, "a"'),
        good.replace('"c"', '"c": "y", "c"'),
        good.replace('"event"', '"event": "z", "event"'),
    ):
        data = "\n".join([*[good % 1] * 50, twice % 1, *[good % 1] * 50]).encode()
        for block in (len(good), 1 << 17):
            with patch.object(lines, "_BLOCK", block):
                assert [number for number, _, value in held(data) if value is None] == [51]


def test_many_lines_are_read_together() -> None:
    data = b"".join(b'{"timestamp": "2025-09-20T10:00:00Z", "event": "a", "x": %d}\n' % number for number in range(5000))
    form = format_of("audit-log", "jsonl-log")
    assert form.recognise(Source("log", data))
    with patch.object(LineReader, "object", side_effect=AssertionError("a line was read by itself")):
        assert outcome("jsonl-log", data).events == 5000


def test_sequence_numbers_are_followed_through_many_lines() -> None:
    data = b"".join(
        b'{"timestamp": "2025-09-20T10:00:00Z", "event": "a", "seq": %d}\n' % number for number in range(9000) if number != 7000
    )
    payload = outcome("jsonl-log", data)
    assert (payload.events, payload.gaps, payload.sequenced) == (8999, 1, True)


def test_the_event_of_each_sort_is_told_once_for_many_lines() -> None:
    kinds = ("auth.login", "data.read", "admin.update")
    data = "".join(f'{{"timestamp": "2025-09-20T10:00:00Z", "event": "{kinds[n % 3]}", "user": "u{n}"}}\n' for n in range(900)).encode()
    with patch(f"{PACKAGE}.together.event_of", wraps=records.event_of) as asked:
        payload = outcome("jsonl-log", data)
    assert asked.call_count == 3
    assert (payload.events, payload.with_actor, payload.classes.authentication) == (900, 900, 300)


@pytest.mark.parametrize("before", [b"", b'{"a": 1}\n' * 20_000])
def test_a_line_that_is_too_long_is_refused_with_its_number(before: bytes) -> None:
    data = before + b'{"a": "' + b"x" * LINE_LIMIT + b'"}\n{"a": 1}\n'
    with pytest.raises(InputError) as error:
        list(held(data))
    assert str(error.value).startswith(f"line {before.count(10) + 1}: line too long")


STEPS = st.lists(st.sampled_from([0.0, 0.02, 1.0, 1.5, 7.0, -0.5, -3.0]), max_size=40)


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=6))
def test_times_added_together_are_those_added_one_by_one(blocks: list[list[float]]) -> None:
    with patch.object(order, "SILENCES", 4):
        together, single = order.Times(), order.Times()
        at = datetime(2025, 9, 20, tzinfo=UTC)
        for steps in blocks:
            times = []
            for step in steps:
                at += timedelta(seconds=step)
                times.append(at)
                single.add(at)
            together.add_all(times)
    assert vars(together) == vars(single)
    assert together.longest_silence_s == single.longest_silence_s


PERSONAL = (
    *(
        "someone@example.org",
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "3782 822463 10005",
        "12345678Z",
        "12345678-Z",
    ),
    *(
        "X1234567L",
        "RSSMRA85T10A562S",
        "131052-308T",
        "010101+123N",
        "010101A123N",
        "529.982.247-25",
        "1 85 05 78 006 084 91",
        "185057800608491",
    ),
    *(
        "ghp_" + "a1" * 18,
        "gho_" + "B2" * 18,
        "ghu_" + "0" * 36,
        "ghs_" + "c" * 36,
        "ghr_" + "d" * 36,
        "xoxb-1234567890",
        "xoxs-abcdefghij",
    ),
    *("sk_live_" + "a" * 16, "ya29." + "a0" * 15, "Bearer " + "a1" * 15, "BEARER " + "a1" * 15, "bearer  " + "z9" * 15),
    "eyJ" + "a" * 10 + ".eyJ" + "b" * 10 + ".c",
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PERSONAL), st.text(max_size=12), st.text(max_size=12))
def test_whatever_a_rule_finds_has_a_hint_in_the_bytes(secret: str, before: str, after: str) -> None:
    text = before + secret + after
    if not rules.rules_in(text):
        return
    raw = json.dumps({"x": text}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert rules.rules_in(text, hints.wanted_in(raw, hints.hints_in(raw))) == rules.rules_in(text)


@pytest.mark.parametrize("secret", PERSONAL)
def test_each_sort_of_personal_data_is_found_in_a_block(secret: str) -> None:
    block = b"\n".join([b'{"level": "info", "n": 17}'] * 100 + [json.dumps({"x": secret}).encode()])
    assert hints.hints_in(block)
