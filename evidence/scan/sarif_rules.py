"""Which rule a SARIF result is of, how severe that makes it, and what its message says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from compliance import severity
from compliance.record import MESSAGE_LIMIT, Severity, shorten

from .sarif_model import Component, ComponentReference, Invocation, Result, Rule, RuleReference, Text, ToolObject

_NUMBER = re.compile(r"\d+(\.\d+)?")
_ID_LEVELS = 10
"""Levels of the deepest hierarchical rule id that is followed upwards (section 3.5.4 sets no limit)."""
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\d+)\}")


class Rules:
    """The rules of a run's driver and extensions."""

    def __init__(self, tool: ToolObject, invocations: Sequence[Invocation] = ()) -> None:
        self._components: list[Component] = [tool.driver, *(tool.extensions or ())]
        self._invocations = invocations
        self._by_id: dict[str, Rule] = {}
        self._by_guid = {component.guid: component for component in reversed(self._components) if component.guid}
        self._by_name = {component.name: component for component in reversed(self._components)}
        for rule in self:
            if rule.id is not None:
                self._by_id.setdefault(rule.id, rule)
        self._overrides: dict[int, dict[int, str]] = {}
        """Per invocation the levels that it gives to rules, by identity."""
        self._scores: dict[int, Severity | None] = {}
        """Security severities of rules that results were found for, by identity: read once."""
        self._judged: dict[tuple[str | None, int | None, str | None, str | None], tuple[Rule | None, str]] = {}
        self._found: dict[tuple[str | None, int | None], Rule | None] = {}

    def __iter__(self) -> Iterator[Rule]:
        for component in self._components:
            yield from component.rules or ()

    def find(self, result: Result) -> Rule | None:
        """Returns the rule of a result (sections 3.27.5 to 3.27.7): by its place, then by its id; None when no component lists it."""
        if result.rule is not None:
            return self._look_up(result.rule, result.rule_id or result.rule.id, result.rule_index)
        key = (result.rule_id, result.rule_index)
        if key not in self._found:
            self._found[key] = self._look_up(None, *key)
        return self._found[key]

    def _look_up(self, reference: RuleReference | None, rule_id: str | None, index: int | None) -> Rule | None:
        if index is None and reference is not None:
            index = reference.index
        component = self._component(reference.tool_component if reference else None)
        rules = component.rules or [] if component else []
        placed = rules[index] if index is not None and 0 <= index < len(rules) else None
        if placed is not None and (rule_id is None or placed.id is None or _same(placed.id, rule_id)):
            return placed
        return self._named(rule_id) or placed

    def _component(self, reference: ComponentReference | None) -> Component | None:
        """Returns the component that a reference names (section 3.54): the driver when it names none, None when there is no such one."""
        if reference is None or (reference.index is None and reference.guid is None and reference.name is None):
            return self._components[0]
        if reference.index is not None:
            return self._components[reference.index + 1] if -1 <= reference.index < len(self._components) - 1 else None
        return self._by_guid.get(reference.guid) if reference.guid else self._by_name.get(reference.name or "")

    def _named(self, rule_id: str | None) -> Rule | None:
        """Returns the rule with an id, or the one that a hierarchical id such as ``CA1000/1`` belongs to."""
        for _ in range(_ID_LEVELS):
            if not rule_id or rule_id in self._by_id:
                break
            rule_id = rule_id.rpartition("/")[0]
        return self._by_id.get(rule_id or "")

    def judged(self, result: Result) -> tuple[Rule | None, str]:
        """Returns the rule of a result, and how severe it is; computed once for all results that say the same of these."""
        if result.rule or result.provenance or (result.properties and "security-severity" in result.properties):
            rule = self.find(result)
            return rule, self.severity(result, rule).value
        key = (result.rule_id, result.rule_index, result.level, result.kind)
        known = self._judged.get(key)
        if known is None:
            rule = self.find(result)
            known = self._judged[key] = rule, self.severity(result, rule).value
        return known

    def severity(self, result: Result, rule: Rule | None) -> Severity:
        """Returns how severe a result is: the ``security-severity`` of the result, else of its rule, else its effective level."""
        given = security_severity(result.properties)
        if given is None and rule is not None:
            if id(rule) not in self._scores:
                self._scores[id(rule)] = security_severity(rule.properties)
            given = self._scores[id(rule)]
        if given is None:
            return severity.from_level(self._level(result, rule))
        # GitHub reads 0.0 as "no security severity" (SARIF support for code scanning): a level that stands there says more.
        if given is Severity.INFO and _is_zero(_scored(result, rule)) and (stated := self._stated(result, rule)) is not None:
            return severity.from_level(stated)
        return given

    def _level(self, result: Result, rule: Rule | None) -> str:
        """Returns the effective level (section 3.27.10)."""
        return self._stated(result, rule) or "warning"

    def _stated(self, result: Result, rule: Rule | None) -> str | None:
        """Returns the effective level as far as the file states one."""
        if result.level is not None:
            return result.level
        if result.kind not in (None, "fail"):
            return "none"
        override = self._override(result, rule)
        if override is not None:
            return override
        configuration = rule.default_configuration if rule else None
        return configuration.level if configuration else None

    def _override(self, result: Result, rule: Rule | None) -> str | None:
        index = result.provenance.invocation_index if result.provenance else None
        if rule is None or index is None or not 0 <= index < len(self._invocations):
            return None
        if index not in self._overrides:
            given = self._invocations[index].rule_configuration_overrides or ()
            named = [(self._look_up(item.descriptor, item.descriptor.id, None), item.configuration.level) for item in given]
            self._overrides[index] = {id(rule): level for rule, level in named if rule is not None and level is not None}
        return self._overrides[index].get(id(rule))

    def message(self, result: Result, rule: Rule | None) -> str | None:
        """Returns a result's message: its text, or the rule's or driver's string that it names, with its arguments (section 3.11)."""
        message = result.message
        if message is None:
            return None
        text = message.text
        if text is None and message.id is not None:
            strings = (rule.message_strings if rule else None) or {}
            shared = self._components[0].global_message_strings or {}
            text = (strings.get(message.id) or shared.get(message.id) or Text()).text
        return filled(text, message.arguments) if text and message.arguments else text


def filled(text: str, arguments: Sequence[str]) -> str:
    """Puts arguments in the place of ``{0}``, ``{1}`` ...; a place without argument stays as it is (section 3.11.5).

    Long texts and arguments are cut: a few bytes of places and arguments could otherwise fill the memory.
    """

    def put(match: re.Match[str]) -> str:
        if match.group(1) is None:
            return match.group()[0]
        number = int(match.group(1)[:9])
        return arguments[number] if number < len(arguments) else match.group()

    arguments = [shorten(argument) for argument in arguments]
    return _PLACEHOLDER.sub(put, text[: 4 * MESSAGE_LIMIT])


def security_severity(properties: dict[str, Any] | None) -> Severity | None:
    """Reads the ``security-severity`` of a property bag: a number or a text with one (0 to 10), or a word.

    Returns:
        None when there is none; ``unknown`` when it cannot be understood.
    """
    value = properties.get("security-severity") if properties else None
    if value is None or value == "":
        return None
    if isinstance(value, str):
        word = value.strip()
        if not _NUMBER.fullmatch(word):
            return severity.from_word(word)
        value = word
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        return Severity.UNKNOWN
    try:
        score = float(value)
    except OverflowError:
        return Severity.UNKNOWN
    tags = properties.get("tags") if properties else None
    if score == 0 and isinstance(tags, list) and "UNKNOWN" in tags:  # how Trivy writes a severity that it does not know
        return Severity.UNKNOWN
    return severity.from_score(score)


def _scored(result: Result, rule: Rule | None) -> Any:
    """Returns the ``security-severity`` that counts, as it is written."""
    bags = (result.properties, rule.properties if rule else None)
    return next((bag["security-severity"] for bag in bags if security_severity(bag) is not None and bag), None)


def _is_zero(value: Any) -> bool:
    return not isinstance(value, bool) and (value == 0 or (isinstance(value, str) and re.fullmatch(r"\s*0+(\.0+)?\s*", value) is not None))


def _same(known: str, rule_id: str) -> bool:
    return rule_id == known or rule_id.startswith(f"{known}/")
