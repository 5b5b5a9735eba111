"""Kind of evidence: metrics. Which metrics a running service exposes, and what its availability and its alerts were.

Families are counted by what they tell (see ``families``): latency, errors, availability, throughput. Availability is counted from the
samples of ``up`` and ``probe_success`` that state their time: a range of them, exported, is a record of when the service answered. The
alerts that fire are those of Prometheus' own series ``ALERTS``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from compliance.kind import Kind
from compliance.record import Json, Model, Payload, Private
from compliance.subject import Binding

Topic = Literal["latency", "errors", "availability", "throughput"]


class Answered(Model):
    """Samples of ``up`` and ``probe_success`` that state their time, over all series."""

    series: int
    samples: int
    failed: int
    """Samples of another value than 1."""
    first: datetime
    last: datetime
    failing: Annotated[dict[str, int], Private("paths")]
    """Failed samples by series, the worst ten."""


class Metrics(Payload):
    """One exposition."""

    dialect: Literal["prometheus-text", "openmetrics"]
    families: int
    """Families that have a sample."""
    by_type: dict[str, int]
    """Families by type; ``untyped`` and ``unknown`` are those without one."""
    samples: int
    timestamped: int
    """Samples that state their time."""
    first: datetime | None
    last: datetime | None
    """Times of the samples; None when none states its own."""
    latency: tuple[str, ...]
    """Names of families about latency, at most 20; the next three likewise."""
    errors: tuple[str, ...]
    availability: tuple[str, ...]
    throughput: tuple[str, ...]
    up: Answered | None
    critical_alerts: int | None
    """Alerts of severity ``critical`` that fire at the end of the exposition; None when nothing in it tells."""

    def summary(self) -> dict[str, Json]:
        """Returns everything but the names of series, and those of families, which are counted."""
        topics = {name: len(getattr(self, name)) for name in ("latency", "errors", "availability", "throughput")}
        left_out: Any = {"incomplete": True, "up": {"failing"}, **dict.fromkeys(topics, True)}
        return {**self.model_dump(mode="json", exclude=left_out), **topics}


kind = Kind(id="metrics", title="Metrics of a running service", binds_to=Binding.ENVIRONMENT, payload=Metrics)
