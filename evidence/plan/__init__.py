"""Kind of evidence: plan. Which tasks a release consists of, in which order, who does them, and how they went.

From the graph of tasks and their estimates follow the critical path, the shortest time in which the plan can be carried out
(``makespan_s``), the work in it, and how many tasks run at once on average (``parallelism``); from the times at which tasks began and
ended the same as it really was. A plan with a cycle or without an estimate has none of these.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from compliance.kind import Kind
from compliance.record import Json, Model, Payload, Private
from compliance.subject import Binding


class Task(Model):
    """One task."""

    id: str
    title: str | None
    owner: Annotated[str | None, Private("people")]
    owned: bool
    """Whether it has an owner."""
    estimate_s: float | None
    needs: tuple[str, ...]
    """Ids of the tasks that must be finished before it begins."""
    resource: str | None
    """What it occupies while it runs."""
    start_s: float | None
    """Planned start, in seconds since the start of the plan: as it is written, else as early as its needs and resources allow."""
    started_at: datetime | None
    finished_at: datetime | None


class Plan(Payload):
    """What the plan says."""

    title: str | None
    version: str | None
    tasks: tuple[Task, ...]
    edges: int
    """Dependencies on tasks that exist."""
    cycle: tuple[str, ...]
    """Tasks of one cycle, of which each needs the next, the first one again at its end; empty when there is none."""
    unknown_needs: tuple[tuple[str, str], ...]
    """(task, what it needs that is no task)."""
    critical_path: tuple[str, ...]
    """Tasks whose delay delays the end, within the resources."""
    makespan_s: float | None
    """Length of the longest path through the graph: the shortest duration with as many hands as wanted."""
    scheduled_s: float | None
    """Duration of a schedule within the resources, where the plan names any."""
    work_s: float | None
    """Sum of the estimates."""
    parallelism: float | None
    """``work_s`` by the duration of the plan."""
    actual_s: float | None
    """From the first start to the last end; None unless every task began and ended."""
    actual_work_s: float | None
    actual_parallelism: float | None

    def summary(self) -> dict[str, Json]:
        """Returns the figures of the graph, without its tasks."""
        counted = {
            "tasks": len(self.tasks),
            "owned": sum(task.owned for task in self.tasks),
            "estimated": sum(task.estimate_s is not None for task in self.tasks),
            "finished": sum(task.finished_at is not None for task in self.tasks),
        }
        return {**counted, **self.model_dump(mode="json", exclude={"incomplete", "tasks", "title", "version"})}


kind = Kind(id="plan", title="Release plan", binds_to=Binding.PROJECT, payload=Plan)
