"""Kind of evidence: rollback-drill. Somebody rolled a release back, on purpose, and wrote down what happened when.

::

    schema: compliance/rollback-drill/v1
    environment: staging
    mode: executed                      # executed | simulated | documented
    release-line: "1.8"                 # the releases that the drill counts for
    from-version: "1.8.0"
    to-version: "1.7.3"
    operator: jane@example.org          # private
    steps:
      - {kind: trigger, name: error rate raised, started-at: 2025-09-20T10:00:00Z}
      - {kind: detect,  name: alert fired,       started-at: 2025-09-20T10:00:40Z}
      - {kind: decide,  name: roll back,         started-at: 2025-09-20T10:01:10Z}
      - {kind: restore, name: previous revision, started-at: 2025-09-20T10:01:15Z, ended-at: 2025-09-20T10:02:50Z}
      - {kind: verify,  name: probe /api/health, started-at: 2025-09-20T10:02:55Z, ended-at: 2025-09-20T10:03:10Z,
         result: passed, artifact: "sha256:..."}

**Recovery time** runs from the start of the ``trigger`` step to the end of the last ``verify`` step, detection and decision
included. It exists only when a ``verify`` step began after the last ``restore`` step had ended, and all such steps passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from compliance.kind import Format, Kind
from compliance.reading.recordfile import (
    FORMAT,
    Many,
    Record,
    RecordedStep,
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
from compliance.record import Assurance, Json, Parsed, Payload, Private
from compliance.source import Source
from compliance.subject import Binding

Mode = Literal["executed", "simulated", "documented"]
StepKind = Literal["trigger", "detect", "decide", "restore", "verify", "other"]


class DrillStep(RecordedStep):
    """A step of a drill."""

    kind: StepKind
    """``trigger``: the failure begins; ``detect``: it is noticed; ``decide``: to roll back; ``restore``: the previous release is
    brought back; ``verify``: a health probe of the restored release; ``other``: preparation and cleaning up."""
    result: Literal["passed", "failed"] | None = None
    """What a ``verify`` step found; other steps have none."""

    @model_validator(mode="after")
    def _verification_says_what_it_found(self) -> Self:
        if self.kind == "verify" and (self.result is None or self.ended_at is None):
            raise refuse(f"verify step {self.name!r} without result or ended-at", "both: recovery is measured to its end")
        if self.kind != "verify" and self.result is not None:
            raise refuse(f"result of a {self.kind} step", "a result on verify steps only")
        return self


class RollbackDrillRecord(Record):
    """The document, as it is written."""

    schema_id: Literal["compliance/rollback-drill/v1"] = Field(alias="schema")
    mode: Mode
    """``executed``: it was done; ``simulated``: it was walked through; ``documented``: there is a procedure."""
    release_line: Text | None = None
    """The releases that the drill counts for, such as ``"1.8"``."""
    from_version: Text | None = None
    """The version that was rolled back."""
    to_version: Text | None = None
    """The version that was restored."""
    recorded_at: Time | None = None
    """When the record was written down: the time of a drill without timed steps."""
    steps: Many[DrillStep] = ()
    """In the order of their beginnings. An executed drill has exactly one ``trigger``, and no step but ``other`` before it."""

    @model_validator(mode="after")
    def _tells_one_story(self) -> Self:
        in_order(self.steps)
        last = max((step.last for step in self.steps), default=None)
        if self.recorded_at is not None and last is not None and self.recorded_at < last:
            raise refuse(f"recorded-at {written(self.recorded_at)}", f"a time not before the last step, {written(last)}")
        kinds = [step.kind for step in self.steps if step.kind != "other"]
        if kinds.count("trigger") > 1:
            raise refuse(f"{kinds.count('trigger')} trigger steps", "one: a drill has one beginning")
        if "trigger" in kinds[1:]:
            raise refuse(f"a {kinds[0]} step before the trigger", "the trigger first")
        if self.mode == "executed" and "trigger" not in kinds:
            raise refuse("an executed drill without a trigger step", "a trigger step: recovery is measured from it")
        return self


class RollbackDrill(Payload):
    """What the drill says."""

    environment: str | None
    mode: Mode
    release_line: str | None
    from_version: str | None
    to_version: str | None
    steps: tuple[Step, ...]
    started_at: datetime | None
    """Start of the trigger, else of the first step."""
    recovered_at: datetime | None
    """End of the last verification; None when the restored release was not verified, or a verification failed."""
    recovery_s: float | None
    """Seconds from the trigger to ``recovered_at``."""
    restored_verified: bool
    """Recovered, and a verification after the restore cites an artifact."""
    verified_by_artifact: str | None
    """SHA-256 of that artifact in hexadecimal."""
    operator: Annotated[str | None, Private("people")]

    def summary(self) -> dict[str, Json]:
        """Returns everything but the steps and the operator."""
        return self.model_dump(mode="json", exclude={"incomplete", "steps", "operator"})


def _verifications(steps: Sequence[DrillStep]) -> list[DrillStep]:
    """Returns the verify steps that began after the last restore had ended."""
    restored = max((step.last for step in steps if step.kind == "restore"), default=None)
    return [step for step in steps if step.kind == "verify" and restored is not None and step.started_at >= restored]


def _incomplete(record: RollbackDrillRecord, recovered: bool) -> str | None:
    if record.mode != "executed" or recovered:
        return None
    return "no passed verification after the last restore step"


def _payload(record: RollbackDrillRecord) -> RollbackDrill:
    steps = record.steps
    trigger = next((step.started_at for step in steps if step.kind == "trigger"), None)
    verifications = _verifications(steps)
    recovered = bool(verifications) and all(step.result == "passed" for step in verifications)
    recovered_at = max(step.last for step in verifications) if recovered else None
    proof = next((step.artifact for step in reversed(verifications) if step.artifact), None) if recovered else None
    return RollbackDrill(
        incomplete=_incomplete(record, recovered),
        environment=record.environment,
        mode=record.mode,
        release_line=record.release_line,
        from_version=record.from_version,
        to_version=record.to_version,
        steps=tuple(Step.model_validate(step.model_dump()) for step in steps),
        started_at=trigger or (steps[0].started_at if steps else None),
        recovered_at=recovered_at,
        recovery_s=(recovered_at - trigger).total_seconds() if recovered_at and trigger else None,
        restored_verified=proof is not None,
        verified_by_artifact=proof,
        operator=record.operator,
    )


def _parse(source: Source) -> Parsed:
    record = read(source, RollbackDrillRecord)
    return Parsed(
        payload=_payload(record),
        observed_at=max((step.last for step in record.steps), default=record.recorded_at),
        commit=record.commit,
        version=record.version,
        environment=record.environment,
        assurance=Assurance.STATED,
        citations=citations(record.steps),
    )


kind = Kind(id="rollback-drill", title="Rollback drill", binds_to=Binding.PROJECT, payload=RollbackDrill)

record_yaml = Format(
    name=FORMAT,
    title="Hand-written drill record",
    parser=1,
    recognise=recogniser("rollback-drill"),
    parse=_parse,
    marks=("schema: compliance/rollback-drill/v", "environment", "mode", "steps"),
)
