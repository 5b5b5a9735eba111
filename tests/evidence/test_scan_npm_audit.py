"""npm audit: packages (npm 7 and later) and advisories (npm 6, pnpm) as findings; failed audits; reports that were cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Finding, Json, canonical

from .helpers import assert_only_refuses, json_mutations, mutations, read, recognised

GHSA = "GHSA-9vvw-cc9w-f27h"
WORDS = ("info", "low", "moderate", "high", "critical")


def via(number: int = 1, severity: str = "high", **more: Json) -> dict[str, Json]:
    return {
        "source": number,
        "name": "debug",
        "dependency": "debug",
        "title": f"Flaw {number}",
        "url": f"https://github.com/advisories/{GHSA}",
        "severity": severity,
        "cwe": ["CWE-1333"],
        "cvss": {"score": 7.5, "vectorString": None},
        "range": "<2.6.9",
    } | more


def package(name: str = "debug", severity: Json = "high", *causes: Json, **more: Json) -> tuple[str, dict[str, Json]]:
    return name, {
        "name": name,
        "severity": severity,
        "isDirect": False,
        "via": list(causes) if causes else [via()],
        "effects": [],
        "range": "<=2.6.8",
        "nodes": [f"node_modules/{name}"],
        "fixAvailable": True,
    } | more


def counted(severities: list[Json], total: bool = True) -> dict[str, Json]:
    counts: dict[str, Json] = {word: severities.count(word) for word in WORDS}
    return counts | ({"total": len(severities)} if total else {})


def new(*packages: tuple[str, dict[str, Json]], dependencies: Json = None, **more: Json) -> bytes:
    metadata = {
        "vulnerabilities": counted([item["severity"] for _, item in packages]),
        "dependencies": dependencies or {"prod": 98, "dev": 3, "optional": 0, "peer": 0, "peerOptional": 0, "total": 100},
    }
    return json.dumps({"auditReportVersion": 2, "vulnerabilities": dict(packages), "metadata": metadata} | more).encode()


def advisory(number: int = 118, severity: str = "high", module: str = "minimatch", **more: Json) -> tuple[str, dict[str, Json]]:
    return str(number), {
        "findings": [{"version": "2.0.10", "paths": ["gulp>glob>minimatch", "glob>minimatch"], "dev": True, "optional": False}],
        "id": number,
        "deleted": None,
        "title": "Regular Expression Denial of Service",
        "module_name": module,
        "cves": ["CVE-2016-10540"],
        "vulnerable_versions": "<=3.0.1",
        "patched_versions": ">=3.0.2",
        "severity": severity,
        "cwe": "CWE-400",
        "url": f"https://npmjs.com/advisories/{number}",
    } | more


def old(*advisories: tuple[str, dict[str, Json]], counts: Json = None, **more: Json) -> bytes:
    metadata = {
        "vulnerabilities": counts or counted([item["severity"] for _, item in advisories], total=False),
        "dependencies": 136,
        "devDependencies": 20,
        "optionalDependencies": 1,
        "totalDependencies": 157,
    }
    document = {"actions": [], "advisories": dict(advisories), "muted": [], "metadata": metadata, "runId": "77421e8f"}
    return json.dumps(document | more).encode()


def scan(data: bytes) -> Any:
    return read("scan", "npm-audit-json", data).payload


def findings(data: bytes) -> list[Finding]:
    return list(read("scan", "npm-audit-json", data).findings)


def test_npm_7_counts_packages_whatever_number_of_advisories_they_have() -> None:
    data = new(package("debug", "high", via(1), via(2, "moderate"), "ms"), package("express", "critical", "debug", "send"))
    payload = scan(data)
    assert (payload.tool, payload.category, payload.total, payload.suppressed) == ("npm audit", "sca", 2, 0)
    assert payload.by_severity.model_dump() == {"critical": 1, "high": 1, "medium": 0, "low": 0, "info": 0, "unknown": 0}
    assert (payload.scanned, payload.scanned_what, payload.errors, payload.skipped) == (100, "packages", None, None)
    assert payload.incomplete is None
    direct, needed = findings(data)
    assert (direct.rule, direct.package, direct.message) == (GHSA, "debug", "Flaw 1; Flaw 2")
    assert (needed.rule, needed.message) == ("via debug, send", "Depends on vulnerable versions of debug, send")


def test_npm_6_counts_advisories_whatever_number_of_paths_lead_to_them() -> None:
    data = old(advisory(), advisory(755, "moderate", "handlebars", patched_versions="<0.0.0"), advisory(7, "info"))
    payload = scan(data)
    assert (payload.total, payload.by_severity.high, payload.by_severity.medium, payload.by_severity.info) == (3, 1, 1, 1)
    assert (payload.scanned, payload.scanned_what, payload.incomplete) == (157, "packages", None)
    first, second, _ = findings(data)
    assert (first.rule, first.package, first.package_version, first.fixed_in) == ("118", "minimatch", "2.0.10", ">=3.0.2")
    assert second.fixed_in is None


def test_pnpm_names_advisories_of_github_and_leaves_much_out() -> None:
    bare = {"id": 1094222, "module_name": "debug", "severity": "high", "github_advisory_id": GHSA, "findings": [], "title": "t"}
    document = {"advisories": {"1094222": bare}, "metadata": {"vulnerabilities": counted(["high"], total=False), "totalDependencies": 3}}
    data = json.dumps(document).encode()
    assert recognised(data) == ["npm-audit-json"]
    (found,) = findings(data)
    assert (found.rule, found.package_version, found.fixed_in) == (GHSA, None, None)
    assert scan(data).scanned == 3


def test_muted_advisories_are_suppressed() -> None:
    assert scan(old(muted=[{"id": 1}])).suppressed == 1


@pytest.mark.parametrize("data", [new(), old()])
def test_a_clean_audit_says_how_many_packages_it_saw(data: bytes) -> None:
    payload = scan(data)
    assert recognised(data) == ["npm-audit-json"]
    assert (payload.total, payload.scanned > 0, payload.incomplete) == (0, True, None)


def test_severities_that_are_missing_or_new_are_unknown() -> None:
    assert scan(new(package("a", None), package("b", "urgent"))).by_severity.unknown == 2
    assert scan(old(advisory(1, "urgent"))).by_severity.unknown == 1


def test_a_fix_of_another_package_is_no_fixed_version() -> None:
    fix = {"name": "express", "version": "4.18.3", "isSemVerMajor": False}
    other, own, none = findings(
        new(package("debug", fixAvailable=fix), package("express", fixAvailable=fix), package("ms", fixAvailable=False))
    )
    assert (other.fixed_in, own.fixed_in, none.fixed_in) == (None, "4.18.3", None)


def test_a_report_that_lists_less_than_it_counts_is_incomplete() -> None:
    short = json.loads(new(package("a"), package("b")))
    del short["vulnerabilities"]["b"]
    assert scan(json.dumps(short).encode()).incomplete == "1 package is listed, but metadata counts 2 (filtered or cut)"
    filtered = old(advisory(), counts={"info": 0, "low": 7, "moderate": 0, "high": 3, "critical": 0})
    assert scan(filtered).incomplete == "metadata counts 7 low, of which none is listed (filtered or cut)"


def test_totals_that_are_no_numbers_do_not_count() -> None:
    document = json.loads(new(package("a", None)))
    document["metadata"]["vulnerabilities"] |= {"null": None, "total": 1}
    payload = scan(json.dumps(document).encode())
    assert (payload.total, payload.by_severity.unknown) == (1, 1)


def test_without_metadata_nothing_is_known_about_what_was_audited() -> None:
    data = json.dumps({"auditReportVersion": 2, "vulnerabilities": dict([package()])}).encode()
    assert recognised(data) == ["npm-audit-json"]
    assert (scan(data).total, scan(data).scanned, scan(data).incomplete) == (1, None, None)


def test_fingerprints_change_when_another_advisory_comes() -> None:
    before, same, more, worse = (
        findings(new(item))[0].fingerprint
        for item in (
            package("debug", "high", via(1, url="https://x/1"), "ms"),
            package("debug", "high", "ms", via(1, url="https://x/1"), fixAvailable=False),
            package("debug", "high", via(1, url="https://x/1"), via(2, url="https://x/2"), "ms"),
            package("debug", "critical", via(1, url="https://x/1"), "ms"),
        )
    )
    assert before == same
    assert len({before, more, worse}) == 3


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"error": {"code": "ENOAUDIT", "summary": "Your configured registry does not support audit.", "detail": "x"}}, "ENOAUDIT Your"),
        ({"error": {"code": "EAUDITNOLOCK", "summary": "Neither npm-shrinkwrap.json nor package-lock.json found"}}, "EAUDITNOLOCK"),
        ({"error": {"summary": "audit endpoint returned an error", "detail": ""}}, "audit endpoint returned"),
        ({"error": {"code": "ERR_PNPM_AUDIT_BAD_RESPONSE", "message": "The audit endpoint responded with 500"}}, "ERR_PNPM"),
        (
            {
                "message": "404 Not Found - POST https://me:pw@registry/-/npm/v1/security/audits/quick",
                "method": "POST",
                "uri": "https://registry/-/npm/v1/security/audits/quick",
                "headers": {},
                "statusCode": 404,
                "body": {"error": "Not Found"},
            },
            "404 Not Found - POST https://registry",
        ),
        ({"message": "request to https://registry/-/npm/v1/security/advisories/bulk failed, reason: connect"}, "request to"),
    ],
)
def test_a_failed_audit_is_named_and_refused(document: Json, why: str) -> None:
    data = json.dumps(document).encode()
    assert recognised(data) == ["npm-audit-json"]
    with pytest.raises(InputError, match="a failed audit") as caught:
        read("scan", "npm-audit-json", data)
    assert why in caught.value.found
    assert "pw" not in caught.value.found


YARN_1 = {"type": "auditAdvisory", "data": {"resolution": {"id": 1, "path": "a>b"}, "advisory": {"id": 1, "severity": "high"}}}
YARN_4 = {"value": "lodash", "children": {"ID": 1, "Issue": "x", "Severity": "high", "Tree Versions": ["4.17.4"]}}


@pytest.mark.parametrize(
    ("lines", "who"),
    [
        ([YARN_1, {"type": "auditSummary", "data": {}}], "Yarn 1"),
        ([{"type": "auditSummary", "data": {}}], "Yarn 1"),
        ([{"type": "warning", "data": "No license field"}, YARN_1], "Yarn 1"),
        ([YARN_4, YARN_4], "Yarn 4"),
        ([YARN_4], "Yarn 4"),
    ],
)
def test_lines_of_yarn_are_refused_by_name(lines: list[Json], who: str) -> None:
    data = b"\n".join(json.dumps(line).encode() for line in lines)
    assert recognised(data) == ["npm-audit-json"]
    with pytest.raises(InputError, match=f"lines of {who}'s audit"):
        read("scan", "npm-audit-json", data)


def test_an_error_beside_findings_makes_them_incomplete() -> None:
    error: Json = {"code": "ENOAUDIT", "summary": "registry went away"}
    for data in (new(package(), error=error), old(advisory(), error=error)):
        payload = scan(data)
        assert payload.total == 1
        assert "npm reports an error" in payload.incomplete
    for data in (new(error=error), old(error=error)):
        with pytest.raises(InputError, match="registry went away"):
            read("scan", "npm-audit-json", data)


def test_recognises_no_look_alike() -> None:
    documents: tuple[Json, ...] = (
        {},
        {"error": "x"},
        {"error": {"code": 404, "message": "Not Found"}},
        {"advisories": {}},
        {"advisories": []},
        {"advisories": {"1": {"id": 1}}},
        {"metadata": {"vulnerabilities": {}}},
        {"vulnerabilities": {}, "metadata": {"vulnerabilities": {}}},
        {"auditReportVersion": 2},
        {"message": "x", "uri": "https://host/"},
        {"type": "warning", "data": "x"},
        {"value": "x", "children": {"ID": 1}},
        {"value": "x", "children": []},
    )
    for document in documents:
        assert recognised(json.dumps(document).encode()) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        new(package())[:-20],
        new(package(), auditReportVersion=3),
        new(package(), vulnerabilities=[]),
        new(package("a", "high", via=None)),
        new(package("a", 7)),
        new(package()).replace(b'"total": 100', b'"total": "100"'),
        new(package()).replace(b'"total": 100', b'"total": -1'),
        new(package()).replace(b'"total": 100', b'"total": 1e999'),
        new(package()).replace(b'"name": "debug", "severity"', b'"name": "debug", "name": "x", "severity"'),
        new(package()).replace(b"Flaw 1", b"\xff"),
        old(advisory(), advisories=[]),
        old(("1", {"severity": "high"})),
        old(advisory(), counts={"high": 1.5}),
        b"[" * 5000,
    ],
)
def test_refuses(data: bytes) -> None:
    recognised(data)
    with pytest.raises(InputError):
        read("scan", "npm-audit-json", data)


@given(mutations(new(package("debug", "high", via(), "ms"))))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("scan", "npm-audit-json", data)


@settings(max_examples=200)
@given(json_mutations(new(package("debug", "high", via(), "ms"))))
def test_mutated_values_are_refused_or_read(data: bytes) -> None:
    parsed = assert_only_refuses("scan", "npm-audit-json", data)
    if parsed is not None:
        canonical(parsed.payload.model_dump(mode="json"))


@settings(max_examples=200)
@given(json_mutations(old(advisory())))
def test_mutated_values_of_the_old_layout_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("scan", "npm-audit-json", data)
