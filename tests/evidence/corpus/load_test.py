"""Load tests: requests, failures, times in milliseconds, seconds of the run."""

from __future__ import annotations

from decimal import Decimal

from compliance.record import Json

from . import Answer, Expected, Reading, Refused, Rule


def _k6(expected: Expected) -> Answer:
    if "http_reqs" not in expected:
        return Refused("not recognised", "raw points of --out csv, no summary")
    times = expected["duration_ms"]
    summary: dict[str, Json] = {
        "requests": expected["http_reqs"],
        "failed": expected["failed_requests"],
        "mean_ms": times["avg"],
        "p95_ms": times["p95"],
        "max_ms": times["max"],
    }
    return (Reading("load-test", "k6-summary", summary),)


def _jmeter(expected: Expected) -> Answer:
    if expected["layout"] == "xml":
        failed, total = expected["top_success_false"], expected["elapsed_sum_top"]
    else:
        failed, total = expected["success_false"], expected["elapsed_sum"]
    summary: dict[str, Json] = {
        "requests": expected["count"],
        "failed": failed,
        "error_rate": failed / expected["count"],
        "mean_ms": total / expected["count"],
        "percentiles_over": "all",
    }
    if "elapsed_max" in expected:
        summary["max_ms"] = expected["elapsed_max"]
    return (Reading("load-test", "jmeter-jtl", summary, incomplete=False),)


_CUT = Refused("cut off: the end is missing", "a killed run left no </testResults>, so it is not known what is missing besides")


def _locust(expected: Expected) -> Answer:
    total = expected["aggregated"]
    summary: dict[str, Json] = {"requests": total["requests"], "failed": total["failures"], "p95_ms": total["p95_ms"], "users": None}
    return (Reading("load-test", "locust-csv", summary, incomplete=expected["endpoint_failures_sum"] != total["failures"]),)


def _artillery(expected: Expected) -> Answer:
    times = expected["latency_ms"]
    summary: dict[str, Json] = {
        "requests": expected["requests"],
        "failed": sum(expected["errors"].values()),
        **{f"{name}_ms": times[name] for name in ("mean", "p95", "p99", "max")},
        "percentiles_over": "all",
        "users": None,
    }
    wrong = sum(count for code, count in expected["codes"].items() if int(code) >= 400)
    return (Reading("load-test", "artillery-json", summary, incomplete=wrong > 0),)


def _wrk(expected: Expected) -> Answer:
    summary: dict[str, Json] = {
        "requests": expected["requests"],
        "failed": expected["non_2xx_3xx"],
        "mean_ms": expected["latency_avg_ms"],
        "max_ms": expected["latency_max_ms"],
        "rps": expected["rps"],
        "p95_ms": None,
    }
    if not expected["has_latency_distribution"]:
        summary |= {"p50_ms": None, "p99_ms": None}
    return (Reading("load-test", "wrk-text", summary, incomplete=False),)


def _hey(expected: Expected) -> Answer:
    if "status" not in expected:
        rows: dict[str, Json] = {"requests": expected["count"], "failed": None, "error_rate": None, "percentiles_over": None}
        return (Reading("load-test", "hey-text", rows, incomplete=True),)
    summary: dict[str, Json] = {
        "requests": expected["responses"] + expected["transport_errors"],
        "failed": expected["transport_errors"],
        "mean_ms": float(Decimal(expected["average_secs"]) * 1000),
        "rps": float(expected["rps"]),
        "duration_s": float(expected["total_secs"]),
        "p95_ms": None,
        "p99_ms": None,
    }
    return (Reading("load-test", "hey-text", summary, incomplete=False),)


FORMATS = {
    "k6": Rule(("k6-summary",), _k6),
    "jmeter-jtl": Rule(("jmeter-jtl",), _jmeter, {"jmeter-jtl-008": _CUT, "jmeter-jtl-015": _CUT}),
    "locust-csv": Rule(("locust-csv",), _locust),
    "artillery": Rule(("artillery-json",), _artillery),
    "wrk": Rule(("wrk-text",), _wrk),
    "hey": Rule(("hey-text",), _hey),
}
