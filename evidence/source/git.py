"""Collector ``git``: the state of the checkout, and the unfinished work in its production code."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path, PurePath
from typing import Final

from compliance import __version__
from compliance.errors import CollectorError
from compliance.git.worktree import shown
from compliance.kind import Collected, Collector, Context, Options, options_of
from compliance.record import Json, Tool
from compliance.times import optional_rfc3339, rfc3339

from . import baseline, git_state, languages, patterns, unfinished, unimplemented
from .document import FOUND_BYTES, FOUND_LIMIT, SCHEMA
from .git_state import GitState
from .source_json import fingerprint_of
from .unfinished import Marker

_HIDDEN: Final = frozenset({".git", ".hg", ".svn", ".compliance"})

_ENTRY_BYTES: Final = 240
"""What an entry of the document takes besides its path and text, a baseline included."""


class GitOptions(Options):
    """``[collect.source.git]``."""

    production: tuple[str, ...] = ()
    """Globs of production files, relative to the project; all files when none is given. Tests, vendored, generated and documentation files
    never count (`patterns`)."""
    exclude: tuple[str, ...] = ()
    """Further globs of files that are not production code."""
    baseline: str | None = None
    """File with unfinished work that may stay for a while (`baseline`), relative to the project."""


class _Scan:
    """Looks at files, one after the other, and adds up."""

    def __init__(self, root: Path, deadline: float) -> None:
        self.root = root
        self.deadline = deadline
        self.found: list[Marker] = []
        self.not_listed = 0
        self.room = FOUND_BYTES
        self.languages: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.python: list[str] = []

    def look(self, paths: Iterable[str]) -> None:
        for path in paths:
            if time.monotonic() > self.deadline:
                raise CollectorError("reading the source files took too long", hint="raise `timeout` in [collect.source.git]")
            lexer = languages.lexer_of(path)
            if lexer is None:
                continue
            data = self._bytes(path)
            if data is not None and not patterns.says_generated(data):
                self._file(path, lexer.name, data)
                if path.endswith(unimplemented.SUFFIXES):
                    self.python.append(path)
        abstract = unimplemented.overridden(self.found, self._texts())
        self.found = [marker for marker in self.found if marker not in abstract]

    def _texts(self) -> Iterator[str]:
        """Reads the Python files again, one by one."""
        for path in self.python:
            data = self._bytes(path)
            yield (unfinished.decode(data) or "") if data is not None and len(data) <= unfinished.SIZE_LIMIT else ""

    def _bytes(self, path: str) -> bytes | None:
        """Reads a file; a tracked file that is gone or no regular file is the business of the git state."""
        file = self.root / path
        try:
            return None if file.is_symlink() or not file.is_file() else file.read_bytes()
        except OSError:
            self.skipped["not readable"] += 1
            return None

    def _file(self, path: str, language: str, data: bytes) -> None:
        wanted = unfinished.may_hold_marker(data) or b"NotImplementedError" in data
        text = "" if not wanted and b"\0" not in data[:8192] else unfinished.decode(data)
        if text is None:
            self.skipped["binary"] += 1
        elif wanted and len(data) > unfinished.SIZE_LIMIT:
            self.skipped["too large"] += 1
        else:
            self.languages[language] += 1
            if wanted:
                self._unfinished(path, text)

    def _unfinished(self, path: str, text: str) -> None:
        path = shown(path)
        try:
            self._add(unimplemented.functions(path, text))
        except unimplemented.UnparsableError:
            self.skipped["not parsable"] += 1
        self._add(unfinished.markers(path, text))

    def _add(self, found: Iterable[Marker]) -> None:
        for marker in found:
            self.room -= len(marker.path.encode()) + len(marker.text.encode("utf-8", "replace")) + _ENTRY_BYTES
            if len(self.found) < FOUND_LIMIT and self.room >= 0:
                self.found.append(marker)
            else:
                self.not_listed += 1


def _collect(context: Context) -> Iterator[Collected]:
    options = options_of(context, GitOptions)
    started, deadline = context.now(), time.monotonic() + options.timeout
    allowed = {item.fingerprint: item for item in baseline.read(context.root / options.baseline)} if options.baseline else {}
    state = git_state.read(context.root)
    if state is None and context.subject.commit is None:
        hint = "run inside a checkout, or set `commit` in [project] for a tree without git"
        raise CollectorError("no git repository here", hint=hint)
    scan = _Scan(context.root, deadline)
    paths = _tracked(context.root, state) if state is not None else _walk(context.root)
    scan.look(patterns.selected(paths, options.production, options.exclude))
    unmatched = allowed.keys() - {fingerprint_of(item.rule, item.path, item.text) for item in scan.found}
    if unmatched:
        context.say(f"{len(unmatched)} baseline entries match nothing: remove {', '.join(sorted(unmatched)[:3])}")
    document = _document(context.root, state, scan, options, allowed, started)
    yield Collected(
        format="source-json",
        content=json.dumps(document, indent=1, ensure_ascii=False).encode("utf-8", "replace") + b"\n",
        name="git",
        started_at=started,
        finished_at=context.now(),
        tool=Tool("compliance-toolkit", __version__),
        scope={"files": document["files"], "skipped": scan.skipped.total(), "baseline": len(allowed)},
    )


def _document(
    root: Path, state: GitState | None, scan: _Scan, options: GitOptions, allowed: Mapping[str, baseline.Allowed], started: datetime
) -> dict[str, Json]:
    return {
        "schema": SCHEMA,
        "observed_at": rfc3339(started),
        "git": _git(root, state) if state is not None else None,
        "scope": {"production": list(options.production), "exclude": list(options.exclude)},
        "files": scan.languages.total(),
        "languages": dict(sorted(scan.languages.items())),
        "skipped": dict(sorted(scan.skipped.items())),
        "found": [_found(marker, allowed) for marker in scan.found],
        "not_listed": scan.not_listed,
    }


def _found(marker: Marker, allowed: Mapping[str, baseline.Allowed]) -> dict[str, Json]:
    entry = allowed.get(fingerprint_of(marker.rule, marker.path, marker.text))
    kept = {"reason": entry.reason, "expires": entry.expires.isoformat()} if entry else None
    return {**asdict(marker), "baseline": kept}


def _git(root: Path, state: GitState) -> dict[str, Json]:
    return {
        "commit": state.commit,
        "branch": state.branch,
        "branches": list(state.branches),
        "committed_at": optional_rfc3339(state.committed_at),
        "commit_signed": state.commit_signed,
        "shallow": state.shallow,
        "tags": [tag.model_dump() for tag in state.tags],
        "modified": len(state.modified),
        "untracked": len(state.untracked),
        "dirty_files": [_from_project(root, state.root, path) for path in state.dirty_files],
    }


def _from_project(root: Path, top: Path, path: str) -> str:
    """A path of the repository as seen from the project, which may be a folder of it."""
    if root.resolve() == top.resolve():
        return path
    return PurePath(os.path.relpath(top.resolve() / path, root.resolve())).as_posix()


def _tracked(root: Path, state: GitState) -> list[str]:
    """Tracked files of the project, relative to it."""
    top, project = state.root.resolve(), root.resolve()
    prefix = "" if top == project else project.relative_to(top).as_posix() + "/"
    return [path.removeprefix(prefix) for path in state.tracked if path.startswith(prefix)]


def _walk(root: Path) -> list[str]:
    """All files of a tree without git, hidden and vendored folders left out."""
    found: list[str] = []
    vendored = patterns.compiled(tuple(patterns.VENDORED))
    for folder, folders, files in os.walk(root):
        here = Path(folder).relative_to(root).as_posix()
        base = "" if here == "." else here + "/"
        folders[:] = sorted(name for name in folders if name not in _HIDDEN and not vendored.fullmatch(f"{base}{name}/x"))
        found.extend(f"{base}{name}" for name in sorted(files))
    return found


GIT = Collector(name="git", title="state of the git checkout and unfinished work", options=GitOptions, collect=_collect)
