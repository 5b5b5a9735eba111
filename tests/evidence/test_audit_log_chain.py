"""Hash chains of logs: recomputed in the ways that are known, and broken by any change."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785

from .helpers import read

Make = Callable[[dict[str, Any]], bytes]
Join = Callable[[bytes, str], bytes]


def compact(record: dict[str, Any]) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def records(number: int = 5) -> list[dict[str, Any]]:
    return [
        {"seq": place, "ts": f"2025-09-20T10:00:0{place}Z", "event": "a.b", "note": "größer", "zeta": {"b": [1.5, 2], "a": None}}
        for place in range(number)
    ]


def chained(
    make: Make = compact,
    join: Join = lambda content, _: content,
    *,
    previous: str = "prev_hash",
    own: str = "hash",
    first: Any = "0" * 64,
    algorithm: Callable[[bytes], Any] = hashlib.sha256,
    without_previous: bool = False,
    encode: Callable[[bytes], str] = bytes.hex,
) -> list[dict[str, Any]]:
    found, before = [], first
    for record in records():
        content = make(record if without_previous else {**record, previous: before})
        value = encode(algorithm(join(content, before or "")).digest())
        found.append({**record, previous: before, own: value})
        before = value
    return found


def lines(found: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(record).encode() for record in found]


def parse(rows: list[bytes]) -> Any:
    return read("audit-log", "jsonl-log", b"\n".join(rows) + b"\n").payload


MAKES: dict[str, Make] = {
    "sorted compact": compact,
    "sorted ascii": lambda record: json.dumps(record, sort_keys=True, separators=(",", ":")).encode(),
    "sorted spaced": lambda record: json.dumps(record, sort_keys=True).encode(),
    "in order": lambda record: json.dumps(record).encode(),
    "in order compact": lambda record: json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode(),
    "canonical": lambda record: bytes(rfc8785.dumps(record)),
}


@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES.keys())
@pytest.mark.parametrize("without_previous", [False, True])
def test_ways_to_write_a_record(make: Make, without_previous: bool) -> None:
    join: Join = (lambda content, before: before.encode() + content) if without_previous else (lambda content, _: content)
    payload = parse(lines(chained(make, join, without_previous=without_previous)))
    assert (payload.chain, payload.chain_broken_at, payload.chain_from_start) == ("verified", None, True)


JOINS: dict[str, Join] = {
    "before": lambda content, before: before.encode() + content,
    "after": lambda content, before: content + before.encode(),
    "bar": lambda content, before: before.encode() + b"|" + content,
    "line end": lambda content, before: content + b"\n" + before.encode(),
    "bytes": lambda content, before: bytes.fromhex(before if before.strip("0") else "") + content,
}


@pytest.mark.parametrize("join", JOINS.values(), ids=JOINS.keys())
def test_ways_to_join_the_previous_hash(join: Join) -> None:
    assert parse(lines(chained(join=join, without_previous=True))).chain == "verified"


@pytest.mark.parametrize(
    ("previous", "own"),
    [("previousHash", "hash"), ("prevHash", "entryHash"), ("previous_hash", "record_hash"), ("parent-hash", "digest"), ("prev", "hash")],
)
@pytest.mark.parametrize("first", [None, "", "0" * 64, "GENESIS"])
def test_names_and_beginnings(previous: str, own: str, first: Any) -> None:
    payload = parse(lines(chained(previous=previous, own=own, first=first)))
    assert (payload.chain, payload.chain_from_start) == ("verified", True)


@pytest.mark.parametrize("algorithm", [hashlib.sha256, hashlib.sha384, hashlib.sha512])
@pytest.mark.parametrize(
    "encode",
    [bytes.hex, lambda data: data.hex().upper(), lambda data: "sha256:" + data.hex(), lambda data: base64.b64encode(data).decode()],
)
def test_algorithms_and_encodings(algorithm: Callable[[bytes], Any], encode: Callable[[bytes], str]) -> None:
    assert parse(lines(chained(algorithm=algorithm, encode=encode))).chain == "verified"


def test_the_lines_own_text_counts_where_json_can_be_written_in_two_ways() -> None:
    before, rows = "0" * 64, []
    for place in range(3):
        body = f'"ts":"2025-09-20T10:00:0{place}Z","event":"\\u0061","cost":1.50,"prev_hash":"{before}"'
        before = hashlib.sha256(("{" + body + "}").encode()).hexdigest()
        rows.append(("{" + body + f',"hash":"{before}"' + "}").encode())
    assert parse(rows).chain == "verified"
    assert parse([rows[0], rows[1].replace(b"1.50", b"1.5"), rows[2]]).chain == "broken"


def test_signatures_beside_the_hash_are_left_out() -> None:
    found = [{**record, "signature": f"s{place}"} for place, record in enumerate(chained())]
    assert parse(lines(found)).chain == "verified"


@pytest.mark.parametrize("place", range(5))
def test_a_changed_record_is_found(place: int) -> None:
    found = chained()
    found[place]["note"] = "smaller"
    payload = parse(lines(found))
    assert (payload.chain, payload.chain_broken_at) == ("broken", place + 1)


@pytest.mark.parametrize("place", range(1, 4))
def test_a_removed_record_is_found(place: int) -> None:
    found = chained()
    del found[place]
    payload = parse(lines(found))
    assert (payload.chain, payload.chain_broken_at) == ("broken", place + 1)


def test_a_removed_beginning_is_said() -> None:
    payload = parse(lines(chained()[2:]))
    assert (payload.chain, payload.chain_from_start) == ("verified", False)


@pytest.mark.parametrize("member", ["hash", "prev_hash"])
def test_a_record_that_leaves_the_chain_is_found(member: str) -> None:
    found = chained()
    del found[3][member]
    payload = parse(lines(found))
    assert (payload.chain, payload.chain_broken_at) == ("broken", 4)


def test_records_in_another_order_are_found() -> None:
    found = chained()
    found[1], found[2] = found[2], found[1]
    assert parse(lines(found)).chain_broken_at == 2


def test_a_record_without_hash_before_the_chain_is_found() -> None:
    payload = parse(lines([records()[0], *chained()]))
    assert (payload.chain, payload.chain_broken_at) == ("broken", 1)


def test_a_header_before_the_chain_is_none() -> None:
    assert parse([b'{"format": 1}', *lines(chained())]).chain == "verified"


def test_a_record_that_begins_anew_breaks_the_chain() -> None:
    assert parse(lines([*chained(), *chained()])).chain_broken_at == 6


def test_linked_hashes_that_cannot_be_recomputed_are_broken() -> None:
    found, before = [], "0" * 64
    for place, record in enumerate(records()):
        value = hashlib.sha256(f"secret {place}".encode()).hexdigest()
        found.append({**record, "immutable": True, "prev_hash": before, "hash": value})
        before = value
    payload = parse(lines(found))
    assert (payload.chain, payload.chain_broken_at, payload.claims_immutable) == ("broken", 1, 5)


@pytest.mark.parametrize("algorithm", [hashlib.md5, hashlib.sha1])
def test_weak_hashes_prove_nothing(algorithm: Callable[[bytes], Any]) -> None:
    assert parse(lines(chained(algorithm=algorithm))).chain == "broken"


def test_lines_that_name_the_hash_of_the_line_before() -> None:
    rows: list[bytes] = []
    for record in records():
        before = hashlib.sha256(rows[-1]).hexdigest() if rows else None
        rows.append(json.dumps({**record, "prev_hash": before}).encode())
    assert parse(rows).chain == "verified"
    payload = parse([rows[0], rows[1].replace(b"a.b", b"a.c"), *rows[2:]])
    assert (payload.chain, payload.chain_broken_at) == ("broken", 3)


@pytest.mark.parametrize(
    "members",
    [
        {"hash": "ab" * 32},
        {"prev": None},
        {"previous": "draft"},
        {"prev_hash": 7},
        {"prev_hash": ["0"]},
        {"digest": "x"},
        {"prev_hash": None},
    ],
)
def test_other_hashes_are_no_chain(members: dict[str, Any]) -> None:
    assert parse(lines([{**records()[0], **members}])).chain == "absent"
