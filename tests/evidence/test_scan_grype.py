"""Grype: matches as the file lists them, ignored ones apart; fixes of all generations; the database; what was not matched."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Finding, Json, canonical

from .helpers import assert_only_refuses, json_mutations, mutations, read, recognised, redacted


def match(
    flaw: str = "CVE-2021-33574", severity: str | None = "Critical", package: str = "libc6", place: str = "/lib/libc.so.6", **more: Json
) -> dict[str, Json]:
    vulnerability = {
        "id": flaw,
        "dataSource": "https://security-tracker.debian.org/tracker/" + flaw,
        "severity": severity,
        "description": "d",
        "fix": {"versions": ["2.28-11", "2.31-1"], "state": "fixed"},
    }
    if severity is None:
        del vulnerability["severity"]
    return {
        "vulnerability": vulnerability | more.pop("vulnerability", {}),
        "relatedVulnerabilities": [],
        "matchDetails": [{"type": "exact-direct-match", "matcher": "dpkg-matcher"}],
        "artifact": {"name": package, "version": "2.28-10", "type": "deb", "locations": [{"path": place, "layerID": "sha256:1"}]},
    } | more


def artifact(type_: str, **more: Json) -> dict[str, Json]:
    return {"name": "lodash", "version": "4.17.4", "type": type_, "locations": []} | more


def report(*matches: Json, source: Json = "directory", distro: str = "", descriptor: Json = None, **more: Json) -> bytes:
    document = {
        "matches": list(matches),
        "source": source if isinstance(source, dict) else {"type": source, "target": "."},
        "distro": {"name": distro, "version": "", "idLike": None},
        "descriptor": {"name": "grype", "version": "0.94.0", "timestamp": "2025-06-19T11:43:35.523947199+02:00"} | (descriptor or {}),
    }
    return json.dumps(document | more).encode()


def scan(data: bytes) -> Any:
    return read("scan", "grype-json", data).payload


def findings(data: bytes) -> list[Finding]:
    return list(read("scan", "grype-json", data).findings)


def test_counts_matches_by_severity() -> None:
    words = ("Critical", "High", "Medium", "Low", "Negligible", "Unknown", "", None)
    parsed = read("scan", "grype-json", report(*(match(f"CVE-{n}", word) for n, word in enumerate(words))))
    payload: Any = parsed.payload
    assert payload.by_severity.model_dump() == {"critical": 1, "high": 1, "medium": 1, "low": 1, "info": 1, "unknown": 3}
    assert (payload.tool, payload.tool_version, payload.total, payload.suppressed) == ("grype", "0.94.0", 8, 0)
    assert (payload.scanned, payload.errors, payload.skipped, payload.incomplete) == (None, None, None, None)
    assert parsed.observed_at == datetime(2025, 6, 19, 9, 43, 35, 523947, tzinfo=UTC)


def test_one_package_in_two_places_is_two_findings() -> None:
    first, second = findings(report(match(), match(place="/usr/lib/libc.so.6")))
    assert first.fingerprint != second.fingerprint
    assert (first.rule, first.package, first.package_version, first.path) == ("CVE-2021-33574", "libc6", "2.28-10", "/lib/libc.so.6")
    same, copy = findings(report(match(), match()))
    assert same.fingerprint == first.fingerprint != copy.fingerprint


def test_ignored_matches_are_suppressed() -> None:
    ignored = match("CVE-1", "High", appliedIgnoreRules=[{"vulnerability": "CVE-1"}])
    data = report(match(), ignoredMatches=[ignored])
    assert (scan(data).total, scan(data).suppressed, scan(data).by_severity.high) == (1, 1, 0)
    assert [row.state for row in findings(data)] == ["open", "suppressed"]
    assert scan(report(match(), ignoredMatches=None)).suppressed == 0


def test_fixes_of_all_generations() -> None:
    fixes: tuple[dict[str, Json], ...] = (
        {},
        {"fix": {"versions": [], "state": "not-fixed"}},
        {"fix": None, "fixedInVersion": "1"},
        {"fix": None, "fixed-in-version": "2"},
    )
    rows = findings(report(*(match(f"CVE-{n}", vulnerability=fix) for n, fix in enumerate(fixes))))
    assert [row.fixed_in for row in rows] == ["2.28-11, 2.31-1", None, "1", "2"]


def test_the_first_releases_wrote_the_bare_list() -> None:
    first = {
        "vulnerability": {"id": "CVE-1", "description": "x", "fixedInVersion": "3"},
        "matchDetails": {"matcher": "dpkg-matcher", "searchKey": {"cpe": "somecpe"}},
        "artifact": {"name": "p", "version": "1", "type": "deb", "foundBy": ["c"], "locations": [{"path": "/f", "layerIndex": 0}]},
    }
    data = json.dumps([first]).encode()
    assert recognised(data) == ["grype-json"]
    payload = scan(data)
    assert (payload.total, payload.by_severity.unknown, payload.tool_version, payload.category) == (1, 1, None, "container")
    assert findings(data)[0].fixed_in == "3"


@pytest.mark.parametrize(
    ("data", "category"),
    [
        (report(source="image"), "container"),
        (report(match(), source="directory"), "container"),
        (report(source="directory", distro="debian"), "container"),
        (report(match(artifact=artifact("npm")), source="directory"), "sca"),
        (report(source="file"), "sca"),
        (report(source=None), "sca"),
    ],
)
def test_category(data: bytes, category: str) -> None:
    assert scan(data).category == category


@pytest.mark.parametrize(
    "db",
    [
        {"built": "2024-04-10T01:25:07Z", "schemaVersion": 5, "checksum": "sha256:b", "error": None},
        {"status": {"built": "2024-04-10T01:25:07Z", "schemaVersion": "v6.0.2", "valid": True}, "providers": {"alpine": {}}},
    ],
)
def test_the_age_of_the_database_is_told(db: Json) -> None:
    payload = scan(report(descriptor={"db": db}))
    assert (payload.database_at, payload.incomplete) == (datetime(2024, 4, 10, 1, 25, 7, tzinfo=UTC), None)
    assert payload.summary()["database_at"] == "2024-04-10T01:25:07Z"


@pytest.mark.parametrize("db", [{"error": "failed to load", "built": "x"}, {"status": {"valid": False}}])
def test_a_broken_database_is_incomplete(db: Json) -> None:
    payload = scan(report(descriptor={"db": db}))
    assert (payload.database_at, payload.incomplete) == (None, "the advisory database was not valid")


def test_packages_that_nobody_writes_advisories_for_are_incomplete() -> None:
    alerts = [
        {"package": {}, "alerts": [{"type": type_, "message": "m"}]} for type_ in ("distro-disabled", "distro-disabled", "distro-eol")
    ]
    payload = scan(report(alertsByPackage=alerts))
    assert payload.skipped == 2
    assert payload.incomplete == (
        "2 packages of distributions that Grype has no advisories for; "
        "1 package of distributions past their end of life, for which advisories are no longer written"
    )
    assert scan(report(alertsByPackage={})).incomplete is None


def test_a_time_without_zone_is_no_time() -> None:
    for text in ("", "2025-06-19T11:43:35", "0001-01-01T00:00:00Z", None):
        assert read("scan", "grype-json", report(descriptor={"timestamp": text})).observed_at is None


def test_versions_of_development_builds_are_none() -> None:
    assert scan(report(descriptor={"version": "[not provided]"})).tool_version is None


def test_recognises_its_own_and_no_look_alike() -> None:
    assert recognised(report()) == ["grype-json"]
    assert recognised(report(match())) == ["grype-json"]
    assert recognised(json.dumps({"matches": [match()], "source": None}).encode()) == ["grype-json"]
    assert recognised(json.dumps({"matches": [], "source": {}, "distro": {}}).encode()) == ["grype-json"]
    for data in (
        b"[]",
        b'{"matches": []}',
        b'{"matches": {}}',
        b'{"matches": [{"vulnerability": {}}]}',
        b'{"matches": [], "descriptor": {"name": "syft"}}',
        b'[{"vulnerability": {}, "artifact": {}}]',
        b"[1]",
    ):
        assert recognised(data) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"{}",
        report(match())[:-20],
        report(matches=None),
        report(matches={}),
        report({"vulnerability": {"id": "x"}}),
        report(match(vulnerability={"id": None})),
        report(match(vulnerability={"severity": 3})),
        report(match(vulnerability={"fix": {"versions": "1.2"}})),
        report(match(artifact={"name": 1})),
        report(match()).replace(b'"name": "libc6"', b'"name": "libc6", "name": "x"'),
        report(match()).replace(b"libc6", b"\xff"),
        b"[" * 5000,
    ],
)
def test_refuses(data: bytes) -> None:
    recognised(data)
    with pytest.raises(InputError):
        read("scan", "grype-json", data)


def test_an_environment_with_secrets_is_masked() -> None:
    def image(*environment: str) -> bytes:
        config = base64.b64encode(json.dumps({"config": {"Env": list(environment)}}).encode()).decode()
        return report(match(), source={"type": "image", "target": {"userInput": "x", "config": config}})

    masked = redacted("scan", "grype-json", image("PATH=/bin", "DB_PASSWORD=hunter2"))
    assert masked is not None
    assert json.loads(masked)["source"]["target"]["config"].startswith("REDACTED:")
    assert scan(masked) == scan(image("DB_PASSWORD=hunter2"))
    assert redacted("scan", "grype-json", masked) is None
    assert redacted("scan", "grype-json", image("PATH=/bin", "LANG=C")) is None


@given(mutations(report(match(), ignoredMatches=[match()])))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("scan", "grype-json", data)


@settings(max_examples=200)
@given(
    json_mutations(
        report(
            match(),
            ignoredMatches=[match()],
            alertsByPackage=[{"alerts": [{"type": "distro-eol"}]}],
            descriptor={"db": {"status": {"built": "2024-04-10T01:25:07Z"}}},
        )
    )
)
def test_mutated_values_are_refused_or_read(data: bytes) -> None:
    parsed = assert_only_refuses("scan", "grype-json", data)
    if parsed is not None:
        canonical(parsed.payload.model_dump(mode="json"))
