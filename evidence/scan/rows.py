"""What all scan formats share: counting findings, stable fingerprints, paths and typed reading."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import unquote

from compliance.errors import InputError
from compliance.reading.jsonshape import misshaped as misshaped
from compliance.reading.jsonshape import shaped as shaped
from compliance.record import Finding, Parsed, Severity, Tool, fingerprint, shorten
from compliance.source import parse_time

from . import BySeverity, Category, Scan


class Rows:
    """Findings of one file, counted while they are added."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.suppressed = 0
        self._open = {severity.value: 0 for severity in Severity}
        self._seen: dict[str, int] = {}

    def add(self, finding: Finding) -> None:
        """Takes a finding; a suppressed one is counted apart."""
        self.findings.append(finding)
        if finding.state == "open":
            self._open[finding.severity] += 1
        else:
            self.suppressed += 1

    def unique(self, *parts: str | None) -> str:
        """Returns the fingerprint of ``parts``; the second equal finding of a file gets another one, and so on.

        Without the number a waiver for one finding would silently cover every further copy of it.
        """
        first = fingerprint(*parts)
        if first not in self._seen:
            self._seen[first] = 1
            return first
        self._seen[first] += 1
        return fingerprint(*parts, str(self._seen[first]))

    @property
    def total(self) -> int:
        """Open findings."""
        return sum(self._open.values())

    @property
    def by_severity(self) -> BySeverity:
        """Open findings by severity."""
        return BySeverity(**self._open)


def statement(
    rows: Rows,
    tool: Tool,
    category: Category,
    *,
    part: str | None = None,
    suppressed: int = 0,
    scanned: int | None = None,
    scanned_what: Literal["files", "packages"] | None = None,
    errors: int | None = None,
    skipped: int | None = None,
    rules: int | None = None,
    database_at: datetime | None = None,
    incomplete: str | None = None,
    observed_at: datetime | None = None,
    commit: str | None = None,
) -> Parsed:
    """Makes the statement of one scan from its rows.

    Args:
        rows: What was found.
        tool: What looked.
        category: What it looked for.
        part: Name of the statement among several of its file.
        suppressed: Suppressed findings that the file counts without listing them.
        scanned: See `Scan`, as for the arguments that follow.
        scanned_what: What ``scanned`` counts.
        errors: Errors of the tool itself.
        skipped: Items that were not looked at.
        rules: Rules that the tool has.
        database_at: When its advisory database was made.
        incomplete: Why the scan says too little to be good news.
        observed_at: When the tool looked.
        commit: Full id of the commit that the file names.
    """
    payload = Scan(
        tool=tool.name,
        tool_version=tool.version,
        category=category,
        total=rows.total,
        by_severity=rows.by_severity,
        suppressed=rows.suppressed + suppressed,
        scanned=scanned,
        scanned_what=None if scanned is None else scanned_what,
        errors=errors,
        skipped=skipped,
        rules=rules,
        lines=None,
        database_at=database_at,
        incomplete=incomplete,
    )
    return Parsed(payload=payload, part=part, findings=rows.findings, tool=tool, observed_at=observed_at, commit=commit)


def time_of(value: Any) -> datetime | None:
    """Returns the time that a value of a file states, in UTC; None when it is no time with zone, or the year 1, as Go writes no time."""
    time = parse_time(value) if isinstance(value, str) else None
    return None if time is None or time.year == 1 else time.astimezone(UTC)


def reasons(*parts: str | None) -> str | None:
    """Joins the reasons why a scan says too little; None when there is none."""
    return shorten("; ".join(part for part in parts if part)) or None


def count_of(number: int, one: str, many: str) -> str:
    """Writes a number with its noun."""
    return f"{number} {one if number == 1 else many}"


def whole(value: Any, where: str) -> int | None:
    """Reads a count; None when there is none.

    Raises:
        InputError: Something else than a whole number of at least 0.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= COUNT_MOST:
        raise InputError(shorten(json.dumps(value), 40), expected="a count", where=where)
    return value


_LINE_MOST = 2**31 - 1
COUNT_MOST = 2**53 - 1
"""Largest whole number that every JSON reader keeps exactly (RFC 7493, section 2.2)."""


def line_of(number: int | None) -> int | None:
    """Returns a line counted from 1; None for 0 and less, which tools write when they know no line.

    Raises:
        InputError: No file has that many lines.
    """
    if number is not None and number > _LINE_MOST:
        raise InputError("line number too large", expected=f"at most {_LINE_MOST}")
    return number if number is not None and number > 0 else None


def dumps(value: Any) -> bytes:
    """Writes a JSON value that was read and changed.

    Raises:
        InputError: A number that was too large to be read.
    """
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:
        raise InputError("number too large", expected="numbers that JSON readers can hold") from error


def clean_path(path: str) -> str:
    """Writes a path as ``folder/file``: no leading ``./``, slashes as on every system but one."""
    return re.sub(r"^(?:\./+)+", "", path.replace("\\", "/"))


def path_of_uri(uri: str) -> str:
    """Returns the path that a SARIF artifact location names (a URI reference, RFC 3986); other schemes than ``file`` are kept whole."""
    if uri.startswith("file://"):
        uri = uri[7:]
    elif re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", uri):
        return uri
    return clean_path(unquote(uri) if "%" in uri else uri)
