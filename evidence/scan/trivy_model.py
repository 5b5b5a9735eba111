"""The parts of a Trivy report that are read, as typed structures (Trivy, pkg/types and pkg/k8s/report).

Members that are not listed are left out. ``null`` counts as absent: Trivy wrote empty lists so for years.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class Vulnerability(Struct):
    """A vulnerability in a package. Old sources name no more than the package."""

    id: str | None = field(name="VulnerabilityID", default=None)
    package: str | None = field(name="PkgName", default=None)
    path: str | None = field(name="PkgPath", default=None)
    installed: str | None = field(name="InstalledVersion", default=None)
    fixed: str | None = field(name="FixedVersion", default=None)
    severity: str | None = field(name="Severity", default=None)
    title: str | None = field(name="Title", default=None)
    description: str | None = field(name="Description", default=None)


class Cause(Struct, rename="pascal"):
    """Where a misconfiguration is."""

    resource: str | None = None
    start_line: int | None = None


class Misconfiguration(Struct):
    """The outcome of a check of a configuration file."""

    id: str | None = field(name="ID", default=None)
    avd_id: str | None = field(name="AVDID", default=None)
    title: str | None = field(name="Title", default=None)
    message: str | None = field(name="Message", default=None)
    severity: str | None = field(name="Severity", default=None)
    status: str | None = field(name="Status", default=None)
    cause: Cause | None = field(name="CauseMetadata", default=None)


class Secret(Struct):
    """A secret; ``Match`` is the line that holds it, masked before it gets here."""

    rule: str | None = field(name="RuleID", default=None)
    severity: str | None = field(name="Severity", default=None)
    title: str | None = field(name="Title", default=None)
    line: int | None = field(name="StartLine", default=None)
    match: str | None = field(name="Match", default=None)


class Licence(Struct):
    """A licence of a package or file."""

    name: str | None = field(name="Name", default=None)
    severity: str | None = field(name="Severity", default=None)
    category: str | None = field(name="Category", default=None)
    package: str | None = field(name="PkgName", default=None)
    path: str | None = field(name="FilePath", default=None)


class Modified(Struct, rename="pascal"):
    """A finding that an ignore file or a VEX document took out of the list (with ``--show-suppressed``)."""

    type: str
    finding: dict[str, Any]


class Summary(Struct, rename="pascal"):
    """Counts of checks of one target."""

    failures: int | None = None
    exceptions: int | None = None


class Result(Struct):
    """What was found in one target, such as a lock file, the packages of an image, a configuration file."""

    target: str | None = field(name="Target", default=None)
    class_: str | None = field(name="Class", default=None)
    type: str | None = field(name="Type", default=None)
    packages: list[Any] | None = field(name="Packages", default=None)
    vulnerabilities: list[Vulnerability] | None = field(name="Vulnerabilities", default=None)
    summary: Summary | None = field(name="MisconfSummary", default=None)
    misconfigurations: list[Misconfiguration] | None = field(name="Misconfigurations", default=None)
    secrets: list[Secret] | None = field(name="Secrets", default=None)
    licences: list[Licence] | None = field(name="Licenses", default=None)
    modified: list[Modified] | None = field(name="ExperimentalModifiedFindings", default=None)


class System(Struct):
    """The distribution of an image."""

    family: str | None = field(name="Family", default=None)
    name: str | None = field(name="Name", default=None)
    ended: bool | None = field(name="EOSL", default=None)


class Metadata(Struct):
    """What was scanned."""

    system: System | None = field(name="OS", default=None)
    commit: str | None = field(name="Commit", default=None)


class Writer(Struct, rename="pascal"):
    """The tool; only recent versions name theirs."""

    version: str | None = None


class Report(Struct):
    """The report on one artifact."""

    schema: int | None = field(name="SchemaVersion", default=None)
    writer: Writer | None = field(name="Trivy", default=None)
    created: str | None = field(name="CreatedAt", default=None)
    artifact: str | None = field(name="ArtifactType", default=None)
    metadata: Metadata | None = field(name="Metadata", default=None)
    results: list[Result] | None = field(name="Results", default=None)


class Resource(Struct, rename="pascal"):
    """What was found in one resource of a cluster."""

    namespace: str | None = None
    kind: str | None = None
    name: str | None = None
    results: list[Result] | None = None
    error: str | None = None


class Cluster(Struct, rename="pascal"):
    """The report on a cluster: resources, or findings grouped by them; in the first releases two lists."""

    resources: list[Resource] | None = None
    findings: list[Resource] | None = None
    vulnerabilities: list[Resource] | None = None
    misconfigurations: list[Resource] | None = None
