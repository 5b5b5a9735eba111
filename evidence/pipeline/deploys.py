"""Finds the paths to production: what deploys, which events reach it, and what demands a decision before it (REL-9)."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from . import expressions, shell, shipping, words
from .document import Job, Step, Workflow
from .expressions import Context
from .nodes import Text
from .payload import Deploy
from .threevalued import UNKNOWN

MAIN: Final = ("main", "master", "trunk", "$default-branch")
"""Names of main branches; the last one is the placeholder of workflow templates."""
LIMIT: Final = 1000
"""Deployments listed of one file."""
_DECISIONS: Final = {"workflow_dispatch": "workflow_dispatch", "release": "release", "push of a tag": "push of a tag"}
_PRODUCTION: Final = frozenset({"production", "prod", "live", "prd"})
TEST_CLUSTER: Final = re.compile(
    r"\bkind create|helm/kind-action|minikube|\bk3d\b|microk8s|setup-k3s|engineerd/setup-kind|medyagh/", re.IGNORECASE
)


@dataclass(frozen=True)
class _Event:
    name: str
    """As GitHub calls it."""
    title: str
    """``push of a tag`` apart from other pushes."""
    context: Context
    main: bool
    """A push to the main branch leads here without a decision."""
    jobs: frozenset[str] = frozenset()
    """Jobs that it reaches."""


@dataclass(frozen=True)
class _Found:
    job: Job
    step: Step | None
    line: int
    what: str
    condition: Text | None


def find(workflow: Workflow, file: str, calls: Mapping[str, Any]) -> tuple[list[Deploy], list[Deploy]]:
    """Returns the paths to production, and the deployments that go elsewhere.

    Args:
        workflow: The file.
        file: Its path.
        calls: What the repository's own reusable workflows deploy with, by the path that ``uses`` names.
    """
    events = [replace(event, jobs=frozenset(_jobs_reached(workflow, event.context))) for event in _events(workflow)]
    here: list[Deploy] = []
    elsewhere: list[Deploy] = []
    for found in _all(workflow, calls):
        deploy = _deploy(workflow, found, events, file)
        if not deploy.triggers:
            continue  # switched off: no event of the file reaches it
        (elsewhere if not_production(deploy.environment) else here).append(deploy)
    return here[:LIMIT], elsewhere[:LIMIT]


def labels(workflow: Workflow) -> list[str]:
    """Returns what a workflow publishes or deploys with, for workflows that call it."""
    return list(dict.fromkeys(item.what for item in _all(workflow, {}) if not not_production(_environment(item.job))))


def _all(workflow: Workflow, calls: Mapping[str, Any]) -> Iterator[_Found]:
    for job in workflow.jobs.values():
        found = list(_in_job(job, calls))
        if not found and (name := _environment(job)) and set(words.split(name)) & _PRODUCTION and not not_production(name):
            line = job.environment.line if job.environment else job.line
            found = [_Found(job, None, line, "job in this environment", None)]
        yield from found


def _in_job(job: Job, calls: Mapping[str, Any]) -> Iterator[_Found]:
    if job.uses is not None:
        path = job.uses.value.split("@")[0]
        inside = calls.get(path)
        if isinstance(inside, list) and inside:
            yield _Found(job, None, job.uses.line, f"{path}: {', '.join(str(item) for item in inside[:3])}", None)
        elif inside is None and names_deployment(path):
            yield _Found(job, None, job.uses.line, path, None)
    cluster = TEST_CLUSTER.search(job.source) is not None
    for step in job.steps:
        yield from _in_step(job, step, cluster)


def names_deployment(path: str) -> bool:
    """Says whether the name of a pipeline that is called speaks of a deployment."""
    said = set(words.split(path.rsplit("/", 1)[-1].rsplit(".", 1)[0]))
    return bool(said & {"deploy", "deployment", "publish", "release", "promote", "cd"}) and not said & (
        shipping.NOT_PRODUCTION | {"drafter", "notes"}
    )


def _in_step(job: Job, step: Step, cluster: bool) -> Iterator[_Found]:
    if (action := shipping.of_action(step)) is not None and step.uses is not None:
        yield _Found(job, step, step.uses.line, action[0], action[1])
    if step.run is None or not shell.mode(step.shell or job.shell, job.runs_on).readable:
        return
    script = shell.parse(step.run.value)
    weighty = found = False
    for command in shell.commands(script, script.root):
        weighty = weighty or command.name not in ("echo", "printf", "true", ":", "cd", "set", "export", "sleep", "exit", "cat")
        start = script.offset(command.node)
        raw = script.text[start : start + len(script.words(command.node))]
        what = shipping.of_command(command.argv, raw)
        if what and not (cluster and what in ("kubectl", "oc", "helm upgrade", "helmfile", "skaffold")):
            found = True
            yield _Found(job, step, step.run.line_at(start), what, None)
    if not found and not cluster and (name := shipping.of_name(step, weighty)):
        yield _Found(job, step, step.line, name, None)


def _deploy(workflow: Workflow, found: _Found, events: list[_Event], file: str) -> Deploy:
    reached = [event for event in events if found.job.id in event.jobs and _step_reached(found, event.context)]
    return Deploy(
        file=file,
        line=found.line,
        job=found.job.id,
        what=found.what,
        environment=_environment(found.job),
        triggers=tuple(dict.fromkeys(event.name for event in reached)),
        on_push_to_main=any(event.main for event in reached),
        gate=_gate(workflow, found, reached),
    )


def _environment(job: Job) -> str | None:
    return job.environment.value.strip() or None if job.environment else None


def not_production(environment: str | None) -> bool:
    """Says whether the name of an environment says that it is not production."""
    if environment is None or "${{" in environment:
        return False
    said = set(words.split(environment))
    return bool(said & shipping.NOT_PRODUCTION) or (bool(said & {"pre", "non"}) and bool(said & _PRODUCTION))


def _step_reached(found: _Found, context: Context) -> bool:
    conditions = [found.step.condition if found.step else None, found.condition]
    return all(expressions.holds(item.value, context) is not False for item in conditions if item)


def _jobs_reached(workflow: Workflow, context: Context) -> set[str]:
    """A job runs if its condition is met and all that it needs ran, unless its condition asks about failures itself."""
    conditions = {job.id: job.condition.value if job.condition else None for job in workflow.jobs.values()}
    out = {name for name, condition in conditions.items() if expressions.holds(condition, context) is False}
    hardy = {name for name, condition in conditions.items() if condition and re.search(r"\b(always|cancelled|failure)\s*\(", condition)}
    stack = list(out)
    needed_by = {name: [job.id for job in workflow.jobs.values() if name in job.needs and job.id not in hardy] for name in conditions}
    while stack:
        for name in needed_by[stack.pop()]:
            if name not in out:
                out.add(name)
                stack.append(name)
    return conditions.keys() - out


def _gate(workflow: Workflow, found: _Found, reached: list[_Event]) -> str | None:
    if approval := _approval(workflow, found):
        return approval
    needed = _needed(workflow, found.job)
    for job in (found.job, *needed):
        name = _environment(job)
        if name and name.lower() != "github-pages" and not not_production(name):
            about = "protection rules are not in the file"
            return f"environment {name} ({about})" if job is found.job else f"needs job {job.id} in environment {name} ({about})"
    titles = list(dict.fromkeys(event.title for event in reached))
    if titles and all(title in _DECISIONS for title in titles):
        return " or ".join(titles) + " only"
    if titles and all(title in _DECISIONS or title == "workflow_call" for title in titles):
        return " or ".join(titles) + " only (the calling workflow decides)"
    return None


def _needed(workflow: Workflow, job: Job) -> list[Job]:
    found: dict[str, Job] = {}
    stack = list(job.needs)
    while stack:
        name = stack.pop()
        if name in workflow.jobs and name not in found and name != job.id:
            found[name] = workflow.jobs[name]
            stack.extend(workflow.jobs[name].needs)
    return list(found.values())


def _approval(workflow: Workflow, found: _Found) -> str | None:
    earlier = [step for step in found.job.steps if step.line < (found.step.line if found.step else found.job.line)]
    for step in (*earlier, *(step for job in _needed(workflow, found.job) for step in job.steps)):
        name = step.uses.value.split("@")[0] if step.uses else ""
        if name.lower() in shipping.APPROVALS:
            return f"manual approval ({name})"
    return None


_ALWAYS: Final[dict[str, Any]] = {"always()": True, "success()": True, "failure()": False, "cancelled()": False}
_NO_INPUTS: Final[dict[str, Any]] = {"inputs.*": None, "github.event.inputs.*": None, "github.event.inputs": None}


def _events(workflow: Workflow) -> Iterator[_Event]:
    for name, filters in workflow.triggers.items():
        base = {**_ALWAYS, "github.event_name": name}
        if name == "push":
            yield from _pushes(filters, base)
        elif name == "workflow_run":
            branches = filters.get("branches")
            main = branches is None or any(_matches(branch, branches) for branch in MAIN)
            yield _Event(name, name, {**base, **_NO_INPUTS, "github.ref": UNKNOWN}, main)
        elif name in ("pull_request", "pull_request_target"):
            ref = "refs/pull/1/merge" if name == "pull_request" else UNKNOWN
            yield _Event(name, name, {**base, **_NO_INPUTS, "github.ref": ref, "github.ref_type": "branch"}, False)
        elif name == "release":
            yield _Event(name, name, {**base, **_NO_INPUTS, "github.ref": "refs/tags/v1.0.0", "github.ref_type": "tag"}, False)
        elif name == "workflow_call":
            yield _Event(name, name, _ALWAYS, False)
        elif name in ("workflow_dispatch", "repository_dispatch"):
            yield _Event(name, name, base, False)
        else:
            yield _Event(name, name, {**base, **_NO_INPUTS}, False)


def _pushes(filters: Mapping[str, tuple[str, ...]], base: Mapping[str, Any]) -> Iterator[_Event]:
    """A push with only tag filters ignores branches, and the other way round (GitHub Docs, ``on.push``)."""
    nothing = {"github.event.action": None, "github.event.release.*": None, "github.event.pull_request.*": None, **_NO_INPUTS}
    of_branches = filters.keys() & {"branches", "branches-ignore"}
    of_tags = filters.keys() & {"tags", "tags-ignore"}
    names = _branches(filters) if of_branches or not of_tags else []
    for name in names:
        context = {**base, **nothing, "github.ref": f"refs/heads/{name}", "github.ref_name": name, "github.ref_type": "branch"}
        yield _Event("push", "push", context, name in MAIN)
    if of_tags or not of_branches:
        context = {**base, **nothing, "github.ref": "refs/tags/v1.0.0", "github.ref_name": "v1.0.0", "github.ref_type": "tag"}
        yield _Event("push", "push of a tag", context, False)


def _branches(filters: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Returns branches that stand for all that reach the workflow: the main ones, and those that are named without a pattern."""
    wanted, ignored = filters.get("branches"), filters.get("branches-ignore", ())
    named = [item for item in wanted or () if not re.search(r"[*?+\[!]", item)]
    candidates = dict.fromkeys((*MAIN[:2], *named, "some-other-branch"))
    return [
        name
        for name in candidates
        if (wanted is None or _matches(name, wanted)) and not any(fnmatch.fnmatchcase(name, pattern) for pattern in ignored)
    ]


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Applies GitHub's filter patterns in their order; ``!`` takes away."""
    matched = False
    for pattern in patterns:
        if fnmatch.fnmatchcase(name, pattern.removeprefix("!").replace("**", "*")):
            matched = not pattern.startswith("!")
    return matched
