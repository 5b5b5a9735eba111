"""Bandit: its JSON report.

Format: the ``json`` formatter of Bandit 1.x (objects ``errors``, ``generated_at``, ``metrics`` with ``_totals``, ``results``).

- One result is one finding; its severity is ``issue_severity`` (HIGH, MEDIUM, LOW; UNDEFINED is unknown), its confidence stands beside it.
- Suppressed are the lines with ``# nosec`` and the tests that such comments name (``nosec`` and ``skipped_tests`` of the totals).
- ``errors`` (files that could not be read or parsed) make it incomplete, as does a list that is shorter than the totals count (``-ll``).
- ``scanned`` counts the files of ``metrics``. The report does not say which Bandit wrote it.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from compliance import severity
from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading.jsontext import members
from compliance.record import Finding, Parsed, Tool, shorten
from compliance.source import Source, parse_time

from . import Scan
from .bandit_redact import redact
from .rows import COUNT_MOST, Rows, clean_path, count_of, line_of, reasons, shaped

TOTALS = "_totals"


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
        return TOTALS in members(found["metrics"])
    except InputError:
        return False


def _parse(source: Source) -> Parsed:
    report = shaped(source.json, _Report)
    totals = report.metrics.get(TOTALS)
    if totals is None:
        raise InputError("no totals", expected=f"a Bandit report with metrics.{TOTALS}", where="/metrics")
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
        raise InputError(f"{value:g}", expected="a count", where=f"/metrics/{TOTALS}/{name}")
    return int(value)


def _left_out(totals: dict[str, float], listed: int) -> str | None:
    """Compares the issues that Bandit counted with those that it lists: level filters (``-ll``) and baselines leave some out."""
    names = [name for name in totals if name.startswith("SEVERITY.")]
    counted = sum(_whole(totals, name) for name in names)
    if not names or counted == listed:
        return None
    return f"{count_of(listed, 'issue is', 'issues are')} listed, but the report's own totals count {counted} (filtered or cut)"


BANDIT_JSON = Format(
    name="bandit-json",
    title="Bandit report (bandit -f json)",
    parser=2,
    recognise=_recognise,
    parse=_parse,
    marks=("errors", "metrics._totals", "results"),
    redact=redact,
)
