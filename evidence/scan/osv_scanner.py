"""OSV-Scanner: its JSON report (``osv-scanner --format json``, versions 1 and 2).

- One entry of ``vulnerabilities`` of a package is one finding, as the file lists them. Several entries can be one problem under several
  names (``groups``): a problem that is in the GitHub and in the Python database counts as often as it is listed.
- Severity of an entry: the word of its database, else the highest of its own ratings (CVSS, Ubuntu's priority), else what its group says:
  ``max_severity``, or the highest of the other names of the same problem.
- What its detectors found besides (``experimental_generic_findings``: weak passwords, unsafe settings) are findings, too.
- Its call analysis (``called``, ``unimportant``) closes nothing: such a finding stays open.
- By default only packages with findings are listed, so that nothing says how many were looked at; when packages without findings are
  listed too (``--all-packages``, licence checks), all were.
- A report on an image lists the commands that made its layers; those that may show a secret are masked.
- Violations of the allowed licences (``--licenses=...``) are a statement of their own, of the category licence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from compliance import severity
from compliance.errors import InputError
from compliance.kind import Format, Mask
from compliance.reading.jsontext import elements, members
from compliance.record import Finding, Parsed, Severity, Tool, shorten
from compliance.source import Source

from . import Category
from .masking import Masker, about_secrets
from .osv_record import Record, fixed_in, severity_of
from .rows import Rows, clean_path, dumps, shaped, statement

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
    """A package; before version 1.0.1 its name began with a capital letter."""

    package: _Package | None = None
    old_package: _Package | None = msgspec.field(name="Package", default=None)
    vulnerabilities: list[Record] | None = None
    groups: list[_Group] | None = None
    license_violations: list[str] | None = None

    @property
    def named(self) -> _Package:
        """The package.

        Raises:
            InputError: None is named.
        """
        found = self.package or self.old_package
        if found is None:
            raise InputError("an entry without package", expected="a package with its vulnerabilities", where="/results/*/packages/*")
        return found


class _Place(msgspec.Struct):
    path: str | None = None


class _Result(msgspec.Struct):
    packages: list[_Entry] | None = None
    source: _Place | None = None
    old_source: _Place | None = msgspec.field(name="packageSource", default=None)

    @property
    def path(self) -> str | None:
        """Path of the lock file, bill or folder."""
        place = self.source or self.old_source
        return clean_path(place.path) if place and place.path else None


class _Licences(msgspec.Struct):
    allowlist: list[str] | None = None


class _Config(msgspec.Struct):
    licenses: _Licences | None = None


class _Id(msgspec.Struct, rename="pascal"):
    reference: str | None = None


class _Advice(msgspec.Struct):
    id: _Id | None = msgspec.field(name="ID", default=None)
    title: str | None = msgspec.field(name="Title", default=None)
    severity: int | None = msgspec.field(name="Sev", default=None)


class _Target(msgspec.Struct, rename="pascal"):
    extra: str | None = None


class _Generic(msgspec.Struct):
    """What a detector found that is no vulnerability of a package (OSV-SCALIBR, inventory/finding.go)."""

    advice: _Advice = msgspec.field(name="Adv")
    target: _Target | None = msgspec.field(name="Target", default=None)


class _Report(msgspec.Struct, rename={"generic": "experimental_generic_findings"}):
    results: list[_Result] | None
    generic: list[_Generic] | None = None
    experimental_config: _Config | None = None
    image_metadata: dict[str, Any] | None = None


_SEVERITIES = (Severity.UNKNOWN, Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
"""SCALIBR's numbers for how severe a finding is: unspecified, minimal, low, medium, high, critical."""
_LOGIN = re.compile(r"://[^/\s@]+@|\bBearer\s|\bBasic\s", re.IGNORECASE)
"""What commands log in with: an address with a user, a header."""
_Find = Callable[[_Entry, _Package, str | None, Rows], Iterator[Finding]]


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
        return _stated(results, category, _vulnerabilities, None, report.generic)
    return _stated(results, category, _vulnerabilities, category, report.generic), _stated(results, "licence", _violations, "licence")


def _stated(
    results: Sequence[_Result], category: Category, find: _Find, part: str | None, generic: Sequence[_Generic] | None = None
) -> Parsed:
    rows = Rows()
    for one in generic or ():
        rows.add(_detected(one, rows))
    for result in results:
        for entry in result.packages or ():
            for finding in find(entry, entry.named, result.path, rows):
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


def _detected(found: _Generic, rows: Rows) -> Finding:
    """Makes a finding of what a detector found; the details of the target may show a secret, so that they are only part of its digest."""
    number, id_ = found.advice.severity or 0, found.advice.id
    rule = shorten((id_.reference if id_ else None) or "unknown", 200)
    return Finding(
        rule=rule,
        severity=_SEVERITIES[number].value if 0 <= number < len(_SEVERITIES) else Severity.UNKNOWN.value,
        fingerprint=rows.unique("generic", rule, found.target.extra if found.target else None),
        message=shorten(found.advice.title) if found.advice.title else None,
    )


def _vulnerabilities(entry: _Entry, package: _Package, path: str | None, rows: Rows) -> Iterator[Finding]:
    own = {item.id: severity_of(item, package.name) for item in entry.vulnerabilities or ()}
    for item in entry.vulnerabilities or ():
        found = own[item.id]
        if found is Severity.UNKNOWN:
            found = _severity_of_group([one for one in entry.groups or () if item.id in (one.ids or ())], own)
        yield Finding(
            rule=shorten(item.id, 200),
            severity=found.value,
            fingerprint=rows.unique(item.id, package.name, path),
            package=shorten(_name(package), 300) or None,
            package_version=_version(package),
            path=path,
            message=shorten(text) if (text := item.summary or item.details) else None,
            fixed_in=shorten(", ".join(fixed_in(item, package.name)), 500) or None,
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


def _violations(entry: _Entry, package: _Package, path: str | None, rows: Rows) -> Iterator[Finding]:
    for licence in entry.license_violations or ():
        yield Finding(
            rule=shorten(licence, 200) or "no licence",
            severity=Severity.UNKNOWN.value,
            fingerprint=rows.unique("licence", licence, package.name, path),
            package=shorten(_name(package), 300) or None,
            package_version=_version(package),
            path=path,
            message="a licence that is not on the list of those allowed",
        )


def _name(package: _Package) -> str:
    """A package that is known by its commit only has no name."""
    return package.name or package.commit or ""


def _version(package: _Package) -> str | None:
    return shorten(package.version, 200) if package.version else None


def _redact(source: Source, mask: Mask) -> bytes | None:
    if "image_metadata" not in source.json_members:
        return None
    document, masker = source.json, Masker(mask)
    image = document.get("image_metadata")
    layers = image.get("layer_metadata") if isinstance(image, dict) else None
    for layer in layers if isinstance(layers, list) else ():
        command = layer.get("command") if isinstance(layer, dict) else None
        if isinstance(command, str) and (masker.is_secret_name(command) or about_secrets(command) or _LOGIN.search(command)):
            layer["command"] = masker(command)
    return dumps(document) if masker.used else None


OSV_SCANNER_JSON = Format(
    name="osv-scanner-json",
    title="OSV-Scanner report (osv-scanner --format json)",
    parser=2,
    marks=("results", '"packages"', '"vulnerabilities"'),
    recognise=_recognise,
    parse=_parse,
    redact=_redact,
)
