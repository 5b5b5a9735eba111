"""Security reports of GitLab's analysers (``gl-sast-report.json``, ``gl-dependency-scanning-report.json`` and the others).

Format: GitLab's "Security report schemas", versions 2 to 15. One vulnerability is one finding.

- What was looked for: ``scan.type``; before version 3 the ``category`` of the vulnerabilities. Container and cluster images are one
  category, the tests of a running service or interface another; KICS looks at configuration, though its reports are of the type ``sast``.
  Reports of fuzzing are refused: a crash of a fuzzer has no category here.
- Severities: Critical, High, Medium, Low and Info; Unknown, and the old Undefined, Ignore and Experimental, are unknown.
- The rule is the first identifier; for dependencies and images a CVE or GHSA before others. A flag as likely false positive closes nothing.
- A scan whose ``status`` is failure, or that has a message of the level fatal, is incomplete. Packages are counted where the report lists
  them (``dependency_files``, up to version 14).
- Times have no zone in the text, but are UTC by the schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from compliance import severity
from compliance.errors import InputError
from compliance.kind import Format, Mask
from compliance.reading.jsontext import elements, members
from compliance.record import Finding, Parsed, Tool, shorten
from compliance.source import Source

from . import Category
from .masking import Masker, about_secrets
from .rows import Rows, clean_path, count_of, dumps, line_of, reasons, shaped, statement, time_of

_TYPES: Final[dict[str, Category]] = {
    "sast": "sast",
    "dependency_scanning": "sca",
    "secret_detection": "secrets",
    "container_scanning": "container",
    "cluster_image_scanning": "container",
    "dast": "dast",
    "api_fuzzing": "dast",
}
_IAC: Final = frozenset({"kics"})
"""Analysers of configuration."""
_ADVISORIES: Final = ("cve", "ghsa")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_EXTRACTS: Final = frozenset({"raw_source_code_extract", "source_code", "snippet", "code"})
"""Members, at any depth of a vulnerability, that hold text of the scanned files."""


_NAMES: Final = ("name", "value")


class _Named(Struct):
    id: str | None = None
    name: str | None = None
    version: str | None = None


class _Message(Struct):
    level: str | None = None


class _Scan(Struct):
    type: str | None = None
    status: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    messages: list[_Message] | None = None
    scanner: _Named | None = None
    analyzer: _Named | None = None


class _Identifier(Struct):
    type: str | None = None
    name: str | None = None
    value: str | None = None


class _Dependency(Struct):
    package: _Named | None = None
    version: str | None = None


class _Location(Struct, rename={"class_": "class"}):
    file: str | None = None
    start_line: int | None = None
    class_: str | None = None
    method: str | None = None
    dependency: _Dependency | None = None
    hostname: str | None = None
    path: str | None = None


class _Vulnerability(Struct):
    severity: str | None = None
    category: str | None = None
    confidence: str | None = None
    name: str | None = None
    message: str | None = None
    description: str | None = None
    identifiers: list[_Identifier] | None = None
    location: _Location | None = None
    scanner: _Named | None = None


class _File(Struct):
    dependencies: list[Any] | None = None


class _Report(Struct):
    version: str
    vulnerabilities: list[_Vulnerability]
    scan: _Scan | None = None
    dependency_files: list[_File] | None = None


def _recognise(source: Source) -> bool:
    found = source.json_members
    if not {"version", "vulnerabilities"} <= found.keys():
        return False
    try:
        listed = elements(found["vulnerabilities"])
        if "scan" in found:
            scan = members(found["scan"])
            return "type" in scan and bool({"scanner", "analyzer"} & scan.keys())
        return bool(listed) and {"category", "identifiers", "location"} <= members(listed[0]).keys()
    except InputError:
        return False


def _parse(source: Source) -> Parsed:
    report = shaped(source.json, _Report)
    scan = report.scan or _Scan()
    scanner = scan.scanner or next((one.scanner for one in report.vulnerabilities if one.scanner), None) or scan.analyzer or _Named()
    category = _category(report, scanner)
    rows = Rows()
    for number, found in enumerate(report.vulnerabilities):
        rows.add(_finding(found, category, rows, f"/vulnerabilities/{number}"))
    fatal = None if scan.messages is None else sum(message.level == "fatal" for message in scan.messages)
    packages = [len(file.dependencies) for file in report.dependency_files or () if file.dependencies is not None]
    return statement(
        rows,
        Tool(shorten(scanner.name or scanner.id or "GitLab", 100), shorten(scanner.version, 100) if scanner.version else None),
        category,
        scanned=sum(packages) if packages else None,
        scanned_what="packages",
        errors=fatal,
        incomplete=reasons(
            f"the scan ended with the status {shorten(scan.status, 40)}" if scan.status not in (None, "success") else None,
            f"the scan reports {count_of(fatal, 'fatal error', 'fatal errors')}" if fatal else None,
        ),
        observed_at=_time(scan.end_time or scan.start_time),
    )


def _category(report: _Report, scanner: _Named) -> Category:
    """Returns what the report is about.

    Raises:
        InputError: It does not say, says several things, or is about something that has no category.
    """
    said = {report.scan.type} if report.scan else {found.category for found in report.vulnerabilities}
    words = sorted(str(word) for word in said)
    if len(words) != 1 or words[0] not in _TYPES:
        raise InputError(
            f"a report of the type {shorten(', '.join(words), 60) or '(none)'}",
            expected=f"one of {', '.join(_TYPES)}",
            where="/scan/type" if report.scan else "/vulnerabilities/*/category",
        )
    names = {scanner.id, report.scan.analyzer.id if report.scan and report.scan.analyzer else None}
    return "iac" if words[0] == "sast" and names & _IAC else _TYPES[words[0]]


def _finding(found: _Vulnerability, category: Category, rows: Rows, where: str) -> Finding:
    place = found.location or _Location()
    dependency = place.dependency or _Dependency()
    package = dependency.package.name if dependency.package else None
    rule = _rule(found.identifiers or (), category)
    path = clean_path(place.file) if place.file else (place.hostname or "") + (place.path or "") or None
    text = found.name or found.message or found.description
    try:
        line = line_of(place.start_line)
    except InputError as error:
        raise InputError(error.found, expected=error.expected, where=f"{where}/location/start_line") from error
    return Finding(
        rule=rule,
        severity=severity.from_word(found.severity).value,
        confidence=found.confidence.lower() if found.confidence else None,
        package=package or None,
        package_version=dependency.version or None,
        fingerprint=rows.unique(rule, path, package, place.class_, place.method, found.message or found.name),
        path=path,
        line=line,
        message=shorten(text) if text else None,
    )


def _rule(identifiers: Iterable[_Identifier], category: Category) -> str:
    listed = list(identifiers)
    if category in ("sca", "container"):
        listed.sort(key=lambda one: _ADVISORIES.index(one.type) if one.type in _ADVISORIES else len(_ADVISORIES))
    return shorten(next((text for one in listed for text in (one.value, one.name) if text), "unknown"), 200)


def _time(text: str | None) -> datetime | None:
    return time_of(f"{text}Z" if text and _TIME.fullmatch(text) else text)


def _redact(source: Source, mask: Mask) -> bytes | None:
    """Masks the text of the scanned files that findings about secrets show, there and where it is repeated."""
    document = source.json
    listed = document.get("vulnerabilities") if isinstance(document, dict) else None
    scan = document.get("scan") if isinstance(document, dict) else None
    secrets = isinstance(scan, dict) and scan.get("type") == "secret_detection"
    masker = Masker(mask)
    for found in listed if isinstance(listed, list) else ():
        if isinstance(found, dict) and (secrets or found.get("category") == "secret_detection" or _is_about_secrets(found)):
            masker.replace(found, masker.anywhere(found, _EXTRACTS))
    return dumps(document) if masker.used else None


def _is_about_secrets(found: Mapping[str, Any]) -> bool:
    identifiers = found.get("identifiers")
    named = [one.get(key) for one in (identifiers if isinstance(identifiers, list) else ()) if isinstance(one, dict) for key in _NAMES]
    return about_secrets(*(text for text in [*named, found.get("name")] if isinstance(text, str)))


GITLAB_SECURITY_JSON = Format(
    name="gitlab-security-json",
    title="security report of a GitLab analyser (gl-sast-report.json and others)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    redact=_redact,
    marks=("version", "vulnerabilities", "scan.type", "scan.scanner"),
)
