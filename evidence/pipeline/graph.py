"""The graph of a workflow's jobs."""

from __future__ import annotations

from .document import Workflow


def edges(workflow: Workflow) -> tuple[tuple[str, str], ...]:
    """Returns the dependencies that exist, as (needed job, job that needs it)."""
    return tuple((need, job.id) for job in workflow.jobs.values() for need in job.needs if need in workflow.jobs)


def unknown_needs(workflow: Workflow) -> int:
    """Counts the entries of ``needs`` that name no job of the file."""
    return sum(need not in workflow.jobs for job in workflow.jobs.values() for need in job.needs)


def has_cycle(workflow: Workflow) -> bool:
    """Says whether a job needs itself, directly or over others."""
    left = {job.id: sum(need in workflow.jobs for need in job.needs) for job in workflow.jobs.values()}
    needed_by: dict[str, list[str]] = {name: [] for name in left}
    for need, name in edges(workflow):
        needed_by[need].append(name)
    ready = [name for name, count in left.items() if count == 0]
    done = 0
    while ready:
        done += 1
        for other in needed_by[ready.pop()]:
            left[other] -= 1
            if left[other] == 0:
                ready.append(other)
    return done < len(left)
