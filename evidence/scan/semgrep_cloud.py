"""Answers of Semgrep's web API: code findings, dependency findings, secrets.

- ``findings`` with ``rule_name``: code (``sast``) or, with ``found_dependency`` or a rule ``ssc-...``, dependencies (``sca``). Severities
  are in lower case. By ``status`` (earlier: ``state``), ignored and muted ones are suppressed; fixed and removed ones are gone.
- ``findings`` with ``findingPath`` (``secrets``): enumerations such as ``SEVERITY_HIGH``, ``FINDING_STATUS_OPEN``. The secret is not shown.
- ``vulns`` (``sca``): ``advisory.severity``. A dismissed one is suppressed; ``CLOSED`` without a reason stays a finding, as it is listed.

Such an answer is a page of a query: what was scanned, when, and with which filter, it does not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from compliance import severity
from compliance.errors import InputError
from compliance.reading.jsontext import elements, members
from compliance.record import Finding, Parsed, Tool, shorten

from . import Category
from .rows import Rows, clean_path, line_of, reasons, shaped, statement

_SUPPRESSED = frozenset({"ignored", "provisionally_ignored", "muted"})
_GONE = frozenset({"fixed", "removed"})
_PAGE = "an answer of the web API: it does not say what was scanned, nor which findings its query left out"
_ORDER: tuple[Category, ...] = ("sast", "sca", "secrets")


class _Location(Struct):
    file_path: str | None = None
    line: int | None = None


class _Rule(Struct):
    name: str | None = None


class _Package(Struct):
    package: str | None = None
    version: str | None = None


class _Listed(Struct, rename={"finding_path": "findingPath"}):
    """A finding of any product; what belongs to another one is absent."""

    severity: str | None = None
    confidence: str | None = None
    status: str | None = None
    state: str | None = None
    triage_state: str | None = None
    rule_name: str | None = None
    rule_message: str | None = None
    rule: _Rule | None = None
    location: _Location | None = None
    found_dependency: _Package | None = None
    vulnerability_identifier: str | None = None
    match_based_id: str | None = None
    finding_path: str | None = None
    type: str | None = None
    id: int | str | None = None


class _Advisory(Struct, rename={"rule_id": "ruleId"}):
    rule_id: str | None = None
    severity: str | None = None
    title: str | None = None


class _Dependency(Struct, rename={"version": "versionSpecifier"}):
    name: str | None = None
    version: str | None = None


class _Triage(Struct, rename={"reason": "dismissReason"}):
    status: str | None = None
    reason: str | None = None


class _Place(Struct, rename={"line": "startLine"}):
    path: str | None = None
    line: int | str | None = None


class _Vuln(Struct, rename="camel"):
    advisory: _Advisory
    title: str | None = None
    matched_dependency: _Dependency | None = None
    closest_safe_dependency: _Dependency | None = None
    dependency_file_location: _Place | None = None
    triage: _Triage | None = None


class _Vulns(Struct, rename={"has_more": "hasMore"}):
    vulns: list[_Vuln]
    has_more: bool | None = None


def recognise_cloud(found: Mapping[str, msgspec.Raw]) -> bool:
    """Whether an object with these members is an answer of the web API.

    Raises:
        InputError: A list is none, or holds no objects.
    """
    if "vulns" in found:
        vulns = elements(found["vulns"])
        return {"advisory", "matchedDependency"} <= members(vulns[0]).keys() if vulns else {"hasMore", "cursor"} <= found.keys()
    if "findings" not in found:
        return False
    findings = elements(found["findings"])
    keys = members(findings[0]).keys() if findings else set[str]()
    code = "severity" in keys and bool({"rule_name", "rule"} & keys) and bool({"triage_state", "match_based_id"} & keys)
    return code or {"findingPath", "validationState", "severity"} <= keys


def parse_cloud(document: Mapping[str, Any]) -> Parsed | tuple[Parsed, ...]:
    """Reads an answer: one statement for each product in it.

    Raises:
        InputError: It has no list of findings, or one of them has another shape.
    """
    if "vulns" in document:
        return _vulns(shaped(document, _Vulns))
    if "findings" not in document:
        raise InputError("no results, findings or vulns", expected="a Semgrep report")
    rows: dict[Category, Rows] = {}
    for number, item in enumerate(shaped(document["findings"], list[_Listed], "/findings")):
        category = _category(item)
        kept = rows.setdefault(category, Rows())
        if _word(item.status or item.state) not in _GONE:
            kept.add(_finding(item, kept, f"/findings/{number}"))
    found = [category for category in _ORDER if category in rows] or ["sast"]
    return tuple(
        statement(rows.get(name, Rows()), Tool("semgrep"), name, part=None if len(found) == 1 else name, incomplete=reasons(_PAGE))
        for name in found
    )


def _category(item: _Listed) -> Category:
    if item.finding_path is not None:
        return "secrets"
    named = item.rule_name or (item.rule.name if item.rule else None) or ""
    return "sca" if item.found_dependency or item.vulnerability_identifier or named.startswith("ssc-") else "sast"


def _word(value: str | None) -> str:
    """Returns the last part of an enumeration's name, in lower case: ``FINDING_STATUS_OPEN`` is open, ``SEVERITY_HIGH`` is high."""
    word = (value or "").lower()
    for prefix in ("severity_", "confidence_", "finding_status_"):
        word = word.removeprefix(prefix)
    return word


def _finding(item: _Listed, rows: Rows, where: str) -> Finding:
    place = item.location or _secret_place(item.finding_path)
    rule = item.rule_name or (item.rule.name if item.rule else None) or item.type or "unknown"
    path = clean_path(place.file_path) if place.file_path else None
    ignored = bool({_word(item.status), _word(item.state), _word(item.triage_state)} & _SUPPRESSED)
    return Finding(
        rule=rule,
        severity=severity.from_word(_word(item.severity)).value,
        state="suppressed" if ignored else "open",
        confidence=_word(item.confidence) or None,
        package=item.found_dependency.package if item.found_dependency else None,
        package_version=item.found_dependency.version if item.found_dependency else None,
        fingerprint=rows.unique(rule, path, item.match_based_id or item.vulnerability_identifier or item.rule_message),
        path=path,
        line=_line(place.line, where),
        message=shorten(item.rule_message) if item.rule_message else None,
    )


def _secret_place(path: str | None) -> _Location:
    """Splits ``folder/file:line``."""
    file, colon, line = (path or "").rpartition(":")
    return _Location(file, int(line)) if colon and line.isascii() and line.isdigit() and len(line) < 10 else _Location(path)


def _line(number: int | None, where: str) -> int | None:
    try:
        return line_of(number)
    except InputError as error:
        raise InputError(error.found, expected=error.expected, where=where) from error


def _vulns(answer: _Vulns) -> Parsed:
    rows = Rows()
    for number, vuln in enumerate(answer.vulns):
        rows.add(_of_vuln(vuln, rows, f"/vulns/{number}"))
    more = "the web API has more pages of them" if answer.has_more else None
    return statement(rows, Tool("semgrep"), "sca", incomplete=reasons(more, None if answer.vulns else _PAGE))


def _of_vuln(vuln: _Vuln, rows: Rows, where: str) -> Finding:
    package, place = vuln.matched_dependency or _Dependency(), vuln.dependency_file_location or _Place()
    safe = vuln.closest_safe_dependency
    rule = vuln.advisory.rule_id or "unknown"
    path = clean_path(place.path) if place.path else None
    title = vuln.title or vuln.advisory.title
    line = str(place.line)
    return Finding(
        rule=rule,
        severity=severity.from_word(vuln.advisory.severity).value,
        state="suppressed" if vuln.triage and _is_dismissed(vuln.triage) else "open",
        package=package.name,
        package_version=package.version,
        fixed_in=safe.version if safe and safe.name == package.name else None,
        fingerprint=rows.unique(rule, path, package.name),
        path=path,
        line=_line(int(line), where) if line.isascii() and line.isdigit() and len(line) < 10 else None,
        message=shorten(title) if title else None,
    )


def _is_dismissed(triage: _Triage) -> bool:
    return triage.status == "DISMISSED" or triage.reason not in (None, "", "UNKNOWN_REASON")
