"""Reads one SARIF run: its results one by one, so that memory stays bounded, and what it says about itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from compliance.reading import jsontext
from compliance.source import parse_time

from . import Category
from .rows import Rows, count_of, reasons, shaped
from .sarif_model import Artifact, Invocation, Revision, ToolObject
from .sarif_results import Results
from .sarif_rules import Rules
from .sarif_tools import category_by_names, category_of_rules, is_secret_rule, known_category, marks_all

T = TypeVar("T")

EXTERNAL = ("results", "driver", "extensions", "invocations")
"""Parts of a run that change what it found, when they are kept outside of it (section 3.15.3)."""
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run says, besides its findings."""

    tool: str
    version: str | None
    category: Category | None
    """None when neither its name nor its rules tell."""
    rules: int | None
    scanned: int | None
    errors: int | None
    """Errors that the tool reports of its run; None when it does not describe its run."""
    ended: datetime | None
    commit: str | None
    incomplete: str | None
    secrets: bool
    """Whether a result may show a secret: the tool looks for them, or a rule is about them."""


def read_run(run: Mapping[str, msgspec.Raw], where: str, rows: Rows) -> Run:
    """Reads a run and adds its findings to ``rows``.

    Raises:
        InputError: Something in it is not SARIF 2.1.0.
    """
    found = dict(run)
    results = found.pop("results", None)
    artifacts = _artifacts(found.pop("artifacts", None), where)
    parts = {name: jsontext.loads(bytes(value)) for name, value in found.items()}
    tool = shaped(parts.get("tool"), ToolObject, f"{where}/tool")
    invocations = _list(parts, "invocations", Invocation, where)
    rules = Rules(tool, invocations)
    reader = Results(rules, artifacts, rows, all_marked=marks_all(tool.driver.name))
    computed = results is not None and not _is_null(results)
    if results is not None and computed:
        with jsontext.collector_paused():
            reader.read(jsontext.elements(results), f"{where}/results")
    category = _category(tool.driver.name, parts, rules, reader)
    errors = sum(_errors(invocation) for invocation in invocations)
    listed = sum(1 for _ in rules)
    return Run(
        tool=tool.driver.name,
        version=next((text for text in (tool.driver.version, tool.driver.semantic_version) if isinstance(text, str) and text), None),
        category=category,
        rules=listed or None,
        scanned=sum("analysisTarget" in (artifact.roles or ()) for artifact in artifacts) or None,
        errors=errors if invocations else None,
        ended=_ended(invocations),
        commit=_commit(_list(parts, "versionControlProvenance", Revision, where)),
        incomplete=_incomplete(tool.driver.name, category, computed, invocations, errors, parts),
        secrets=known_category(tool.driver.name) == "secrets"
        or any(is_secret_rule(rule.id or "", rule) for rule in rules)
        or any(is_secret_rule(rule_id, None) for rule_id in reader.named),
    )


def _incomplete(
    tool: str, category: Category | None, computed: bool, invocations: Sequence[Invocation], errors: int, parts: Mapping[str, Any]
) -> str | None:
    outside = parts.get("externalPropertyFileReferences")
    kept = [name for name in EXTERNAL if isinstance(outside, dict) and outside.get(name)]
    return reasons(
        None if computed else f"the run of {tool} computed no results",
        f"the run of {tool} was not successful" if any(item.execution_successful is False for item in invocations) else None,
        f"{tool} reports {count_of(errors, 'error', 'errors')} of its own" if errors else None,
        f"{', '.join(kept)} of the run are kept in other files" if kept else None,
        None if category else f"{tool} is no known scanner and none of its rules is about security",
    )


def _category(tool: str, parts: Mapping[str, Any], rules: Rules, reader: Results) -> Category | None:
    known = known_category(tool)
    if known is None:
        return category_of_rules(list(rules), reader.rule_ids, reader.weaknesses)
    properties = parts.get("properties")
    # Trivy names the image that it scanned, and nothing when it scanned a folder.
    if known == "sca" and isinstance(properties, dict) and properties.get("imageName"):
        return "container"
    return category_by_names(rules, known)


def _errors(invocation: Invocation) -> int:
    notifications = (*(invocation.tool_execution_notifications or ()), *(invocation.tool_configuration_notifications or ()))
    return sum(notification.level == "error" for notification in notifications)


def _ended(invocations: Sequence[Invocation]) -> datetime | None:
    """Returns when the run ended (or, when it does not say, began); None without zone."""
    times = [parse_time(invocation.end_time_utc or invocation.start_time_utc or "") for invocation in invocations]
    return max((time for time in times if time is not None), default=None)


def _commit(revisions: Sequence[Revision]) -> str | None:
    """Returns the commit when exactly one repository is named, with a full id."""
    named = [revision.revision_id for revision in revisions]
    return named[0] if len(named) == 1 and named[0] is not None and _COMMIT.fullmatch(named[0]) else None


def _list(parts: Mapping[str, Any], name: str, type_: type[T], where: str) -> list[T]:
    items = parts.get(name)
    return (
        []
        if items is None
        else [shaped(item, type_, f"{where}/{name}/{i}") for i, item in enumerate(shaped(items, list[Any], f"{where}/{name}"))]
    )


def _artifacts(text: msgspec.Raw | None, where: str) -> list[Artifact]:
    """Reads artifacts one by one: they may hold whole files."""
    if text is None or _is_null(text):
        return []
    items = enumerate(jsontext.elements(text))
    return [shaped(jsontext.loads(bytes(item)), Artifact, f"{where}/artifacts/{number}") for number, item in items]


def _is_null(text: msgspec.Raw) -> bool:
    return bytes(memoryview(text)[:4]) == b"null"
