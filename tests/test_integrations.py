"""What a team adds to its pipeline: the GitHub Action, the GitLab template, the hooks, the container file, completion of the shell."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import yaml

from compliance.catalog import shipped
from compliance.ci import SERVICES
from compliance.source import Source
from tests.gitrepo import Repo

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
TEMPLATE = ROOT / "integrations" / "compliance.gitlab-ci.yml"
CONFIG = '[project]\nname = "demo"\nprofile = "library"\nprofile-by = "Ada"\n\n[points.tests]\ngates = ["ALPHA-PF-5"]\n'
JUNIT = '<testsuite name="s"><testcase name="a"><failure message="no"/></testcase><testcase name="b"/></testsuite>'


@pytest.mark.parametrize(
    ("schema", "path"), [("vendor.github-actions", ROOT / "action.yml"), ("vendor.gitlab-ci", TEMPLATE)], ids=["action", "template"]
)
def test_the_schema_of_the_service_is_kept(schema: str, path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# GitHub


@pytest.mark.parametrize("name", STEPS)
def test_scripts_of_the_action_are_bash_and_nothing_is_pasted_into_them(name: str) -> None:
    script = STEPS[name]["run"]
    assert "${{" not in script  # what an event holds reaches a script as a variable only
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0


def test_the_action_uses_what_it_declares_and_declares_what_it_uses() -> None:
    text = (ROOT / "action.yml").read_text()
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == ACTION["inputs"].keys()
    written = set(re.findall(r"echo \"(\w+)=", STEPS["Check"]["run"]))
    assert set(re.findall(r"steps\.check\.outputs\.(\w+)", text)) == written
    assert "uses:" not in text


class Runner:
    """A hosted runner, as far as the action's scripts see it."""

    def __init__(self, repo: Repo, temp: Path) -> None:
        self.repo, self.temp = repo, temp
        self.bin = temp / "bin"
        self.bin.mkdir(parents=True)
        for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH"):
            (temp / name).touch()
        self.stub("compliance", f'exec {shlex.quote(sys.executable)} -m compliance "$@"\n')

    def stub(self, name: str, script: str) -> None:
        (self.bin / name).write_text(f"#!/bin/bash\n{script}")
        (self.bin / name).chmod(0o755)

    def run(self, step: str, **env: str) -> subprocess.CompletedProcess[str]:
        marks = {service.marks for service in SERVICES}
        own = {name: value for name, value in os.environ.items() if not name.startswith("COMPLIANCE_") and name not in marks}
        own |= {name: str(self.temp / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")}
        own |= {"RUNNER_TEMP": str(self.temp), "COMPLIANCE_HOME": str(self.temp / "home"), "GITHUB_REPOSITORY": "a/b"}
        own |= {"PATH": f"{self.bin}:{own['PATH']}", **env}
        script = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[step]["run"]]
        return subprocess.run(script, cwd=self.repo.root, env=own, capture_output=True, text=True, timeout=120)

    @property
    def outputs(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in (self.temp / "GITHUB_OUTPUT").read_text().splitlines())


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(Repo.make(tmp_path / "repo", {"compliance.toml": CONFIG, "junit.out.xml": JUNIT}), tmp_path / "temp")


CHECK = {"COMPLIANCE_POINT": "tests", "COMPLIANCE_PROJECT": ".", "CHANGED_SINCE": "", "FAIL_ON": "no-go"}


def test_the_action_shows_a_no_go_in_every_form_and_fails_the_job_last(runner: Runner) -> None:
    ran = runner.run("Ingest", COMPLIANCE_PROJECT=".", FILES="junit.out.xml\n\n")
    assert ran.returncode == 0, ran.stderr
    ran = runner.run("Check", **CHECK)
    assert ran.returncode == 0, ran.stderr
    assert (runner.outputs["outcome"], runner.outputs["code"]) == ("no-go", "1")
    folder = Path(runner.outputs["folder"])
    assert {path.name for path in folder.iterdir()} == {"check.sarif", "check.xml", "check.json", "summary.md"}
    assert (runner.temp / "GITHUB_STEP_SUMMARY").read_text() == (folder / "summary.md").read_text()
    assert runner.run("Verdict", CODE=runner.outputs["code"]).returncode == 1


def test_nothing_to_judge_is_a_code_and_no_summary(runner: Runner) -> None:
    ran = runner.run("Check", **CHECK)
    assert (ran.returncode, runner.outputs["outcome"], runner.outputs["code"]) == (0, "", "3")
    assert (runner.temp / "GITHUB_STEP_SUMMARY").read_text() == ""


def test_a_collector_that_could_not_run_does_not_keep_the_check_from_saying_so_and_wrong_use_does(runner: Runner) -> None:
    assert runner.run("Collect", COMPLIANCE_PROJECT=".").returncode == 2  # nothing is configured
    runner.repo.write({"compliance.toml": CONFIG + '\n[collect.test-results]\nfiles = ["missing.xml"]\n'})
    assert runner.run("Collect", COMPLIANCE_PROJECT=".").returncode == 0


GH = """printf '%s\\n' "$@" > "$RUNNER_TEMP/called-$(ls "$RUNNER_TEMP" | grep -c ^called)"
case "$*" in *--paginate*) jq -r "$(printf '%s\\n' "$@" | tail -n 1)" < "$RUNNER_TEMP/comments.json";; esac
"""


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
@pytest.mark.parametrize(("author", "method"), [("Bot", "PATCH"), ("User", "POST"), (None, "POST")])
def test_the_comment_is_updated_where_the_bot_wrote_one_and_nobody_elses_is_touched(
    runner: Runner, author: str | None, method: str
) -> None:
    runner.run("Ingest", COMPLIANCE_PROJECT=".", FILES="junit.out.xml")
    runner.run("Check", **CHECK)
    folder = Path(runner.outputs["folder"])
    marker = (folder / "summary.md").read_text().splitlines()[0]
    others = [{"id": 1, "body": "hello", "user": {"type": "Bot"}}]
    mine = [{"id": 7, "body": f"{marker}\n## old", "user": {"type": author}}] if author else []
    (runner.temp / "comments.json").write_text(json.dumps(others + mine))
    runner.stub("gh", GH)
    ran = runner.run("Comment", FOLDER=str(folder), NUMBER="12", GH_TOKEN="t")
    assert ran.returncode == 0, ran.stderr
    called = (runner.temp / "called-1").read_text().splitlines()
    where = "repos/a/b/issues/comments/7" if method == "PATCH" else "repos/a/b/issues/12/comments"
    assert called == ["api", "--silent", "--method", method, where, "--field", f"body=@{folder}/summary.md"]


def test_the_base_is_fetched_where_the_clone_lacks_it_and_judges_the_change(runner: Runner, tmp_path: Path) -> None:
    runner.repo.branch()
    runner.repo.write({"compliance.toml": CONFIG + '\n[gates."ALPHA-PF-5"]\nrequired = false\n'})
    commit = runner.repo.commit("loosens")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth=1", "--branch=change", f"file://{runner.repo.root}", clone], check=True)
    there = Runner(Repo(clone), tmp_path / "there")
    (clone / "junit.out.xml").write_text(JUNIT)
    event = {"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main", "GITHUB_SHA": commit}
    ran = there.run("Check", **CHECK, **event)
    assert there.outputs["code"] == "2" and "is not in this clone" in ran.stderr
    assert there.run("Fetch the base", TARGET="refs/heads/main").returncode == 0
    ran = there.run("Ingest", COMPLIANCE_PROJECT=".", FILES="junit.out.xml", **event)
    assert ran.returncode == 0, ran.stderr
    there.run("Check", **CHECK, **event)
    assert there.outputs["code"] == "1"
    document: Any = json.loads((Path(there.outputs["folder"]) / "check.json").read_text())
    assert document["base"]["not_honoured"] == [{"what": "gates.ALPHA-PF-5.required", "base": None, "change": False}]


# GitLab


def test_the_template_can_fail_and_our_own_reader_says_so() -> None:
    form = next(form for kind in shipped().kinds.values() for form in kind.formats if form.name == "gitlab-ci")
    (statement,) = form.read(Source(".gitlab-ci.yml", TEMPLATE.read_bytes()))
    assert statement.payload.model_dump()["neutralised"] == ()


def test_scripts_of_the_template_are_shell_scripts() -> None:
    jobs = yaml.safe_load(TEMPLATE.read_text())
    job = jobs["compliance"]
    for script in [*job["before_script"], *job["script"], *jobs["compliance-comment"]["script"]]:
        assert subprocess.run(["sh", "-n"], input=script, text=True).returncode == 0
    outputs = re.findall(r"--output (\S+)", "\n".join(job["script"]))
    assert job["artifacts"]["reports"]["junit"] in outputs
    assert all(output.startswith(tuple(job["artifacts"]["paths"])) for output in outputs)


def test_the_job_of_the_template_runs_and_ends_with_the_verdict(runner: Runner) -> None:
    runner.repo.write({"compliance.toml": CONFIG + '\n[collect.test-results]\nfiles = ["junit.out.xml"]\n'})
    job = yaml.safe_load(TEMPLATE.read_text())["compliance"]
    script = "\n".join([*job["before_script"], *job["script"]])
    env = {name: value for name, value in os.environ.items() if not name.startswith("COMPLIANCE_")}
    env |= {"PATH": f"{runner.bin}:{env['PATH']}", "COMPLIANCE_HOME": str(runner.temp), "COMPLIANCE_POINT": "tests"}
    done = subprocess.run(["sh", "-e", "-c", script], cwd=runner.repo.root, env=env, capture_output=True, text=True)
    assert (done.returncode, "NO-GO" in done.stdout) == (1, True), done.stdout + done.stderr
    for name in [*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]]:
        assert (runner.repo.root / name).exists()


class Notes(BaseHTTPRequestHandler):
    """The comments of a merge request, as GitLab's interface shows and takes them."""

    notes: list[dict[str, Any]]
    asked: list[str]

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> str:
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        return parse_qs(sent, strict_parsing=True)["body"][0]

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if self.headers["PRIVATE-TOKEN"] != "secret token":
            self._answer(401, {})
        elif path == "/api/user":
            self._answer(200, {"id": 5})
        else:
            page = int(parse_qs(query)["page"][0])
            self._answer(200, self.notes[100 * (page - 1) : 100 * page])

    def do_POST(self) -> None:
        self.asked.append(f"POST {self.path}")
        self.notes.append({"id": 900, "author": {"id": 5}, "body": self._body()})
        self._answer(201, {})

    def do_PUT(self) -> None:
        self.asked.append(f"PUT {self.path}")
        (note,) = (one for one in self.notes if one["id"] == int(self.path.rpartition("/")[2]))
        note["body"] = self._body()
        self._answer(200, {})


@pytest.fixture
def notes() -> Iterator[tuple[str, type[Notes]]]:
    handler = type("Handler", (Notes,), {"notes": [], "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api", handler
        server.shutdown()


def _comment(folder: Path, address: str, token: str = "secret token") -> subprocess.CompletedProcess[str]:
    (script,) = yaml.safe_load(TEMPLATE.read_text())["compliance-comment"]["script"]
    env = {"PATH": os.environ["PATH"], "TMPDIR": str(folder), "no_proxy": "*", "CI_API_V4_URL": address, "COMPLIANCE_GITLAB_TOKEN": token}
    env |= {"CI_MERGE_REQUEST_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "12"}
    return subprocess.run(["sh", "-c", script], cwd=folder, env=env, capture_output=True, text=True, timeout=120)


MARK = "<!-- compliance-check: demo-change -->"
NOTES = "/api/projects/3/merge_requests/12/notes"
CURL = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@CURL
@pytest.mark.parametrize("others", [0, 99, 100, 230])
def test_the_comment_on_a_merge_request_is_written_once_and_updated_from_then_on(
    tmp_path: Path, notes: tuple[str, type[Notes]], others: int
) -> None:
    address, host = notes
    host.notes += [{"id": number, "author": {"id": 1}, "body": f"{MARK}\nnot by the bot"} for number in range(others)]
    (tmp_path / "compliance-check").mkdir()
    summary = tmp_path / "compliance-check" / "summary.md"
    for text in (f"{MARK}\n## no-go & more\n$(id) `x` 100% @all =+\n", f"{MARK}\n## go\nü ✅\n"):
        summary.write_text(text)
        ran = _comment(tmp_path, address)
        assert ran.returncode == 0, ran.stderr
        assert host.notes[-1]["body"] == text
    assert host.asked == [f"POST {NOTES}", f"PUT {NOTES}/900"]
    assert len(host.notes) == others + 1 and all("not by the bot" in one["body"] for one in host.notes[:others])


@CURL
def test_a_comment_that_cannot_be_written_fails_its_job_and_one_without_a_result_does_not(
    tmp_path: Path, notes: tuple[str, type[Notes]]
) -> None:
    address, host = notes
    assert _comment(tmp_path, address).returncode == 0
    (tmp_path / "compliance-check").mkdir()
    (tmp_path / "compliance-check" / "summary.md").write_text(f"{MARK}\n")
    refused, without = _comment(tmp_path, address, "another"), _comment(tmp_path, address, "")
    assert (refused.returncode, "401" in refused.stderr) == (22, True)
    assert (without.returncode, "COMPLIANCE_GITLAB_TOKEN is not set" in without.stderr) == (2, True)
    assert host.asked == []


def test_the_token_never_reaches_the_job_that_runs_the_changes_code() -> None:
    jobs = yaml.safe_load(TEMPLATE.read_text())
    assert "COMPLIANCE_GITLAB_TOKEN" not in json.dumps(jobs["compliance"])
    job = jobs["compliance-comment"]
    assert (job["variables"], job["environment"]["name"]) == ({"GIT_STRATEGY": "none"}, "compliance-comment")
    assert "environment" not in jobs["compliance"] and job["needs"] == [{"job": "compliance", "artifacts": True}]


# Hooks, container, shell


def test_the_hooks_run_commands_that_there_are(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path, {"compliance.toml": CONFIG, "junit.out.xml": JUNIT})
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    for hook in hooks.values():
        assert {"id", "name", "entry", "language"} <= hook.keys()
        program, *words = shlex.split(hook["entry"])
        assert program == "compliance"
        ran = repo.run(*words)
        assert ran.code == (0 if hook["id"] == "compliance-config" else 3), ran.err
    repo.write({"compliance.toml": CONFIG + "[gaets]\n"})
    assert repo.run(*shlex.split(hooks["compliance-config"]["entry"])[1:]).code == 2
    assert re.search(hooks["compliance-config"]["files"], "services/a/compliance.toml")


def test_the_container_has_the_libraries_that_the_readme_names() -> None:
    named = re.search(r"apt-get install ([a-z0-9. -]+)`", (ROOT / "README.md").read_text())
    text = (ROOT / "Containerfile").read_text()
    installed = re.search(r"apt-get install -y --no-install-recommends ([^\\&]+)", text)
    assert named is not None and installed is not None
    assert set(named[1].split()) < set(installed[1].split())
    assert "curl" in installed[1].split()  # with which the job of GitLab writes its comment
    words = [line.split()[0] for line in re.sub(r"\\\n", " ", text).splitlines() if line and not line.startswith("#")]
    assert words[0] == "FROM" and words[-2:] == ["ENTRYPOINT", "CMD"] and "USER" in words
    assert json.loads(re.findall(r"^ENTRYPOINT (.+)$", text, re.MULTILINE)[0]) == ["compliance"]


FISH = {"_COMPLIANCE_COMPLETE": "complete_fish", "_TYPER_COMPLETE_ARGS": "compliance che", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}


@pytest.mark.parametrize(
    ("env", "offered"),
    [
        ({"_COMPLIANCE_COMPLETE": "complete_bash", "COMP_WORDS": "compliance che", "COMP_CWORD": "1"}, "check\n"),
        ({"_COMPLIANCE_COMPLETE": "complete_bash", "COMP_WORDS": "compliance check --cha", "COMP_CWORD": "2"}, "--changed-since\n"),
        ({"_COMPLIANCE_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "compliance che"}, '"check":'),
        (FISH, "check"),
    ],
)
def test_the_shell_completes_commands_and_options(tmp_path: Path, env: dict[str, str], offered: str) -> None:
    done = subprocess.run([sys.executable, "-m", "compliance"], cwd=tmp_path, env={**os.environ, **env}, capture_output=True, text=True)
    assert (done.returncode, offered in done.stdout) == (0, True), done.stdout + done.stderr


def test_the_script_for_bash_is_bash(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "compliance", "--show-completion", "bash"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert subprocess.run(["bash", "-n"], input=done.stdout, text=True).returncode == 0
    assert "complete -o default -F _compliance_completion compliance" in done.stdout
