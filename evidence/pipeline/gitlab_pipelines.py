"""Which pipelines of a GitLab CI file reach a job, and whether it then waits for a person.

Source: GitLab Docs, "Choose when jobs run" and "Predefined CI/CD variables". A job with neither ``rules`` nor ``only`` runs for branches
and tags. What ``changes`` or ``exists`` ask for is not in the file, and counts as possible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from . import gitlab_conditions as conditions
from .gitlab_model import Filter, GitlabFile, GitlabJob, Rule
from .threevalued import UNKNOWN

MAIN: Final = ("main", "master")
_SOURCES: Final = {
    "pushes": "push",
    "schedules": "schedule",
    "web": "web",
    "merge_requests": "merge_request_event",
    "triggers": "trigger",
    "pipelines": "pipeline",
    "api": "api",
    "external": "external",
    "chat": "chat",
    "external_pull_requests": "external_pull_request_event",
}
"""Keywords of ``only`` and ``except`` for the source of a pipeline."""
_REFS: Final = re.compile(r"[A-Za-z0-9_][\w./-]{0,100}")


@dataclass(frozen=True)
class Event:
    """What starts a pipeline."""

    source: str
    """``CI_PIPELINE_SOURCE``."""
    title: str
    """``push of a tag`` apart from other pushes."""
    branch: str | None
    tag: str | None
    main: bool
    """A push to the main branch: nobody decides anything."""
    variables: dict[str, Any]


@dataclass(frozen=True)
class Reach:
    """How a pipeline reaches a job."""

    possible: bool
    manual: bool
    """Whenever it runs, somebody started it by hand."""
    blocking: bool
    """While nobody did, what comes later waits."""


def events(file: GitlabFile) -> list[Event]:
    """Returns the pipelines that stand for all that there are: of main branches, of branches that are named, of tags and so on."""
    named = [name for name in _named(file) if name not in MAIN]
    found = [_event("push", "push", branch, None, main=branch in MAIN) for branch in (*MAIN, *named[:20], "some-other-branch")]
    found.append(_event("push", "push of a tag", None, "v1.0.0", main=False))
    found.append(_event("merge_request_event", "merge_request_event", "topic", None, main=False))
    found += [_event(source, source, "main", None, main=False) for source in ("schedule", "web", "trigger")]
    return [event for event in found if _of_workflow(file, event)]


def _named(file: GitlabFile) -> list[str]:
    """Branches that conditions and filters name."""
    found: dict[str, None] = {}
    for job in file.jobs.values():
        for rule in (*(file.rules or ()), *(job.rules or ())):
            found.update(dict.fromkeys(conditions.literals(rule.condition or "")))
        for refs in (job.only, job.besides):
            found.update(dict.fromkeys((refs.refs if refs else None) or ()))
    known = {*_SOURCES, *_SOURCES.values(), "branches", "tags", "true", "false", "null"}
    return [name for name in found if _REFS.fullmatch(name) and name not in known]


def _event(source: str, title: str, branch: str | None, tag: str | None, *, main: bool) -> Event:
    merge = source == "merge_request_event"
    ref = tag or branch
    variables: dict[str, Any] = {
        "CI_PIPELINE_SOURCE": source,
        "CI_DEFAULT_BRANCH": branch if main or branch == "main" else UNKNOWN if branch is None else "main",
        "CI_COMMIT_BRANCH": None if merge else branch,
        "CI_COMMIT_TAG": tag,
        "CI_COMMIT_REF_NAME": ref,
        "CI_COMMIT_REF_SLUG": re.sub(r"[^a-z0-9]+", "-", (ref or "").lower()),
        "CI_MERGE_REQUEST_IID": "1" if merge else None,
        "CI_MERGE_REQUEST_ID": "1" if merge else None,
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": branch if merge else None,
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": UNKNOWN if merge else None,
        "CI_EXTERNAL_PULL_REQUEST_IID": None,
        "CI": "true",
        "GITLAB_CI": "true",
    }
    if tag is not None:
        variables["CI_DEFAULT_BRANCH"] = "main"
    return Event(source, title, branch, tag, main, variables)


def _of_workflow(file: GitlabFile, event: Event) -> bool:
    if file.rules is None:
        return True
    return any(when != "never" for when, _ in _outcomes(file.rules, {**file.variables, **event.variables}, None))


def reach(file: GitlabFile, job: GitlabJob, event: Event) -> Reach:
    """Says whether a pipeline may reach a job, and how."""
    variables = {**file.variables, **job.variables, **event.variables}
    if job.rules is not None:
        outcomes = [(when, rule) for when, rule in _outcomes(job.rules, variables, job.when) if when != "never"]
        manual = bool(outcomes) and all(when == "manual" for when, _ in outcomes)
        optional = [rule.allow_failure if rule.allow_failure is not None else job.allow_failure == "true" for _, rule in outcomes]
        return Reach(bool(outcomes), manual, manual and not any(optional))
    if job.when == "never" or _filtered(job, event, variables) is False:
        return Reach(False, False, False)
    return Reach(True, job.when == "manual", job.when == "manual" and job.allow_failure == "false")


def _outcomes(rules: tuple[Rule, ...], variables: dict[str, Any], otherwise: str | None) -> Iterator[tuple[str, Rule]]:
    """Yields what may become of a job: the first rule that holds decides, and those before it that may."""
    for rule in rules:
        met = conditions.holds(rule.condition, variables)
        if met is False:
            continue
        yield rule.when or otherwise or "on_success", rule
        if met and not rule.narrowed:
            return


def _filtered(job: GitlabJob, event: Event, variables: dict[str, Any]) -> bool | None:
    """Says whether ``only`` and ``except`` let a pipeline reach a job."""
    only = job.only or Filter(refs=("branches", "tags"), variables=(), narrowed=False)
    asked = [_refs(only.refs or ("branches", "tags"), event)]
    if only.variables:
        asked.append(_any([conditions.holds(text, variables) for text in only.variables]))
    if only.narrowed:
        asked.append(None)
    if False in asked:
        return False
    if job.besides is not None:
        against = [] if job.besides.refs is None else [_refs(job.besides.refs, event)]
        if job.besides.variables:
            against.append(_any([conditions.holds(text, variables) for text in job.besides.variables]))
        if True in against:
            return False
        asked += [None] if None in against or job.besides.narrowed else []
    return None if None in asked else True


def _any(said: list[bool | None]) -> bool | None:
    return True if True in said else None if None in said else False


def _refs(refs: tuple[str, ...], event: Event) -> bool | None:
    return _any([_ref(ref.partition("@")[0] if not ref.startswith("/") else ref, event) for ref in refs])


def _ref(ref: str, event: Event) -> bool | None:
    merge = event.source == "merge_request_event"
    if ref in ("branches", "tags"):
        return not merge and (event.branch if ref == "branches" else event.tag) is not None
    if ref in _SOURCES:
        return event.source == _SOURCES[ref]
    if merge:
        return False
    name = event.tag or event.branch or ""
    if ref.startswith("/"):
        return conditions.matches(re.sub(r"@.*$", "", ref), name)
    return True if ref == name else None if "$" in ref else False
