"""The format ``source-json``: reading back what the collector wrote, and refusing everything else."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError

from .helpers import assert_only_refuses, mutations, read, recognised

NAME = "source-json"
DOCUMENT: dict[str, Any] = {
    "schema": "compliance/source/v1",
    "observed_at": "2025-06-01T12:00:00Z",
    "git": {
        "commit": "a" * 40,
        "branch": "main",
        "branches": ["main"],
        "committed_at": "2025-05-01T10:00:00Z",
        "commit_signed": True,
        "shallow": False,
        "tags": [{"name": "v1.0.0", "annotated": True, "signed": False}],
        "modified": 1,
        "untracked": 2,
        "dirty_files": ["a.py", "b", "c"],
    },
    "scope": {"production": ["src/**"], "exclude": []},
    "files": 3,
    "languages": {"Python": 2, "C": 1},
    "skipped": {"binary": 1, "too large": 1},
    "found": [
        {"rule": "todo", "path": "src/a.py", "line": 3, "text": "TODO: x", "baseline": None},
        {"rule": "not-implemented", "path": "src/a.py", "line": 9, "text": "A.f"},
        {"rule": "xxx", "path": "src/b.py", "line": 1, "text": "XXX", "baseline": {"reason": "r", "expires": "2025-06-01"}},
        {"rule": "hack", "path": "src/b.py", "line": 2, "text": "HACK", "baseline": {"reason": "r", "expires": "2025-05-31"}},
    ],
    "not_listed": 0,
}


def changed(**values: Any) -> bytes:
    return json.dumps({**DOCUMENT, **values}).encode()


def changed_git(**values: Any) -> bytes:
    return changed(git={**DOCUMENT["git"], **values})


def changed_entry(**values: Any) -> bytes:
    return changed(found=[{**DOCUMENT["found"][0], **values}])


def test_a_document_is_read() -> None:
    data = changed()
    assert recognised(data) == [NAME]
    parsed = read("source", NAME, data)
    payload: Any = parsed.payload
    assert (payload.markers, payload.unimplemented, payload.baselined) == (2, 1, 1)
    assert (payload.files, payload.languages, payload.skipped_files) == (3, {"Python": 2, "C": 1}, 2)
    assert (payload.modified, payload.untracked, payload.dirty_files) == (1, 2, ("a.py", "b", "c"))
    assert (parsed.commit, parsed.observed_at) == ("a" * 40, datetime(2025, 6, 1, 12, tzinfo=UTC))
    assert [(item.rule, item.severity, item.state, item.path, item.line) for item in parsed.findings] == [
        ("todo", "medium", "open", "src/a.py", 3),
        ("not-implemented", "medium", "open", "src/a.py", 9),
        ("xxx", "medium", "suppressed", "src/b.py", 1),
        ("hack", "medium", "open", "src/b.py", 2),
    ]
    assert payload.incomplete is None


def test_fingerprints_stay_when_lines_move() -> None:
    first = read("source", NAME, changed_entry()).findings[0]
    moved = read("source", NAME, changed_entry(line=99, text="TODO:   x")).findings[0]
    other = read("source", NAME, changed_entry(text="TODO: y")).findings[0]
    assert first.fingerprint == moved.fingerprint != other.fingerprint


def test_what_is_not_listed_is_counted_and_makes_it_incomplete() -> None:
    payload: Any = read("source", NAME, changed(not_listed=7)).payload
    assert (payload.markers, payload.incomplete) == (9, "7 further markers are not listed")


def test_a_tree_without_git() -> None:
    parsed = read("source", NAME, changed(git=None))
    payload: Any = parsed.payload
    assert (parsed.commit, payload.commit, payload.tags, payload.modified) == (None, None, (), 0)


REFUSED = {
    "empty": b"",
    "a list": b"[]",
    "another document": changed(schema="compliance/probe/v1"),
    "a later version": changed(schema="compliance/source/v2"),
    "cut off": changed()[:-10],
    "nul": changed() + b"\0",
    "bad utf-8": changed().replace(b"TODO: x", b"TODO: \xff"),
    "duplicate key": changed().replace(b'"files": 3', b'"files": 3, "files": 4'),
    "unknown key": changed(more=1),
    "missing key": json.dumps({key: value for key, value in DOCUMENT.items() if key != "found"}).encode(),
    "no zone": changed(observed_at="2025-06-01T12:00:00"),
    "number in words": changed(files="3"),
    "negative": changed(not_listed=-1),
    "fraction": changed(files=3.5),
    "huge": changed(files=10**30),
    "languages that do not add up": changed(files=4),
    "short commit": changed_git(commit="abc"),
    "upper-case commit": changed_git(commit="A" * 40),
    "more files than counted": changed_git(modified=0, untracked=2),
    "tags without commit": changed_git(commit=None, committed_at=None, branches=[]),
    "unknown rule": changed_entry(rule="bug"),
    "line 0": changed_entry(line=0),
    "no such day": changed_entry(baseline={"reason": "r", "expires": "2025-02-30"}),
    "deep": b'{"schema": "compliance/source/v1", "git": ' + b"[" * 10000,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_understood_is_refused(name: str) -> None:
    with pytest.raises(InputError) as caught:
        read("source", NAME, REFUSED[name])
    assert caught.value.reason


@settings(max_examples=300, deadline=None)
@given(mutations(changed()))
def test_mutated_files_are_read_or_refused(data: bytes) -> None:
    parsed = assert_only_refuses("source", NAME, data)
    if parsed is not None:
        payload: Any = parsed.payload
        assert payload.markers + payload.unimplemented + payload.baselined >= len(parsed.findings)


def test_a_hundred_thousand_markers_are_read() -> None:
    entry = {**DOCUMENT["found"][0], "text": "TODO: " + "x" * 40}
    payload: Any = read("source", NAME, changed(found=[entry] * 100_000)).payload
    assert payload.markers == 100_000


def test_more_entries_than_allowed_are_refused() -> None:
    entry = {"rule": "todo", "path": "a", "line": 1, "text": "t"}
    with pytest.raises(InputError):
        read("source", NAME, changed(found=[entry] * 100_001))


def test_json_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = importlib.import_module("compliance.evidence.source.document").SourceDocument.json_schema()
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    assert schema["$id"] == "urn:compliance:source:v1"
    validator.validate(DOCUMENT)
    assert not validator.is_valid({**DOCUMENT, "files": "3"})
