"""Bandit: its JSON report, and running it.

Format: the ``json`` formatter of Bandit 1.x (objects ``errors``, ``generated_at``, ``metrics`` with ``_totals``, ``results``).
"""

from __future__ import annotations

import os
import posixpath
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from msgspec import Struct
from pydantic import Field, field_validator

from compliance import severity
from compliance.errors import CollectorError, InputError
from compliance.jsontext import members
from compliance.kind import Collected, Collector, Context, Format, Options, options_of
from compliance.process import last_line, run
from compliance.record import Finding, Parsed, Tool, shorten
from compliance.source import Source, parse_time

from . import Scan
from .bandit_redact import redact
from .rows import COUNT_MOST, Rows, clean_path, count_of, line_of, reasons, shaped

_TOTALS = "_totals"


class _Result(Struct):
    filename: str
    issue_severity: str
    issue_text: str
    line_number: int
    test_id: str | None = None
    test_name: str | None = None
    issue_confidence: str | None = None
    code: str | None = None


class _Report(Struct):
    errors: list[dict[str, Any]]
    metrics: dict[str, dict[str, float]]
    results: list[_Result]
    generated_at: str | None = None


def _recognise(source: Source) -> bool:
    found = source.json_members
    if not {"errors", "metrics", "results"} <= found.keys():
        return False
    try:
        return _TOTALS in members(found["metrics"])
    except InputError:
        return False


def _parse(source: Source) -> Parsed:
    report = shaped(source.json, _Report)
    totals = report.metrics.get(_TOTALS)
    if totals is None:
        raise InputError("no totals", expected=f"a Bandit report with metrics.{_TOTALS}", where="/metrics")
    rows = Rows()
    for result in report.results:
        rows.add(_finding(result, rows))
    scanned = len(report.metrics) - 1
    named = source.facts.get("tool_version")
    tool = Tool("bandit", named if isinstance(named, str) else None)
    payload = Scan(
        tool=tool.name,
        tool_version=tool.version,
        category="sast",
        total=rows.total,
        by_severity=rows.by_severity,
        suppressed=_whole(totals, "nosec") + _whole(totals, "skipped_tests"),
        scanned=scanned,
        scanned_what="files",
        errors=len(report.errors),
        skipped=None,
        rules=None,
        lines=_whole(totals, "loc") if "loc" in totals else None,
        incomplete=reasons(
            "no file was scanned" if scanned == 0 else None,
            f"{count_of(len(report.errors), 'file', 'files')} could not be scanned" if report.errors else None,
            _left_out(totals, len(report.results)),
        ),
    )
    return Parsed(payload=payload, findings=rows.findings, tool=tool, observed_at=parse_time(report.generated_at or ""))


def _finding(result: _Result, rows: Rows) -> Finding:
    path = clean_path(result.filename)
    rule = result.test_id or result.test_name or "unknown"  # before 1.0 tests had no ids
    return Finding(
        rule=rule,
        severity=severity.from_word(result.issue_severity).value,
        confidence=(result.issue_confidence or "").lower() or None,
        fingerprint=rows.unique(rule, path, _line(result) or result.issue_text),
        path=path,
        line=line_of(result.line_number),
        message=shorten(result.issue_text),
    )


def _line(result: _Result) -> str | None:
    """Returns the reported line of ``code``, whose lines read ``<number> <text>``."""
    for line in (result.code or "").split("\n"):
        number, _, text = line.partition(" ")
        if number == str(result.line_number):
            return text.strip()
    return None


def _whole(totals: dict[str, float], name: str) -> int:
    """Reads a count; Bandit writes counts as ``1`` or ``1.0`` depending on its version."""
    value = totals.get(name, 0)
    if not 0 <= value <= COUNT_MOST or value != int(value):
        raise InputError(f"{value:g}", expected="a count", where=f"/metrics/{_TOTALS}/{name}")
    return int(value)


def _left_out(totals: dict[str, float], listed: int) -> str | None:
    """Compares the issues that Bandit counted with those that it lists: level filters (``-ll``) and baselines leave some out."""
    names = [name for name in totals if name.startswith("SEVERITY.")]
    counted = sum(_whole(totals, name) for name in names)
    if not names or counted == listed:
        return None
    return f"{count_of(listed, 'issue is', 'issues are')} listed, but the report's own totals count {counted} (filtered or cut)"


BANDIT_JSON = Format(
    name="bandit-json", title="Bandit report (bandit -f json)", parser=2, recognise=_recognise, parse=_parse, redact=redact
)


_NOT_OURS = (".git", ".hg", ".svn", "__pycache__", ".tox", ".nox", ".eggs", "node_modules", "site-packages")
"""Folders of version control, caches and installed packages: never the project's own code."""


class BanditOptions(Options):
    """``[collect.scan.bandit]``."""

    targets: tuple[str, ...] = Field(default=(".",), min_length=1)
    """Files and folders to scan, relative to the project's folder."""
    exclude: tuple[str, ...] = ()
    """Files and folders to leave out, relative to the project's folder, or patterns such as ``*/migrations/*`` over paths like
    ``./app/migrations/0001.py``. Besides these, folders of version control, caches and installed packages are left out."""
    config: str | None = None
    """Bandit's own configuration file (``-c``). It can switch rules off; without it all rules run. ``.bandit`` files are never read."""

    @field_validator("exclude")
    @classmethod
    def _no_comma(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any("," in item or not item.strip() for item in value):
            raise ValueError("one path or pattern per item, without commas")
        return value


def _collect(context: Context) -> Iterable[Collected]:
    options = options_of(context, BanditOptions)
    targets = [_under(target) for target in options.targets]
    missing = [name for name in (*targets, *([options.config] if options.config else ())) if not (context.root / name).exists()]
    if missing:
        raise CollectorError(f"bandit could not run: {missing[0]} does not exist", hint="correct [collect.scan.bandit]")
    # -P: the scanned project's folder must not be on the path of the scanner. --ini: Bandit reads any .bandit file that it meets,
    # which can switch off rules, set a baseline, or redirect the output; what narrows a scan stands in compliance.toml.
    command = [sys.executable, "-P", "-m", "bandit", "-f", "json", "-q", "-r", "--ini", os.devnull]
    command += [f"--exclude={','.join(_exclusions(context.root, options.exclude))}"]
    command += [f"--configfile={options.config}"] if options.config else []
    command += targets
    context.say(f"bandit: scanning {', '.join(options.targets)}")
    started_at = context.now()
    done = run(command, cwd=context.root, timeout_s=options.timeout)
    if done.exit_code not in (0, 1) or not done.stdout.lstrip().startswith(b"{"):
        why = last_line(done.stderr) or f"exit code {done.exit_code}"
        raise CollectorError(f"bandit could not run: {why}", hint="run `python -m bandit -r` on the same folder to see all of it")
    tool = Tool("bandit", version("bandit"))
    yield Collected(
        format=BANDIT_JSON.name,
        content=done.stdout,
        name="bandit",
        started_at=started_at,
        finished_at=context.now(),
        tool=tool,
        command=tuple(command),
        exit_code=done.exit_code,
        scope={"targets": len(targets), "excluded": len(options.exclude), "config": options.config is not None},
        facts={"tool_version": tool.version},
    )


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


BANDIT = Collector(name="bandit", title="Scans Python code with Bandit", options=BanditOptions, collect=_collect)
