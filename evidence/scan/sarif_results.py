"""Turns SARIF results into findings, one by one, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from compliance import jsontext
from compliance.errors import InputError
from compliance.record import Finding, shorten

from .rows import Rows, line_of, misshaped, path_of_uri
from .sarif_model import Artifact, Location, Result, Rule, Suppression
from .sarif_rules import Rules

_NOT_STABLE = frozenset({"commitSha", "email", "author", "date", "commitMessage"})
"""Partial fingerprints of gitleaks that say who committed, not what was found."""
_RESULT = msgspec.json.Decoder(Result)
_PLACEHOLDERS = frozenset({"requires login", ""})
"""What Semgrep writes as a fingerprint without an account."""


class Results:
    """Turns results into findings."""

    def __init__(self, rules: Rules, artifacts: Sequence[Artifact], rows: Rows) -> None:
        self._rules = rules
        self._artifacts = artifacts
        self._rows = rows
        self._paths: dict[str, str] = {}
        self.rule_ids: set[str] = set()
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
        decode, add = _RESULT.decode, self._rows.add
        number = 0
        try:
            for text in jsontext.checked(texts):
                result = decode(text)
                if result.kind not in ("pass", "notApplicable") and result.baseline_state != "absent":
                    add(self._finding(result))
                number += 1
        except msgspec.ValidationError as error:
            raise misshaped(error, f"{where}/{number}") from error
        except InputError as error:
            place = f"{where}/{number}" + (f" {error.where}" if error.where else "")
            raise InputError(error.found, expected=error.expected, where=place) from error

    def _finding(self, result: Result) -> Finding:
        rule, severity = self._rules.judged(result)
        rule_id = result.rule_id or _reference_id(result) or (rule.id if rule else None) or "unknown"
        self.rule_ids.add(rule_id)
        if result.taxa or (result.properties and "security-severity" in result.properties):
            self.weaknesses = True
        location = result.locations[0] if result.locations else None
        path, line, snippet = self._place(location)
        message = self._rules.message(result, rule)
        return Finding(
            rule=rule_id,
            severity=severity,
            state="suppressed" if _is_suppressed(result.suppressions) else "open",
            confidence=_confidence(result, rule),
            fingerprint=self._rows.unique(rule_id, path, _stable(result) or (snippet or "").strip() or message),
            path=path,
            line=line,
            message=shorten(message) if message else None,
        )

    def _place(self, location: Location | None) -> tuple[str | None, int | None, str | None]:
        """Returns path, line and source text of a location; for one without file, the full name of the code element."""
        if location is None:
            return None, None, None
        physical = location.physical_location
        if physical is None:
            names = [item.fully_qualified_name or item.name for item in location.logical_locations or ()]
            return (names[0] if names else None), None, None
        region = physical.region
        line = line_of(region.start_line) if region else None
        text = region.snippet.text if region and region.snippet else None
        return (
            self._path(physical.artifact_location.uri, physical.artifact_location.index) if physical.artifact_location else None,
            line,
            text,
        )

    def _path(self, uri: str | None, index: int | None) -> str | None:
        if uri is None and index is not None and 0 <= index < len(self._artifacts):
            location = self._artifacts[index].location
            uri = location.uri if location else None
        if uri is None:
            return None
        if uri not in self._paths:
            self._paths[uri] = path_of_uri(uri)
        return self._paths[uri]


def _reference_id(result: Result) -> str | None:
    return result.rule.id if result.rule else None


def _is_suppressed(suppressions: Sequence[Suppression] | None) -> bool:
    """An empty list says "not suppressed"; a request that is rejected or under review does not count (sections 3.27.23, 3.35.3)."""
    return bool(suppressions) and all(item.status in (None, "accepted") for item in suppressions or ())


def _confidence(result: Result, rule: Rule | None) -> str | None:
    """Returns the confidence: Bandit's and others' in the result's properties, CodeQL's ``precision`` in the rule's."""
    own, shared = result.properties, rule.properties if rule else None
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
