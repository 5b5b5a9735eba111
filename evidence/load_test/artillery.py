"""Report of Artillery (``artillery run -o``), versions 1 and 2; only ``aggregate``, which sums up ``intermediate``, is read.

- Version 2 (``counters``, ``rates``, ``summaries``): requests are ``http.requests``; times are ``http.response_time``.
- Version 1 (``scenariosCreated``, ``requestsCompleted``, ``latency``, ``codes``, ``errors``): requests are ``rps.count``, those that were
  sent, where it is above ``requestsCompleted``, those that were answered. ``latency`` is null or empty when nothing was answered.

A request failed if Artillery counted an error for it (``errors.*``: no answer, or one that a check of the script refused); errors of the
script itself are counted there too, so that there can be more of them than requests. HTTP statuses from 400 are no errors there: they are
not counted as failed, but make the evidence incomplete. Users that failed (``vusers.failed``) are no requests. Times are milliseconds and
approximate (a sketch with a relative error of 1 %), over the requests that were answered. How many users there were at a time is not said.
The duration of version 2 is that between the first and the last metric; version 1 states none. The plug-in ``metrics-by-endpoint`` gives
the endpoints.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading.jsontext import members
from compliance.record import Json, Parsed, Tool, shorten
from compliance.source import Source, parse_time

from . import Endpoint, LoadTest
from ._check import error_rate, in_order, over
from ._json import mapping, number, whole

_WHERE: Final = "/aggregate"
_SKETCH: Final = 0.02
"""Relative error of two approximate times against each other, and rounding to a tenth of a millisecond."""
_ROUNDED_MS: Final = 0.1
_HTTP_ERROR: Final = 400
_PLUGIN: Final = "plugins.metrics-by-endpoint."
_PLUGIN_COUNTER: Final = re.compile(re.escape(_PLUGIN) + r"(.+)\.(codes|errors)\.(.+)", re.DOTALL)
_ENDPOINTS: Final = 1000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Report:
    """An aggregate of either version."""

    requests: int | None
    answered: int | None
    failed: int
    codes: Mapping[str, int]
    times: Mapping[str, Json]
    rate: float | None = None
    first: datetime | None = None
    last: datetime | None = None
    endpoints: tuple[Endpoint, ...] = field(default=())

    @property
    def duration_s(self) -> float | None:
        """Seconds from the first metric to the last."""
        return None if self.first is None or self.last is None else (self.last - self.first).total_seconds()

    @property
    def http_errors(self) -> int:
        """Answers with a status from 400."""
        return sum(count for code, count in self.codes.items() if code.isascii() and code.isdigit() and int(code[:9]) >= _HTTP_ERROR)


def _parse(source: Source) -> Parsed:
    document = mapping(source.json, "/")
    aggregate = mapping(document.get("aggregate"), _WHERE)
    report = _second(aggregate) if "counters" in aggregate and "requestsCompleted" not in aggregate else _first(aggregate)
    requests, failed = report.requests, report.failed if report.requests is not None else None
    times = _times(report.times) if report.answered else {}
    seconds = report.duration_s
    payload = LoadTest(
        requests=requests,
        failed=failed,
        error_rate=error_rate(requests, failed),
        **times,
        percentiles_over=over(report.answered, requests, failed) if times else None,
        rps=requests / seconds if requests is not None and seconds else report.rate,
        duration_s=seconds,
        endpoints=report.endpoints,
        incomplete=_incomplete(report),
    )
    return Parsed(payload=payload, tool=Tool("Artillery"), observed_at=report.last)


def _incomplete(report: _Report) -> str | None:
    if report.requests is None:
        return "the report does not say how many HTTP requests were made"
    if not report.requests:
        return "no HTTP request was answered" if report.failed else "no HTTP request was made"
    if report.failed > report.requests:
        return f"{report.failed} errors at {report.requests} requests, so some are errors of the script"
    if report.http_errors:
        return (
            f"{report.http_errors} of {report.answered} answers are HTTP errors (400 and above), which Artillery does not count as failed"
        )
    return None


def _second(aggregate: Mapping[str, Json]) -> _Report:
    counters = mapping(aggregate["counters"], f"{_WHERE}/counters")
    summaries = mapping(aggregate.get("summaries") or aggregate.get("histograms") or {}, f"{_WHERE}/summaries")
    requests, answered = (_counter(counters, f"http.{name}") for name in ("requests", "responses"))
    times = mapping(summaries.get("http.response_time") or {}, f"{_WHERE}/summaries/http.response_time")
    if requests is not None and (answered or 0) > requests:
        raise InputError(f"{answered} answers to {requests} requests", expected="at most one to each", where=f"{_WHERE}/counters")
    rate = mapping(aggregate.get("rates") or {}, f"{_WHERE}/rates").get("http.request_rate")
    first, last = (_moment(aggregate, f"{name}MetricAt") for name in ("first", "last"))
    if first is not None and last is not None and last < first:
        raise InputError(f"lastMetricAt {last:%FT%TZ} before firstMetricAt {first:%FT%TZ}", expected="not before it", where=_WHERE)
    return _Report(
        requests=requests,
        answered=answered if "count" not in times else whole(times["count"], f"{_WHERE}/summaries/http.response_time/count"),
        failed=sum(_counter(counters, name) or 0 for name in counters if name.startswith("errors.")),
        codes={name.removeprefix("http.codes."): _counter(counters, name) or 0 for name in counters if name.startswith("http.codes.")},
        times=times,
        rate=None if rate is None else number(rate, f"{_WHERE}/rates/http.request_rate"),
        first=first,
        last=last,
        endpoints=_endpoints(counters, summaries),
    )


def _counter(counters: Mapping[str, Json], name: str) -> int | None:
    return whole(counters[name], f"{_WHERE}/counters/{name}") if name in counters else None


def _moment(aggregate: Mapping[str, Json], key: str) -> datetime | None:
    """Reads milliseconds since 1970; 0 stands for none."""
    value = aggregate.get(key)
    if value is None or not (ms := whole(value, f"{_WHERE}/{key}")):
        return None
    try:
        return _EPOCH + timedelta(milliseconds=ms)
    except OverflowError as error:
        raise InputError(f"{ms}", expected="milliseconds since 1970", where=f"{_WHERE}/{key}") from error


def _first(aggregate: Mapping[str, Json]) -> _Report:
    completed = whole(aggregate.get("requestsCompleted"), f"{_WHERE}/requestsCompleted")
    errors, codes = (_counts(aggregate, name) for name in ("errors", "codes"))
    rps = mapping(aggregate.get("rps") or {}, f"{_WHERE}/rps")
    sent = whole(rps["count"], f"{_WHERE}/rps/count") if rps.get("count") is not None else None
    requests = None if sent is None and errors else max(completed, sent or 0)
    timestamp = aggregate.get("timestamp")
    return _Report(
        requests=requests,
        answered=completed,
        failed=sum(errors.values()),
        codes=codes,
        times=mapping(aggregate.get("latency") or {}, f"{_WHERE}/latency"),
        rate=None if rps.get("mean") is None else number(rps["mean"], f"{_WHERE}/rps/mean"),
        last=parse_time(timestamp) if isinstance(timestamp, str) else None,
    )


def _counts(aggregate: Mapping[str, Json], key: str) -> dict[str, int]:
    return {name: whole(count, f"{_WHERE}/{key}/{name}") for name, count in mapping(aggregate.get(key) or {}, f"{_WHERE}/{key}").items()}


def _times(found: Mapping[str, Json]) -> dict[str, Any]:
    known = {key: number(value, f"{_WHERE}/{key}") for key, value in found.items() if value is not None}
    if not known:
        return {}
    p50 = known.get("p50", known.get("median"))
    p95, p99, most, mean = (known.get(key) for key in ("p95", "p99", "max", "mean"))
    slack = {"slack": _SKETCH, "slack_ms": _ROUNDED_MS}
    in_order([("p50", p50), ("p95", p95), ("p99", p99), ("max", most)], _WHERE, **slack)
    in_order([("mean", mean), ("max", most)], _WHERE, **slack)
    return {"p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "max_ms": most, "mean_ms": mean}


def _endpoints(counters: Mapping[str, Json], summaries: Mapping[str, Json]) -> tuple[Endpoint, ...]:
    found: dict[str, list[int]] = {}
    for name in counters:
        part = _PLUGIN_COUNTER.fullmatch(name)
        if part is not None:
            counts = found.setdefault(part.group(1), [0, 0])
            count = _counter(counters, name) or 0
            counts[0] += count
            counts[1] += count if part.group(2) == "errors" else 0
    order = sorted(found.items(), key=lambda item: (not item[1][1], -item[1][0], item[0]))
    return tuple(_endpoint(name, counts[0], counts[1], summaries) for name, counts in order[:_ENDPOINTS])


def _endpoint(name: str, requests: int, failed: int, summaries: Mapping[str, Json]) -> Endpoint:
    key = f"{_PLUGIN}response_time.{name}"
    times = _times(mapping(summaries.get(key) or {}, f"{_WHERE}/summaries/{key}"))
    return Endpoint(name=shorten(name, 500), requests=requests, failed=failed, p95_ms=times.get("p95_ms"), p99_ms=times.get("p99_ms"))


def _recognise(source: Source) -> bool:
    aggregate = source.json_members.get("aggregate")
    if aggregate is None:
        return False
    try:
        keys = members(aggregate).keys()
    except InputError:
        return False
    return {"scenariosCreated", "requestsCompleted"} <= keys or ("counters" in keys and bool({"summaries", "histograms", "rates"} & keys))


artillery_json = Format(
    name="artillery-json",
    title="Load test by Artillery (run -o)",
    parser=2,
    recognise=_recognise,
    parse=_parse,
    marks=("aggregate", "intermediate"),
)
