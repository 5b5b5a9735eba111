"""Gitleaks: findings of both generations; secrets and people are masked before anything is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError, UnrecognisedError
from compliance.kind import Kind
from compliance.reading.recognise import recognise
from compliance.record import Json, canonical
from compliance.source import Source

from .helpers import assert_only_refuses, json_mutations, mutations, read, recognised, redacted

KEPT = "not-a-real-" + "secret-0123"
COMMIT = "ab" * 20


def new(**more: Json) -> dict[str, Json]:
    """An entry as version 8 writes it."""
    return {
        "Description": "Generic API Key",
        "StartLine": 7,
        "EndLine": 7,
        "StartColumn": 3,
        "EndColumn": 40,
        "Match": f'key = "{KEPT}"',
        "Secret": KEPT,
        "File": "app/settings.py",
        "SymlinkFile": "",
        "Commit": COMMIT,
        "Entropy": 4.1,
        "Author": "Jane Doe",
        "Email": "jane@example.org",
        "Date": "2026-03-01T10:00:00Z",
        "Message": f"add {KEPT}",
        "Tags": [],
        "RuleID": "generic-api-key",
        "Fingerprint": f"{COMMIT}:app/settings.py:generic-api-key:7",
        "Link": f"https://example.org/blob?q={KEPT}",
    } | more


def old(**more: Json) -> dict[str, Json]:
    """An entry as version 7 writes it."""
    return {
        "line": f'key = "{KEPT}"',
        "lineNumber": 7,
        "offender": KEPT,
        "offenderEntropy": -1,
        "commit": COMMIT,
        "repo": "app",
        "repoURL": "",
        "leakURL": "",
        "rule": "Generic API Key",
        "commitMessage": f"add {KEPT}",
        "author": "Jane Doe",
        "email": "jane@example.org",
        "file": "app/settings.py",
        "date": "2026-03-01T10:00:00Z",
        "tags": "key, API",
    } | more


def report(*entries: Json) -> bytes:
    return json.dumps(list(entries)).encode()


@pytest.mark.parametrize(("entry", "rule"), [(new(), "generic-api-key"), (old(), "Generic API Key")])
def test_both_generations(entry: Json, rule: str) -> None:
    data = report(entry)
    assert recognised(data) == ["gitleaks-json"]
    parsed = read("scan", "gitleaks-json", data)
    payload: Any = parsed.payload
    assert (payload.tool, payload.category, payload.total, payload.by_severity.unknown) == ("gitleaks", "secrets", 1, 1)
    assert (payload.suppressed, payload.scanned, payload.incomplete) == (0, None, None)
    (row,) = parsed.findings
    assert (row.rule, row.path, row.line, row.severity, row.person) == (rule, "app/settings.py", 7, "unknown", None)


def test_older_keys_are_read() -> None:
    first = {key: value for key, value in old().items() if key not in ("rule", "lineNumber", "commitMessage")}
    (row,) = read("scan", "gitleaks-json", report(first | {"reason": "AWS", "commitMsg": "x", "info": "", "severity": ""})).findings
    assert (row.rule, row.line, row.severity) == ("AWS", None, "unknown")


def test_the_severity_that_a_rule_of_versions_2_and_3_has_is_taken_over() -> None:
    given = [old(severity="high"), old(severity="Critical"), old(severity="")]
    assert [row.severity for row in read("scan", "gitleaks-json", report(*given)).findings] == ["high", "critical", "unknown"]


def test_every_entry_counts_and_equal_ones_are_told_apart() -> None:
    parsed = read("scan", "gitleaks-json", report(new(), new(), new(StartLine=9)))
    assert parsed.payload.summary()["total"] == 3
    assert len({row.fingerprint for row in parsed.findings}) == 3


def test_fingerprints_survive_line_moves_and_masks() -> None:
    data = report(new(), new(File="b.py"))
    moved = report(new(StartLine=70, Fingerprint="x"), new(File="b.py"))
    masked = redacted("scan", "gitleaks-json", data) or b""
    prints = [[row.fingerprint for row in read("scan", "gitleaks-json", one).findings] for one in (data, moved, masked)]
    assert prints[0] == prints[1] == prints[2]


@pytest.mark.parametrize("entry", [new(), old(), new(Secret=f"{KEPT}\nsecond line", Match=f"{KEPT}\nsecond line")])
def test_secrets_and_people_are_masked_before_anything_is_stored(entry: dict[str, Json]) -> None:
    data = report(entry)
    masked = redacted("scan", "gitleaks-json", data)
    assert masked is not None
    assert [text for text in (KEPT, "second line", "Jane", "jane@", "add ") if text in masked.decode()] == []
    assert [text for text in (COMMIT, "app/settings.py") if text not in masked.decode()] == []
    assert read("scan", "gitleaks-json", masked).payload == read("scan", "gitleaks-json", data).payload
    assert redacted("scan", "gitleaks-json", masked) is None, "masks are not masked again"


def test_equal_secrets_have_equal_masks() -> None:
    first, second = json.loads(redacted("scan", "gitleaks-json", report(new(), new(File="b.py"))) or b"")
    assert first["Secret"] == second["Secret"]


def test_a_short_secret_does_not_eat_paths() -> None:
    (entry,) = json.loads(redacted("scan", "gitleaks-json", report(new(Secret="app", Match="app", Link="https://app"))) or b"")
    assert (entry["File"], entry["Link"]) == ("app/settings.py", "https://app")


def test_what_gitleaks_masked_itself_stays() -> None:
    people = {"Author": "", "Email": "", "Message": "", "Link": ""}
    assert redacted("scan", "gitleaks-json", report(new(Secret="REDACTED", Match="REDACTED", **people))) is None


@pytest.mark.parametrize("text", [b"null", b"[]", b" [ ] \n", b"{}", b"\xef\xbb\xbf[]"])
def test_a_bare_value_names_no_tool(text: bytes) -> None:
    assert recognised(text) == []
    with pytest.raises(UnrecognisedError) as caught:
        recognise(Source("x", text), _kinds(), "scan")
    assert "alone does not say which tool" in caught.value.reason or text == b" [ ] \n"


def _kinds() -> dict[str, Kind]:
    from compliance.catalog import shipped

    return dict(shipped().kinds)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        report(new())[:-10],
        report(new(), 5),
        report(new(), {"RuleID": "x"}),
        report(new(), {"file": "x"}),
        report(new(StartLine="7")),
        report(new(StartLine=10**30)),
        report(new(File=None)),
        report(new(RuleID="")),
        report(new()).replace(b'"File"', b'"File": "x", "File"'),
        report(new()).replace(b"Generic", b"\xff"),
        b"[" * 5000,
    ],
)
def test_refuses(data: bytes) -> None:
    recognised(data)
    with pytest.raises(InputError):
        read("scan", "gitleaks-json", data)


def test_recognises_no_look_alike() -> None:
    assert recognised(b'[{"name": "idna", "version": "3.7", "vulns": []}]') == ["pip-audit-json"]
    assert recognised(b'[{"rule": "x", "file": "y"}]') == []
    assert recognised(b'[{"RuleID": "x"}]') == []


@given(mutations(report(new(), old())))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("scan", "gitleaks-json", data)


@settings(max_examples=300)
@given(json_mutations(report(new(), old())))
def test_mutated_values_are_refused_or_read(data: bytes) -> None:
    parsed = assert_only_refuses("scan", "gitleaks-json", data)
    if parsed is not None:
        canonical(parsed.payload.model_dump(mode="json"))
