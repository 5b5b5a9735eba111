"""Makes a payload of the tasks of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import Plan, Task, graph
from .graph import Node


def analysed(
    tasks: Sequence[Task], *, title: str | None = None, version: str | None = None, capacity: Mapping[str, int] | None = None
) -> Plan:
    """Returns the plan with all that follows from its tasks.

    Args:
        tasks: The tasks in the order of the plan; ``start_s`` only where the plan itself says it.
        title: What the plan is called.
        version: The version of the project that it is for.
        capacity: How many tasks at once each resource can bear.
    """
    known = {task.id for task in tasks}
    needs = {task.id: tuple(need for need in task.needs if need in known) for task in tasks}
    sequence, cycle = graph.order(needs)
    nodes = {task.id: Node(task.id, needs[task.id], task.estimate_s or 0.0, task.resource) for task in tasks}
    figures: dict[str, Any] = {"makespan_s": None, "scheduled_s": None, "work_s": None, "parallelism": None, "critical_path": ()}
    if not cycle and all(task.estimate_s is not None for task in tasks):
        tasks, figures = _estimated(tasks, nodes, sequence, capacity or {})
    return Plan(
        title=title,
        version=version,
        tasks=tuple(tasks),
        edges=sum(map(len, needs.values())),
        cycle=cycle,
        unknown_needs=tuple((task.id, need) for task in tasks for need in task.needs if need not in known),
        **figures,
        **_actual(tasks),
    )


def _estimated(
    tasks: Sequence[Task], nodes: Mapping[str, Node], sequence: Sequence[str], capacity: Mapping[str, int]
) -> tuple[Sequence[Task], dict[str, Any]]:
    earliest = graph.earliest(nodes, sequence)
    starts = graph.schedule(nodes, sequence, capacity) if capacity else earliest
    end = max(starts[name] + node.length_s for name, node in nodes.items())
    work = sum(node.length_s for node in nodes.values())
    figures = {
        "critical_path": graph.critical(nodes, starts),
        "makespan_s": max(earliest[name] + node.length_s for name, node in nodes.items()),
        "scheduled_s": end if capacity else None,
        "work_s": work,
        "parallelism": round(work / end, 3) if end else None,
    }
    return [task.model_copy(update={"start_s": starts[task.id]}) for task in tasks], figures


def _actual(tasks: Sequence[Task]) -> dict[str, Any]:
    spans = [(task.started_at, task.finished_at) for task in tasks]
    done = [(start, end) for start, end in spans if start is not None and end is not None]
    if len(done) < len(spans) or not done:
        return {"actual_s": None, "actual_work_s": None, "actual_parallelism": None}
    whole = (max(end for _, end in done) - min(start for start, _ in done)).total_seconds()
    work = sum((end - start).total_seconds() for start, end in done)
    return {"actual_s": whole, "actual_work_s": work, "actual_parallelism": round(work / whole, 3) if whole else None}
