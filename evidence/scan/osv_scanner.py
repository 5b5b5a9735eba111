"""OSV-Scanner: its JSON report (``osv-scanner --format json``, versions 1 and 2).

- One entry of ``vulnerabilities`` of a package is one finding, as the file lists them. Several entries can be one problem under several
  names (``groups``): a problem that is in the GitHub and in the Python database counts as often as it is listed.
- Severity of an entry: the word of its database, else the highest of its own ratings (CVSS, Ubuntu's priority), else what its group says:
  ``max_severity``, or the highest of the other names of the same problem.
- Its call analysis (``called``, ``unimportant``) closes nothing: such a finding stays open.
- By default only packages with findings are listed, so that nothing says how many were looked at; when packages without findings are
  listed too (``--all-packages``, licence checks), all were.
- Violations of the allowed licences (``--licenses=...``) are a statement of their own, of the category licence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from compliance import severity
from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading.jsontext import elements, members
from compliance.record import Finding, Parsed, Severity, Tool, shorten
from compliance.source import Source

from . import Category
from .osv_record import Record, fixed_in, severity_of
from .rows import Rows, clean_path, shaped, statement

_KNOWN = {"results", "experimental_config", "license_summary", "image_metadata", "experimental_generic_findings"}
"""Members of a document without results; any other one makes it somebody else's."""


class _Group(msgspec.Struct):
    ids: list[str] | None = None
    max_severity: str | None = None


class _Package(msgspec.Struct):
    name: str = ""
    version: str | None = None
    ecosystem: str | None = None
    commit: str | None = None


class _Entry(msgspec.Struct):
    package: _Package
    vulnerabilities: list[Record] | None = None
    groups: list[_Group] | None = None
    license_violations: list[str] | None = None


class _Place(msgspec.Struct):
    path: str | None = None


class _Result(msgspec.Struct):
    packages: list[_Entry] | None = None
    source: _Place | None = None

    @property
    def path(self) -> str | None:
        """Path of the lock file, bill or folder."""
        return clean_path(self.source.path) if self.source and self.source.path else None


class _Licences(msgspec.Struct):
    allowlist: list[str] | None = None


class _Config(msgspec.Struct):
    licenses: _Licences | None = None


class _Report(msgspec.Struct):
    results: list[_Result] | None
    experimental_config: _Config | None = None
    image_metadata: dict[str, Any] | None = None


_Find = Callable[[_Entry, str | None, Rows], Iterator[Finding]]


def _recognise(source: Source) -> bool:
    found = source.json_members
    if "results" not in found:
        return False
    try:
        results = elements(found["results"]) if bytes(found["results"]) != b"null" else []
        return "packages" in members(results[0]) if results else not set(found) - _KNOWN
    except InputError:
        return False


def _parse(source: Source) -> Parsed | tuple[Parsed, ...]:
    report = shaped(source.json, _Report)
    results = report.results or []
    category: Category = "container" if report.image_metadata else "sca"
    licences = report.experimental_config.licenses if report.experimental_config else None
    judged = bool(licences and licences.allowlist) or any(one.license_violations for result in results for one in result.packages or ())
    if not judged:
        return _stated(results, category, _vulnerabilities, None)
    return _stated(results, category, _vulnerabilities, category), _stated(results, "licence", _violations, "licence")


def _stated(results: Sequence[_Result], category: Category, find: _Find, part: str | None) -> Parsed:
    rows = Rows()
    for result in results:
        for entry in result.packages or ():
            for finding in find(entry, result.path, rows):
                rows.add(finding)
    entries = [entry for result in results for entry in result.packages or ()]
    all_listed = category == "licence" or any(not entry.vulnerabilities for entry in entries)
    return statement(
        rows,
        Tool("osv-scanner"),
        category,
        part=part,
        scanned=len(entries) if all_listed else None,
        scanned_what="packages",
        incomplete=None if entries else "no package is listed: nothing says how many were looked at",
    )


def _vulnerabilities(entry: _Entry, path: str | None, rows: Rows) -> Iterator[Finding]:
    own = {item.id: severity_of(item, entry.package.name) for item in entry.vulnerabilities or ()}
    for item in entry.vulnerabilities or ():
        found = own[item.id]
        if found is Severity.UNKNOWN:
            found = _severity_of_group([one for one in entry.groups or () if item.id in (one.ids or ())], own)
        yield Finding(
            rule=shorten(item.id, 200),
            severity=found.value,
            fingerprint=rows.unique(item.id, entry.package.name, path),
            package=shorten(_name(entry.package), 300) or None,
            package_version=_version(entry.package),
            path=path,
            message=shorten(text) if (text := item.summary or item.details) else None,
            fixed_in=shorten(", ".join(fixed_in(item, entry.package.name)), 500) or None,
        )


def _severity_of_group(groups: Sequence[_Group], own: Mapping[str, Severity]) -> Severity:
    """Returns what is known of the same problem under all of its names."""
    said = [severity.from_score(score) for one in groups if (score := _score(one.max_severity)) is not None]
    said += [own[name] for one in groups for name in one.ids or () if name in own]
    return severity.worst(said)


def _score(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _violations(entry: _Entry, path: str | None, rows: Rows) -> Iterator[Finding]:
    for licence in entry.license_violations or ():
        yield Finding(
            rule=shorten(licence, 200) or "no licence",
            severity=Severity.UNKNOWN.value,
            fingerprint=rows.unique("licence", licence, entry.package.name, path),
            package=shorten(_name(entry.package), 300) or None,
            package_version=_version(entry.package),
            path=path,
            message="a licence that is not on the list of those allowed",
        )


def _name(package: _Package) -> str:
    """A package that is known by its commit only has no name."""
    return package.name or package.commit or ""


def _version(package: _Package) -> str | None:
    return shorten(package.version, 200) if package.version else None


OSV_SCANNER_JSON = Format(
    name="osv-scanner-json",
    title="OSV-Scanner report (osv-scanner --format json)",
    parser=1,
    marks=("results", '"packages"', '"vulnerabilities"'),
    recognise=_recognise,
    parse=_parse,
)
