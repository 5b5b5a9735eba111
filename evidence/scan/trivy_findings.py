"""Turns the findings of a Trivy report into rows, one set for each thing that Trivy looks for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from compliance import severity
from compliance.errors import InputError
from compliance.record import Finding, shorten

from .rows import Rows, clean_path, line_of, shaped
from .trivy_model import Licence, Misconfiguration, Modified, Result, Secret, Vulnerability

_SYSTEMS = (
    "alma|alpine|amazon|azurelinux|bottlerocket|cbl-mariner|centos|chainguard|debian|echo|fedora|minimos|opensuse[\\w.-]*|oracle|photon|"
    "redhat|rocky|sles|slem|suse linux enterprise[\\w. -]*|ubuntu|wolfi"
)
"""Families of distributions (Trivy, pkg/fanal/types/const.go)."""
_SYSTEM = re.compile(_SYSTEMS, re.IGNORECASE)
_SYSTEM_TARGET = re.compile(rf"\((?:{_SYSTEMS})\b[^()]*\)$", re.IGNORECASE)
_SHORT = 200
"""Characters at the end of a target in which its distribution is looked for."""
_PACKAGES = frozenset({"os-pkgs", "lang-pkgs"})
_LICENCES = frozenset({"license", "license-file"})


@dataclass
class Findings:
    """All findings of a report, counted while they are added."""

    vulnerabilities: Rows = field(default_factory=Rows)
    misconfigurations: Rows = field(default_factory=Rows)
    secrets: Rows = field(default_factory=Rows)
    licences: Rows = field(default_factory=Rows)
    failures: int = 0
    """Failed checks that are listed."""
    exceptions: int = 0
    """Failed checks that are listed as exceptions."""

    def add(self, result: Result, where: str, owner: str = "") -> None:
        """Adds the findings of one target.

        Args:
            result: The target.
            where: Its JSON pointer.
            owner: The cluster's resource that it belongs to.
        """
        place = _Place(result, where, owner)
        for number, vulnerability in enumerate(result.vulnerabilities or ()):
            self._vulnerability(place.at(f"Vulnerabilities/{number}"), vulnerability, "open")
        for number, check in enumerate(result.misconfigurations or ()):
            self._misconfiguration(place.at(f"Misconfigurations/{number}"), check, "open")
        for number, secret in enumerate(result.secrets or ()):
            self._secret(place.at(f"Secrets/{number}"), secret, "open")
        for number, licence in enumerate(result.licences or ()):
            self._licence(place.at(f"Licenses/{number}"), licence, "open")
        for number, modified in enumerate(result.modified or ()):
            self._modified(place.at(f"ExperimentalModifiedFindings/{number}"), modified)

    def _modified(self, place: _Place, modified: Modified) -> None:
        where = f"{place.where}/Finding"
        if modified.type == "vulnerability":
            self._vulnerability(place, shaped(modified.finding, Vulnerability, where), "suppressed")
        elif modified.type == "misconfiguration":
            self._misconfiguration(place, shaped(modified.finding, Misconfiguration, where), "suppressed")
        elif modified.type == "secret":
            self._secret(place, shaped(modified.finding, Secret, where), "suppressed")
        elif modified.type == "license":
            self._licence(place, shaped(modified.finding, Licence, where), "suppressed")
        else:
            raise InputError(
                shorten(repr(modified.type), 40), expected="vulnerability, misconfiguration, secret or license", where=place.where
            )

    def _vulnerability(self, place: _Place, found: Vulnerability, state: str) -> None:
        # The target of system packages names the image with its tag, which changes with each build.
        file = found.path or (None if is_system(place.result) else place.result.target)
        rule = found.id or "unknown"
        text = found.title or found.description
        self.vulnerabilities.add(
            Finding(
                rule=rule,
                severity=severity.from_word(found.severity).value,
                state=state,
                package=found.package,
                package_version=found.installed or None,
                fixed_in=found.fixed or None,
                fingerprint=self.vulnerabilities.unique(rule, place.owner, found.package, file),
                path=clean_path(file) if file else None,
                message=shorten(text) if text else None,
            )
        )

    def _misconfiguration(self, place: _Place, found: Misconfiguration, state: str) -> None:
        if found.status == "PASS":
            return
        excepted = found.status == "EXCEPTION"
        self.failures += state == "open" and not excepted
        self.exceptions += excepted
        cause = found.cause
        rule, target = found.id or found.avd_id or "unknown", clean_path(place.result.target or "")
        text = ": ".join(dict.fromkeys(part for part in (found.title, found.message) if part))
        self.misconfigurations.add(
            Finding(
                rule=rule,
                severity=severity.from_word(found.severity).value,
                state="suppressed" if excepted else state,
                fingerprint=self.misconfigurations.unique(rule, place.owner, target, cause.resource if cause else None, found.message),
                path=target or None,
                line=place.line(cause.start_line if cause else None),
                message=shorten(text) or None,
            )
        )

    def _secret(self, place: _Place, found: Secret, state: str) -> None:
        rule, target = found.rule or "unknown", clean_path(place.result.target or "")
        self.secrets.add(
            Finding(
                rule=rule,
                severity=severity.from_word(found.severity).value,
                state=state,
                fingerprint=self.secrets.unique(rule, place.owner, target, (found.match or "").strip()),
                path=target or None,
                line=place.line(found.line),
                message=shorten(found.title) if found.title else None,
            )
        )

    def _licence(self, place: _Place, found: Licence, state: str) -> None:
        name, path = found.name or "unknown", clean_path(found.path or "")
        self.licences.add(
            Finding(
                rule=shorten(name, 200),
                severity=severity.from_word(found.severity).value,
                state=state,
                package=found.package or None,
                fingerprint=self.licences.unique(name, place.owner, found.package, path),
                path=path or None,
                message=found.category or None,
            )
        )


@dataclass(frozen=True)
class _Place:
    """Where a finding stands."""

    result: Result
    where: str
    owner: str

    def at(self, inner: str) -> _Place:
        return _Place(self.result, f"{self.where}/{inner}", self.owner)

    def line(self, number: int | None) -> int | None:
        try:
            return line_of(number)
        except InputError as error:
            raise InputError(error.found, expected=error.expected, where=self.where) from error


def is_system(result: Result) -> bool:
    """Whether these are packages of a distribution; the legacy list says so by the type, or only by the name of the target."""
    if result.class_ is not None:
        return result.class_ == "os-pkgs"
    if result.type is not None:
        return _SYSTEM.fullmatch(result.type) is not None
    return _SYSTEM_TARGET.search((result.target or "")[-_SHORT:]) is not None


def looks_for_vulnerabilities(result: Result) -> bool:
    """Whether packages were compared with advisories here: by the class, or, in the legacy list, because nothing else was looked for."""
    if result.class_ is None:
        return not (looks_for_misconfigurations(result) or result.secrets or result.licences)
    return result.class_ in _PACKAGES or bool(result.vulnerabilities) or _has(result, "vulnerability")


def looks_for_misconfigurations(result: Result) -> bool:
    """Whether a configuration file was checked here."""
    checked = result.summary is not None or bool(result.misconfigurations)
    return result.class_ == "config" or checked or _has(result, "misconfiguration")


def looks_for_secrets(result: Result) -> bool:
    """Whether secrets were looked for here; Trivy lists only files in which it found some."""
    return result.class_ == "secret" or bool(result.secrets) or _has(result, "secret")


def looks_for_licences(result: Result) -> bool:
    """Whether licences were looked for here."""
    return result.class_ in _LICENCES or bool(result.licences) or _has(result, "license")


def _has(result: Result, type_: str) -> bool:
    return any(modified.type == type_ for modified in result.modified or ())
