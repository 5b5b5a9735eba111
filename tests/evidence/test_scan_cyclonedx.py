"""Vulnerabilities inside CycloneDX: which of them are open, how severe they are, and when a list says too little."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Json, canonical

from .helpers import assert_only_refuses, format_of, json_mutations, mutations, read, recognised

ratings: Any = importlib.import_module("compliance.evidence.scan.ratings")
Rating: Any = importlib.import_module("compliance.evidence._bom").Rating

LIBRARY: Json = {"type": "library", "bom-ref": "r1", "group": "org", "name": "lib", "version": "1.0"}
OTHER: Json = {"type": "library", "bom-ref": "r2", "name": "other", "version": "2.0"}
V31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def vulnerability(id_: str | None = "CVE-1", *given_: Json, state: str | None = None, affects: Json = ("r1",), **more: Json) -> Json:
    found = {
        "ratings": list(given_) or [{"severity": "high", "method": "CVSSv31", "score": 7.5}],
        "affects": [{"ref": ref} for ref in affects],
    }
    return {**({"id": id_} if id_ else {}), **found, **({"analysis": {"state": state}} if state else {}), **more}


def bom(*vulnerabilities: Json, components: Json = (LIBRARY, OTHER), **more: Json) -> bytes:
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": list(components), "vulnerabilities": list(vulnerabilities)}
    return json.dumps({**document, **more}).encode()


def xml(inner: str, version: str = "1.6") -> bytes:
    return f'<bom xmlns="http://cyclonedx.org/schema/bom/{version}" xmlns:v="{EXTENSION}">{inner}</bom>'.encode()


EXTENSION = "http://cyclonedx.org/schema/ext/vulnerability/1.0"
LISTED = (
    '<components><component type="library" bom-ref="r1"><group>org</group><name>lib</name><version>1.0</version></component></components>'
)


def scan(data: bytes, form: str = "cyclonedx-json") -> Any:
    return read("scan", form, data).payload


def test_what_a_list_says() -> None:
    metadata = {"timestamp": "2026-03-01T10:00:00Z", "tools": [{"vendor": "anchore", "name": "grype", "version": "0.80.0"}]}
    parsed = read("scan", "cyclonedx-json", bom(vulnerability(description="text " * 1000), metadata=metadata))
    payload: Any = parsed.payload
    assert (payload.tool, payload.tool_version, payload.category, payload.total, payload.suppressed) == ("grype", "0.80.0", "sca", 1, 0)
    assert (payload.scanned, payload.scanned_what, payload.errors, payload.incomplete) == (2, "packages", None, None)
    assert payload.by_severity.high == 1
    assert parsed.observed_at is not None
    (row,) = parsed.findings
    assert (row.rule, row.severity, row.package, row.package_version, row.state) == ("CVE-1", "high", "org/lib", "1.0", "open")
    assert len(row.message or "") == 2000


@pytest.mark.parametrize("state", ["not_affected", "false_positive", "resolved", "resolved_with_pedigree"])
def test_what_an_analysis_closes_is_suppressed(state: str) -> None:
    payload = scan(bom(vulnerability(state=state), vulnerability("CVE-2")))
    assert (payload.total, payload.suppressed) == (1, 1)


@pytest.mark.parametrize("state", ["exploitable", "in_triage", "NOT_AFFECTED", "unheard_of", None])
def test_everything_else_is_open(state: str | None) -> None:
    payload = scan(bom(vulnerability(state=state)))
    assert (payload.total, payload.suppressed) == (1, 0)


@pytest.mark.parametrize(
    ("rating", "expected"),
    [
        ({"score": "7.2"}, "high"),
        ({"score": "7.2", "method": "CVSSv3.1"}, "high"),
        ({"score": 7.2, "method": "Null"}, "high"),
        ({"score": 7.2, "method": "OWASP"}, "unknown"),
        ({"score": 9.5, "method": "other"}, "unknown"),
        ({"score": 9.5, "method": "other", "severity": "low"}, "low"),
        ({"score": 0.93, "source": {"url": "https://api.first.org/data/v1/epss?cve=CVE-1"}}, "unknown"),
        ({"score": 0.93, "source": {"name": "EPSS"}}, "unknown"),
        ({"score": 0.93, "source": {"name": "NVD"}}, "low"),
        ({"score": 6.0, "method": "CVSSv2.0"}, "medium"),
    ],
)
def test_scores_count_on_the_scale_of_cvss_only(rating: dict[str, Json], expected: str) -> None:
    (row,) = read("scan", "cyclonedx-json", bom(vulnerability("CVE-1", rating))).findings
    assert row.severity == expected
    source: Any = rating.get("source", {})
    names = "".join(f"<{name}>{value}</{name}>" for name, value in source.items())
    parts = [
        f"<source>{names}</source>",
        *(f"<{name}>{rating[name]}</{name}>" for name in ("score", "severity", "method") if name in rating),
    ]
    inner = (
        f"<vulnerabilities><vulnerability><id>X</id><ratings><rating>{''.join(parts)}</rating></ratings></vulnerability></vulnerabilities>"
    )
    (row,) = read("scan", "cyclonedx-xml", xml(LISTED + inner)).findings
    assert row.severity == expected


def test_scores_may_have_an_exponent_and_nothing_else() -> None:
    found = (
        "<vulnerabilities><vulnerability><id>X</id><ratings><rating><score>{}</score></rating></ratings></vulnerability></vulnerabilities>"
    )
    (row,) = read("scan", "cyclonedx-xml", xml(LISTED + found.format("7.600000244565308E-4"))).findings
    assert row.severity == "low"
    for score in ("7,5", "high", "1e999", "-1", "nan"):
        with pytest.raises(InputError, match="score"):
            read("scan", "cyclonedx-xml", xml(LISTED + found.format(score)))
        with pytest.raises(InputError, match="score"):
            read("scan", "cyclonedx-json", bom(vulnerability("CVE-1", {"score": score})))


def test_one_entry_is_one_finding_whatever_it_affects() -> None:
    parsed = read("scan", "cyclonedx-json", bom(vulnerability(affects=("r1", "r2", "r1", "pkg:npm/gone@1", "urn:cdx:x/1#r9"))))
    payload: Any = parsed.payload
    assert payload.total == len(parsed.findings) == 1
    assert (parsed.findings[0].package, parsed.findings[0].package_version) == ("org/lib, other, pkg:npm/gone@1 and 1 more", None)


def test_equal_entries_count_each_and_are_told_apart() -> None:
    rows = read("scan", "cyclonedx-json", bom(vulnerability(), vulnerability())).findings
    assert len({row.fingerprint for row in rows}) == 2


def test_an_entry_without_id_is_named_by_its_reference() -> None:
    rows = read("scan", "cyclonedx-json", bom(vulnerability(None, **{"bom-ref": "v7"}), vulnerability(None))).findings
    assert [row.rule for row in rows] == ["v7", "vulnerability without id"]


@pytest.mark.parametrize(
    ("data", "form", "why"),
    [
        (bom(), "cyclonedx-json", "the list of vulnerabilities is empty"),
        (bom(vulnerability(state="not_affected"), components=()), "cyclonedx-json", "no component is listed"),
        (xml(LISTED + "<vulnerabilities/>"), "cyclonedx-xml", "the list of vulnerabilities is empty"),
        (xml("<vulnerabilities><vulnerability><id>X</id></vulnerability></vulnerabilities>"), "cyclonedx-xml", "no component is listed"),
    ],
)
def test_what_says_too_little_is_incomplete(data: bytes, form: str, why: str) -> None:
    assert recognised(data) == [form]
    assert why in scan(data, form).incomplete


@pytest.mark.parametrize(
    "data",
    [
        bom().replace(b', "vulnerabilities": []', b""),
        bom().replace(b"[]", b"null"),
        xml(LISTED),
        xml("<components><component><name>vulnerability</name><description>vulnerabilities</description></component></components>"),
        xml(LISTED)[:-8] + b"<!-- vulnerabilities -->",
    ],
)
def test_a_file_without_a_list_claims_no_scan(data: bytes) -> None:
    for form in ("cyclonedx-json", "cyclonedx-xml"):
        assert not format_of("scan", form).recognise(_source(data))
    assert recognised(data) in (["cyclonedx-json"], ["cyclonedx-xml"]), "the other kind does"


def _source(data: bytes) -> Any:
    from compliance.source import Source

    return Source("test", data)


def rating(severity: str | None = None, method: str | None = None, score: float | None = None, vector: str | None = None) -> Any:
    return Rating(method, severity, score, vector)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ([], "unknown"),
        ([rating("critical", "CVSSv31"), rating("low", "OWASP")], "critical"),
        ([rating("low", "OWASP"), rating("critical", "CVSSv31")], "critical"),
        ([rating("high"), rating(None, "CVSSv31", 9.8)], "critical"),
        ([rating("medium", "CVSSv31"), rating("high", "CVSSv2")], "medium"),
        ([rating("high", "CVSSv2")], "high"),
        ([rating("high", "CVSSv2"), rating("unknown", "CVSSv31")], "high"),
        ([rating("none", "CVSSv31", 0.0)], "info"),
        ([rating("low", "CVSSv31", 9.8)], "low"),
        ([rating("nonsense", "CVSSv31", 9.8)], "critical"),
        ([rating(None, None, 11.0)], "unknown"),
        ([rating(None, "CVSSv31", None, V31)], "critical"),
        ([rating(None, "CVSSv31", None, V31.removeprefix("CVSS:3.1/"))], "critical"),
        ([rating(None, "CVSS_V3", None, "AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N")], "high"),
        ([rating(None, "CVSSv4", None, "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N")], "critical"),
        ([rating(None, "CVSSv2", None, "(AV:N/AC:L/Au:N/C:P/I:P/A:P)")], "high"),
        ([rating(None, "CVSSv31", None, "AV:N/nonsense")], "unknown"),
        ([rating(None, "CVSSv31", None, "AV:N/" * 10_000)], "unknown"),
        ([rating(None, None, None, "")], "unknown"),
    ],
)
def test_the_highest_rating_counts_and_version_2_only_alone(given_: list[Any], expected: str) -> None:
    assert ratings.highest(given_).value == expected


def test_xml_says_the_same_as_json() -> None:
    inner = (
        LISTED + '<vulnerabilities><vulnerability bom-ref="v"><id>CVE-1</id><ratings><rating><score>7.5</score><severity>high</severity>'
        "<method>CVSSv31</method></rating></ratings><description>text</description><analysis><state>in_triage</state></analysis>"
        "<affects><target><ref>r1</ref></target></affects></vulnerability></vulnerabilities>"
    )
    json_ = bom(vulnerability(description="text", state="in_triage"), components=(LIBRARY,))
    assert read("scan", "cyclonedx-xml", xml(inner)) == read("scan", "cyclonedx-json", json_)


RATED = (
    "<v:ratings><v:rating><v:severity>Low</v:severity><v:method>OWASP Risk</v:method></v:rating><v:rating><v:score><v:base>9.8</v:base>"
    "<v:impact>5.9</v:impact></v:score><v:method>CVSSv3</v:method></v:rating></v:ratings>"
)


def test_the_extension_beside_the_components() -> None:
    inner = f'{LISTED}<v:vulnerabilities><v:vulnerability ref="r1"><v:id>CVE-1</v:id>{RATED}</v:vulnerability></v:vulnerabilities>'
    parsed = read("scan", "cyclonedx-xml", xml(inner, "1.2"))
    payload: Any = parsed.payload
    assert (payload.total, payload.by_severity.critical, payload.scanned) == (1, 1, 1)
    assert (parsed.findings[0].rule, parsed.findings[0].package) == ("CVE-1", "org/lib")


def test_the_extension_inside_components() -> None:
    one = f"<v:vulnerability><v:id>CVE-1</v:id>{RATED}</v:vulnerability>"
    inner = (
        '<components><component bom-ref="r1"><name>lib</name><version>1</version>'
        f"<v:vulnerabilities>{one}{one}</v:vulnerabilities></component>"
        f'<component bom-ref="r2"><name>other</name><version>2</version>{one}</component></components>'
    )
    parsed = read("scan", "cyclonedx-xml", xml(inner, "1.1"))
    payload: Any = parsed.payload
    assert (payload.total, payload.scanned) == (3, 2)
    assert [row.package for row in parsed.findings] == ["lib", "lib", "other"]
    assert read("sbom", "cyclonedx-xml", xml(inner, "1.1")).payload.summary()["components"] == 2


@pytest.mark.parametrize(
    "data",
    [
        bom(vulnerability())[:-10],
        bom("CVE-1"),
        bom(vulnerability("CVE-1", {"score": "7,5"})),
        bom(vulnerability("CVE-1", {"severity": 3})),
        bom({"id": 5}),
        bom({"id": "x", "affects": "r1"}),
        bom(vulnerability()).replace(b'"id": "CVE-1"', b'"id": "CVE-1", "id": "CVE-2"'),
        bom(vulnerability("CVE-1", {"score": 1.0})).replace(b"1.0", b"1e999"),
        bom(vulnerability("CVE-1", {"score": 1.0})).replace(b"1.0", b"NaN"),
        bom().replace(b'"vulnerabilities": []', b'"vulnerabilities": {}'),
    ],
)
def test_json_that_is_refused(data: bytes) -> None:
    recognised(data)
    with pytest.raises(InputError):
        read("scan", "cyclonedx-json", data)


@pytest.mark.parametrize("score", ["high", "1e3", "-1", "9,8", "1" * 400, "&#x221e;"])
def test_xml_scores_that_are_no_numbers_are_refused(score: str) -> None:
    rated = f"<ratings><rating><score>{score}</score></rating></ratings>"
    with pytest.raises(InputError, match="expected a number"):
        scan(xml(f"{LISTED}<vulnerabilities><vulnerability><id>X</id>{rated}</vulnerability></vulnerabilities>"), "cyclonedx-xml")


SAMPLE = bom(vulnerability(state="in_triage"), vulnerability("CVE-2", {"vector": V31, "method": "CVSSv31"}, affects=("r2", "gone")))
XML_SAMPLE = xml(f'{LISTED}<v:vulnerabilities><v:vulnerability ref="r1"><v:id>C</v:id>{RATED}</v:vulnerability></v:vulnerabilities>', "1.2")


@given(mutations(SAMPLE))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("scan", "cyclonedx-json", data)


@given(mutations(XML_SAMPLE))
def test_mutated_xml_is_refused_or_read(data: bytes) -> None:
    assert_only_refuses("scan", "cyclonedx-xml", data)


@settings(max_examples=300)
@given(json_mutations(SAMPLE))
def test_mutated_values_are_refused_or_read(data: bytes) -> None:
    parsed = assert_only_refuses("scan", "cyclonedx-json", data)
    if parsed is not None:
        canonical(parsed.payload.model_dump(mode="json"))
