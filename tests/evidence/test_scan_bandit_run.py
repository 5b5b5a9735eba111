"""The Bandit collector divides its work and keeps what it knows: the sum is always what Bandit itself would say."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from compliance import home
from compliance.errors import CollectorError
from compliance.kind import Collected

from .test_scan_bandit import SECRET_CODE, collect, own_home  # noqa: F401 (a fixture that every test uses)

FILES = 130
bandit_run: Any = importlib.import_module("compliance.evidence.scan.bandit_run")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Many files, of which some are odd."""
    for number in range(FILES):
        folder = tmp_path / f"p{number % 7}"
        folder.mkdir(exist_ok=True)
        (folder / f"m{number}.py").write_text(SECRET_CODE if number % 10 == 0 else f"x = {number}\n")
    (tmp_path / "-dash.py").write_text("assert True\n")
    (tmp_path / "p0" / "with space.py").write_text("assert True  # nosec B101\n")
    (tmp_path / "p1" / "broken.py").write_text("def f(:\n")
    (tmp_path / "p2" / "latin.py").write_bytes(b"# \xe9\nassert True\n")
    return tmp_path


def one(root: Path, **options: Any) -> Collected:
    (item,) = collect(root, **options)
    return item


def said(content: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(content)
    document.pop("generated_at")
    return document


def by_bandit(root: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "bandit", "-f", "json", "-q", "-r", "."], cwd=root, capture_output=True, check=False, timeout=120
    )
    return said(done.stdout)


def test_the_sum_of_the_parts_is_what_bandit_says_of_the_whole(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    whole = by_bandit(project)
    first = one(project)
    assert said(first.content) == whole
    assert (first.scope["processes"], first.scope["unchanged"]) == (3, 0)
    again = one(project)
    assert said(again.content) == whole
    assert (again.scope["processes"], again.scope["unchanged"]) == (0, len(whole["metrics"]) - 1)
    assert first.exit_code == again.exit_code == 1
    assert json.loads(again.content)["generated_at"].endswith("Z")


def test_names_do_not_reach_the_limit_of_a_command_line(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bandit_run, "_ARGUMENTS", 200)
    item = one(project)
    assert isinstance(item.scope["processes"], int)
    assert item.scope["processes"] > 5
    assert said(item.content) == by_bandit(project)


def test_only_what_changed_is_looked_at_again(project: Path) -> None:
    before = said(one(project).content)
    (project / "p1" / "m1.py").write_text("import pickle\npickle.loads(b'')\n")
    (project / "p3" / "m3.py").unlink()
    (project / "p4" / "new.py").write_text("eval('1')\n")
    item = one(project)
    after = said(item.content)
    assert item.scope["unchanged"] == len(before["metrics"]) - 1 - 2
    assert after == by_bandit(project)
    assert after != before


def test_another_configuration_is_another_scan(project: Path) -> None:
    one(project)
    (project / "bandit.toml").write_text('[tool.bandit]\nskips = ["B602"]\n')
    first = one(project, config="bandit.toml")
    assert first.scope["unchanged"] == 0
    assert "B602" not in {found["test_id"] for found in json.loads(first.content)["results"]}
    (project / "bandit.toml").write_text("[tool.bandit]\n")
    second = one(project, config="bandit.toml")
    assert second.scope["unchanged"] == 0
    assert "B602" in {found["test_id"] for found in json.loads(second.content)["results"]}


def test_nothing_is_kept_when_nothing_may_be(project: Path) -> None:
    one(project, incremental=False)
    assert not home.cache_folder().exists()
    assert one(project, incremental=False).scope["unchanged"] == 0


def test_what_is_kept_is_outside_the_project_and_for_nobody_else(project: Path) -> None:
    one(project)
    (kept,) = (home.cache_folder() / "bandit").iterdir()
    assert not kept.is_relative_to(project)
    assert kept.stat().st_mode & 0o077 == 0
    assert not (project / ".compliance").exists()


@pytest.mark.parametrize("text", ["", "[]", '{"./p0/m0.py": {}}', '{"./p0/m0.py": {"sha256": "x", "report": {"errors": 1}}}', '{"a": 1'])
def test_a_damaged_cache_is_as_good_as_none(project: Path, text: str) -> None:
    whole = said(one(project).content)
    (kept,) = (home.cache_folder() / "bandit").iterdir()
    kept.write_text(text)
    item = one(project)
    assert (item.scope["unchanged"], said(item.content)) == (0, whole)


def test_a_file_that_changes_meanwhile_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("assert True\n")
    scan = bandit_run._scanned

    def slow(*given: Any) -> Any:
        found = scan(*given)
        (tmp_path / "a.py").write_text("eval('1')\n")
        return found

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(bandit_run, "_scanned", slow)
        one(tmp_path)
    assert one(tmp_path).scope["unchanged"] == 0


def test_a_file_that_bandit_did_not_look_at_is_no_clean_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = bandit_run._Bandit.report

    def partial(self: Any, targets: list[str]) -> Any:
        return report(self, targets[:-1])

    monkeypatch.setattr(bandit_run._Bandit, "report", partial)
    with pytest.raises(CollectorError, match="did not look at"):
        one(project)


def test_a_read_only_cache_is_no_obstacle(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLIANCE_HOME", "/dev/null/none")
    assert said(one(project).content) == by_bandit(project)
