"""Our own summary of a load test: strict, and consistent with itself."""

from __future__ import annotations

import copy
import importlib
import json
from datetime import UTC, datetime

import jsonschema
import pytest
from hypothesis import given, settings

from compliance.catalog import shipped
from compliance.errors import InputError
from compliance.record import Json, Parsed, split_private

from .helpers import assert_only_refuses, format_of, mutations, read, recognised


def document() -> dict[str, Json]:
    return {
        "schema": "compliance/load-summary/v1",
        "tool": "load.py",
        "tool_version": "3",
        "started_at": "2025-09-20T10:00:00+02:00",
        "finished_at": "2025-09-20T08:01:05Z",
        "environment": "staging",
        "target": "https://staging.example.org",
        "version": "1.8.0",
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "users": 10,
        "duration_s": 60,
        "requests": 1200,
        "failed": 6,
        "latency_ms": {"p50": 41.5, "p95": 120, "p99": 310, "max": 702.25, "mean": 55.1},
        "percentiles_over": "all",
        "endpoints": [
            {"name": "GET /api/health", "requests": 1000, "failed": 0, "latency_ms": {"p50": 40, "p95": 101, "p99": 250, "max": 512}},
            {"name": "POST /api/orders", "requests": 200, "failed": 6, "latency_ms": {"p95": 300, "max": 702.25}},
        ],
    }


def parse(value: Json) -> Parsed:
    return read("load-test", "load-summary-json", json.dumps(value).encode())


def refused(value: Json) -> str:
    with pytest.raises(InputError) as caught:
        parse(value)
    return caught.value.reason


def changed(path: list[str | int], value: Json) -> dict[str, Json]:
    found = copy.deepcopy(document())
    target: Json = found
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return found


def schema() -> dict[str, Json]:
    module = importlib.import_module(format_of("load-test", "load-summary-json").parse.__module__)
    found: dict[str, Json] = module.LoadSummary.json_schema()
    return found


def test_valid_document() -> None:
    assert recognised(json.dumps(document()).encode()) == ["load-summary-json"]
    parsed = parse(document())
    assert parsed.payload.incomplete is None
    assert parsed.payload.summary() == {
        "requests": 1200,
        "failed": 6,
        "error_rate": 0.005,
        "p50_ms": 41.5,
        "p95_ms": 120,
        "p99_ms": 310,
        "max_ms": 702.25,
        "mean_ms": 55.1,
        "percentiles_over": "all",
        "rps": 20,
        "duration_s": 60,
        "users": 10,
        "environment": "staging",
        "endpoints": [
            {"name": "GET /api/health", "requests": 1000, "failed": 0, "p95_ms": 101, "p99_ms": 250},
            {"name": "POST /api/orders", "requests": 200, "failed": 6, "p95_ms": 300, "p99_ms": None},
        ],
    }
    assert parsed.observed_at == datetime(2025, 9, 20, 8, 1, 5, tzinfo=UTC)
    assert (parsed.environment, parsed.version, parsed.commit) == ("staging", "1.8.0", "0123456789abcdef0123456789abcdef01234567")


def test_target_is_private() -> None:
    public, private = split_private(parse(document()).payload)
    assert "target" not in public
    assert private == {"paths": {"/target": "https://staging.example.org"}}


def test_example_of_the_documentation() -> None:
    module = importlib.import_module(format_of("load-test", "load-summary-json").parse.__module__)
    text = (module.__doc__ or "").partition("::\n")[2].partition("\n\nRequired")[0]
    example = json.loads(text)
    assert parse(example).payload.incomplete is None
    jsonschema.validate(example, schema())


def test_least_document() -> None:
    least = {key: document()[key] for key in ("schema", "tool", "started_at", "finished_at", "requests", "failed")}
    found = parse(least).payload.summary()
    jsonschema.validate(least, schema())
    assert (found["duration_s"], found["p95_ms"], found["percentiles_over"], found["users"]) == (65, None, None, None)


def test_failures_of_one_endpoint_with_times_over_successful_requests() -> None:
    value = {
        "schema": "compliance/load-summary/v1",
        "tool": "load.py",
        "started_at": "2025-09-19T10:00:00Z",
        "finished_at": "2025-09-19T10:00:30Z",
        "environment": "production",
        "users": 5,
        "duration_s": 30.354,
        "requests": 242,
        "failed": 114,
        "latency_ms": {"p50": 97, "p95": 221, "p99": 1891, "max": 3864},
        "percentiles_over": "successful",
        "endpoints": [
            {"name": "/api/health", "requests": 80, "failed": 0},
            {"name": "/api/metrics", "requests": 48, "failed": 0},
            {"name": "/api/auth/status", "requests": 114, "failed": 114},
        ],
    }
    found = parse(value).payload.summary()
    assert found["error_rate"] == pytest.approx(0.471, abs=0.0005)
    assert (found["percentiles_over"], found["p99_ms"], found["duration_s"]) == ("successful", 1891, 30.354)


def test_no_request_is_incomplete() -> None:
    value = {**document(), "requests": 0, "failed": 0, "latency_ms": {}, "endpoints": []}
    found = parse(value).payload
    assert (found.incomplete, found.summary()["error_rate"]) == ("no request was made", None)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (["requests"], 1201, "requests 1201, but 1200 over all endpoints; expected that the endpoints add up to the total"),
        (["failed"], 5, "failed 5, but 6 over all endpoints"),
        (["failed"], 1300, "1300 failed of 1200 requests; expected at most all of them"),
        (["endpoints", 0, "failed"], 1001, "1001 failed of 1000 requests at GET /api/health"),
        (["endpoints", 1, "name"], "GET /api/health", "an endpoint name that comes twice"),
        (["latency_ms", "p50"], 121, "/latency_ms: p50 121 ms above p95 120 ms; expected p50 at most p95"),
        (["latency_ms", "p99"], 703, "/latency_ms: p99 703 ms above max 702.25 ms"),
        (["latency_ms", "mean"], 703, "mean 703 ms above max 702.25 ms"),
        (["latency_ms", "p95"], None, ""),
        (["endpoints", 0, "latency_ms", "p99"], 100, "/endpoints/0/latency_ms: p95 101 ms above p99 100 ms"),
        (["endpoints", 1, "latency_ms", "max"], 900, "max 900 ms at POST /api/orders; expected at most the overall max 702.25 ms"),
        (["percentiles_over"], None, 'latency_ms without percentiles_over; expected percentiles_over "all" or "successful"'),
        (["percentiles_over"], "some", "/percentiles_over: 'some'; expected 'all' or 'successful'"),
        (["finished_at"], "2025-09-20T07:59:59Z", "expected a time not before started_at"),
        (["duration_s"], 67, "duration_s 67; expected at most the 65 s between started_at and finished_at"),
        (["started_at"], "2025-09-20T10:00:00", "/started_at: '2025-09-20T10:00:00'; expected an RFC 3339 time with zone"),
        (["started_at"], 1758362400, "/started_at: 1758362400; expected an RFC 3339 time with zone"),
        (["requests"], "1200", "/requests: '1200'; expected a valid integer"),
        (["requests"], 1200.0, "/requests: 1200.0; expected a valid integer"),
        (["requests"], -1, "/requests: -1; expected greater than or equal to 0"),
        (["requests"], 10**30, "/requests"),
        (["users"], True, "/users: True; expected a valid integer"),
        (["latency_ms", "p50"], "41.5", "/latency_ms/p50: '41.5'; expected a valid number"),
        (["latency_ms"], [], "/latency_ms: a list; expected a mapping of keys to values"),
        (["latency_ms", "p90"], 1, "/latency_ms: unknown key 'p90'; expected 'p99'"),
        (["duration"], 1, "unknown key 'duration'; expected 'duration_s'"),
        (["schema"], "compliance/load-summary/v2", "/schema: 'compliance/load-summary/v2'; expected 'compliance/load-summary/v1'"),
        (["commit"], "main", "/commit: 'main'"),
        (["tool"], "", "/tool: ''"),
        (["endpoints"], {}, "/endpoints"),
    ],
)
def test_contradictions_and_wrong_types(path: list[str | int], value: Json, reason: str) -> None:
    if reason:
        assert reason in refused(changed(path, value))
    else:
        assert parse(changed(path, value)).payload.summary()["p95_ms"] is None


def test_times_over_no_successful_request_are_refused() -> None:
    value = {**document(), "failed": 1200, "endpoints": [], "percentiles_over": "successful"}
    assert refused(value) == "latency_ms over 0 requests (1200 of 1200 failed); expected no latency_ms there"


@pytest.mark.parametrize("key", ["tool", "started_at", "finished_at", "requests", "failed"])
def test_required_keys(key: str) -> None:
    value = document()
    del value[key]
    assert refused(value) == f"no key '{key}'; expected '{key}'"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, schema())


def test_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(document(), schema())
    assert schema()["$id"] == "urn:compliance:load-summary:v1"
    for wrong in (changed(["requests"], "1200"), changed(["latency_ms", "p90"], 1), changed(["percentiles_over"], "some")):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b'["compliance/load-summary/v1"]',
        b'{"schema": "compliance/check/v1"}',
        b'{"schema": "compliance/load-summary/v1x"}',
        b'{"note": "compliance/load-summary/v1"}',
        b'{"schema": "compliance/load-summary/v1", "schema": "compliance/load-summary/v1"}',
    ],
)
def test_not_recognised(data: bytes) -> None:
    assert "load-summary-json" not in recognised(data)


def test_later_version_is_recognised_and_refused() -> None:
    data = b'{"schema": "compliance/load-summary/v2"}'
    assert recognised(data) == ["load-summary-json"]
    with pytest.raises(InputError):
        read("load-test", "load-summary-json", data)


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b'{"schema": 1, "schema": 2}', b"\xff", b"[" * 5000, b"\0", b" " * (33 << 20)])
def test_hostile_bytes_are_refused(data: bytes) -> None:
    assert assert_only_refuses("load-test", "load-summary-json", data) is None


@settings(max_examples=200, deadline=None)
@given(mutations(json.dumps(document()).encode()))
def test_only_input_error_leaves(data: bytes) -> None:
    parsed = assert_only_refuses("load-test", "load-summary-json", data)
    if parsed is not None:
        found = parsed.payload.summary()
        assert found["failed"] <= found["requests"]


def test_kind_binds_to_commit_and_environment() -> None:
    assert shipped().kinds["load-test"].binds_to.value == "commit and environment"
