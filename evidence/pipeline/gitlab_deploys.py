"""Finds the paths to production of a GitLab CI file: what deploys, which pipelines reach it, and the decision before it (REL-9).

Source: GitLab Docs, "Environments" (tiers, actions), "Deployment approvals". That an environment is protected is set at the host and does
not stand in the file, as for workflows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from . import graph, shell, shipping, words
from .deploys import LIMIT, TEST_CLUSTER, names_deployment, not_production
from .gitlab_model import GitlabFile, GitlabJob
from .gitlab_pipelines import Event, Reach, reach
from .neutralised import StepGates
from .payload import Deploy

_PRODUCTION: Final = frozenset({"production", "prod", "live", "prd"})
_TIERS: Final = ("staging", "testing", "development", "other")
"""Tiers of environments that are not production."""
_DECISIONS: Final = {"push of a tag": "push of a tag", "web": "a pipeline that is started by hand"}
_IDLE: Final = ("stop", "prepare", "verify", "access")
"""Actions on an environment that deploy nothing."""


@dataclass(frozen=True)
class _Found:
    job: GitlabJob
    line: int
    what: str


def find(file: GitlabFile, events: list[Event], surveys: dict[str, list[StepGates]], path: str) -> tuple[list[Deploy], list[Deploy]]:
    """Returns the paths to production, and the deployments that go elsewhere."""
    here: list[Deploy] = []
    elsewhere: list[Deploy] = []
    runs = [_Run.of(file, event) for event in events]
    for job in file.jobs.values():
        reached = [run for run in runs if run.reach[job.id].possible]
        if not reached or job.when == "on_failure" or job.action == "stop":
            continue
        for found in _in_job(job, surveys[job.id]):
            (elsewhere if _elsewhere(job) else here).append(_deploy(found, reached, path))
    return here[:LIMIT], elsewhere[:LIMIT]


@dataclass(frozen=True)
class _Run:
    """A pipeline, and how it comes to each job."""

    event: Event
    reach: dict[str, Reach]
    waits: dict[str, str | None]
    """By job, one that it waits for and that somebody must start by hand."""

    @classmethod
    def of(cls, file: GitlabFile, event: Event) -> _Run:
        """Follows a pipeline through the graph: a needed job is always waited for, one of an earlier stage only where it blocks."""
        ways = {name: reach(file, job, event) for name, job in file.jobs.items()}
        before = waiting(file)
        waits: dict[str, str | None] = dict.fromkeys(file.jobs)
        for name in graph.order(before):
            needed = file.jobs[name].needs is not None
            for other in before[name]:
                way = ways[other]
                if way.possible and (way.blocking or (way.manual and needed)):
                    waits[name] = other
                waits[name] = waits[name] or waits[other]
        return cls(event, ways, waits)

    def free(self, job: str) -> bool:
        """Whether the pipeline comes to a job without anybody who starts it or one before it."""
        return not self.reach[job].manual and self.waits[job] is None


def _in_job(job: GitlabJob, steps: list[StepGates]) -> Iterator[_Found]:
    found = list(_in_script(job, steps))
    if job.trigger is not None and names_deployment(job.trigger.value):
        found.append(_Found(job, job.trigger.line, f"trigger {job.trigger.value}"))
    if job.release is not None:
        found.append(_Found(job, job.release.line, "release"))
    if job.pages:
        found.append(_Found(job, job.line, "pages"))
    said = set(words.split(job.environment.value)) if job.environment else set()
    production = job.tier == "production" or (bool(said & _PRODUCTION) and job.tier is None)
    if not found and production and job.action not in _IDLE and job.environment is not None:
        found.append(_Found(job, job.environment.line, "job in this environment"))
    yield from found


def _in_script(job: GitlabJob, steps: list[StepGates]) -> Iterator[_Found]:
    cluster = TEST_CLUSTER.search(job.script.value) is not None if job.script else False
    for item in steps:
        run = item.step.run
        if run is None or not shell.mode("bash", "").readable:
            continue
        script = shell.parse(run.value)
        for command in shell.commands(script, script.root):
            start = script.offset(command.node)
            what = shipping.of_command(command.argv, script.text[start : start + len(script.words(command.node))])
            if what and not (cluster and what in ("kubectl", "oc", "helm upgrade", "helmfile", "skaffold")):
                yield _Found(job, run.line_at(start), what)


def _elsewhere(job: GitlabJob) -> bool:
    if job.tier is not None:
        return job.tier in _TIERS
    if job.environment is not None and job.environment.value.strip():
        return not_production(job.environment.value)
    return not_production(job.id)


def _deploy(found: _Found, reached: list[_Run], path: str) -> Deploy:
    job = found.job
    free = [run.event for run in reached if run.free(job.id)]
    return Deploy(
        file=path,
        line=found.line,
        job=job.id,
        what=found.what,
        environment=(job.environment.value.strip() or None) if job.environment else None,
        triggers=tuple(dict.fromkeys(run.event.source for run in reached)),
        on_push_to_main=any(event.main for event in free),
        gate=_gate(job, reached, free),
    )


def waiting(file: GitlabFile) -> dict[str, tuple[str, ...]]:
    """Returns, by job, the jobs that it waits for: those that it needs, else all of earlier stages."""
    found = {}
    for name, job in file.jobs.items():
        earlier = file.stages[: file.stages.index(job.stage)] if job.stage in file.stages else ()
        found[name] = job.needs if job.needs is not None else tuple(one for one, other in file.jobs.items() if other.stage in earlier)
    return found


def _gate(job: GitlabJob, reached: list[_Run], free: list[Event]) -> str | None:
    if not free:
        waits_for = next((run.waits[job.id] for run in reached if not run.reach[job.id].manual), None)
        return "manual job" if waits_for is None else f"manual job {waits_for} before it"
    if job.environment is not None and not not_production(job.environment.value) and not job.pages:
        return f"environment {job.environment.value.strip()} (protection rules are not in the file)"
    titles = list(dict.fromkeys(event.title for event in free))
    if all(title in _DECISIONS for title in titles):
        return " or ".join(_DECISIONS[title] for title in titles) + " only"
    return None
