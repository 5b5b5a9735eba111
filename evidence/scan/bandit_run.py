"""Collector ``bandit``: runs Bandit over the project's Python files, on all cores, and only over what has changed.

Bandit looks at each file by itself, so a report over many files is the sum of reports over parts of them: the files are divided among
processes, and what Bandit said of a file is kept until the file, Bandit, its plugins, its configuration or Python changes. The sum is
written in Bandit's own form; how many files were looked at anew and how many were not is part of the evidence.
"""

from __future__ import annotations

import json
import os
import posixpath
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any, Final, TypedDict

from pydantic import Field, field_validator

from compliance.collecting.process import Finished, last_line, run
from compliance.errors import CollectorError, InputError
from compliance.kind import Collected, Collector, Context, Options, options_of
from compliance.reading.jsonshape import shaped
from compliance.record import Tool
from compliance.source import Source

from .bandit import TOTALS
from .filecache import FileCache

_NOT_OURS: Final = (".git", ".hg", ".svn", "__pycache__", ".tox", ".nox", ".eggs", "node_modules", "site-packages")
"""Folders of version control, caches and installed packages: never the project's own code."""
_FILES_EACH: Final = 40
"""Files for which another process is worth its start (half a second, the time of about 40 files)."""
_ARGUMENTS: Final = 100_000
"""Bytes of file names that one command line takes at most."""


class BanditOptions(Options):
    """``[collect.scan.bandit]``."""

    targets: tuple[str, ...] = Field(default=(".",), min_length=1)
    """Files and folders to scan, relative to the project's folder."""
    exclude: tuple[str, ...] = ()
    """Files and folders to leave out, relative to the project's folder, or patterns such as ``*/migrations/*`` over paths like
    ``./app/migrations/0001.py``. Besides these, folders of version control, caches and installed packages are left out."""
    config: str | None = None
    """Bandit's own configuration file (``-c``). It can switch rules off; without it all rules run. ``.bandit`` files are never read."""
    incremental: bool = True
    """Look only at files that changed since the last scan; what Bandit said of the others is kept in the user's own cache folder."""

    @field_validator("exclude")
    @classmethod
    def _no_comma(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any("," in item or not item.strip() for item in value):
            raise ValueError("one path or pattern per item, without commas")
        return value


class FileReport(TypedDict):
    """Bandit's report of one file."""

    errors: list[dict[str, Any]]
    metrics: dict[str, dict[str, int | float]]
    results: list[dict[str, Any]]


@dataclass(frozen=True)
class _Bandit:
    """One way of calling Bandit."""

    context: Context
    options: BanditOptions
    targets: tuple[str, ...]
    exclude: str

    def files(self) -> list[str]:
        """Returns the files that Bandit would scan, sorted, as it writes them."""
        # -P: the scanned project's folder must not be on the path of the scanner.
        command = [sys.executable, "-P", "-m", f"{__package__}._bandit_files", self.options.config or "", self.exclude, *self.targets]
        done = self._run(command)
        try:
            if done.exit_code != 0:
                raise InputError(f"exit code {done.exit_code}")
            return shaped(Source("bandit", done.stdout).json, list[str])
        except InputError as error:
            raise _could_not_run(last_line(done.stderr) or str(error)) from error

    def command(self, targets: Sequence[str]) -> list[str]:
        """Returns the command that scans folders and files."""
        # --ini: Bandit reads any .bandit file that it meets, which can switch off rules, set a baseline, or redirect the output; what
        # narrows a scan stands in compliance.toml.
        command = [sys.executable, "-P", "-m", "bandit", "-f", "json", "-q", "-r", "--ini", os.devnull, f"--exclude={self.exclude}"]
        return [*command, *([f"--configfile={self.options.config}"] if self.options.config else []), "--", *targets]

    def report(self, targets: Sequence[str]) -> dict[str, Any]:
        """Scans, and returns Bandit's report."""
        done = self._run(self.command(targets))
        try:
            if done.exit_code not in (0, 1):
                raise InputError(f"exit code {done.exit_code}")
            return shaped(Source("bandit", done.stdout).json, dict[str, Any])
        except InputError as error:
            raise _could_not_run(last_line(done.stderr) or str(error)) from error

    def _run(self, command: Sequence[str]) -> Finished:
        return run(command, cwd=self.context.root, timeout_s=self.options.timeout)


def _collect(context: Context) -> Iterable[Collected]:
    options = options_of(context, BanditOptions)
    targets = tuple(_under(target) for target in options.targets)
    missing = [name for name in (*targets, *([options.config] if options.config else ())) if not (context.root / name).exists()]
    if missing:
        raise CollectorError(f"bandit could not run: {missing[0]} does not exist", hint="correct [collect.scan.bandit]")
    bandit = _Bandit(context, options, targets, ",".join(_exclusions(context.root, options.exclude)))
    tool = Tool("bandit", version("bandit"))
    started_at = context.now()
    files = bandit.files()
    cache = FileCache("bandit", context.root, _way(context.root, options), FileReport) if options.incremental else None
    known = {} if cache is None else cache.known(files)
    wanted = [name for name in files if name not in known]
    context.say(f"bandit: scanning {len(wanted)} files" + (f", {len(known)} are unchanged" if known else ""))
    reports = _scanned(bandit, wanted) if files else [bandit.report(targets)]
    if cache is not None:
        cache.keep(known, _by_file(reports, wanted))
    report = _sum([*known.values(), *reports])
    yield Collected(
        format="bandit-json",
        content=json.dumps(report, sort_keys=True, indent=2).encode(),
        name="bandit",
        started_at=started_at,
        finished_at=context.now(),
        tool=tool,
        command=tuple(bandit.command(targets)),
        exit_code=1 if report["results"] else 0,
        scope={
            "targets": len(targets),
            "excluded": len(options.exclude),
            "config": options.config is not None,
            "processes": len(reports),
            "unchanged": len(known),
        },
        facts={"tool_version": tool.version},
    )


def _scanned(bandit: _Bandit, files: Sequence[str]) -> list[dict[str, Any]]:
    """Scans files in a few processes; every one of them must have been looked at."""
    parts = list(_parts(files))
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        reports = list(threads.map(bandit.report, parts))
    unseen = set(files) - _by_file(reports, files).keys()
    if unseen:
        raise _could_not_run(f"it did not look at {min(unseen)}")
    return reports


def _parts(files: Sequence[str]) -> Iterator[list[str]]:
    """Divides files among processes, in their order.

    Bandit writes ``./`` before the name of a file that is named; without that of the name itself it is written as it was found.
    """
    shares = max(1, min(os.cpu_count() or 1, len(files) // _FILES_EACH))
    most = -(-len(files) // shares)
    part: list[str] = []
    size = 0
    for name in files:
        if part and (len(part) >= most or size > _ARGUMENTS):
            yield part
            part, size = [], 0
        part.append(name.removeprefix("./"))
        size += len(os.fsencode(name)) + 1
    if part:
        yield part


def _by_file(reports: Iterable[Mapping[str, Any]], files: Sequence[str]) -> dict[str, FileReport]:
    """Divides reports into one for each file."""
    own = {posixpath.normpath(name): name for name in files}
    found: dict[str, FileReport] = {}

    def part(name: str) -> FileReport:
        return found.setdefault(own.get(posixpath.normpath(name), name), {"errors": [], "metrics": {}, "results": []})

    for report in reports:
        for name, counts in report["metrics"].items():
            if name != TOTALS:
                part(name)["metrics"][name] = counts
        for one in report["errors"]:
            part(one["filename"])["errors"].append(one)
        for one in report["results"]:
            part(one["filename"])["results"].append(one)
    return found


def _sum(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Adds reports up to the one that Bandit would have written over all of the files."""
    metrics = {name: counts for report in reports for name, counts in report["metrics"].items() if name != TOTALS}
    names = list(dict.fromkeys(name for report in reports for name in report["metrics"].get(TOTALS, ())))
    names += [name for name in dict.fromkeys(name for counts in metrics.values() for name in counts) if name not in names]
    totals = {name: sum(counts.get(name, 0) for counts in metrics.values()) for name in names}
    return {
        "errors": sorted((one for report in reports for one in report["errors"]), key=lambda one: str(one["filename"])),
        "generated_at": next((report["generated_at"] for report in reports if "generated_at" in report), _now()),
        "metrics": {**metrics, TOTALS: totals},
        "results": sorted((one for report in reports for one in report["results"]), key=lambda one: str(one["filename"])),
    }


def _now() -> str:
    from compliance.times import now, rfc3339

    return rfc3339(now().replace(microsecond=0))


def _way(root: Path, options: BanditOptions) -> dict[str, str]:
    """Returns all that decides, besides a file itself, what Bandit says of it."""
    plugins = sorted(f"{one.value} {one.dist.version if one.dist else ''}" for one in entry_points(group="bandit.plugins"))
    config = (root / options.config).read_bytes().hex() if options.config else ""
    return {"bandit": version("bandit"), "python": sys.version, "plugins": "\n".join(plugins), "config": config}


def _could_not_run(why: str) -> CollectorError:
    return CollectorError(f"bandit could not run: {why}", hint="run `python -m bandit -r` on the same folder to see all of it")


def _under(path: str) -> str:
    """Writes a path so that Bandit prints and matches it in one way, and never takes it for an option."""
    path = posixpath.normpath(path.replace("\\", "/"))
    return path if path == "." or path.startswith(("/", "..")) or Path(path).is_absolute() else f"./{path}"


def _exclusions(root: Path, exclude: Iterable[str]) -> Iterator[str]:
    """Turns the option into Bandit's patterns.

    Bandit also leaves out every path that *contains* a plain item, so that ``test`` would leave out ``latest.py``: only patterns and paths
    that exist are handed on.
    """
    yield from (f"*/{name}/*" for name in _NOT_OURS)
    for item in exclude:
        if "*" in item:
            yield item
        elif (root / item).is_dir():
            yield f"{_under(item)}/*"
        elif (root / item).exists():
            yield _under(item)


BANDIT = Collector(name="bandit", title="Scans Python code with Bandit, on all cores", options=BanditOptions, collect=_collect)
