"""Turns SARIF results into findings, one by one, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from compliance.errors import InputError
from compliance.reading import jsontext
from compliance.reading.jsonshape import converted
from compliance.record import Finding, shorten

from .rows import Rows, line_of, misshaped, path_of_uri
from .sarif_model import Artifact, ArtifactLocation, Location, Result, Rule, Suppression
from .sarif_rules import Rules

_NOT_STABLE = frozenset({"commitSha", "email", "author", "date", "commitMessage"})
"""Partial fingerprints of gitleaks that say who committed, not what was found."""
_PLACEHOLDERS = frozenset({"requires login", ""})
"""What Semgrep writes as a fingerprint without an account."""


class Results:
    """Turns results into findings."""

    def __init__(self, rules: Rules, artifacts: Sequence[Artifact], rows: Rows, *, all_marked: bool = False) -> None:
        self._rules = rules
        self._all_marked = all_marked
        """The tool marks every result as suppressed, which says nothing."""
        self._artifacts = artifacts
        self._rows = rows
        self._paths: dict[str, str] = {}
        self.named: set[str] = set()
        """Ids of rules that the results name, those that are no findings too."""
        self.rule_ids: set[str] = set()
        """Ids of the rules of the findings."""
        self.weaknesses = False
        """Whether a result itself names weaknesses or a security severity."""

    def read(self, texts: Sequence[msgspec.Raw], where: str) -> None:
        """Adds the findings of a run.

        Args:
            texts: Its results, each as JSON text.
            where: JSON pointer of the list.

        Raises:
            InputError: A result is no SARIF result; with its pointer.
        """
        number = 0
        try:
            for value in jsontext.read_each(texts):
                self._result(converted(value, Result))
                number += 1
        except msgspec.ValidationError as error:
            raise misshaped(error, f"{where}/{number}") from error
        except InputError as error:
            place = f"{where}/{number}" + (f" {error.where}" if error.where else "")
            raise InputError(error.found, expected=error.expected, where=place) from error

    def _result(self, result: Result) -> None:
        named = result.rule_id or (result.rule.id if result.rule else None)
        if named:
            self.named.add(named)
        if result.kind in ("pass", "notApplicable") or result.baseline_state == "absent":
            return
        rule, severity = self._rules.judged(result)
        rule_id = named or (rule.id if rule else None) or "unknown"
        self.rule_ids.add(rule_id)
        properties = result.properties
        if result.taxa or (properties and "security-severity" in properties):
            self.weaknesses = True
        path, line, snippet = self._place(result.locations[0]) if result.locations else (None, None, None)
        message = self._rules.message(result, rule)
        finding = Finding(
            rule=rule_id,
            severity=severity,
            state="suppressed" if not self._all_marked and _is_suppressed(result.suppressions) else "open",
            confidence=_confidence(properties, rule),
            fingerprint=self._rows.unique(rule_id, path, _stable(result) or (snippet or "").strip() or message),
            path=path,
            line=line,
            message=shorten(message) if message else None,
        )
        self._rows.add(finding)

    def _place(self, location: Location | None) -> tuple[str | None, int | None, str | None]:
        """Returns path, line and source text of a location; for one without file, the full name of the code element."""
        if location is None:
            return None, None, None
        physical = location.physical_location
        if physical is None:
            names = [item.fully_qualified_name or item.name for item in location.logical_locations or ()]
            return (names[0] if names else None), None, None
        file, region = physical.artifact_location, physical.region
        path = self._path(file) if file else None
        if region is None:
            return path, None, None
        return path, line_of(region.start_line), region.snippet.text if region.snippet else None

    def _path(self, file: ArtifactLocation) -> str | None:
        uri, index = file.uri, file.index
        if uri is None and index is not None and 0 <= index < len(self._artifacts):
            location = self._artifacts[index].location
            uri = location.uri if location else None
        if uri is None:
            return None
        path = self._paths.get(uri)
        if path is None:
            path = self._paths[uri] = path_of_uri(uri)
        return path


def _is_suppressed(suppressions: Sequence[Suppression] | None) -> bool:
    """An empty list says "not suppressed"; a request that is rejected or under review does not count (sections 3.27.23, 3.35.3)."""
    return bool(suppressions) and all(item.status in (None, "accepted") for item in suppressions or ())


def _confidence(own: dict[str, Any] | None, rule: Rule | None) -> str | None:
    """Returns the confidence: Bandit's and others' in the result's properties, CodeQL's ``precision`` in the rule's."""
    shared = rule.properties if rule else None
    for bag, name in ((own, "issue_confidence"), (own, "confidence"), (shared, "precision")):
        value = bag.get(name) if bag else None
        if isinstance(value, str) and value:
            return value.lower()
    return None


def _stable(result: Result) -> str | None:
    """Joins the fingerprints that the tool itself gives (sections 3.27.16, 3.27.17); some tools write objects there, which do not count."""
    for given in (result.fingerprints, result.partial_fingerprints):
        if given:
            kept = [
                f"{name}={value}"
                for name, value in (given.items() if len(given) == 1 else sorted(given.items()))
                if isinstance(value, str) and value not in _PLACEHOLDERS and name not in _NOT_STABLE
            ]
            if kept:
                return "\x1e".join(kept)
    return None
