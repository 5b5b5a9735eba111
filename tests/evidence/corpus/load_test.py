"""Load tests: requests, failures, times in milliseconds, seconds of the run."""

from __future__ import annotations

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


FORMATS = {"k6": Rule(("k6-summary",), _k6)}
