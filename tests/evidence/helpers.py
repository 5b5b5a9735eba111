"""What the tests of all kinds use: reading through the shipped catalog, and mutated copies of valid files."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel

from compliance.catalog import shipped
from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Json, Parsed, sha256_hex
from compliance.source import Source

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
"""Real files with known answers; they are no part of the repository, so tests over them are skipped where it is absent."""


def format_of(kind_id: str, format_name: str) -> Format:
    """Returns a format of the shipped catalog."""
    return next(item for item in shipped().kinds[kind_id].formats if item.name == format_name)


def read(kind_id: str, format_name: str, data: bytes, facts: Mapping[str, Json] | None = None) -> Parsed:
    """Parses bytes with a shipped format, into one statement; it is checked to be of the kind that was asked for."""
    (parsed,) = read_all(kind_id, format_name, data, facts)
    return parsed


def read_all(kind_id: str, format_name: str, data: bytes, facts: Mapping[str, Json] | None = None) -> tuple[Parsed, ...]:
    """Parses bytes with a shipped format, into all statements of the file."""
    statements = format_of(kind_id, format_name).read(Source("test", data, facts))
    assert all(isinstance(parsed.payload, shipped().kinds[kind_id].payload) for parsed in statements)
    return statements


def outcome(kind_id: str, format_name: str, data: bytes) -> Any:
    """What reading comes to: the payload, or what is said of a refusal."""
    try:
        return read(kind_id, format_name, data).payload
    except InputError as error:
        return str(error)


def recognised(data: bytes) -> list[str]:
    """Returns the names of all shipped formats that claim these bytes, sorted; asking must not raise."""
    names = {item.name for kind in shipped().kinds.values() for item in kind.formats if item.recognise(Source("test", data))}
    return sorted(names)


def counted(figures: BaseModel) -> str | None:
    """Returns the first figure of a model that is not 0; None when all are."""
    return next((name for name, number in figures.model_dump().items() if number), None)


def mask(secret: str) -> str:
    """A `Mask` for tests: equal secrets get equal masks, and the secret is gone."""
    return "REDACTED:" + sha256_hex(b"key of a test" + secret.encode("utf-8", "surrogatepass"))[:16]


def redacted(kind_id: str, format_name: str, data: bytes) -> bytes | None:
    """Runs a format's redaction, if it has one."""
    redact = format_of(kind_id, format_name).redact
    return redact(Source("test", data), mask) if redact else None


_Slice = tuple[int, int]
_BYTES = b'\x00\xff\x80 {}[]:,"\\<>/&;-+.0129eEnN\n\r\t' + "é\U0001f600".encode()


def mutations(data: bytes, most: int = 3) -> st.SearchStrategy[bytes]:
    """Valid bytes changed in one to ``most`` places: cut off, slices removed or doubled, bytes flipped or put in."""
    if not data:
        raise ValueError("got no bytes, expected a valid file to mutate")
    place = st.integers(0, len(data))
    one = st.one_of(
        st.tuples(st.just("cut"), place, place, st.just(b"")),
        st.tuples(st.just("remove"), place, st.integers(1, 40), st.just(b"")),
        st.tuples(st.just("double"), place, st.integers(1, 200), st.just(b"")),
        st.tuples(st.just("flip"), place, st.integers(0, 7), st.just(b"")),
        st.tuples(st.just("insert"), place, place, st.lists(st.sampled_from(_BYTES), min_size=1, max_size=4).map(bytes)),
        st.tuples(
            st.just("replace"),
            place,
            st.integers(1, 12),
            st.sampled_from([b"null", b"-1", b"1e999", b'"x"', b"[]", b"{}", b"9" * 30]),
        ),
    )
    return st.lists(one, min_size=1, max_size=most).map(lambda steps: _mutated(data, steps))


def _mutated(data: bytes, steps: list[tuple[str, int, int, bytes]]) -> bytes:
    for what, at, size, text in steps:
        at = min(at, len(data))
        if what == "cut":
            data = data[:at]
        elif what == "remove":
            data = data[:at] + data[at + size :]
        elif what == "double":
            data = data[: at + size] + data[at : at + size] + data[at + size :]
        elif what == "flip" and at < len(data):
            data = data[:at] + bytes([data[at] ^ (1 << size)]) + data[at + 1 :]
        elif what == "insert":
            data = data[:at] + text + data[at:]
        elif what == "replace":
            data = data[:at] + text + data[at + size :]
    return data


def assert_only_refuses(kind_id: str, format_name: str, data: bytes) -> Parsed | None:
    """Parses (and recognises, and redacts) bytes; any error but `InputError` fails the test.

    Returns:
        What was parsed (the first statement), or None when the bytes were refused.
    """
    format_ = format_of(kind_id, format_name)
    format_.recognise(Source("test", data))
    try:
        if format_.redact is not None:
            data = format_.redact(Source("test", data), mask) or data
        return read_all(kind_id, format_name, data)[0]
    except InputError as error:
        assert error.reason.strip()
        return None


STRANGE: list[Json] = [None, True, 0, -1, 1.5, 2**70, 10**400, "", "x", "\udcff", "1e999", [], [None], [[]], {}, {"": None}, "é" * 5000]
"""What may stand in the place of any value."""


def json_mutations(data: bytes) -> st.SearchStrategy[bytes]:
    """Valid JSON with one value replaced by one of another type or size, or removed: what byte mutations hardly ever reach."""
    places = list(_places(json.loads(data)))
    return st.builds(
        lambda place, value, remove: _reshaped(json.loads(data), places[place], value, remove),
        st.integers(0, len(places) - 1),
        st.sampled_from(STRANGE),
        st.booleans(),
    )


def changed_json(document: Json, dice: random.Random) -> bytes:
    """Returns a document with one value replaced by a strange one or by another of its own, or removed."""
    places = list(_places(document))
    other = document
    for key in dice.choice(places):
        other = other[key]
    return _reshaped(document, dice.choice(places), dice.choice([*STRANGE, *[other] * 8]), dice.random() < 0.2)


def _places(value: Json, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield place
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _places(inner, (*place, key))


def _reshaped(document: Json, place: tuple[str | int, ...], value: Json, remove: bool) -> bytes:
    if not place:
        return json.dumps(value).encode()
    target = document
    for key in place[:-1]:
        target = target[key]
    if remove:
        del target[place[-1]]
    else:
        target[place[-1]] = value
    return json.dumps(document).encode()
