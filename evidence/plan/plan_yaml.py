"""Format ``plan-yaml``: a release plan written by hand, ``compliance/plan/v1``.

::

    schema: compliance/plan/v1
    title: Release 1.8
    version: "1.8"
    recorded-at: 2025-09-20T15:00:00Z
    resources:
      - {name: staging, capacity: 1}      # tasks that occupy it run one after the other
    tasks:
      - id: build
        title: Build and tag
        owner: jane@example.org           # private
        estimate: 30min
        started-at: 2025-09-20T10:00:00Z
        finished-at: 2025-09-20T10:24:00Z
      - {id: deploy, owner: ops, estimate: 1h, needs: [build], resource: staging}
      - {id: load-test, owner: qa, estimate: 1h 30min, needs: [deploy], resource: staging}
      - {id: docs, owner: jane@example.org, estimate: 2h}

A day is 24 hours. Tasks that need what is no task, or each other in a circle, are read: the plan is judged for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading.ownformat import shown
from compliance.reading.recordfile import Digest, Many, ProjectRecord, RecordPart, Text, Time, read, recogniser, refuse, written
from compliance.record import Assurance, Citation, Parsed
from compliance.source import Source
from compliance.times import read_span

from . import Task
from .analysis import analysed

_SPAN = r"([0-9]{1,6}\s*(s|min|h|d|w)\s*){1,5}"


def _span(value: object) -> timedelta:
    try:
        if not isinstance(value, str) or not re.fullmatch(_SPAN, value.strip()):
            raise InputError("no span")
        return sum((read_span(part[0]) for part in re.findall(r"([0-9]+\s*(s|min|h|d|w))", value)), timedelta())
    except InputError as error:
        raise refuse(shown(value), "a span such as 30min, 1h 30min or 2d") from error


Span = Annotated[timedelta, BeforeValidator(_span), WithJsonSchema({"type": "string", "pattern": f"^{_SPAN}$"})]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,99}$")]


class PlanResource(RecordPart):
    """Something that tasks occupy while they run: an environment, a team, a person."""

    name: Id
    capacity: Annotated[int, Field(ge=1, le=1000)] = 1
    """Tasks that can occupy it at once."""


class PlanTask(RecordPart):
    """A task of a plan."""

    id: Id
    title: Text | None = None
    owner: Text | None = None
    """Who answers for it; private."""
    estimate: Span | None = None
    """How long it should take: ``30min``, ``1h 30min``, ``2d``."""
    needs: Many[Id] = ()
    """Ids of the tasks that must be finished before it begins."""
    resource: Id | None = None
    """Name of the resource that it occupies."""
    started_at: Time | None = None
    finished_at: Time | None = None
    artifact: Digest | None = None
    """Digest of the kept artifact that proves that it was done."""

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.started_at is not None and self.finished_at is not None and self.finished_at < self.started_at:
            raise refuse(f"finished-at {written(self.finished_at)}", f"a time not before started-at {written(self.started_at)}")
        if len(set(self.needs)) < len(self.needs):
            raise refuse(f"task {self.id!r} that needs something twice", "each need once")
        return self


class PlanDocument(ProjectRecord):
    """The document, as it is written."""

    schema_id: Literal["compliance/plan/v1"] = Field(alias="schema")
    title: Text | None = None
    resources: Many[PlanResource] = ()
    tasks: Annotated[Many[PlanTask], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_are_unique_and_known(self) -> Self:
        for what, names in (("task", [task.id for task in self.tasks]), ("resource", [one.name for one in self.resources])):
            twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
            if twice is not None:
                raise refuse(f"{what} {twice!r} twice", "each once")
        known = {one.name for one in self.resources}
        for task in self.tasks:
            if task.resource is not None and task.resource not in known:
                raise refuse(f"resource {task.resource!r} of task {task.id!r}", "one of `resources`")
        last = max(_times(self), default=self.recorded_at)
        if self.recorded_at < last:
            raise refuse(f"recorded-at {written(self.recorded_at)}", f"a time not before the last task, {written(last)}")
        return self


def _times(plan: PlanDocument) -> Iterator[datetime]:
    for task in plan.tasks:
        yield from (time for time in (task.started_at, task.finished_at) if time is not None)


def _task(task: PlanTask) -> Task:
    return Task(
        id=task.id,
        title=task.title,
        owner=task.owner,
        owned=task.owner is not None,
        estimate_s=None if task.estimate is None else task.estimate.total_seconds(),
        needs=task.needs,
        resource=task.resource,
        start_s=None,
        started_at=task.started_at,
        finished_at=task.finished_at,
    )


def _parse(source: Source) -> Parsed:
    plan = read(source, PlanDocument)
    done = [(task, task.finished_at or task.started_at) for task in plan.tasks]
    return Parsed(
        payload=analysed(
            [_task(task) for task in plan.tasks],
            title=plan.title,
            version=plan.version,
            capacity={one.name: one.capacity for one in plan.resources},
        ),
        observed_at=plan.recorded_at,
        version=plan.version,
        assurance=Assurance.STATED,
        citations=tuple(Citation(task.id, at, task.artifact) for task, at in done if at is not None),
    )


PLAN_YAML = Format(
    name="plan-yaml",
    title="Hand-written release plan (compliance/plan/v1)",
    parser=1,
    recognise=recogniser("plan"),
    parse=_parse,
    marks=("schema: compliance/plan/v", "recorded-at", "tasks"),
)
