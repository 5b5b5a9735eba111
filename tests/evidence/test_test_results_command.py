"""The collector ``command``: runs the project's tests and takes only what this run wrote."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from compliance.catalog import shipped
from compliance.errors import CollectorError
from compliance.kind import Collected, Collector, Context
from compliance.record import Assurance, Json
from compliance.subject import Subject

PASSED = "<testsuite><testcase name='a'/></testsuite>"
FAILED = "<testsuite><testcase name='a'><failure/></testcase></testsuite>"


def collector(kind: str) -> Collector:
    return next(item for item in shipped().kinds[kind].collectors if item.name == "command")


def write(text: str, then: str = "", to: str = "junit.xml") -> list[str]:
    """A command that writes a file and then does something else."""
    return [sys.executable, "-c", f"import sys, os, pathlib; pathlib.Path({to!r}).write_text({text!r}); {then}"]


def collect(root: Path, command: Sequence[str], kind: str = "test-results", **options: Json) -> Collected:
    found = collector(kind)
    model = found.options.model_validate({"command": list(command), "results": "junit.xml", **options})
    said: list[str] = []
    context = Context(root=root, options=model, subject=Subject(project="p"), now=lambda: datetime.now(UTC), say=said.append)
    (collected,) = found.collect(context)
    assert said
    return collected


def refused(root: Path, command: Sequence[str], **options: Json) -> str:
    with pytest.raises(CollectorError) as caught:
        collect(root, command, **options)
    return caught.value.message


def test_results_of_this_run(tmp_path: Path) -> None:
    collected = collect(tmp_path, write(PASSED))
    assert (collected.format, collected.content, collected.name) == ("junit-xml", PASSED.encode(), "junit.xml")
    assert (collected.assurance, collected.exit_code) == (Assurance.IMPORTED, 0)
    assert timedelta(0) <= collected.finished_at - collected.started_at < timedelta(seconds=60)
    assert collected.command[0] == sys.executable


def test_failing_command_with_results_is_a_run(tmp_path: Path) -> None:
    collected = collect(tmp_path, write(FAILED, "sys.exit(1)"))
    assert (collected.exit_code, collected.content) == (1, FAILED.encode())


def test_failing_command_without_results_could_not_run(tmp_path: Path) -> None:
    message = refused(tmp_path, [sys.executable, "-c", "import sys; print('no module named x', file=sys.stderr); sys.exit(4)"])
    assert message == "the command ended with exit code 4 (no module named x) and wrote no junit.xml"


def test_old_results_are_refused(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text(PASSED)
    assert "older than this run" in refused(tmp_path, [sys.executable, "-c", "pass"])
    assert (tmp_path / "junit.xml").read_text() == PASSED


def test_old_results_that_are_copied_into_place_are_refused(tmp_path: Path) -> None:
    (tmp_path / "old.xml").write_text(PASSED)
    os.utime(tmp_path / "old.xml", (time.time() - 3600,) * 2)
    command = [sys.executable, "-c", "import shutil; shutil.copy2('old.xml', 'junit.xml')"]
    assert "older than this run" in refused(tmp_path, command)


def test_old_results_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text(PASSED)
    assert collect(tmp_path, write(FAILED)).content == FAILED.encode()


def test_same_results_written_again_are_of_this_run(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text(PASSED)
    os.utime(tmp_path / "junit.xml", (time.time() - 3600,) * 2)
    assert collect(tmp_path, write(PASSED)).content == PASSED.encode()


def test_results_in_another_format_are_refused(tmp_path: Path) -> None:
    assert (
        refused(tmp_path, write("<html/>"))
        == "junit.xml is of no known format; expected go-test-json or junit-xml or nunit3-xml or trx or xunit-xml or mapped"
    )


def test_folder_in_place_of_results_is_refused(tmp_path: Path) -> None:
    assert "wrote no junit.xml" in refused(tmp_path, [sys.executable, "-c", "import os; os.mkdir('junit.xml')"])


def test_command_that_cannot_start(tmp_path: Path) -> None:
    assert "cannot be started" in refused(tmp_path, ["./no-such-program"])


def test_command_that_hangs(tmp_path: Path) -> None:
    started = time.monotonic()
    message = refused(tmp_path, [sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.5)
    assert "did not end within 0.5 s" in message
    assert time.monotonic() - started < 30


def test_variables_are_added_and_own_ones_are_kept_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLIANCE_LOG_KEY", "secret")
    monkeypatch.setenv("OTHER", "1")
    check = "assert 'COMPLIANCE_LOG_KEY' not in os.environ and os.environ['OTHER'] == '1' and os.environ['MODE'] == 'ci'"
    assert collect(tmp_path, write(PASSED, check), variables={"MODE": "ci"}).exit_code == 0


def test_program_of_the_project_is_run_in_its_folder(tmp_path: Path) -> None:
    if shutil.which("sh") is None:
        pytest.skip("no shell to run a script with")
    script = tmp_path / "run-tests"
    script.write_text(f'#!/bin/sh\nprintf "%s" "{PASSED}" > junit.xml\n')
    script.chmod(0o755)
    assert collect(tmp_path, ["./run-tests"]).content == PASSED.encode()


def test_scans_by_the_same_means(tmp_path: Path) -> None:
    audit = {"auditReportVersion": 2, "vulnerabilities": {}, "metadata": {"dependencies": {"total": 3}}}
    collected = collect(tmp_path, write(json.dumps(audit), "sys.exit(1)", to="a.json"), kind="scan", results="a.json")
    assert (collected.format, collected.exit_code, collected.assurance) == ("npm-audit-json", 1, Assurance.IMPORTED)


def test_coverage_by_the_same_means(tmp_path: Path) -> None:
    text = '{"meta": {"version": "7.0"}, "files": {}, "totals": {"covered_lines": 0, "missing_lines": 0, "num_statements": 0}}'
    collected = collect(tmp_path, write(text, to="c.json"), kind="coverage", results="c.json")
    assert (collected.format, collected.assurance) == ("coverage-py-json", Assurance.IMPORTED)
    assert "c.json is of no known format" in refused(tmp_path, write("{}", to="c.json"), kind="coverage", results="c.json")


@pytest.mark.parametrize(
    "options",
    [
        {"command": [], "results": "a"},
        {"command": [" "], "results": "a"},
        {"command": ["a\0"], "results": "a"},
        {"command": ["a"]},
        {"command": ["a"], "results": ""},
        {"command": ["a"], "results": "/etc/passwd"},
        {"command": ["a"], "results": "../a.xml"},
        {"command": ["a"], "results": "a", "variables": {"A=B": "c"}},
        {"command": ["a"], "results": "a", "timeout": 0},
        {"command": ["a"], "results": "a", "result": "b"},
    ],
)
def test_wrong_options(options: dict[str, Json]) -> None:
    with pytest.raises(ValidationError):
        collector("test-results").options.model_validate(options)
