"""GitLab CI files: recognition, what jobs inherit, the graph of stages and needs, neutralised gates, paths to production, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import InputError
from compliance.source import Source

from .helpers import assert_only_refuses, format_of, json_mutations, mutations, read, recognised

NAME = "gitlab-ci"
FILE = b"""\
# pipeline
include:
  - template: Security/SAST.gitlab-ci.yml
  - {project: group/ci, file: [/a.yml, /b.yml]}
stages: [build, test, deploy]
.defaults: &defaults
  image: node:20
  before_script:
    - npm ci
.setup:
  script:
    - echo setup
.deploy:
  stage: deploy
  environment: {name: production}
  script:
    - kubectl apply -f k8s
build:
  <<: *defaults
  stage: build
  script: npm run build
unit:
  <<: *defaults
  stage: test
  script:
    - !reference [.setup, script]
    - npm test || true
    # - npm audit
lint:
  stage: test
  needs: []
  script: npm run lint
  allow_failure: true
e2e:
  stage: test
  needs: [build]
  script:
    - |
      set +e
      npm run e2e
      echo done
  after_script:
    - npm run coverage
deploy-prod:
  extends: .deploy
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
      when: manual
deploy-staging:
  extends: .deploy
  environment: {name: staging}
  only: [main]
"""


def parsed(text: str | bytes, facts: dict[str, Any] | None = None) -> Any:
    return read("pipeline", NAME, text if isinstance(text, bytes) else text.encode(), facts)


def pipeline(text: str | bytes) -> Any:
    return parsed(text).payload


def test_a_file_is_read() -> None:
    found = parsed(FILE, {"file": ".gitlab-ci.yml"})
    payload = found.payload
    assert (payload.jobs, payload.unknown_needs, payload.cycle, payload.incomplete) == (6, 0, False, None)
    assert payload.job_ids == ("build", "unit", "lint", "e2e", "deploy-prod", "deploy-staging")
    assert sorted(payload.edge_list) == sorted(
        [("build", "unit"), ("build", "e2e")]
        + [(test, deploy) for deploy in ("deploy-prod", "deploy-staging") for test in ("unit", "lint", "e2e")]
    )
    assert [(one.line, one.job, one.pattern) for one in payload.neutralised] == [
        (27, "unit", "|| true"),
        (28, "unit", "commented out"),
        (33, "lint", "allow_failure: true"),
        (39, "e2e", "set +e"),
        (43, "e2e", "after_script"),
    ]
    assert {one.file for one in payload.neutralised} == {".gitlab-ci.yml"}
    assert [(one.line, one.job, one.what, one.gate, one.on_push_to_main) for one in payload.deploys] == [
        (17, "deploy-prod", "kubectl", "manual job", False)
    ]
    assert [(one.job, one.environment) for one in payload.elsewhere] == [("deploy-staging", "staging")]
    assert payload.includes == ("Security/SAST.gitlab-ci.yml", "group/ci: /a.yml, /b.yml")
    assert [(one.line, one.message) for one in found.findings if one.severity == "info"] == [
        (3, "included and not read: Security/SAST.gitlab-ci.yml"),
        (4, "included and not read: group/ci: /a.yml, /b.yml"),
    ]
    assert payload.summary()["edges"] == 8


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_are_those_of_the_file_whatever_ends_them(end: str) -> None:
    data = b"\xef\xbb\xbf" + FILE.replace(b"\n", end.encode())
    assert [one.line for one in pipeline(data).neutralised] == [27, 28, 33, 39, 43]
    assert recognised(data) == [NAME]


# What jobs inherit


def job(text: str, rest: str = "") -> str:
    lines = "\n".join(f"  {line}" for line in text.split("\n"))
    return f"stages: [build, test, deploy]\n{rest}a:\n{lines}\n"


def test_merge_keys_follow_gitlabs_own_reader() -> None:
    text = "stages: [test]\n.x: &x {allow_failure: true}\na:\n  allow_failure: false\n  <<: *x\n  script: [npm test]\n"
    assert [one.pattern for one in pipeline(text).neutralised] == ["allow_failure: true"]
    assert pipeline(text.replace("  allow_failure: false\n  <<: *x\n", "  <<: *x\n  allow_failure: false\n")).neutralised == ()


def test_extends_merges_mappings_and_replaces_lists() -> None:
    text = (
        "stages: [deploy]\n.a: {environment: {name: production, url: x}, script: [npm test || true], stage: deploy}\n"
        ".b: {extends: .a, environment: {action: start}}\n.c: {script: [kubectl apply -f x], allow_failure: true}\n"
        "a: {extends: [.b, .c], environment: {url: y}}\n"
    )
    payload = pipeline(text)
    assert payload.neutralised == ()
    assert [(one.what, one.environment) for one in payload.deploys] == [("kubectl", "production")]


@pytest.mark.parametrize(
    ("rest", "text", "patterns"),
    [
        ("default: {before_script: [set +e]}\n", "script: [npm test, echo]", ["set +e"]),
        ("before_script: [set +e]\n", "script: [npm test, echo]", ["set +e"]),
        ("default: {before_script: [set +e]}\n", "before_script: []\nscript: [npm test, echo]", []),
        ("default: {before_script: [set +e]}\n", "inherit: {default: false}\nscript: [npm test, echo]", []),
        ("default: {before_script: [set +e]}\n", "inherit: {default: [image]}\nscript: [npm test, echo]", []),
        ("default: {before_script: [set +e]}\n", "inherit: {default: [before_script]}\nscript: [npm test, echo]", ["set +e"]),
        ("default: {after_script: [npm test]}\n", "script: [make]", ["after_script"]),
    ],
)
def test_defaults_are_inherited_unless_the_job_says_otherwise(rest: str, text: str, patterns: list[str]) -> None:
    assert [one.pattern for one in pipeline(job(text, rest)).neutralised] == patterns


def test_references_are_followed_into_lists_and_rules() -> None:
    text = job(
        "script:\n  - !reference [.s, script]\n  - [nested, [npm test || true]]\nrules:\n  - !reference [.r, rules]",
        ".s: {script: [npm run lint || true]}\n.r: {rules: [{when: never}]}\n",
    )
    assert [one.pattern for one in pipeline(text).neutralised] == ["|| true", "when: never", "|| true"]


def test_a_job_made_of_what_the_file_does_not_hold_says_too_little() -> None:
    for text in (job("extends: .x", "include: x.yml\n"), job("script: [!reference [.x, script]]", "include: x.yml\n")):
        assert "a is made of .x" in pipeline(text).incomplete
    assert pipeline("include: x.yml\nstages: [test]\n").incomplete == "all its jobs are in files that it includes"


def test_the_header_of_a_component_is_no_pipeline() -> None:
    text = "spec:\n  inputs:\n    stage: {default: test}\n---\n'scan-$[[ inputs.stage ]]':\n  stage: $[[ inputs.stage ]]\n"
    text += "  script: [bandit -r . || true]\n"
    assert recognised(text.encode()) == [NAME]
    assert [(one.line, one.job) for one in pipeline(text).neutralised] == [(7, "scan-$[[ inputs.stage ]]")]


def test_steps_of_run_are_scripts() -> None:
    text = job("run:\n  - {name: x, script: npm test || true}\n  - {name: y, step: gitlab.com/x@v1}")
    assert [one.pattern for one in pipeline(text).neutralised] == ["|| true"]


# The graph


def staged(**jobs: str) -> str:
    return "stages: [one, two, three]\n" + "".join(f"{name}: {{script: [make], {text}}}\n" for name, text in jobs.items())


@pytest.mark.parametrize(
    ("text", "edges"),
    [
        (staged(a="stage: one", b="stage: two", c="stage: three"), ["a-b", "b-c"]),
        (staged(a="stage: one", b="stage: one", c="stage: three"), ["a-c", "b-c"]),
        (staged(a="stage: one", b="stage: two, needs: []", c="stage: three"), ["a-c", "b-c"]),
        (staged(a="stage: one", b="stage: two", c="stage: three, needs: [a]"), ["a-b", "a-c"]),
        (staged(a="stage: one", b="stage: three, needs: [{job: a, artifacts: false}]"), ["a-b"]),
        (staged(a="stage: .post", b="stage: .pre", c="stage: two"), ["b-c", "c-a"]),
        (staged(a="stage: one", b="stage: one, needs: [{project: x, job: a, ref: main}, {pipeline: $UP}]"), []),
        ("a: {script: [make], stage: build}\nb: {script: [make]}\nc: {script: [make], stage: deploy}\n", ["a-b", "b-c"]),
        (staged(a="stage: nowhere", b="stage: two"), []),
    ],
)
def test_jobs_wait_for_what_they_need_else_for_earlier_stages(text: str, edges: list[str]) -> None:
    assert sorted(f"{one}-{other}" for one, other in pipeline(text).edge_list) == edges


def test_needs_of_nothing_and_circles_are_counted() -> None:
    payload = pipeline(
        staged(a="stage: one, needs: [ghost, {job: gone, optional: true}]", b="stage: two, needs: [c]", c="stage: two, needs: [b]")
    )
    assert (payload.unknown_needs, payload.cycle) == (1, True)


# Neutralised gates


@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        ("script: [npm test]\nallow_failure: true", ["allow_failure: true"]),
        ("script: [npm test]\nallow_failure: false", []),
        ("script: [npm test]\nallow_failure: {exit_codes: [137]}", []),
        ("script: [npm test]\nrules: [{allow_failure: true}]", ["allow_failure: true"]),
        ("script: [npm test]\nrules: [{if: $A, allow_failure: true}, {when: on_success}]", []),
        ("script: [npm test]\nallow_failure: true\nrules: [{if: $A, allow_failure: false}, {when: on_success}]", []),
        ("script: [npm test]\nrules: [{when: never}]", ["when: never"]),
        ("script: [npm test]\nwhen: never", ["when: never"]),
        ("script: [npm test]\nwhen: manual", []),
        ("script: [npm test]\nonly: [nightly]", []),
        ("script: ['npm test || echo failed']", ["|| echo …"]),
        ("script: [npm test, 'true']", []),
        ("script: ['npm test | tee log']", []),
        ("script: [make]\nallow_failure: true", []),
        ("script: [echo All tests passed]\nstage: test", []),
        ("script: ['bandit -r . --exit-zero']", ["--exit-zero"]),
    ],
)
def test_gates_that_cannot_fail_are_found(text: str, patterns: list[str]) -> None:
    assert [one.pattern for one in pipeline(job(text)).neutralised] == patterns


def test_what_may_fail_is_told_and_not_judged() -> None:
    texts = {
        "script: [npm test]\nallow_failure: {exit_codes: [137]}": "allow_failure by exit code",
        "script: [npm test]\nrules: [{if: $A, allow_failure: true}, {when: on_success}]": "allow_failure by rule",
        "script: [npm test]\nwhen: manual": "when: manual",
    }
    for text, pattern in texts.items():
        assert [(one.rule, one.severity) for one in parsed(job(text)).findings] == [(pattern, "info")]


@pytest.mark.parametrize(
    ("comment", "hits"),
    [
        ("# - npm audit", 1),
        ("#  - 'npm audit --audit-level=high'", 1),
        ("# script: npm audit", 1),
        ("# npm audit is too noisy", 0),
        ("# - see docs", 0),
    ],
)
def test_gates_in_comments_are_found_unless_they_run_elsewhere_in_the_job(comment: str, hits: int) -> None:
    text = job(f"script:\n  - make\n  {comment}")
    assert len(pipeline(text).neutralised) == hits
    assert pipeline(text.replace("- make", "- npm audit")).neutralised == ()


# Paths to production

UNSEEN = "(protection rules are not in the file)"


@pytest.mark.parametrize(
    ("text", "push", "gate"),
    [
        ("script: [kubectl apply -f x]", True, None),
        ("script: [kubectl apply -f x]\nwhen: manual", False, "manual job"),
        ("script: [kubectl apply -f x]\nwhen: delayed\nstart_in: 1 hour", True, None),
        ("script: [kubectl apply -f x]\nrules: [{if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH}]", True, None),
        ("script: [kubectl apply -f x]\nrules: [{if: $CI_COMMIT_BRANCH == 'main', when: manual}]", False, "manual job"),
        ("script: [kubectl apply -f x]\nrules: [{if: $CI_COMMIT_TAG}]", False, "push of a tag only"),
        ("script: [kubectl apply -f x]\nrules: [{if: '$CI_COMMIT_TAG =~ /^v[0-9]+/'}]", False, "push of a tag only"),
        ("script: [kubectl apply -f x]\nonly: [tags]", False, "push of a tag only"),
        ("script: [kubectl apply -f x]\nonly: [/^v.*$/]\nexcept: [branches]", False, "push of a tag only"),
        ("script: [kubectl apply -f x]\nonly: [web]", False, "a pipeline that is started by hand only"),
        ('script: [kubectl apply -f x]\nrules: [{if: $CI_PIPELINE_SOURCE == "schedule"}]', False, None),
        ("script: [kubectl apply -f x]\nonly: [master]", True, None),
        ("script: [kubectl apply -f x]\nonly: [production]", False, None),
        ("script: [kubectl apply -f x]\nexcept: [main, master]", False, None),
        ("script: [kubectl apply -f x]\nonly: {refs: [main], changes: [src/*]}", True, None),
        ("script: [kubectl apply -f x]\nonly: {variables: [$DEPLOY == 'yes']}", True, None),
        ("script: [kubectl apply -f x]\nrules: [{if: $DEPLOY == 'yes'}]\nvariables: {DEPLOY: 'no'}", None, None),
        ("script: [kubectl apply -f x]\nrules: [{changes: [src/*], when: manual}, {when: never}]", False, "manual job"),
        ("script: [kubectl apply -f x]\nrules: [{exists: [x], when: manual}, {when: on_success}]", True, None),
        ("script: [make]\nenvironment: production", True, f"environment production {UNSEEN}"),
        (
            "script: [make]\nenvironment: {name: eu, deployment_tier: production}",
            True,
            "environment eu (protection rules are not in the file)",
        ),
        ("script: [make]\nenvironment: {name: production, action: stop}", None, None),
        ("script: [make]\nenvironment: {name: production, action: verify}", None, None),
        ("script: [kubectl apply -f x]\nwhen: on_failure", None, None),
        ("script: [make]", None, None),
        ("trigger: {project: group/deploy, strategy: depend}", True, None),
        ("trigger: {include: [{local: /child.yml}]}", None, None),
        ("script: [make]\nrelease: {tag_name: v1}\nrules: [{if: $CI_COMMIT_TAG}]", False, "push of a tag only"),
        ("script: [make]\npages: true", True, None),
        ("script: ['kind create cluster', 'kubectl apply -f x']", None, None),
    ],
)
def test_who_decides_about_production(text: str, push: bool | None, gate: str | None) -> None:
    found = [(one.on_push_to_main, one.gate) for one in pipeline(job(text)).deploys]
    assert found == ([] if push is None else [(push, gate)])


@pytest.mark.parametrize(
    ("before", "after", "gate"),
    [
        ("stage: build, when: manual, allow_failure: false", "stage: deploy", "manual job b before it"),
        ("stage: build, when: manual", "stage: deploy", None),
        ("stage: build, when: manual", "stage: deploy, needs: [b]", "manual job b before it"),
        ("stage: build, rules: [{when: manual}]", "stage: deploy", "manual job b before it"),
        ("stage: build, rules: [{when: manual, allow_failure: true}]", "stage: deploy", None),
        ("stage: build, rules: [{when: manual}]", "stage: deploy, needs: []", None),
        ("stage: build, rules: [{if: $CI_COMMIT_TAG, when: manual}]", "stage: deploy", None),
    ],
)
def test_a_job_before_it_may_ask_for_the_decision(before: str, after: str, gate: str | None) -> None:
    text = f"stages: [build, deploy]\nb: {{script: [make], {before}}}\na: {{script: [kubectl apply -f x], {after}}}\n"
    (deploy,) = pipeline(text).deploys
    assert (deploy.gate, deploy.on_push_to_main) == (gate, gate is None)


@pytest.mark.parametrize(
    "text",
    [
        "script: [kubectl apply -f x]\nenvironment: staging",
        "script: [kubectl apply -f x]\nenvironment: review/$CI_COMMIT_REF_SLUG",
        "script: [kubectl apply -f x]\nenvironment: {name: eu, deployment_tier: staging}",
    ],
)
def test_other_environments_are_elsewhere(text: str) -> None:
    payload = pipeline(job(text))
    assert (payload.deploys, len(payload.elsewhere)) == ((), 1)


def test_without_an_environment_the_name_of_the_job_tells() -> None:
    payload = pipeline("stages: [deploy]\ndeploy-staging: {stage: deploy, script: [kubectl apply -f x]}\n")
    assert (len(payload.deploys), len(payload.elsewhere)) == (0, 1)


def test_rules_of_the_workflow_hold_for_all_jobs() -> None:
    rest = "workflow: {rules: [{if: $CI_COMMIT_TAG}]}\n"
    (deploy,) = pipeline(job("script: [kubectl apply -f x]", rest)).deploys
    assert (deploy.on_push_to_main, deploy.gate) == (False, "push of a tag only")
    assert pipeline(job("script: [make]", rest)).triggers == ("push",)


@pytest.mark.parametrize(
    ("condition", "reached"),
    [
        ('$CI_PIPELINE_SOURCE == "merge_request_event"', ["merge_request_event"]),
        ("$CI_MERGE_REQUEST_IID", ["merge_request_event"]),
        ('$CI_COMMIT_BRANCH != null && $CI_PIPELINE_SOURCE != "schedule"', ["push", "web", "trigger"]),
        (
            "$CI_COMMIT_TAG == null && ($CI_COMMIT_BRANCH =~ /^(main|x)$/i || $CI_COMMIT_BRANCH == 'zz')",
            ["push", "schedule", "web", "trigger"],
        ),
        ("$CI_COMMIT_REF_NAME !~ /./", []),
        ("$UNKNOWN", ["push", "merge_request_event", "schedule", "web", "trigger"]),
        ("$UNKNOWN && $CI_COMMIT_TAG", ["push"]),
        ("$UNKNOWN || $CI_COMMIT_TAG == 'no'", ["push", "merge_request_event", "schedule", "web", "trigger"]),
        ("$CI_COMMIT_BRANCH =~ /(a+)+$/", ["push", "schedule", "web", "trigger"]),
        ("this is no condition", ["push", "merge_request_event", "schedule", "web", "trigger"]),
        ("(" * 60 + "$CI_COMMIT_TAG" + ")" * 60, ["push", "merge_request_event", "schedule", "web", "trigger"]),
    ],
)
def test_conditions_are_evaluated_as_far_as_the_file_tells(condition: str, reached: list[str]) -> None:
    assert list(pipeline(job(f"script: [make]\nrules: [{{if: {json.dumps(condition)}}}]")).triggers) == reached


# Recognition and refusals

OTHERS = {
    "github workflow": b"on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{run: npm test}]\n",
    "circleci": b"version: 2.1\njobs:\n  build:\n    docker: []\n    steps: [checkout]\n",
    "travis": b"language: node_js\nscript:\n  - npm test\nstages: [test]\n",
    "bitbucket": b"image: node\npipelines:\n  default:\n    - step:\n        script: [npm test]\n",
    "azure pipelines": b"trigger: [main]\nsteps:\n- script: npm test\n",
    "docker-compose": b"services:\n  web:\n    image: x\n    ports: ['80:80']\n",
    "ansible": b"- hosts: all\n  tasks:\n    - script: x.sh\n",
    "kubernetes": b"apiVersion: v1\nkind: ConfigMap\ndata:\n  script: x\n",
    "a map of scripts": b"build:\n  script: make\ntest:\n  script: make test\n",
    "a map with other keys": b"build:\n  script: [make]\n  owner: me\n",
    "mkdocs": b"site_name: x\ninclude: y\n",
    "json": b'{"a": {"script": ["x"], "stage": "y"}}',
    "empty": b"",
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("name", OTHERS)
def test_look_alikes_are_not_claimed(name: str) -> None:
    assert NAME not in recognised(OTHERS[name])


@pytest.mark.parametrize(
    "text", ["a:\n  script: [make]\n", ".a:\n  script: [make]\nstages: [x]\n", "include: x.yml\n", "a: {trigger: x}\nstages: [x]\n"]
)
def test_small_files_are_claimed(text: str) -> None:
    assert recognised(text.encode()) == [NAME]
    pipeline(text)


REFERENCES = b", ".join([b"!reference [.a%d, script]"] * 9)
MULTIPLYING = b"".join(b".a%d: {script: [%s]}\n" % (n, REFERENCES % ((n + 1,) * 9)) for n in range(9))
MULTIPLYING += b".a9: {script: [x, x, x, x, x, x, x, x, x]}\nb: {script: [!reference [.a0, script]]}\n"
REFUSED = {
    "empty": b"",
    "not a mapping": b"- script\n",
    "no job": b"stages: [test]\n",
    "a job is a word": b"stages: [test]\na: x\n",
    "a job does nothing": b"stages: [test]\na: {stage: test}\n",
    "a script is a mapping": b"stages: [test]\na:\n  script:\n    - echo: x\n",
    "extends in a circle": b"a: {extends: b, stage: x}\nb: {extends: a, script: [x]}\n",
    "a reference to itself": b".a: {script: [!reference [.a, script]]}\nb: {script: [!reference [.a, script]]}\n",
    "references that multiply": b"".join(
        b".a%d: {script: [%s]}\n" % (n, b", ".join([b"!reference [.a%d, script]" % (n + 1)] * 9)) for n in range(9)
    )
    + b".a9: {script: [x, x, x, x, x, x, x, x, x]}\nb: {script: [!reference [.a0, script]]}\n",
    "rules are words": b"a: {script: [x], rules: [always]}\n",
    "a job twice": b"a: {script: [x]}\na: {script: [y]}\n",
    "a merge key without a mapping": b"a: {<<: x, script: [y]}\n",
    "unsafe tag": b"a: {script: !!python/object/apply:os.system [x]}\n",
    "two documents": FILE + b"---\n" + FILE,
    "nul": FILE + b"\0",
    "latin-1": FILE + b"# caf\xe9\n",
    "utf-32": FILE.decode().encode("utf-32"),
    "deep": b"a: {script: " + b"[" * 5000,
    "too many jobs": b"".join(b"j%d: {script: [x]}\n" % n for n in range(501)),
    "too many edges": b"stages: [a, b]\n"
    + b"".join(b"j%d: {script: [x], stage: %s}\n" % (n, b"ab"[n % 2 : n % 2 + 1]) for n in range(300)),
    "too large": FILE + b"#" * (512 << 10),
    "long script": b"a:\n  script:\n    - " + b"a " * 200_000 + b"\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_understood_is_refused(name: str) -> None:
    with pytest.raises(InputError) as caught:
        read("pipeline", NAME, REFUSED[name])
    assert caught.value.reason


def test_a_broken_file_is_claimed_and_then_refused_with_its_line() -> None:
    broken = FILE.replace(b"    - npm ci", b"   - npm ci\n  x")
    assert recognised(broken) == [NAME]
    with pytest.raises(InputError) as caught:
        read("pipeline", NAME, broken)
    assert (caught.value.where or "").startswith("line ")


def test_attending_says_where_the_file_lies(tmp_path: Path) -> None:
    (tmp_path / "compliance.toml").touch()
    (tmp_path / "ci").mkdir()
    path = tmp_path / "ci" / "test.yml"
    path.write_bytes(FILE)
    attend = format_of("pipeline", NAME).attend
    assert attend is not None
    assert attend(Source.from_path(path), path) == {"file": "ci/test.yml"}


@settings(max_examples=200, deadline=None)
@given(mutations(FILE))
def test_mutated_files_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("pipeline", NAME, data)


EVERYTHING: dict[str, Any] = {
    "stages": ["a", "b"],
    "workflow": {"rules": [{"if": "$A", "when": "never"}]},
    "default": {"before_script": ["x"], "after_script": "y"},
    ".x": {"script": ["make"]},
    "a": {
        "extends": [".x"],
        "stage": "a",
        "script": ["npm test", ["make"]],
        "needs": [{"job": "b", "optional": True}, "c"],
        "rules": [{"if": "$CI", "when": "manual", "allow_failure": True, "changes": ["x"]}],
        "only": {"refs": ["main"], "variables": ["$A"]},
        "except": ["tags"],
        "allow_failure": {"exit_codes": 1},
        "environment": {"name": "production", "action": "start", "deployment_tier": "production"},
        "trigger": {"include": [{"local": "x"}]},
        "release": {"tag_name": "x"},
        "variables": {"A": {"value": "b"}},
        "inherit": {"default": ["before_script"]},
        "tags": ["x"],
        "pages": True,
        "run": [{"name": "x", "script": "y"}],
    },
}


@settings(max_examples=150, deadline=None)
@given(json_mutations(json.dumps(EVERYTHING).encode()))
def test_reshaped_files_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("pipeline", NAME, data)


WORDS = ["$A", "$CI_COMMIT_TAG", "==", "!=", "=~", "!~", "&&", "||", "(", ")", '"x"', "'y'", "/a/", "/(a|b)+$/i", "null", "$[[ x ]]", "é"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join))
def test_any_condition_is_survived(condition: str) -> None:
    assert pipeline(job(f"script: [make]\nrules: [{{if: {json.dumps(condition)}}}]")).jobs == 1


def test_large_files_take_linear_time() -> None:
    jobs = "".join(f"j{number}: {{stage: s{number}, script: [npm test || true]}}\n" for number in range(400))
    stages = ", ".join(f"s{number}" for number in range(400))
    payload = pipeline(f"stages: [{stages}]\n{jobs}")
    assert (payload.jobs, payload.edges, len(payload.neutralised)) == (400, 399, 400)


@pytest.mark.parametrize(
    "text",
    [
        "child:\n  trigger: {include: a.yml, strategy: depend}\nother:\n  trigger: g/p\n",
        "spec:\n  inputs:\n    a: {default: b}\n---\nt:\n  script: echo $[[ inputs.a ]]\n",
        "t:\n  run:\n    - {name: a, script: echo}\n",
    ],
)
def test_small_files_are_recognised_by_what_only_gitlab_has(text: str) -> None:
    assert recognised(text.encode()) == ["gitlab-ci"]
