"""A project whose store has two pieces of evidence, for tests that put the store into some state."""

from __future__ import annotations

import functools
import shutil
import sqlite3
import tempfile
from pathlib import Path

from compliance.verification.verify import verify_store
from tests.cli.run import Ran, compliance

from .samples import sample

READING = (["log"], ["show", "1"], ["check", "--gate", "ALPHA-PF-5"], ["verify"])
"""Commands that only read the store."""
_CONFIG = '[project]\nname = "p"\nprofile = "library"\nprofile-by = "Ada"\ncommit = "' + "a" * 40 + '"\n'


def junit(number: int) -> bytes:
    return sample("test-results junit-xml", number)


def prepared(root: Path) -> Path:
    """Puts the project into a folder: files 0 and 1 are recorded, file 2 is not."""
    shutil.copytree(_made().name, root, dirs_exist_ok=True)
    return root


@functools.cache
def _made() -> tempfile.TemporaryDirectory[str]:
    """Makes the project once: each start of the command takes most of a second."""
    folder = tempfile.TemporaryDirectory()
    root = Path(folder.name)
    (root / "compliance.toml").write_text(_CONFIG)
    for number in range(3):
        (root / f"{number}.xml").write_bytes(junit(number))
    assert compliance("ingest", "0.xml", "1.xml", cwd=root).code == 0
    return folder


def store(root: Path) -> Path:
    return root / ".compliance" / "evidence.db"


def refuted(path: Path) -> list[str]:
    return [str(check) for check in verify_store(path) if check.status != "proven"]


def said(ran: Ran, code: int, *words: str) -> None:
    """The command ended with this code and one line, perhaps with one about what to do next."""
    assert ran.code == code, (ran.out, ran.err)
    lines = ran.err.splitlines()
    assert 1 <= len(lines) <= 2, ran.err
    assert lines[0].startswith("compliance: ")
    assert all(line.startswith("next: ") for line in lines[1:])
    for word in words:
        assert word in ran.err, ran.err


def execute(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
