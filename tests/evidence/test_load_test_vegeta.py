"""Vegeta's JSON report: nanoseconds, a ratio that must agree with the status codes, several versions."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Json, Parsed

from .helpers import assert_only_refuses, json_mutations, mutations, read, recognised


def report() -> dict[str, Json]:
    """``vegeta report -type=json`` of version 12."""
    return {
        "latencies": {
            "total": 12_012_100_000,
            "mean": 100_100_833,
            "50th": 90_000_001,
            "90th": 150_000_000,
            "95th": 210_500_000,
            "99th": 500_000_000,
            "max": 900_123_456,
            "min": 1_000_500,
        },
        "bytes_in": {"total": 606_700, "mean": 5055.83},
        "bytes_out": {"total": 0, "mean": 0},
        "earliest": "2025-09-20T10:00:00.123456789+02:00",
        "latest": "2025-09-20T10:00:59.123456789+02:00",
        "end": "2025-09-20T10:00:59.987654321+02:00",
        "duration": 59_500_000_000,
        "wait": 864_197_532,
        "requests": 120,
        "rate": 2.0168067,
        "throughput": 1.88,
        "success": 0.95,
        "status_codes": {"0": 2, "200": 110, "301": 4, "500": 4},
        "errors": ["500 Internal Server Error", "dial tcp: connection refused"],
    }


def parse(document: Json) -> Parsed:
    return read("load-test", "vegeta-json", json.dumps(document).encode())


def changed(**changes: Json) -> dict[str, Json]:
    return {**report(), **changes}


def refused(document: Json) -> str:
    with pytest.raises(InputError) as caught:
        parse(document)
    return caught.value.reason


def test_all_figures() -> None:
    assert recognised(json.dumps(report()).encode()) == ["vegeta-json"]
    parsed = parse(report())
    assert parsed.payload.incomplete is None
    assert parsed.observed_at is not None
    assert parsed.observed_at.astimezone(UTC) == datetime(2025, 9, 20, 8, 0, 59, 987654, tzinfo=UTC)
    assert parsed.payload.summary() == {
        "requests": 120,
        "failed": 6,
        "error_rate": 0.05,
        "p50_ms": 90.000001,
        "p95_ms": 210.5,
        "p99_ms": 500,
        "max_ms": 900.123456,
        "mean_ms": 100.100833,
        "percentiles_over": "all",
        "rps": 2.0168067,
        "duration_s": 59.5,
        "users": None,
        "environment": None,
        "endpoints": [],
    }


def test_an_old_report_without_rate_times_and_some_percentiles() -> None:
    document = report()
    for key in ("earliest", "latest", "end", "rate", "throughput"):
        del document[key]
    for key in ("min", "90th", "total"):
        del document["latencies"][key]
    parsed = parse(document)
    assert parsed.observed_at is None
    assert parsed.payload.summary()["rps"] == 120 / 59.5


def test_reports_with_buckets_and_without_errors() -> None:
    assert parse(changed(buckets={"0": 100, "1000000": 20}, errors=None)).payload.summary()["requests"] == 120


@pytest.mark.parametrize(("success", "failed"), [(1.0, 0), (0.9666666666666667, 4), (0.0, 120)])
def test_failures_are_what_is_left_of_the_ratio(success: float, failed: int) -> None:
    codes = {"200": 120 - failed, "0": failed}
    assert parse(changed(success=success, status_codes=codes)).payload.summary()["failed"] == failed


def test_early_versions_took_redirects_for_failures() -> None:
    found = parse(changed(success=110 / 120)).payload.summary()
    assert (found["failed"], found["error_rate"]) == (10, 10 / 120)


def test_a_report_that_was_not_closed_is_refused() -> None:
    latencies = {"total": 500, "mean": 0, "50th": 0, "95th": 0, "99th": 0, "max": 100, "min": 0}
    open_report = {**report(), "requests": 10, "success": 0, "status_codes": {"201": 10}, "latencies": latencies, "duration": 0, "rate": 0}
    assert refused(open_report) == (
        "/success: success 0, but 10 of 10 status codes are those of success; expected metrics that agree, as after Metrics.Close()"
    )
    failing = {**open_report, "status_codes": {"500": 10}}
    assert refused(failing).startswith("/latencies/mean: mean 0 with max 0.0001 ms")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"success": 0.951}, "/success: success 0.951 of 120 requests; expected a ratio of whole requests"),
        ({"success": 1.05}, "/success: success 1.05 of 120 requests"),
        ({"success": 0.9}, "/success: success 0.9, but 114 of 120 status codes are those of success"),
        ({"success": None}, "/success: nothing; expected a number from 0"),
        ({"success": "1"}, "/success: '1'; expected a number from 0"),
        ({"success": True}, "/success: True"),
        ({"requests": 121}, "/success"),
        ({"requests": 120.5}, "/requests: 120.5; expected a whole number"),
        ({"requests": -1}, "/requests: -1"),
        ({"status_codes": {"200": 119}}, "/status_codes: 119 status codes of 120 requests; expected one of each request"),
        ({"status_codes": {"OK": 120}}, "/status_codes: 'OK'; expected a status code, or 0"),
        ({"status_codes": {"²": 120}}, "/status_codes"),
        ({"status_codes": []}, "/status_codes: list; expected an object"),
        ({"latencies": None}, "/latencies: nothing; expected an object"),
        ({"duration": 1.5}, "/duration: 1.5; expected a whole number"),
        ({"rate": "2"}, "/rate: '2'"),
    ],
)
def test_contradictions_and_wrong_types(changes: dict[str, Json], reason: str) -> None:
    assert reason in refused(changed(**changes))


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("95th", 600_000_000, "/latencies: 95th 600 ms above 99th 500 ms"),
        ("max", 400_000_000, "/latencies: 99th 500 ms above max 400 ms"),
        ("min", 95_000_000, "/latencies: min 95 ms above 50th 90 ms"),
        ("mean", 950_000_000, "/latencies: mean 950 ms above max 900.123 ms"),
        ("50th", "90ms", "/latencies/50th: '90ms'; expected a number from 0"),
        ("50th", -1, "/latencies/50th: -1"),
    ],
)
def test_latencies_that_cannot_be(key: str, value: Json, reason: str) -> None:
    document = copy.deepcopy(report())
    document["latencies"][key] = value
    assert reason in refused(document)


@pytest.mark.parametrize("end", ["0001-01-01T00:00:00Z", "2025-09-20T10:00:59", "x", 5, None])
def test_an_end_that_is_no_time(end: Json) -> None:
    assert parse(changed(end=end)).observed_at is None


def test_no_request() -> None:
    found = parse(changed(requests=0, success=0, status_codes={}, latencies={})).payload
    assert (found.incomplete, found.summary()["error_rate"], found.summary()["percentiles_over"]) == ("no request was made", None, None)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b'{"latencies": {}, "requests": 10, "success": 1}',
        b'{"attack":"","seq":0,"code":200,"timestamp":"2025-09-20T10:00:00Z","latency":3512000,"bytes_out":0,"bytes_in":5,"error":""}\n',
        b'[{"latencies": 1, "requests": 1, "success": 1, "status_codes": 1}]',
    ],
)
def test_not_recognised(data: bytes) -> None:
    assert "vegeta-json" not in recognised(data)


@pytest.mark.parametrize("data", [b"", b"null", b'{"requests": 1, "requests": 2}', b'{"requests": NaN}', b"\xff", b"[" * 5000])
def test_hostile_bytes_are_refused(data: bytes) -> None:
    assert assert_only_refuses("load-test", "vegeta-json", data) is None


@settings(max_examples=150, deadline=None)
@given(mutations(json.dumps(report()).encode()) | json_mutations(json.dumps(report()).encode()))
def test_only_input_error_leaves(data: bytes) -> None:
    parsed = assert_only_refuses("load-test", "vegeta-json", data)
    if parsed is not None:
        found = parsed.payload.summary()
        assert 0 <= found["failed"] <= found["requests"]
