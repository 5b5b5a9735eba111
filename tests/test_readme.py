"""The README's commands do what it says: they are run, in a project of somebody else, with the exit codes that it names."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.marked import ROOT, blocks
from tests.pagewalk import run, statements, surroundings

JUNIT = '<testsuite name="s" tests="1" timestamp="2026-01-31T11:55:00Z"><testcase name="a"/></testsuite>'
README = (ROOT / "README.md").read_text()


def test_every_block_of_commands_is_run_or_compared() -> None:
    shell = re.findall(r"^```(?:sh|bash|console|shell)\n(.*?)\n```$", README, re.MULTILINE | re.DOTALL)
    run = [text for _, text in blocks("README.md", "run")]
    assert [text for text in shell if text not in run] == ["make demo\nmake test"]


def test_the_two_commands_are_targets_of_the_makefile_and_ci_runs_the_tests() -> None:
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"demo", "test"} <= set(targets)
    assert (ROOT / ".ci/run").read_text().rstrip().endswith("\nmake test")


def test_every_target_that_the_documents_name_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / document).read_text()
        assert set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)) <= targets, document


def test_the_system_libraries_are_those_that_setup_installs() -> None:
    (said,) = re.findall(r"`apt-get install ([^`]+)`", README)
    setup = (ROOT / "scripts/setup").read_text()
    runtime = setup.partition('if [ "$what" = dev ]')[0]
    assert said.split() == re.findall(r"^need_library '[^']+' (\S+)$", runtime, re.MULTILINE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of somebody else, in git."""
    (tmp_path / "app.py").write_text('"""An application."""\n\nANSWER = 42\n')
    (tmp_path / "junit.xml").write_text(JUNIT)
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "all"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, timeout=60)
    return tmp_path


def test_the_commands_work_in_a_project_of_somebody_else(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    env = surroundings(tmp_path_factory.mktemp("reader"))
    done = []
    for _, text in blocks("README.md", "run"):
        for command, expected, _ in statements(text):  # without the installation, which is that of tests/test_packaging.py
            words = shlex.split(command, comments=True)
            assert words[0] == "compliance"
            ran = run(command, project, env)
            assert ran.returncode == expected, f"{command}\n{ran.stdout[-4000:]}"
            done.append(words[1])
    assert done == ["init", "keys", "release", "verify", "explain", "ingest", "check", "log"]
    assert (project / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_the_demo_ends_well_although_the_release_is_a_no_go() -> None:
    demo = (ROOT / "scripts/demo").read_text()
    assert "exit code is 0 although the release is a no-go" in " ".join(README.split())
    assert 'if [ "$code" != 1 ]' in demo
    assert demo.rstrip().endswith('echo "$PWD/$out/report.pdf"')
    assert "--ics" not in demo, "`make demo` installs no extras, and a calendar needs one"
    assert "approved with conditions" in " ".join((ROOT / "examples/drivemind-phase3/docs/STATUS.md").read_text().lower().split())
