"""Security reports of GitLab: each vulnerability once, the category of the scan, scans that failed, secrets that are shown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.record import Json, canonical

from .helpers import assert_only_refuses, json_mutations, mutations, outcome, read, recognised, redacted

NAME = "gitlab-security-json"


def found(severity: str = "High", rule: str = "B602", **more: Json) -> dict[str, Json]:
    identifiers = [{"type": "bandit_test_id", "name": f"Bandit Test ID {rule}", "value": rule}]
    location = {"file": "src/a.py", "start_line": 3, "end_line": 3, "class": "A", "method": "b"}
    return {"id": "0f" * 16, "name": "shell", "severity": severity, "identifiers": identifiers, "location": location, **more}


def scan(type_: str = "sast", **more: Json) -> dict[str, Json]:
    scanner = {"id": "bandit", "name": "Bandit", "url": "https://example.org", "vendor": {"name": "GitLab"}, "version": "1.7.5"}
    times = {"start_time": "2026-03-01T10:00:00", "end_time": "2026-03-01T10:00:09"}
    return (
        {"type": type_, "scanner": scanner, "analyzer": {"id": "bandit", "name": "bandit", "version": "5"}, "status": "success"}
        | times
        | more
    )


def report(*vulnerabilities: Json, **more: Json) -> bytes:
    return json.dumps({"version": "15.0.7", "vulnerabilities": list(vulnerabilities), "remediations": [], "scan": scan(), **more}).encode()


def parsed(data: bytes) -> Any:
    return read("scan", NAME, data)


def test_what_a_report_says() -> None:
    data = report(found(), found("Low", "B101"))
    assert recognised(data) == [NAME]
    payload = parsed(data).payload
    assert (payload.tool, payload.tool_version, payload.category) == ("Bandit", "1.7.5", "sast")
    assert (payload.total, payload.by_severity.high, payload.by_severity.low, payload.suppressed) == (2, 1, 1, 0)
    assert (payload.errors, payload.scanned, payload.incomplete) == (None, None, None)
    assert parsed(data).observed_at == datetime(2026, 3, 1, 10, 0, 9, tzinfo=UTC)
    first = parsed(data).findings[0]
    assert (first.rule, first.path, first.line, first.message) == ("B602", "src/a.py", 3, "shell")


@pytest.mark.parametrize(
    ("type_", "category"),
    [
        *[("sast", "sast"), ("dependency_scanning", "sca"), ("secret_detection", "secrets"), ("container_scanning", "container")],
        *[("cluster_image_scanning", "container"), ("dast", "dast"), ("api_fuzzing", "dast")],
    ],
)
def test_what_was_looked_for(type_: str, category: str) -> None:
    assert parsed(report(scan=scan(type_))).payload.category == category
    old = json.loads(report(found(category=type_)))
    del old["scan"]
    old["version"] = "2.3"
    assert recognised(json.dumps(old).encode()) == [NAME]
    assert parsed(json.dumps(old).encode()).payload.category == category


def test_kics_looks_at_configuration() -> None:
    assert parsed(report(scan=scan(scanner={"id": "kics", "name": "KICS"}))).payload.category == "iac"


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        *[("Critical", "critical"), ("High", "high"), ("Medium", "medium"), ("Low", "low"), ("Info", "info"), ("Unknown", "unknown")],
        *[("Undefined", "unknown"), ("Experimental", "unknown"), (None, "unknown")],
    ],
)
def test_severities(word: str, severity: str) -> None:
    assert parsed(report(found(word))).findings[0].severity == severity


def test_dependencies_have_package_and_advisory_and_are_counted_where_listed() -> None:
    identifiers = [{"type": "gemnasium", "name": "G", "value": "uuid"}, {"type": "cve", "name": "CVE-2025-1", "value": "CVE-2025-1"}]
    place = {"file": "Gemfile.lock", "dependency": {"package": {"name": "rack"}, "version": "2.0.1"}}
    files = [
        {"path": "Gemfile.lock", "package_manager": "bundler", "dependencies": [{"package": {"name": "rack"}, "version": "2.0.1"}] * 4}
    ]
    data = report(found(identifiers=identifiers, location=place), scan=scan("dependency_scanning"), dependency_files=files)
    one = parsed(data).findings[0]
    assert (one.rule, one.package, one.package_version, one.path) == ("CVE-2025-1", "rack", "2.0.1", "Gemfile.lock")
    assert (parsed(data).payload.scanned, parsed(data).payload.scanned_what) == (4, "packages")


def test_findings_of_a_service_stand_at_its_address() -> None:
    place = {"hostname": "https://shop.example", "method": "GET", "path": "/a", "param": "q"}
    assert parsed(report(found(location=place), scan=scan("dast"))).findings[0].path == "https://shop.example/a"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (report(scan=scan(status="failure")), "the scan ended with the status failure"),
        (report(scan=scan(messages=[{"level": "fatal", "value": "x"}, {"level": "warn"}])), "the scan reports 1 fatal error"),
        (report(scan=scan(messages=[{"level": "warn", "value": "x"}])), None),
        (report(scan=scan(status=None, messages=None)), None),
    ],
)
def test_scans_that_failed_are_incomplete(data: bytes, why: str | None) -> None:
    assert parsed(data).payload.incomplete == why


def test_flags_close_nothing_and_equal_findings_are_as_many() -> None:
    flag = [{"type": "flagged-as-likely-false-positive", "origin": "o", "description": "d"}]
    findings = parsed(report(found(flags=flag), found(), found(rule="B101"))).findings
    assert [one.state for one in findings] == ["open"] * 3
    assert len({one.fingerprint for one in findings}) == 3
    moved = found(location={"file": "src/a.py", "start_line": 30, "class": "A", "method": "b"})
    assert parsed(report(moved)).findings[0].fingerprint == parsed(report(found())).findings[0].fingerprint


def test_secrets_are_masked_where_they_are_shown_and_repeated() -> None:
    leak = found(raw_source_code_extract="xyzzy-plugh", description="found xyzzy-plugh here")
    data = report(leak, scan=scan("secret_detection"))
    clean = redacted("scan", NAME, data)
    assert clean is not None
    assert b"plugh" not in clean
    assert parsed(clean).payload == parsed(data).payload
    assert redacted("scan", NAME, report(leak)) is None, "code that is no secret stays"
    named = {**leak, "identifiers": [{"type": "cwe", "name": "CWE-798", "value": "798"}]}
    assert b"plugh" not in (redacted("scan", NAME, report(named)) or b"plugh")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty file"),
        (report(found())[:-9], "line 1"),
        (report(scan=scan("coverage_fuzzing")), "/scan/type: a report of the type coverage_fuzzing; expected one of sast"),
        (report(scan=None), "/vulnerabilities/*/category: a report of the type (none)"),
        (report(found(category="sast"), found(category="dast"), scan=None), "a report of the type dast, sast"),
        (report(found(location={"start_line": "three"})), "/vulnerabilities/0/location/start_line: str; expected int"),
        (report(found(location={"start_line": 10**12})), "/vulnerabilities/0/location/start_line: line number too large"),
        (report("x"), "/vulnerabilities/0: str; expected object"),
        (report(found()).replace(b'"name": "shell"', b'"name": "shell", "name": "x"'), "duplicate key"),
    ],
)
def test_refuses(data: bytes, why: str) -> None:
    assert why in outcome("scan", NAME, data)


def test_recognises_no_look_alike() -> None:
    for other in ({"version": "1", "vulnerabilities": []}, {"version": 1, "vulnerabilities": {}, "scan": {"type": "sast"}}):
        assert recognised(json.dumps(other).encode()) == []


@given(mutations(report(found(raw_source_code_extract="x"), scan=scan("secret_detection"))))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("scan", NAME, data)


@settings(max_examples=300)
@given(json_mutations(report(found(raw_source_code_extract="x"), scan=scan("secret_detection"))))
def test_mutated_values_are_refused_or_read(data: bytes) -> None:
    read_one = assert_only_refuses("scan", NAME, data)
    if read_one is not None:
        canonical(read_one.payload.model_dump(mode="json"))
