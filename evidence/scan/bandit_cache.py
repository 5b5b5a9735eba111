"""What Bandit said of files, kept until they change.

The cache lies in the user's own folder, never in the project: what a change brings along could otherwise call itself clean. It holds what
Bandit prints, lines of code among it, so nobody else may read it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

from compliance import home
from compliance.errors import InputError
from compliance.jsonshape import shaped
from compliance.source import Source


class FileReport(TypedDict):
    """Bandit's report of one file."""

    errors: list[dict[str, Any]]
    metrics: dict[str, dict[str, int | float]]
    results: list[dict[str, Any]]


class _Entry(TypedDict):
    sha256: str
    """Of the file's content."""
    report: FileReport


@dataclass
class Cache:
    """Reports of single files of one project, made in one way."""

    root: Path
    path: Path
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the files before the scan."""

    @classmethod
    def of(cls, root: Path, way: Mapping[str, str]) -> Cache:
        """Returns the cache of a project for one way of scanning: all that decides, besides a file itself, what is said of it."""
        key = hashlib.sha256(json.dumps([str(root.resolve()), dict(way)], sort_keys=True).encode()).hexdigest()
        return cls(root, home.cache_folder() / "bandit" / f"{key[:32]}.json")

    def known(self, files: Iterable[str]) -> dict[str, FileReport]:
        """Returns the kept reports of those files that are what they were."""
        self.digests = {name: digest for name in files if (digest := self._digest(name)) is not None}
        entries = self._entries()
        return {
            name: entries[name]["report"] for name, digest in self.digests.items() if name in entries and entries[name]["sha256"] == digest
        }

    def keep(self, known: Mapping[str, FileReport], found: Mapping[str, FileReport]) -> None:
        """Keeps the reports of files that did not change while they were scanned; what cannot be written is scanned again next time."""
        entries: dict[str, _Entry] = {name: {"sha256": self.digests[name], "report": report} for name, report in known.items()}
        for name, report in found.items():
            if name in self.digests and self._digest(name) == self.digests[name]:
                entries[name] = {"sha256": self.digests[name], "report": report}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile("w", dir=self.path.parent, delete=False, encoding="ascii") as file:  # mode 0600
                json.dump(entries, file)
            Path(file.name).replace(self.path)
        except OSError:
            return

    def _entries(self) -> dict[str, _Entry]:
        try:
            return shaped(Source.from_path(self.path).json, dict[str, _Entry])
        except InputError:
            return {}

    def _digest(self, name: str) -> str | None:
        try:
            with (self.root / os.fspath(name)).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return None
