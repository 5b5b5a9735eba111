"""The data of the figures in a report; `charts` draws them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..record import Model, Severity


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
    counts: dict[Severity, int]
    scanned: str | None


class SeverityFigure(Figure):
    """Open findings by tool and severity."""

    kind: Literal["severity"] = "severity"
    rows: tuple[SeverityRow, ...]


class SuiteBar(Model):
    """One test suite."""

    name: str
    passed: int
    failed: int
    """Failed or ended in an error."""
    skipped: int


class TestsFigure(Figure):
    """Test results by suite."""

    __test__ = False  # pytest would take the class for a test
    kind: Literal["tests"] = "tests"
    suites: tuple[SuiteBar, ...]


class CoverageRow(Model):
    """Coverage of one package."""

    name: str
    lines: float | None
    """0 to 1."""
    branches: float | None
    """0 to 1; None when they were not measured."""


class CoverageFigure(Figure):
    """Line and branch coverage by package."""

    kind: Literal["coverage"] = "coverage"
    total: CoverageRow
    packages: tuple[CoverageRow, ...]
    lines_limit: float | None
    branches_limit: float | None


class Latency(Model):
    """One percentile."""

    label: str
    value_ms: float
    limit_ms: float | None


class EndpointErrors(Model):
    """Errors of one endpoint."""

    name: str
    requests: int
    failed: int


class LoadFigure(Figure):
    """Latency percentiles and error rates against their limits."""

    kind: Literal["load"] = "load"
    latencies: tuple[Latency, ...]
    endpoints: tuple[EndpointErrors, ...]
    error_limit: float | None
    """0 to 1."""


class DrillStep(Model):
    """One step of a rollback drill."""

    name: str
    start_s: float
    """Seconds since the drill began."""
    end_s: float | None


class RollbackFigure(Figure):
    """A rollback drill as a timeline."""

    kind: Literal["rollback"] = "rollback"
    steps: tuple[DrillStep, ...]
    recovery_s: float | None
    limit_s: float | None


AnyFigure = Annotated[
    SeverityFigure | TestsFigure | CoverageFigure | LoadFigure | RollbackFigure,
    Field(discriminator="kind"),
]
