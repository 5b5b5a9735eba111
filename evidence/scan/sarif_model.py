"""The parts of SARIF that are read, as typed structures (OASIS SARIF 2.1.0, section 3).

Members that are not listed are left out; what is listed must have its type, or the file is refused. ``null`` counts as absent, because
several exporters write it.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Text(Struct, rename="camel"):
    """A message or multiformat message string (sections 3.11, 3.12); Markdown is ignored."""

    text: str | None = None
    id: str | None = None
    arguments: list[str] | None = None


class Snippet(Struct):
    """An artifact content object (section 3.3)."""

    text: str | None = None


class Region(Struct, rename="camel"):
    """A region (section 3.30)."""

    start_line: int | None = None
    snippet: Snippet | None = None


class ArtifactLocation(Struct, rename="camel"):
    """Where an artifact is (section 3.4)."""

    uri: str | None = None
    index: int | None = None


class PhysicalLocation(Struct, rename="camel"):
    """A place in an artifact (section 3.29)."""

    artifact_location: ArtifactLocation | None = None
    region: Region | None = None


class LogicalLocation(Struct, rename="camel"):
    """A namespace, type or function (section 3.33)."""

    name: str | None = None
    fully_qualified_name: str | None = None


class Location(Struct, rename="camel"):
    """A location (section 3.28)."""

    physical_location: PhysicalLocation | None = None
    logical_locations: list[LogicalLocation] | None = None


class ComponentReference(Struct, rename="camel"):
    """Names a tool component (section 3.54)."""

    index: int | None = None
    name: str | None = None
    guid: str | None = None


class RuleReference(Struct, rename="camel"):
    """Names a rule or notification descriptor (section 3.52)."""

    id: str | None = None
    index: int | None = None
    guid: str | None = None
    tool_component: ComponentReference | None = None


class Suppression(Struct, rename="camel"):
    """A request to leave a result out (section 3.35)."""

    status: str | None = None


class Provenance(Struct, rename="camel"):
    """How a result came about (section 3.48)."""

    invocation_index: int | None = None


class Result(Struct, rename="camel"):
    """A result (section 3.27)."""

    rule_id: str | None = None
    rule_index: int | None = None
    rule: RuleReference | None = None
    kind: str | None = None
    level: str | None = None
    message: Text | None = None
    locations: list[Location] | None = None
    fingerprints: dict[str, Any] | None = None
    partial_fingerprints: dict[str, Any] | None = None
    suppressions: list[Suppression] | None = None
    baseline_state: str | None = None
    provenance: Provenance | None = None
    taxa: list[Any] | None = None
    properties: dict[str, Any] | None = None


class Configuration(Struct, rename="camel"):
    """A rule's configuration (section 3.50)."""

    level: str | None = None


class Relationship(Struct, rename="camel"):
    """Relates a rule to another descriptor, such as a weakness of a taxonomy (section 3.53)."""

    target: RuleReference | None = None


class Rule(Struct, rename="camel"):
    """A rule's descriptor (section 3.49)."""

    id: str | None = None
    name: Any = None
    guid: str | None = None
    default_configuration: Configuration | None = None
    message_strings: dict[str, Text] | None = None
    relationships: list[Relationship] | None = None
    properties: dict[str, Any] | None = None


class Component(Struct, rename="camel"):
    """A tool's driver or extension (section 3.19)."""

    name: str
    version: Any = None
    semantic_version: Any = None
    guid: str | None = None
    rules: list[Rule] | None = None
    global_message_strings: dict[str, Text] | None = None


class ToolObject(Struct, rename="camel"):
    """The tool of a run (section 3.18)."""

    driver: Component
    extensions: list[Component] | None = None


class Notification(Struct, rename="camel"):
    """What the tool says about its own run (section 3.58)."""

    level: str | None = None


class Override(Struct, rename="camel"):
    """A rule's configuration as the run changed it (section 3.51)."""

    configuration: Configuration
    descriptor: RuleReference


class Invocation(Struct, rename="camel"):
    """A run of the tool's executable (section 3.20)."""

    execution_successful: bool | None = None
    start_time_utc: str | None = None
    end_time_utc: str | None = None
    tool_execution_notifications: list[Notification] | None = None
    tool_configuration_notifications: list[Notification] | None = None
    rule_configuration_overrides: list[Override] | None = None


class Revision(Struct, rename="camel"):
    """Version control details (section 3.23)."""

    revision_id: str | None = None


class Artifact(Struct, rename="camel"):
    """A file that the run touched (section 3.24)."""

    location: ArtifactLocation | None = None
    roles: list[str] | None = None
