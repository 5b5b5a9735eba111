"""End-of-test summary of Grafana k6, in its three layouts.

- ``--summary-export``: ``metrics`` maps names to flat statistics; a threshold's value is **true when it failed** (grafana/k6
  issue 1498).
- ``handleSummary(data)`` dumped as JSON: each metric has ``type``, ``contains`` and ``values``; a threshold's ``{"ok": true}``
  is a pass.
- ``--new-machine-readable-summary`` (since 1.5): ``config``, ``metadata``, ``results``, ``version``; holds no thresholds and no
  p(99).

``http_req_failed`` is a rate of failures: its ``passes`` (``matches``) are the failed requests. Times are milliseconds and,
being those of ``http_req_duration``, over all requests. Sub-metrics such as ``http_reqs{status:200}`` are parts of their
parents and are not added. Users are ``vus_max``. Where the layout has no duration, it is count / rate of ``http_reqs``: k6
computes that rate over the duration of the run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading.jsontext import loads
from compliance.record import Json, Parsed, Tool, shorten
from compliance.source import Source, parse_time

from . import LoadTest, Threshold
from ._check import error_rate, in_order
from ._json import array, flag, mapping, number, whole

_OWN_METRICS = {"http_reqs", "http_req_duration", "iterations", "iteration_duration", "vus", "data_sent", "data_received", "checks"}
"""Built-in metrics, at least one of which each summary holds."""
_RATE_SLACK = 1e-6

Layout = Literal["summary-export", "handleSummary", "machine-readable"]


@dataclass(frozen=True)
class _Summary:
    """A summary of any layout: the statistics of each metric under the keys of ``handleSummary``."""

    layout: Layout
    metrics: Mapping[str, Mapping[str, Json]]
    thresholds: tuple[Threshold, ...] = ()
    duration_s: float | None = None
    version: str | None = None
    generated_at: datetime | None = None

    def number(self, metric: str, *keys: str) -> float | None:
        """Returns the first of some statistics of a metric that is there."""
        values = self.metrics.get(metric, {})
        key = next((key for key in keys if key in values), None)
        return None if key is None else number(values[key], f"{metric}/{key}")

    def count(self, metric: str, key: str) -> int | None:
        """Returns a statistic that must be a whole number."""
        value = self.number(metric, key)
        return None if value is None else whole(value, f"{metric}/{key}")


@dataclass(frozen=True)
class _Times:
    """Milliseconds of ``http_req_duration``."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None
    mean: float | None = None


def _parse(source: Source) -> Parsed:
    summary = _read(mapping(source.json, "/"))
    requests, (failed, judged) = summary.count("http_reqs", "count"), _failures(summary)
    if judged is not None and judged > (requests or 0):
        raise InputError(f"http_req_failed over {judged} requests", expected=f"at most the {requests or 0} of http_reqs")
    times = _times(summary) if requests else _Times()
    payload = LoadTest(
        requests=requests,
        failed=failed,
        error_rate=error_rate(requests, failed),
        p50_ms=times.p50,
        p95_ms=times.p95,
        p99_ms=times.p99,
        max_ms=times.max,
        mean_ms=times.mean,
        percentiles_over="all" if requests and "http_req_duration" in summary.metrics else None,
        rps=_rps(summary, requests),
        duration_s=_duration(summary, requests),
        users=summary.count("vus_max", "max" if "max" in summary.metrics.get("vus_max", {}) else "value"),
        thresholds=summary.thresholds,
        incomplete=_incomplete(requests, failed, judged),
    )
    return Parsed(payload=payload, tool=Tool("k6", summary.version), observed_at=summary.generated_at)


def _incomplete(requests: int | None, failed: int | None, judged: int | None) -> str | None:
    if not requests:
        return "no HTTP request was made"
    if failed is None:
        return "the summary does not say how many requests failed"
    return f"k6 judged {judged} of {requests} requests" if judged != requests else None


def _failures(summary: _Summary) -> tuple[int | None, int | None]:
    """Returns how many requests failed, and of how many that is known (a script can switch the judging off for some)."""
    metric = "http_req_failed"
    if summary.layout == "machine-readable":
        failed, total = summary.count(metric, "matches"), summary.count(metric, "total")
    else:
        failed, good = summary.count(metric, "passes"), summary.count(metric, "fails")
        total = None if failed is None or good is None else failed + good
    if failed is None or total is None:
        return None, None
    rate = summary.number(metric, "rate", "value")
    if failed > total or (rate is not None and abs(rate * total - failed) > _RATE_SLACK * max(total, 1)):
        raise InputError(f"rate {rate} with {failed} of {total} failed", expected="that they agree", where=metric)
    return failed, total


def _times(summary: _Summary) -> _Times:
    metric = "http_req_duration"
    least = ("min", summary.number(metric, "min"))
    times = _Times(
        p50=summary.number(metric, "med", "p(50)", "p50"),
        p95=summary.number(metric, "p(95)", "p95"),
        p99=summary.number(metric, "p(99)", "p99"),
        max=summary.number(metric, "max"),
        mean=summary.number(metric, "avg"),
    )
    in_order([least, ("p50", times.p50), ("p95", times.p95), ("p99", times.p99), ("max", times.max)], metric)
    in_order([least, ("avg", times.mean), ("max", times.max)], metric)
    return times


def _rps(summary: _Summary, requests: int | None) -> float | None:
    stated = summary.number("http_reqs", "rate")
    if stated is None and requests is not None and summary.duration_s:
        return requests / summary.duration_s
    return stated


def _duration(summary: _Summary, requests: int | None) -> float | None:
    rate = summary.number("http_reqs", "rate")
    if summary.duration_s is None and requests and rate:
        seconds = requests / rate
        return seconds if math.isfinite(seconds) else None
    return summary.duration_s


def _read(document: Mapping[str, Json]) -> _Summary:
    if "results" in document:
        return _machine_readable(document)
    metrics = mapping(document.get("metrics"), "/metrics")
    nested = {name for name, metric in metrics.items() if "values" in mapping(metric, f"/metrics/{name}")}
    if nested and len(nested) != len(metrics):
        odd = sorted(metrics.keys() - nested)[0]
        raise InputError(f"metric {shorten(odd, 80)} without values", expected="one layout for all metrics", where="/metrics")
    return _handle_summary(document, metrics) if nested else _summary_export(metrics)


def _summary_export(metrics: Mapping[str, Mapping[str, Json]]) -> _Summary:
    found = tuple(
        Threshold(metric=name, expression=expression, passed=not flag(failed, f"/metrics/{name}/thresholds"))
        for name, expression, failed in _thresholds(metrics)
    )
    return _Summary("summary-export", metrics, found)


def _handle_summary(document: Mapping[str, Json], metrics: Mapping[str, Mapping[str, Json]]) -> _Summary:
    found = tuple(
        Threshold(metric=name, expression=expression, passed=flag(mapping(verdict, where).get("ok"), f"{where}/ok"))
        for name, expression, verdict in _thresholds(metrics)
        for where in [f"/metrics/{name}/thresholds"]
    )
    state = mapping(document.get("state", {}), "/state")
    milliseconds = state.get("testRunDurationMs")
    seconds = None if milliseconds is None else number(milliseconds, "/state/testRunDurationMs") / 1000
    return _Summary(
        "handleSummary", {name: mapping(metric["values"], f"/metrics/{name}/values") for name, metric in metrics.items()}, found, seconds
    )


def _thresholds(metrics: Mapping[str, Mapping[str, Json]]) -> Iterator[tuple[str, str, Json]]:
    for name, metric in metrics.items():
        for expression, verdict in mapping(metric.get("thresholds", {}), f"/metrics/{name}/thresholds").items():
            yield name, expression, verdict


def _machine_readable(document: Mapping[str, Json]) -> _Summary:
    if not isinstance(document.get("version"), str) or not document["version"].startswith("1."):
        raise InputError(f"version {shorten(repr(document.get('version')), 40)}", expected="1.x", where="/version")
    config, metadata = (mapping(document.get(key), f"/{key}") for key in ("config", "metadata"))
    results = mapping(document["results"], "/results")
    if "thresholds" in results:
        raise InputError("thresholds", expected="none, as in version 1.0.0 of this layout", where="/results/thresholds")
    metrics: dict[str, Mapping[str, Json]] = {}
    for position, item in enumerate(array(results.get("metrics"), "/results/metrics")):
        where = f"/results/metrics/{position}"
        name = mapping(item, where).get("name")
        if not isinstance(name, str) or name in metrics:
            raise InputError(shorten(repr(name), 80), expected="a name that no other metric has", where=f"{where}/name")
        metrics[name] = mapping(item.get("values"), f"{where}/values")
    version, generated_at = (metadata.get(key) for key in ("k6_version", "generated_at"))
    return _Summary(
        "machine-readable",
        metrics,
        duration_s=None if config.get("duration") is None else number(config["duration"], "/config/duration"),
        version=shorten(version, 100) if isinstance(version, str) else None,
        generated_at=parse_time(generated_at) if isinstance(generated_at, str) else None,
    )


def _recognise(source: Source) -> bool:
    members = source.json_members
    try:
        if {"config", "metadata", "results", "version"} <= members.keys():
            metadata = loads(bytes(members["metadata"]))
            return isinstance(metadata, dict) and "k6_version" in metadata
        if "metrics" not in members or not {"root_group", "state"} & members.keys():
            return False
        metrics = loads(bytes(members["metrics"]))
    except InputError:
        return False
    return isinstance(metrics, dict) and not _OWN_METRICS.isdisjoint(metrics)


k6_summary = Format(
    name="k6-summary",
    title="Load test by k6 (end-of-test summary)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("metrics.http_reqs", "metrics.http_req_duration", "root_group"),
)
