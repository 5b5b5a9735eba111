"""What is looked up around a runbook: files that it names, and its last commit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from dulwich import porcelain
from dulwich.objects import ObjectID
from dulwich.repo import Repo

from compliance.source import Source

from .helpers import format_of

TEXT = """\
# Payments runbook

## Overview

[a](other.md) [b](gone.md) [c](../README.md#x) [d](/docs/other.md) [e](../../outside.md) [f](https://example.org) [g](other) ![h](gone.png)
[i](with%20space.md) [j](~/x.md) [k]({{ x }}) [l](..)

## Rollback

```sh
./scripts/root.sh && bash scripts/beside.sh && ./scripts/gone.sh
```
"""


def attend(path: Path) -> Any:
    look = format_of("runbook", "markdown-runbook").attend
    assert look is not None
    return look(Source.from_path(path), path)


def commit(folder: Path, day: int, message: str = "x") -> bytes:
    porcelain.add(str(folder), [str(path) for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts])
    at = int(datetime(2025, 8, day, 12, tzinfo=UTC).timestamp())
    return bytes(
        porcelain.commit(
            str(folder),
            message=message.encode(),
            author=b"A <a@example.org>",
            committer=b"A <a@example.org>",
            commit_timestamp=at,
            commit_timezone=7200,
            author_timestamp=at,
            author_timezone=7200,
        )
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in ("docs/RUNBOOK.md", "docs/other.md", "docs/with space.md", "README.md", "scripts/root.sh", "docs/scripts/beside.sh"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(TEXT if name.endswith("BOOK.md") else "x")
    (tmp_path / "outside.md").write_text("x")
    (root / "compliance.toml").write_text("")
    return root


def test_links_and_scripts(project: Path) -> None:
    facts = attend(project / "docs/RUNBOOK.md")
    assert facts["links"] == {
        "other.md": True,
        "gone.md": False,
        "../README.md": True,
        "/docs/other.md": True,
        "../../outside.md": False,
        "other": True,
        "gone.png": False,
        "with space.md": True,
        "~/x.md": False,
        "..": True,
    }
    assert facts["scripts"] == {"./scripts/root.sh": True, "scripts/beside.sh": True, "./scripts/gone.sh": False}
    assert facts["reviewed"] is None


def test_what_leads_out_of_the_project_is_not_followed(project: Path, tmp_path: Path) -> None:
    (project / "docs/gone.md").symlink_to(tmp_path / "outside.md")
    assert attend(project / "docs/RUNBOOK.md")["links"]["gone.md"] is False


def test_without_a_project_only_what_lies_below_is_said(project: Path) -> None:
    (project / "compliance.toml").unlink()
    links = attend(project / "docs/RUNBOOK.md")["links"]
    assert links["other.md"] is True
    assert links["gone.md"] is False
    assert "../README.md" not in links


def test_the_last_commit_that_changed_the_file(project: Path) -> None:
    Repo.init(str(project)).close()
    commit(project, 1)
    (project / "docs/RUNBOOK.md").write_text(TEXT + "more\n")
    commit(project, 5)
    (project / "README.md").write_text("y")
    commit(project, 9)
    assert attend(project / "docs/RUNBOOK.md")["reviewed"] == "2025-08-05T14:00:00+02:00"
    assert attend(project / "docs/other.md")["reviewed"] == "2025-08-01T14:00:00+02:00"


def test_a_file_without_history(project: Path) -> None:
    Repo.init(str(project)).close()
    assert attend(project / "docs/RUNBOOK.md")["reviewed"] is None
    commit(project, 1)
    (project / "docs/new.md").write_text(TEXT)
    assert attend(project / "docs/new.md")["reviewed"] is None


def test_the_end_of_a_shallow_clone_says_nothing(project: Path) -> None:
    Repo.init(str(project)).close()
    commit(project, 1)
    (project / "README.md").write_text("y")
    second = commit(project, 5)
    with Repo(str(project)) as repository:
        repository.update_shallow({ObjectID(second)}, set())
    assert attend(project / "docs/RUNBOOK.md")["reviewed"] is None


def test_a_damaged_repository_is_no_obstacle(project: Path) -> None:
    Repo.init(str(project)).close()
    commit(project, 1)
    for path in (project / ".git/objects").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(b"x")
    assert attend(project / "docs/RUNBOOK.md")["reviewed"] is None


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"# X\0", b"a" * 30_000])
def test_what_is_no_runbook_has_no_facts(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.md"
    path.write_bytes(data)
    assert attend(path) == {} or attend(path)["links"] == {}


def test_odd_targets_do_not_stop_it(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_text(f"# X\n\n[a](%00) [b]({'x' * 5000}) [c](.) [d](?q) [e](%2e%2e/%2e%2e) [f](a:b)\n")
    assert attend(path)["links"].get("x" * 5000) is False
