"""OSV-Scanner: findings as the file lists them, severities from wherever the file gives them, licences apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Json, canonical

from .helpers import assert_only_refuses, json_mutations, mutations, read, read_all, recognised, redacted

V31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
CONFIG: Json = {"licenses": {"summary": False, "allowlist": None}}


def vulnerability(id_: str = "GHSA-1", word: str | None = None, *scores: Json, **more: Json) -> dict[str, Json]:
    specific = {"database_specific": {"severity": word}} if word else {}
    return {"id": id_, "summary": "bad", **specific, **({"severity": list(scores)} if scores else {}), **more}


def group(*ids: str, most: str | None = None) -> Json:
    return {"ids": list(ids), "aliases": list(ids), **({} if most is None else {"max_severity": most})}


def entry(*vulnerabilities: Json, groups: Json = (), name: str = "lib", **more: Json) -> Json:
    package = {"name": name, "version": "1.0", "ecosystem": "npm"}
    return {"package": package, "vulnerabilities": list(vulnerabilities), "groups": list(groups), **more}


def report(*entries: Json, config: Json = CONFIG, **more: Json) -> bytes:
    results = [{"source": {"path": "./web/yarn.lock", "type": "lockfile"}, "packages": list(entries)}] if entries else []
    return json.dumps({"results": results, **({"experimental_config": config} if config else {}), **more}).encode()


def scan(data: bytes) -> Any:
    return read("scan", "osv-scanner-json", data).payload


def severity(*vulnerabilities: Json, groups: Json = ()) -> list[str]:
    return [row.severity for row in read("scan", "osv-scanner-json", report(entry(*vulnerabilities, groups=groups))).findings]


def test_what_a_report_says() -> None:
    affected = [
        {"package": {"name": "lib"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}]},
        {"package": {"name": "lib"}, "ranges": [{"type": "GIT", "events": [{"fixed": "abcdef"}]}]},
        {"package": {"name": "else"}, "ranges": [{"type": "SEMVER", "events": [{"fixed": "7"}]}]},
    ]
    parsed = read("scan", "osv-scanner-json", report(entry(vulnerability("GHSA-1", "MODERATE", affected=affected))))
    payload: Any = parsed.payload
    assert (payload.tool, payload.category, payload.total, payload.by_severity.medium, payload.suppressed) == (
        "osv-scanner",
        "sca",
        1,
        1,
        0,
    )
    assert (payload.scanned, payload.scanned_what, payload.incomplete) == (None, None, None)
    (row,) = parsed.findings
    assert (row.rule, row.package, row.package_version, row.path, row.fixed_in) == ("GHSA-1", "lib", "1.0", "web/yarn.lock", "1.1")
    assert parsed.part is None


def test_findings_of_detectors_count() -> None:
    def detected(severity: Json) -> Json:
        advice = {"ID": {"Publisher": "SCALIBR", "Reference": "etc-shadow"}, "Title": "weak passwords", "Sev": severity}
        return {"Adv": advice, "Target": {"Extra": "/etc/shadow: user-x"}, "Plugins": ["w"], "ExploitabilitySignals": None}

    parsed = read(
        "scan", "osv-scanner-json", report(entry(), experimental_generic_findings=[detected(n) for n in (5, 4, 3, 2, 1, 0, 9, None)])
    )
    payload: Any = parsed.payload
    assert payload.total == 8
    assert payload.by_severity.model_dump() == {"critical": 1, "high": 1, "medium": 1, "low": 1, "info": 1, "unknown": 3}
    assert len({row.fingerprint for row in parsed.findings}) == 8
    assert (parsed.findings[0].rule, parsed.findings[0].message) == ("etc-shadow", "weak passwords")


def test_the_first_releases_began_names_with_a_capital_letter() -> None:
    package = {"name": "lib", "version": "1.0", "ecosystem": "npm"}
    listed = {
        "packageSource": {"path": "./web/yarn.lock", "type": "lockfile"},
        "packages": [{"Package": package, "vulnerabilities": [vulnerability()]}],
    }
    data = json.dumps({"results": [listed]}).encode()
    assert recognised(data) == ["osv-scanner-json"]
    (row,) = read("scan", "osv-scanner-json", data).findings
    assert (row.package, row.path) == ("lib", "web/yarn.lock")


def test_every_listed_entry_counts_names_of_one_problem_too() -> None:
    names = group("GHSA-1", "PYSEC-1", most="9.8")
    payload = scan(report(entry(vulnerability("GHSA-1", "CRITICAL"), vulnerability("PYSEC-1"), groups=[names]), entry(vulnerability())))
    assert payload.total == 3


@pytest.mark.parametrize(
    ("own", "groups", "expected"),
    [
        (vulnerability("A", "LOW"), [group("A", most="9.8")], "low"),
        (vulnerability("A", None, {"type": "CVSS_V3", "score": V31}), [group("A", most="5.0")], "critical"),
        (vulnerability("A", "nonsense", {"type": "CVSS_V3", "score": V31}), [], "critical"),
        (vulnerability("A", None, {"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:C/I:C/A:C"}), [], "critical"),
        (vulnerability("A", None, {"type": "Ubuntu", "score": "negligible"}), [], "info"),
        (vulnerability("A"), [group("A", most="7.5")], "high"),
        (vulnerability("A"), [group("A", most="")], "unknown"),
        (vulnerability("A"), [group("A", most="high")], "unknown"),
        (vulnerability("A"), [group("A")], "unknown"),
        (vulnerability("A"), [group("B", most="9.8")], "unknown"),
        (vulnerability("A"), [], "unknown"),
        (vulnerability("A", databaseSpecific={"severity": "HIGH"}), [], "high"),
        (vulnerability("A", affected=[{"package": {"name": "lib"}, "severity": [{"type": "CVSS_V3", "score": V31}]}]), [], "critical"),
        (vulnerability("A", affected=[{"package": {"name": "else"}, "severity": [{"type": "CVSS_V3", "score": V31}]}]), [], "unknown"),
        (vulnerability("MAL-2023-1"), [group("MAL-2023-1", most="")], "unknown"),
    ],
)
def test_where_a_severity_comes_from(own: Json, groups: list[Json], expected: str) -> None:
    assert severity(own, groups=groups) == [expected]


def test_a_name_without_severity_has_that_of_the_problems_other_names() -> None:
    assert severity(vulnerability("GHSA-1", "HIGH"), vulnerability("PYSEC-1"), groups=[group("GHSA-1", "PYSEC-1")]) == ["high", "high"]


def test_packages_without_findings_say_how_many_were_looked_at() -> None:
    payload = scan(report(entry(vulnerability()), entry(name="clean")))
    assert (payload.scanned, payload.scanned_what) == (2, "packages")


@pytest.mark.parametrize("data", [report(), report(config=None), b'{"results": null}'])
def test_a_report_without_packages_is_incomplete(data: bytes) -> None:
    assert recognised(data) == ["osv-scanner-json"]
    payload = scan(data)
    assert (payload.total, payload.scanned) == (0, None)
    assert "no package is listed" in payload.incomplete


def test_licence_violations_are_a_statement_of_their_own() -> None:
    config = {"licenses": {"summary": False, "allowlist": ["MIT"]}}
    bad = entry(name="copyleft", licenses=["GPL-3.0-only"], license_violations=["GPL-3.0-only", "UNKNOWN"])
    sca, licence = read_all("scan", "osv-scanner-json", report(entry(vulnerability("A", "LOW")), bad, config=config))
    first, second = sca.payload.model_dump(), licence.payload.model_dump()
    assert (sca.part, first["category"], first["total"], first["scanned"]) == ("sca", "sca", 1, 2)
    assert (licence.part, second["category"], second["total"], second["by_severity"]["unknown"]) == ("licence", "licence", 2, 2)
    assert [(row.rule, row.package) for row in licence.findings] == [("GPL-3.0-only", "copyleft"), ("UNKNOWN", "copyleft")]


def test_allowed_licences_without_violation_are_a_clean_statement() -> None:
    _, licence = read_all("scan", "osv-scanner-json", report(entry(), config={"licenses": {"allowlist": ["MIT"]}}))
    assert (licence.payload.summary()["total"], licence.payload.summary()["scanned"]) == (0, 1)


def test_a_summary_of_licences_judges_none() -> None:
    assert (
        len(read_all("scan", "osv-scanner-json", report(entry(licenses=["GPL-3.0-only"]), license_summary=[{"name": "GPL", "count": 1}])))
        == 1
    )


def test_a_scan_of_an_image_is_one_of_a_container() -> None:
    assert scan(report(entry(vulnerability()), image_metadata={"os": "debian"})).category == "container"


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        ("ADD file:9d1f in / ", True),
        ('CMD ["sh"]', True),
        ("ENV DB_PASSWORD s3cr3t", False),
        ("RUN |1 NPM_TOKEN=s3cr3t /bin/sh -c npm ci # buildkit", False),
        ("RUN git clone https://s3cr3t@example.org/a.git", False),
        ("RUN curl -H 'Authorization: Bearer s3cr3t' https://example.org", False),
    ],
)
def test_commands_of_layers_that_may_show_a_secret_are_masked(command: str, kept: bool) -> None:
    layers: Json = [{"diff_id": "sha256:1", "command": command, "is_empty": True}, {"diff_id": "sha256:2"}]
    data = report(entry(vulnerability()), image_metadata={"os": "debian", "layer_metadata": layers})
    masked = redacted("scan", "osv-scanner-json", data)
    assert (masked is None) == kept
    if masked is not None:
        assert b"s3cr3t" not in masked
        assert read("scan", "osv-scanner-json", masked) == read("scan", "osv-scanner-json", data)


def test_a_package_known_by_its_commit_only() -> None:
    commit = {"package": {"name": "", "version": "", "ecosystem": "", "commit": "ab" * 20}, "vulnerabilities": [vulnerability()]}
    (row,) = read("scan", "osv-scanner-json", report(commit)).findings
    assert (row.package, row.package_version) == ("ab" * 20, None)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        report(entry(vulnerability()))[:-10],
        report(entry({"summary": "no id"})),
        report(entry(vulnerability(5))),  # type: ignore[arg-type]
        report(entry("GHSA-1")),
        report({"vulnerabilities": []}),
        report(entry(vulnerability(severity="HIGH"))),
        report(entry(vulnerability(), groups=["GHSA-1"])),
        report(entry(vulnerability())).replace(b'"id"', b'"id": "x", "id"'),
        report(entry(vulnerability())).replace(b"bad", b"\xff"),
        b'{"results": ' + b"[" * 5000,
    ],
)
def test_refuses(data: bytes) -> None:
    recognised(data)
    with pytest.raises(InputError):
        read("scan", "osv-scanner-json", data)


def test_recognises_its_own_and_no_look_alike() -> None:
    assert recognised(report(entry(vulnerability()))) == ["osv-scanner-json"]
    assert recognised(b'{"results": [], "errors": [], "paths": {"scanned": []}}') != ["osv-scanner-json"]
    assert recognised(b'{"results": [{"check_id": "x"}]}') == []
    assert recognised(b'{"results": [], "somebody": "else"}') == []


SAMPLE = report(
    entry(
        vulnerability("A", "HIGH", {"type": "CVSS_V3", "score": V31}, affected=[{"package": {"name": "lib"}, "ranges": []}]),
        groups=[group("A", most="9.8")],
        license_violations=["GPL-3.0-only"],
    )
)


@given(mutations(SAMPLE))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("scan", "osv-scanner-json", data)


@settings(max_examples=300)
@given(json_mutations(SAMPLE))
def test_mutated_values_are_refused_or_read(data: bytes) -> None:
    parsed = assert_only_refuses("scan", "osv-scanner-json", data)
    if parsed is not None:
        canonical(parsed.payload.model_dump(mode="json"))
