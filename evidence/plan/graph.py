"""A plan as a graph: order, earliest starts, critical path, and a schedule within the resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter


@dataclass(frozen=True)
class Node:
    """A task as the graph sees it."""

    id: str
    needs: tuple[str, ...]
    """Only those that exist."""
    length_s: float
    resource: str | None = None


def order(needs: Mapping[str, Sequence[str]]) -> tuple[list[str], tuple[str, ...]]:
    """Sorts tasks so that each stands behind what it needs.

    Returns:
        The order, and no cycle; or no order, and one cycle with its first task again at its end.
    """
    try:
        return list(TopologicalSorter(needs).static_order()), ()
    except CycleError as error:
        return [], tuple(reversed(error.args[1]))


def earliest(nodes: Mapping[str, Node], sequence: Sequence[str]) -> dict[str, float]:
    """Returns the earliest start of each task in seconds since the start of the plan."""
    starts: dict[str, float] = {}
    for name in sequence:
        starts[name] = max((starts[need] + nodes[need].length_s for need in nodes[name].needs), default=0.0)
    return starts


def remaining(nodes: Mapping[str, Node], sequence: Sequence[str]) -> dict[str, float]:
    """Returns, for each task, the length of the longest path from its start to the end of the plan."""
    rest = {name: nodes[name].length_s for name in sequence}
    for name in reversed(sequence):
        for need in nodes[name].needs:
            rest[need] = max(rest[need], nodes[need].length_s + rest[name])
    return rest


def critical(nodes: Mapping[str, Node], sequence: Sequence[str]) -> tuple[str, ...]:
    """Returns one longest path: at each step the first in the order of the plan."""
    rest = remaining(nodes, sequence)
    needed_by: dict[str, list[str]] = {name: [] for name in nodes}
    for node in nodes.values():
        for need in node.needs:
            needed_by[need].append(node.id)
    path: list[str] = []
    choices = [name for name in nodes if not nodes[name].needs]
    while choices:
        path.append(max(choices, key=lambda name: rest[name]))
        choices = needed_by[path[-1]]
    return tuple(path)


def schedule(nodes: Mapping[str, Node], sequence: Sequence[str], capacity: Mapping[str, int]) -> dict[str, float]:
    """Returns starts that keep the resources: whenever something is free, the task with the longest path behind it goes first.

    List scheduling (Graham 1966): where nothing is contended for it gives the earliest starts; else a schedule that can be kept, not always
    the shortest one.
    """
    rest = remaining(nodes, sequence)
    place = {name: number for number, name in enumerate(nodes)}
    waiting = sorted(nodes, key=lambda name: (-rest[name], place[name]))
    free = dict(capacity)
    starts: dict[str, float] = {}
    running: dict[str, float] = {}
    done: set[str] = set()
    time = 0.0
    while waiting:
        ready = next((name for name in waiting if done.issuperset(nodes[name].needs) and free.get(nodes[name].resource or "", 1)), None)
        if ready is not None:
            waiting.remove(ready)
            starts[ready], running[ready] = time, time + nodes[ready].length_s
            _occupy(nodes[ready], free, 1)
        else:
            time = min(running.values())
        for name in [name for name, end in running.items() if end <= time]:
            del running[name]
            done.add(name)
            _occupy(nodes[name], free, -1)
    return starts


def _occupy(node: Node, free: dict[str, int], by: int) -> None:
    if node.resource is not None:
        free[node.resource] -= by
