"""A change cannot loosen what judges it, in real git repositories."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.gitrepo import Repo
from tests.sign.test_ssh import Key

CONFIG = """
[project]
name = "demo"
version = "1.0"
profile = "library"
profile-by = "Ada"

[frameworks]
own = "policies/own"

[gates."ALPHA-PF-5"]
max-age = "9000d"

[points.code]
gates = ["ALPHA-PF-5", "OWN-1"]
like = "change"
"""
FRAMEWORK = 'from compliance.gate import Framework\n\nFRAMEWORK = Framework(id="own", title="Our own")\n'
GATE = '''
from compliance.gate import Area, Inputs, Params, Verdict, failed, gate, passed


@gate(id="OWN-1", statement="Enough tests", principle="Own", area=Area.OPERATIONS, reads=["test-results"])
def enough(inputs: Inputs, params: Params) -> Verdict:
    """Counts.

    Asks: At least ten tests.
    Why: So.
    Evidence: Results.
    Fix: Write tests.
    Maps to: nothing.
    """
    return {verdict}
'''
FAILS, PASSES = GATE.replace("{verdict}", 'failed("too few")'), GATE.replace("{verdict}", 'passed("enough")')
FILES = {"compliance.toml": CONFIG, "policies/own/__init__.py": FRAMEWORK, "policies/own/tests.py": FAILS}
WHEN = "2026-01-31T12:00:00Z"
JUNIT = '<testsuite name="s"><testcase name="a"><failure message="no"/></testcase><testcase name="b"/></testsuite>'


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo.make(tmp_path, FILES)
    made.branch()
    return made


def change(repo: Repo, files: dict[str, str], *, delete: str | None = None) -> None:
    repo.write({**files, "junit.out.xml": JUNIT})
    if delete:
        (repo.root / delete).unlink()
    commit = repo.commit("change")
    ran = repo.run("ingest", "junit.out.xml", "--commit", commit, "--base", "main", "--observed-at", WHEN)
    assert ran.code == 0, ran.err


def checked(repo: Repo, *words: str, env: dict[str, str] | None = None) -> Any:
    ran = repo.run("check", "--point", "code", "--format", "json", *words, env=env)
    assert ran.code in (0, 1), ran.err
    return ran.json


def verdicts(document: Any) -> dict[str, str]:
    return {gate["id"]: gate["verdict"] for gate in document["gates"]}


RED = {"ALPHA-PF-5": "fail", "OWN-1": "fail"}


@pytest.mark.parametrize(
    ("files", "named"),
    [
        (
            {"compliance.toml": CONFIG.replace('max-age = "9000d"', 'applicable = false\nreason = "x"\nby = "Eve"')},
            {"gates.ALPHA-PF-5.applicable": (None, False), "gates.ALPHA-PF-5.max-age": ("9000d", None)},
        ),
        ({"compliance.toml": CONFIG.replace('max-age = "9000d"', "required = false")}, {"gates.ALPHA-PF-5.required": (None, False)}),
        ({"compliance.toml": CONFIG.replace('own = "policies/own"', "alpha = false")}, {"frameworks.alpha": (None, False)}),
        ({"compliance.toml": CONFIG.replace('", "OWN-1"', '"')}, {"points.code.gates": ("['ALPHA-PF-5', 'OWN-1']", "['ALPHA-PF-5']")}),
        ({"compliance.toml": CONFIG.replace("library", "cli")}, {"project.profile": ("library", "cli")}),
        ({"policies/own/tests.py": PASSES}, {"policies/own/tests.py": ("as it was", "changed")}),
        ({"compliance.toml": "[project\n"}, {"compliance.toml": ("there", "cannot be read")}),
    ],
)  # fmt: skip
def test_what_a_change_loosens_is_not_honoured_and_is_named(
    repo: Repo, files: dict[str, str], named: dict[str, tuple[object, object]]
) -> None:
    change(repo, files)
    document = checked(repo, "--base", "main")
    assert verdicts(document) == RED
    base = document["base"]
    assert (base["ref"], base["commit"], base["configured"]) == ("main", repo.git("rev-parse", "main"), True)
    found = {one["what"]: (one["base"], one["change"]) for one in base["not_honoured"]}
    assert named.items() <= found.items(), found


def test_a_policy_of_the_change_is_never_run(repo: Repo) -> None:
    change(repo, {"policies/own/more.py": "raise SystemExit(open('ran', 'w').write('x'))\n"})
    document = checked(repo, "--base", "main")
    assert verdicts(document) == RED
    assert not (repo.root / "ran").exists()
    assert {"what": "policies/own/more.py", "base": None, "change": "added"} in document["base"]["not_honoured"]


def test_taking_the_configuration_away_takes_nothing_away(repo: Repo) -> None:
    change(repo, {}, delete="compliance.toml")
    document = checked(repo, "--base", "main")
    assert verdicts(document) == RED
    assert document["base"]["not_honoured"][0] == {"what": "compliance.toml", "base": "there", "change": "not there"}


def test_every_form_says_whose_rules_hold(repo: Repo) -> None:
    change(repo, {"compliance.toml": CONFIG.replace('max-age = "9000d"', "required = false")})
    words = [word for name in ("o.out.md", "o.out.sarif", "o.out.xml") for word in ("-o", name)]
    ran = repo.run("check", "--point", "code", "--base", "main", *words)
    text = " ".join(ran.out.split())
    said = f"Configuration and policies are those of the base {repo.git('rev-parse', 'main')[:12]} (main);"
    assert f"{said} what this change says otherwise is not honoured:" in text
    assert "gates.ALPHA-PF-5.required: nothing -> false" in text
    for name in ("o.out.md", "o.out.sarif", "o.out.xml"):
        assert "Configuration and policies are those of the base" in (repo.root / name).read_text(), name
        assert "gates.ALPHA-PF-5.required" in (repo.root / name).read_text(), name


def test_without_anything_loosened_only_the_base_is_named(repo: Repo) -> None:
    change(repo, {"src.py": "x = 1\n"})
    document = checked(repo, "--base", "main")
    assert document["base"]["not_honoured"] == []
    assert verdicts(document) == verdicts(checked(repo)) == RED


def test_in_the_pipeline_of_a_pull_request_the_base_is_taken_without_being_asked_for(repo: Repo) -> None:
    change(repo, {"policies/own/tests.py": PASSES})
    env = {"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main"}
    ran = repo.run("check", env=env)
    assert (ran.code, "refs/remotes/origin/main is not in this clone" in ran.err, "fetch" in ran.err) == (2, True, True)
    repo.git("update-ref", "refs/remotes/origin/main", "main")
    repo.git("tag", "origin/main", "HEAD")  # a tag of the change does not take the branch's place
    assert verdicts(checked(repo, env=env)) == RED
    assert verdicts(checked(repo))["OWN-1"] == "pass"  # elsewhere the tree is what it is


def test_nothing_is_signed_in_the_pipeline_of_a_change(repo: Repo) -> None:
    change(repo, {})
    repo.git("update-ref", "refs/remotes/origin/main", "main")
    assert repo.run("keys", "create").code == 0
    env = {"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main"}
    for words in (["release"], ["report"], ["packet"]):
        ran = repo.run(*words, env=env)
        assert (ran.code, "nothing is signed" in ran.err) == (2, True), ran.err
    assert not list(repo.root.glob("*.pdf"))


def test_the_version_is_what_the_change_says(repo: Repo) -> None:
    change(repo, {"compliance.toml": CONFIG.replace('"1.0"', '"1.1"')})
    document = checked(repo, "--base", "main")
    assert (document["subject"]["version"], document["base"]["not_honoured"]) == ("1.1", [])


def test_where_the_base_has_no_configuration_there_is_nothing_to_loosen(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path, {"src.py": "x = 1\n"})
    repo.branch()
    change(repo, FILES)
    document = checked(repo, "--base", "main")
    assert (document["base"]["configured"], verdicts(document)) == (False, RED)
    assert "has no compliance.toml: the change's own judges it" in " ".join(repo.run("check", "--base", "main").out.split())


def test_a_project_below_the_top_of_its_repository(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path, {f"services/a/{name}": text for name, text in FILES.items()})
    repo.branch()
    repo.write({"services/a/policies/own/tests.py": PASSES, "services/a/junit.out.xml": JUNIT})
    commit = repo.commit("change")
    below = Repo(repo.root / "services" / "a")
    assert below.run("ingest", "junit.out.xml", "--commit", commit, "--observed-at", WHEN).code == 0
    document = checked(below, "--base", "main")
    assert verdicts(document) == RED
    assert [one["what"] for one in document["base"]["not_honoured"]] == ["services/a/policies/own/tests.py"]


def test_what_is_collected_is_what_the_base_configures(repo: Repo) -> None:
    change(repo, {"compliance.toml": CONFIG + '\n[collect.test-results]\nfiles = ["fine.out.xml"]\n'})
    ran = repo.run("collect", "--base", "main")
    assert (ran.code, "no [collect.KIND] table is configured" in ran.err) == (2, True)


def test_a_nearer_configuration_of_the_change_does_not_hide_that_of_the_base(repo: Repo) -> None:
    change(repo, {"below/compliance.toml": CONFIG.replace('own = "policies/own"', "").replace('", "OWN-1"', '"'), "below/x.py": ""})
    ran = Repo(repo.root / "below").run("check", "--point", "code", "--format", "json", "--base", "main")
    assert ran.code == 1, ran.err
    assert verdicts(ran.json) == RED


def test_what_the_clone_does_not_hold_is_never_taken_for_absent(repo: Repo) -> None:
    change(repo, {})
    blob = repo.git("rev-parse", "main:compliance.toml")
    (repo.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    ran = repo.run("check", "--base", "main")
    assert (ran.code, "this clone does not hold all of main" in ran.err) == (2, True), ran.err


def test_a_configuration_that_is_a_link_at_the_base_is_refused(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path, {"kept/c.toml": CONFIG.replace('own = "policies/own"', "")})
    (repo.root / "compliance.toml").symlink_to("kept/c.toml")
    repo.commit("a link")
    ran = repo.run("check", "--base", "main")
    assert (ran.code, "compliance.toml is no regular file at main" in ran.err) == (2, True), ran.err


@pytest.mark.parametrize(
    ("value", "message"),
    [("../../outside", "lies outside of the repository"), ("policies/missing", "no such folder")],
)
def test_a_base_whose_policies_cannot_be_had_is_refused_by_name(tmp_path: Path, value: str, message: str) -> None:
    repo = Repo.make(tmp_path / "r", {"compliance.toml": CONFIG.replace("policies/own", value)})
    ran = repo.run("check", "--base", "main", "--store", "x.db")
    assert (ran.code, "at the base main" in ran.err, message in ran.err) == (2, True, True), ran.err
    assert "compliance-base-" not in ran.err


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_a_change_cannot_name_itself_as_one_who_may_approve_waivers(tmp_path: Path) -> None:
    ada, eve = (Key(tmp_path, name) for name in ("ada", "eve"))
    trust = '\n[sign]\ntrust = ["allowed_signers"]\n\n[roles.security]\npeople = ["{}@example.org"]\n'
    root = tmp_path / "r"
    repo = Repo.make(root, {**FILES, "compliance.toml": CONFIG + trust.format("ada"), "allowed_signers": f"ada@example.org {ada.public}\n"})
    repo.branch()
    evil = {"compliance.toml": CONFIG + trust.format("eve"), "allowed_signers": f"eve@example.org {eve.public}\n"}
    change(repo, evil)
    request = ["waive", "request", "--gate", "ALPHA-PF-5", "--reason", "x", "--controls", "y", "--until", "9d", "--by", "mallory"]
    assert repo.run(*request).code == 0
    assert repo.run("waive", "approve", "W2", "--key", eve.path).code == 0
    assert verdicts(checked(repo))["ALPHA-PF-5"] == "waived"
    document = checked(repo, "--base", "main")
    assert verdicts(document)["ALPHA-PF-5"] == "fail"
    names = {one["what"] for one in document["base"]["not_honoured"]}
    assert names == {"allowed_signers", "roles.security.people"}
    assert "approve does not count" in json.dumps(document["waivers"])
