"""Kind of evidence: load-test. What a service answered under load, how fast, and how often it failed.

Times are milliseconds. Percentiles are those that the tool computed, never computed again from rounded parts; where the file holds every
single request, they are computed here by the nearest rank: of n times in order, the one at the place ceil(percent / 100 * n). What counts
as failed is what the tool counts as failed; each format's module says what that is. ``percentiles_over`` says whether failed requests are
in the times, because a percentile over the successful ones alone hides what the failed ones took.
"""

from __future__ import annotations

from typing import Annotated, Literal

from compliance.kind import Kind
from compliance.record import Json, Model, Payload, Private
from compliance.subject import Binding

Over = Literal["all", "successful"]


class Endpoint(Model):
    """One endpoint's share."""

    name: str
    requests: int
    failed: int
    p95_ms: float | None = None
    p99_ms: float | None = None


class Threshold(Model):
    """A limit that the test itself was run with."""

    metric: str
    expression: str
    passed: bool


class LoadTest(Payload):
    """What the run measured; None where the file does not say."""

    requests: int | None = None
    failed: int | None = None
    error_rate: float | None = None
    """``failed / requests``, 0 to 1."""
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None
    mean_ms: float | None = None
    percentiles_over: Over | None = None
    """Requests that the times are over."""
    rps: float | None = None
    """Requests per second over the whole run."""
    duration_s: float | None = None
    users: int | None = None
    """Most simultaneous (virtual) users."""
    environment: str | None = None
    target: Annotated[str | None, Private("paths")] = None
    """URL or host."""
    endpoints: tuple[Endpoint, ...] = ()
    transactions: int | None = None
    """Of the requests, those that are sums of others (JMeter's transaction controllers); None when the format knows no such thing."""
    thresholds: tuple[Threshold, ...] = ()

    def summary(self) -> dict[str, Json]:
        """Returns everything but the target, the transactions and the thresholds."""
        return self.model_dump(mode="json", exclude={"incomplete", "target", "thresholds", "transactions"})


kind = Kind(id="load-test", title="Load test", binds_to=Binding.ENVIRONMENT, payload=LoadTest)
