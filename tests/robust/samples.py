"""A small valid file of every shipped format; the number makes each one different from the others."""

from __future__ import annotations

import json
from typing import Final

from compliance.record import Json

SUFFIXES: Final = {
    "access-policy firestore-rules": ".rules",
    "access-policy k8s-rbac": ".yaml",
    "access-policy openapi": ".yaml",
    "access-policy record-yaml": ".yaml",
    "alert-rules prometheus-rules": ".yml",
    "audit-log auditd-log": ".log",
    "audit-log cloudtrail-json": ".json",
    "audit-log gcp-audit-json": ".json",
    "audit-log jsonl-log": ".jsonl",
    "audit-log k8s-audit-json": ".json",
    "checkpoint record-yaml": ".yaml",
    "coverage cobertura-xml": ".xml",
    "coverage coverage-py-json": ".json",
    "coverage coverage-py-xml": ".xml",
    "coverage go-cover": ".out",
    "coverage jacoco-xml": ".xml",
    "coverage lcov": ".info",
    "deployment record-yaml": ".yaml",
    "document markdown-document": ".md",
    "health probe-json": ".json",
    "load-test artillery-json": ".json",
    "load-test hey-text": ".txt",
    "load-test jmeter-jtl": ".jtl",
    "load-test k6-summary": ".json",
    "load-test load-summary-json": ".json",
    "load-test locust-csv": ".csv",
    "load-test vegeta-json": ".json",
    "load-test wrk-text": ".txt",
    "metrics openmetrics": ".prom",
    "pipeline github-workflow": ".yml",
    "pipeline gitlab-ci": ".yml",
    "plan markdown-document": ".md",
    "privacy record-yaml": ".yaml",
    "risk-register record-yaml": ".yaml",
    "secret-rotation record-yaml": ".yaml",
    "secret-rotation aws-secrets-json": ".json",
    "secret-rotation gcloud-secrets-json": ".json",
    "secret-rotation azure-secrets-json": ".json",
    "plan plan-yaml": ".yaml",
    "rollback-drill record-yaml": ".yaml",
    "runbook markdown-runbook": ".md",
    "sbom cyclonedx-json": ".json",
    "sbom cyclonedx-xml": ".xml",
    "sbom spdx-json": ".json",
    "sbom spdx-tag": ".spdx",
    "sbom spdx3-jsonld": ".json",
    "scan bandit-json": ".json",
    "scan detect-secrets-json": ".json",
    "scan gitleaks-json": ".json",
    "scan gitlab-security-json": ".json",
    "scan grype-json": ".json",
    "scan npm-audit-json": ".json",
    "scan osv-scanner-json": ".json",
    "scan pip-audit-json": ".json",
    "scan sarif": ".sarif",
    "scan semgrep-json": ".json",
    "scan trivy-json": ".json",
    "scan zap-json": ".json",
    "source source-json": ".json",
    "test-results go-test-json": ".jsonl",
    "test-results junit-xml": ".xml",
    "test-results nunit3-xml": ".xml",
    "test-results trx": ".trx",
    "test-results xunit-xml": ".xml",
}
"""Suffix of the files by ``kind format``."""
NAMES: Final = tuple(SUFFIXES)
ALL_NAMES: Final = (*NAMES, "scan cyclonedx-json", "scan cyclonedx-xml")
"""With those whose files are evidence of another kind, too."""
JSON: Final = tuple(name for name, suffix in SUFFIXES.items() if suffix in (".json", ".sarif"))
XML: Final = tuple(name for name, suffix in SUFFIXES.items() if suffix in (".xml", ".trx"))
YAML: Final = tuple(name for name, suffix in SUFFIXES.items() if suffix in (".yaml", ".yml"))
TEXT: Final = tuple(name for name, suffix in SUFFIXES.items() if suffix in (".txt", ".jtl", ".csv"))
"""Outputs and tables whose last characters may be missing."""


def sample(name: str, number: int = 0) -> bytes:
    """Returns a valid file of the format ``kind format``."""
    document = _DOCUMENTS.get(name)
    if document is not None:
        return json.dumps(document).replace("NUMBER", str(number)).encode()
    return _TEXTS[name].replace("NUMBER", str(number)).encode()


def sarif(result: Json) -> Json:
    """Returns a SARIF log with one result."""
    driver = {"name": "lint-NUMBER", "version": "1.0", "rules": [{"id": "R1"}]}
    runs = [{"tool": {"driver": driver}, "invocations": [{"executionSuccessful": True}], "results": [result]}]
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": runs}


def sarif_result(message: str = "a message", path: str = "src/a.py", rule: str = "R1") -> Json:
    """Returns a result of a SARIF log."""
    location = {"physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": 3}}}
    return {"ruleId": rule, "level": "error", "message": {"text": message}, "locations": [location]}


_SUMMARY = {"covered_lines": 8, "num_statements": 10, "missing_lines": 2, "excluded_lines": 0, "percent_covered": 80.0}
_DOCUMENTS: Final[dict[str, Json]] = {
    "audit-log cloudtrail-json": {
        "Records": [
            {
                "eventVersion": "1.09",
                "userIdentity": {"type": "IAMUser", "userName": "ops"},
                "eventTime": "2025-09-20T10:00:00Z",
                "eventSource": "iam.amazonaws.com",
                "eventName": "CreateUser",
                "requestID": f"r-NUMBER-{number}",
            }
            for number in range(3)
        ]
    },
    "audit-log gcp-audit-json": {
        "entries": [
            {
                "insertId": f"i-NUMBER-{number}",
                "logName": "projects/shop/logs/cloudaudit.googleapis.com%2Factivity",
                "protoPayload": {"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "methodName": "storage.buckets.create"},
                "timestamp": "2025-09-20T10:00:00Z",
            }
            for number in range(3)
        ]
    },
    "audit-log k8s-audit-json": {
        "kind": "EventList",
        "apiVersion": "audit.k8s.io/v1",
        "items": [
            {
                "auditID": f"a-NUMBER-{number}",
                "stage": "ResponseComplete",
                "verb": "get",
                "objectRef": {"resource": "pods"},
                "stageTimestamp": "2025-09-20T10:00:00.548299Z",
            }
            for number in range(3)
        ],
    },
    "coverage coverage-py-json": {
        "meta": {"format": 3, "version": "7.6.1", "timestamp": "2025-09-20T10:00:00", "branch_coverage": False, "show_contexts": False},
        "files": {"src/aNUMBER.py": {"executed_lines": [1], "summary": _SUMMARY}},
        "totals": _SUMMARY,
    },
    "health probe-json": {
        "schema": "compliance/probe/v1",
        "tool": "compliance-toolkit",
        "environment": "staging",
        "target": "http://127.0.0.1:8080",
        "endpoints": [{"path": "/api/health/NUMBER", "expected_status": 200}],
        "probes": [{"path": "/api/health/NUMBER", "at": "2025-09-20T10:00:00Z", "status": 200, "latency_ms": 4.5}],
    },
    "load-test artillery-json": {
        "aggregate": {
            "counters": {"vusers.created_by_name.NUMBER": 5, "http.requests": 100, "http.codes.200": 100, "http.responses": 100},
            "rates": {"http.request_rate": 10},
            "firstMetricAt": 1_758_362_400_000,
            "lastMetricAt": 1_758_362_410_000,
            "summaries": {"http.response_time": {"min": 1, "max": 18, "count": 100, "mean": 2.4, "p50": 1, "p95": 7.9, "p99": 7.9}},
        },
        "intermediate": [],
    },
    "load-test vegeta-json": {
        "latencies": {"total": 12_000_000, "mean": 100_000, "50th": 90_000, "95th": 210_000, "99th": 500_000, "max": 900_000},
        "end": "2025-09-20T10:00:59Z",
        "duration": 59_500_000_000,
        "requests": 120,
        "rate": 2.0168067,
        "success": 1,
        "status_codes": {"200": 120},
        "errors": ["NUMBER"],
    },
    "load-test k6-summary": {
        "root_group": {"name": "", "path": "", "id": "d41d8cd98f00b204e9800998ecf8427e", "groups": [], "checks": []},
        "metrics": {
            "http_reqs": {"count": 80, "rate": 40},
            "http_req_duration": {"avg": 50.5, "min": 1.5, "med": 40, "max": 400.25, "p(90)": 100, "p(95)": 200, "NUMBER": 1},
            "http_req_failed": {"passes": 10, "fails": 70, "value": 0.125},
        },
    },
    "load-test load-summary-json": {
        "schema": "compliance/load-summary/v1",
        "tool": "load.py",
        "tool_version": "NUMBER",
        "started_at": "2025-09-20T10:00:00Z",
        "finished_at": "2025-09-20T10:01:00Z",
        "environment": "staging",
        "duration_s": 60,
        "requests": 1200,
        "failed": 6,
        "latency_ms": {"p50": 41.5, "p95": 120, "p99": 310, "max": 702.25, "mean": 55.1},
        "percentiles_over": "all",
    },
    "sbom cyclonedx-json": {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"timestamp": "2026-03-01T10:00:00Z"},
        "components": [{"type": "library", "name": "left-pad", "version": "1.NUMBER", "licenses": [{"license": {"id": "MIT"}}]}],
    },
    "sbom spdx-json": {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "creationInfo": {"created": "2026-03-01T10:00:00Z", "creators": ["Tool: syft-1.50.0"]},
        "packages": [{"SPDXID": "SPDXRef-a", "name": "left-pad", "versionInfo": "1.NUMBER", "licenseDeclared": "MIT"}],
    },
    "sbom spdx3-jsonld": {
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": "2026-03-01T10:00:00Z"},
            {"type": "software_Package", "spdxId": "https://example.org/a", "name": "a", "software_packageVersion": "1.NUMBER"},
        ],
    },
    "scan detect-secrets-json": {
        "version": "1.5.0",
        "plugins_used": [{"name": "KeywordDetector"}],
        "results": {"src/aNUMBER.py": [{"type": "Secret Keyword", "hashed_secret": "0f" * 20, "line_number": 3}]},
        "generated_at": "2026-03-01T10:00:00Z",
    },
    "scan gitleaks-json": [
        {"RuleID": "generic-api-key", "File": "src/aNUMBER.py", "StartLine": 3, "Match": "key = xyzzy", "Secret": "xyzzy", "Commit": ""}
    ],
    "scan osv-scanner-json": {
        "results": [
            {
                "source": {"path": "yarn.lock", "type": "lockfile"},
                "packages": [{"package": {"name": "a", "version": "1.NUMBER", "ecosystem": "npm"}, "vulnerabilities": [{"id": "GHSA-1"}]}],
            }
        ]
    },
    "scan bandit-json": {
        "errors": [],
        "generated_at": "2026-03-01T10:00:00Z",
        "metrics": {
            "./src/mNUMBER.py": {"loc": 10, "nosec": 0},
            "_totals": {"SEVERITY.HIGH": 1, "SEVERITY.MEDIUM": 0, "SEVERITY.LOW": 0, "SEVERITY.UNDEFINED": 0, "loc": 10, "nosec": 0},
        },
        "results": [
            {
                "code": "3 import os\n4 os.system(x)\n",
                "filename": "./src/mNUMBER.py",
                "issue_confidence": "HIGH",
                "issue_severity": "HIGH",
                "issue_text": "shell",
                "line_number": 4,
                "line_range": [4],
                "test_id": "B602",
                "test_name": "subprocess_popen_with_shell_equals_true",
            }
        ],
    },
    "scan pip-audit-json": {
        "dependencies": [
            {
                "name": "jinja2",
                "version": "2.4.NUMBER",
                "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.5"], "aliases": [], "description": "d"}],
            }
        ],
        "fixes": [],
    },
    "scan sarif": sarif(sarif_result()),
    "scan cyclonedx-json": {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [{"type": "library", "bom-ref": "a", "name": "left-pad", "version": "1.NUMBER"}],
        "vulnerabilities": [{"id": "CVE-2025-1", "ratings": [{"severity": "high"}], "affects": [{"ref": "a"}]}],
    },
    "scan gitlab-security-json": {
        "version": "15.0.7",
        "vulnerabilities": [
            {
                "id": "a",
                "name": "shell",
                "severity": "High",
                "identifiers": [{"type": "bandit_test_id", "name": "B602", "value": "B602"}],
                "location": {"file": "src/aNUMBER.py", "start_line": 3},
            }
        ],
        "scan": {"type": "sast", "status": "success", "scanner": {"id": "bandit", "name": "Bandit", "version": "1.7.5"}},
    },
    "scan zap-json": {
        "@version": "2.17.0",
        "created": "2026-03-01T10:00:00Z",
        "site": [{"@name": "https://shop.example", "alerts": [{"pluginid": "10038", "alert": "CSP NUMBER", "riskcode": "2"}]}],
    },
    "scan grype-json": {
        "matches": [
            {
                "vulnerability": {"id": "CVE-2025-1", "severity": "High", "fix": {"versions": ["2.0"], "state": "fixed"}},
                "relatedVulnerabilities": [],
                "matchDetails": [{"type": "exact-direct-match", "matcher": "python-matcher", "searchedBy": {}, "found": {}}],
                "artifact": {"name": "jinja2", "version": "2.4.NUMBER", "type": "python", "locations": [{"path": "/requirements.txt"}]},
            }
        ],
        "source": {"type": "directory", "target": "."},
        "distro": {"name": "", "version": "", "idLike": None},
        "descriptor": {"name": "grype", "version": "0.79.1"},
    },
    "scan npm-audit-json": {
        "auditReportVersion": 2,
        "vulnerabilities": {
            "left-pad": {
                "name": "left-pad",
                "severity": "high",
                "isDirect": True,
                "via": [
                    {
                        "source": 1,
                        "name": "left-pad",
                        "dependency": "left-pad",
                        "title": "a title NUMBER",
                        "url": "https://github.com/advisories/GHSA-9vvw-cc9w-f27h",
                        "severity": "high",
                        "cwe": ["CWE-400"],
                        "range": "<1.3.0",
                    }
                ],
                "effects": [],
                "range": "<1.3.0",
                "nodes": ["node_modules/left-pad"],
                "fixAvailable": True,
            }
        },
        "metadata": {
            "vulnerabilities": {"info": 0, "low": 0, "moderate": 0, "high": 1, "critical": 0, "total": 1},
            "dependencies": {"prod": 10, "dev": 0, "optional": 0, "peer": 0, "peerOptional": 0, "total": 10},
        },
    },
    "scan semgrep-json": {
        "version": "1.90.0",
        "results": [
            {
                "check_id": "python.lang.security.audit.eval",
                "path": "src/aNUMBER.py",
                "start": {"line": 3, "col": 1, "offset": 40},
                "end": {"line": 3, "col": 9, "offset": 48},
                "extra": {"message": "eval", "metadata": {}, "severity": "ERROR", "lines": "eval(x)", "is_ignored": False},
            }
        ],
        "errors": [],
        "paths": {"scanned": ["src/aNUMBER.py"]},
    },
    "scan trivy-json": {
        "SchemaVersion": 2,
        "CreatedAt": "2026-03-01T10:00:00Z",
        "ArtifactName": "shop:NUMBER",
        "ArtifactType": "container_image",
        "Results": [
            {
                "Target": "shop:NUMBER (alpine 3.20.0)",
                "Class": "os-pkgs",
                "Type": "alpine",
                "Vulnerabilities": [
                    {"VulnerabilityID": "CVE-2025-1", "PkgName": "musl", "InstalledVersion": "1.2.5-r0", "Severity": "MEDIUM"}
                ],
            }
        ],
    },
    "secret-rotation aws-secrets-json": {"SecretList": [{"Name": "db-NUMBER", "CreatedDate": "2025-08-18T09:05:31+02:00"}]},
    "secret-rotation gcloud-secrets-json": [{"name": "projects/1/secrets/oauth-NUMBER", "createTime": "2025-08-18T09:05:31Z"}],
    "secret-rotation azure-secrets-json": [
        {"id": "https://demo.vault.azure.net/secrets/smtp-NUMBER", "attributes": {"created": "2025-07-01T08:00:00+00:00"}}
    ],
    "source source-json": {
        "schema": "compliance/source/v1",
        "observed_at": "2025-06-01T12:00:00Z",
        "git": {
            "commit": "a" * 40,
            "branch": "main",
            "branches": ["main"],
            "committed_at": "2025-05-01T10:00:00Z",
            "commit_signed": False,
            "shallow": False,
            "tags": [],
            "modified": 0,
            "untracked": 0,
            "dirty_files": [],
        },
        "scope": {"production": ["srcNUMBER/**"], "exclude": []},
        "files": 3,
        "languages": {"Python": 3},
        "skipped": {"binary": 0, "too large": 0},
        "found": [{"rule": "todo", "path": "src/a.py", "line": 3, "text": "TODO: x", "baseline": None}],
        "not_listed": 0,
    },
}
_TEXTS: Final = {
    "load-test hey-text": """
Summary:
  Total:	20.0000 secs
  Slowest:	0.6256 secs
  Fastest:	0.0144 secs
  Average:	0.1030 secs
  Requests/sec:	25.0000

  Total data:	NUMBER bytes

Latency distribution:
  50% in 0.0790 secs
  95% in 0.4728 secs
  99% in 0.6213 secs

Status code distribution:
  [200]	500 responses



""",
    "load-test jmeter-jtl": """\
timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,bytes,grpThreads,allThreads,Latency,Hostname
1758362400000,120,GET /a/NUMBER,200,OK,Users 1-1,true,1500,1,1,110,host
1758362400500,80,GET /b,500,"Error, sorry",Users 1-2,false,99,2,2,70,host
1758362401000,400,GET /a/NUMBER,200,OK,Users 1-1,true,1500,2,2,390,host
""",
    "load-test locust-csv": """\
Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,Max Response Time,Average Content Size,\
Requests/s,Failures/s,50%,95%,99%,100%
GET,/NUMBER,1000,5,40,55.25,2.5,1993.7,1200.0,10.0,0.05,40,210,450,2000
,Aggregated,1000,5,40,55.25,2.5,1993.7,1200.0,10.0,0.05,40,210,450,2000
""",
    "load-test wrk-text": """\
Running 2m test @ http://127.0.0.1:8080/NUMBER
  12 threads and 400 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   635.91us    0.89ms   1.93s    93.69%
    Req/Sec    56.20k     8.07k   62.00k    86.54%
  22464657 requests in 2.00m, 17.76GB read
Requests/sec: 187205.47
Transfer/sec:    151.55MB
""",
    "alert-rules prometheus-rules": """\
namespace: shop
groups:
  - name: api-NUMBER
    rules:
      - alert: ApiDown
        expr: up{job="api"} == 0
        for: 5m
        labels:
          severity: critical
""",
    "audit-log auditd-log": "".join(
        f"type=USER_CMD msg=audit(1758362400.00{n}:NUMBER{n}): pid=7 uid=0 auid=1000 msg='cmd=\"true\" res=success'\n" for n in range(5)
    ),
    "audit-log jsonl-log": "".join(
        json.dumps({"timestamp": f"2025-09-20T10:00:0{n}Z", "level": "info", "event": "http.request", "requestId": f"r-NUMBER-{n}"}) + "\n"
        for n in range(5)
    ),
    "coverage go-cover": """\
mode: set
example.org/shop/a.go:3.19,4.11 2 1
example.org/shop/bNUMBER.go:7.2,7.11 1 1
example.org/shop/bNUMBER.go:9.2,9.11 3 0
""",
    "test-results nunit3-xml": """\
<?xml version="1.0" encoding="utf-8"?>
<test-run id="0" result="Failed" total="2" passed="1" failed="1" skipped="0" start-time="2026-03-01 10:00:00Z" duration="1">
  <test-suite type="TestFixture" fullname="Shop.Tests" result="Failed" site="Child" duration="1">
    <test-case name="A" fullname="Shop.Tests.A" result="Passed" duration="0.1" />
    <test-case name="BNUMBER" fullname="Shop.Tests.BNUMBER" result="Failed"><failure><message>m</message></failure></test-case>
  </test-suite>
</test-run>
""",
    "test-results trx": """\
<?xml version="1.0" encoding="utf-8"?>
<TestRun id="1" name="run" xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
  <Times start="2026-03-01T10:00:00Z" finish="2026-03-01T10:00:01Z" />
  <Results>
    <UnitTestResult testId="a" testName="A" outcome="Passed" duration="00:00:00.1" />
    <UnitTestResult testId="b" testName="BNUMBER" outcome="Failed">
      <Output><ErrorInfo><Message>m</Message></ErrorInfo></Output>
    </UnitTestResult>
  </Results>
  <ResultSummary outcome="Failed"><Counters total="2" executed="2" passed="1" failed="1" /></ResultSummary>
</TestRun>
""",
    "test-results xunit-xml": """\
<?xml version="1.0" encoding="utf-8"?>
<assemblies timestamp="03/01/2026 10:00:00">
  <assembly name="shop.dll" test-framework="xUnit.net 2.4.1.0" total="2" passed="1" failed="1" skipped="0" errors="0" time="0.5">
    <collection name="c" time="0.5">
      <test name="A" time="0.1" result="Pass" />
      <test name="BNUMBER" time="0.1" result="Fail"><failure><message>m</message></failure></test>
    </collection>
  </assembly>
</assemblies>
""",
    "test-results go-test-json": """\
{"Time":"2026-03-01T10:00:00Z","Action":"run","Package":"example.org/shop","Test":"TestNUMBER"}
{"Time":"2026-03-01T10:00:00Z","Action":"fail","Package":"example.org/shop","Test":"TestNUMBER","Elapsed":0.01}
{"Time":"2026-03-01T10:00:01Z","Action":"fail","Package":"example.org/shop","Elapsed":0.5}
""",
    "checkpoint record-yaml": """\
schema: compliance/checkpoint/v1
environment: production
version: "1.NUMBER"
deployed-at: 2025-09-20T12:00:00Z
items:
  - what: data
    taken-at: 2025-09-20T11:30:00Z
  - what: configuration
    taken-at: 2025-09-20T11:35:00Z
  - what: version
    taken-at: 2025-09-20T11:36:00Z
""",
    "sbom cyclonedx-xml": """\
<?xml version="1.0" encoding="UTF-8"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"><metadata><timestamp>2026-03-01T10:00:00Z</timestamp></metadata>
<components><component type="library"><name>left-pad</name><version>1.NUMBER</version>
<licenses><license><id>MIT</id></license></licenses></component></components></bom>
""",
    "scan cyclonedx-xml": """\
<?xml version="1.0" encoding="UTF-8"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1">
  <components><component type="library" bom-ref="a"><name>left-pad</name><version>1.NUMBER</version></component></components>
  <vulnerabilities>
    <vulnerability>
      <id>CVE-2025-1</id>
      <ratings><rating><severity>high</severity></rating></ratings>
      <affects><target><ref>a</ref></target></affects>
    </vulnerability>
  </vulnerabilities>
</bom>
""",
    "sbom spdx-tag": """\
SPDXVersion: SPDX-2.3
SPDXID: SPDXRef-DOCUMENT
Creator: Tool: syft-1.50.0
Created: 2026-03-01T10:00:00Z
PackageName: left-pad
PackageVersion: 1.NUMBER
PackageLicenseDeclared: MIT
""",
    "coverage cobertura-xml": """\
<?xml version="1.0" encoding="utf-8"?>
<coverage line-rate="0.5" branch-rate="0.5" version="1.9" timestamp="1758362400" lines-covered="1" lines-valid="2">
<packages><package name="p"><classes><class name="p.A" filename="p/ANUMBER.cs">
<methods/><lines><line number="1" hits="1" branch="True" condition-coverage="50% (1/2)"/><line number="2" hits="0"/></lines></class>
</classes></package></packages></coverage>
""",
    "coverage coverage-py-xml": """\
<?xml version="1.0" ?>
<coverage version="7.6.1" timestamp="1758362400123" lines-valid="2" lines-covered="1" line-rate="0.5" complexity="0">
<!-- Generated by coverage.py: https://coverage.readthedocs.io/en/7.6.1 -->
<sources><source>/src</source></sources><packages><package name="pkg" line-rate="0.5"><classes>
<class name="a.py" filename="pkg/aNUMBER.py" complexity="0"><methods/>
<lines><line number="1" hits="1"/><line number="2" hits="0"/></lines></class>
</classes></package></packages></coverage>
""",
    "coverage jacoco-xml": """\
<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<report name="example NUMBER">
<sessioninfo id="host" start="1758362400000" dump="1758362400123"/>
<package name="p"><sourcefile name="A.java"><line nr="3" mi="0" ci="5" mb="1" cb="1"/></sourcefile>
<counter type="LINE" missed="1" covered="3"/></package>
<counter type="LINE" missed="1" covered="3"/>
</report>
""",
    "coverage lcov": """\
TN:
SF:src/aNUMBER.c
DA:1,1
DA:2,0
LF:2
LH:1
end_of_record
""",
    "deployment record-yaml": """\
schema: compliance/deployment/v1
environment: staging
version: "1.NUMBER"
outcome: attempted
commit: 1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a
steps:
  - name: roll out
    started-at: 2025-09-20T10:26:00Z
""",
    "metrics openmetrics": """\
# TYPE http_requests counter
http_requests_total{code="200",path="/NUMBER"} 1027 1758362400.5
# TYPE up gauge
up{job="api"} 1 1758362400.5
# EOF
""",
    "pipeline github-workflow": """\
name: ci NUMBER
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: npm test || true
""",
    "pipeline gitlab-ci": """\
image: node:NUMBER
unit:
  script: [npm test]
lint:
  stage: test
  script:
    - npm run lint || true
""",
    "privacy record-yaml": """\
schema: compliance/privacy/v1
recorded-at: 2025-09-20T09:00:00Z
activities:
  - {id: accounts-NUMBER, purpose: Signing in}
""",
    "risk-register record-yaml": """\
schema: compliance/risk-register/v1
recorded-at: 2025-09-20T09:00:00Z
risks:
  - {id: R-NUMBER, title: No second region, likelihood: low, impact: high}
""",
    "secret-rotation record-yaml": """\
schema: compliance/secret-rotation/v1
recorded-at: 2025-09-20T09:00:00Z
secrets:
  - {name: oauth-NUMBER, owner: ops, rotated-at: 2025-08-20T09:00:00Z}
""",
    "access-policy firestore-rules": """\
rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    match /users-NUMBER/{uid} {
      allow read, write: if request.auth.uid == uid;
    }
  }
}
""",
    "access-policy k8s-rbac": """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader-NUMBER, namespace: shop}
rules:
  - {apiGroups: [""], resources: [pods], verbs: [get, list]}
""",
    "access-policy openapi": """\
openapi: 3.1.0
info: {title: Orders, version: "NUMBER"}
security: [{bearer: []}]
components: {securitySchemes: {bearer: {type: http, scheme: bearer}}}
paths:
  /orders: {get: {}}
""",
    "access-policy record-yaml": """\
schema: compliance/access-policy/v1
environment: production
reviewed-at: 2025-09-20T09:00:00Z
default: deny
roles:
  - {name: admin-NUMBER, permissions: [users.read]}
""",
    "document markdown-document": """\
# Release NUMBER readiness checklist

## Acceptance criteria

- [x] All tests pass
- [x] Rollback tested
- [ ] Load test: P95 below 250 ms

## Sign-off
""",
    "plan markdown-document": """\
# Phase NUMBER

## Timeline

1. **T+0:00** - Validate the state
2. **T+0:30** - Deploy
3. **T+1:00** - Decide
""",
    "plan plan-yaml": """\
schema: compliance/plan/v1
recorded-at: 2025-09-20T15:00:00Z
tasks:
  - {id: build-NUMBER, owner: ops, estimate: 30min}
  - {id: deploy, owner: ops, estimate: 1h, needs: [build-NUMBER]}
""",
    "rollback-drill record-yaml": """\
schema: compliance/rollback-drill/v1
environment: staging
mode: executed
from-version: "1.NUMBER"
to-version: "1.0"
steps:
  - {kind: trigger, name: error rate raised, started-at: 2025-09-20T10:00:00Z}
  - {kind: restore, name: previous revision, started-at: 2025-09-20T10:01:15Z, ended-at: 2025-09-20T10:02:50Z}
""",
    "runbook markdown-runbook": """\
---
title: Payments runbook NUMBER
last_reviewed: 2025-08-01
---

# Payments runbook

## Overview

Takes payments.

## Health checks

```bash
curl --fail https://payments.example.org/api/health
```

## Alert response

Look at the dashboard.

## Deployment

Run the workflow.

## Rollback

Deploy the version before.

## Recovery

Restore the backup.

## Contacts

The team.
""",
    "test-results junit-xml": """\
<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" tests="2" failures="1" timestamp="2025-09-20T10:00:00Z">
<testcase classname="tests.test_a" name="test_NUMBER" time="0.1"/>
<testcase classname="tests.test_a" name="test_two" time="0.2"><failure message="assert 1 == 2">trace</failure></testcase>
</testsuite></testsuites>
""",
}
