"""GitHub workflow files: recognition, the graph of jobs, and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import InputError
from compliance.source import Source

from .helpers import CORPUS, assert_only_refuses, format_of, mutations, read, recognised

FOLDER = CORPUS / "github-workflow"
NAME = "github-workflow"

WORKFLOW = b"""\
# a comment
name: ci
on:
  push: {branches: [main, '!wip']}
  workflow_dispatch:
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          npm ci
          # npm audit
          npm test || true
  check:
    needs: build
    runs-on: ubuntu-latest
    if: ${{ github.event_name == 'push' && !contains(github.ref, 'wip') }}
    steps:
      - {name: Lint, run: npm run lint, continue-on-error: true}
  ship:
    needs: [build, check]
    environment: {name: production}
    uses: ./.github/workflows/deploy.yml
"""


def pipeline(text: str | bytes, facts: dict[str, Any] | None = None) -> Any:
    return read("pipeline", NAME, text if isinstance(text, bytes) else text.encode(), facts).payload


def jobs(**needs: str) -> str:
    lines = [f"  {name}:\n    runs-on: x\n    needs: {need}\n    steps: []" for name, need in needs.items()]
    return "on: push\njobs:\n" + "\n".join(lines) + "\n"


def test_a_workflow_is_read() -> None:
    payload = pipeline(WORKFLOW)
    assert (payload.jobs, payload.edges, payload.unknown_needs, payload.cycle) == (3, 3, 0, False)
    assert payload.triggers == ("push", "workflow_dispatch")
    assert payload.job_ids == ("build", "check", "ship")
    assert payload.edge_list == (("build", "check"), ("build", "ship"), ("check", "ship"))
    assert [(item.line, item.pattern) for item in payload.neutralised] == [
        (13, "commented out"),
        (14, "|| true"),
        (20, "continue-on-error"),
    ]
    assert [item.gate for item in payload.deploys] == ["environment production (protection rules are not in the file)"]
    assert payload.incomplete is None
    assert payload.summary() == {
        "jobs": 3,
        "edges": 3,
        "neutralised": [{"file": "", "line": item.line, "what": item.what} for item in payload.neutralised],
        "deploys": 1,
        "deploys_on_push_to_main": 0,
    }


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("push", ("push",)),
        ("[push, pull_request]", ("push", "pull_request")),
        ("\n  - push\n  - schedule", ("push", "schedule")),
        ("\n  schedule:\n    - cron: $cron-daily\n  push:\n    branches: [ $default-branch ]", ("schedule", "push")),
        ("{workflow_call: {inputs: {a: {type: string}}}}", ("workflow_call",)),
    ],
)
def test_triggers_in_all_their_forms(on: str, expected: tuple[str, ...]) -> None:
    assert pipeline(f"on: {on}\njobs:\n  a:\n    runs-on: x\n    steps: []\n").triggers == expected


@pytest.mark.parametrize(
    ("text", "edges", "unknown", "cycle"),
    [
        (jobs(a="[]", b="a", c="[a, b]"), 3, 0, False),
        (jobs(a="[]", b="[a, a]"), 1, 0, False),
        (jobs(a="nobody", b="[a, ghost]"), 1, 2, False),
        (jobs(a="b", b="a"), 2, 0, True),
        (jobs(a="a"), 1, 0, True),
        (jobs(a="[]", b="[a, d]", c="b", d="c"), 4, 0, True),
        (jobs(a="null"), 0, 0, False),
    ],
)
def test_the_graph_of_jobs(text: str, edges: int, unknown: int, cycle: bool) -> None:
    payload = pipeline(text)
    assert (payload.edges, payload.unknown_needs, payload.cycle) == (edges, unknown, cycle)


def test_yaml_anchors_are_followed() -> None:
    text = "on: push\njobs:\n  a: &job\n    runs-on: x\n    steps:\n      - run: npm test || true\n  b: *job\n"
    assert [(item.job, item.line) for item in pipeline(text).neutralised] == [("a", 6), ("b", 6)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_are_those_of_the_file_whatever_ends_them(end: str) -> None:
    data = b"\xef\xbb\xbf" + WORKFLOW.replace(b"\n", end.encode())
    assert [item.line for item in pipeline(data).neutralised] == [13, 14, 20]


OTHERS = {
    "docker-compose": b"services:\n  web:\n    image: x\n    ports: ['80:80']\n",
    "gitlab": b"stages: [test]\ntest:\n  stage: test\n  script: [npm test || true]\n",
    "kubernetes": b"apiVersion: batch/v1\nkind: Job\nmetadata: {name: x}\nspec:\n  template:\n    spec: {containers: []}\n",
    "openapi": b"openapi: 3.0.0\npaths:\n  /jobs:\n    get: {}\n",
    "prometheus": b"groups:\n  - name: jobs\n    rules:\n      - alert: A\n        expr: up == 0\n",
    "circleci": b"version: 2.1\njobs:\n  build:\n    docker: []\n    steps: [checkout]\nworkflows: {}\n",
    "azure pipelines": b"trigger: [main]\njobs:\n- job: a\n  steps:\n  - script: npm test || true\n",
    "composite action": b"name: x\nruns:\n  using: composite\n  steps:\n    - run: npm test || true\n",
    "json": b'{"on": 1, "jobs": {"a": {"steps": []}}}',
    "empty": b"",
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("name", OTHERS)
def test_look_alikes_are_not_claimed(name: str) -> None:
    assert NAME not in recognised(OTHERS[name])


def test_a_workflow_is_claimed_by_nobody_else() -> None:
    assert recognised(WORKFLOW) == [NAME]
    assert recognised(b"on: push\njobs: {a: {runs-on: x, steps: [{run: npm test}]}}\n") == [NAME]
    assert recognised(b"on: push\njobs:\n  a: {runs-on: x, steps: [{run: npm test}]}\n") == [NAME]
    assert recognised(b"on: push\njobs:\n  a: {steps-of: x}\n") == []
    assert recognised(b'"on": push\n"jobs":\n  "a":\n    "runs-on": x\n    "steps":\n      - "run": npm test\n') == [NAME]


PLACEHOLDERS = b"""on:
  push:
    branches: [ $default-branch, $protected-branches ]
  schedule:
    - cron: $cron-weekly
jobs:
  analyze:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        language: $detected-codeql-languages
    steps:
      - run: echo ${{ matrix.language }}
  publish:
    needs: analyze
    uses: ./.github/workflows/publish.yml
    secrets: inherit
"""


def test_a_template_with_placeholders_is_a_workflow() -> None:
    assert recognised(PLACEHOLDERS) == [NAME]
    payload = pipeline(PLACEHOLDERS)
    assert (payload.jobs, payload.edges, payload.triggers) == (2, 1, ("push", "schedule"))


REFUSED = {
    "empty": b"",
    "not a mapping": b"- on: push\n",
    "no jobs": b"on: push\njobs:\n",
    "jobs is a list": b"on: push\njobs:\n  - runs-on: x\n",
    "a job is a word": b"on: push\njobs:\n  a: x\n",
    "a job does nothing": b"on: push\njobs:\n  a:\n    name: x\n",
    "steps are words": b"on: push\njobs:\n  a:\n    runs-on: x\n    steps: x\n",
    "a step is a word": b"on: push\njobs:\n  a:\n    runs-on: x\n    steps: [x]\n",
    "a script is a list": b"on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{run: [x]}]\n",
    "needs is a mapping": b"on: push\njobs:\n  a:\n    runs-on: x\n    needs: {b: c}\n",
    "no trigger": b"jobs:\n  a:\n    runs-on: x\n    steps: []\n",
    "a job twice": b"on: push\njobs:\n  a:\n    runs-on: x\n  a:\n    runs-on: y\n",
    "cut off": WORKFLOW[: WORKFLOW.index(b"duction}")],
    "tab": b"on: push\njobs:\n\ta:\n",
    "two documents": WORKFLOW + b"---\n" + WORKFLOW,
    "nul": WORKFLOW + b"\0",
    "latin-1": WORKFLOW + b"# caf\xe9\n",
    "utf-32": WORKFLOW.decode().encode("utf-32"),
    "unsafe tag": b"on: push\njobs:\n  a: !!python/object/apply:os.system [x]\n",
    "alias to itself": b"on: push\njobs: &a\n  x: *a\n",
    "laughs": b"on: push\nx: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"x%d: &a%d [%s]\n" % (n, n, b",".join([b"*a" + (b"%d" % (n - 1) if n else b"")] * 10)) for n in range(7))
    + b"jobs:\n  a:\n    runs-on: x\n",
    "deep": b"on: push\njobs:\n  a:\n    runs-on: " + b"[" * 5000,
    "lone surrogate": b'on: push\njobs:\n  "\\ud800":\n    runs-on: x\n',
    "long script": b"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: " + b"a " * 200_000 + b"\n",
    "too many steps": b"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n" + b"      - run: x\n" * 2001,
    "too many needs": b"on: push\njobs:\n"
    + b"".join(b"  j%d: {runs-on: x, needs: [%s]}\n" % (n, b",".join(b"j%d" % k for k in range(n))) for n in range(150)),
    "too large": b"on: push\njobs:\n  a:\n    runs-on: x\n#" + b"x" * (1 << 20),
    "deep script": b"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: '" + b"{ a; " * 5000 + b"}; " * 5000 + b"'\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_understood_is_refused(name: str) -> None:
    with pytest.raises(InputError) as caught:
        read("pipeline", NAME, REFUSED[name])
    assert caught.value.reason


def test_a_broken_workflow_is_claimed_and_then_refused_with_its_line() -> None:
    broken = WORKFLOW.replace(b"      - run: |", b"     - run: |")
    assert recognised(broken) == [NAME]
    with pytest.raises(InputError) as caught:
        read("pipeline", NAME, broken)
    assert caught.value.where == "line 11 column 6"


def test_an_odd_step_changes_nothing() -> None:
    payload = pipeline("on: push\njobs:\n  a:\n    runs-on: [self-hosted, x]\n    steps:\n      - name: only a name\n      - run:\n")
    assert (payload.jobs, payload.neutralised) == (1, ())


@settings(max_examples=300, deadline=None)
@given(mutations(WORKFLOW))
def test_mutated_files_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("pipeline", NAME, data)


WORDS = ["npm test", "||", "&&", "true", "|", ";", "\n", "set +e", "if", "then", "fi", "else", "!", "(", ")", "{", "}", "$(", "'", '"', "`"]
WORDS += ["<<E", "E\n", "#", "\\", "exit 0", "$?", "x=", ">> $GITHUB_OUTPUT", "tee", "for i in a; do", "done", "é", "bash -c '"]
WORDS += ["docker run", "${{ a || 'b' }}"]
SHELL = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(SHELL)
def test_any_shell_text_is_survived(text: str) -> None:
    data = ("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: " + json.dumps(text) + "\n").encode()
    for item in pipeline(data).neutralised:
        assert item.line == 6


def test_many_steps_take_linear_time() -> None:
    steps = "".join("      - run: |\n          npm test || true\n          # npm audit\n" for _ in range(1500))
    assert len(pipeline("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n" + steps).neutralised) == 3000
    chain = " || ".join(["npm test", *["true"] * 20_000])
    assert len(pipeline("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: " + chain + "\n").neutralised) == 1


def test_attending_says_where_the_file_lies_and_what_it_calls(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "inner.yml").write_text("on: workflow_call\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: kubectl apply -f k8s\n")
    text = "on: push\njobs:\n  a:\n    uses: ./.github/workflows/inner.yml\n  b:\n    uses: ./.github/workflows/gone.yml\n"
    (folder / "ci.yml").write_text(text)
    attend = format_of("pipeline", NAME).attend
    assert attend is not None
    facts = dict(attend(Source.from_path(folder / "ci.yml"), folder / "ci.yml"))
    assert facts == {"file": ".github/workflows/ci.yml", "calls": {"./.github/workflows/inner.yml": ["kubectl"]}}
    (deploy,) = pipeline(text, facts).deploys
    assert (deploy.what, deploy.on_push_to_main, deploy.gate) == ("./.github/workflows/inner.yml: kubectl", True, None)
    (tmp_path / "sub").mkdir()
    (tmp_path / "compliance.toml").touch()
    lone = tmp_path / "sub" / "x.yml"
    lone.write_text("not: a workflow")
    assert attend(Source.from_path(lone), lone) == {"file": "sub/x.yml"}


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the corpus is not here")
def test_the_corpus_is_read_as_others_read_it() -> None:
    for case in json.loads((CORPUS / "cases.json").read_text()):
        data = (CORPUS / case["file"]).read_bytes()
        expected = case["expected"]
        if case["format"] != NAME or expected.get("has_jobs") is False:
            assert NAME not in recognised(data[:1_000_000]), case["file"]
            continue
        assert recognised(data) == [NAME]
        payload = pipeline(data)
        assert (payload.jobs, payload.edges) == (expected["jobs"], expected["edges"])
        assert (payload.cycle, payload.unknown_needs) == (expected["cycle"], expected["unknown_needs"])
        assert list(payload.job_ids) == expected["job_ids"]
        assert list(payload.triggers) == expected["triggers"]
        assert sorted(f"{a}->{b}" for a, b in payload.edge_list) == sorted(expected["edge_list"])
        assert payload.neutralised == (), "none of these files holds a neutralised gate; read by hand"


def test_markdown_that_shows_a_workflow_is_none() -> None:
    shown = b"# How to\n\n```yaml\non: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: make\n```\n"
    assert "github-workflow" in recognised(shown.partition(b"```yaml\n")[2].rpartition(b"```")[0])
    assert "github-workflow" not in recognised(shown)
