"""Collector ``secrets``: looks for secrets in the files of the release tree, with detect-secrets.

Scanned are all files that git tracks (without git, all files outside of its own and similar folders). Nothing of a secret is kept but its
SHA-1, which detect-secrets writes into its baselines: findings are named by file, line and rule.

detect-secrets (1.5) can be driven as a library or as a command. The command looks for files by itself, starts git, says nothing of
files that it cannot read, and drops what comments allow; so `_secrets_run` drives the library, in processes that can be ended.
"""

from __future__ import annotations

import json
import os
import posixpath
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal, TypedDict

from compliance.collecting.process import last_line, run
from compliance.errors import CollectorError, InputError
from compliance.git.worktree import shown, tracked
from compliance.kind import Collected, Collector, Context, Options, options_of
from compliance.reading.jsonshape import shaped
from compliance.record import Tool
from compliance.source import Source

from . import _secrets_run
from .filecache import FileCache

_LEFT_OUT: Final = frozenset({".git", ".hg", ".svn", ".compliance", "__pycache__", "node_modules", "site-packages", ".tox", ".nox"})
"""Folders of version control, caches and installed packages, in a tree without git."""
_PROCESSES: Final = 4
_FILES_EACH: Final = 50
"""Files for which another process is worth its start (0.3 s, the time of about 15 files)."""


class SecretsOptions(Options):
    """``[collect.scan.secrets]``."""

    exclude: tuple[str, ...] = ()
    """Patterns of files that are not scanned, such as ``data/*`` (a ``*`` stands for slashes as well), relative to the project's folder."""
    baseline: str | None = None
    """detect-secrets' own baseline, relative to the project's folder: what it calls no secret (``"is_secret": false``, set by
    ``detect-secrets audit``) is counted as suppressed. All else in it stays open."""
    incremental: bool = True
    """Look only at files that changed since the last scan; what was found in the others is kept, as digests, in the user's own cache
    folder."""


class _FileScan(TypedDict):
    """What was found in one file."""

    state: Literal["scanned", "skipped", "failed"]
    secrets: list[dict[str, Any]]


class _Printed(TypedDict):
    """What the scanning process prints."""

    baseline: dict[str, Any]
    states: list[Literal["scanned", "skipped", "failed"]]


@dataclass(frozen=True)
class _Scan:
    head: dict[str, Any]
    """A baseline without results."""
    files: dict[str, _FileScan]
    unchanged: int


def _collect(context: Context) -> Iterable[Collected]:
    options = options_of(context, SecretsOptions)
    baseline = posixpath.normpath(options.baseline) if options.baseline else None
    audited = _audited(context.root, baseline) if baseline else set()
    names = tracked(context.root)
    listed = list(_walk(context.root)) if names is None else names
    wanted = [name for name in listed if not any(fnmatchcase(name, pattern) for pattern in options.exclude) and name != baseline]
    context.say(f"secrets: scanning {len(wanted)} files")
    started_at = context.now()
    found = _run(context.root, wanted, options)
    document = _joined(found, audited)
    states = Counter(one["state"] for one in found.files.values())
    counts = {"files": states["scanned"], "skipped": states["skipped"], "failed": states["failed"]}
    tool = Tool("detect-secrets", version("detect-secrets"))
    yield Collected(
        format="detect-secrets-json",
        content=json.dumps(document, indent=1).encode() + b"\n",
        name="secrets",
        started_at=started_at,
        finished_at=context.now(),
        tool=tool,
        scope={
            "tracked": names is not None,
            "listed": len(listed),
            "excluded": len(listed) - len(wanted),
            "plugins": len(document["plugins_used"]),
            "unchanged": found.unchanged,
            **counts,
        },
        facts={**counts, "skipped": counts["skipped"] + len(listed) - len(wanted)},
    )


def _run(root: Path, names: Sequence[str], options: SecretsOptions) -> _Scan:
    """Scans the files that changed in a few processes, each with its share."""
    way = {"detect-secrets": version("detect-secrets"), "python": sys.version, "short": str(_secrets_run.SHORT)}
    cache = FileCache("secrets", root, way, _FileScan) if options.incremental else None
    known = {} if cache is None else cache.known(names)
    wanted = [name for name in names if name not in known]
    shares = max(1, min(_PROCESSES, os.cpu_count() or 1, len(wanted) // _FILES_EACH))
    with ThreadPoolExecutor(shares) as threads:
        parts = list(threads.map(lambda number: _scanned(root, wanted[number::shares], options.timeout), range(shares)))
    found = {name: one for _, part in parts for name, one in part.items()}
    if cache is not None:
        cache.keep(known, {name: one for name, one in found.items() if one["state"] != "failed"})
    return _Scan(parts[0][0], {**known, **found}, len(known))


def _scanned(root: Path, names: Sequence[str], timeout_s: float) -> tuple[dict[str, Any], dict[str, _FileScan]]:
    """Scans files in one process; returns the head of the baseline, and what was found by file."""
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder) / "files"
        listing.write_bytes(b"\0".join(os.fsencode(name) for name in names))
        # -P: the project's folder must not be on the path of the tool that scans it. UTF-8: whatever the locale is.
        command = [sys.executable, "-P", "-X", "utf8", "-m", f"{__package__}._secrets_run", str(listing)]
        done = run(command, cwd=root, timeout_s=timeout_s)
    try:
        if done.exit_code != 0:
            raise InputError(f"exit code {done.exit_code}")
        printed = shaped(Source("secrets", done.stdout).json, _Printed)
        results = printed["baseline"].pop("results")
        return printed["baseline"], {
            name: {"state": state, "secrets": results.get(shown(name), [])} for name, state in zip(names, printed["states"], strict=True)
        }
    except (InputError, ValueError) as error:
        raise CollectorError(
            f"secrets could not run: {last_line(done.stderr) or error}", hint="check the installation of detect-secrets"
        ) from error


def _joined(scan: _Scan, audited: set[tuple[str, str, str]]) -> dict[str, Any]:
    """Puts all results into one baseline, in the order of the files, and takes over what was audited."""
    results = {shown(name): one["secrets"] for name, one in scan.files.items() if one["secrets"]}
    for path, found in results.items():
        for one in found:
            if (path, one["type"], one["hashed_secret"]) in audited:
                one["is_secret"] = False
    return {**scan.head, "results": dict(sorted(results.items()))}


def _audited(root: Path, name: str) -> set[tuple[str, str, str]]:
    """Returns what a baseline calls no secret: file, type and hash."""
    try:
        document = Source.from_path(root / name).json
        results = shaped(document, dict[str, Any]).get("results")
        found = shaped(results, dict[str, list[dict[str, Any]]], "/results")
    except InputError as error:
        raise CollectorError(f"secrets could not run: {name}: {error.reason}", hint="correct [collect.scan.secrets] baseline") from error
    closed = ((path, one) for path, many in found.items() for one in many if one.get("is_secret") is False)
    return {(path, str(one.get("type")), str(one.get("hashed_secret"))) for path, one in closed}


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        for name in sorted(files):
            yield (Path(folder) / name).relative_to(root).as_posix()


SECRETS = Collector(name="secrets", title="Looks for secrets with detect-secrets", options=SecretsOptions, collect=_collect)
