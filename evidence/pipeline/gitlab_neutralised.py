"""Finds the jobs of a GitLab CI file that look like a gate and cannot fail (ALPHA-PF-4).

What a job's script loses is found as in a workflow's step: the runner starts the shell with ``set -eo pipefail``. Besides: jobs with
``allow_failure: true``, jobs that never run, gates in ``after_script`` (its failures do not count), and gates in comments. A job that is
started by hand, or may fail with some exit codes or under some rule, is told, not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from . import comments, neutralised, swallowed
from .decides import Later
from .document import Job, Step, Workflow
from .gitlab_model import GitlabFile, GitlabJob
from .gitlab_pipelines import Event, reach
from .neutralised import Hit, StepGates
from .shell import mode

_LISTED: Final = re.compile(r"-\s+(?P<quote>[\"']?)(?P<command>.*)(?P=quote)$")
_KEYED: Final = re.compile(r"(?:script|before_script):\s+(?P<command>\S.*)$")


def workflow(file: GitlabFile) -> Workflow:
    """Returns the file as the other readers of this folder see one: each job's scripts are one step."""
    return Workflow(
        text=file.text,
        triggers={},
        jobs={name: _job(job) for name, job in file.jobs.items()},
        jobs_line=0,
        scalar_lines=file.scalar_lines,
    )


def _job(job: GitlabJob) -> Job:
    steps = (_step(job),) if job.script is not None else ()
    return Job(
        id=job.id,
        line=job.line,
        last_line=job.last_line,
        name=None,
        needs=job.needs or (),
        uses=None,
        condition=None,
        continue_on_error=None,
        environment=job.environment,
        runs_on=job.tags,
        shell=None if re.search(r"\bwindows\b", job.tags) else "bash",
        steps=steps,
        source=job.source,
    )


def _step(job: GitlabJob) -> Step:
    return Step(
        line=job.line,
        name=None,
        id=None,
        run=job.script,
        uses=None,
        inputs={},
        condition=None,
        continue_on_error=None,
        shell=None,
        source=job.script.value if job.script else "",
    )


def find(file: GitlabFile, seen: Workflow, surveys: dict[str, list[StepGates]], events: list[Event]) -> list[Hit]:
    """Returns what is neutralised, in the order of the file."""
    hits = [*neutralised.in_scripts(seen, surveys), *_in_comments(file, seen, surveys)]
    for job in file.jobs.values():
        hits += _whole_job(file, job, surveys[job.id], events)
        hits += _after(job)
    return sorted(dict.fromkeys(hits), key=lambda hit: hit.line)


def maybe(file: GitlabFile, surveys: dict[str, list[StepGates]]) -> Iterator[Hit]:
    """Yields gates that may fail, or need not run: told, not judged."""
    for job in file.jobs.values():
        shown = neutralised.shown(surveys[job.id])
        rules = [rule for rule in job.rules or () if rule.when != "never"]
        if not shown:
            continue
        if job.allow_failure == "some":
            yield Hit(job.allow_line, f"may fail with some exit codes: {shown}", job.id, None, "allow_failure by exit code")
        some = [rule for rule in rules if rule.allow_failure]
        if some and len(some) < len(rules):
            yield Hit(some[0].allow_line, f"may fail under a rule: {shown}", job.id, None, "allow_failure by rule")
        if job.when == "manual" or (rules and all(rule.when == "manual" for rule in rules)):
            yield Hit(job.when_line, f"runs only by hand: {shown}", job.id, None, "when: manual")


def _whole_job(file: GitlabFile, job: GitlabJob, steps: list[StepGates], events: list[Event]) -> Iterator[Hit]:
    shown = neutralised.shown(steps)
    if not shown:
        return
    rules = [rule for rule in job.rules or () if rule.when != "never"]
    if job.allow_failure == "true" and not any(rule.allow_failure is False for rule in rules):
        yield Hit(job.allow_line, f"job may fail: {shown}", job.id, None, "allow_failure: true")
    elif rules and all(rule.allow_failure for rule in rules):
        yield Hit(rules[0].allow_line, f"job may fail: {shown}", job.id, None, "allow_failure: true")
    if events and not any(reach(file, job, event).possible for event in events) and _says_never(job):
        line = job.when_line if job.when == "never" or not job.rules else job.rules[0].line
        yield Hit(line, f"job never runs: {shown}", job.id, None, "when: never")


def _says_never(job: GitlabJob) -> bool:
    """The job itself says so, in words; a job for events that are not thought of here is none that never runs."""
    return job.when == "never" or (job.rules is not None and all(rule.when == "never" for rule in job.rules))


def _after(job: GitlabJob) -> Iterator[Hit]:
    if job.after_script is None:
        return
    around = swallowed.Surroundings(mode("bash", ""), None, Later())
    for gate in dict.fromkeys(swallowed.gates_of(job.after_script.value, around)):
        yield Hit(job.after_script.line, f"{gate.label}: failure is lost (after_script)", job.id, None, "after_script")


def _in_comments(file: GitlabFile, seen: Workflow, surveys: dict[str, list[StepGates]]) -> Iterator[Hit]:
    """Commands in YAML comments, written as items of a script or behind its key, and those in comments of a script."""
    jobs = list(file.jobs.values())
    active = {name: {gate.label for item in steps for gate in item.gates} for name, steps in surveys.items()}
    for number, line in enumerate(seen.lines, 1):
        text = line.strip()
        if not text.startswith("#") or number in file.scalar_lines or not jobs:
            continue
        body = text.lstrip("#").strip()
        match = _LISTED.match(body) or _KEYED.match(body)
        gate = comments.of_comment(match["command"]) if match else None
        above = next((one for one in reversed(jobs) if one.line <= number), jobs[0])
        if gate is not None and gate.label not in active[above.id]:
            yield Hit(number, f"{gate.label}: commented out", above.id, None, "commented out")
    for job in seen.jobs.values():
        for item in surveys[job.id]:
            yield from (hit for hit, gate in comments.in_shell(job, item) if gate.label not in active[job.id])
