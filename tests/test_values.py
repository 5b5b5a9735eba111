"""Small values that everything rests on: canonical JSON, private fields, times, spans, safe text, severities."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance import severity
from compliance.errors import InputError
from compliance.plaintext import safe
from compliance.record import (
    Assurance,
    Model,
    Payload,
    Private,
    Severity,
    canonical,
    fingerprint,
    is_canonical,
    join_private,
    read_canonical,
    shorten,
    split_private,
)
from compliance.source import parse_time
from compliance.times import last_day, read_due, read_rfc3339, read_span, rfc3339, show_due, show_span


class Step(Model):
    name: str
    file: Annotated[str, Private("paths")]


class Said(Payload):
    steps: tuple[Step, ...]
    by_key: dict[str, Step]
    owner: Annotated[str | None, Private("people")] = None
    count: int = 0


def test_private_fields_leave_the_public_payload_and_come_back() -> None:
    said = Said(steps=(Step(name="a", file="x.py"), Step(name="b", file="y.py")), by_key={"a/~b": Step(name="c", file="z")}, owner="Ada")
    public, private = split_private(said)
    assert "x.py" not in str(public)
    assert private == {
        "paths": {"/steps/0/file": "x.py", "/steps/1/file": "y.py", "/by_key/a~1~0b/file": "z"},
        "people": {"/owner": "Ada"},
    }
    assert join_private(public, private) == said.model_dump(mode="json")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60, "\ud800", {1: 2}, object()])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(InputError):
        canonical(value)


def test_canonical_json_is_that_of_rfc_8785() -> None:
    """RFC 8785 section 3.2.2, in part."""
    value = {"numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001], "string": '€$\x0f\nA\'B"\\\\"/'}
    expected = b'{"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    assert canonical(value) == expected


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=6)
    | st.sampled_from([1e15, 1e16, 1e21, 1.0, 0.1, -0.0, 1e-7, "2026-01-31T11:55:00.5Z", "a,e", '":.', "\uffff", "\U00010000"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3) | st.sampled_from(["\uffff", "\U00010000"]), inner),
    max_leaves=8,
)


_WRITERS: dict[str, Callable[[object], bytes]] = {
    "canonical": canonical,
    "msgspec": msgspec.json.Encoder(order="deterministic").encode,
    "json": lambda one: json.dumps(one, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode(),
    "spaced": lambda one: json.dumps(one, sort_keys=True).encode(),
}


@given(st.lists(st.tuples(_VALUES, st.sampled_from([*_WRITERS])), max_size=4))
def test_what_is_read_as_canonical_json_is_canonical(written: list[tuple[object, str]]) -> None:
    texts = [_WRITERS[writer](value) for value, writer in written]
    read = read_canonical(texts)
    assert read is None or read == [json.loads(text) for text in texts]
    assert read is None or all(is_canonical(text, value) for text, value in zip(texts, read, strict=True))


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15) + 1, 10**15 - 1) | st.text(st.characters(max_codepoint=0xFFFF, codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(max_codepoint=0xFFFF, codec="utf-8")), inner),
    max_leaves=8,
)


@given(st.lists(_PLAIN, max_size=4))
def test_canonical_json_without_fractions_and_large_numbers_is_read(values: list[object]) -> None:
    assert read_canonical([canonical(value) for value in values]) in (values, None if "0" * 16 in str(values) else values)


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":1}', b'{"b":1,"a":2}', b'{"a": 1}', b"[1.0]", b"[1e2]", b"[-0]", b"[9007199254740993]", b"[-9007199254740993]",
        b'{"a":18446744073709551615}', b'"\\u0041"', b'"\\/"', b"", b"1,2", b"NaN", b'"\xff"', b"[" * 201 + b"]" * 201,
        '{"\U00010000":1,"\uffff":2}'.encode(),
    ],
)  # fmt: skip
def test_what_is_not_canonical_is_not_read_as_if_it_were(text: bytes) -> None:
    assert read_canonical([b"{}", text]) is None


def test_assurance_is_ordered() -> None:
    assert Assurance.STATED.rank < Assurance.IMPORTED.rank < Assurance.VERIFIED.rank


def test_a_fingerprint_tells_parts_apart() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
    assert fingerprint("a", None) == fingerprint("a", "")
    assert len(fingerprint("a")) == 32


def test_shortened_text_says_that_it_was_cut() -> None:
    assert shorten("abc", 3) == "abc"
    assert shorten("abcd", 3) == "ab…"


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_survive_being_written(time: datetime) -> None:
    assert read_rfc3339(rfc3339(time)) == time


def test_times_are_written_in_utc() -> None:
    assert rfc3339(datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))) == "2026-01-01T00:00:00Z"
    with pytest.raises(ValueError, match="zone"):
        rfc3339(datetime(2026, 1, 1))


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00", "2026-01-01", "yesterday", "", "2026-13-01T00:00:00Z", "1767225600"])
def test_a_time_without_zone_is_no_time(text: str) -> None:
    assert parse_time(text) is None
    with pytest.raises(InputError, match="a time with zone"):
        read_rfc3339(text)


def test_nanoseconds_are_cut_to_microseconds() -> None:
    assert parse_time("2026-01-01T00:00:00.123456789Z") == datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(("text", "span"), [("90s", 90), ("15min", 900), ("24h", 86400), ("7 d", 604800), ("2w", 1209600)])
def test_spans(text: str, span: int) -> None:
    assert read_span(text) == timedelta(seconds=span)


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "1.5h", "1y", "9999999d"])
def test_other_spans_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="a span such as"):
        read_span(text)


@pytest.mark.parametrize(
    ("span", "text"), [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (86400, "24 h"), (172800, "2 d"), (-7200, "-2 h")]
)
def test_spans_for_people(span: int, text: str) -> None:
    assert show_span(timedelta(seconds=span)) == text


@given(st.text())
def test_safe_text_holds_nothing_that_moves_a_terminal(text: str) -> None:
    shown = safe(text)
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in shown)
    assert not any(0x202A <= ord(character) <= 0x202E or 0x2066 <= ord(character) <= 0x2069 for character in shown)


def test_ordinary_text_is_left_alone() -> None:
    assert safe("Grüße – 你好 ≥ 5 %") == "Grüße – 你好 ≥ 5 %"
    assert safe("\x1b[31mred\u202e") == "\\x1b[31mred\\u202e"


@pytest.mark.parametrize(
    ("score", "expected"),
    [(10, "critical"), (9, "critical"), (8.9, "high"), (7, "high"), (6.9, "medium"), (4, "medium"), (0.1, "low"), (0, "info")],
)
def test_scores(score: float, expected: str) -> None:
    assert severity.from_score(score) == expected


@pytest.mark.parametrize("score", [-1, 10.1, float("nan"), float("inf")])
def test_impossible_scores_are_unknown(score: float) -> None:
    assert severity.from_score(score) is Severity.UNKNOWN


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("CRITICAL", "critical"),
        ("Moderate", "medium"),
        ("negligible", "info"),
        ("undefined", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_words(word: str | None, expected: str) -> None:
    assert severity.from_word(word) == expected


@pytest.mark.parametrize(
    ("level", "expected"), [("error", "high"), ("warning", "medium"), ("note", "low"), ("none", "info"), ("?", "unknown")]
)
def test_levels(level: str, expected: str) -> None:
    assert severity.from_level(level) == expected


def test_a_due_day_lasts_until_it_ends_and_is_shown_as_it_was_written() -> None:
    at = read_due("2026-12-31")
    assert rfc3339(at) == "2027-01-01T00:00:00Z"
    assert (show_due(at), last_day(at)) == ("2026-12-31", date(2026, 12, 31))
    noon = read_due("2026-12-31T13:00:00+01:00")
    assert (show_due(noon), last_day(noon)) == ("2026-12-31 12:00 UTC", None)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2026-12-31T12:00:00", "9999-12-31", "20261231"])
def test_what_is_no_due_date_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected a day such as 2026-12-31"):
        read_due(text)
