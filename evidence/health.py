"""Kind of evidence: health. Whether the endpoints of a running service answer as declared, and how fast.

Format ``probe-json``: what the collector ``http`` writes, and what a prober of your own may write::

    {
      "schema": "compliance/probe/v1",
      "tool": "prober.py",
      "target": "https://staging.example.org",
      "environment": "staging",
      "endpoints": [{"path": "/api/health", "expected_status": 200, "shape": {"status": "string", "checks": "object"}}],
      "probes": [
        {"path": "/api/health", "at": "2025-09-20T10:00:00Z", "status": 200, "latency_ms": 12.5, "shape_ok": true, "error": null},
        {"path": "/api/health", "at": "2025-09-20T10:00:01Z", "status": null, "latency_ms": null, "shape_ok": null, "error": "timeout"}
      ]
    }

A probe failed when it has an error, another status than expected, or a body of another shape. ``shape`` names members of the
JSON object that the body must hold, and their types; ``shape_ok`` is stated exactly where the expected status came and a shape
is declared. ``latency_ms`` runs from before connecting to the end of the body. Optional: ``tool_version``, ``version`` and
``commit`` of what was probed.

Percentiles are nearest-rank over the probes that were answered: the smallest time that at least 95 % of them do not exceed.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from compliance import __version__
from compliance.collecting.httpprobe import Answer, address, get
from compliance.errors import CollectorError, InputError
from compliance.kind import Collected, Collector, Context, Format, Kind, Options, options_of
from compliance.reading.jsonmodel import read, recogniser
from compliance.reading.jsontext import loads
from compliance.record import Json, Model, Parsed, Payload, Private, Tool
from compliance.source import Source
from compliance.subject import Binding
from compliance.times import rfc3339

from ._probe import PROBE_LIMIT, Path, Probe, ProbeDocument, ProbeEndpoint, Shape, Status, TypeName, Word, failed

_TYPES: Mapping[TypeName, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


class Endpoint(Model):
    """What the probes of one endpoint found."""

    path: str
    probes: int
    failed: int
    p95_ms: float | None
    max_ms: float | None
    statuses: dict[str, int]
    """Number of probes by status, or by error word where no answer came."""
    shape_ok: bool | None
    """Whether every body had the declared shape; None when none is declared or no body came."""
    expected_status: int


class Health(Payload):
    """What the probes found."""

    endpoints: tuple[Endpoint, ...]
    samples: int
    """Probes in all."""
    failed: int
    first: datetime | None
    last: datetime | None
    environment: str | None
    target: Annotated[str | None, Private("paths")]
    """Address that the paths are under."""

    def summary(self) -> dict[str, Json]:
        """Returns the endpoints and the totals."""
        return self.model_dump(mode="json", exclude={"incomplete", "target"})


kind = Kind(id="health", title="Health of a running service", binds_to=Binding.ENVIRONMENT, payload=Health)


def _nearest_rank(values: Sequence[float], percent: float) -> float | None:
    return sorted(values)[math.ceil(percent / 100 * len(values)) - 1] if values else None


def _found(endpoint: ProbeEndpoint, probes: Sequence[Probe]) -> Endpoint:
    statuses: dict[str, int] = {}
    for probe in probes:
        word = str(probe.error) if probe.status is None else str(probe.status)
        statuses[word] = statuses.get(word, 0) + 1
    times = [probe.latency_ms for probe in probes if probe.latency_ms is not None]
    shapes = [probe.shape_ok for probe in probes if probe.shape_ok is not None]
    return Endpoint(
        path=endpoint.path,
        probes=len(probes),
        failed=sum(failed(probe, endpoint) for probe in probes),
        p95_ms=_nearest_rank(times, 95),
        max_ms=max(times, default=None),
        statuses=dict(sorted(statuses.items())),
        shape_ok=all(shapes) if shapes else None,
        expected_status=endpoint.expected_status,
    )


def _parse(source: Source) -> Parsed:
    document = read(source, ProbeDocument)
    by_path: dict[str, list[Probe]] = {endpoint.path: [] for endpoint in document.endpoints}
    for probe in document.probes:
        by_path[probe.path].append(probe)
    endpoints = tuple(_found(endpoint, by_path[endpoint.path]) for endpoint in document.endpoints)
    unprobed = next((endpoint.path for endpoint in endpoints if not endpoint.probes), None)
    times = [probe.at for probe in document.probes]
    payload = Health(
        endpoints=endpoints,
        samples=len(document.probes),
        failed=sum(endpoint.failed for endpoint in endpoints),
        first=min(times, default=None),
        last=max(times, default=None),
        environment=document.environment,
        target=document.target,
        incomplete=None if unprobed is None else f"{unprobed} was not probed",
    )
    return Parsed(
        payload=payload,
        tool=Tool(document.tool, document.tool_version),
        observed_at=payload.last,
        commit=document.commit,
        version=document.version,
        environment=document.environment,
    )


probe_json = Format(
    name="probe-json",
    title="Probes of HTTP endpoints (compliance/probe/v1)",
    parser=1,
    recognise=recogniser("probe"),
    parse=_parse,
    marks=('"compliance/probe/v', "endpoints", "probes"),
)


class EndpointOptions(BaseModel):
    """One endpoint to ask."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    path: Path
    status: Status = 200
    """Status that is expected; a redirect is not followed, so 302 is an answer of its own."""
    shape: Shape | None = None
    """Members of the JSON object that the body must hold, and their types: string, number, boolean, object or array."""


class HttpOptions(Options):
    """Options of the collector ``http``."""

    base_url: str
    """Address of the service, ``https://...``, without user or password; the paths are added to it."""
    environment: Word | None = None
    """Name of the environment that runs there; by default the one that is judged."""
    endpoints: tuple[EndpointOptions, ...] = Field(min_length=1, max_length=1000)
    probes: int = Field(default=5, ge=3, le=PROBE_LIMIT, strict=True)
    """Probes of each endpoint."""
    interval: float = Field(default=1.0, ge=0, le=86400)
    """Seconds from the end of one round over all endpoints to the next."""
    probe_timeout: float = Field(default=10.0, gt=0, le=300)
    """Seconds after which a probe without a whole answer has failed."""

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        return address(url)

    @model_validator(mode="after")
    def _can_end_in_time(self) -> Self:
        if len({endpoint.path for endpoint in self.endpoints}) != len(self.endpoints):
            raise ValueError("an endpoint's path comes twice")
        if self.probes * len(self.endpoints) > PROBE_LIMIT:
            raise ValueError(f"more than {PROBE_LIMIT} probes in all")
        if (self.probes - 1) * self.interval >= self.timeout:
            raise ValueError(f"{self.probes} probes every {self.interval:g} s take longer than timeout, {self.timeout:g} s")
        return self


def _collect(context: Context) -> Iterator[Collected]:
    options = options_of(context, HttpOptions)
    environment = options.environment or context.subject.environment
    started, deadline = context.now(), time.monotonic() + options.timeout
    context.say(f"probes {len(options.endpoints)} endpoints {options.probes} times")
    probes: list[dict[str, Json]] = []
    for number in range(options.probes):
        if number:
            time.sleep(options.interval)
        for endpoint in options.endpoints:
            if time.monotonic() >= deadline:
                raise CollectorError(
                    f"{len(probes)} of {options.probes * len(options.endpoints)} probes were made within {options.timeout:g} s",
                    hint="raise `timeout` or lower `probes`, `interval` or `probe-timeout` of this collector",
                )
            probes.append(_probe(options, endpoint, context.now()))
    yield Collected(
        format="probe-json",
        content=_written(options, environment, probes),
        name="http",
        started_at=started,
        finished_at=context.now(),
        tool=Tool("compliance-toolkit", __version__),
        scope={"endpoints": len(options.endpoints), "probes": options.probes},
        environment=environment,
    )


def _probe(options: HttpOptions, endpoint: EndpointOptions, at: datetime) -> dict[str, Json]:
    answer = get(options.base_url + endpoint.path, timeout_s=options.probe_timeout, user_agent=f"compliance-toolkit/{__version__}")
    shape_ok: bool | None = None
    error: str | None = answer.error
    if endpoint.shape is not None and answer.status == endpoint.status:
        shape_ok, error = _judged(answer, endpoint.shape)
    return {
        "path": endpoint.path,
        "at": rfc3339(at),
        "status": answer.status,
        "latency_ms": answer.latency_ms,
        "shape_ok": shape_ok,
        "error": error,
    }


def _judged(answer: Answer, shape: Shape) -> tuple[bool, str | None]:
    """Compares a body with the declared shape; returns whether it has it, and an error word when it could not be read."""
    if answer.truncated:
        return False, "body-too-large"
    try:
        body = loads(answer.body)
    except InputError:
        return False, "body-malformed"
    return isinstance(body, dict) and all(_has(body, key, name) for key, name in shape.items()), None


def _has(body: Mapping[str, Json], key: str, name: TypeName) -> bool:
    value = body.get(key)
    return isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _written(options: HttpOptions, environment: str | None, probes: list[dict[str, Json]]) -> bytes:
    document = {
        "schema": "compliance/probe/v1",
        "tool": "compliance-toolkit",
        "tool_version": __version__,
        "target": options.base_url,
        "environment": environment,
        "endpoints": [{"path": item.path, "expected_status": item.status, "shape": item.shape} for item in options.endpoints],
        "probes": probes,
    }
    return json.dumps(document, indent=1).encode() + b"\n"


http = Collector(name="http", title="Probes the endpoints of a running service", options=HttpOptions, collect=_collect, alone=True)
