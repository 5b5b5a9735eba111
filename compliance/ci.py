"""Which CI service runs this process, as its environment variables tell: commit, branch, run, actor, and the base of a pull request.

Sources: the services' own lists of variables: GitHub Actions "Default environment variables", GitLab "Predefined CI/CD variables", Jenkins
"Using environment variables" and the branch API's CHANGE_ variables, Azure Pipelines "Predefined variables", CircleCI "Built-in
environment variables", Bitbucket "Default variables".
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_HEADS: Final = re.compile(r"^refs/(heads|tags)/")
_REMOTE: Final = "refs/remotes/origin/"


@dataclass(frozen=True, kw_only=True)
class Service:
    """How one service tells what it runs: names of variables, of which the first that is set counts."""

    name: str
    marks: str
    """Variable that it always sets."""
    commit: str
    branch: tuple[str, ...]
    run: str
    """Address of the run: a format string over the variables."""
    actor: tuple[str, ...]
    change: tuple[str, ...]
    """What is set only for a pull or merge request: its number or its address."""
    target: tuple[str, ...] = ()
    """Branch that it shall be merged into."""
    target_commit: tuple[str, ...] = ()
    """A commit of it, for clones that do not hold the branch."""
    queue: tuple[str, str] | None = None
    """A variable, and the pattern that its value has in a merge queue; the first group is the target."""


SERVICES: Final = (
    Service(
        name="github",
        marks="GITHUB_ACTIONS",
        commit="GITHUB_SHA",
        branch=("GITHUB_HEAD_REF", "GITHUB_REF_NAME"),
        run="{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
        actor=("GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"),
        change=("GITHUB_BASE_REF",),
        target=("GITHUB_BASE_REF",),
        queue=("GITHUB_REF", r"refs/heads/gh-readonly-queue/(.+)/pr-\d+-[0-9a-f]+"),
    ),
    Service(
        name="gitlab",
        marks="GITLAB_CI",
        commit="CI_COMMIT_SHA",
        branch=("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_REF_NAME"),
        run="{CI_JOB_URL}",
        actor=("GITLAB_USER_LOGIN",),
        change=("CI_MERGE_REQUEST_IID",),
        target=("CI_MERGE_REQUEST_TARGET_BRANCH_NAME",),
        target_commit=("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA"),
    ),
    Service(
        name="azure",
        marks="TF_BUILD",
        commit="BUILD_SOURCEVERSION",
        branch=("SYSTEM_PULLREQUEST_SOURCEBRANCH", "BUILD_SOURCEBRANCH"),
        run="{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",
        actor=("BUILD_REQUESTEDFOR",),
        change=("SYSTEM_PULLREQUEST_PULLREQUESTID",),
        target=("SYSTEM_PULLREQUEST_TARGETBRANCH",),
    ),
    Service(
        name="circleci",
        marks="CIRCLECI",
        commit="CIRCLE_SHA1",
        branch=("CIRCLE_BRANCH", "CIRCLE_TAG"),
        run="{CIRCLE_BUILD_URL}",
        actor=("CIRCLE_USERNAME", "CIRCLE_PR_USERNAME"),
        change=("CIRCLE_PULL_REQUEST", "CIRCLE_PR_NUMBER"),
    ),
    Service(
        name="bitbucket",
        marks="BITBUCKET_BUILD_NUMBER",
        commit="BITBUCKET_COMMIT",
        branch=("BITBUCKET_BRANCH", "BITBUCKET_TAG"),
        run="{BITBUCKET_GIT_HTTP_ORIGIN}/pipelines/results/{BITBUCKET_BUILD_NUMBER}",
        actor=("BITBUCKET_STEP_TRIGGERER_UUID",),
        change=("BITBUCKET_PR_ID",),
        target=("BITBUCKET_PR_DESTINATION_BRANCH",),
        target_commit=("BITBUCKET_PR_DESTINATION_COMMIT",),
    ),
    Service(
        name="jenkins",
        marks="JENKINS_URL",
        commit="GIT_COMMIT",
        branch=("CHANGE_BRANCH", "BRANCH_NAME", "GIT_BRANCH"),
        run="{BUILD_URL}",
        actor=("CHANGE_AUTHOR", "BUILD_USER_ID"),
        change=("CHANGE_ID",),
        target=("CHANGE_TARGET",),
    ),
)
"""Those with the most telling mark first; several of them run agents that set a variable of another one."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of a CI service."""

    service: str
    commit: str | None
    branch: str | None
    url: str | None
    actor: str | None
    """Who caused it: names a person."""
    change: str | None
    """Number or address of the pull or merge request, if it is one."""
    bases: tuple[str, ...] = ()
    """Revisions of what it shall be merged into, the best one first."""


def detect(environment: Mapping[str, str] | None = None) -> Run | None:
    """Returns the run that this process belongs to, None outside of the services that are known."""
    variables = os.environ if environment is None else environment
    service = next((one for one in SERVICES if variables.get(one.marks, "").strip()), None)
    return None if service is None else _run(service, variables)


def _run(service: Service, variables: Mapping[str, str]) -> Run:
    branch, change = _first(service.branch, variables), _first(service.change, variables)
    target = _first(service.target, variables)
    if service.queue is not None and (found := re.fullmatch(service.queue[1], variables.get(service.queue[0], ""))):
        change, target = change or branch, target or found[1]
    return Run(
        service=service.name,
        commit=_first((service.commit,), variables),
        branch=_HEADS.sub("", branch) if branch else None,
        url=_address(service.run, variables),
        actor=_first(service.actor, variables),
        change=change,
        bases=_bases(service, target, variables) if change else (),
    )


def _bases(service: Service, target: str | None, variables: Mapping[str, str]) -> tuple[str, ...]:
    """Returns where the base may be found in a clone; the full names, so that no tag of the change takes their place."""
    if target is None and not service.target:
        return (f"{_REMOTE}HEAD",)  # the service does not say what it shall be merged into: the repository's default branch
    branch = (_REMOTE + _HEADS.sub("", target),) if target else ()
    commit = _first(service.target_commit, variables)
    return (*branch, *((commit,) if commit else ())) or (f"{_REMOTE}HEAD",)


def _first(names: tuple[str, ...], variables: Mapping[str, str]) -> str | None:
    return next((text for name in names if (text := variables.get(name, "").strip())), None)


def _address(form: str, variables: Mapping[str, str]) -> str | None:
    names = re.findall(r"\{(\w+)\}", form)
    return form.format_map(variables) if all(variables.get(name) for name in names) else None
