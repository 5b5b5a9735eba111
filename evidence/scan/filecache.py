"""What a scanner said of single files, kept until they change.

For scanners that look at each file by itself. The cache lies in the user's own folder, never in the project: what a change brings along
could otherwise call itself clean. It may hold lines of code, so nobody else may read it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from compliance import home
from compliance.errors import InputError
from compliance.reading.jsonshape import shaped
from compliance.source import Source

T = TypeVar("T")


class _Entry(msgspec.Struct):
    sha256: str
    """Of the file's content."""
    said: Any


@dataclass
class FileCache(Generic[T]):
    """What one scanner, used in one way, said of the files of one project.

    Args:
        scanner: Name of the scanner.
        root: The project's folder.
        way: All that decides, besides a file itself, what is said of it: versions, rules, configuration.
        shape: Type of what is said of a file; what has another shape is as good as unknown.
    """

    scanner: str
    root: Path
    way: Mapping[str, str]
    shape: type[T]
    _digests: dict[str, str] = field(default_factory=dict, init=False)
    """SHA-256 of the files before the scan."""

    @property
    def path(self) -> Path:
        """Where the cache lies."""
        key = hashlib.sha256(json.dumps([str(self.root.resolve()), dict(self.way)], sort_keys=True).encode()).hexdigest()
        return home.cache_folder() / self.scanner / f"{key[:32]}.json"

    def known(self, files: Iterable[str]) -> dict[str, T]:
        """Returns what was said of those files that are what they were."""
        self._digests = {name: digest for name in files if (digest := self._digest(name)) is not None}
        entries = self._entries()
        same = [name for name, digest in self._digests.items() if name in entries and entries[name].sha256 == digest]
        try:
            return {name: shaped(entries[name].said, self.shape) for name in same}
        except InputError:
            return {}

    def keep(self, known: Mapping[str, T], found: Mapping[str, T]) -> None:
        """Keeps what was said of files that did not change while they were scanned; what cannot be written is scanned again next time."""
        unchanged = {name: said for name, said in found.items() if name in self._digests and self._digest(name) == self._digests[name]}
        entries = {name: {"sha256": self._digests[name], "said": said} for name, said in {**known, **unchanged}.items()}
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
