"""k6 summaries: three layouts, one meaning."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Json, Parsed

from .helpers import CORPUS, assert_only_refuses, mutations, read, recognised

TIMES = {"avg": 50.5, "min": 1.5, "med": 40, "max": 400.25, "p(90)": 100, "p(95)": 200}
GROUP = {"name": "", "path": "", "id": "d41d8cd98f00b204e9800998ecf8427e"}


def export() -> dict[str, Json]:
    """``--summary-export``: flat, thresholds true when they failed."""
    return {
        "root_group": {**GROUP, "groups": {}, "checks": {}},
        "metrics": {
            "http_reqs": {"count": 80, "rate": 40},
            "http_reqs{status:200}": {"count": 70, "rate": 35, "thresholds": {"count>=0": False}},
            "http_req_duration": {**TIMES, "thresholds": {"p(95)<100": True, "p(95)<500": False}},
            "http_req_duration{expected_response:true}": {**TIMES, "avg": 1},
            "http_req_failed": {"passes": 10, "fails": 70, "value": 0.125},
            "vus": {"value": 1, "min": 1, "max": 3},
            "vus_max": {"value": 4, "min": 2, "max": 5},
            "checks": {"passes": 0, "fails": 0, "value": 0},
        },
    }


def handle_summary() -> dict[str, Json]:
    """``handleSummary(data)``: nested, thresholds ok when they passed."""
    metrics: dict[str, Json] = {}
    for name, values in export()["metrics"].items():
        stated = {key: value for key, value in values.items() if key != "thresholds"}
        if name == "http_req_failed":
            stated["rate"] = stated.pop("value")
        metrics[name] = {"type": "trend", "contains": "time", "values": stated}
        if "thresholds" in values:
            metrics[name]["thresholds"] = {key: {"ok": not failed} for key, failed in values["thresholds"].items()}
    state = {"isStdOutTTY": False, "isStdErrTTY": False, "testRunDurationMs": 2000.5}
    return {"root_group": {**GROUP, "groups": [], "checks": []}, "options": {}, "state": state, "metrics": metrics, "setup_data": 7}


def machine_readable() -> dict[str, Json]:
    """``--new-machine-readable-summary``: a list of metrics, no thresholds, no p(99)."""
    metrics = [
        {"name": "http_reqs{status:200}", "type": "counter", "contains": "default", "values": {"count": 70}},
        {"name": "http_reqs", "type": "counter", "contains": "default", "values": {"count": 80}},
        {"name": "http_req_failed", "type": "rate", "contains": "default", "values": {"matches": 10, "total": 80, "rate": 0.125}},
        {"name": "http_req_duration", "type": "trend", "contains": "time", "values": {"med": 40, "p95": 200, "max": 400.25, "avg": 50.5}},
        {"name": "vus_max", "type": "gauge", "contains": "default", "values": {"value": 5, "min": 2, "max": 5}},
    ]
    return {
        "config": {"duration": 2, "execution": "local", "script": "x"},
        "metadata": {"generated_at": "2025-09-20T10:00:00.123456789Z", "k6_version": "2.2.0"},
        "results": {"checks": {"metrics": [], "results": []}, "metrics": metrics},
        "version": "1.0.0",
    }


LAYOUTS = {"summary-export": export, "handleSummary": handle_summary, "machine-readable": machine_readable}


def parse(document: Json) -> Parsed:
    return read("load-test", "k6-summary", json.dumps(document).encode())


def refused(document: Json) -> str:
    with pytest.raises(InputError) as caught:
        parse(document)
    return caught.value.reason


@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_layouts_say_the_same(layout: str) -> None:
    data = json.dumps(LAYOUTS[layout]()).encode()
    assert recognised(data) == ["k6-summary"]
    found = parse(LAYOUTS[layout]()).payload
    assert found.incomplete is None
    assert found.summary() == {
        "requests": 80,
        "failed": 10,
        "error_rate": 0.125,
        "p50_ms": 40,
        "p95_ms": 200,
        "p99_ms": None,
        "max_ms": 400.25,
        "mean_ms": 50.5,
        "percentiles_over": "all",
        "rps": 40,
        "duration_s": 2.0005 if layout == "handleSummary" else 2,
        "users": 5,
        "environment": None,
        "endpoints": [],
    }


@pytest.mark.parametrize("layout", ["summary-export", "handleSummary"])
def test_thresholds_of_both_polarities(layout: str) -> None:
    assert parse(LAYOUTS[layout]()).payload.model_dump()["thresholds"] == (
        {"metric": "http_reqs{status:200}", "expression": "count>=0", "passed": True},
        {"metric": "http_req_duration", "expression": "p(95)<100", "passed": False},
        {"metric": "http_req_duration", "expression": "p(95)<500", "passed": True},
    )


def test_machine_readable_states_version_and_time() -> None:
    parsed = parse(machine_readable())
    assert parsed.tool is not None
    assert (parsed.tool.name, parsed.tool.version) == ("k6", "2.2.0")
    assert parsed.observed_at == datetime(2025, 9, 20, 10, 0, 0, 123456, tzinfo=UTC)
    assert parse(export()).observed_at is None


def test_p99_where_the_script_asked_for_it() -> None:
    document = export()
    document["metrics"]["http_req_duration"]["p(99)"] = 300
    assert parse(document).payload.summary()["p99_ms"] == 300


@pytest.mark.parametrize("remove", ["http_reqs", "http_req_failed", "vus_max", "http_req_duration"])
def test_what_is_absent_is_not_guessed(remove: str) -> None:
    document = export()
    del document["metrics"][remove]
    if remove == "http_reqs":
        del document["metrics"]["http_req_failed"]
    found = parse(document).payload
    summary = found.summary()
    absent = {
        "http_reqs": ("requests", "no HTTP request was made"),
        "http_req_failed": ("failed", "the summary does not say how many requests failed"),
        "vus_max": ("users", None),
        "http_req_duration": ("percentiles_over", None),
    }
    assert summary[absent[remove][0]] is None
    assert found.incomplete == absent[remove][1]


def test_run_without_requests_has_no_times() -> None:
    document = export()
    document["metrics"]["http_reqs"] = {"count": 0, "rate": 0}
    document["metrics"]["http_req_failed"] = {"passes": 0, "fails": 0, "value": 0}
    found = parse(document).payload
    assert found.incomplete == "no HTTP request was made"
    assert [found.summary()[key] for key in ("requests", "failed", "error_rate", "p95_ms", "percentiles_over", "duration_s")] == [
        0,
        0,
        None,
        None,
        None,
        None,
    ]


def test_requests_that_k6_did_not_judge() -> None:
    document = export()
    document["metrics"]["http_req_failed"] = {"passes": 10, "fails": 50, "value": 1 / 6}
    found = parse(document).payload
    assert (found.summary()["failed"], found.incomplete) == (10, "k6 judged 60 of 80 requests")


@pytest.mark.parametrize(
    ("layout", "path", "value", "reason"),
    [
        ("summary-export", ["metrics", "http_req_failed", "passes"], 71, "http_req_failed: rate 0.125 with 71 of 141 failed"),
        ("summary-export", ["metrics", "http_req_failed"], {"passes": 45, "fails": 45}, "http_req_failed over 90 requests"),
        ("summary-export", ["metrics", "http_reqs", "count"], 80.5, "http_reqs/count: 80.5; expected a whole number"),
        ("summary-export", ["metrics", "http_reqs", "count"], "80", "http_reqs/count: '80'; expected a number from 0"),
        ("summary-export", ["metrics", "http_reqs", "count"], -1, "-1; expected a number from 0"),
        ("summary-export", ["metrics", "http_reqs", "count"], True, "True; expected a number from 0"),
        ("summary-export", ["metrics", "http_req_duration", "p(95)"], 500, "p95 500 ms above max 400.25 ms"),
        ("summary-export", ["metrics", "http_req_duration", "med"], None, "http_req_duration/med: nothing"),
        ("summary-export", ["metrics", "http_req_duration", "avg"], 401, "avg 401 ms above max 400.25 ms"),
        ("summary-export", ["metrics", "http_req_duration", "min"], 41, "min 41 ms above p50 40 ms"),
        ("summary-export", ["metrics", "http_req_duration", "thresholds", "p(95)<100"], {"ok": True}, "expected true or false"),
        ("summary-export", ["metrics", "http_reqs"], 80, "/metrics/http_reqs: int; expected an object"),
        ("handleSummary", ["metrics", "http_reqs"], {"count": 80}, "metric http_reqs without values; expected one layout for all metrics"),
        ("handleSummary", ["metrics", "http_req_duration", "thresholds", "p(95)<100"], False, "bool; expected an object"),
        ("handleSummary", ["metrics", "http_req_duration", "thresholds", "p(95)<100"], {"ok": "no"}, "expected true or false"),
        ("handleSummary", ["state", "testRunDurationMs"], "2000", "/state/testRunDurationMs: '2000'; expected a number"),
        ("handleSummary", ["metrics"], [], "/metrics: list; expected an object"),
        ("machine-readable", ["version"], "2.0.0", "/version: version '2.0.0'; expected 1.x"),
        ("machine-readable", ["results", "thresholds"], [], "/results/thresholds"),
        ("machine-readable", ["results", "metrics"], {}, "/results/metrics: dict; expected an array"),
        ("machine-readable", ["results", "metrics", 0, "name"], "http_reqs", "expected a name that no other metric has"),
        ("machine-readable", ["results", "metrics", 1, "values"], None, "/results/metrics/1/values: nothing; expected an object"),
        ("machine-readable", ["config"], None, "/config: nothing; expected an object"),
    ],
)
def test_refused(layout: str, path: list[str | int], value: Json, reason: str) -> None:
    document: Json = copy.deepcopy(LAYOUTS[layout]())
    target = document
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    assert reason in refused(document)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b'{"metrics": {}}',
        b'{"metrics": {"latency": 1}, "state": {}}',
        b'{"metrics": {"http_reqs": {"count": 1}}}',
        b'{"aggregate": {"counters": {"http.requests": 60}}}',
        b'{"results": [], "errors": [], "metrics": {"_totals": {}}, "generated_at": "x"}',
        b'{"latencies": {}, "requests": 10, "success": 1}',
        b"metric_name,timestamp,metric_value\nhttp_reqs,1,1\n",
        b'{"type":"Point","data":{"value":5},"metric":"vus"}\n{"type":"Point","data":{"value":5},"metric":"vus"}\n',
    ],
)
def test_not_recognised(data: bytes) -> None:
    assert "k6-summary" not in recognised(data)


@pytest.mark.parametrize("data", [b"", b"null", b'{"metrics": 1, "metrics": 2}', b'{"metrics": {"a": NaN}}', b"\xff", b"[" * 5000])
def test_hostile_bytes_are_refused(data: bytes) -> None:
    assert assert_only_refuses("load-test", "k6-summary", data) is None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_only_input_error_leaves(layout: str) -> None:
    @settings(max_examples=100, deadline=None)
    @given(mutations(json.dumps(LAYOUTS[layout]()).encode()))
    def mutated(data: bytes) -> None:
        parsed = assert_only_refuses("load-test", "k6-summary", data)
        if parsed is not None:
            rate = parsed.payload.summary()["error_rate"]
            assert rate is None or 0 <= rate <= 1

    mutated()


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is no part of the repository")
def test_corpus() -> None:
    for case in json.loads((CORPUS / "cases.json").read_text()):
        if case["format"] != "k6":
            continue
        data, expected = (CORPUS / case["file"]).read_bytes(), case["expected"]
        if "csv" in case["flags"]:
            assert recognised(data) == []
            continue
        assert recognised(data) == ["k6-summary"]
        parsed = read("load-test", "k6-summary", data)
        found, times = parsed.payload.summary(), expected["duration_ms"]
        assert (found["requests"], found["failed"]) == (expected["http_reqs"], expected["failed_requests"])
        assert (found["mean_ms"], found["p95_ms"], found["max_ms"]) == (times["avg"], times["p95"], times["max"])
        thresholds = [
            {"metric": item["metric"], "expression": item["expr"], "passed": not item["failed"]} for item in expected["thresholds"] or ()
        ]
        assert list(parsed.payload.model_dump()["thresholds"]) == thresholds
        seconds = expected.get("duration_seconds") or expected["testRunDurationMs"] / 1000
        assert found["duration_s"] == pytest.approx(seconds)
