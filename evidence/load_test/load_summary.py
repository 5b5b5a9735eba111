"""Summary of a load test by a script of your own: plain JSON, ``load-summary-json``.

::

    {
      "schema": "compliance/load-summary/v1",
      "tool": "load.py",
      "started_at": "2025-09-20T10:00:00Z",
      "finished_at": "2025-09-20T10:01:05Z",
      "environment": "staging",
      "target": "https://staging.example.org",
      "users": 10,
      "duration_s": 64.2,
      "requests": 1200,
      "failed": 6,
      "latency_ms": {"p50": 41.5, "p95": 120, "p99": 310, "max": 702.25, "mean": 55.1},
      "percentiles_over": "all",
      "endpoints": [
        {"name": "GET /api/health", "requests": 1000, "failed": 0, "latency_ms": {"p50": 40, "p95": 101, "p99": 250, "max": 512}},
        {"name": "POST /api/orders", "requests": 200, "failed": 6, "latency_ms": {"p50": 80, "p95": 300, "p99": 640, "max": 702.25}}
      ]
    }

Required: ``schema``, ``tool``, both times (RFC 3339 with zone), ``requests``, ``failed``. ``percentiles_over`` is required as
soon as there is any latency: ``all`` requests, or the ``successful`` ones only. Optional besides: ``tool_version``, ``version``
and ``commit`` of what was tested. Endpoints, if listed, are all of them: their requests and failures add up to the totals.
Numbers that contradict each other are refused, and both are named. `LoadSummary.json_schema` returns the JSON Schema.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from compliance.kind import Format
from compliance.reading.jsonmodel import Count, Document, Milliseconds, Part, Rows, Seconds, Time, read, recogniser, refuse
from compliance.record import Parsed, Tool
from compliance.source import Source

from . import Endpoint, LoadTest, Over
from ._check import error_rate, in_order

_CLOCK_SLACK_S = 1.0
"""Seconds by which a measured duration may exceed the two times, which scripts often write without fractions."""

Word = Annotated[str, Field(min_length=1, max_length=200)]


class Latency(Part):
    """Times of requests in milliseconds, from sending a request to the last byte of its answer."""

    p50: Milliseconds | None = None
    p95: Milliseconds | None = None
    p99: Milliseconds | None = None
    max: Milliseconds | None = None
    mean: Milliseconds | None = None

    @property
    def known(self) -> bool:
        """Whether any time is stated."""
        return any(value is not None for value in (self.p50, self.p95, self.p99, self.max, self.mean))


class SummaryEndpoint(Part):
    """One endpoint's share."""

    name: Word
    """Method and path, or whatever tells it from the others."""
    requests: Count
    failed: Count
    latency_ms: Latency = Latency()


class LoadSummary(Document):
    """The document, as it is written."""

    schema_id: Literal["compliance/load-summary/v1"] = Field(alias="schema")
    tool: Word
    """Program that made the load and counted."""
    tool_version: Word | None = None
    started_at: Time
    """When the first request was sent."""
    finished_at: Time
    """When the last answer had come."""
    environment: Word | None = None
    target: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    """URL or host that was tested; private."""
    version: Word | None = None
    """Version of what was tested."""
    commit: Annotated[str, Field(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")] | None = None
    """Full commit id of what was tested."""
    users: Count | None = None
    """Most simultaneous users."""
    duration_s: Seconds | None = None
    """Seconds under load; absent: the time between the two times."""
    requests: Count
    failed: Count
    """Requests without an answer, or with one that the script takes as an error."""
    latency_ms: Latency = Latency()
    percentiles_over: Over | None = None
    """Requests that all times of this document are over."""
    endpoints: Rows[SummaryEndpoint] = Field(default=(), max_length=10_000)

    @model_validator(mode="after")
    def _times_agree(self) -> Self:
        seconds = (self.finished_at - self.started_at).total_seconds()
        if seconds < 0:
            raise refuse(f"finished_at {self.finished_at.isoformat()}", f"a time not before started_at {self.started_at.isoformat()}")
        if self.duration_s is not None and self.duration_s > seconds + _CLOCK_SLACK_S:
            raise refuse(f"duration_s {self.duration_s:g}", f"at most the {seconds:g} s between started_at and finished_at")
        return self

    @model_validator(mode="after")
    def _counts_agree(self) -> Self:
        for what, count, failed in self._shares():
            if failed > count:
                raise refuse(f"{failed} failed of {count} requests{what}", "at most all of them")
        for key in ("requests", "failed"):
            total, parts = getattr(self, key), sum(getattr(endpoint, key) for endpoint in self.endpoints)
            if self.endpoints and parts != total:
                raise refuse(f"{key} {total}, but {parts} over all endpoints", "that the endpoints add up to the total")
        names = [endpoint.name for endpoint in self.endpoints]
        if len(set(names)) != len(names):
            raise refuse("an endpoint name that comes twice", "one entry per endpoint")
        return self

    def _shares(self) -> list[tuple[str, int, int]]:
        return [("", self.requests, self.failed), *((f" at {item.name}", item.requests, item.failed) for item in self.endpoints)]

    @model_validator(mode="after")
    def _latencies_agree(self) -> Self:
        parts: list[tuple[str, Latency, int, int]] = [("", self.latency_ms, self.requests, self.failed)]
        parts += [(f" at {item.name}", item.latency_ms, item.requests, item.failed) for item in self.endpoints]
        for what, latency, requests, failed in parts:
            measured = requests - (failed if self.percentiles_over == "successful" else 0)
            if latency.known and self.percentiles_over is None:
                raise refuse(f"latency_ms{what} without percentiles_over", 'percentiles_over "all" or "successful"')
            if latency.known and not measured:
                raise refuse(f"latency_ms{what} over 0 requests ({failed} of {requests} failed)", "no latency_ms there")
            highest = self.latency_ms.max
            if latency.max is not None and highest is not None and latency.max > highest:
                raise refuse(f"max {latency.max:g} ms{what}", f"at most the overall max {highest:g} ms")
        return self


def _parse(source: Source) -> Parsed:
    document = read(source, LoadSummary)
    _in_order(document.latency_ms, "/latency_ms")
    for number, endpoint in enumerate(document.endpoints):
        _in_order(endpoint.latency_ms, f"/endpoints/{number}/latency_ms")
    return Parsed(
        payload=_payload(document),
        tool=Tool(document.tool, document.tool_version),
        observed_at=document.finished_at,
        commit=document.commit,
        version=document.version,
        environment=document.environment,
    )


def _in_order(latency: Latency, where: str) -> None:
    in_order([("p50", latency.p50), ("p95", latency.p95), ("p99", latency.p99), ("max", latency.max)], where)
    in_order([("mean", latency.mean), ("max", latency.max)], where)


def _payload(document: LoadSummary) -> LoadTest:
    between = (document.finished_at - document.started_at).total_seconds()
    duration_s = between if document.duration_s is None else document.duration_s
    latency = document.latency_ms
    return LoadTest(
        requests=document.requests,
        failed=document.failed,
        error_rate=error_rate(document.requests, document.failed),
        p50_ms=latency.p50,
        p95_ms=latency.p95,
        p99_ms=latency.p99,
        max_ms=latency.max,
        mean_ms=latency.mean,
        percentiles_over=document.percentiles_over,
        rps=document.requests / duration_s if duration_s else None,
        duration_s=duration_s,
        users=document.users,
        environment=document.environment,
        target=document.target,
        endpoints=tuple(
            Endpoint(name=item.name, requests=item.requests, failed=item.failed, p95_ms=item.latency_ms.p95, p99_ms=item.latency_ms.p99)
            for item in document.endpoints
        ),
        incomplete=None if document.requests else "no request was made",
    )


load_summary_json = Format(
    name="load-summary-json",
    title="Load test by a script of your own (compliance/load-summary/v1)",
    parser=1,
    recognise=recogniser("load-summary"),
    parse=_parse,
    marks=('"compliance/load-summary/v', "started_at", "finished_at", "requests", "failed"),
)
