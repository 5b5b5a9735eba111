"""ZAP: each alert of a site once, false positives apart, runs that reached little, secrets in requests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.record import Json, canonical

from .helpers import assert_only_refuses, json_mutations, mutations, outcome, read, recognised, redacted


def alert(risk: Json = "2", **more: Json) -> dict[str, Json]:
    instances = [{"id": "1", "uri": "https://shop.example/a?q=1#x", "method": "GET"}, {"uri": "https://shop.example/b", "method": "GET"}]
    found = {"pluginid": "10038", "alertRef": "10038-1", "alert": "CSP not set", "name": "CSP not set", "riskcode": risk, "confidence": "3"}
    return {**found, "riskdesc": "Medium (High)", "desc": "<p>d</p>", "instances": instances, "count": "2", "cweid": "693", **more}


def site(*alerts: Json, name: str = "https://shop.example") -> dict[str, Json]:
    return {"@name": name, "@host": "shop.example", "@port": "443", "@ssl": "true", "alerts": list(alerts)}


def report(*sites: Json, **more: Json) -> bytes:
    head = {
        "@programName": "ZAP",
        "@version": "2.17.0",
        "@generated": "Sun, 1 Mar 2026 10:00:00",
        "created": "2026-03-01T09:00:00.123456789Z",
    }
    return json.dumps({**head, "site": list(sites), **more}).encode()


def parsed(data: bytes) -> Any:
    return read("scan", "zap-json", data)


def test_one_alert_of_one_site_is_one_finding() -> None:
    data = report(site(alert(), alert("0", pluginid="10109")), site(alert("3"), name="https://other.example"))
    assert recognised(data) == ["zap-json"]
    payload = parsed(data).payload
    assert (payload.tool, payload.tool_version, payload.category) == ("ZAP", "2.17.0", "dast")
    assert (payload.total, payload.by_severity.high, payload.by_severity.medium, payload.by_severity.info) == (3, 1, 1, 1)
    assert (payload.incomplete, payload.scanned) == (None, None)
    assert parsed(data).observed_at == datetime(2026, 3, 1, 9, 0, 0, 123456, tzinfo=UTC)
    first = parsed(data).findings[0]
    assert (first.rule, first.path, first.message, first.confidence) == ("10038-1", "https://shop.example/a", "CSP not set", "high")
    assert len({one.fingerprint for one in parsed(data).findings}) == 3


@pytest.mark.parametrize(("risk", "severity"), [("3", "high"), ("2", "medium"), ("1", "low"), ("0", "info"), (3, "high")])
def test_risks(risk: Json, severity: str) -> None:
    assert parsed(report(site(alert(risk)))).findings[0].severity == severity


def test_false_positives_are_suppressed() -> None:
    payload = parsed(report(site(alert(confidence="0"), alert(confidence=None)))).payload
    assert (payload.total, payload.suppressed) == (1, 1)


def test_older_reports_have_no_time_and_perhaps_one_site() -> None:
    old = {"@version": "2.7.0", "@generated": "Sun, 1 Mar 2026 10:00:00", "site": site(alert())}
    data = json.dumps(old).encode()
    assert recognised(data) == ["zap-json"]
    assert (parsed(data).payload.total, parsed(data).observed_at) == (1, None)
    bare = {key: value for key, value in alert().items() if key in ("pluginid", "riskcode")}
    assert parsed(report(site(bare))).findings[0].path == "https://shop.example"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (report(), "no site was looked at"),
        (report(site()), None),
        (
            report(
                site(), insights=[{"key": "insight.network.failure", "level": "High", "description": "Network failures", "statistic": "63"}]
            ),
            "ZAP says of its run: Network failures: 63",
        ),
        (report(site(), insights=[{"key": "insight.network.failure", "level": "Low", "statistic": "6"}]), None),
        (report(site(), insights=[{"key": "insight.code.5xx", "level": "High", "statistic": "6"}]), None),
    ],
)
def test_runs_that_reached_little_are_incomplete(data: bytes, why: str | None) -> None:
    assert parsed(data).payload.incomplete == why


def test_secrets_of_requests_are_masked() -> None:
    header = "GET https://shop.example/ HTTP/1.1\r\nHost: shop.example\r\nAuthorization: Bearer xyzzy\r\nCookie: sid=plugh\r\n"
    instance = {"uri": "https://shop.example/a?page=2&token=frotz", "request-header": header, "request-body": "user=me&password=hunter2"}
    data = report(site(alert(instances=[instance])))
    clean = redacted("scan", "zap-json", data)
    assert clean is not None
    assert not any(secret in clean for secret in (b"xyzzy", b"plugh", b"frotz", b"hunter2"))
    assert all(text in clean for text in (b"Host: shop.example", b"page=2", b"user=me"))
    assert parsed(clean).payload == parsed(data).payload
    assert parsed(clean).findings == parsed(data).findings
    assert redacted("scan", "zap-json", report(site(alert()))) is None


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty file"),
        (report(site(alert()))[:-9], "line 1"),
        (report(site(alert("9"))), "/site/0/alerts/0/riskcode: '9'; expected 0, 1, 2 or 3"),
        (report(site(alert(None))), "/site/0/alerts/0/riskcode"),
        (report(site(alert(confidence="sure"))), "/site/0/alerts/0/confidence: 'sure'; expected 0 to 4"),
        (report(site(alert(instances=["x"]))), "/site/0/alerts/0/instances/0"),
        (report("x"), "/site"),
        (report(site(alert())).replace(b'"@port": ', b'"@port": 1, "@port": '), "duplicate key"),
    ],
)
def test_refuses(data: bytes, why: str) -> None:
    assert why in outcome("scan", "zap-json", data)


def test_recognises_no_look_alike() -> None:
    others: tuple[Json, ...] = ({"site": []}, {"@version": "1", "site": ["a"]}, {"@version": "1", "site": [{"name": "a"}]})
    assert [recognised(json.dumps(other).encode()) for other in others] == [[]] * 3


@given(mutations(report(site(alert()))))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("scan", "zap-json", data)


@settings(max_examples=300)
@given(json_mutations(report(site(alert()), insights=[{"key": "insight.auth.failure", "level": "High", "statistic": "6"}])))
def test_mutated_values_are_refused_or_read(data: bytes) -> None:
    read_one = assert_only_refuses("scan", "zap-json", data)
    if read_one is not None:
        canonical(read_one.payload.model_dump(mode="json"))
