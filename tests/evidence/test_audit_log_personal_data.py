"""Personal data in logs: found by rule and field, never kept."""

from __future__ import annotations

import importlib
import json
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .helpers import read

hints = importlib.import_module("compliance.evidence.audit_log.personal_hints")
lines = importlib.import_module("compliance.evidence.audit_log.lines")
personal_data = importlib.import_module("compliance.evidence.audit_log.personal_data")
rules = importlib.import_module("compliance.evidence.audit_log.personal_rules")

BASE = {"timestamp": "2025-09-20T10:00:00Z", "level": "info", "event": "y"}
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


def parse(*members: dict[str, Any]) -> Any:
    return read("audit-log", "jsonl-log", "\n".join(json.dumps({**BASE, **extra}) for extra in members).encode()).payload


def found(value: object) -> list[str]:
    return [sample.rule for sample in parse({"note": value}).personal_samples]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("alice@example.com", "email"),
        ("mail from <alice.o'hara+x@mail.example.co.uk>, refused", "email"),
        (JWT, "token"),
        ("Authorization: Bearer 3f7a9c1e5b2d4860aa11bb22", "token"),
        ("ya29.a0AfH6SMBx1234567890abcdefgh", "token"),
        ("ghp_" + "a1" * 18, "token"),
        ("4111111111111111", "card"),
        ("paid with 4111 1111 1111 1111.", "card"),
        ("5555-5555-5555-4444", "card"),
        ("3782 822463 10005", "card"),
        ("6011111111111117", "card"),
        ("3530111333300000", "card"),
        ("30569309025904", "card"),
        ("2223003122003222", "card"),
        (4111111111111111, "card"),
        ("line\n4111111111111111", "card"),
        ("12345678Z", "national-id"),
        ("X1234567L", "national-id"),
        ("dni 12345678-Z", "national-id"),
        ("RSSMRA85T10A562S", "national-id"),
        ("255081416802538", "national-id"),
        ("2 55 08 14 168 025 38", "national-id"),
        ("131052-308T", "national-id"),
        ("529.982.247-25", "national-id"),
    ],
)
def test_what_is_found(text: object, rule: str) -> None:
    assert found(text) == [rule]


@pytest.mark.parametrize(
    "text",
    [
        "10.1.2.3",
        "2001:db8::1",
        "git@github.com:org/repo.git",
        "job@project.iam.gserviceaccount.com",
        "sprite@2x.png",
        "user@1000.service",
        "@mention and a@b",
        "j***@example.com",
        "pkg@1.2.3",
        "Bearer token was refused because it expired",
        "Bearer [REDACTED]",
        "eyJ is a prefix",
        "4111111111111112",
        "9111111111111111",
        "1758362400250",
        "4102444800000",
        1758362400250000,
        "0000000000000000",
        "41111111-1111-1111-1111-111111111111",
        "a4111111111111111",
        "4111111111111111f0",
        "20250920Z",
        "20250920T101112Z",
        "12345678A",
        "X1234567A",
        "RSSMRA85T10A562T",
        "255081416802539",
        "131052-308U",
        "529.982.247-24",
        "111.111.111-11",
        "123-45-6789",
        True,
        4.111111111111111e15,
    ],
)
def test_what_is_not_found(text: object) -> None:
    assert found(text) == []


SAMPLES = [
    *("alice@example.com", JWT, "Bearer 3f7a9c1e5b2d4860aa11bb22", "4111111111111111", "4111 1111 1111 1111", "3782-822463-10005"),
    *("30569309025904", "12345678Z", "12345678-Z", "X1234567L", "RSSMRA85T10A562S", "255081416802538", "2 55 08 14 168 025 38"),
    *("131052-308T", "131052+308T", "010203A123M", "529.982.247-25", "ghp_" + "a1" * 18),
    *("378282246310005", "6011111111111117", "3530111333300000", "2223003122003222", "5555555555554444", "6221260000000000"),
    *("xoxb-1234567890ab", "sk_live_" + "a1" * 8, "ya29.a0AfH6SMBx1234567890abcdefgh"),
]


@settings(max_examples=400, deadline=None)
@given(
    st.text(st.sampled_from('a1Z.-+ _\n\t"\\é—{:,'), max_size=4),
    st.sampled_from(SAMPLES),
    st.text(st.sampled_from('a1Z.-+ _\n"é—}:,'), max_size=4),
    st.booleans(),
)
def test_hints_miss_nothing_that_a_rule_finds(before: str, sample: str, after: str, ascii_only: bool) -> None:
    text = before + sample + after
    wanted = {"email": rules.EMAIL, "token": rules.TOKEN, "card": rules.NUMBERS, "national-id": rules.NUMBERS}
    raw = json.dumps({"note": text}, ensure_ascii=ascii_only).encode()
    given_hints = hints.wanted_in(raw, hints.hints_in(b"{}\n" + raw + b"\n{}"))
    assert all(given_hints & wanted[rule] for rule in rules.rules_in(text))


def test_numbers_in_ids_of_traces_are_not_cards() -> None:
    payload = parse({"trace_id": "4111111111111111", "requestId": 4111111111111111, "span": {"id": "4111111111111111"}})
    assert payload.personal_data == 0
    assert parse({"trace_id": "alice@example.com"}).personal_data == 1


def test_places_are_named_by_field_and_never_by_value() -> None:
    payload = parse(
        {"actor": {"email": "alice@example.com"}, "items": [{"to": ["bob@example.com", "carol@example.com"]}]},
        {"actor": {"email": "alice@example.com"}},
    )
    assert payload.personal_fields == {"actor.email": 2, "items[].to[]": 2}
    assert payload.personal_data == 4
    assert [(sample.rule, sample.line, sample.field) for sample in payload.personal_samples] == [
        ("email", 1, "actor.email"),
        ("email", 1, "items[].to[]"),
        ("email", 1, "items[].to[]"),
        ("email", 2, "actor.email"),
    ]
    assert "example.com" not in payload.model_dump_json()


def test_a_key_that_is_personal_is_hidden() -> None:
    payload = parse({"users": {"alice@example.com": {"card": "4111111111111111"}}})
    assert payload.personal_fields == {"users.*": 1, "users.*.card": 1}


def test_an_address_as_a_key_is_hidden_where_only_addresses_are_looked_for() -> None:
    payload = parse({"users": {"alice@example.com": {"to": ["bob@example.com"], "by": "carol@example.com"}}})
    assert payload.personal_fields == {"users.*": 1, "users.*.to[]": 1, "users.*.by": 1}


MANY: list[dict[str, Any]] = [{"@id": f"i{n}", "who": {"by": f"user{n % 9}@example.org", "at": n}, "note": "-"} for n in range(400)]


def test_each_address_of_a_field_is_judged_once() -> None:
    personal_data._is_address.cache_clear()
    with patch.object(lines, "_BLOCK", 4000), patch.object(personal_data, "rules_in", wraps=rules.rules_in) as asked:
        payload = parse(*MANY)
    assert payload.personal_fields == {"who.by": 400}
    assert asked.call_count < 100  # the first lines are read one by one


@pytest.mark.parametrize(
    ("odd", "fields"),
    [
        ({"note": "bob@example.com"}, {"note": 1, "who.by": 401}),
        ({"note": {"bob@example.com": 1}}, {"note.*": 1, "who.by": 401}),
        ({"bob@example.com": 1}, {"*": 1, "who.by": 401}),
        ({"who": {"by": None, "at": "bob@example.com"}}, {"who.at": 1, "who.by": 400}),
        ({"who": {"by": ["bob@example.com", "x"], "at": 1}}, {"who.by": 400, "who.by[]": 1}),
        ({"who": {"by": "@", "at": "bob@example.com"}}, {"who.at": 1, "who.by": 400}),
        ({"who": {"by": None, "at": 1}}, {"who.by": 400}),
        ({"who": None}, {"who.by": 400}),
        ({"@id": "bob@example.com"}, {"@id": 1, "who.by": 401}),
        ({"@at": "2025"}, {"who.by": 401}),
    ],
)
def test_an_address_elsewhere_is_found_among_many_of_one_field(odd: dict[str, Any], fields: dict[str, int]) -> None:
    with patch.object(lines, "_BLOCK", 4000):
        payload = parse(*MANY[:390], {**MANY[0], **odd}, *MANY[390:])
    assert payload.personal_fields == fields


def test_escapes_do_not_hide_anything() -> None:
    data = json.dumps({**BASE, "note": "x"}).replace('"x"', '"alice\\u0040example.com \\u0034111111111111111"').encode()
    assert read("audit-log", "jsonl-log", data).payload.model_dump()["personal_fields"] == {"note": 2}


def test_lines_that_are_no_record_are_looked_through() -> None:
    data = json.dumps(BASE).encode() + b"\nlogin of alice@example.com failed \xff\n"
    payload: Any = read("audit-log", "jsonl-log", data).payload
    assert payload.personal_fields == {"(unparsed)": 1}


def test_many_places_give_few_samples_of_many_fields() -> None:
    payload = parse(*({"note": "alice@example.com"} for _ in range(50)), {f"field{n}": "alice@example.com" for n in range(300)})
    assert payload.personal_data == 350
    assert len(payload.personal_samples) == 20
    assert len({sample.field for sample in payload.personal_samples}) == 20
    assert len(payload.personal_fields) == 201
    assert payload.personal_fields["(other fields)"] == 101
    assert sum(payload.personal_fields.values()) == 350


@pytest.mark.parametrize("text", ["a" * 400_000, "a@" * 200_000, "1" * 400_000, "4111 " * 80_000, "eyJ" * 130_000, "bearer " * 60_000])
def test_long_values_take_no_time(text: str) -> None:
    assert parse({"note": text}).personal_data == 0
