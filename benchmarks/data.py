"""Inputs of the benchmarks, made anew in each run, the same every time."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

_RULES = 97
_CONFIG = '[project]\nname = "benchmark"\nversion = "1"\ncommit = "{commit}"\n'
_COMMIT = "b" * 40


def project(folder: Path) -> Path:
    """Makes a project, and returns its folder."""
    folder.mkdir(parents=True)
    (folder / "compliance.toml").write_text(_CONFIG.format(commit=_COMMIT))
    return folder


def sarif(path: Path, results: int) -> Path:
    """Writes a SARIF file of about 1,060 bytes per result: snippets with context, partial fingerprints, properties.

    Returns:
        Its path.
    """
    rules = [
        {"id": f"PY{n:03d}", "defaultConfiguration": {"level": "warning"}, "properties": {"security-severity": "7.5"}}
        for n in range(_RULES)
    ]
    head = {"version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json"}
    tool = {"driver": {"name": "Bandit", "version": "1.7", "rules": rules}}
    with path.open("w") as file:
        file.write(json.dumps(head)[:-1] + ', "runs": [{"tool": ' + json.dumps(tool) + ', "results": [')
        for number in range(results):
            file.write((", " if number else "") + json.dumps(_result(number)))
        file.write("]}]}")
    return path


def _result(n: int) -> dict[str, Any]:
    snippet = {"text": "    subprocess.call(cmd, shell=True)  # " + "y" * (n % 200)}
    context = {"startLine": 1, "endLine": 3, "snippet": {"text": "def f():\n    subprocess.call(cmd, shell=True)\n" + "z" * 200}}
    region = {"startLine": n % 2000 + 1, "endLine": n % 2000 + 2, "startColumn": 1, "endColumn": 40, "snippet": snippet}
    place = {"uri": f"src/pkg_{n % 500}/module_{n % 3000}.py", "uriBaseId": "%SRCROOT%"}
    text = f"Possible problem number {n} detected in the code of this module; please review the call and its arguments " + "x" * (n % 50)
    return {
        "ruleId": f"PY{n % _RULES:03d}",
        "ruleIndex": n % _RULES,
        "level": ("error", "warning", "note")[n % 3],
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": place, "region": region, "contextRegion": context}}],
        "partialFingerprints": {"primaryLocationLineHash": f"{n:032x}"},
        "properties": {"issue_confidence": "HIGH", "issue_severity": "LOW"},
    }


def artillery(path: Path, periods: int) -> Path:
    """Writes an Artillery report, about 1,000 bytes per period of the run."""
    times = {"min": 1, "max": 420, "count": 90, "mean": 61.3, "p50": 50.2, "median": 50.2, "p95": 202.4, "p99": 399.5, "p999": 399.5}
    counters = {"vusers.created": 50, "http.requests": 90, "http.codes.200": 90, "http.responses": 90, "vusers.completed": 50}
    period = {
        "counters": counters,
        "rates": {"http.request_rate": 9},
        "firstMetricAt": 1_700_000_000_000,
        "lastMetricAt": 1_700_000_010_000,
    }
    period |= {name: {"http.response_time": times, "http.response_time.2xx": times} for name in ("summaries", "histograms")}
    intermediate = [{**period, "period": str(1_700_000_000_000 + 10_000 * n)} for n in range(periods)]
    path.write_text(json.dumps({"aggregate": period, "intermediate": intermediate}, indent=2))
    return path


def jsonl(path: Path, events: int) -> Path:
    """Writes a structured log, about 230 bytes per line."""
    with path.open("w") as file:
        for n in range(events):
            second = n // 50
            event = {
                "timestamp": f"2025-09-20T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{n % 50 * 20:03}Z",
                "level": ("info", "info", "warn")[n % 3],
                "event": ("auth.login", "http.request", "data.read")[n % 3],
                "requestId": f"req-{n:012x}",
                "user": f"u-{n % 900}",
                "http": {"method": "GET", "path": f"/api/resource/{n % 77}", "status": 200},
            }
            file.write(json.dumps(event) + "\n")
    return path


def cloudtrail(path: Path, events: int) -> Path:
    """Writes events of CloudTrail, one per line of about 700 bytes."""
    identity = {"type": "AssumedRole", "principalId": "AROAEXAMPLE:ci", "arn": "arn:aws:sts::111122223333:assumed-role/ci/run"}
    with path.open("w") as file:
        for n in range(events):
            second = n // 50
            event = {
                "eventVersion": "1.08",
                "userIdentity": {**identity, "sessionContext": {"attributes": {"mfaAuthenticated": "false"}}},
                "eventTime": f"2025-09-20T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z",
                "eventSource": ("s3.amazonaws.com", "iam.amazonaws.com")[n % 2],
                "eventName": ("GetObject", "CreateRole")[n % 2],
                "awsRegion": "eu-central-1",
                "requestParameters": {"bucketName": f"bucket-{n % 40}", "key": f"reports/{n % 900}.csv"},
                "responseElements": None,
                "requestID": f"R{n:x}",
                "eventID": f"e-{n:x}",
                "readOnly": n % 2 == 0,
                "eventType": "AwsApiCall",
                "managementEvent": True,
                "recipientAccountId": "111122223333",
            }
            file.write(json.dumps(event) + "\n")
    return path


def gcp_audit(path: Path, events: int) -> Path:
    """Writes entries of Google Cloud Audit Logs, one per line of about 900 bytes; each names who acted by an address."""
    log = "projects/prod/logs/cloudaudit.googleapis.com%2Fdata_access"
    with path.open("w") as file:
        for n in range(events):
            second = n // 50
            resource = f"projects/_/buckets/b-{n % 40}/objects/{n}"
            method = ("storage.objects.get", "storage.objects.list")[n % 2]
            audit: dict[str, Any] = {
                "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
                "serviceName": "storage.googleapis.com",
                "methodName": method,
                "resourceName": resource,
                "authenticationInfo": {"principalEmail": f"user{n % 300}@example.org"},
                "authorizationInfo": [{"resource": resource, "permission": method, "granted": True}],
                "requestMetadata": {"callerIp": f"10.0.{n % 200}.7", "callerSuppliedUserAgent": "gcloud/465.0"},
                "status": {},
            }
            entry = {
                "insertId": f"i{n:x}",
                "logName": log,
                "protoPayload": audit,
                "receiveTimestamp": f"2025-09-20T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.9Z",
                "resource": {"type": "gcs_bucket", "labels": {"bucket_name": f"b-{n % 40}", "project_id": "prod"}},
                "severity": "INFO",
                "timestamp": f"2025-09-20T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{n % 50 * 20:03}Z",
            }
            file.write(json.dumps(entry) + "\n")
    return path


def kubernetes_audit(path: Path, events: int) -> Path:
    """Writes audit events of Kubernetes, one per line of about 1,000 bytes, two stages of each request."""
    with path.open("w") as file:
        for n in range(events):
            second = n // 50
            at = f"2025-09-20T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{n % 50 * 20:03}000Z"
            verb, resource = (("get", "pods"), ("update", "leases"), ("list", "secrets"))[n // 2 % 3]
            event: dict[str, Any] = {
                "kind": "Event",
                "apiVersion": "audit.k8s.io/v1",
                "level": "Metadata",
                "auditID": f"{n // 2:08x}-0000-4000-8000-000000000000",
                "stage": ("RequestReceived", "ResponseComplete")[n % 2],
                "requestURI": f"/api/v1/namespaces/ns-{n % 30}/{resource}/x-{n % 900}",
                "verb": verb,
                "user": {"username": f"system:serviceaccount:ns-{n % 30}:default", "uid": f"u{n % 30}", "groups": ["system:authenticated"]},
                "sourceIPs": [f"10.0.{n % 200}.7"],
                "userAgent": "kubelet/v1.31.0 (linux/amd64) kubernetes/9edcffc",
                "objectRef": {"resource": resource, "namespace": f"ns-{n % 30}", "name": f"x-{n % 900}", "apiVersion": "v1"},
                "requestReceivedTimestamp": at,
                "stageTimestamp": at,
            }
            if n % 2:
                event |= {"responseStatus": {"metadata": {}, "code": 200}, "annotations": {"authorization.k8s.io/decision": "allow"}}
            file.write(json.dumps(event) + "\n")
    return path


def cyclonedx_xml(path: Path, components: int) -> Path:
    """Writes an SBOM, about 600 bytes per component: hashes, a licence, a package URL, a reference."""
    with path.open("w") as file:
        file.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1">\n  <components>\n'
        )
        for n in range(components):
            hashes = f'<hashes>\n        <hash alg="SHA-256">{n:064x}</hash>\n        <hash alg="MD5">{n:032x}</hash>\n      </hashes>'
            licences = "<licenses>\n        <license>\n          <id>Apache-2.0</id>\n        </license>\n      </licenses>"
            site = f'<reference type="website">\n          <url>https://example.org/{n}</url>\n        </reference>'
            name = f"<group>org.example</group>\n      <name>lib-{n}</name>\n      <version>1.{n % 90}</version>"
            url = f"<purl>pkg:maven/org.example/lib-{n}@1</purl>"
            more = f"<externalReferences>\n        {site}\n      </externalReferences>"
            inside = "\n      ".join((name, hashes, licences, url, more))
            file.write(f'    <component type="library" bom-ref="c{n}">\n      {inside}\n    </component>\n')
        file.write("  </components>\n</bom>\n")
    return path


def junit(path: Path, cases: int) -> Path:
    """Writes JUnit XML as pytest does, one case in fifty failed with a trace."""
    with path.open("w") as file:
        file.write(f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites><testsuite name="pytest" tests="{cases}" time="9.5">')
        for n in range(cases):
            head = f'<testcase classname="tests.pkg_{n % 300}.test_module" name="test_case_{n}[{n % 7}]" time="0.{n % 1000:03}"'
            trace = f'<failure message="assert {n} == 0">{"def test(): ..." * 20}</failure>'
            file.write(f"{head}>{trace}</testcase>" if n % 50 == 0 else f"{head} />")
        file.write("</testsuite></testsuites>\n")
    return path


_JTL = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,"
    "allThreads,URL,Latency,IdleTime,Connect\n"
)


def jtl(path: Path, samples: int, quoted: int = 0) -> Path:
    """Writes a JTL with JMeter's own columns, about 140 bytes per sample; times are spread as those of a service are."""
    chance = random.Random(samples)
    with path.open("w") as file:
        file.write(_JTL)
        for n in range(samples):
            ms, good = int(chance.lognormvariate(4.5, 0.9)), n % 100 != 0
            message = '"Test failed: text expected to contain /x, y/"' if quoted and n % quoted == 0 else ""
            file.write(
                f"{1_700_000_000_000 + n},{ms},GET /api/resource/{n % 60},{200 if good else 500},OK,Users 1-{n % 50},text,"
                f"{'true' if good else 'false'},{message},{1500 + n % 77},230,50,50,https://example.org/api/resource/{n % 60},{ms},0,3\n"
            )
    return path


def jtl_quoted(path: Path, samples: int) -> Path:
    """Writes a JTL in which every hundredth row has a message in quotes."""
    return jtl(path, samples, quoted=100)


def jtl_xml(path: Path, samples: int) -> Path:
    """Writes a JTL in XML with headers and an assertion, about 600 bytes per sample."""
    inner = (
        "<responseHeader>HTTP/1.1 200 OK\nContent-Type: text/html\n</responseHeader><requestHeader>Connection: keep-alive\n</requestHeader>"
    )
    assertion = "<assertionResult><name>Response Assertion</name><failure>false</failure><error>false</error></assertionResult>"
    with path.open("w") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<testResults version="1.2">\n')
        for n in range(samples):
            head = f't="{n % 900}" it="0" lt="90" ct="5" ts="{1_700_000_000_000 + n}" s="true" lb="GET /api/resource/{n % 60}" rc="200"'
            file.write(
                f'<httpSample {head} rm="OK" tn="Users 1-{n % 50}" dt="text" by="1500" ng="5" na="50">\n{inner}{assertion}\n</httpSample>\n'
            )
        file.write("</testResults>\n")
    return path


def lcov(path: Path, files: int) -> Path:
    """Writes a trace file, about 6,000 bytes per source file: lines, branches and functions."""
    body = "".join(
        f"DA:{n},{n % 5}\n" + (f"BRDA:{n},0,0,{n % 3}\nBRDA:{n},0,1,-\n" if n % 4 == 0 else "") + (f"FN:{n},f{n}\n" if n % 20 == 0 else "")
        for n in range(1, 321)
    )
    with path.open("w") as file:
        for number in range(files):
            file.write(f"TN:\nSF:src/pkg_{number % 500}/module_{number}.c\n{body}end_of_record\n")
    return path


def cobertura(path: Path, classes: int) -> Path:
    """Writes a Cobertura file as coverlet does: 60 lines of each class twice, one in eight with branches."""
    listed = "<lines>\n" + "".join(map(_line, range(1, 61))) + "</lines>"
    with path.open("w") as file:
        file.write(
            '<?xml version="1.0" encoding="utf-8"?>\n<coverage line-rate="0.67" branch-rate="0.5" version="1.9" timestamp="1663310122">\n'
        )
        file.write('<packages><package name="p" line-rate="0.67" branch-rate="0.5" complexity="1"><classes>\n')
        for number in range(classes):
            file.write(
                f'<class name="p.C{number}" filename="src/p{number % 50}/C{number}.cs" line-rate="0.67" branch-rate="0.5" complexity="3">\n'
            )
            file.write(
                f'<methods><method name="M" signature="()" line-rate="1" complexity="1">{listed}</method></methods>\n{listed}</class>\n'
            )
        file.write("</classes></package></packages></coverage>\n")
    return path


def _line(number: int) -> str:
    start = f'            <line number="{number}" hits="{number % 3}"'
    if number % 8:
        return f'{start} branch="False" />\n'
    condition = (
        '              <conditions>\n                <condition number="0" type="jump" coverage="50%" />\n              </conditions>\n'
    )
    return f'{start} branch="True" condition-coverage="50% (1/2)">\n{condition}            </line>\n'


def jacoco(path: Path, files: int) -> Path:
    """Writes a JaCoCo file: packages of 50 source files, each with one class and 120 lines."""
    lines = 120
    listed = "".join(f'<line nr="{number}" mi="{number % 3}" ci="{3 - number % 3}" mb="0" cb="0"/>' for number in range(lines))
    with path.open("w") as file:
        file.write('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>')
        file.write('<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd"><report name="b">')
        for number in range(files // 50):
            file.write(f'<package name="org/p{number}">')
            for name in range(50):
                counters = _counters(lines // 3, lines - lines // 3)
                file.write(
                    f'<class name="org/p{number}/C{name}" sourcefilename="C{name}.java"><method name="m" desc="()V">{counters}</method>'
                )
                file.write(f'{counters}</class><sourcefile name="C{name}.java">{listed}{counters}</sourcefile>')
            file.write(_counters(50 * (lines // 3), 50 * (lines - lines // 3)) + "</package>")
        file.write(_counters(files * (lines // 3), files * (lines - lines // 3)) + "</report>")
    return path


def _counters(missed: int, covered: int) -> str:
    kinds = ("INSTRUCTION", "BRANCH", "LINE", "COMPLEXITY", "METHOD")
    return "".join(f'<counter type="{kind}" missed="{missed}" covered="{covered}"/>' for kind in kinds)
