"""detect-secrets: baselines of both generations, and what an audit changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Json, canonical

from .helpers import assert_only_refuses, json_mutations, mutations, read, recognised


def result(type_: str = "Secret Keyword", line: int | None = 3, **more: Json) -> dict[str, Json]:
    found = {"type": type_, "filename": "app.py", "hashed_secret": "0f" * 20, "is_verified": False, **more}
    return found if line is None else {**found, "line_number": line}


def baseline(*results: Json, plugins: Json = ({"name": "KeywordDetector"}, {"name": "AWSKeyDetector"}), **more: Json) -> bytes:
    found = {"app.py": list(results)} if results else {}
    document = {"version": "1.5.0", "plugins_used": list(plugins), "filters_used": [], "results": found}
    return json.dumps({**document, "generated_at": "2026-03-01T10:00:00Z", **more}).encode()


def scan(data: bytes, facts: dict[str, Json] | None = None) -> Any:
    return read("scan", "detect-secrets-json", data, facts).payload


def test_what_a_baseline_says() -> None:
    parsed = read("scan", "detect-secrets-json", baseline(result(), result("AWS Access Key", 9)))
    payload: Any = parsed.payload
    assert (payload.tool, payload.tool_version, payload.category, payload.rules) == ("detect-secrets", "1.5.0", "secrets", 2)
    assert (payload.total, payload.by_severity.unknown, payload.suppressed, payload.scanned, payload.incomplete) == (2, 2, 0, None, None)
    assert parsed.observed_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    first = parsed.findings[0]
    assert (first.rule, first.path, first.line, first.confidence) == ("Secret Keyword", "app.py", 3, None)
    assert "0f0f" not in repr(parsed.findings), "hashes are not shown"


@pytest.mark.parametrize(
    ("audit", "state", "confidence"),
    [
        ({}, "open", None),
        ({"is_secret": None}, "open", None),
        ({"is_secret": True}, "open", "confirmed"),
        ({"is_secret": False}, "suppressed", None),
        ({"is_verified": True}, "open", "verified"),
        ({"is_verified": True, "is_secret": False}, "suppressed", "verified"),
    ],
)
def test_what_an_audit_changes(audit: dict[str, Json], state: str, confidence: str | None) -> None:
    parsed = read("scan", "detect-secrets-json", baseline(result(**audit)))
    payload: Any = parsed.payload
    assert (payload.total, payload.suppressed) == ((1, 0) if state == "open" else (0, 1))
    assert (parsed.findings[0].state, parsed.findings[0].confidence) == (state, confidence)


def test_fingerprints_survive_line_moves_and_tell_secrets_apart() -> None:
    here, moved, other = (
        read("scan", "detect-secrets-json", baseline(one)).findings[0].fingerprint
        for one in (result(), result(line=30), result(hashed_secret="1e" * 20))
    )
    assert here == moved != other


def test_slim_and_older_baselines_are_read() -> None:
    slim = json.loads(baseline(result(line=None)))
    del slim["generated_at"], slim["filters_used"]
    assert scan(json.dumps(slim).encode()).total == 1
    older = {"custom_plugin_paths": [], "exclude": {"files": None, "lines": None}, "word_list": {"file": None, "hash": None}}
    data = json.dumps({**older, **json.loads(baseline(result()))}).encode()
    assert recognised(data) == ["detect-secrets-json"]
    assert scan(data).total == 1


def test_what_the_collector_knows_is_part_of_the_payload() -> None:
    payload = scan(baseline(), {"files": 40, "skipped": 3, "failed": 0})
    assert (payload.scanned, payload.scanned_what, payload.skipped, payload.errors, payload.incomplete) == (40, "files", 3, 0, None)


@pytest.mark.parametrize(
    ("data", "facts", "why"),
    [
        (baseline(), {"files": 0, "skipped": 9, "failed": 0}, "no file was scanned"),
        (baseline(), {"files": 4, "skipped": 0, "failed": 2}, "2 files could not be scanned"),
        (baseline(plugins=()), None, "no plugin was used"),
    ],
)
def test_what_says_too_little_is_incomplete(data: bytes, facts: dict[str, Json] | None, why: str) -> None:
    assert scan(data, facts).incomplete == why


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        baseline(result())[:-10],
        baseline(result(type_=None)),  # type: ignore[arg-type]
        baseline(result(hashed_secret=None)),
        baseline(result(is_secret="no")),
        baseline(result(), plugins=["KeywordDetector"]),
        baseline("x"),
        baseline(result(line=10**30)),
        baseline(result()).replace(b'"app.py": [', b'"app.py": [], "app.py": ['),
        baseline(result()).replace(b"Keyword", b"\xff"),
        baseline(results=[]),
        baseline(version=1.5),
        b"[" * 5000,
    ],
)
def test_refuses(data: bytes) -> None:
    recognised(data)
    with pytest.raises(InputError):
        read("scan", "detect-secrets-json", data)


def test_recognises_its_own_and_no_look_alike() -> None:
    assert recognised(baseline(result())) == recognised(baseline()) == ["detect-secrets-json"]
    assert recognised(b'{"version": "1", "results": []}') == []
    assert recognised(b'{"version": "1", "plugins_used": [], "results": []}') == []


@given(mutations(baseline(result(is_secret=False))))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("scan", "detect-secrets-json", data)


@settings(max_examples=300)
@given(json_mutations(baseline(result(is_secret=False))))
def test_mutated_values_are_refused_or_read(data: bytes) -> None:
    parsed = assert_only_refuses("scan", "detect-secrets-json", data)
    if parsed is not None:
        canonical(parsed.payload.model_dump(mode="json"))
