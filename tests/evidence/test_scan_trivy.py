"""Trivy: all layouts; up to four statements, and which ones a clean file makes; exceptions, modified findings; secrets masked."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Finding, Json, canonical

from .helpers import json_mutations, mutations, read_all, recognised, redacted


def vulnerability(flaw: str = "CVE-2023-46218", severity: str | None = "HIGH", **more: Json) -> dict[str, Json]:
    return {
        "VulnerabilityID": flaw,
        "PkgName": "curl",
        "InstalledVersion": "7.81.0",
        "FixedVersion": "7.81.1",
        "Status": "fixed",
        "Title": "curl: flaw",
        "CVSS": {"nvd": {"V3Score": 2.0}},
        **({} if severity is None else {"Severity": severity}),
    } | more


def check(status: str = "FAIL", severity: str = "MEDIUM", **more: Json) -> dict[str, Json]:
    lines = [{"Number": 3, "Content": "USER root", "IsCause": True, "Highlighted": "USER root"}]
    return {
        "Type": "Dockerfile Security Check",
        "ID": "DS002",
        "AVDID": "AVD-DS-0002",
        "Title": "Image user should not be 'root'",
        "Message": "Specify at least 1 USER command",
        "Severity": severity,
        "Status": status,
        "CauseMetadata": {"Provider": "Dockerfile", "Resource": "r", "StartLine": 3, "EndLine": 3, "Code": {"Lines": lines}},
    } | more


def secret(severity: str = "CRITICAL", **more: Json) -> dict[str, Json]:
    lines = [{"Number": 1, "Content": 'key = "TOPSECRET"', "IsCause": True, "Highlighted": "TOPSECRET"}]
    return {
        "RuleID": "aws-access-key-id",
        "Category": "AWS",
        "Severity": severity,
        "Title": "AWS Access Key ID",
        "StartLine": 1,
        "EndLine": 1,
        "Code": {"Lines": lines},
        "Match": 'key = "TOPSECRET"',
        "Layer": {"CreatedBy": "ENV DB_PASSWORD=TOPSECRET"},
    } | more


def licence(severity: str = "HIGH", **more: Json) -> dict[str, Json]:
    return {
        "Severity": severity,
        "Category": "restricted",
        "PkgName": "apk-tools",
        "FilePath": "",
        "Name": "GPL-2.0",
        "Confidence": 1,
        "Link": "",
    } | more


def target(class_: str | None = "lang-pkgs", name: str = "package-lock.json", **more: Json) -> dict[str, Json]:
    return {"Target": name} | ({"Class": class_} if class_ else {}) | more


def report(*results: Json, artifact: str = "filesystem", **more: Json) -> bytes:
    document: dict[str, Json] = {"SchemaVersion": 2, "ArtifactName": "app", "ArtifactType": artifact, "Metadata": {"ImageConfig": {}}}
    return json.dumps(document | ({"Results": list(results)} if results else {}) | more).encode()


def modified(type_: str, found: Json) -> dict[str, Json]:
    return {"Type": type_, "Status": "ignored", "Statement": "why", "Source": ".trivyignore", "Finding": found}


def statements(data: bytes) -> dict[str, Any]:
    """Payloads by category."""
    found: dict[str, Any] = {}
    for parsed in read_all("scan", "trivy-json", data):
        payload: Any = parsed.payload
        found[payload.category] = payload
    return found


def only(data: bytes) -> Any:
    (payload,) = statements(data).values()
    return payload


def rows(data: bytes) -> list[Finding]:
    return [row for parsed in read_all("scan", "trivy-json", data) for row in parsed.findings]


def test_vulnerabilities_by_severity() -> None:
    words = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN", "", None)
    found = [vulnerability(f"CVE-{n}", word) for n, word in enumerate(words)]
    payload = only(report(target(Vulnerabilities=found, Packages=[{"Name": "curl"}, {"Name": "ms"}]), target(name="b", Packages=[{}])))
    assert payload.by_severity.model_dump() == {"critical": 1, "high": 1, "medium": 1, "low": 1, "info": 0, "unknown": 3}
    assert (payload.tool, payload.category, payload.total, payload.suppressed) == ("trivy", "sca", 7, 0)
    assert (payload.scanned, payload.scanned_what, payload.errors, payload.incomplete) == (3, "packages", None, None)


def test_the_status_never_takes_a_finding_away() -> None:
    statuses = ("affected", "fixed", "will_not_fix", "end_of_life", "fix_deferred", "not_affected", "under_investigation", "unknown", None)
    found = [vulnerability(f"CVE-{n}", "LOW", Status=status) for n, status in enumerate(statuses)]
    assert only(report(target(Vulnerabilities=found))).total == len(statuses)


def test_packages_and_places() -> None:
    inner = vulnerability("CVE-2", PkgPath="usr/lib/node_modules/npm/package.json", FixedVersion="")
    first, second = rows(report(target(Vulnerabilities=[vulnerability(), inner])))
    assert (first.rule, first.package, first.package_version, first.fixed_in) == ("CVE-2023-46218", "curl", "7.81.0", "7.81.1")
    assert (first.path, first.message) == ("package-lock.json", "curl: flaw")
    assert (second.path, second.fixed_in) == ("usr/lib/node_modules/npm/package.json", None)


def test_fingerprints_of_system_packages_hold_over_tags_of_the_image() -> None:
    def image(tag: str, class_: str | None, type_: str | None) -> Finding:
        result = target(class_, f"app:{tag} (debian 12.1)", Vulnerabilities=[vulnerability()])
        return rows(report(result | ({"Type": type_} if type_ else {}), artifact="container_image"))[0]

    for class_, type_ in (("os-pkgs", "debian"), (None, "debian"), (None, None)):
        assert image("1", class_, type_).fingerprint == image("2", class_, type_).fingerprint
        assert image("1", class_, type_).path is None


@pytest.mark.parametrize(
    ("data", "category"),
    [
        (report(target()), "sca"),
        (report(target(), artifact="repository"), "sca"),
        (report(target(), artifact="cyclonedx"), "sca"),
        (report(target(), artifact="container_image"), "container"),
        (report(target(), artifact="vm"), "container"),
        (report(target(), target("os-pkgs", "host")), "container"),
        (report(), "sca"),
        (report(artifact="container_image"), "container"),
        (report(artifact="aws_account"), "iac"),
        (report(target("config")), "iac"),
        (report(target("secret")), "secrets"),
        (report(target("license-file")), "licence"),
        (json.dumps([target(None, "x", Type="npm", Vulnerabilities=None)]).encode(), "sca"),
        (json.dumps([target(None, "x", Type="alpine", Vulnerabilities=None)]).encode(), "container"),
        (json.dumps([target(None, "alpine:3.10 (alpine 3.10.2)", Vulnerabilities=None)]).encode(), "container"),
    ],
)
def test_category(data: bytes, category: str) -> None:
    assert recognised(data) == ["trivy-json"]
    assert only(data).category == category


def test_a_file_with_everything_is_four_statements() -> None:
    data = report(
        target("os-pkgs", "app (debian 12)", Vulnerabilities=[vulnerability()], Packages=[{}, {}]),
        target("config", "Dockerfile", Misconfigurations=[check()], MisconfSummary={"Successes": 20, "Failures": 1}),
        target("secret", "/.env", Secrets=[secret()]),
        target("license", "OS Packages", Licenses=[licence(), licence("LOW")]),
        artifact="container_image",
        CreatedAt="2024-01-15T08:58:29.82753744+01:00",
        Trivy={"Version": "0.72.0"},
    )
    parsed = read_all("scan", "trivy-json", data)
    assert [one.part for one in parsed] == ["container", "iac", "secrets", "licence"]
    found = statements(data)
    assert {category: payload.total for category, payload in found.items()} == {"container": 1, "iac": 1, "secrets": 1, "licence": 2}
    assert (found["container"].scanned, found["iac"].scanned, found["secrets"].scanned_what) == (2, None, None)
    assert {one.observed_at for one in parsed} == {datetime(2024, 1, 15, 7, 58, 29, 827537, tzinfo=UTC)}
    assert {payload.tool_version for payload in found.values()} == {"0.72.0"}
    assert all(payload.incomplete is None for payload in found.values())


def test_a_clean_target_states_what_its_class_says() -> None:
    data = report(target("os-pkgs", "app (debian 12)", Packages=[{}]), target("config", "Dockerfile"), artifact="container_image")
    found = statements(data)
    assert {category: (payload.total, payload.incomplete) for category, payload in found.items()} == {
        "container": (0, None),
        "iac": (0, None),
    }


def test_a_report_without_targets_is_no_clean_scan() -> None:
    for data in (report(), report(Results=None), report(Results=[])):
        payload = only(data)
        assert (payload.total, payload.incomplete) == (0, "the report lists nothing that was scanned")


def test_packages_that_are_not_listed_are_not_counted() -> None:
    assert only(report(target())).scanned is None
    assert only(report(target(Packages=[{}]), target(Vulnerabilities=[vulnerability()]))).scanned is None
    assert only(report(target(Packages=[{}]), target())).scanned == 1


def test_passed_checks_are_none_and_exceptions_are_suppressed() -> None:
    data = report(target("config", "./Dockerfile", Misconfigurations=[check(), check("PASS"), check("EXCEPTION"), check("", "LOW")]))
    payload = only(data)
    assert (payload.category, payload.total, payload.suppressed) == ("iac", 2, 1)
    first = rows(data)[0]
    assert (first.rule, first.path, first.line) == ("DS002", "Dockerfile", 3)
    assert first.message == "Image user should not be 'root': Specify at least 1 USER command"


def test_summaries_are_compared_with_what_is_listed() -> None:
    def summed(**counts: int) -> Any:
        return only(report(target("config", "a", Misconfigurations=[check(), check("EXCEPTION")], MisconfSummary=counts)))

    assert summed(Successes=3, Failures=1, Exceptions=1).incomplete is None
    assert summed(Failures=3).incomplete == "1 failed check is listed, but summaries count 3 (filtered or cut)"
    assert summed(Failures=1, Exceptions=3).suppressed == 3


def test_checks_keep_their_fingerprint_over_line_moves() -> None:
    def at(line: int) -> str:
        cause = {"Resource": "r", "StartLine": line}
        return rows(report(target("config", "a", Misconfigurations=[check(CauseMetadata=cause)])))[0].fingerprint

    assert at(3) == at(30)


def test_modified_findings_are_suppressed_each_in_its_statement() -> None:
    changed = [
        modified("vulnerability", vulnerability("CVE-9")),
        modified("misconfiguration", check()),
        modified("secret", secret()),
        modified("license", licence()),
    ]
    found = statements(report(target(Vulnerabilities=[vulnerability()], ExperimentalModifiedFindings=changed)))
    assert {category: (payload.total, payload.suppressed) for category, payload in found.items()} == {
        "sca": (1, 1),
        "iac": (0, 1),
        "secrets": (0, 1),
        "licence": (0, 1),
    }


def test_the_legacy_list() -> None:
    legacy = [
        target(None, "php-app/composer.lock", Type="composer", Vulnerabilities=[{"PkgName": "simplito/elliptic-php"}]),
        target(None, "node-app/package-lock.json", Type="npm", Vulnerabilities=[vulnerability()]),
        target(None, "ruby-app/Gemfile.lock", Type="bundler", Vulnerabilities=None),
    ]
    data = json.dumps(legacy).encode()
    assert recognised(data) == ["trivy-json"]
    payload = only(data)
    assert (payload.total, payload.by_severity.high, payload.by_severity.unknown) == (2, 1, 1)
    assert rows(data)[0].rule == "unknown"


def resource(*results: Json, name: str = "api", **more: Json) -> dict[str, Json]:
    return {"Namespace": "prod", "Kind": "Deployment", "Name": name, "Results": list(results)} | more


@pytest.mark.parametrize("layout", ["Resources", "Findings", "Vulnerabilities"])
def test_clusters(layout: str) -> None:
    image = target("os-pkgs", "app (debian 12)", Vulnerabilities=[vulnerability()])
    manifest = target("config", "Deployment/api", Misconfigurations=[check()])
    document: dict[str, Json] = {"ClusterName": "minikube"}
    if layout == "Vulnerabilities":
        document |= {"Vulnerabilities": [resource(image)], "Misconfigurations": [resource(manifest)]}
    else:
        document |= {layout: [resource(image, manifest)]}
    data = json.dumps(document).encode()
    assert recognised(data) == ["trivy-json"]
    found = statements(data)
    assert {category: (payload.total, payload.errors) for category, payload in found.items()} == {"container": (1, 0), "iac": (1, 0)}


def test_resources_of_a_cluster_are_told_apart_and_their_errors_counted() -> None:
    image = target("os-pkgs", "app (debian 12)", Vulnerabilities=[vulnerability()])
    listed = [resource(image), resource(image, name="web"), {"Kind": "Pod", "Name": "x", "Error": "no such image"}]
    data = json.dumps({"ClusterName": "", "Resources": listed}).encode()
    payload = only(data)
    assert (payload.total, payload.errors, payload.incomplete) == (2, 1, "1 resource of the cluster could not be scanned")
    first, second = rows(data)
    assert first.fingerprint != second.fingerprint


def test_a_distribution_past_its_end_of_life_is_incomplete() -> None:
    system = {"OS": {"Family": "debian", "Name": "9.1", "EOSL": True}}
    found = statements(report(target("os-pkgs", "x"), target("config", "y"), Metadata=system))
    assert found["container"].incomplete == "debian 9.1 is past its end of life: advisories for it are no longer complete"
    assert found["iac"].incomplete is None


def test_the_commit_of_a_repository_is_taken_when_it_is_whole() -> None:
    for commit, expected in (("a" * 40, "a" * 40), ("a" * 7, None), (None, None)):
        (parsed,) = read_all("scan", "trivy-json", report(target(), artifact="repository", Metadata={"Commit": commit}))
        assert parsed.commit == expected


@pytest.mark.parametrize("more", [{"SchemaVersion": 2}, {"SchemaVersion": 2, "CreatedAt": "2026-03-01T10:00:00Z"}])
def test_a_cluster_without_resources_is_incomplete(more: dict[str, Json]) -> None:
    data = json.dumps(more | {"ClusterName": "x"}).encode()
    assert recognised(data) == ["trivy-json"]
    (parsed,) = read_all("scan", "trivy-json", data)
    payload: Any = parsed.payload
    assert (payload.total, payload.incomplete) == (0, "the report lists nothing that was scanned")


def test_recognises_no_look_alike() -> None:
    documents: tuple[Json, ...] = (
        None,
        [],
        [{"Target": "x"}],
        [{"Target": "x", "Vulnerabilities": [], "Foreign": 1}],
        {"Results": []},
        {"SchemaVersion": 2},
        {"schemaVersion": 2, "ArtifactType": "x"},
        {"ClusterName": "x"},
        {"ID": "k8s-nsa", "Title": "t", "Results": [{"ID": "1.0"}]},
    )
    for document in documents:
        assert recognised(json.dumps(document).encode()) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'"x"',
        report(target(Vulnerabilities=[vulnerability()]))[:-20],
        report(target(), SchemaVersion=3),
        report(target(), SchemaVersion="2"),
        report(Results={}),
        report(target(Vulnerabilities={})),
        report(target(Vulnerabilities=[vulnerability(Severity=3)])),
        report(target("config", Misconfigurations=[check(CauseMetadata={"StartLine": 2**40})])),
        report(target("config", MisconfSummary={"Failures": -1})),
        report(target(ExperimentalModifiedFindings=[modified("wasm", {})])),
        report(target(ExperimentalModifiedFindings=[modified("secret", {"RuleID": 1})])),
        report(target("secret", Secrets=[secret(StartLine=2**40)])),
        json.dumps({"ClusterName": "x", "Resources": {}}).encode(),
        report(target()).replace(b'"ArtifactName": "app"', b'"ArtifactName": "app", "ArtifactName": "b"'),
        report(target(name="\\ud800")).replace(b"\\\\ud800", b"\\ud800"),
        report(target()).replace(b"package-lock", b"\xff"),
        b"[" * 5000,
    ],
)
def test_refuses(data: bytes) -> None:
    recognised(data)
    with pytest.raises(InputError):
        read_all("scan", "trivy-json", data)


def test_a_long_target_is_read_in_linear_time() -> None:
    assert only(json.dumps([target(None, "(suse linux enterprise " * 50_000, Vulnerabilities=None)]).encode()).category == "sca"


@pytest.mark.parametrize(
    "data",
    [
        report(target("secret", "/.env", Secrets=[secret()])),
        report(target("secret", "/.env", ExperimentalModifiedFindings=[modified("secret", secret())])),
        json.dumps([target("secret", "/.env", Secrets=[secret()])]).encode(),
        json.dumps({"ClusterName": "x", "Resources": [resource(target("secret", "/.env", Secrets=[secret()]))]}).encode(),
        report(
            target(
                "config",
                "Dockerfile",
                Misconfigurations=[
                    check(
                        Title="Secrets passed via `build-args` or envs or copied secret files",
                        Message="Possible exposure: DB_KEY=TOPSECRET",
                        CauseMetadata={
                            "StartLine": 1,
                            "Code": {"Lines": [{"Number": 1, "Content": "DB_KEY=TOPSECRET"}]},
                            "RenderedCause": {"Raw": "TOPSECRET"},
                        },
                    )
                ],
            )
        ),
        report(
            target(),
            Metadata={
                "ImageConfig": {
                    "config": {"Env": ["PATH=/bin", "DB_PASSWORD=TOPSECRET"]},
                    "history": [{"created_by": "ENV API_TOKEN=TOPSECRET PATH=/bin"}, {"created_by": 'ENV AUTH="TOPSECRET x"'}],
                }
            },
        ),
    ],
)
def test_secrets_are_masked_before_anything_is_stored(data: bytes) -> None:
    masked = redacted("scan", "trivy-json", data)
    assert masked is not None
    assert b"TOPSECRET" not in masked
    assert [(parsed.part, parsed.payload) for parsed in read_all("scan", "trivy-json", masked)] == [
        (parsed.part, parsed.payload) for parsed in read_all("scan", "trivy-json", data)
    ]
    assert redacted("scan", "trivy-json", masked) is None


def test_equal_secrets_are_told_apart_by_their_place() -> None:
    one, other = rows(report(target("secret", "/a", Secrets=[secret()]), target("secret", "/b", Secrets=[secret()])))
    assert one.fingerprint != other.fingerprint


def test_nothing_is_masked_where_no_secret_is() -> None:
    environment = {"ImageConfig": {"config": {"Env": ["PATH=/bin"]}, "history": [{"created_by": "COPY a=b ."}]}}
    data = report(target(Vulnerabilities=[vulnerability()]), target("config", "a", Misconfigurations=[check()]), Metadata=environment)
    assert redacted("scan", "trivy-json", data) is None


EVERYTHING = report(
    target(
        "os-pkgs",
        "app (debian 12)",
        Vulnerabilities=[vulnerability()],
        Packages=[{}],
        ExperimentalModifiedFindings=[modified("secret", secret())],
    ),
    target("config", "Dockerfile", Misconfigurations=[check()], MisconfSummary={"Failures": 1, "Exceptions": 0}),
    target("secret", "/.env", Secrets=[secret()]),
    target("license", "OS Packages", Licenses=[licence()]),
    Metadata={
        "OS": {"Family": "debian", "EOSL": True},
        "ImageConfig": {"config": {"Env": ["A_TOKEN=b"]}, "history": [{"created_by": "x"}]},
    },
)


@given(mutations(EVERYTHING))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    _only_refuses(data)


@settings(max_examples=300)
@given(json_mutations(EVERYTHING))
def test_mutated_values_are_refused_or_read(data: bytes) -> None:
    _only_refuses(data)


@settings(max_examples=100)
@given(
    json_mutations(json.dumps({"ClusterName": "x", "Resources": [resource(target(Vulnerabilities=[vulnerability()]), Error="e")]}).encode())
)
def test_mutated_clusters_are_refused_or_read(data: bytes) -> None:
    _only_refuses(data)


@settings(max_examples=100)
@given(json_mutations(json.dumps([target(None, "x (debian 10)", Vulnerabilities=[vulnerability()])]).encode()))
def test_mutated_lists_are_refused_or_read(data: bytes) -> None:
    _only_refuses(data)


def _only_refuses(data: bytes) -> None:
    recognised(data)
    try:
        clean = redacted("scan", "trivy-json", data) or data
        for parsed in read_all("scan", "trivy-json", clean):
            canonical(parsed.payload.model_dump(mode="json"))
    except InputError as error:
        assert error.reason.strip()
