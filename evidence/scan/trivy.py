"""Trivy: its JSON report, in the layouts that it wrote over the years.

- ``SchemaVersion`` 2 (and ``trivy aws``, without that member): ``Results``, one for each target. Since 0.31 a target without findings is
  left out of it, and with it, in a clean report, all of ``Results``.
- The bare list of these results, until 0.19. ``null``, its clean form for images of no known distribution, names no tool: other scanners
  write the same, so it is not claimed.
- ``trivy k8s``: ``ClusterName`` with ``Resources`` or ``Findings``, or (the first releases) ``Vulnerabilities`` and ``Misconfigurations``.

A file states up to four things; which ones follows from the ``Class`` of its targets:

- vulnerabilities: ``container`` for an image, a virtual machine, a cluster, or anything with packages of a distribution; else ``sca``.
- misconfigurations: ``iac``. ``PASS`` is no finding, ``EXCEPTION`` a suppressed one.
- secrets: ``secrets``. Trivy lists only files with secrets, so that a clean search leaves no trace.
- licences: ``licence``.

``Severity`` stands above all CVSS scores. ``Status`` (affected, fixed, will_not_fix ...) never takes a finding away; those in
``ExperimentalModifiedFindings`` are suppressed. ``scanned`` counts ``Packages``, where they are listed. Compliance reports are not claimed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading.jsontext import elements, members
from compliance.record import Parsed, Tool
from compliance.source import Source

from . import Category
from .rows import Rows, count_of, reasons, shaped, statement, time_of, whole
from .trivy_findings import (
    Findings,
    is_system,
    looks_for_licences,
    looks_for_misconfigurations,
    looks_for_secrets,
    looks_for_vulnerabilities,
)
from .trivy_model import Cluster, Report, Resource, Result
from .trivy_redact import redact

_VERSION = 2
_RESULT = {
    "Class",
    "CustomResources",
    "ExperimentalModifiedFindings",
    "Licenses",
    "MisconfSummary",
    "Misconfigurations",
    "Packages",
    "Secrets",
    "Target",
    "Type",
    "Vulnerabilities",
}
_CLUSTER = ("Resources", "Findings", "Vulnerabilities", "Misconfigurations")
_BARE_CLUSTERS = ({"SchemaVersion", "ClusterName"}, {"SchemaVersion", "CreatedAt", "ClusterName"})
_IMAGES = ("container_image", "vm")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True)
class _Scan:
    """What a file says, in whatever layout."""

    results: Sequence[Result]
    findings: Findings
    tool: Tool
    image: bool
    artifact: str | None = None
    errors: int | None = None
    incomplete: str | None = None
    observed_at: datetime | None = None
    commit: str | None = None


def _recognise(source: Source) -> bool:
    try:
        if source.head.lstrip()[:1] == b"[":
            items = elements(source.document)
            return bool(items) and _is_result(members(items[0]))
        found = source.json_members
        if "ClusterName" in found:
            # An empty list of resources is left out.
            return any(name in found for name in _CLUSTER) or found.keys() in _BARE_CLUSTERS
        return ("SchemaVersion" in found and ("ArtifactName" in found or "ArtifactType" in found)) or {
            "ArtifactType",
            "Results",
        } <= found.keys()
    except InputError:
        return False


def _is_result(found: Mapping[str, msgspec.Raw]) -> bool:
    return "Target" in found and found.keys() <= _RESULT and len(found) > 1


def _parse(source: Source) -> tuple[Parsed, ...]:
    document = source.json
    if isinstance(document, list):
        scan = _of_results(shaped(document, list[Result]))
    elif isinstance(document, dict) and "ClusterName" in document:
        scan = _of_cluster(shaped(document, Cluster))
    else:
        scan = _of_report(shaped(document, Report))
    return tuple(_statements(scan))


def _of_results(results: list[Result]) -> _Scan:
    findings = Findings()
    for number, result in enumerate(results):
        findings.add(result, f"/{number}")
    return _Scan(results, findings, Tool("trivy"), any(map(is_system, results)))


def _of_report(report: Report) -> _Scan:
    if report.schema not in (None, _VERSION):
        raise InputError(f"SchemaVersion {report.schema}", expected=str(_VERSION), where="/SchemaVersion")
    findings, results = Findings(), report.results or []
    for number, result in enumerate(results):
        findings.add(result, f"/Results/{number}")
    metadata = report.metadata
    system, commit = (metadata.system, metadata.commit) if metadata else (None, None)
    ended = (
        f"{system.family} {system.name} is past its end of life: advisories for it are no longer complete"
        if system and system.ended
        else None
    )
    return _Scan(
        results,
        findings,
        Tool("trivy", report.writer.version if report.writer else None),
        report.artifact in _IMAGES or any(map(is_system, results)),
        artifact=report.artifact,
        incomplete=ended,
        observed_at=time_of(report.created),
        commit=commit if commit and _COMMIT.fullmatch(commit) else None,
    )


def _of_cluster(cluster: Cluster) -> _Scan:
    lists = (cluster.resources, cluster.findings, cluster.vulnerabilities, cluster.misconfigurations)
    findings, results, errors = Findings(), list[Result](), 0
    for name, resources in zip(_CLUSTER, lists, strict=True):
        for number, resource in enumerate(resources or ()):
            errors += bool(resource.error)
            for inner, result in enumerate(resource.results or ()):
                findings.add(result, f"/{name}/{number}/Results/{inner}", _owner(resource))
                results.append(result)
    failed = f"{count_of(errors, 'resource', 'resources')} of the cluster could not be scanned" if errors else None
    return _Scan(results, findings, Tool("trivy"), True, artifact="cluster", errors=errors, incomplete=failed)


def _owner(resource: Resource) -> str:
    return "/".join(part or "" for part in (resource.namespace, resource.kind, resource.name))


def _statements(scan: _Scan) -> list[Parsed]:
    packages: Category = "container" if scan.image else "sca"
    looked: list[tuple[Category, Callable[[Result], bool], Rows]] = [
        (packages, looks_for_vulnerabilities, scan.findings.vulnerabilities),
        ("iac", looks_for_misconfigurations, scan.findings.misconfigurations),
        ("secrets", looks_for_secrets, scan.findings.secrets),
        ("licence", looks_for_licences, scan.findings.licences),
    ]
    there = [(category, rows) for category, looks, rows in looked if any(map(looks, scan.results))]
    nothing = None if there else "the report lists nothing that was scanned"
    if not there:
        there = [("iac" if scan.artifact == "aws_account" else packages, Rows())]
    return [_statement(scan, category, rows, nothing, alone=len(there) == 1) for category, rows in there]


def _statement(scan: _Scan, category: Category, rows: Rows, nothing: str | None, *, alone: bool) -> Parsed:
    packages = category in ("container", "sca")
    exceptions, missing = _checks(scan) if category == "iac" else (0, None)
    return statement(
        rows,
        scan.tool,
        category,
        part=None if alone else category,
        suppressed=exceptions,
        scanned=_packages(scan.results) if packages else None,
        scanned_what="packages",
        errors=scan.errors,
        incomplete=reasons(nothing, missing, scan.incomplete if packages or scan.errors else None),
        observed_at=scan.observed_at,
        commit=scan.commit,
    )


def _packages(results: Sequence[Result]) -> int | None:
    """Counts packages. None when a target has vulnerabilities and does not list its packages, or none does: an empty list is left out."""
    looked = [result for result in results if looks_for_vulnerabilities(result)]
    if all(result.packages is None for result in looked) or any(result.packages is None and result.vulnerabilities for result in looked):
        return None
    return sum(len(result.packages or ()) for result in looked)


def _checks(scan: _Scan) -> tuple[int, str | None]:
    """Compares the summaries with what is listed: returns exceptions that are counted only, and what is missing."""
    summaries = [(number, result.summary) for number, result in enumerate(scan.results) if result.summary]
    failures = sum(whole(summary.failures, f"/Results/{number}/MisconfSummary/Failures") or 0 for number, summary in summaries)
    exceptions = sum(whole(summary.exceptions, f"/Results/{number}/MisconfSummary/Exceptions") or 0 for number, summary in summaries)
    listed = scan.findings.failures
    lost = f"{count_of(listed, 'failed check is', 'failed checks are')} listed, but summaries count {failures} (filtered or cut)"
    return max(0, exceptions - scan.findings.exceptions), lost if failures > listed else None


TRIVY_JSON = Format(
    name="trivy-json",
    title="Trivy report (trivy ... --format json)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    redact=redact,
    marks=("SchemaVersion", "ArtifactType", "ArtifactName", "Results"),
)
