"""npm audit: its JSON report, in both layouts.

- ``auditReportVersion`` 2 (npm 7 and later): ``vulnerabilities`` by package. One package is one finding, as npm itself counts them; its
  severity is the worst of what makes it vulnerable. ``via`` lists advisories and, as plain names, the vulnerable packages that it needs.
- ``advisories`` by id (npm 6; pnpm, and Yarn 2 and 3, print the same): one advisory for one package is one finding, whatever number of
  paths lead to it. ``metadata.vulnerabilities`` counts the paths, and pnpm counts there before it filters by ``--audit-level``.
- ``{"error": ...}`` and the answer of a registry that could not audit are failed audits, never clean ones: refused. So is a report
  without findings beside which npm puts an ``error``; one with findings is incomplete.

Neither layout says which npm wrote it, or when. Yarn 1 and Yarn 4 write lines of another layout, one for each path to a package: they are
refused by name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct

from compliance import severity
from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading.jsonlines import LineReader
from compliance.reading.jsontext import members
from compliance.record import Finding, Parsed, Tool, shorten
from compliance.source import Source

from .rows import Rows, count_of, reasons, shaped, statement, whole

_VERSION = 2
_GHSA = re.compile(r"GHSA(?:-[0-9a-z]{4}){3}", re.IGNORECASE)
_ENDPOINT = b"/-/npm/v1/security/"
"""Part of the address that npm sends what it audits to."""
_REFUSAL = {"error", "message", "method", "uri", "headers", "statusCode", "body"}
"""Members of what npm prints when the registry could not audit (its lib/utils/audit-error.js, and its error handler)."""
_YARN_1, _YARN_4 = {"type", "data"}, {"value", "children"}
_YARN_1_TYPES = ("auditAdvisory", "auditSummary", "auditAction")
_FIRST_LINES = 5
"""Lines that Yarn's warnings stand in, at most."""
_SHOWN = 200
_ERROR = "npm reports an error beside the findings"


class _Found(Struct):
    version: str | None = None


class _Advisory(Struct):
    module_name: str
    severity: str | None = None
    id: int | str | None = None
    github_advisory_id: str | None = None
    url: str | None = None
    title: str | None = None
    patched_versions: str | None = None
    findings: list[_Found] | None = None


class _Old(Struct):
    advisories: dict[str, _Advisory]
    muted: list[Any] | None = None
    metadata: dict[str, Any] | None = None


class _Via(Struct):
    source: int | str | None = None
    id: int | str | None = None
    url: str | None = None
    title: str | None = None


class _Package(Struct, rename={"fix": "fixAvailable"}):
    via: list[str | _Via]
    severity: str | None = None
    fix: Any = None


class _New(Struct):
    vulnerabilities: dict[str, _Package]
    metadata: dict[str, Any] | None = None


def _recognise(source: Source) -> bool:
    found = source.json_members
    if "auditReportVersion" in found:
        return "vulnerabilities" in found
    if _is_failure(found) or _yarn(source):
        return True
    advisories = _members_of(found, "advisories")
    return "vulnerabilities" in _members_of(found, "metadata") if "advisories" in found and not advisories else _are_advisories(advisories)


def _are_advisories(found: Mapping[str, msgspec.Raw]) -> bool:
    return any({"module_name", "severity"} <= _members_of(found, name).keys() for name in list(found)[:1])


def _members_of(found: Mapping[str, msgspec.Raw], name: str) -> Mapping[str, msgspec.Raw]:
    """Returns the members of a member; empty when it is not there, or no object."""
    try:
        return members(found[name]) if name in found else {}
    except InputError:
        return {}


def _is_failure(found: Mapping[str, msgspec.Raw]) -> bool:
    if not found or found.keys() - _REFUSAL:
        return False
    error = _members_of(found, "error")
    if "summary" in error or bytes(error.get("code", b"")).startswith((b'"ENOAUDIT', b'"EAUDIT', b'"ERR_PNPM_')):
        return True
    return "message" in found and any(_ENDPOINT in bytes(found[name]) for name in ("message", "uri") if name in found)


def _yarn(source: Source) -> str | None:
    """Returns which Yarn wrote the lines of a file; None when none did."""
    if source.head[:1] != b"{":
        return None
    read = LineReader()
    try:
        for _, line in islice(source.lines(), _FIRST_LINES):
            record = read.object(line) or {}
            if record.keys() == _YARN_1 and record["type"] in _YARN_1_TYPES:
                return "Yarn 1"
            held = record["children"] if record.keys() == _YARN_4 else None
            if isinstance(held, dict) and {"ID", "Severity", "Tree Versions"} <= held.keys():
                return "Yarn 4"
    except InputError:
        return None
    return None


def _parse(source: Source) -> Parsed:
    if yarn := _yarn(source):
        raise InputError(f"lines of {yarn}'s audit", expected="npm audit --json, or yarn npm audit --json of Yarn 2 and 3")
    if _is_failure(source.json_members):
        raise _failed(source.json)
    document = shaped(source.json, dict[str, Any])
    if document.get("error") and not any(document.get(name) for name in ("vulnerabilities", "advisories")):
        raise _failed(document)
    if "auditReportVersion" in document:
        return _parse_new(document)
    if "advisories" not in document:
        raise InputError("no advisories", expected="an npm audit report")
    return _parse_old(document)


def _failed(document: Any) -> InputError:
    error = document.get("error")
    words = [error.get("code"), error.get("summary") or error.get("message")] if isinstance(error, dict) else []
    # npm's own message begins with the status code
    words += [] if any(words) else [document.get("message") or document.get("statusCode")]
    why = " ".join(re.sub(r"(?<=://)[^/@\s]+@", "", str(word)).strip() for word in words if word)
    return InputError(f"a failed audit ({shorten(' '.join(why.split()), _SHOWN)})", expected="the report of an audit that ran")


def _parse_new(document: dict[str, Any]) -> Parsed:
    if document["auditReportVersion"] != _VERSION:
        raise InputError(f"auditReportVersion {document['auditReportVersion']!r}", expected=str(_VERSION), where="/auditReportVersion")
    report = shaped(document, _New)
    rows = Rows()
    for name, package in report.vulnerabilities.items():
        rows.add(_of_package(name, package, rows))
    listed = Counter(package.severity for package in report.vulnerabilities.values())
    counted = _counted(report.metadata)
    differ = sum(counted.values()) != sum(listed.values()) or any(counted[word] != listed[word] for word in counted)
    return statement(
        rows,
        Tool("npm audit"),
        "sca",
        scanned=_audited(report.metadata, "dependencies", "total"),
        scanned_what="packages",
        incomplete=reasons(
            f"{count_of(rows.total, 'package is', 'packages are')} listed, but metadata counts {sum(counted.values())} (filtered or cut)"
            if counted and differ
            else None,
            _ERROR if document.get("error") else None,
        ),
    )


def _of_package(name: str, package: _Package, rows: Rows) -> Finding:
    advisories = [via for via in package.via if isinstance(via, _Via)]
    needed = [via for via in package.via if isinstance(via, str)]
    ids = list(dict.fromkeys(_id(None, via.url, via.source if via.source is not None else via.id) for via in advisories))
    titles = list(dict.fromkeys(via.title for via in advisories if via.title))
    fix = package.fix if isinstance(package.fix, dict) and package.fix.get("name") == name else {}
    return Finding(
        rule=shorten(", ".join(ids) or (f"via {', '.join(needed)}" if needed else "unknown"), _SHOWN),
        severity=severity.from_word(package.severity).value,
        package=name,
        fixed_in=fix["version"] if isinstance(fix.get("version"), str) else None,
        fingerprint=rows.unique(name, package.severity, *sorted(ids), *sorted(needed)),
        message=shorten("; ".join(titles) or (f"Depends on vulnerable versions of {', '.join(needed)}" if needed else "")) or None,
    )


def _parse_old(document: dict[str, Any]) -> Parsed:
    report = shaped(document, _Old)
    rows = Rows()
    for key, advisory in report.advisories.items():
        rows.add(_of_advisory(key, advisory, rows))
    listed = {advisory.severity for advisory in report.advisories.values()}
    missing = [f"{count} {word}" for word, count in _counted(report.metadata).items() if count and word not in listed]
    return statement(
        rows,
        Tool("npm audit"),
        "sca",
        suppressed=len(report.muted or ()),
        scanned=_audited(report.metadata, "totalDependencies"),
        scanned_what="packages",
        incomplete=reasons(
            f"metadata counts {', '.join(missing)}, of which none is listed (filtered or cut)" if missing else None,
            _ERROR if document.get("error") else None,
        ),
    )


def _of_advisory(key: str, advisory: _Advisory, rows: Rows) -> Finding:
    versions = list(dict.fromkeys(found.version for found in advisory.findings or () if found.version))
    rule = _id(advisory.github_advisory_id, advisory.url, advisory.id if advisory.id is not None else key)
    return Finding(
        rule=rule,
        severity=severity.from_word(advisory.severity).value,
        package=advisory.module_name,
        package_version=shorten(", ".join(versions), _SHOWN) or None,
        fixed_in=advisory.patched_versions if advisory.patched_versions != "<0.0.0" else None,
        fingerprint=rows.unique(rule, advisory.module_name),
        message=shorten(advisory.title) if advisory.title else None,
    )


def _id(ghsa: str | None, url: str | None, number: int | str | None) -> str:
    """Returns the id of an advisory: that of GitHub's database where the file gives it, else the registry's number."""
    match = _GHSA.search(ghsa or url or "")
    return match[0] if match else str(number) if number is not None else (url or "unknown")


def _counted(metadata: dict[str, Any] | None) -> Counter[str]:
    """Returns what the report's own summary counts, by severity; NaN was written as null for a while (npm/cli issue 5524)."""
    counts = (metadata or {}).get("vulnerabilities")
    found: Counter[str] = Counter()
    for word, value in counts.items() if isinstance(counts, dict) else ():
        count = whole(value, f"/metadata/vulnerabilities/{word}")
        if count is not None and word not in ("total", "null"):
            found[word] = count
    return found


def _audited(metadata: dict[str, Any] | None, *names: str) -> int | None:
    value: Any = metadata
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return whole(value, f"/metadata/{'/'.join(names)}")


NPM_AUDIT_JSON = Format(
    name="npm-audit-json",
    title="npm audit report (npm audit --json)",
    parser=2,
    recognise=_recognise,
    parse=_parse,
    marks=("vulnerabilities", "metadata"),
)
