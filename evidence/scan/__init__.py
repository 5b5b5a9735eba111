"""Scans: what analysers found in source code, dependencies, images, configuration or a running service.

One scan is one statement: which tool looked, at how much, and what it found, by severity. Suppressed findings are counted apart and
never hidden. A scan that says too little to be good news (it looked at nothing, could not parse a file, skipped a dependency, computed
no results) is ``incomplete``: what it found still counts, what it did not find proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from compliance.kind import Kind
from compliance.record import Finding, Json, Model, Payload
from compliance.subject import Binding

Category = Literal["sast", "sca", "secrets", "dast", "container", "iac", "licence"]
"""What a scan looks for: weaknesses in code, vulnerable dependencies, secrets, a running service, images, configuration, licences."""


class BySeverity(Model):
    """Open findings by `compliance.record.Severity`."""

    critical: int = 0
    high: int = 0
    medium: int = 0
    low: int = 0
    info: int = 0
    unknown: int = 0


class Scan(Payload):
    """What one scan says. Numbers that the file does not give are None, never 0."""

    tool: str
    """Name as the tool writes it; ``unknown`` when the file holds no run at all."""
    tool_version: str | None
    category: Category
    total: int
    """Open findings as the file lists them."""
    by_severity: BySeverity
    """Sums up to ``total``."""
    suppressed: int
    """Findings that the tool made and then left out on request (``nosec``, accepted suppressions)."""
    scanned: int | None
    """Files that the tool opened, or packages that it audited."""
    scanned_what: Literal["files", "packages"] | None
    errors: int | None
    """Files that could not be parsed, or errors that the tool reports of itself."""
    skipped: int | None
    """Items that the tool names as not looked at."""
    rules: int | None
    """Rules that the tool says it has."""
    lines: int | None
    """Lines of code that the tool counted."""
    database_at: datetime | None = None
    """When the advisory database that the tool asked was made."""


def _counted(findings: Sequence[Finding]) -> dict[str, Json]:
    """Counts findings, for reports that give nothing but them."""
    found = [one for one in findings if one.state == "open"]
    counts = {name: sum(one.severity == name for one in found) for name in BySeverity.model_fields}
    return {"total": len(found), "by_severity": counts, "suppressed": len(findings) - len(found)}


def _without(scan: Scan, findings: Sequence[Finding]) -> Scan:
    counts = scan.by_severity.model_dump()
    for one in findings:
        counts[one.severity] -= 1
    return scan.model_copy(update={"total": scan.total - len(findings), "by_severity": BySeverity(**counts)})


KIND = Kind(id="scan", title="Scans", binds_to=Binding.COMMIT, payload=Scan, counted=_counted, without=_without)
