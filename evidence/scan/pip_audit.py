"""pip-audit: its JSON report.

Format: the ``json`` format of pip-audit 2.x: ``{"dependencies": [...], "fixes": [...]}``; before 2.5 the bare list of dependencies.

A dependency that could not be audited has a ``skip_reason`` and no ``vulns``: it is not clean. pip-audit exits with 0 and says "No known
vulnerabilities found" even when it skipped every one of them, so the count of skipped ones decides here, never the exit code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from compliance import severity
from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading.jsontext import elements, members
from compliance.record import Finding, Json, Parsed, Tool, shorten
from compliance.source import Source, parse_time

from . import Scan
from .rows import Rows, count_of, reasons, shaped


class Vulnerability(Struct):
    """A vulnerability under one of its names; the others are its aliases."""

    id: str
    fix_versions: list[str] | None = None
    description: str | None = None
    aliases: list[str] | None = None


class Dependency(Struct):
    """What the report says of one dependency: either that it was skipped, or its vulnerabilities."""

    name: str
    version: str | None = None
    skip_reason: str | None = None
    vulns: list[Vulnerability] | None = None


def _recognise(source: Source) -> bool:
    try:
        if source.head.lstrip()[:1] == b"[":
            return _is_dependency_list(source.document)
        found = source.json_members
        if set(found) - {"dependencies", "fixes"} or "dependencies" not in found:
            return False
        return _is_dependency_list(found["dependencies"]) or ("fixes" in found and not elements(found["dependencies"]))
    except InputError:
        return False


def _is_dependency_list(text: Any) -> bool:
    """Whether this is a list of dependencies; an empty list could be anything."""
    items = elements(text)
    keys = members(items[0]).keys() if items else set[str]()
    return "name" in keys and bool({"vulns", "skip_reason"} & keys) and keys <= {"name", "version", "vulns", "skip_reason"}


def _parse(source: Source) -> Parsed:
    document = source.json
    where = ""
    if isinstance(document, dict):
        if "dependencies" not in document:
            raise InputError("no member dependencies", expected="a pip-audit report")
        document, where = document["dependencies"], "/dependencies"
    dependencies = shaped(document, list[Dependency], where)
    rows = Rows()
    skipped = 0
    for number, dependency in enumerate(dependencies):
        if (dependency.skip_reason is None) == (dependency.vulns is None):
            raise InputError("a dependency", expected="one with either vulns or skip_reason", where=f"{where}/{number}")
        skipped += dependency.vulns is None
        for vulnerability in dependency.vulns or ():
            rows.add(_finding(dependency, vulnerability, rows, source.facts))
    payload = _payload(rows, len(dependencies), skipped, source.facts)
    return Parsed(payload=payload, findings=rows.findings, tool=Tool(payload.tool, payload.tool_version))


def _payload(rows: Rows, found: int, skipped: int, facts: Mapping[str, Json]) -> Scan:
    named, left_out, made_at = (facts.get(name) for name in ("tool_version", "ignored_advisories", "database_at"))
    tool = Tool("pip-audit", named if isinstance(named, str) else None)
    ignored = left_out if isinstance(left_out, int) else 0
    return Scan(
        tool=tool.name,
        tool_version=tool.version,
        category="sca",
        total=rows.total,
        by_severity=rows.by_severity,
        suppressed=0,
        scanned=found - skipped,
        scanned_what="packages",
        errors=None,
        skipped=skipped,
        rules=None,
        lines=None,
        database_at=parse_time(made_at) if isinstance(made_at, str) else None,
        incomplete=reasons(
            f"{skipped} of {count_of(found, 'dependency', 'dependencies')} could not be audited" if skipped else None,
            f"pip-audit left out {count_of(ignored, 'advisory', 'advisories')} that it could not read" if ignored else None,
        ),
    )


def _finding(dependency: Dependency, vulnerability: Vulnerability, rows: Rows, facts: Mapping[str, Json]) -> Finding:
    """Makes a finding; pip-audit gives no severity (pypa/pip-audit issue 654): it is ``unknown`` unless an advisory file says more."""
    known = facts.get("severities")
    word = known.get(vulnerability.id) if isinstance(known, dict) else None
    return Finding(
        rule=vulnerability.id,
        severity=severity.from_word(word if isinstance(word, str) else None).value,
        package=dependency.name,
        package_version=dependency.version,
        fixed_in=", ".join(vulnerability.fix_versions or ()) or None,
        fingerprint=rows.unique(vulnerability.id, dependency.name),
        message=shorten(vulnerability.description) if vulnerability.description else None,
    )


PIP_AUDIT_JSON = Format(
    name="pip-audit-json",
    title="pip-audit report (pip-audit -f json)",
    parser=2,
    recognise=_recognise,
    parse=_parse,
    marks=("dependencies", "fixes"),
)
