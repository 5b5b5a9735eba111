"""Semgrep: the JSON report of its command line, and the answers of its web API.

Command line (``semgrep --json``, also of Opengrep): ``results``, ``errors``, ``paths``, ``version``.

- One result is one finding; equal results are as many. ``is_ignored`` (a ``nosemgrep`` comment) is suppressed.
- Severities: ERROR, WARNING and INFO are high, medium and info; CRITICAL, HIGH, MEDIUM and LOW are themselves; EXPERIMENT and INVENTORY
  are unknown.
- Up to three statements: ``sca`` for results with ``sca_info``, ``secrets`` for those of Semgrep Secrets (its rules name the product, or
  validated what they found), ``sast`` for all others, and for a report without results.
- ``errors`` (files that were parsed in part, rules that timed out) make it incomplete. Files skipped are listed with ``--verbose`` only.
- ``fingerprint`` and ``lines`` are "requires login" without an account.

For the web API see `semgrep_cloud`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from compliance import severity
from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading.jsontext import elements, members
from compliance.record import Finding, Parsed, Tool, shorten
from compliance.source import Source

from . import Category
from .rows import Rows, clean_path, count_of, line_of, reasons, shaped, statement
from .semgrep_cloud import parse_cloud, recognise_cloud
from .semgrep_redact import redact

_MEMBERS = {
    "debug",
    "engine_requested",
    "errors",
    "explanations",
    "interfile_languages_used",
    "mcp_scan_results",
    "paths",
    "profiling_results",
    "results",
    "rules_by_engine",
    "skipped_rules",
    "subprojects",
    "time",
    "version",
}
"""Members of a report (semgrep-interfaces, cli_output)."""
_PLACEHOLDER = "requires login"
_ORDER: tuple[Category, ...] = ("sast", "sca", "secrets")
_FAILED = "analysis_failed_parser_or_internal_error"


class _Position(Struct):
    line: int | None = None


class _Package(Struct):
    package: str | None = None
    version: str | None = None


class _Match(Struct, rename={"package": "found_dependency"}):
    package: _Package | None = None


class _Dependency(Struct, rename={"match": "dependency_match"}):
    match: _Match | None = None


class _Extra(Struct):
    message: str | None = None
    severity: str | None = None
    lines: str | None = None
    metadata: dict[str, Any] | None = None
    is_ignored: bool | None = None
    sca_info: _Dependency | None = None
    validation_state: Any = None


class _Result(Struct):
    check_id: str
    path: str
    extra: _Extra
    start: _Position | None = None


class _Skipped(Struct):
    path: str
    reason: str | None = None
    rule_id: str | None = None


class _Paths(Struct):
    scanned: list[str] | None = None
    skipped: list[_Skipped] | None = None


class _Report(Struct):
    results: list[_Result]
    errors: list[Any]
    paths: _Paths | None = None
    version: str | None = None
    time: dict[str, Any] | None = None
    rules_by_engine: list[Any] | None = None


def _recognise(source: Source) -> bool:
    found = source.json_members
    try:
        return recognise_cloud(found) or _is_report(found)
    except InputError:
        return False


def _is_report(found: Mapping[str, msgspec.Raw]) -> bool:
    """Whether this is a report of the command line; one without results names what it scanned, or has no member that others would write."""
    if not {"results", "errors"} <= found.keys() or bytes(memoryview(found["errors"])[:1]) != b"[":
        return False
    results = elements(found["results"])
    return {"check_id", "path", "extra"} <= members(results[0]).keys() if results else found.keys() <= _MEMBERS or _names_scanned(found)


def _names_scanned(found: Mapping[str, msgspec.Raw]) -> bool:
    return "version" in found and "paths" in found and "scanned" in members(found["paths"])


def _parse(source: Source) -> Parsed | tuple[Parsed, ...]:
    document = shaped(source.json, dict[str, Any])
    if "results" not in document:
        return parse_cloud(document)
    report = shaped(document, _Report)
    rows: dict[Category, Rows] = {}
    for number, result in enumerate(report.results):
        category = _category(result)
        rows.setdefault(category, Rows()).add(_finding(result, rows[category], f"/results/{number}"))
    if not rows:
        rows["sast"] = Rows()
    found = [category for category in _ORDER if category in rows]
    return tuple(_statement(report, category, rows[category], alone=len(found) == 1) for category in found)


def _category(result: _Result) -> Category:
    if result.extra.sca_info is not None:
        return "sca"
    metadata = result.extra.metadata or {}
    validated = result.extra.validation_state not in (None, "NO_VALIDATOR")
    return "secrets" if validated or metadata.get("product") == "secrets" else "sast"


def _finding(result: _Result, rows: Rows, where: str) -> Finding:
    extra = result.extra
    path = clean_path(result.path)
    lines = (extra.lines or "").strip()
    package = extra.sca_info.match.package if extra.sca_info and extra.sca_info.match else None
    confidence = (extra.metadata or {}).get("confidence")
    try:
        line = line_of(result.start.line if result.start else None)
    except InputError as error:
        raise InputError(error.found, expected=error.expected, where=f"{where}/start/line") from error
    return Finding(
        rule=result.check_id,
        severity=severity.from_word(extra.severity).value,
        state="suppressed" if extra.is_ignored else "open",
        confidence=confidence.lower() if isinstance(confidence, str) and confidence else None,
        package=package.package if package else None,
        package_version=package.version if package else None,
        fixed_in=_fixed_in(extra.metadata or {}, package.package) if package and package.package else None,
        fingerprint=rows.unique(result.check_id, path, lines if lines and lines != _PLACEHOLDER else extra.message),
        path=path,
        line=line,
        message=shorten(extra.message) if extra.message else None,
    )


def _fixed_in(metadata: Mapping[str, Any], package: str) -> str | None:
    listed = metadata.get("sca-fix-versions")
    versions = [item.get(package) for item in (listed if isinstance(listed, list) else ()) if isinstance(item, dict)]
    return ", ".join(version for version in versions if isinstance(version, str)) or None


def _statement(report: _Report, category: Category, rows: Rows, *, alone: bool) -> Parsed:
    paths = report.paths or _Paths()
    scanned = None if paths.scanned is None else len(set(paths.scanned))
    skipped = None if paths.skipped is None else {item.path for item in paths.skipped if item.rule_id is None}
    failed = {item.path for item in paths.skipped or () if item.reason == _FAILED}
    errors = len(report.errors)
    return statement(
        rows,
        Tool("semgrep", report.version),
        category,
        part=None if alone else category,
        # Files say how much code was looked at, not how many packages.
        scanned=None if category == "sca" else scanned,
        scanned_what="files",
        errors=errors,
        skipped=None if skipped is None else len(skipped),
        rules=_rules(report) if category == "sast" else None,
        incomplete=reasons(
            f"Semgrep reports {count_of(errors, 'error', 'errors')}: what it looked at is partial" if errors else None,
            f"{count_of(len(failed), 'file', 'files')} could not be analysed" if failed else None,
            "no file was scanned" if scanned == 0 else None,
            "the report does not say which files were scanned" if scanned is None and not report.results else None,
        ),
    )


def _rules(report: _Report) -> int | None:
    """Returns how many rules ran: with ``--time``, or as the engines were named."""
    timed = (report.time or {}).get("rules")
    listed = timed if isinstance(timed, list) else report.rules_by_engine
    return len(listed) if listed else None


SEMGREP_JSON = Format(
    name="semgrep-json",
    title="Semgrep report (semgrep --json) or list of findings from its web API",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    redact=redact,
    marks=("results", "errors", "paths", '"check_id"'),
)
