"""The data of the figures in a report."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from ...record import Model, Severity

_MOST: Final = 2**53 - 1
Count = Annotated[int, Field(ge=0, le=_MOST)]
Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0, le=1e15)]


class Figure(Model):
    """What all figures share."""

    title: str
    caption: str
    """One sentence that answers the figure's question."""
    alt: str
    """The same in words, for whoever cannot see the figure."""
    evidence: tuple[int, ...]
    note: str | None = None
    """What the figure leaves out."""


class SeverityRow(Model):
    """One scan."""

    tool: str
    category: str
    counts: dict[Severity, Count]
    before: dict[Severity, Count] | None = None
    """Of the last release; None where it had no such scan."""
    scanned: str | None


class SeverityFigure(Figure):
    """Open findings by tool and severity."""

    kind: Literal["severity"] = "severity"
    rows: tuple[SeverityRow, ...]
    against: str | None = None
    """Name of the last release; None when there is none."""


class SuiteBar(Model):
    """One test suite."""

    name: str
    passed: Count
    failed: Count
    """Failed or ended in an error."""
    skipped: Count


class TestsFigure(Figure):
    """Test results by suite."""

    __test__ = False  # pytest would take the class for a test
    kind: Literal["tests"] = "tests"
    suites: tuple[SuiteBar, ...] = Field(min_length=1)


class CoverageRow(Model):
    """Coverage of one package."""

    name: str
    lines: Share | None
    """0 to 1."""
    branches: Share | None
    """0 to 1; None when they were not measured."""


class CoverageFigure(Figure):
    """Line and branch coverage by package."""

    kind: Literal["coverage"] = "coverage"
    total: CoverageRow
    packages: tuple[CoverageRow, ...]
    lines_limit: Share | None
    branches_limit: Share | None


class Latency(Model):
    """One percentile."""

    label: str
    value_ms: Amount
    limit_ms: Amount | None


class EndpointErrors(Model):
    """Errors of one endpoint."""

    name: str
    requests: Annotated[int, Field(gt=0, le=_MOST)]
    failed: Count | None
    """None where the test does not say."""
    p95_ms: Amount | None = None
    p99_ms: Amount | None = None


class LoadFigure(Figure):
    """Latency percentiles and error rates against their limits."""

    kind: Literal["load"] = "load"
    latencies: tuple[Latency, ...]
    endpoints: tuple[EndpointErrors, ...]
    error_limit: Share | None
    """0 to 1."""
    p95_limit_ms: Amount | None = None
    p99_limit_ms: Amount | None = None


class DrillStep(Model):
    """One step of a rollback drill."""

    name: str
    start_s: Amount
    """Seconds since the drill began."""
    end_s: Amount | None


class RollbackFigure(Figure):
    """A rollback drill as a timeline."""

    kind: Literal["rollback"] = "rollback"
    steps: tuple[DrillStep, ...]
    recovery_s: Amount | None
    limit_s: Amount | None


class PlanRow(Model):
    """One task of the plan."""

    name: str
    start_s: Amount
    """Planned start, in seconds since the start of the plan."""
    length_s: Amount | None
    """None where the plan gives no estimate."""
    critical: bool
    """On the critical path."""
    actual_start_s: Amount | None
    """Since the first task began; None where it did not, or where the plan does not say."""
    actual_end_s: Amount | None


class PlanFigure(Figure):
    """The plan as a Gantt chart, with its critical path."""

    kind: Literal["plan"] = "plan"
    tasks: tuple[PlanRow, ...] = Field(min_length=1)
    end_s: Amount
    """End of the plan, or of what is known of it."""
    actual_end_s: Amount | None
    """End of the last task that ended."""


class Trend(Model):
    """One measure over the releases."""

    title: str
    unit: Literal["share", "count", "ms"]
    values: tuple[Amount | None, ...]
    """One per release, oldest first; shares are 0 to 1. None where the release had no such evidence."""
    limit: Amount | None
    """The threshold of this release."""


class TrendsFigure(Figure):
    """What was measured of the latest releases, as small multiples on one axis of releases."""

    kind: Literal["trends"] = "trends"
    releases: tuple[str, ...] = Field(min_length=2)
    """Names, oldest first; the last one is the release that is judged."""
    trends: tuple[Trend, ...] = Field(min_length=1)


AnyFigure = Annotated[
    SeverityFigure | TestsFigure | CoverageFigure | LoadFigure | RollbackFigure | PlanFigure | TrendsFigure,
    Field(discriminator="kind"),
]
