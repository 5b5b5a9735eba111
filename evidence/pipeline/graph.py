"""The graph of a pipeline's jobs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from .document import Workflow


def edges(workflow: Workflow) -> tuple[tuple[str, str], ...]:
    """Returns the dependencies that exist, as (needed job, job that needs it)."""
    return tuple((need, job.id) for job in workflow.jobs.values() for need in job.needs if need in workflow.jobs)


def unknown_needs(workflow: Workflow) -> int:
    """Counts the entries of ``needs`` that name no job of the file."""
    return sum(need not in workflow.jobs for job in workflow.jobs.values() for need in job.needs)


def has_cycle(workflow: Workflow) -> bool:
    """Says whether a job needs itself, directly or over others."""
    return is_cyclic({job.id: [need for need in job.needs if need in workflow.jobs] for job in workflow.jobs.values()})


def is_cyclic(needs: Mapping[str, Sequence[str]]) -> bool:
    """Says whether a job needs itself, directly or over others."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError:
        return True
    return False


def order(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Sorts jobs so that each stands behind what it waits for; empty when one waits for itself."""
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError:
        return []


def of_stages(before: Mapping[str, Sequence[str]], stated: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yields the edges of a pipeline with stages: what jobs state, and of what follows from stages only what nothing else implies.

    Args:
        before: By job, the jobs that it waits for.
        stated: Jobs that state themselves what they need; for the others, those of all earlier stages are given.
    """
    bits = {name: 1 << number for number, name in enumerate(before)}
    behind = dict.fromkeys(before, 0)
    for name in order(before):
        for need in before[name]:
            behind[name] |= bits[need] | behind[need]
    for name, needs in before.items():
        implied = 0
        for need in () if name in stated else needs:
            implied |= behind[need]
        yield from ((need, name) for need in needs if not bits[need] & implied)
