"""Semgrep: results of the command line by product, and answers of the web API; what is partial; secrets masked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Finding, Json, canonical

from .helpers import assert_only_refuses, json_mutations, mutations, read, read_all, recognised, redacted


def result(rule: str = "go.xss", severity: str | None = "WARNING", line: Json = 27, **extra: Json) -> dict[str, Json]:
    more = {"message": "found", "metadata": {"confidence": "HIGH"}, "lines": "  tmpl := x\n", "fingerprint": "f", "is_ignored": False}
    return {
        "check_id": rule,
        "path": "./src/a.go",
        "start": {"line": line, "col": 5, "offset": 600},
        "end": {"line": line, "col": 31, "offset": 689},
        "extra": more | ({} if severity is None else {"severity": severity}) | extra,
    }


def dependency(rule: str = "ssc-1", severity: str = "ERROR", **extra: Json) -> dict[str, Json]:
    found = {"package": "grpcio", "version": "1.47.0", "ecosystem": "pypi", "transitivity": "direct", "allowed_hashes": {}}
    info = {"reachable": True, "dependency_match": {"found_dependency": found, "lockfile": "requirements.txt"}}
    fixes = {"sca-fix-versions": [{"grpc": "1.54.0"}, {"grpcio": "1.53.0"}]}
    return result(rule, severity, sca_info=info, metadata=fixes, **extra)


def report(*results: Json, errors: Json = (), scanned: Json = ("a.go", "b.go"), **more: Json) -> bytes:
    document: dict[str, Json] = {"version": "1.30.0", "results": list(results), "errors": list(errors)}
    if scanned is not None:
        document["paths"] = {"_comment": "<add --verbose for a list of skipped paths>", "scanned": list(scanned)}
    return json.dumps(document | more).encode()


def finding(rule: str = "ts.react-no-refs", /, **more: Json) -> dict[str, Json]:
    return {
        "id": 1234567,
        "match_based_id": "0f8c_1",
        "repository": {"name": "semgrep", "url": "https://host/semgrep"},
        "triage_state": "untriaged",
        "state": "unresolved",
        "status": "open",
        "severity": "medium",
        "confidence": "high",
        "created_at": "2020-11-18T23:28:12.391807Z",
        "rule_name": rule,
        "rule_message": "`ref` usage found.",
        "location": {"file_path": "src/Code.tsx", "line": 120, "column": 8, "end_line": 124, "end_column": 16},
    } | more


def vuln(severity: str = "HIGH", **more: Json) -> dict[str, Json]:
    return {
        "title": "Reachable Assertion in grpc",
        "advisory": {"ruleId": "ssc-8", "title": "t", "ecosystem": "gem", "severity": severity, "references": {"cveIds": ["CVE-1"]}},
        "exposureType": "REACHABLE",
        "matchedDependency": {"name": "grpcio", "versionSpecifier": "1.47.0"},
        "dependencyFileLocation": {"path": "requirements.txt", "startLine": "222"},
        "triage": {"status": "NEW", "dismissReason": "UNKNOWN_REASON"},
        "closestSafeDependency": {"name": "grpcio", "versionSpecifier": "1.53.0"},
    } | more


def answer(*findings: Json) -> bytes:
    return json.dumps({"findings": list(findings)}).encode()


def vulns(*items: Json, more: bool = False) -> bytes:
    return json.dumps({"vulns": list(items), "hasMore": more, "cursor": ""}).encode()


def scan(data: bytes) -> Any:
    return read("scan", "semgrep-json", data).payload


def rows(data: bytes) -> list[Finding]:
    return list(read("scan", "semgrep-json", data).findings)


def test_counts_results_by_severity() -> None:
    words = ("ERROR", "WARNING", "INFO", "CRITICAL", "HIGH", "MEDIUM", "LOW", "INVENTORY", "EXPERIMENT", None)
    payload = scan(report(*(result(f"r{n}", word) for n, word in enumerate(words))))
    assert payload.by_severity.model_dump() == {"critical": 1, "high": 2, "medium": 2, "low": 1, "info": 1, "unknown": 3}
    assert (payload.tool, payload.tool_version, payload.category, payload.total) == ("semgrep", "1.30.0", "sast", 10)
    assert (payload.scanned, payload.scanned_what, payload.errors, payload.skipped, payload.incomplete) == (2, "files", 0, None, None)


def test_places_and_confidence() -> None:
    (found,) = rows(report(result()))
    assert (found.rule, found.severity, found.confidence, found.path, found.line, found.message) == (
        "go.xss",
        "medium",
        "high",
        "src/a.go",
        27,
        "found",
    )


def test_ignored_results_are_suppressed() -> None:
    payload = scan(report(result(), result(is_ignored=True)))
    assert (payload.total, payload.suppressed) == (1, 1)


def test_equal_results_are_as_many_findings() -> None:
    first, second = rows(report(result(), result()))
    assert first.fingerprint != second.fingerprint


def test_fingerprints_survive_line_moves_and_do_not_rest_on_placeholders() -> None:
    (here,), (moved,) = rows(report(result())), rows(report(result(line=400)))
    assert here.fingerprint == moved.fingerprint
    hidden = {"lines": "requires login", "fingerprint": "requires login"}
    one, other = rows(report(result(message="a", **hidden), result(message="b", **hidden)))
    assert one.fingerprint != other.fingerprint


def test_errors_make_it_incomplete() -> None:
    payload = scan(report(errors=[{"code": 3, "level": "warn", "type": ["PartialParsing", []], "path": "a.go"}]))
    assert (payload.errors, payload.incomplete) == (1, "Semgrep reports 1 error: what it looked at is partial")


def test_skipped_files_are_counted_when_they_are_listed() -> None:
    skipped = [
        {"path": "x.min.js", "reason": "minified"},
        {"path": "a.go", "reason": "irrelevant_rule", "rule_id": "r"},
        {"path": "b.go", "reason": "analysis_failed_parser_or_internal_error"},
    ]
    payload = scan(report(paths={"scanned": ["a.go"], "skipped": skipped}))
    assert (payload.skipped, payload.incomplete) == (2, "1 file could not be analysed")


def test_a_scan_of_nothing_is_incomplete() -> None:
    assert scan(report(scanned=())).incomplete == "no file was scanned"
    assert scan(b'{"results": [], "errors": []}').incomplete == "the report does not say which files were scanned"
    assert scan(report(result(), scanned=None)).incomplete is None


def test_rules_are_counted_where_the_report_names_them() -> None:
    assert scan(report()).rules is None
    assert scan(report(time={"rules": [{"id": "a"}, {"id": "b"}], "targets": []})).rules == 2
    assert scan(report(rules_by_engine=[["a", "OSS"]])).rules == 1


def test_each_product_is_a_statement_of_its_own() -> None:
    secret = result("secrets.aws", "ERROR", validation_state="CONFIRMED_VALID")
    named = result("secrets.x", "ERROR", validation_state="NO_VALIDATOR", metadata={"product": "secrets"})
    plain = result(validation_state="NO_VALIDATOR")
    statements = {parsed.part: parsed for parsed in read_all("scan", "semgrep-json", report(secret, dependency(), plain, named))}
    payloads: dict[str, Any] = {str(part): parsed.payload for part, parsed in statements.items()}
    assert list(payloads) == ["sast", "sca", "secrets"]
    assert {part: (payload.category, payload.total) for part, payload in payloads.items()} == {
        "sast": ("sast", 1),
        "sca": ("sca", 1),
        "secrets": ("secrets", 2),
    }
    assert (payloads["sca"].scanned, payloads["sca"].scanned_what, payloads["secrets"].scanned) == (None, None, 2)
    (package,) = statements["sca"].findings
    assert (package.package, package.package_version, package.fixed_in, package.severity) == ("grpcio", "1.47.0", "1.53.0", "high")


def test_dependencies_alone_say_nothing_about_code() -> None:
    parsed = read("scan", "semgrep-json", report(dependency()))
    payload: Any = parsed.payload
    assert (payload.category, parsed.part) == ("sca", None)


def test_findings_of_the_web_api() -> None:
    data = answer(finding(), finding("b", severity="critical", rule_name=None, rule={"name": "b"}), finding(severity="high"))
    assert recognised(data) == ["semgrep-json"]
    payload = scan(data)
    assert (payload.category, payload.total, payload.by_severity.critical, payload.by_severity.medium) == ("sast", 3, 1, 1)
    assert payload.incomplete.startswith("an answer of the web API")
    first, second, third = rows(data)
    assert (first.rule, first.path, first.line, first.confidence) == ("ts.react-no-refs", "src/Code.tsx", 120, "high")
    assert second.rule == "b"
    assert first.fingerprint != third.fingerprint


@pytest.mark.parametrize(
    ("more", "total", "suppressed"),
    [
        ({}, 1, 0),
        ({"status": "reviewing"}, 1, 0),
        ({"status": None, "state": None}, 1, 0),
        ({"status": "ignored"}, 0, 1),
        ({"status": None, "state": "muted"}, 0, 1),
        ({"status": "provisionally_ignored"}, 0, 1),
        ({"triage_state": "ignored"}, 0, 1),
        ({"status": "fixed"}, 0, 0),
        ({"status": None, "state": "removed"}, 0, 0),
    ],
)
def test_states_of_the_web_api(more: dict[str, Json], total: int, suppressed: int) -> None:
    payload = scan(answer(finding(**more)))
    assert (payload.total, payload.suppressed) == (total, suppressed)


def test_dependencies_and_secrets_of_the_web_api() -> None:
    package = finding("ssc-1", found_dependency={"package": "lodash", "version": "4.17.20"}, severity="high")
    data = answer(finding(), package)
    assert [parsed.part for parsed in read_all("scan", "semgrep-json", data)] == ["sast", "sca"]
    secret = {
        "id": "s1",
        "type": "AWS",
        "findingPath": "src/.env:10",
        "severity": "SEVERITY_CRITICAL",
        "confidence": "CONFIDENCE_HIGH",
        "validationState": "VALIDATION_STATE_CONFIRMED_VALID",
        "status": "FINDING_STATUS_OPEN",
    }
    data = answer(secret, secret | {"status": "FINDING_STATUS_IGNORED"})
    assert recognised(data) == ["semgrep-json"]
    payload = scan(data)
    assert (payload.category, payload.total, payload.by_severity.critical, payload.suppressed) == ("secrets", 1, 1, 1)
    first = rows(data)[0]
    assert (first.rule, first.path, first.line, first.confidence) == ("AWS", "src/.env", 10, "high")


def test_vulnerabilities_of_the_web_api() -> None:
    data = vulns(vuln(), vuln("CRITICAL", triage={"status": "CLOSED", "dismissReason": "UNKNOWN_REASON"}))
    assert recognised(data) == ["semgrep-json"]
    payload = scan(data)
    assert (payload.category, payload.total, payload.by_severity.critical, payload.by_severity.high) == ("sca", 2, 1, 1)
    assert payload.incomplete is None
    first = rows(data)[0]
    assert (first.rule, first.package, first.package_version, first.fixed_in, first.path, first.line) == (
        "ssc-8",
        "grpcio",
        "1.47.0",
        "1.53.0",
        "requirements.txt",
        222,
    )


@pytest.mark.parametrize("triage", [{"status": "DISMISSED"}, {"status": "CLOSED", "dismissReason": "ACCEPTABLE_RISK"}])
def test_dismissed_vulnerabilities_are_suppressed(triage: Json) -> None:
    payload = scan(vulns(vuln(triage=triage)))
    assert (payload.total, payload.suppressed) == (0, 1)


def test_a_page_of_the_web_api_is_no_clean_scan() -> None:
    assert recognised(vulns()) == ["semgrep-json"]
    assert scan(vulns()).incomplete.startswith("an answer of the web API")
    assert scan(vulns(vuln(), more=True)).incomplete == "the web API has more pages of them"


def test_a_clean_report_with_a_member_of_a_later_version_is_its_own() -> None:
    data = report(member_of_later=[], version="9.0.0")
    assert recognised(data) == ["semgrep-json"]
    assert scan(data).total == 0


def test_recognises_its_own_and_no_look_alike() -> None:
    assert recognised(report()) == ["semgrep-json"]
    assert recognised(b'{"results": [], "errors": []}') == ["semgrep-json"]
    assert recognised(b'{"results": []}') == ["osv-scanner-json"], "as OSV-Scanner writes that it found nothing"
    documents: tuple[Json, ...] = (
        {"results": {}, "errors": []},
        {"results": [], "errors": [], "generated_at": "x"},
        {"results": [], "errors": {}},
        {"results": [{"id": 1}], "errors": []},
        {"findings": []},
        {"findings": [{"severity": "high", "rule_name": "x"}]},
        {"findings": [], "ignores": [], "token": None},
        {"vulns": []},
        {"vulns": [{"id": "x"}]},
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
        report(result())[:-20],
        report(results={}),
        report(errors={}, results=None),
        report({"check_id": "x", "path": "y"}),
        report(result(line="27")),
        report(result(line=2**40)),
        report(result(message=5)),
        report(paths={"scanned": "a.go"}),
        answer(finding(severity=3)),
        answer(finding(location={"file_path": "x", "line": 2**40})),
        vulns({"advisory": None}),
        report(result()).replace(b'"col": 5', b'"col": 5, "col": 6'),
        report(result()).replace(b"found", b"\xff"),
        b"[" * 5000,
    ],
)
def test_refuses(data: bytes) -> None:
    recognised(data)
    with pytest.raises(InputError):
        read("scan", "semgrep-json", data)


def leak(rule: str = "generic.secrets.detected-aws", **extra: Json) -> dict[str, Json]:
    variable = {
        "start": {"line": 1},
        "abstract_content": "AKIAZZZZTOPSECRET",
        "propagated_value": {"svalue_abstract_content": "AKIAZZZZTOPSECRET"},
    }
    trace = {"taint_source": ["CliLoc", [{"path": "a.go", "start": {"line": 1}}, "key = 'AKIAZZZZTOPSECRET'"]]}
    return result(
        rule,
        "ERROR",
        lines="key = 'AKIAZZZZTOPSECRET'",
        message="The key AKIAZZZZTOPSECRET is shown",
        metavars={"$KEY": variable},
        fix="key = env('AKIAZZZZTOPSECRET')",
        dataflow_trace=trace,
        **extra,
    )


@pytest.mark.parametrize(
    "secret",
    [
        leak(),
        leak("my.rule", metadata={"cwe": ["CWE-798: Use of Hard-coded Credentials"]}),
        leak("my.rule", metadata={"product": "secrets"}),
        leak("my.rule", validation_state="CONFIRMED_VALID"),
    ],
)
def test_secrets_are_masked_before_anything_is_stored(secret: Json) -> None:
    data = report(secret, result())
    masked = redacted("scan", "semgrep-json", data)
    assert masked is not None
    assert b"TOPSECRET" not in masked
    assert b"tmpl := x" in masked
    assert b"CliLoc" in masked
    assert [parsed.payload for parsed in read_all("scan", "semgrep-json", masked)] == [
        parsed.payload for parsed in read_all("scan", "semgrep-json", data)
    ]
    assert redacted("scan", "semgrep-json", masked) is None


def test_secrets_of_a_result_with_many_texts_are_masked() -> None:
    variables = {f"${n}": {"abstract_content": f"secret-number-{n}"} for n in range(300)}
    message = " ".join(f"secret-number-{n}" for n in range(300))
    masked = redacted("scan", "semgrep-json", report(result("x.secret", metavars=variables, message=message)))
    assert masked is not None
    assert b"secret-number" not in masked


def test_code_that_the_web_api_shows_of_a_secret_is_masked() -> None:
    fix = {"assistant": {"autofix": {"fix_code": "key = 'TOPSECRET'"}}, "rule": {"cwe_names": ["CWE-798"]}}
    masked = redacted("scan", "semgrep-json", answer(finding("x", **fix)))
    assert masked is not None
    assert b"TOPSECRET" not in masked


def test_nothing_is_masked_where_no_secret_is() -> None:
    assert redacted("scan", "semgrep-json", report(result(), dependency())) is None
    assert redacted("scan", "semgrep-json", vulns(vuln())) is None


@given(mutations(report(leak(), dependency(), result())))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    recognised(data)
    _only_refuses(data)


@settings(max_examples=200)
@given(json_mutations(report(leak(), dependency(), errors=[{}], paths={"scanned": ["a"], "skipped": [{"path": "b", "reason": "c"}]})))
def test_mutated_values_are_refused_or_read(data: bytes) -> None:
    _only_refuses(data)


@settings(max_examples=200)
@given(json_mutations(answer(finding(rule={"cwe_names": ["CWE-798"]}, assistant={"fix_code": "x"}))))
def test_mutated_values_of_the_web_api_are_refused_or_read(data: bytes) -> None:
    _only_refuses(data)


@settings(max_examples=100)
@given(json_mutations(vulns(vuln())))
def test_mutated_vulnerabilities_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("scan", "semgrep-json", data)


def _only_refuses(data: bytes) -> None:
    try:
        clean = redacted("scan", "semgrep-json", data) or data
        for parsed in read_all("scan", "semgrep-json", clean):
            canonical(parsed.payload.model_dump(mode="json"))
    except InputError as error:
        assert error.reason.strip()
