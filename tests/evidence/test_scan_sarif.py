"""SARIF: levels, rules, suppressions, kinds, several runs; what is incomplete; what is refused."""

from __future__ import annotations

import gc
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Finding, Json, canonical

from .helpers import CORPUS, assert_only_refuses, json_mutations, mutations, read, recognised, redacted

LEVELS = {"error": "high", "warning": "medium", "note": "low", "none": "info"}


def run(*results: Json, name: str = "Bandit", rules: Json = (), driver: Json = None, **more: Json) -> dict[str, Json]:
    component = {"name": name, "version": "1.0", "rules": list(rules)} | (driver or {})
    return {"tool": {"driver": component}, "results": list(results)} | more


def log(*runs: Json, **more: Json) -> bytes:
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"version": "2.1.0", "$schema": schema, "runs": list(runs)} | more).encode()


def place(uri: str = "src/a.py", line: int = 4, snippet: str | None = "call(x)") -> dict[str, Json]:
    region: dict[str, Json] = {"startLine": line} | ({"snippet": {"text": snippet}} if snippet else {})
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}


def result(rule: str | None = "R1", /, **more: Json) -> dict[str, Json]:
    return ({"ruleId": rule} if rule else {}) | {"message": {"text": "found"}, "locations": [place()]} | more


def scan(*runs: Json, **more: Json) -> Any:
    return read("scan", "sarif", log(*runs, **more)).payload


def findings(*results: Json, **more: Json) -> list[Finding]:
    return list(read("scan", "sarif", log(run(*results, **more))).findings)


def severity(result_: Json, **more: Json) -> str:
    (found,) = findings(result_, **more)
    return found.severity


@pytest.mark.parametrize("level", LEVELS)
def test_the_level_of_the_result_comes_first(level: str) -> None:
    assert severity(result(level=level), rules=[{"id": "R1", "defaultConfiguration": {"level": "error"}}]) == LEVELS[level]


def test_the_level_then_comes_from_kind_then_rule_then_warning() -> None:
    rules = [{"id": "R1", "defaultConfiguration": {"level": "error"}}, {"id": "R2"}]
    assert severity(result(), rules=rules) == "high"
    assert severity(result(kind="fail"), rules=rules) == "high"
    assert severity(result(kind="review"), rules=rules) == "info"
    assert severity(result(kind="open", level="error"), rules=rules) == "high"
    assert severity(result("R2"), rules=rules) == "medium"
    assert severity(result("R3"), rules=rules) == "medium"
    assert severity(result(level=None), rules=rules) == "high"


def test_an_unknown_level_is_an_unknown_severity() -> None:
    assert severity(result(level="fatal")) == "unknown"


def test_the_run_can_override_the_level_of_a_rule() -> None:
    override = {"descriptor": {"id": "R1"}, "configuration": {"level": "error"}}
    more = {"rules": [{"id": "R1"}], "invocations": [{"executionSuccessful": True, "ruleConfigurationOverrides": [override]}]}
    assert severity(result(provenance={"invocationIndex": 0}), **more) == "high"
    assert severity(result(provenance={"invocationIndex": 7}), **more) == "medium"
    assert severity(result(), **more) == "medium"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("9.8", "critical"),
        (9, "critical"),
        ("7.0", "high"),
        (6.9, "medium"),
        ("0.1", "low"),
        ("0.0", "low"),
        (0, "low"),
        ("INFO", "info"),
        ("MEDIUM", "medium"),
        (" critical ", "critical"),
        ("11", "unknown"),
        ("-1", "unknown"),
        ("nan", "unknown"),
        ("severe", "unknown"),
        (True, "unknown"),
        ([], "unknown"),
        (10**400, "unknown"),
        ("", "low"),
        (None, "low"),
    ],
)
def test_security_severity_stands_above_the_level(value: Json, expected: str) -> None:
    properties = {"security-severity": value}
    assert severity(result(level="note", properties=properties)) == expected
    assert severity(result(level="note"), rules=[{"id": "R1", "properties": properties}]) == expected


def test_a_score_of_nothing_gives_way_to_a_level_that_is_stated() -> None:
    nothing = {"security-severity": "0.0"}
    assert severity(result(), rules=[{"id": "R1", "properties": nothing}]) == "info"
    assert severity(result(level="none", properties=nothing)) == "info"
    assert severity(result(level="error"), rules=[{"id": "R1", "properties": nothing}]) == "high"
    assert severity(result(), rules=[{"id": "R1", "properties": nothing, "defaultConfiguration": {"level": "error"}}]) == "high"
    own = {"id": "R1", "properties": {"security-severity": "9.1"}, "defaultConfiguration": {"level": "warning"}}
    assert severity(result(properties=nothing), rules=[own]) == "medium"


def test_a_severity_that_trivy_does_not_know_stays_unknown() -> None:
    properties: Json = {"security-severity": "0.0", "tags": ["vulnerability", "security", "UNKNOWN"]}
    assert severity(result(level="note"), rules=[{"id": "R1", "properties": properties}]) == "unknown"


def test_suppressions_of_old_grype_mean_nothing() -> None:
    marked = result(level="error", ruleIndex=0, suppressions=[{"kind": "external"}], baselineState="unchanged")
    payload = scan(run(marked, marked, name="Anchore Container Vulnerability Report (T0)"))
    assert (payload.total, payload.by_severity.high, payload.suppressed, payload.category) == (2, 2, 0, "container")
    other = scan(run(marked, name="CodeQL"))
    assert (other.total, other.suppressed) == (0, 1)


def test_the_security_severity_of_the_result_stands_above_that_of_its_rule() -> None:
    rules = [{"id": "R1", "properties": {"security-severity": "9.9"}}]
    assert severity(result(properties={"security-severity": "2"}), rules=rules) == "low"


def level(name: str, rule_id: str) -> dict[str, Json]:
    return {"id": rule_id, "defaultConfiguration": {"level": name}}


def test_rules_are_found_by_place_then_by_id() -> None:
    rules = [level("note", "A"), level("error", "B")]
    assert severity(result(None, ruleIndex=1), rules=rules) == "high"
    assert severity(result("B"), rules=rules) == "high"
    assert severity(result("B", ruleIndex=-1), rules=rules) == "high"
    assert severity(result("B/sub/1"), rules=rules) == "high"
    assert severity(result("B/sub", ruleIndex=1), rules=rules) == "high"
    assert severity(result(None, rule={"index": 1}), rules=rules) == "high"
    assert severity(result(None, rule={"id": "B"}), rules=rules) == "high"
    assert severity(result(None, ruleIndex=99), rules=rules) == "medium"
    assert findings(result(None, ruleIndex=1), rules=rules)[0].rule == "B"
    assert findings(result(None), rules=rules)[0].rule == "unknown"


def test_a_place_that_contradicts_the_id_does_not_decide() -> None:
    assert severity(result("B", ruleIndex=0), rules=[level("note", "A"), level("error", "B")]) == "high"


def test_rules_of_extensions_are_found() -> None:
    tool = {
        "driver": {"name": "CodeQL", "rules": [level("note", "A")]},
        "extensions": [{"name": "queries", "guid": "g", "rules": [level("error", "B"), level("none", "C")]}],
    }
    for reference in ({"index": 0}, {"name": "queries"}, {"guid": "g"}):
        given = result("B", ruleIndex=0, rule={"id": "B", "index": 0, "toolComponent": reference})
        (found,) = read("scan", "sarif", log({"tool": tool, "results": [given]})).findings
        assert found.severity == "high"
    (by_id,) = read("scan", "sarif", log({"tool": tool, "results": [result("B")]})).findings
    assert by_id.severity == "high"
    (nowhere,) = read(
        "scan", "sarif", log({"tool": tool, "results": [result(None, rule={"index": 0, "toolComponent": {"index": 5}})]})
    ).findings
    assert nowhere.severity == "medium"


def test_suppressions() -> None:
    def state(*suppressions: Json) -> str:
        return findings(result(suppressions=list(suppressions)))[0].state

    assert state() == "open"
    assert state({"kind": "inSource"}) == "suppressed"
    assert state({"kind": "external", "status": "accepted"}) == "suppressed"
    assert state({"kind": "external", "status": "underReview"}) == "open"
    assert state({"kind": "inSource"}, {"kind": "external", "status": "rejected"}) == "open"
    assert findings(result(suppressions=None))[0].state == "open"


def test_suppressed_results_are_counted_apart() -> None:
    payload = scan(run(result(level="error"), result(level="error", suppressions=[{"kind": "inSource"}])))
    assert (payload.total, payload.by_severity.high, payload.suppressed) == (1, 1, 1)


def test_what_is_no_finding_is_not_counted() -> None:
    kinds = [result(kind=kind) for kind in ("pass", "notApplicable", "informational", "review", "open", "fail")]
    gone = [result(baselineState=state) for state in ("absent", "new", "unchanged", "updated")]
    payload = scan(run(*kinds, *gone))
    assert payload.total == 7
    assert payload.by_severity.model_dump() == {"critical": 0, "high": 0, "medium": 4, "low": 0, "info": 3, "unknown": 0}


def test_a_result_counts_once_whatever_its_locations() -> None:
    (found,) = findings(result(locations=[place("a.py", 1), place("b.py", 2)], relatedLocations=[place("c.py", 3)]))
    assert (found.path, found.line) == ("a.py", 1)
    (none,) = findings(result(locations=[]))
    assert (none.path, none.line) == (None, None)


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("./src/a.py", "src/a.py"),
        ("src/my%20file.py", "src/my file.py"),
        ("file:///home/x/a.py", "/home/x/a.py"),
        ("src\\a.py", "src/a.py"),
        ("https://host/a", "https://host/a"),
    ],
)
def test_paths(uri: str, path: str) -> None:
    assert findings(result(locations=[place(uri)]))[0].path == path


def test_a_place_can_be_named_by_artifact_or_code_element() -> None:
    by_index = {"physicalLocation": {"artifactLocation": {"index": 1}, "region": {"startLine": 0}}}
    artifacts = [{}, {"location": {"uri": "src/b.py"}}]
    (found,) = findings(result(locations=[by_index]), artifacts=artifacts)
    assert (found.path, found.line) == ("src/b.py", None)
    (element,) = findings(result(locations=[{"logicalLocations": [{"fullyQualifiedName": "a.B.c"}]}]))
    assert element.path == "a.B.c"


def test_messages() -> None:
    rules = [{"id": "R1", "messageStrings": {"m": {"text": "{0} in {1} {{x}} {2}"}}}]
    shared = {"globalMessageStrings": {"g": {"text": "shared"}}}

    def message(given: Json) -> str | None:
        return findings(result(message=given), rules=rules, driver=shared | {"rules": rules})[0].message

    assert message({"text": "plain {0}"}) == "plain {0}"
    assert message({"text": "{0}!", "arguments": ["x"]}) == "x!"
    assert message({"id": "m", "arguments": ["a", "b"]}) == "a in b {x} {2}"
    assert message({"id": "g"}) == "shared"
    assert message({"id": "nosuch"}) is None
    assert message({"markdown": "**x**"}) is None
    assert len(message({"text": "x" * 5000}) or "") == 2000


def test_fingerprints_do_not_depend_on_the_line() -> None:
    def of(**more: Json) -> str:
        return findings(result(**more))[0].fingerprint

    assert of(locations=[place(line=4)]) == of(locations=[place(line=400)])
    assert of(locations=[place(snippet="  call(x)\n")]) == of(locations=[place(snippet="call(x)")])
    assert of(locations=[place(snippet="call(y)")]) != of()
    assert of(locations=[place("b.py")]) != of()
    assert of(partialFingerprints={"h": "1"}) == of(partialFingerprints={"h": "1"}, locations=[place(line=9, snippet="other")])
    assert of(partialFingerprints={"h": "1"}) != of(partialFingerprints={"h": "2"})
    assert of(fingerprints={"h": {"an": "object"}}) == of()
    assert of(fingerprints={"matchBasedId/v1": "requires login"}) == of()
    assert of(partialFingerprints={"commitSha": "x", "email": "a@b"}) == of()
    first, second = findings(result(), result())
    assert first.fingerprint != second.fingerprint


def test_confidence() -> None:
    assert findings(result(properties={"issue_confidence": "HIGH"}))[0].confidence == "high"
    assert findings(result(), rules=[{"id": "R1", "properties": {"precision": "very-high"}}])[0].confidence == "very-high"


def test_no_run_no_results_and_empty_results_are_three_states() -> None:
    none, absent, null, empty = scan(), run(), run(results=None), run()
    del absent["results"]
    assert (none.incomplete, none.total, none.tool) == ("the file holds no run", 0, "unknown")
    assert scan(absent).incomplete == scan(null).incomplete == "the run of Bandit computed no results"
    assert (scan(empty).incomplete, scan(empty).total) == (None, 0)


def test_a_run_that_failed_is_incomplete() -> None:
    def why(**invocation: Json) -> Any:
        payload = scan(run(invocations=[{"executionSuccessful": True} | invocation]))
        return payload.errors, payload.incomplete

    assert why() == (0, None)
    assert why(toolExecutionNotifications=[{"level": "warning"}, {}]) == (0, None)
    assert why(executionSuccessful=False) == (0, "the run of Bandit was not successful")
    assert why(toolExecutionNotifications=[{"level": "error"}]) == (1, "Bandit reports 1 error of its own")
    assert why(toolConfigurationNotifications=[{"level": "error"}]) == (1, "Bandit reports 1 error of its own")
    assert scan(run()).errors is None


def test_results_in_other_files_make_it_incomplete() -> None:
    assert "results of the run are kept" in scan(run(externalPropertyFileReferences={"results": [{"location": {}}]})).incomplete
    assert scan(run(externalPropertyFileReferences={})).incomplete is None
    assert "inlineExternalProperties" in scan(run(), inlineExternalProperties=[{"results": [result()]}]).incomplete
    assert scan(run(), inlineExternalProperties=[{"guid": "x"}]).incomplete is None


def test_several_runs_of_one_tool_are_summed() -> None:
    payload = scan(run(result(level="error")), run(result(level="note"), result()))
    assert (payload.tool, payload.tool_version, payload.total, payload.by_severity.high) == ("Bandit", "1.0", 3, 1)
    assert payload.incomplete is None
    other = scan(run(), run(driver={"version": "2.0"}))
    assert other.tool_version is None


def test_several_tools_are_named_together() -> None:
    payload = scan(run(result()), run(result(), name="Semgrep OSS"))
    assert (payload.tool, payload.tool_version, payload.category, payload.total) == ("Bandit, Semgrep OSS", None, "sast", 2)
    assert payload.incomplete is None


def test_the_version_is_a_text_of_the_driver_or_unknown() -> None:
    for driver, expected in (
        ({"version": None, "semanticVersion": "1.2.3"}, "1.2.3"),
        ({"version": "", "semanticVersion": "1.2.3"}, "1.2.3"),
        ({"version": 1.2}, None),
    ):
        assert scan(run(driver=driver)).tool_version == expected


def test_tools_that_look_for_different_things_are_no_one_statement() -> None:
    payload = scan(run(result(level="error")), run(result(), name="gitleaks"))
    assert (payload.category, payload.total, payload.by_severity.high) == ("sast", 2, 1)
    assert payload.incomplete == "runs for different things (sast, secrets) in one file: record each tool's own file"


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("Bandit", "sast"),
        ("Semgrep OSS", "sast"),
        ("CodeQL command-line toolchain", "sast"),
        ("Trivy", "sca"),
        ("Grype", "sca"),
        ("osv-scanner", "sca"),
        ("OWASP Dependency-Check", "sca"),
        ("dependency-check", "sca"),
        ("Snyk Open Source", "sca"),
        ("Snyk Code", "sast"),
        ("gitleaks", "secrets"),
        ("detect-secrets", "secrets"),
        ("OWASP ZAP", "dast"),
        ("Checkov", "iac"),
        ("KICS", "iac"),
        ("Checkmarx KICS", "iac"),
        ("Checkmarx One", "sast"),
        ("Micro Focus Fortify Static Code Analyzer", "sast"),
        ("Credential Scanner", "secrets"),
        ("Dockle", "container"),
    ],
)
def test_known_tools(name: str, category: str) -> None:
    payload = scan(run(name=name))
    assert (payload.category, payload.incomplete) == (category, None)


def test_trivy_on_an_image_is_a_container_scan() -> None:
    assert scan(run(name="Trivy", properties={"imageName": "app:1"})).category == "container"
    assert scan(run(name="Trivy", rules=[{"id": "k", "name": "Secret"}], properties={"imageName": "app:1"})).category == "container"


@pytest.mark.parametrize(
    ("names", "category"),
    [
        (["OsPackageVulnerability", "LanguageSpecificPackageVulnerability"], "container"),
        (["LanguageSpecificPackageVulnerability", "Secret"], "sca"),
        (["OS Package Vulnerability (Alpine)", "Programming Language Vulnerability (Npm)"], "container"),
        (["Programming Language Vulnerability (Pipenv)", "Other Vulnerability (Jar)"], "sca"),
        (["Misconfiguration"], "iac"),
        (["Secret"], "secrets"),
        (["License"], "licence"),
        (["Misconfiguration", "Another"], "sca"),
        (["Misconfiguration", None], "sca"),
        (["Misconfiguration", {}], "sca"),
    ],
)
def test_what_trivy_looked_for_is_told_by_the_names_of_its_rules(names: list[Json], category: str) -> None:
    rules = [{"id": f"R{number}", "name": name} for number, name in enumerate(names)]
    assert scan(run(name="Trivy", rules=rules)).category == category


@pytest.mark.parametrize(
    ("rules", "category"),
    [
        ([{"id": "CVE-2024-1"}, {"id": "GHSA-aaaa"}], "sca"),
        ([{"id": "aws-secret-key"}, {"id": "x", "properties": {"tags": ["secrets"]}}], "secrets"),
        ([{"id": "x", "properties": {"tags": ["external/cwe/cwe-079"]}}, {"id": "y"}], "sast"),
        ([{"id": "x", "properties": {"security-severity": "3"}}], "sast"),
        ([{"id": "x", "relationships": [{"target": {"id": "79", "toolComponent": {"name": "CWE"}}}]}], "sast"),
    ],
)
def test_a_tool_that_is_not_known_is_judged_by_its_rules(rules: Json, category: str) -> None:
    payload = scan(run(name="Our Own Scanner", rules=rules))
    assert (payload.category, payload.incomplete) == (category, None)


def test_a_linter_is_no_security_scan() -> None:
    payload = scan(run(result(level="error"), name="StyleChecker", rules=[{"id": "indent", "properties": {"tags": ["style"]}}]))
    assert (payload.category, payload.total) == ("sast", 1)
    assert payload.incomplete == "StyleChecker is no known scanner and none of its rules is about security"
    named = scan(run(result(properties={"security-severity": "5"}), name="StyleChecker"))
    assert named.incomplete is None


def test_scanned_files_and_rules() -> None:
    artifacts = [{"roles": ["analysisTarget"]}, {"roles": ["resultFile", "analysisTarget"]}, {"roles": ["resultFile"]}, {}]
    payload = scan(run(artifacts=artifacts, rules=[{"id": "R1"}, {"id": "R2"}]))
    assert (payload.scanned, payload.scanned_what, payload.rules) == (2, "files", 2)
    silent = scan(run(artifacts=[{}]))
    assert (silent.scanned, silent.scanned_what, silent.rules, silent.lines) == (None, None, None, None)


def test_time_and_commit() -> None:
    def of(*runs: Json) -> tuple[datetime | None, str | None]:
        parsed = read("scan", "sarif", log(*runs))
        return parsed.observed_at, parsed.commit

    def ended(text: str, **more: Json) -> dict[str, Json]:
        return run(invocations=[{"executionSuccessful": True, "endTimeUtc": text}], **more)

    commit: dict[str, Json] = {"versionControlProvenance": [{"repositoryUri": "x", "revisionId": "a" * 40}]}
    later, earlier = "2026-03-01T10:00:05.123456789Z", "2026-03-01T10:00:00Z"
    assert of(ended(earlier, **commit)) == (datetime(2026, 3, 1, 10, tzinfo=UTC), "a" * 40)
    assert of(ended(later), ended(earlier))[0] == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert of(ended("2026-03-01T10:00:00")) == (None, None)
    assert of(ended(earlier), run())[0] is None
    assert of(run(**commit), run())[1] is None
    assert of(run(versionControlProvenance=[{"revisionId": "a" * 40}, {"revisionId": "b" * 40}]))[1] is None
    assert of(run(versionControlProvenance=[{"revisionId": "v1.0"}]))[1] is None


VALID = log(
    run(
        result("R1", ruleIndex=0, level="error", partialFingerprints={"h": "1"}, properties={"security-severity": "5.5"}),
        result("R2/x", kind="review", message={"id": "m", "arguments": ["a"]}, suppressions=[{"kind": "inSource"}]),
        rules=[level("note", "R1"), {"id": "R2", "messageStrings": {"m": {"text": "{0}"}}}],
        invocations=[{"executionSuccessful": True, "endTimeUtc": "2026-03-01T10:00:00Z"}],
        artifacts=[{"location": {"uri": "a"}, "roles": ["analysisTarget"]}],
        versionControlProvenance=[{"revisionId": "a" * 40}],
    )
)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b'{"version": "2.1.0"}',
        b'{"runs": []}',
        b'{"version": "2.0.0", "runs": []}',
        b'{"version": 2.1, "runs": []}',
        b'{"version": "2.1.0", "runs": {}}',
        b'{"version": "2.1.0", "runs": [null]}',
        b'{"version": "2.1.0", "runs": [{"results": []}]}',
        VALID[:-30],
        VALID[: len(VALID) // 2],
        VALID.replace(b"2.1.0", b"2.1.\x00"),
        VALID.replace(b"found", b"\xff\xfe"),
        VALID.replace(b"found", b"\\udc00"),
        log(run(result(level=3))),
        log(run(result(ruleId=5))),
        log(run(result(ruleIndex="1"))),
        log(run(result(locations=[place(line=10**12)]))),
        log(run(result(locations={}))),
        log(run(result(suppressions=["x"]))),
        log(run(None)),
        log(run(results={})),
        log(run(driver={"name": None})),
        b'{"version": "2.1.0", "runs": ' + b"[" * 100_000,
        log(run()).replace(b'"results": []', b'"results": ' + b"[" * 5000 + b"]" * 5000),
    ],
)
def test_refuses(data: bytes) -> None:
    recognised(data)
    with pytest.raises(InputError):
        read("scan", "sarif", data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"runs": [', b'"runs": [], "runs": ['),
        (b'"results": [', b'"results": [], "results": ['),
        (b'"level": "error"', b'"level": "error", "level": "note"'),
        (b'"startLine": 4', b'"startLine": 4, "startLine": 5'),
        (b'"name": "Bandit"', b'"name": "Bandit", "name": "x"'),
        (b'"roles": [', b'"roles": [], "roles": ['),
    ],
)
def test_duplicate_keys_are_refused_at_every_depth(old: bytes, new: bytes) -> None:
    assert old in VALID
    with pytest.raises(InputError, match="duplicate key"):
        read("scan", "sarif", VALID.replace(old, new, 1))


def test_a_refusal_says_where() -> None:
    with pytest.raises(InputError) as refused:
        read("scan", "sarif", log(run(), run(result(), result(locations=[{"physicalLocation": {"region": {"startLine": "4"}}}]))))
    assert refused.value.where == "/runs/1/results/1/locations/0/physicalLocation/region/startLine"
    assert (refused.value.found, refused.value.expected) == ("str", "int | null")


@given(mutations(VALID))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("scan", "sarif", data)


@settings(max_examples=400)
@given(json_mutations(VALID))
def test_mutated_values_are_refused_or_read(data: bytes) -> None:
    parsed = assert_only_refuses("scan", "sarif", data)
    if parsed is not None:
        canonical(parsed.payload.model_dump(mode="json"))


def test_recognises_its_own_and_no_look_alike() -> None:
    assert recognised(VALID) == ["sarif"]
    assert recognised(b"\xef\xbb\xbf" + VALID) == ["sarif"]
    assert recognised(VALID[:-30]) == ["sarif"]
    assert "sarif" in recognised(b'{"version": "2.0.0", "runs": []}')
    for data in (b"", b"{", b"[]", b'{"runs": 5, "version": "2.1.0"}', b'{"runs": []}', b'{"version": "2.1.0"}', b'{"a": {"runs": []}}'):
        assert "sarif" not in recognised(data)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert read("scan", "sarif", b"\xef\xbb\xbf" + VALID).payload == read("scan", "sarif", VALID).payload


def test_the_garbage_collector_runs_again_afterwards() -> None:
    assert gc.isenabled()
    read("scan", "sarif", VALID)
    with pytest.raises(InputError):
        read("scan", "sarif", log(run(None)))
    assert gc.isenabled()


KEY = "AKIAIOSFODNN7EXAMPLF"


def leak(rule: str, **more: Json) -> dict[str, Json]:
    location = place("conf/app.ini", 7, f"key = {KEY}")
    location["physicalLocation"]["contextRegion"] = {"snippet": {"text": f"before\nkey = {KEY}\nafter"}}
    given = {
        "message": {"text": f"{rule} has detected '{KEY}' in 'conf/app.ini'", "markdown": f"`{KEY}`"},
        "locations": [location],
        "properties": {"match": KEY, "entropy": 3.1},
        "fixes": [{"artifactChanges": [{"replacements": [{"insertedContent": {"text": KEY}}]}]}],
    }
    return result(rule, **(given | more))


@pytest.mark.parametrize(
    "holder",
    [
        run(leak("aws-access-key"), name="gitleaks", artifacts=[{"contents": {"text": KEY}}]),
        run(leak("R9"), result("B602"), name="Bandit", rules=[{"id": "R9", "properties": {"tags": ["external/cwe/cwe-798"]}}]),
        run(leak("B105"), result("B602"), name="Bandit"),
        run(leak("python.lang.hardcoded-password"), name="Semgrep OSS", artifacts=[{"contents": {"text": KEY}}]),
        run(leak("generic"), name="Our Own", rules=[{"id": "generic", "properties": {"tags": ["secret"]}}]),
    ],
)
def test_secrets_are_masked_before_anything_is_stored(holder: Json) -> None:
    data = log(holder, run(result("R1")))
    masked = redacted("scan", "sarif", data)
    assert masked is not None
    assert KEY.encode() not in masked
    assert b"conf/app.ini" in masked
    before, after = read("scan", "sarif", data), read("scan", "sarif", masked)
    assert before.payload == after.payload
    assert [(row.rule, row.path, row.line, row.severity) for row in before.findings] == [
        (row.rule, row.path, row.line, row.severity) for row in after.findings
    ]
    assert redacted("scan", "sarif", masked) is None
    assert recognised(masked) == ["sarif"]


def test_equal_secrets_have_equal_masks_and_others_do_not() -> None:
    def prints(text: str) -> str:
        data = log(run(result(locations=[place(snippet=text)]), name="gitleaks"))
        return read("scan", "sarif", redacted("scan", "sarif", data) or b"").findings[0].fingerprint

    assert prints("one") == prints("one") != prints("two")


def test_nothing_is_redacted_where_no_secret_is() -> None:
    assert redacted("scan", "sarif", VALID) is None
    assert redacted("scan", "sarif", log(run(name="gitleaks"))) is None


def test_source_texts_are_masked_in_every_form() -> None:
    content = {"text": KEY, "binary": "QUtJQQ==", "rendered": {"text": KEY, "markdown": f"`{KEY}`"}}
    location = {"physicalLocation": {"artifactLocation": {"uri": "a"}, "region": {"snippet": content}}}
    nested = {"inner": {"rawValue": KEY}, "note": f"see {KEY}"}
    given = leak("x", locations=[location], properties=nested, message={"id": "m", "arguments": [KEY, "other"]})
    masked = redacted("scan", "sarif", log(run(given, name="gitleaks"))) or b""
    assert KEY.encode() not in masked
    assert b"QUtJQQ" not in masked
    assert b"other" in masked


@pytest.mark.parametrize("rule", [b'"ruleId": "B10\\u0035"', b'"rule": {"id": "B105"}', b'"ruleId": "\\u0068ardcoded-password"'])
def test_a_secret_is_known_by_its_rule_however_that_is_written(rule: bytes) -> None:
    data = log(run(result("R1", locations=[place(snippet="key = 'hunter22'")]))).replace(b'"ruleId": "R1"', rule)
    masked = redacted("scan", "sarif", data)
    assert masked is not None
    assert b"hunter22" not in masked


@pytest.mark.parametrize("rule", [b'"ruleId": 105', b'"ruleId": "\xff"', b'"rule": ["B105"]'])
def test_a_rule_that_cannot_be_read_is_refused(rule: bytes) -> None:
    data = log(run(result("R1"))).replace(b'"ruleId": "R1"', rule)
    with pytest.raises(InputError):
        read("scan", "sarif", redacted("scan", "sarif", data) or data)


def test_redaction_of_a_result_full_of_secrets_ends() -> None:
    places = [place("a", 1, f"secret{number}") for number in range(5000)]
    masked = redacted("scan", "sarif", log(run(leak("x", locations=places, message={"text": "secret4999"}), name="gitleaks")))
    assert masked is not None
    assert b'"secret' not in masked


@pytest.mark.parametrize(
    "given",
    [
        {"message": {"text": "{0}" * 50_000, "arguments": ["y" * 50_000]}},
        {"ruleId": "a" + "/" * 200_000},
        {"locations": [place("./" * 200_000)]},
    ],
)
def test_results_that_blow_up_are_read_in_bounds(given: Json) -> None:
    (found,) = findings(result(**given))
    assert len(found.message or "") <= 2000


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_corpus() -> None:
    cases = [case for case in json.loads((CORPUS / "cases.json").read_text()) if case["format"] == "sarif"]
    for case in cases:
        data = (CORPUS / case["file"]).read_bytes()
        expected = case["expected"]
        parsed = read("scan", "sarif", data)
        payload: Any = parsed.payload
        assert payload.total + payload.suppressed == expected["count"] - expected["kinds"].get("pass", 0), case["id"]
        assert payload.suppressed == expected["suppressed_accepted"], case["id"]
        if not expected["security_severity"] and "pass" not in expected["kinds"]:
            counted = {level: sum(row.severity == word for row in parsed.findings) for level, word in LEVELS.items()}
            assert {level: count for level, count in counted.items() if count} == expected["severity"], case["id"]
        assert payload.tool == (", ".join(expected["tools"]) or "unknown")
        assert recognised(data) == ["sarif"]
        assert read("scan", "sarif", redacted("scan", "sarif", data) or data).payload == payload


@pytest.mark.parametrize(("line", "read_as"), [(7, 7), (7.0, 7), (0.0, None)])
def test_a_whole_number_may_be_written_with_a_fraction_of_nothing(line: Json, read_as: int | None) -> None:
    place: Json = {"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": line}}}
    (row,) = findings({"ruleId": "r", "ruleIndex": 0.0, "message": {"text": "m"}, "locations": [place]}, rules=[{"id": "r"}])
    assert (row.rule, row.line) == ("r", read_as)


def test_a_fraction_of_a_line_is_refused() -> None:
    place: Json = {"physicalLocation": {"region": {"startLine": 7.5}}}
    with pytest.raises(InputError, match="float"):
        scan(run({"ruleId": "r", "locations": [place]}))
