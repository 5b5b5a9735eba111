"""The document of probes, ``compliance/probe/v1``: what `health` reads and its collector writes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from compliance.reading.jsonmodel import Document, Milliseconds, Part, Rows, Time, refuse

TypeName = Literal["string", "number", "boolean", "object", "array"]
"""Types of a JSON object's members."""
Path = Annotated[str, Field(pattern=r"^/[!-~]{0,1000}$")]
Status = Annotated[int, Field(ge=100, le=599)]
Word = Annotated[str, Field(min_length=1, max_length=200)]
Shape = Annotated[dict[Word, TypeName], Field(min_length=1, max_length=1000)]
PROBE_LIMIT = 200_000
"""Probes of one document."""


class ProbeEndpoint(Part):
    """An endpoint and what is expected of it."""

    path: Path
    expected_status: Status = 200
    shape: Shape | None = None


class Probe(Part):
    """One request."""

    path: Path
    at: Time
    """When it was sent."""
    status: Status | None
    latency_ms: Milliseconds | None
    shape_ok: bool | None = None
    error: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")] | None = None
    """One word; null when an answer was read."""

    @model_validator(mode="after")
    def _answered_or_not(self) -> Self:
        if self.status is None and (self.error is None or self.latency_ms is not None or self.shape_ok is not None):
            raise refuse("a probe without status", "an error, and neither latency_ms nor shape_ok")
        if self.status is not None and self.latency_ms is None:
            raise refuse(f"status {self.status} without latency_ms", "the time that the answer took")
        return self


class ProbeDocument(Document):
    """The document, as it is written."""

    schema_id: Literal["compliance/probe/v1"] = Field(alias="schema")
    tool: Word
    tool_version: Word | None = None
    target: Annotated[str, Field(min_length=1, max_length=2000)]
    environment: Word | None = None
    version: Word | None = None
    """Version of what was probed."""
    commit: Annotated[str, Field(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")] | None = None
    """Full commit id of what was probed."""
    endpoints: Rows[ProbeEndpoint] = Field(min_length=1, max_length=1000)
    probes: Rows[Probe] = Field(max_length=PROBE_LIMIT)

    @model_validator(mode="after")
    def _probes_fit_endpoints(self) -> Self:
        declared = {endpoint.path: endpoint for endpoint in self.endpoints}
        if len(declared) != len(self.endpoints):
            raise refuse("an endpoint that comes twice", "one entry per path")
        for number, probe in enumerate(self.probes):
            endpoint = declared.get(probe.path)
            if endpoint is None:
                raise refuse(f"probe {number} of {probe.path}", "a path of the endpoints")
            due = endpoint.shape is not None and probe.status == endpoint.expected_status
            if due is not (probe.shape_ok is not None):
                raise refuse(f"probe {number} with{'out' if due else ''} shape_ok", f"{'one' if due else 'none'} there")
        return self


def failed(probe: Probe, endpoint: ProbeEndpoint) -> bool:
    """Whether a probe did not find what its endpoint is expected to answer."""
    return probe.error is not None or probe.status != endpoint.expected_status or probe.shape_ok is False
