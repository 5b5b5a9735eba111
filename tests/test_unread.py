"""Files of known forms that are not read are refused by their name, each with what to write in its place."""

from __future__ import annotations

import json
from typing import Final

import pytest

from compliance.catalog import shipped
from compliance.errors import UnrecognisedError
from compliance.kind import Unread
from compliance.reading.recognise import recognise
from compliance.record import Json
from compliance.source import Source

UNREAD: Final = {one.title: one for kind in shipped().kinds.values() for one in kind.unread}

_NUMBERS = {"total": 10, "ok": 9, "ko": 1}
DOCUMENTS: Final[dict[str, Json]] = {
    "Checkov's JSON report": [
        {"check_type": "terraform", "results": {"passed_checks": [], "failed_checks": [{"check_id": "CKV_1"}]}, "summary": {"failed": 1}}
    ],
    "tfsec's JSON report": {
        "results": [{"rule_id": "A", "long_id": "aws-x", "rule_provider": "aws", "severity": "HIGH", "location": {"filename": "a.tf"}}]
    },
    "KICS' JSON report": {"kics_version": "v1.7.0", "files_scanned": 1, "severity_counters": {"HIGH": 1}, "queries": []},
    "Hadolint's JSON report": [{"line": 1, "code": "DL3006", "message": "m", "column": 1, "file": "Dockerfile", "level": "warning"}],
    "gosec's JSON report": {"Golang errors": {}, "Issues": [], "Stats": {"files": 1, "lines": 10, "nosec": 0, "found": 0}},
    "Brakeman's JSON report": {"scan_info": {"app_path": "/a", "brakeman_version": "6.0.0"}, "warnings": [], "ignored_warnings": []},
    "the JSON report of OWASP Dependency-Check": {"reportSchema": "1.1", "scanInfo": {}, "projectInfo": {"name": "a"}, "dependencies": []},
    "Snyk's JSON report": {"vulnerabilities": [], "ok": True, "dependencyCount": 3, "packageManager": "npm", "path": "/a"},
    "Snyk's JSON report on configuration": [{"infrastructureAsCodeIssues": [], "targetFile": "a.tf", "ok": True}],
    "cargo-audit's JSON report": {
        "database": {"advisory-count": 1},
        "lockfile": {"dependency-count": 3},
        "vulnerabilities": {"found": False, "count": 0, "list": []},
    },
    "bundler-audit's JSON report": {
        "version": "0.9.1",
        "created_at": "2024-01-01 00:00:00 +0000",
        "results": [{"type": "unpatched_gem", "gem": {"name": "a", "version": "1"}, "advisory": {"id": "CVE-1"}}],
    },
    "Istanbul's summary (coverage-summary.json)": {"total": {"lines": {"total": 1, "pct": 100}, "statements": {"total": 1, "pct": 100}}},
    "Istanbul's raw coverage (coverage-final.json)": {"/a.js": {"path": "/a.js", "statementMap": {}, "fnMap": {}, "branchMap": {}}},
    "SimpleCov's results (.resultset.json)": {"RSpec": {"coverage": {"/a.rb": {"lines": [1]}}, "timestamp": 1700000000}},
    "SimpleCov's last result (.last_run.json)": {"result": {"line": 66.66}},
    "SimpleCov's JSON report": {"meta": {"simplecov_version": "0.21.2"}, "coverage": {"/a.rb": {"lines": [1]}}},
    "Safety's JSON report": {"report_meta": {"safety_version": "2.3.5"}, "scanned_packages": {}, "vulnerabilities": []},
    "ESLint's JSON report": [{"filePath": "/a.js", "messages": [], "errorCount": 0, "fatalErrorCount": 0, "warningCount": 0}],
    "Pylint's JSON report": [
        {"type": "error", "module": "a", "line": 1, "path": "a.py", "symbol": "s", "message": "m", "message-id": "E1"}
    ],
    "Ruff's JSON report": [{"code": "S101", "end_location": {"row": 1}, "filename": "a.py", "message": "m", "noqa_row": 1}],
    "golangci-lint's JSON report": {"Issues": [], "Report": {"Linters": [{"Name": "gosec", "Enabled": True}]}},
    "a Code Quality report of GitLab or Code Climate": [
        {"description": "d", "check_name": "c", "fingerprint": "f", "severity": "major", "location": {"path": "a", "lines": {"begin": 1}}}
    ],
    "Composer's audit": {"advisories": {"a/b": [{"advisoryId": "PKSA-1", "severity": "high"}]}, "abandoned": []},
    "the list of dotnet list package": {"version": 1, "parameters": "--vulnerable", "projects": [{"path": "a", "frameworks": []}]},
    "Anchore's JSON report": {"imageDigest": "sha256:a", "vulnerabilities": [], "vulnerability_type": "all"},
    "Clair's JSON report": {"manifest_hash": "sha256:a", "packages": {}, "vulnerabilities": {}, "package_vulnerabilities": {}},
    "the JSON export of llvm-cov": {"data": [{"files": [], "totals": {}}], "type": "llvm.coverage.json.export", "version": "2.0.1"},
    "gcovr's JSON report": {"gcovr/format_version": "0.6", "files": []},
    "tarpaulin's JSON report": {"files": [{"path": ["a.rs"], "content": "", "traces": [], "covered": 0, "coverable": 1}]},
    "Cucumber's JSON report": [{"uri": "a.feature", "keyword": "Feature", "elements": [{"type": "scenario", "steps": []}]}],
    "the report of pytest-json-report": {"created": 1.5, "exitcode": 0, "root": "/a", "summary": {"passed": 1, "total": 1}, "tests": []},
    "Jest's or Vitest's JSON report": {"numFailedTests": 0, "numPassedTests": 1, "numTotalTests": 1, "success": True, "testResults": []},
    "Mocha's JSON report": {
        "stats": {"suites": 1, "tests": 1, "passes": 1, "pending": 0, "failures": 0},
        "tests": [],
        "pending": [],
        "failures": [],
        "passes": [],
    },
    "Playwright's JSON report": {"config": {}, "suites": [], "errors": [], "stats": {"expected": 1, "unexpected": 0, "flaky": 0}},
    "Locust's JSON statistics": [{"name": "/a", "num_requests": 10, "num_none_requests": 0, "response_times": {"10": 10}}],
    "Gatling's statistics": {"type": "GROUP", "stats": {"numberOfRequests": _NUMBERS, "percentiles1": _NUMBERS}},
    "a digest file of CloudTrail": {"digestStartTime": "2024-01-01T00:00:00Z", "digestS3Object": "o", "logFiles": []},
    "the answer of a query to CloudTrail Lake": {"QueryStatus": "FINISHED", "QueryResultRows": [[{"eventID": "a"}]]},
}
TEXTS: Final = {
    "Nuclei's JSON lines": '{"template-id":"a","info":{"name":"A","severity":"high"},"type":"http","matched-at":"https://a.example/"}\n'
    * 2,
    "the XML report of OWASP Dependency-Check": (
        '<?xml version="1.0"?><analysis xmlns="https://jeremylong.github.io/DependencyCheck/dependency-check.4.0.xsd"><scanInfo/></analysis>'
    ),
    "govulncheck's JSON stream": '{\n  "config": {\n    "protocol_version": "v1.0.0",\n    "scanner_name": "govulncheck"\n  }\n}\n',
    "a report in Checkstyle's XML, which many linters write": '<checkstyle version="4.3"><file name="a"/></checkstyle>',
    "the XML report of SpotBugs": '<BugCollection version="4.7.3"><BugInstance type="X" priority="1"/></BugCollection>',
    "ZAP's XML report": '<OWASPZAPReport version="2.14.0"><site name="https://a.example"/></OWASPZAPReport>',
    "TruffleHog's JSON lines": '{"SourceMetadata":{"Data":{}},"SourceID":1,"DetectorName":"AWS","Verified":true}\n' * 2,
    "a report in Clover's XML, which PHPUnit and Istanbul write as well": (
        '<coverage generated="1"><project timestamp="1"><metrics statements="2" coveredstatements="1"/></project></coverage>'
    ),
    "JSON lines of TruffleHog 2": '{"branch": "main", "commitHash": "a", "diff": "d", "reason": "r", "stringsFound": ["x"]}\n' * 2,
    "PMD's XML report": '<?xml version="1.0"?><pmd version="7.0.0"><file name="a"/></pmd>',
    "OpenCover's XML report": '<?xml version="1.0"?><CoverageSession><Summary numSequencePoints="10"/></CoverageSession>',
    "generic coverage data of SonarQube": (
        '<coverage version="1"><file path="a.c"><lineToCover lineNumber="1" covered="true"/></file></coverage>'
    ),
    "coverage.py's data file": "SQLite format 3\0 CREATE TABLE coverage_schema (version integer)",
    "TAP (Test Anything Protocol)": "TAP version 13\n1..1\nok 1 - a\n",
    "Robot Framework's output.xml": '<robot generator="Robot 7.1" schemaversion="5"><suite name="A"/></robot>',
    "test results of NUnit 2": '<test-results name="a" total="1"><test-suite type="Assembly" executed="True"/></test-results>',
    "messages for TeamCity": "##teamcity[testStarted name='a']\n##teamcity[testFinished name='a']\n",
    "the single measurements of k6 (--out json)": '{"type":"Metric","data":{"name":"http_reqs"},"metric":"http_reqs"}\n',
    "Laurel's JSON form of the Linux audit log": '{"ID":"1626883065.201:1","SYSCALL":{"success":"yes","comm":"ls"}}\n' * 2,
}


@pytest.mark.parametrize("title", UNREAD)
def test_each_is_refused_by_its_name_with_what_to_write_in_its_place(title: str) -> None:
    data = TEXTS[title].encode() if title in TEXTS else json.dumps(DOCUMENTS[title]).encode()
    with pytest.raises(UnrecognisedError) as refused:
        recognise(Source("f", data), shipped().kinds)
    assert refused.value.reason == f"not read: this looks like {title}; expected {UNREAD[title].instead}"


def test_every_file_that_is_tried_out_is_of_a_known_form() -> None:
    assert {*DOCUMENTS, *TEXTS} == UNREAD.keys()
    assert all(one.marks for one in UNREAD.values())


@pytest.mark.parametrize("one", UNREAD.values(), ids=UNREAD)
def test_a_file_with_one_mark_less_is_not_called_so(one: Unread) -> None:
    data = " ".join(one.marks[1:]).encode() or b"something else"
    with pytest.raises(UnrecognisedError) as refused:
        recognise(Source("f", data), shipped().kinds)
    assert one.title not in refused.value.reason
