"""Entries of JSON documents: read in pieces, whatever they are laid out like."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import InputError
from compliance.source import LINE_LIMIT, Source

from .helpers import format_of, recognised

PIECE = "compliance.evidence.audit_log.documents._PIECE"
FORM = format_of("audit-log", "k8s-audit-json")


def event(number: int, **members: Any) -> dict[str, Any]:
    return {
        "verb": "get",
        "auditID": str(number),
        "user": {"username": "é" * (number % 7)},
        "stageTimestamp": "2025-09-20T10:00:00Z",
        **members,
    }


def parse(data: bytes) -> Any:
    return FORM.read(Source("test", data))[0].payload


@settings(max_examples=120, deadline=None)
@given(
    st.integers(1, 12),
    st.integers(1, 90),
    st.sampled_from([None, 0, 3]),
    st.sampled_from(["array", "items", "rows"]),
    st.booleans(),
)
def test_the_size_of_a_piece_does_not_matter(events: int, piece: int, indent: int | None, layout: str, after: bool) -> None:
    listed = [event(number) for number in range(events)]
    text = json.dumps(listed, indent=indent, ensure_ascii=False)
    if layout != "array":
        rest = ', "after": [1, {"x": -12}]' if after else ""
        text = f'{{"kind": "EventList", "numbers": [1, 2.5e3], "items": {text}{rest}}}' * (2 if layout == "rows" else 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PIECE, piece)
        payload = parse(text.encode())
    assert (payload.events, payload.unparsed) == (events * (2 if layout == "rows" else 1), 0)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_is_cut_off_is_refused(data: st.DataObject) -> None:
    whole = json.dumps({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [event(1), event(2)]}).encode()
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(InputError):
        parse(whole[:cut])


@pytest.mark.parametrize(
    "data",
    [
        b'{"items": [{"verb": "get", "auditID": "1"}], "items": []}',
        b'{"a": 1, "a": 2, "items": [{"verb": "get", "auditID": "1"}]}',
        b'{"items": [{"verb": "get", "auditID": "1"}] "b": 2}',
        b'{"items": [{"verb": "get", "auditID": "1"}], }',
        b'{, "items": [{"verb": "get", "auditID": "1"}]}',
        b'{"a" 1, "items": [{"verb": "get", "auditID": "1"}]}',
        b'{"a": 1 "items": [{"verb": "get", "auditID": "1"}]}',
        b'{5: 1, "items": [{"verb": "get", "auditID": "1"}]}',
        b'[{"verb": "get", "auditID": "1"}, ]',
        b'[, {"verb": "get", "auditID": "1"}]',
        b'[{"verb": "get", "auditID": "1"} {"verb": "get"}]',
        b'[{"verb": "get", "auditID": NaN}]',
        b'[{"verb": "get", "auditID": "\\ud800"}]',
        b'[{"verb": "get", "auditID": "1", "x": 1e999}]',
        b'[{"verb": "get", "auditID": "\xff"}]',
        b'[{"verb": "get", "auditID": "1"}]\xff',
        b'[{"verb": "get", "auditID": "1"}] []',
        b'[{"verb": "get", "auditID": "1", "a": ' + b"[" * 5000 + b"]" * 5000 + b"}]",
        b'[{"verb": "get", "auditID": "1", "a": ' + b'{"a":' * 300 + b"1" + b"}" * 300 + b"}]",
        b'[{"verb": "get", "auditID": "1", "n": ' + b"9" * 5000 + b"}]",
        b'{"items": [{"verb": "get", "auditID": "1"}]} x',
    ],
)
def test_documents_that_are_malformed_are_refused(data: bytes) -> None:
    recognised(data)
    with pytest.raises(InputError) as error:
        parse(data)
    assert error.value.where is not None


def test_an_entry_without_end_is_refused() -> None:
    data = b'[{"verb": "get", "auditID": "' + b"x" * (2 * LINE_LIMIT)
    with pytest.raises(InputError, match="no JSON value"):
        parse(data)
    assert recognised(data) == []


def test_a_document_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    piece = json.dumps([event(number, note="x" * 400) for number in range(1000)])[1:-1]
    with path.open("w") as file:
        file.write('{"kind": "EventList", "items": [')
        file.write(",\n".join([piece] * 40))
        file.write("]}")
    source = Source.from_path(path)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    payload: Any = FORM.read(source)[0].payload
    growth = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert (payload.events, payload.operations) == (40_000, 1000)
    assert source.size > 20 << 20
    assert growth < 6 << 20


@pytest.mark.parametrize(
    ("data", "events", "unparsed"),
    [
        (b'{"verb": "get", "auditID": "1"}\n{"verb": "get"\n{"verb": "get", "auditID": "2"}', 2, 1),
        (b'cut off"}\n{"verb": "get", "auditID": "1"}\n', 1, 1),
        (b'\n\n{"verb": "get", "auditID": "1"}\n\n', 1, 0),
        (b'{"verb": "get", "auditID": "1"}\n[1]\n"x"\n', 1, 2),
        (b'{"verb": "get", "auditID": "1", "items": 5}\n{"verb": "get", "auditID": "1"}\n', 2, 0),
    ],
)
def test_lines_are_read_one_by_one(data: bytes, events: int, unparsed: int) -> None:
    payload = parse(data)
    assert (payload.events, payload.unparsed) == (events, unparsed)
