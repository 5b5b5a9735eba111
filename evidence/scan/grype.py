"""Grype: its JSON report.

One match is one finding, as the file lists them: a package that is found in several places, or by several matchers, gives several.
``ignoredMatches`` are suppressed: rules of the user, VEX documents, and rules of Grype itself took them out.

- Severities are Critical, High, Medium, Low, Negligible (info) and Unknown; a match without one is unknown.
- Fixes stand in ``vulnerability.fix.versions``; the first releases wrote ``fixedInVersion`` or ``fixed-in-version``, and the bare list of
  matches. An empty list names no tool, so it is not claimed.
- Category: ``container`` for an image, and for anything with a distribution or its packages; else ``sca``.
- Grype never says how many packages it looked at.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from compliance import severity
from compliance.errors import InputError
from compliance.kind import Format, Mask
from compliance.reading import jsontext
from compliance.reading.jsontext import elements, members
from compliance.record import Finding, Parsed, Tool, shorten
from compliance.source import Source

from . import Category
from .masking import Masker
from .rows import Rows, clean_path, count_of, dumps, reasons, shaped, statement, time_of

_SYSTEM = frozenset({"alpm", "apk", "deb", "linux-kernel", "linux-kernel-module", "portage", "rpm"})
"""Types of packages that a distribution installs (syft/pkg/type.go)."""
_DISABLED, _ENDED = "distro-disabled", "distro-eol"
"""Alerts about packages that were not matched, and about those that no advisories are written for any more."""
_DETAILS = ("matchDetails", "match-details", "matched-by", "relatedVulnerabilities")


class _Fix(Struct):
    versions: list[str] | None = None


class _Vulnerability(Struct, rename={"fixed_in": "fixedInVersion", "fixed_in_old": "fixed-in-version"}):
    id: str
    severity: str | None = None
    description: str | None = None
    fix: _Fix | None = None
    fixed_in: str | None = None
    fixed_in_old: str | None = None


class _Location(Struct):
    path: str | None = None


class _Artifact(Struct):
    name: str
    version: str | None = None
    type: str | None = None
    locations: list[str | _Location] | None = None


class _Match(Struct):
    vulnerability: _Vulnerability
    artifact: _Artifact


class _Named(Struct):
    type: str | None = None
    name: str | None = None


class _Descriptor(Struct):
    name: str | None = None
    version: str | None = None
    timestamp: str | None = None
    db: dict[str, Any] | None = None


class _Alerts(Struct):
    alerts: list[_Named] | None = None


class _Document(Struct, rename={"ignored": "ignoredMatches", "alerts": "alertsByPackage"}):
    matches: list[_Match]
    ignored: list[_Match] | None = None
    source: _Named | None = None
    distro: _Named | None = None
    descriptor: _Descriptor | None = None
    alerts: list[_Alerts] | dict[str, Any] | None = None


def _recognise(source: Source) -> bool:
    try:
        if source.head.lstrip()[:1] == b"[":
            return _is_match(elements(source.document))
        found = source.json_members
        if "matches" not in found:
            return False
        if "descriptor" in found and bytes(members(found["descriptor"]).get("name", b"")) == b'"grype"':
            return True
        matches = elements(found["matches"])
        return _is_match(matches) or (not matches and {"source", "distro"} <= found.keys())
    except InputError:
        return False


def _is_match(items: Sequence[msgspec.Raw]) -> bool:
    keys = members(items[0]).keys() if items else set[str]()
    return {"vulnerability", "artifact"} <= keys and any(name in keys for name in _DETAILS)


def _parse(source: Source) -> Parsed:
    document = source.json
    report = _Document(shaped(document, list[_Match])) if isinstance(document, list) else shaped(document, _Document)
    rows = Rows()
    for match in report.matches:
        rows.add(_finding(match, rows, "open"))
    for match in report.ignored or ():
        rows.add(_finding(match, rows, "suppressed"))
    descriptor = report.descriptor or _Descriptor()
    database = _database(descriptor.db)
    disabled, ended = (_alerted(report.alerts, type_) for type_ in (_DISABLED, _ENDED))
    packages = {count: count_of(count, "package", "packages") for count in (disabled, ended)}
    return statement(
        rows,
        Tool("grype", _version(descriptor.version)),
        _category(report),
        skipped=disabled or None,
        database_at=time_of(database.get("built")),
        incomplete=reasons(
            f"{packages[disabled]} of distributions that Grype has no advisories for" if disabled else None,
            f"{packages[ended]} of distributions past their end of life, for which advisories are no longer written" if ended else None,
            "the advisory database was not valid" if database.get("error") or database.get("valid") is False else None,
        ),
        observed_at=time_of(descriptor.timestamp),
    )


def _finding(match: _Match, rows: Rows, state: str) -> Finding:
    flaw, package = match.vulnerability, match.artifact
    places = [place if isinstance(place, str) else place.path for place in package.locations or ()]
    path = clean_path(places[0]) if places and places[0] else None
    fixed_in = ", ".join((flaw.fix.versions if flaw.fix else None) or ()) or flaw.fixed_in or flaw.fixed_in_old
    return Finding(
        rule=flaw.id,
        severity=severity.from_word(flaw.severity).value,
        state=state,
        package=package.name,
        package_version=package.version or None,
        fixed_in=fixed_in or None,
        fingerprint=rows.unique(flaw.id, package.name, path),
        path=path,
        message=shorten(flaw.description) if flaw.description else None,
    )


def _category(report: _Document) -> Category:
    image = report.source is not None and report.source.type == "image"
    distribution = report.distro is not None and bool(report.distro.name)
    system = any(match.artifact.type in _SYSTEM for match in (*report.matches, *(report.ignored or ())))
    return "container" if image or distribution or system else "sca"


def _version(version: str | None) -> str | None:
    """Returns the version; builds from source write ``[not provided]``."""
    return None if not version or version.startswith("[") else version


def _database(value: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Returns what is said of the advisory database: since schema 6 in ``status``, beside its providers."""
    status = (value or {}).get("status")
    return status if isinstance(status, dict) else value or {}


def _alerted(alerts: list[_Alerts] | dict[str, Any] | None, type_: str) -> int:
    packages = alerts if isinstance(alerts, list) else ()
    return sum(any(alert.type == type_ for alert in package.alerts or ()) for package in packages)


def redact(source: Source, mask: Mask) -> bytes | None:
    """Masks the configuration of an image (``source.target.config``, base64) whose environment names a secret."""
    found = source.json_members
    if "source" not in found or b'"config"' not in bytes(found["source"]):
        return None
    document = source.json
    target = document["source"].get("target") if isinstance(document["source"], dict) else None
    config = target.get("config") if isinstance(target, dict) else None
    masker = Masker(mask)
    if isinstance(target, dict) and isinstance(config, str) and _names_secret(config):
        target["config"] = masker(config)
    return dumps(document) if masker.used else None


def _names_secret(config: str) -> bool:
    """Whether an image's configuration, in base64, sets a variable that is named like a secret."""
    try:
        text = base64.b64decode(config, validate=True).decode()
        jsontext.loads(text.encode())
    except (binascii.Error, UnicodeDecodeError, ValueError, InputError):
        return False
    probe = Masker(lambda _: "")
    probe.assignments(text)
    return probe.used > 0


GRYPE_JSON = Format(
    name="grype-json",
    title="Grype report (grype -o json)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    redact=redact,
    marks=("matches", "descriptor", "source"),
)
