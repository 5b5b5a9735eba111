"""Prometheus rule files (``prometheus-rules``): alerting and recording rules, also as ``PrometheusRule`` of the operator.

Source of the format: Prometheus Docs, "Defining recording rules" and "Alerting rules", and the checks of ``promtool check rules`` (Go
package ``model/rulefmt``): keys are known, groups have unique names, a rule is an alert or a recording and has an expression that
parses, durations are Prometheus durations, a recording has neither annotations nor ``for``. What Thanos, Mimir and vmalert add to groups
and rules is accepted; rules for something else than PromQL (LogQL, Graphite) are not. The Go templates inside labels and annotations are
not checked.

Several documents in one file are read where they are manifests (``PrometheusRule``, VictoriaMetrics' ``VMRule``, a ``List`` of some as
kubectl prints it; other kinds are left alone), or name a ``namespace`` each, as mimirtool reads them. Of other rule files Prometheus
itself reads the first document only, so that they are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading.yamltext import LINE
from compliance.record import Parsed
from compliance.source import Source

from . import Alert, AlertRules, modes, promql
from .manifests import RESOURCES, SIZE_LIMIT, group_lists
from .shapes import known_keys, list_of, mapping_of, where_of

_GROUPS: Final = re.compile(rb"^groups[ \t]*:|^[ \t]*\"groups\"[ \t]*:|^\{\s*\"groups\"\s*:", re.MULTILINE)
_RULE: Final = re.compile(rb"(?:^|[\s{,])[\"']?(?:alert|record)[\"']?[ \t]*:", re.MULTILINE)
_NO_RULES: Final = re.compile(rb"^[ \t]+(?:-[ \t]+)?rules[ \t]*:[ \t]*(?:\[[ \t]*\]|null|~)?[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE)
_NAMED: Final = rb"(?:PrometheusRule|VMRule)(?:List)?"
_RESOURCE: Final = re.compile(
    rb"^(?:- |  )?kind[ \t]*:[ \t]*[\"']?%b[\"']?[ \t]*\r?$|\"kind\"\s*:\s*\"%b\"" % (_NAMED, _NAMED), re.MULTILINE
)
_UNITS: Final = {"y": 31_536_000.0, "w": 604_800.0, "d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION: Final = re.compile(r"".join(rf"(?:([0-9]+){unit})?" for unit in _UNITS))
_LONGEST_S: Final = 9_223_372_036.0
"""A Go duration holds 2^63 - 1 nanoseconds."""
_METRIC: Final = re.compile(r"[^\s{}\"'`(),=]+")
_GROUP: Final = (
    *("name", "interval", "query_offset", "limit", "rules", "labels", "partial_response_strategy"),
    *("source_tenants", "evaluation_delay", "align_evaluation_time_on_interval"),
    *("type", "concurrency", "tenant", "debug", "params", "headers", "notifier_headers", "eval_offset", "eval_delay", "eval_alignment"),
)
_RULE_KEYS: Final = ("record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations", "debug", "update_entries_limit")


def _recognise(source: Source) -> bool:
    if source.size > SIZE_LIMIT:
        return False
    head = bytes(source.utf_8).removeprefix(b"\xef\xbb\xbf")
    if any(group.encode() in head for group in RESOURCES.values()) and _RESOURCE.search(head):
        return True
    if not _GROUPS.search(head):
        return False
    return bool(_RULE.search(head)) or (bool(_NO_RULES.search(head)) and _only_empty_groups(source))


def _only_empty_groups(source: Source) -> bool:
    """``rules:`` without any rule: the only sign of a rule file that is left is the shape of the whole."""
    try:
        document = source.yaml if source.size <= 65536 else None
    except InputError:
        return False
    groups = document.get("groups") if isinstance(document, dict) else None
    return (
        isinstance(groups, list)
        and bool(groups)
        and all(isinstance(group, dict) and group.keys() <= set(_GROUP) and not group.get("rules") for group in groups)
    )


def _parse(source: Source) -> Parsed:
    rules = _Rules()
    for groups in group_lists(source):
        rules.read(groups)
    return Parsed(
        payload=AlertRules(
            groups=rules.groups,
            recording=rules.recording,
            alerts=tuple(rules.alerts),
            incomplete=None if rules.alerts or rules.recording else "no rule",
        )
    )


@dataclass
class _Rules:
    """Collects what the groups hold."""

    groups: int = 0
    recording: int = 0

    def __post_init__(self) -> None:
        self.alerts: list[Alert] = []

    def read(self, groups: Any) -> None:
        names: set[str] = set()
        for item in list_of(groups, "`groups`", None):
            group = mapping_of(item, "a group", None)
            name = self._group(group)
            if name in names:
                raise InputError(f"group {name!r} twice", expected="unique names", where=where_of(group.get(LINE)))
            names.add(name)
            self.groups += 1

    def _group(self, group: dict[str, Any]) -> str:
        line = group.get(LINE)
        known_keys(group, _GROUP, "a group")
        name = group.get("name")
        if not isinstance(name, str) or not name:
            raise InputError("a group without name", expected="a name", where=where_of(line))
        if group.get("type") not in (None, "", "prometheus"):
            raise InputError(f"type {group['type']!r} of group {name!r}"[:200], expected="rules in PromQL", where=where_of(line))
        for key in ("interval", "query_offset", "evaluation_delay", "eval_offset", "eval_delay"):
            _duration(group, key, f"group {name!r}")
        limit = group.get("limit")
        if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool)):
            raise InputError(f"limit {limit!r} of group {name!r}", expected="an integer", where=where_of(line))
        labels = _words(group, "labels", f"group {name!r}")
        for item in list_of(group.get("rules"), f"rules of group {name!r}", line):
            self._rule(mapping_of(item, f"a rule of group {name!r}", line), name, labels)
        return name

    def _rule(self, rule: dict[str, Any], group: str, inherited: Mapping[str, str]) -> None:
        kinds = [key for key in ("alert", "record") if rule.get(key) not in (None, "")]
        where = where_of(rule.get(LINE))
        if len(kinds) != 1:
            found = "both alert and record" if kinds else "neither alert nor record"
            raise InputError(f"{found} in a rule of group {group!r}", expected="one of them", where=where)
        name = rule[kinds[0]]
        if not isinstance(name, str):
            raise InputError(f"name {name!r} of a rule of group {group!r}", expected="text", where=where)
        what = f"{kinds[0]} {name!r} of group {group!r}"
        known_keys(rule, _RULE_KEYS, what)
        expression = self._expression(rule, what)
        labels = _words(rule, "labels", what)
        annotations = _words(rule, "annotations", what)
        for_s, keep_s = (_duration(rule, key, what) for key in ("for", "keep_firing_for"))
        if kinds == ["record"]:
            _check_recording(name, what, where, bool(annotations or for_s or keep_s))
            self.recording += 1
            return
        set_here = {**inherited, **labels}
        self.alerts.append(
            Alert(
                group=group,
                name=name,
                for_s=for_s,
                keep_firing_for_s=keep_s,
                severity=set_here.get("severity") or None,
                labels=tuple(sorted(label for label, value in set_here.items() if value)),
                annotated=any(text.strip() for text in annotations.values()),
                runbook_url=bool(annotations.get("runbook_url", "").strip()),
                modes=modes.of(name, expression, set_here.values()),
            )
        )

    def _expression(self, rule: dict[str, Any], what: str) -> str:
        expression = rule.get("expr")
        where = where_of(rule.get(LINE))
        if isinstance(expression, (int, float)) and not isinstance(expression, bool):
            expression = str(expression)
        if not isinstance(expression, str) or not expression.strip():
            raise InputError(f"{what} without expr", expected="an expression", where=where)
        try:
            promql.check(expression)
        except InputError as error:
            raise InputError(f"{what}: {error.found}", expected=error.expected, where=where) from error
        return expression


def _check_recording(name: str, what: str, where: str | None, has_more: bool) -> None:
    if has_more:
        raise InputError(f"{what} with annotations, for or keep_firing_for", expected="none of them on a recording", where=where)
    if not _METRIC.fullmatch(name):
        raise InputError(what, expected="the name of a metric", where=where)


def _words(parent: dict[str, Any], key: str, what: str) -> dict[str, str]:
    """Reads a map of strings; Go takes a number or a truth value for the text that it is written as."""
    where = where_of(parent.get(LINE))
    if parent.get(key) is None:
        return {}
    found: dict[str, str] = {}
    for name, value in mapping_of(parent[key], f"{key} of {what}", parent.get(LINE)).items():
        if name == LINE:
            continue
        if isinstance(value, (dict, list)):
            raise InputError(f"{key} {str(name)[:60]!r} of {what} is no text", expected="text", where=where)
        if not isinstance(name, str) or not name.strip() or (key == "labels" and name == "__name__"):
            raise InputError(f"{key} {str(name)[:60]!r} of {what}", expected="a label name", where=where)
        found[name] = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return found


def _duration(parent: dict[str, Any], key: str, what: str) -> float | None:
    """Reads a Prometheus duration (``1h30m``) in seconds; null is none."""
    value = parent.get(key)
    if value is None:
        return None
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    match = _DURATION.fullmatch(text)
    if text == "0":
        return 0.0
    seconds = (
        sum(int(count) * unit for count, unit in zip(match.groups(), _UNITS.values(), strict=True) if count) if match and text else None
    )
    if seconds is None or seconds > _LONGEST_S:
        expected = "a Prometheus duration such as 5m or 1h30m"
        raise InputError(f"{key} {str(value)[:60]!r} of {what}", expected=expected, where=where_of(parent.get(LINE)))
    return float(seconds)


PROMETHEUS_RULES = Format(
    name="prometheus-rules",
    title="Prometheus rule file, or the operator's PrometheusRule",
    parser=2,
    recognise=_recognise,
    parse=_parse,
    marks=("groups", "rules", "expr"),
)
