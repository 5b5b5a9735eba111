"""Kind of evidence: deployment. One deployment to one environment: what was done when, and what the logs said afterwards.

::

    schema: compliance/deployment/v1
    environment: staging
    version: "1.8"
    commit: 0123456789abcdef0123456789abcdef01234567
    outcome: succeeded                  # succeeded | failed | attempted
    operator: jane@example.org          # private
    steps:
      - {name: roll out, started-at: 2025-09-20T10:26:00Z, ended-at: 2025-09-20T10:29:00Z, artifact: "sha256:..."}
    log-window: {first: 2025-09-20T10:29:00Z, last: 2025-09-20T11:29:00Z, critical-errors: 0, artifact: "sha256:..."}
    smoke-test: {result: passed, probes: 12, tested-at: 2025-09-20T10:31:00Z, artifact: "sha256:..."}
    limits: {cpu: "1", memory: 512Mi, termination: true, rate-limit: 100/min}

``attempted`` is a deployment that did not get as far as changing the environment. A count of errors stands beside the window of the
log that was searched, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from compliance.kind import Format, Kind
from compliance.reading.recordfile import (
    COUNT_LIMIT,
    FORMAT,
    Commit,
    Count,
    Digest,
    Many,
    Record,
    RecordedStep,
    RecordPart,
    Step,
    Text,
    Time,
    citations,
    in_order,
    read,
    recogniser,
    refuse,
    written,
)
from compliance.record import Assurance, Citation, Json, Model, Parsed, Payload, Private
from compliance.source import Source
from compliance.subject import Binding

Outcome = Literal["succeeded", "failed", "attempted"]
Result = Literal["passed", "failed"]


class LogWindow(RecordPart):
    """The part of the environment's log that was searched for errors after the deployment."""

    first: Time
    last: Time
    critical_errors: Count
    """Critical errors in the window."""
    artifact: Digest | None = None
    """Digest of the kept log."""

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.last < self.first:
            raise refuse(f"last {written(self.last)}", f"a time not before first {written(self.first)}")
        return self


class SmokeTest(RecordPart):
    """The first look at the deployed release."""

    result: Result
    probes: Annotated[int, Field(ge=1, le=COUNT_LIMIT)]
    """Requests or checks that were made; a test of nothing is none."""
    tested_at: Time
    """When it ended."""
    artifact: Digest | None = None
    """Digest of its kept output."""


class DeclaredLimits(RecordPart):
    """What the deployment descriptor declares."""

    cpu: Text | None = None
    """As the descriptor writes it, in quotes: ``"1"``, ``500m``."""
    memory: Text | None = None
    """Likewise: ``512Mi``."""
    termination: bool | None = None
    """Whether the service ends gracefully when it is told to."""
    rate_limit: Text | None = None
    """Likewise: ``100/min``."""


class DeploymentRecord(Record):
    """The document, as it is written."""

    schema_id: Literal["compliance/deployment/v1"] = Field(alias="schema")
    commit: Commit
    """The commit that was deployed."""
    outcome: Outcome
    steps: Annotated[Many[RecordedStep], Field(min_length=1)]
    """In the order of their beginnings."""
    log_window: LogWindow | None = None
    smoke_test: SmokeTest | None = None
    limits: DeclaredLimits | None = None

    @model_validator(mode="after")
    def _tells_one_story(self) -> Self:
        in_order(self.steps)
        if self.smoke_test is not None and self.smoke_test.tested_at < self.steps[0].started_at:
            raise refuse(
                f"smoke test at {written(self.smoke_test.tested_at)}",
                f"a time not before the deployment began, {written(self.steps[0].started_at)}",
            )
        return self


class Limits(Model):
    """What the deployment descriptor declares; None where it says nothing."""

    cpu: str | None
    memory: str | None
    termination: bool | None
    rate_limit: str | None


class Deployment(Payload):
    """What the deployment says."""

    environment: str | None
    version: str | None
    outcome: Outcome
    started_at: datetime | None
    """Start of the first step."""
    finished_at: datetime | None
    """End of the last step to end; None when no step has an end."""
    critical_errors: int | None
    log_first: datetime | None
    log_last: datetime | None
    smoke_test: Result | None
    smoke_probes: int | None
    limits: Limits | None
    steps: tuple[Step, ...]
    operator: Annotated[str | None, Private("people")]

    def summary(self) -> dict[str, Json]:
        """Returns everything but the steps and the operator."""
        return self.model_dump(mode="json", exclude={"incomplete", "steps", "operator"})


def _times(record: DeploymentRecord) -> Iterator[datetime]:
    yield from (step.last for step in record.steps)
    if record.log_window is not None:
        yield record.log_window.last
    if record.smoke_test is not None:
        yield record.smoke_test.tested_at


def _citations(record: DeploymentRecord) -> Iterator[Citation]:
    yield from citations(record.steps)
    if record.log_window is not None:
        yield Citation("log window", record.log_window.last, record.log_window.artifact)
    if record.smoke_test is not None:
        yield Citation("smoke test", record.smoke_test.tested_at, record.smoke_test.artifact)


def _payload(record: DeploymentRecord) -> Deployment:
    window, smoke, limits = record.log_window, record.smoke_test, record.limits
    return Deployment(
        environment=record.environment,
        version=record.version,
        outcome=record.outcome,
        started_at=record.steps[0].started_at,
        finished_at=max((step.ended_at for step in record.steps if step.ended_at), default=None),
        critical_errors=window.critical_errors if window else None,
        log_first=window.first if window else None,
        log_last=window.last if window else None,
        smoke_test=smoke.result if smoke else None,
        smoke_probes=smoke.probes if smoke else None,
        limits=Limits.model_validate(limits.model_dump()) if limits else None,
        steps=tuple(Step.model_validate(step.model_dump()) for step in record.steps),
        operator=record.operator,
    )


def _parse(source: Source) -> Parsed:
    record = read(source, DeploymentRecord)
    return Parsed(
        payload=_payload(record),
        observed_at=max(_times(record)),
        commit=record.commit,
        version=record.version,
        environment=record.environment,
        assurance=Assurance.STATED,
        citations=tuple(_citations(record)),
    )


kind = Kind(id="deployment", title="Deployment", binds_to=Binding.ENVIRONMENT, payload=Deployment)

record_yaml = Format(
    name=FORMAT,
    title="Hand-written deployment record",
    parser=1,
    recognise=recogniser("deployment"),
    parse=_parse,
    marks=("schema: compliance/deployment/v", "environment", "outcome", "steps"),
)
