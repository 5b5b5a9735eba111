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


def critical(nodes: Mapping[str, Node], starts: Mapping[str, float]) -> tuple[str, ...]:
    """Returns the tasks that fix the end: back from the last one to end, always to one that ended just when the next began.

    Without resources that is a longest path through the graph; with them, a task may also have waited for its resource.
    """
    ends = {name: starts[name] + node.length_s for name, node in nodes.items()}
    path = [max(nodes, key=lambda name: (ends[name], starts[name]))]
    while before := _before(nodes, starts, ends, path):
        path.append(before)
    return tuple(reversed(path))


def _before(nodes: Mapping[str, Node], starts: Mapping[str, float], ends: Mapping[str, float], path: Sequence[str]) -> str | None:
    node, begin = nodes[path[-1]], starts[path[-1]]
    holders = (name for name, other in nodes.items() if other.resource is not None and other.resource == node.resource)
    candidates = [name for name in (*node.needs, *holders) if ends[name] == begin and name not in path]
    return max(candidates, key=lambda name: nodes[name].length_s, default=None)


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
