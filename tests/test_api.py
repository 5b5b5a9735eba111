"""The Python interface: its page's examples run, it loads lazily, and it refuses what the commands refuse."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import compliance
from compliance import Project, Store, assess, ingest, render
from compliance.errors import ConfigError, NothingToJudgeError, StoreError, UsageError
from tests.documents import ROOT

PAGE = (ROOT / "docs/api.md").read_text()
JUNIT = '<testsuite name="s" tests="2" failures="1"><testcase name="a"/><testcase name="b"><failure message="no"/></testcase></testsuite>'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert found
    (tmp_path / "compliance.toml").write_text(found[1])
    (tmp_path / "junit.xml").write_text(JUNIT)
    monkeypatch.setenv("COMPLIANCE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_examples_on_the_page_say_what_stands_below_them(folder: Path) -> None:
    examples = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) == PAGE.count("```python")
    names: dict[str, object] = {}
    for code, expected in examples:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "docs/api.md", "exec"), names)
        assert printed.getvalue() == expected
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")


def test_nothing_is_loaded_before_it_is_used() -> None:
    code = "import sys, compliance; assert 'compliance.api' not in sys.modules; compliance.assess; assert 'weasyprint' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env={**os.environ})


def test_what_is_promised_is_there_and_nothing_else() -> None:
    for name in compliance.__all__:
        assert callable(getattr(compliance, name))
        assert getattr(compliance, name).__doc__
    with pytest.raises(AttributeError, match="asses"):
        compliance.asses  # noqa: B018


def test_what_the_commands_refuse_is_refused(folder: Path) -> None:
    project = Project.load(folder)
    with Store.create(folder / "e.db") as store:
        with pytest.raises(NothingToJudgeError):
            assess(project, store)
        assert [one.status for one in ingest(project, store, [folder / "compliance.toml", folder / "junit.xml"])] == ["refused", "recorded"]
        with pytest.raises(UsageError, match="did you mean 'ALPHA-PF-5'"):
            assess(project, store, gates=["ALPHA-PF-55"])
        with pytest.raises(UsageError, match="partial"):
            assess(project, store, gates=["ALPHA-PF-5"], record=True)
        with pytest.raises(ConfigError, match="decision point"):
            assess(project, store, "nowhere")
        size = store.size
        assessment = assess(project, store)
        assert store.size == size
        assess(project, store, record=True)
        assert store.size == size + 1
    with pytest.raises(UsageError, match="no such form; did you mean 'sarif'"):
        render(project, assessment, "sarf")  # type: ignore[arg-type]
    with Store.open(folder / "e.db") as store, pytest.raises(StoreError):
        assess(project, store, record=True)
