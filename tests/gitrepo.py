"""A real git repository with a project in it, as a pull request finds it: a base branch, and a branch that goes apart from it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.cli.run import Ran, compliance

_ENV = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org"}


@dataclass(frozen=True)
class Repo:
    root: Path

    @classmethod
    def make(cls, root: Path, files: dict[str, str]) -> Repo:
        root.mkdir(exist_ok=True)
        made = cls(root)
        made.git("init", "-q", "-b", "main")
        made.write({".gitignore": ".compliance/\nhome/\n*.out.*\n", **files})
        made.commit("base")
        return made

    def git(self, *words: str) -> str:
        env = {**os.environ, **_ENV, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        return subprocess.run(["git", *words], cwd=self.root, env=env, check=True, capture_output=True, text=True).stdout.strip()

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, message: str) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def branch(self, name: str = "change") -> None:
        self.git("checkout", "-q", "-b", name)

    def run(self, *words: str | Path, env: dict[str, str] | None = None) -> Ran:
        return compliance(*words, cwd=self.root, env=env)
