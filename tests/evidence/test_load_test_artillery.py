"""Artillery's report: two layouts, errors that are no HTTP errors, endpoints of the plug-in."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Json, Parsed

from .helpers import assert_only_refuses, json_mutations, mutations, read, recognised

START = 1_758_362_400_000


def second() -> dict[str, Json]:
    """Version 2, with the plug-in metrics-by-endpoint."""
    times = {
        "min": 5,
        "max": 420,
        "count": 90,
        "mean": 61.3,
        "p50": 50.2,
        "median": 50.2,
        "p75": 80,
        "p90": 150,
        "p95": 202.4,
        "p99": 399.5,
    }
    endpoint = "plugins.metrics-by-endpoint."
    return {
        "aggregate": {
            "counters": {
                "vusers.created_by_name.0": 50,
                "vusers.created": 50,
                "http.requests": 100,
                "http.codes.200": 85,
                "http.codes.301": 5,
                "http.responses": 90,
                "http.downloaded_bytes": 4096,
                f"{endpoint}/a.b.codes.200": 85,
                f"{endpoint}/a.b.errors.ETIMEDOUT": 4,
                f"{endpoint}GET /codes.codes.301": 5,
                f"{endpoint}GET /codes.errors.ECONNREFUSED": 6,
                "vusers.failed": 10,
                "vusers.completed": 40,
                "errors.ETIMEDOUT": 4,
                "errors.ECONNREFUSED": 6,
            },
            "rates": {"http.request_rate": 3},
            "http.request_rate": None,
            "firstCounterAt": START,
            "firstHistogramAt": START + 100,
            "lastCounterAt": START + 40_000,
            "lastHistogramAt": START + 39_000,
            "firstMetricAt": START,
            "lastMetricAt": START + 40_000,
            "period": START + 40_000,
            "summaries": {
                "http.response_time": times,
                "http.response_time.2xx": {**times, "count": 85},
                f"{endpoint}response_time./a.b": {**times, "count": 85, "p99": 390.1},
                "vusers.session_length": {"min": 1, "max": 9000, "count": 50, "mean": 5, "p95": 8000, "p99": 8500},
            },
            "histograms": {"http.response_time": times},
        },
        "intermediate": [{"counters": {"http.requests": 100}, "period": str(START)}],
    }


def first() -> dict[str, Json]:
    """Version 1."""
    return {
        "aggregate": {
            "timestamp": "2018-03-12T15:40:39.730Z",
            "scenariosCreated": 60,
            "scenariosCompleted": 55,
            "requestsCompleted": 95,
            "latency": {"min": 7.6, "max": 363.3, "median": 106.2, "p95": 308.5, "p99": 363.3},
            "rps": {"count": 100, "mean": 10.01},
            "scenarioDuration": {"min": 78, "max": 365.3, "median": 108, "p95": 310.2, "p99": 365.2},
            "scenarioCounts": {"0": 60},
            "errors": {"ETIMEDOUT": 5},
            "codes": {"200": 90, "201": 5},
            "matches": 0,
            "customStats": {},
            "phases": [{"duration": 60, "arrivalRate": 1}],
        },
        "intermediate": [],
    }


def parse(document: Json) -> Parsed:
    return read("load-test", "artillery-json", json.dumps(document).encode())


def refused(document: Json) -> str:
    with pytest.raises(InputError) as caught:
        parse(document)
    return caught.value.reason


def changed(document: dict[str, Json], path: list[str], value: Json) -> dict[str, Json]:
    found = copy.deepcopy(document)
    target = found["aggregate"]
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return found


def test_version_2() -> None:
    assert recognised(json.dumps(second()).encode()) == ["artillery-json"]
    parsed = parse(second())
    assert parsed.payload.incomplete is None
    assert parsed.observed_at == datetime(2025, 9, 20, 10, 0, 40, tzinfo=UTC)
    assert parsed.payload.summary() == {
        "requests": 100,
        "failed": 10,
        "error_rate": 0.1,
        "p50_ms": 50.2,
        "p95_ms": 202.4,
        "p99_ms": 399.5,
        "max_ms": 420,
        "mean_ms": 61.3,
        "percentiles_over": "successful",
        "rps": 2.5,
        "duration_s": 40,
        "users": None,
        "environment": None,
        "endpoints": [
            {"name": "/a.b", "requests": 89, "failed": 4, "p95_ms": 202.4, "p99_ms": 390.1},
            {"name": "GET /codes", "requests": 11, "failed": 6, "p95_ms": None, "p99_ms": None},
        ],
    }


def test_version_1() -> None:
    assert recognised(json.dumps(first()).encode()) == ["artillery-json"]
    parsed = parse(first())
    assert parsed.payload.incomplete is None
    assert parsed.observed_at == datetime(2018, 3, 12, 15, 40, 39, 730_000, tzinfo=UTC)
    assert parsed.payload.summary() == {
        "requests": 100,
        "failed": 5,
        "error_rate": 0.05,
        "p50_ms": 106.2,
        "p95_ms": 308.5,
        "p99_ms": 363.3,
        "max_ms": 363.3,
        "mean_ms": None,
        "percentiles_over": "successful",
        "rps": 10.01,
        "duration_s": None,
        "users": None,
        "environment": None,
        "endpoints": [],
    }


@pytest.mark.parametrize(("document", "path"), [(second, ["counters", "http.codes.200"]), (first, ["codes", "200"])])
def test_http_errors_are_not_failed_but_keep_it_from_being_good_news(document: object, path: list[str]) -> None:
    found = changed(document(), [*path[:-1], path[-1].replace("200", "503")], 20)  # type: ignore[operator]
    payload = parse(found).payload
    answered = 90 if document is second else 95
    assert payload.incomplete == f"20 of {answered} answers are HTTP errors (400 and above), which Artillery does not count as failed"
    assert payload.summary()["failed"] == (10 if document is second else 5)


@pytest.mark.parametrize("latency", [None, {}, {"min": None, "max": None, "median": None, "p95": None, "p99": None}])
def test_version_1_when_nothing_was_answered(latency: Json) -> None:
    document = first()
    document["aggregate"] |= {"requestsCompleted": 0, "latency": latency, "codes": {}, "errors": {"ECONNREFUSED": 100}}
    found = parse(document).payload.summary()
    assert [found[key] for key in ("requests", "failed", "error_rate", "p95_ms", "max_ms", "percentiles_over")] == [
        100,
        100,
        1,
        None,
        None,
        None,
    ]


def test_version_2_when_nothing_was_answered() -> None:
    document = second()
    document["aggregate"]["counters"] = {"vusers.created": 8, "http.requests": 8, "errors.ECONNREFUSED": 8, "vusers.failed": 8}
    document["aggregate"]["summaries"] = {}
    del document["aggregate"]["histograms"]
    found = parse(document).payload.summary()
    assert [found[key] for key in ("requests", "failed", "error_rate", "p95_ms", "percentiles_over")] == [8, 8, 1, None, None]


def test_without_errors_the_times_are_over_all() -> None:
    document = first()
    document["aggregate"] |= {"requestsCompleted": 100, "errors": {}}
    assert parse(document).payload.summary()["percentiles_over"] == "all"
    del document["aggregate"]["rps"]
    assert parse(document).payload.summary()["requests"] == 100
    document["aggregate"] |= {"errors": {"ETIMEDOUT": 1}}
    payload = parse(document).payload
    assert (payload.summary()["requests"], payload.summary()["failed"]) == (None, None)
    assert payload.incomplete == "the report does not say how many HTTP requests were made"


def test_an_answer_that_a_check_refused_was_timed_and_failed() -> None:
    document = second()
    document["aggregate"]["counters"] |= {"http.responses": 96, "errors.Failed capture or match": 6, "errors.ECONNREFUSED": 0}
    document["aggregate"]["summaries"]["http.response_time"]["count"] = 96
    found = parse(document).payload.summary()
    assert (found["failed"], found["percentiles_over"]) == (10, None)


def test_errors_of_the_script_can_be_more_than_requests() -> None:
    found = parse(changed(second(), ["counters", "errors.Undefined function"], 200)).payload
    assert found.incomplete == "210 errors at 100 requests, so some are errors of the script"
    assert (found.summary()["failed"], found.summary()["error_rate"]) == (210, 1)


def test_a_run_of_another_engine_counts_no_requests() -> None:
    document = changed(second(), ["counters"], {"vusers.created": 5, "websocket.messages_sent": 50, "errors.x": 1})
    document["aggregate"] |= {"summaries": {}, "histograms": {}}
    found = parse(document).payload
    assert found.incomplete == "the report does not say how many HTTP requests were made"
    assert [found.summary()[key] for key in ("requests", "failed", "p95_ms")] == [None, None, None]


def test_an_approximate_percentile_may_exceed_the_largest_time_a_little() -> None:
    times = {"min": 18, "max": 18, "count": 90, "mean": 18, "p50": 18.2, "p95": 18.2, "p99": 18.2}
    assert parse(changed(second(), ["summaries", "http.response_time"], times)).payload.summary()["p99_ms"] == 18.2
    tiny = {"min": 0, "max": 1, "count": 90, "mean": 0.1, "median": 0, "p95": 1, "p99": 1}
    found = parse(changed(second(), ["summaries", "http.response_time"], tiny)).payload.summary()
    assert (found["p50_ms"], found["mean_ms"]) == (0, 0.1)


def test_early_version_2_has_histograms_only() -> None:
    document = second()
    del document["aggregate"]["summaries"]
    assert parse(document).payload.summary()["p95_ms"] == 202.4


@pytest.mark.parametrize("key", ["firstMetricAt", "lastMetricAt"])
@pytest.mark.parametrize("value", [0, None])
def test_a_report_without_times(key: str, value: Json) -> None:
    found = parse(changed(second(), [key], value))
    assert (found.payload.summary()["duration_s"], found.payload.summary()["rps"]) == (None, 3)


@pytest.mark.parametrize(
    ("document", "path", "value", "reason"),
    [
        (second, ["counters", "http.responses"], 101, "/aggregate/counters: 101 answers to 100 requests"),
        (second, ["counters", "http.requests"], "100", "/aggregate/counters/http.requests: '100'; expected a number from 0"),
        (second, ["counters", "http.requests"], 1.5, "/aggregate/counters/http.requests: 1.5; expected a whole number"),
        (second, ["counters", "errors.ETIMEDOUT"], -1, "/aggregate/counters/errors.ETIMEDOUT: -1"),
        (second, ["counters"], [], "/aggregate/counters: list; expected an object"),
        (second, ["summaries"], [1], "/aggregate/summaries: list; expected an object"),
        (second, ["summaries", "http.response_time", "p95"], 500, "/aggregate: p95 500 ms above p99 399.5 ms"),
        (second, ["summaries", "http.response_time", "max"], 100, "/aggregate: p99 399.5 ms above max 100 ms"),
        (second, ["summaries", "http.response_time", "mean"], 500, "/aggregate: mean 500 ms above max 420 ms"),
        (second, ["summaries", "http.response_time", "p99"], "x", "/aggregate/p99: 'x'"),
        (second, ["lastMetricAt"], 10**15, "/aggregate/lastMetricAt: 1000000000000000; expected milliseconds since 1970"),
        (second, ["lastMetricAt"], START - 1, "/aggregate: lastMetricAt 2025-09-20T09:59:59Z before firstMetricAt 2025-09-20T10:00:00Z"),
        (first, ["requestsCompleted"], None, "/aggregate/requestsCompleted: nothing; expected a number from 0"),
        (first, ["rps", "count"], "1", "/aggregate/rps/count: '1'"),
        (first, ["errors"], ["x"], "/aggregate/errors: list"),
        (first, ["codes", "200"], None, "/aggregate/codes/200: nothing"),
    ],
)
def test_refused(document: object, path: list[str], value: Json, reason: str) -> None:
    assert reason in refused(changed(document(), path, value))  # type: ignore[operator]


def test_only_the_aggregate_is_read() -> None:
    document = second()
    document["intermediate"] = [{"counters": {"http.requests": 10**6}}] * 50
    assert parse(document).payload.summary()["requests"] == 100


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b'{"aggregate": []}',
        b'{"aggregate": {"counters": {"http.requests": 60}}}',
        b'{"aggregate": {"requestsCompleted": 1}}',
        b'{"counters": {}, "rates": {}, "summaries": {}}',
        b'{"intermediate": [], "aggregate": "x"}',
    ],
)
def test_not_recognised(data: bytes) -> None:
    assert "artillery-json" not in recognised(data)


@pytest.mark.parametrize("data", [b"", b"null", b'{"aggregate": {}, "aggregate": {}}', b'{"aggregate": NaN}', b"\xff", b"[" * 5000])
def test_hostile_bytes_are_refused(data: bytes) -> None:
    assert assert_only_refuses("load-test", "artillery-json", data) is None


@pytest.mark.parametrize("document", [second, first])
def test_only_input_error_leaves(document: object) -> None:
    data = json.dumps(document()).encode()  # type: ignore[operator]

    @settings(max_examples=120, deadline=None)
    @given(mutations(data) | json_mutations(data))
    def mutated(changed: bytes) -> None:
        parsed = assert_only_refuses("load-test", "artillery-json", changed)
        if parsed is not None:
            rate = parsed.payload.summary()["error_rate"]
            assert rate is None or 0 <= rate <= 1

    mutated()
