"""Runs the command line as a user does, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar

from compliance.ci import SERVICES
from tests.cli.warm import warm

_AT_START = ("LANG", "LC_", "LD_", "MALLOC", "PYTHON")
"""What Python itself, or what it loads, reads when it starts."""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def compliance(*words: str | Path, cwd: Path, env: dict[str, str] | None = None, timeout: float = 120) -> Ran:
    """Runs ``python -m compliance`` with a home of its own below ``cwd`` and 80 columns, outside of any CI service."""
    marks = {service.marks for service in SERVICES}
    own = {name: value for name, value in os.environ.items() if not name.startswith("COMPLIANCE_") and name not in marks}
    own |= {"COLUMNS": "80", "COMPLIANCE_HOME": str(cwd / "home"), **(env or {})}
    texts = [str(word) for word in words]
    if any(name.startswith(_AT_START) for name in env or ()):
        done = subprocess.run(
            [sys.executable, "-m", "compliance", *texts], cwd=cwd, env=own, capture_output=True, text=True, timeout=timeout
        )
        return Ran(done.returncode, done.stdout, done.stderr)
    with Path(os.devnull).open("rb") as nothing, _file() as out, _file() as err:
        code = warm().run(texts, cwd, own, [one.fileno() for one in (nothing, out, err)], timeout)
        return Ran(code, _said(out), _said(err))


@dataclass(frozen=True)
class Folder:
    """A folder in which commands are run."""

    root: Path
    env: ClassVar[Mapping[str, str]] = {}
    """What commands find in their environment besides."""

    def run(self, *words: str | Path) -> Ran:
        return compliance(*words, cwd=self.root, env=dict(self.env))

    def done(self, *words: str | Path) -> str:
        """Runs a command that must succeed, and returns what it prints."""
        ran = self.run(*words)
        assert ran.code == 0, ran.err + ran.out
        return ran.out


def _file() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8")


def _said(file: IO[str]) -> str:
    file.seek(0)
    return file.read()
