"""Which CI service runs the process."""

from __future__ import annotations

import pytest

from compliance.ci import Run, detect

COMMIT = "c" * 40
GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_SHA": COMMIT,
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_REF_NAME": "main",
    "GITHUB_HEAD_REF": "",
    "GITHUB_BASE_REF": "",
    "GITHUB_SERVER_URL": "https://git.example",
    "GITHUB_REPOSITORY": "a/b",
    "GITHUB_RUN_ID": "7",
    "GITHUB_ACTOR": "ada",
    "GITHUB_TRIGGERING_ACTOR": "ben",
}
URL = "https://git.example/a/b/actions/runs/7"
MAIN = "refs/remotes/origin/main"


def run(service: str, branch: str, url: str, actor: str, change: str | None = None, bases: tuple[str, ...] = ()) -> Run:
    return Run(service=service, commit=COMMIT, branch=branch, url=url, actor=actor, change=change, bases=bases)


GITLAB = {
    "GITLAB_CI": "true",
    "CI_COMMIT_SHA": COMMIT,
    "CI_COMMIT_REF_NAME": "main",
    "CI_JOB_URL": "https://x/j",
    "GITLAB_USER_LOGIN": "ada",
}
AZURE = {
    "TF_BUILD": "True",
    "BUILD_SOURCEVERSION": COMMIT,
    "BUILD_SOURCEBRANCH": "refs/heads/feature/x",
    "SYSTEM_COLLECTIONURI": "https://dev.example/o/",
    "SYSTEM_TEAMPROJECT": "p",
    "BUILD_BUILDID": "9",
    "BUILD_REQUESTEDFOR": "Ada",
}
CIRCLE = {"CIRCLECI": "true", "CIRCLE_SHA1": COMMIT, "CIRCLE_BRANCH": "x", "CIRCLE_BUILD_URL": "https://x/1", "CIRCLE_USERNAME": "ada"}
BITBUCKET = {
    "BITBUCKET_BUILD_NUMBER": "4",
    "BITBUCKET_COMMIT": COMMIT,
    "BITBUCKET_BRANCH": "x",
    "BITBUCKET_GIT_HTTP_ORIGIN": "https://bb.example/w/r",
    "BITBUCKET_STEP_TRIGGERER_UUID": "{u}",
}
JENKINS = {"JENKINS_URL": "https://j", "GIT_COMMIT": COMMIT, "BRANCH_NAME": "PR-3", "BUILD_URL": "https://j/1", "CHANGE_AUTHOR": "ada"}


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        (GITHUB, run("github", "main", URL, "ben")),
        ({**GITHUB, "GITHUB_BASE_REF": "main", "GITHUB_HEAD_REF": "x"}, run("github", "x", URL, "ben", "main", (MAIN,))),
        (GITLAB, run("gitlab", "main", "https://x/j", "ada")),
        (
            {
                **GITLAB,
                "CI_MERGE_REQUEST_IID": "5",
                "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
                "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "x",
                "CI_MERGE_REQUEST_DIFF_BASE_SHA": "b" * 40,
            },
            run("gitlab", "x", "https://x/j", "ada", "5", (MAIN, "b" * 40)),
        ),
        (AZURE, run("azure", "feature/x", "https://dev.example/o/p/_build/results?buildId=9", "Ada")),
        (
            {**AZURE, "SYSTEM_PULLREQUEST_PULLREQUESTID": "8", "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main"},
            run("azure", "feature/x", "https://dev.example/o/p/_build/results?buildId=9", "Ada", "8", (MAIN,)),
        ),
        (CIRCLE, run("circleci", "x", "https://x/1", "ada")),
        (
            {**CIRCLE, "CIRCLE_PULL_REQUEST": "https://git.example/a/b/pull/6"},
            run("circleci", "x", "https://x/1", "ada", "https://git.example/a/b/pull/6", ("refs/remotes/origin/HEAD",)),
        ),
        (
            {**BITBUCKET, "BITBUCKET_PR_ID": "2", "BITBUCKET_PR_DESTINATION_BRANCH": "main", "BITBUCKET_PR_DESTINATION_COMMIT": "d" * 12},
            run("bitbucket", "x", "https://bb.example/w/r/pipelines/results/4", "{u}", "2", (MAIN, "d" * 12)),
        ),
        ({**JENKINS, "CHANGE_ID": "3", "CHANGE_TARGET": "main"}, run("jenkins", "PR-3", "https://j/1", "ada", "3", (MAIN,))),
    ],
)
def test_each_service_is_detected_by_what_it_sets(variables: dict[str, str], found: Run) -> None:
    assert detect(variables) == found


def test_a_merge_queue_is_the_check_of_a_change() -> None:
    found = detect({**GITHUB, "GITHUB_REF": f"refs/heads/gh-readonly-queue/release/1/pr-12-{COMMIT}"})
    assert found is not None and found.bases == ("refs/remotes/origin/release/1",)


@pytest.mark.parametrize("variables", [{}, {"CI": "true"}, {"GITHUB_ACTIONS": " "}])
def test_elsewhere_nothing_is_detected(variables: dict[str, str]) -> None:
    assert detect(variables) is None


def test_what_a_service_does_not_say_is_not_made_up() -> None:
    assert detect({"GITHUB_ACTIONS": "true"}) == Run(service="github", commit=None, branch=None, url=None, actor=None, change=None)
