"""``compliance init``: what it finds in repositories of every sort, and that what it writes works unedited."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from compliance.catalog import shipped
from compliance.project import Project
from compliance.starting.repository import Repository, look
from compliance.starting.scaffold import missing, steps, toml
from tests.cli.run import compliance
from tests.robust.samples import sample

JUNIT = '<testsuite name="s" tests="1"><testcase name="a"/></testsuite>'
SARIF = json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x", "rules": []}}, "results": []}]})
LCOV = "TN:\nSF:a.js\nDA:1,1\nLF:1\nLH:1\nend_of_record\n"
WORKFLOW = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make test\n"
POETRY = '[tool.poetry]\nname = "shop"\nversion = "2"\n[tool.poetry.scripts]\nx = "a:b"\n'
POM = "<project xmlns='http://maven.apache.org/POM/4.0.0'><parent><artifactId>up</artifactId><version>9</version></parent>{}</project>"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def found_in(root: Path, files: dict[str, str]) -> Repository:
    return look(write(root, files), shipped().kinds)


@pytest.mark.parametrize(
    ("files", "name", "version", "language", "profile"),
    [
        ({"pyproject.toml": '[project]\nname = "shop"\nversion = "1.2"\n', "a.py": ""}, "shop", "1.2", "Python", "library"),
        (
            {"pyproject.toml": '[tool.poetry]\nname = "shop"\nversion = "2"\n[tool.poetry.scripts]\nx = "a:b"\n', "a.py": ""},
            "shop",
            "2",
            "Python",
            "cli",
        ),
        ({"setup.cfg": "[metadata]\nname = shop\nversion = attr: shop.v\n", "a.py": ""}, "shop", None, "Python", "library"),
        ({"package.json": '{"name": "@a/shop", "version": "3.0.0", "bin": "x.js"}', "a.ts": ""}, "@a/shop", "3.0.0", "JavaScript", "cli"),
        ({"go.mod": "module example.org/team/shop/v2\n\ngo 1.22\n", "a.go": ""}, "shop", None, "Go", "library"),
        ({"go.mod": "module shop\n", "main.go": "", "Dockerfile": ""}, "shop", None, "Go", "service"),
        ({"pom.xml": POM.format("<artifactId>shop</artifactId><version>1.0</version>"), "A.java": ""}, "shop", "1.0", "Java", "library"),
        (
            {"pom.xml": POM.format("<artifactId>shop</artifactId><version>1.1-SNAPSHOT</version>"), "A.java": ""},
            "shop",
            None,
            "Java",
            "library",
        ),
        ({"settings.gradle.kts": 'rootProject.name = "shop"\n', "A.kt": ""}, "shop", None, "Java", "library"),
        ({"Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\n', "src/main.rs": ""}, "shop", "0.1.0", "Rust", "cli"),
        ({"composer.json": '{"name": "team/shop"}', "a.php": "", "k8s/app.yaml": ""}, "team/shop", None, "PHP", "service"),
    ],
)
def test_manifests_and_languages(
    tmp_path: Path, files: dict[str, str], name: str, version: str | None, language: str, profile: str
) -> None:
    found = found_in(tmp_path, files)
    assert (found.name, found.version, next(iter(found.languages)), found.profile) == (name, version, language, profile)
    assert found.why
    assert not found.unreadable


@pytest.mark.parametrize(
    ("files", "profile"),
    [
        (["services/api/go.mod", "services/api/Dockerfile"], "service"),
        (["ci/Dockerfile", "go.mod"], "library"),
        (["examples/x/go.mod", "examples/x/Dockerfile", "tests/y/package.json", "tests/y/Dockerfile"], "library"),
    ],
)
def test_a_part_of_a_repository_that_is_deployed_makes_a_service(tmp_path: Path, files: list[str], profile: str) -> None:
    assert found_in(tmp_path, dict.fromkeys(files, "")).profile == profile


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "[project\n"),
        ("setup.cfg", "no section\n"),
        ("package.json", "[" * 100_000),
        ("pom.xml", "<project><a></project>"),
        ("pom.xml", '<!DOCTYPE a [<!ENTITY x "y">]><project><version>&x;</version></project>'),
        ("Cargo.toml", "\0"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_named_and_no_obstacle(tmp_path: Path, name: str, text: str) -> None:
    found = found_in(tmp_path, {name: text})
    assert found.unreadable == [name]
    assert found.name == tmp_path.name
    check(tmp_path, found)


def test_names_that_would_break_the_file_are_made_plain(tmp_path: Path) -> None:
    found = found_in(tmp_path, {"package.json": json.dumps({"name": 'a"\\n[x]\u202e', "version": "1\n2"})})
    assert found.version is None
    check(tmp_path, found)


RESULTS = {
    "target/surefire-reports/TEST-a.xml": JUNIT,
    "target/surefire-reports/TEST-b.xml": JUNIT,
    "coverage/lcov.info": LCOV,
    "reports/scan.sarif": SARIF,
    ".github/workflows/ci.yml": WORKFLOW,
    "docs/deployment-status.md": "# Status\n\n- [x] Coverage 92 %\n\nThe release is ready.\n",
}


def test_results_are_found_by_their_content(tmp_path: Path) -> None:
    found = found_in(
        tmp_path,
        {
            **RESULTS,
            "coverage/report.json": '{"no": "coverage"}',
            "tests/data/junit.xml": JUNIT,
            "examples/x.sarif": SARIF,
            "node_modules/x/junit.xml": JUNIT,
            "bash_completions.md": "# Completions\n",
        },
    )
    assert {kind: list(paths) for kind, paths in found.files.items()} == {
        "coverage": ["coverage/lcov.info"],
        "document": ["docs/deployment-status.md"],
        "pipeline": [".github/workflows/ci.yml"],
        "scan": ["reports/scan.sarif"],
        "test-results": ["target/surefire-reports/TEST-a.xml", "target/surefire-reports/TEST-b.xml"],
    }
    assert check(tmp_path, found)["collect"]["test-results"]["files"] == ["target/surefire-reports/*.xml"]
    assert "test results" not in missing(found)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("TestResults/run.trx", "test-results trx"),
        ("out/nunit.xml", "test-results nunit3-xml"),
        ("test.json", "test-results go-test-json"),
        ("cover.out", "coverage go-cover"),
        ("gl-sast-report.json", "scan gitlab-security-json"),
        ("zap.json", "scan zap-json"),
    ],
)
def test_results_under_the_names_that_their_tools_give_them(tmp_path: Path, path: str, name: str) -> None:
    found = found_in(tmp_path, {path: sample(name).decode()})
    assert {kind: list(paths) for kind, paths in found.files.items()} == {name.split()[0]: [path]}


def test_a_pattern_never_takes_in_what_was_not_found(tmp_path: Path) -> None:
    reports = {f"reports/junit-{number}.xml": JUNIT for number in range(3)}
    files = check(tmp_path, found_in(tmp_path, {**reports, "reports/site.xml": "<site/>"}))["collect"]["test-results"]["files"]
    assert files == list(reports)


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(root), "-c", "user.name=x", "-c", "user.email=x@x", *words], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("branches", "expected"),
    [(["main", "topic"], "main"), (["master", "topic"], "master"), (["trunk"], "trunk"), (["topic", "main"], "main")],
)
def test_the_release_branch(tmp_path: Path, branches: list[str], expected: str) -> None:
    git(tmp_path, "init", "-q", "-b", branches[0])
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "one")
    for name in branches[1:]:
        git(tmp_path, "checkout", "-q", "-b", name)
    assert look(tmp_path, {}).branch == expected


def test_the_release_branch_is_that_of_the_remote(tmp_path: Path) -> None:
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    origin.mkdir()
    git(origin, "init", "-q", "-b", "develop")
    git(origin, "commit", "-q", "--allow-empty", "-m", "one")
    subprocess.run(["git", "clone", "-q", str(origin), str(clone)], check=True)
    git(clone, "checkout", "-q", "-b", "main")
    assert look(clone, {}).branch == "develop"


def test_without_git_the_commit_is_asked_for(tmp_path: Path) -> None:
    found = found_in(tmp_path, {"a.py": ""})
    assert found.branch is None
    assert '# commit = "<full id>"' in toml(found)
    assert "git" not in check(tmp_path, found)["collect"].get("source", {})


def test_python_dependencies_come_from_what_is_there(tmp_path: Path) -> None:
    project = {"a.py": "", "pyproject.toml": '[project]\nname = "p"\n'}
    assert audited(tmp_path / "a", project) == {"project": "."}
    assert audited(tmp_path / "b", {**project, "requirements.txt": "", "ci/requirements-dev.txt": ""}) == {
        "requirements": ["requirements.txt", "ci/requirements-dev.txt"]
    }
    assert audited(tmp_path / "c", {**project, "requirements.txt": "", "pylock.toml": ""}) == {"lock": "."}
    assert audited(tmp_path / "d", {"a.py": ""}) is None


@pytest.mark.parametrize("runner", ["vitest", "jest"])
def test_coverage_of_transformed_code_is_measured_by_what_transforms_it(tmp_path: Path, runner: str) -> None:
    """From outside, c8 sees of a run of vitest its configuration alone, and calls that covered."""
    text = toml(found_in(tmp_path, {"a.ts": "", "package.json": json.dumps({"devDependencies": {runner: "1"}})}))
    (command,) = re.findall(r"# \[collect\.coverage\.command\]\n# command = (.*)", text)
    assert json.loads(command)[:2] == ["npx", runner]
    assert "c8" not in text


def test_a_scanner_that_writes_neither_time_nor_commit_is_run(tmp_path: Path) -> None:
    text = toml(found_in(tmp_path, {"a.js": "", "package.json": "{}"}))
    (command,) = re.findall(r"# \[collect\.scan\.command\]\n# command = (.*)", text)
    assert json.loads(command) == ["sh", "-c", "npm audit --json > npm-audit.json"]


def audited(root: Path, files: dict[str, str]) -> Any:
    return check(root, found_in(root, files))["collect"]["scan"].get("pip-audit")


def check(root: Path, found: Repository) -> Any:
    """The file works unedited, and also when all that it proposes is uncommented, table by table."""
    text = toml(found)
    (root / "compliance.toml").write_text(text)
    assert Project.load(root).collections is not None
    blocks = [block for block in text.split("\n\n") if "# [collect." in block]
    for block in blocks:
        uncommented = re.sub(r"^# (?=\[|command|results|files)", "", block, flags=re.MULTILINE)
        (root / "compliance.toml").write_text(text.replace(block, uncommented))
        assert Project.load(root).collections
    (root / "compliance.toml").unlink()
    return tomllib.loads(text)


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"a.py": ""}, "python -m coverage run"),
        ({"a.js": "", "package.json": '{"devDependencies": {"vitest": "1"}}'}, "npx vitest"),
        ({"a.js": "", "package.json": '{"devDependencies": {"jest": "29"}}'}, "npx jest"),
        ({"a.js": "", "package.json": '{"scripts": {"test": "node --test"}}'}, "node --test"),
        ({"a.go": "", "go.mod": "module x\n"}, "gotestsum"),
        ({"A.java": "", "pom.xml": "<project/>"}, "mvn test"),
        ({"A.java": "", "build.gradle": ""}, "gradle test"),
        ({"a.rs": "", "Cargo.toml": "[package]\n"}, "cargo nextest"),
        ({"README": ""}, "your test command"),
    ],
)
def test_three_steps_that_help(tmp_path: Path, files: dict[str, str], command: str) -> None:
    found = found_in(tmp_path, files)
    proposed = steps(found)
    assert 2 <= len(proposed) <= 3
    assert any(command in step for step in proposed)
    assert "test results" in missing(found)
    check(tmp_path, found)


def test_a_repository_that_has_everything_is_told_so(tmp_path: Path) -> None:
    found = found_in(tmp_path, {**RESULTS, "a.py": ""})
    assert steps(found)[-1] == "confirm the profile: set profile-by in compliance.toml"
    assert missing(found) == ["a bill of materials", "a risk register"]


def test_running_it_twice_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, RESULTS)
    assert compliance("init", cwd=tmp_path).code == 0
    before = (tmp_path / "compliance.toml").read_bytes()
    again = compliance("init", cwd=tmp_path)
    assert (again.code, (tmp_path / "compliance.toml").read_bytes()) == (0, before)
    assert "was left as it is" in again.out
    assert compliance("collect", cwd=tmp_path).code == 0
