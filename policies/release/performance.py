"""Performance: the release is fast enough, fails rarely enough, and was there when it was needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import Field

from compliance.gate import Area, AtLeast, Below, Inputs, Item, Params, Place, Reason, Verdict, failed, gate, not_assessed, passed
from compliance.record import Json

from .._say import LIMIT, count, hours, number, percent

PRINCIPLE: Final = "Performance"


class Latency(Params):
    """Thresholds of REL-2."""

    p95_ms: Annotated[float, Below(), Field(gt=0)] = 250.0
    """95th percentile of the response time, less than (milliseconds)."""
    p99_ms: Annotated[float, Below(), Field(gt=0)] = 1000.0
    """99th percentile of the response time, less than (milliseconds)."""
    users: Annotated[int, AtLeast(), Field(ge=1)] = 10
    """Simultaneous users, at least (count)."""
    duration_s: Annotated[float, AtLeast(), Field(gt=0)] = 60.0
    """Duration of the test, at least (seconds)."""


@gate(
    id="REL-2",
    statement="Load test met the latency targets",
    principle=PRINCIPLE,
    area=Area.PERFORMANCE,
    reads=["load-test"],
    max_age=timedelta(days=14),
    points=("production",),
    service_only=True,
    params=Latency,
)
def latency(inputs: Inputs, params: Latency) -> Verdict:
    """Compares the percentiles of every load test with the limits.

    A test that is too small, or whose percentiles leave failed requests out, can break the limit but cannot prove that it is kept. It does
    not take away what another, sufficient test proves.

    Asks: P95 is below 250 ms and P99 below 1000 ms, in the target environment, under at least 10 users for at least 60 seconds.

    Why: One request in a hundred is what every user meets within a few minutes.

    Evidence: Load tests of this commit and environment, at most 14 days old (`compliance ingest`). Percentiles over the successful requests
    alone hide what the failed ones took: if they keep the limit while requests failed, nothing is shown.

    Fix: Look at the slowest endpoints first; make the test tool compute percentiles over all requests, and run it with enough users for
    long enough.

    Maps to: SOC 2 A1.1; ISO/IEC 27001:2022 A.8.6, A.8.29.
    """
    runs = [item.payload for item in inputs.of("load-test")]
    limits = params.model_dump()
    observed = [_latency(run) for run in runs]
    for run in runs:
        if _over(run, params):
            message = "; ".join([*_over(run, params), *_under(run, params)]) + _population(run)
            return failed(message, observed=observed, threshold=limits, places=_slow_endpoints(runs, params))
    lacking = [list(_unproven_latency(run, params)) for run in runs]
    if all(lacking):
        message = "; ".join(lacking[0]) if lacking else "no load test"
        return not_assessed(Reason.INCOMPLETE, message, observed=observed, threshold=limits)
    good = next(run for run, why in zip(runs, lacking, strict=True) if not why)
    return passed(f"{'; '.join(_under(good, params))}{_population(good)}", observed=observed, threshold=limits)


_PERCENTILES: Final = {"p95_ms": "P95", "p99_ms": "P99"}


def _latency(run: Any) -> Json:
    names = ("p95_ms", "p99_ms", "percentiles_over", "users", "duration_s", "requests", "failed")
    return {name: getattr(run, name) for name in names}


def _compared(run: Any, params: Latency, keep: Callable[[float, float], bool], words: str) -> list[str]:
    pairs = [(label, getattr(run, name), getattr(params, name)) for name, label in _PERCENTILES.items()]
    return [f"{label} {number(ms)} ms {words} {number(limit)} ms" for label, ms, limit in pairs if ms is not None and keep(ms, limit)]


def _over(run: Any, params: Latency) -> list[str]:
    reached = _compared(run, params, lambda ms, limit: ms == limit, "reaches the limit of")
    return [*reached, *_compared(run, params, lambda ms, limit: ms > limit, "exceeds the limit of")]


def _under(run: Any, params: Latency) -> list[str]:
    return _compared(run, params, lambda ms, limit: ms < limit, "keeps")


def _population(run: Any) -> str:
    return " (over the successful requests only)" if run.percentiles_over == "successful" and run.failed else ""


def _unproven_latency(run: Any, params: Latency) -> Iterator[str]:
    for name, label in _PERCENTILES.items():
        if getattr(run, name) is None:
            yield f"the test does not say {label}"
    if run.failed is None and run.percentiles_over != "all":
        yield "the test does not say how many requests failed, nor whether the percentiles are over all of them"
    elif run.failed and run.percentiles_over != "all":
        where = "leave" if run.percentiles_over == "successful" else "may leave"
        yield f"the percentiles {where} out {count(run.failed, 'failed request')} of {run.requests}"
    if run.users is None or run.users < params.users:
        yield f"{'an unknown number of users' if run.users is None else count(run.users, 'user')}; expected at least {params.users}"
    if run.duration_s is None or run.duration_s < params.duration_s:
        lasted = "an unknown time" if run.duration_s is None else f"{number(run.duration_s)} s"
        yield f"the test lasted {lasted}; expected at least {number(params.duration_s)} s"


def _slow_endpoints(runs: list[Any], params: Latency) -> list[Place]:
    slow = [
        (endpoint.p95_ms or 0.0, endpoint.p99_ms or 0.0, endpoint.name)
        for run in runs
        for endpoint in run.endpoints
        if (endpoint.p95_ms or 0.0) >= params.p95_ms or (endpoint.p99_ms or 0.0) >= params.p99_ms
    ]
    slow.sort(key=lambda one: (one[1], one[0]), reverse=True)
    return [
        Place(name, ", ".join(f"{label} {number(ms)} ms" for label, ms in (("P95", p95), ("P99", p99)) if ms))
        for p95, p99, name in slow[:LIMIT]
    ]


class ErrorRate(Params):
    """Thresholds of REL-3."""

    error_rate: Annotated[float, Below(), Field(gt=0, le=1)] = 0.01
    """Failed requests, less than, overall and for each endpoint (ratio, 0 to 1)."""


@gate(
    id="REL-3",
    statement="Load test met the error target",
    principle=PRINCIPLE,
    area=Area.PERFORMANCE,
    reads=["load-test"],
    points=("production",),
    service_only=True,
    params=ErrorRate,
)
def error_rate(inputs: Inputs, params: ErrorRate) -> Verdict:
    """Compares the share of failed requests with the limit, overall and per endpoint.

    Asks: Less than 1 % of the requests failed, overall and at every endpoint.

    Why: An endpoint that always fails disappears in the average of those that are asked more often.

    Evidence: Load tests of this commit and environment (`compliance ingest`); all of them count. A test that does not list its endpoints
    passes only if no request failed at all.

    Fix: Ask the listed endpoint alone and read its status and log; an endpoint that needs a sign-in needs one in the test too.

    Maps to: SOC 2 A1.1, CC7.2; ISO/IEC 27001:2022 A.8.6, A.8.29.
    """
    runs = [item.payload for item in inputs.of("load-test")]
    limits = params.model_dump()
    rates = [_rate(run.failed, run.requests, run.error_rate) for run in runs]
    observed = {"error_rate": max((rate for rate in rates if rate is not None), default=None)}
    broken = [rate for rate in rates if rate is not None and rate >= params.error_rate]
    places = _failing_endpoints(runs, params)
    observed["endpoints_over"] = len(places)
    if broken or places:
        named = f"; at {places[0].where} {places[0].what}" if places else ""
        share = "an unknown share" if observed["error_rate"] is None else percent(observed["error_rate"])
        message = f"{share} of the requests failed{named}; expected less than {percent(params.error_rate)} overall and per endpoint"
        return failed(message, observed=observed, threshold=limits, places=places[:LIMIT])
    lacking = [why for run, rate in zip(runs, rates, strict=True) if (why := _unproven_errors(run, rate))]
    if lacking or not runs:
        message = "; ".join(lacking) or "no load test"
        return not_assessed(Reason.INCOMPLETE, message, observed=observed, threshold=limits)
    message = (
        f"{percent(observed['error_rate'] or 0.0)} of the requests failed, and less than {percent(params.error_rate)} at every endpoint"
    )
    return passed(message, observed=observed, threshold=limits)


def _rate(failures: int | None, requests: int | None, stated: float | None = None) -> float | None:
    """Returns the worse of what is counted and what is stated, at most 1; None when neither is known."""
    counted = min(failures / requests, 1.0) if failures is not None and requests else None
    return max((rate for rate in (counted, stated) if rate is not None), default=None)


def _failing_endpoints(runs: list[Any], params: ErrorRate) -> list[Place]:
    found = [(_rate(one.failed, one.requests), one) for run in runs for one in run.endpoints]
    over = [(rate, one) for rate, one in found if rate is not None and rate >= params.error_rate]
    over.sort(key=lambda pair: (-pair[0], pair[1].name))
    return [Place(one.name, f"{one.failed} of {one.requests} failed") for _, one in over]


def _unproven_errors(run: Any, rate: float | None) -> str | None:
    if rate is None or run.requests == 0:
        return "the test does not say how many of its requests failed"
    if not rate:
        return None
    listed = sum(endpoint.failed for endpoint in run.endpoints)
    if not run.endpoints:
        return f"{percent(rate)} of the requests failed, and the test does not say at which endpoints"
    if run.failed is not None and listed < run.failed:
        return f"{run.failed - listed} of {count(run.failed, 'failed request')} belong to no listed endpoint"
    return None


class Availability(Params):
    """Thresholds of REL-4."""

    availability: Annotated[float, AtLeast(), Field(ge=0, le=1)] = 0.999
    """Share of samples that were answered as expected, at least (ratio, 0 to 1)."""
    window_hours: Annotated[float, AtLeast(), Field(gt=0)] = 24.0
    """Time from the first sample to the last, at least (hours)."""
    samples: Annotated[int, AtLeast(), Field(ge=1)] = 1000
    """Samples in that time, at least (count)."""


@gate(
    id="REL-4",
    statement="Service met its availability target",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["health", "metrics"],
    points=("production",),
    service_only=True,
    params=Availability,
)
def availability(inputs: Inputs, params: Availability) -> Verdict:
    """Divides answered samples by all of them, over a window that is long enough.

    A series that is too short can break the target but cannot prove it; it does not take away what a sufficient series proves.

    Asks: At least 99.9 % of at least 1,000 samples over at least 24 hours were answered as expected.

    Why: Ten probes in a minute say that the service is up, not that it stays up.

    Evidence: A probe log of the judged environment over a day or more, or an exported range of the metrics `up` or `probe_success` with
    its times (`compliance ingest`); each piece of evidence is judged by itself.

    Fix: Probe the health endpoint at least every 86 seconds for a day; when probes failed, find the cause at the time of the first one.

    Maps to: SOC 2 A1.1, A1.2; ISO/IEC 27001:2022 A.8.6, A.8.16.
    """
    series = [record for record in map(_record, (*inputs.of("health"), *inputs.of("metrics"))) if record is not None]
    limits = params.model_dump()
    observed = [_availability(record) for record in series]
    broken = [record for record in series if _share(record) < params.availability]
    if broken:
        worst = max(broken, key=lambda record: record.failed / record.samples)
        message = f"{worst.failed} of {count(worst.samples, 'sample')} failed; expected at least {percent(params.availability)} answered"
        return failed(message, observed=observed, threshold=limits, places=_failing(worst.item)[:LIMIT])
    if not series:
        return not_assessed(Reason.MISSING, "no samples of the service's health", threshold=limits)
    good = [record for record in series if _is_enough(record, params)]
    if not good:
        longest = max(series, key=lambda record: (_window(record), record.samples))
        message = f"{count(longest.samples, 'sample')} over {hours(_window(longest))}"
        expected = f"expected at least {params.samples} over {number(params.window_hours)} h"
        return not_assessed(Reason.INCOMPLETE, f"{message}; {expected}", observed=observed, threshold=limits)
    message = f"{good[0].samples - good[0].failed} of {count(good[0].samples, 'sample')} answered as expected"
    return passed(message, observed=observed, threshold=limits)


@dataclass(frozen=True)
class _Record:
    """When the service answered, as one piece of evidence tells it."""

    samples: int
    failed: int
    first: datetime | None
    last: datetime | None
    item: Item


def _record(item: Item) -> _Record | None:
    counts = item.payload.up if item.kind == "metrics" else item.payload
    if counts is None or not counts.samples:
        return None
    return _Record(counts.samples, counts.failed, counts.first, counts.last, item)


def _failing(item: Item) -> list[Place]:
    if item.kind == "metrics":
        return [Place(name, count(failed, "failed sample")) for name, failed in item.payload.up.failing.items()]
    return [Place(one.path, f"{one.failed} of {one.probes} failed") for one in item.payload.endpoints if one.failed]


def _share(record: _Record) -> float:
    return (record.samples - record.failed) / record.samples


def _window(record: _Record) -> timedelta:
    return timedelta() if record.first is None or record.last is None else record.last - record.first


def _is_enough(record: _Record, params: Availability) -> bool:
    return _window(record) >= timedelta(hours=params.window_hours) and record.samples >= params.samples


def _availability(record: _Record) -> Json:
    hours = round(_window(record).total_seconds() / 3600, 2)
    return {"samples": record.samples, "failed": record.failed, "availability": _share(record), "window_hours": hours}
