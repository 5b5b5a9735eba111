"""Parallelised execution: the work was planned as a task graph, and done as planned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import Field

from compliance.gate import Area, AtMost, Inputs, Item, Params, Place, Reason, Verdict, failed, gate, not_assessed, passed
from compliance.record import Assurance, Json

from .._say import LIMIT, count, hours, number

PRINCIPLE: Final = "Parallelised execution"
_SKEW: Final = timedelta(minutes=5)


@gate(
    id="ALPHA-PE-1",
    statement="The release plan is a sound task graph",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["plan"],
    required=False,
    min_assurance=Assurance.STATED,
)
def plan_is_sound(inputs: Inputs, _params: Params) -> Verdict:
    """Reads the newest plan of this version: a plan written as such, else a timeline of a document.

    Asks: The release plan has no cycle and no unknown dependency, and every task has an owner and an estimate. The report shows critical
    path, makespan, total work and the parallelism that was achieved.

    Why: A plan with a cycle cannot be carried out, and a task without owner is not.

    Evidence: The release plan (`compliance ingest`): a plan of our own form, or a document with a timeline. A stated plan is accepted, and
    printed as such.

    Fix: Break the named cycle, name owners and estimates, and shorten the critical path before adding people.

    Maps to: NIST SSDF PO.2.1; ISO/IEC 27001:2022 A.5.8.
    """
    limits = {"cycle": 0, "unknown_needs": 0, "without_owner": 0, "without_estimate": 0}
    plan = _plan(inputs)
    if plan is None:
        return not_assessed(Reason.MISSING, f"no plan of version {inputs.subject.version or 'unknown'}", threshold=limits)
    observed = {
        "tasks": len(plan.tasks),
        "cycle": len(plan.cycle),
        "unknown_needs": len(plan.unknown_needs),
        "without_owner": sum(not task.owned for task in plan.tasks),
        "without_estimate": sum(task.estimate_s is None for task in plan.tasks),
        **_figures(plan),
    }
    defects = list(_defects(plan))
    if defects:
        return failed("; ".join(defects), observed=observed, threshold=limits, places=_unready(plan))
    path = " → ".join(plan.critical_path[:8]) + (" → …" if len(plan.critical_path) > 8 else "")
    span = plan.makespan_s if plan.scheduled_s is None else plan.scheduled_s
    parallel = "" if plan.parallelism is None else f", {number(plan.parallelism)} tasks at once on average"
    message = f"{count(len(plan.tasks), 'task')} in {hours(timedelta(seconds=span or 0.0))}, critical path {path}{parallel}"
    return passed(message, observed=observed, threshold=limits)


def _plan(inputs: Inputs) -> Any:
    """Returns what the plan says that is judged; None when there is none of this version."""
    plans = [item for item in inputs.of("plan") if item.payload.version in (None, inputs.subject.version)]
    written = [item for item in plans if item.format != "markdown-document"]
    chosen: list[Item] = written or plans
    return chosen[0].payload if chosen and chosen[0].payload.tasks else None


def _figures(plan: Any) -> dict[str, Json]:
    names = ("makespan_s", "scheduled_s", "work_s", "parallelism", "actual_s", "actual_parallelism")
    return {name: getattr(plan, name) for name in names}


def _defects(plan: Any) -> Iterator[str]:
    if plan.cycle:
        yield f"a cycle: {' needs '.join(plan.cycle[:6])}{' …' if len(plan.cycle) > 6 else ''}"
    if plan.unknown_needs:
        task, need = plan.unknown_needs[0]
        yield f"{len(plan.unknown_needs)} unknown {'dependency' if len(plan.unknown_needs) == 1 else 'dependencies'} ({task} needs {need})"
    for word in ("owner", "estimate"):
        found = [task.id for task in plan.tasks if word in _lacking(task)]
        if found:
            yield f"{count(len(found), 'task')} without {word} ({', '.join(found[:3])}{', …' if len(found) > 3 else ''})"


def _lacking(task: Any) -> list[str]:
    return [word for word, has in (("owner", task.owned), ("estimate", task.estimate_s is not None)) if not has]


def _unready(plan: Any) -> list[Place]:
    return [Place(_name(task), f"no {', no '.join(words)}") for task in plan.tasks if (words := _lacking(task))][:LIMIT]


def _name(task: Any) -> str:
    return f"{task.id} {task.title}" if task.title else str(task.id)


class Execution(Params):
    """Thresholds of ALPHA-PE-2."""

    overrun: Annotated[float, AtMost(), Field(ge=1)] = 1.5
    """Duration of a task by its estimate, at most (ratio)."""


@gate(
    id="ALPHA-PE-2",
    statement="The plan was executed as planned",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["plan"],
    required=False,
    min_assurance=Assurance.STATED,
    params=Execution,
)
def plan_was_executed(inputs: Inputs, params: Execution) -> Verdict:
    """Compares the times of the tasks with their order and their estimates.

    Asks: Every task of the plan is finished, in the order of the dependencies, within 1.5 times its estimate.

    Why: A step that was skipped, or done before what it rests on, proves nothing about the release.

    Evidence: The release plan with the times at which tasks began and ended (`compliance ingest`). A stated plan is accepted, and printed
    as such.

    Fix: Finish or strike out the open tasks, repeat those that were done too early, and correct the estimates of the next plan.

    Maps to: SOC 2 CC8.1; ISO/IEC 27001:2022 A.5.8.
    """
    limits = params.model_dump()
    plan = _plan(inputs)
    if plan is None:
        return not_assessed(Reason.MISSING, f"no plan of version {inputs.subject.version or 'unknown'}", threshold=limits)
    if not any(task.started_at or task.finished_at for task in plan.tasks):
        return not_assessed(Reason.INCOMPLETE, "the plan does not say when its tasks began and ended", threshold=limits)
    deadline = inputs.as_of + _SKEW
    found = {
        "unfinished": [(task, "not finished") for task in plan.tasks if task.finished_at is None or task.finished_at > deadline],
        "too_early": [(task, f"began before {need} was finished") for task, need in _too_early(plan)],
        "overrun": [
            (task, f"took {number(ratio)} times its estimate")
            for task in plan.tasks
            if (ratio := _overrun(task)) is not None and ratio > params.overrun
        ],
    }
    observed = {"tasks": len(plan.tasks), **{name: len(tasks) for name, tasks in found.items()}, **_figures(plan)}
    places = [Place(_name(task), what) for tasks in found.values() for task, what in tasks]
    if places:
        words = {
            "unfinished": "not finished",
            "too_early": "begun too early",
            "overrun": f"over {number(params.overrun)} times the estimate",
        }
        told = "; ".join(f"{count(len(tasks), 'task')} {words[name]}" for name, tasks in found.items() if tasks)
        message = f"{told} ({places[0].where}: {places[0].what})"
        return failed(message, observed=observed, threshold=limits, places=places[:LIMIT])
    unknown = [task.id for task in plan.tasks if _overrun(task) is None]
    if unknown:
        message = f"{count(len(unknown), 'task')} without start or estimate ({', '.join(unknown[:3])})"
        return not_assessed(Reason.INCOMPLETE, message, observed=observed, threshold=limits)
    worst = max(plan.tasks, key=lambda task: _overrun(task) or 0.0)
    message = f"{count(len(plan.tasks), 'task')} finished in order, {worst.id} after {number(_overrun(worst) or 0.0)} times its estimate"
    return passed(message, observed=observed, threshold=limits)


def _too_early(plan: Any) -> Iterator[tuple[Any, str]]:
    """Yields each task that began before something that it needs was finished, with the first such need."""
    by_id = {task.id: task for task in plan.tasks}
    for task in plan.tasks:
        begun = task.started_at or task.finished_at
        for need in task.needs:
            ended = by_id[need].finished_at if need in by_id else None
            if begun is not None and ended is not None and begun < ended:
                yield task, need
                break


def _overrun(task: Any) -> float | None:
    """Returns the duration of a task by its estimate; None when one of them is not told."""
    if task.started_at is None or task.finished_at is None or task.estimate_s is None:
        return None
    took: float = (task.finished_at - task.started_at).total_seconds()
    if task.estimate_s == 0:
        return 1.0 if took == 0 else float("inf")
    return took / float(task.estimate_s)
