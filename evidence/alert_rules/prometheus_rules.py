"""Prometheus rule files (``prometheus-rules``): alerting and recording rules, also as ``PrometheusRule`` of the operator.

Source of the format: Prometheus Docs, "Defining recording rules" and "Alerting rules", and the checks of ``promtool check rules`` (Go
package ``model/rulefmt``): keys are known, groups have unique names, a rule is an alert or a recording and has an expression that
parses, durations are Prometheus durations, a recording has neither annotations nor ``for``. What Thanos and Mimir add to groups is
accepted. The Go templates inside labels and annotations are not checked. Read too: a ``List`` of ``PrometheusRule`` as kubectl prints it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading import yamltext
from compliance.reading.yamltext import LINE
from compliance.record import Parsed
from compliance.source import Source

from . import Alert, AlertRules, modes, promql

SIZE_LIMIT: Final = 2 << 20
"""Bytes of the largest rule file; the YAML reader takes about 20 s for each MiB."""
_GROUPS: Final = re.compile(rb"^groups[ \t]*:|^[ \t]*\"groups\"[ \t]*:|^\{\s*\"groups\"\s*:", re.MULTILINE)
_RULE: Final = re.compile(rb"(?:^|[\s{,])[\"']?(?:alert|record)[\"']?[ \t]*:", re.MULTILINE)
_NO_RULES: Final = re.compile(rb"^[ \t]+(?:-[ \t]+)?rules[ \t]*:[ \t]*(?:\[[ \t]*\]|null|~)?[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE)
_RESOURCE: Final = re.compile(
    rb"^(?:- |  )?kind[ \t]*:[ \t]*[\"']?PrometheusRule[\"']?[ \t]*\r?$|\"kind\"\s*:\s*\"PrometheusRule\"", re.MULTILINE
)
_UNITS: Final = {"y": 31_536_000.0, "w": 604_800.0, "d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION: Final = re.compile(r"".join(rf"(?:([0-9]+){unit})?" for unit in _UNITS))
_LONGEST_S: Final = 9_223_372_036.0
"""A Go duration holds 2^63 - 1 nanoseconds."""
_METRIC: Final = re.compile(r"[^\s{}\"'`(),=]+")
_TOP: Final = ("groups", "namespace")
_GROUP: Final = (
    *("name", "interval", "query_offset", "limit", "rules", "labels", "partial_response_strategy"),
    *("source_tenants", "evaluation_delay", "align_evaluation_time_on_interval"),
)
_RULE_KEYS: Final = ("record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations")


def _recognise(source: Source) -> bool:
    if source.size > SIZE_LIMIT:
        return False
    head = bytes(source.utf_8).removeprefix(b"\xef\xbb\xbf")
    if b"monitoring.coreos.com/" in head and _RESOURCE.search(head):
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


def _document(source: Source) -> Any:
    if source.size > SIZE_LIMIT:
        raise InputError(f"{source.size} bytes", expected=f"a rule file of at most {SIZE_LIMIT} bytes")
    if source.head.lstrip().startswith(b"{"):
        return source.json
    return yamltext.loads(source.text, lines=True, merge=True)


def _parse(source: Source) -> Parsed:
    rules = _Rules()
    for groups in _group_lists(_document(source)):
        rules.read(groups)
    return Parsed(
        payload=AlertRules(
            groups=rules.groups,
            recording=rules.recording,
            alerts=tuple(rules.alerts),
            incomplete=None if rules.alerts or rules.recording else "no rule",
        )
    )


def _group_lists(document: Any) -> Iterator[Any]:
    """Yields the ``groups`` of a rule file, of a ``PrometheusRule``, or of each of a list of them."""
    whole = _mapping(document, "the file", None)
    if whole.get("kind") in ("List", "PrometheusRuleList"):
        for item in _list(whole.get("items"), "`items`", whole.get(LINE)):
            yield _resource(_mapping(item, "an item", whole.get(LINE)))
    elif "kind" in whole or "spec" in whole:
        yield _resource(whole)
    else:
        _known(whole, _TOP, "the file")
        if "groups" not in whole:
            raise InputError("no key `groups`", expected="a rule file with `groups`", where="line 1")
        yield whole["groups"]


def _resource(resource: dict[str, Any]) -> Any:
    where = _where(resource.get(LINE))
    if resource.get("kind") != "PrometheusRule" or not str(resource.get("apiVersion")).startswith("monitoring.coreos.com/"):
        found = f"{resource.get('apiVersion')} {resource.get('kind')}"
        raise InputError(found[:100], expected="monitoring.coreos.com/v1 PrometheusRule", where=where)
    spec = _mapping(resource.get("spec"), "`spec`", resource.get(LINE))
    _known(spec, ("groups",), "`spec`")
    return spec.get("groups")


@dataclass
class _Rules:
    """Collects what the groups hold."""

    groups: int = 0
    recording: int = 0

    def __post_init__(self) -> None:
        self.alerts: list[Alert] = []

    def read(self, groups: Any) -> None:
        names: set[str] = set()
        for item in _list(groups, "`groups`", None):
            group = _mapping(item, "a group", None)
            name = self._group(group)
            if name in names:
                raise InputError(f"group {name!r} twice", expected="unique names", where=_where(group.get(LINE)))
            names.add(name)
            self.groups += 1

    def _group(self, group: dict[str, Any]) -> str:
        line = group.get(LINE)
        _known(group, _GROUP, "a group")
        name = group.get("name")
        if not isinstance(name, str) or not name:
            raise InputError("a group without name", expected="a name", where=_where(line))
        for key in ("interval", "query_offset", "evaluation_delay"):
            _duration(group, key, f"group {name!r}")
        limit = group.get("limit")
        if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool)):
            raise InputError(f"limit {limit!r} of group {name!r}", expected="an integer", where=_where(line))
        labels = _words(group, "labels", f"group {name!r}")
        for item in _list(group.get("rules"), f"rules of group {name!r}", line):
            self._rule(_mapping(item, f"a rule of group {name!r}", line), name, labels)
        return name

    def _rule(self, rule: dict[str, Any], group: str, inherited: Mapping[str, str]) -> None:
        kinds = [key for key in ("alert", "record") if rule.get(key) not in (None, "")]
        where = _where(rule.get(LINE))
        if len(kinds) != 1:
            found = "both alert and record" if kinds else "neither alert nor record"
            raise InputError(f"{found} in a rule of group {group!r}", expected="one of them", where=where)
        name = rule[kinds[0]]
        if not isinstance(name, str):
            raise InputError(f"name {name!r} of a rule of group {group!r}", expected="text", where=where)
        what = f"{kinds[0]} {name!r} of group {group!r}"
        _known(rule, _RULE_KEYS, what)
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
        where = _where(rule.get(LINE))
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


def _where(line: int | None) -> str | None:
    return f"line {line}" if line else None


def _mapping(value: Any, what: str, line: int | None) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{what} is no mapping", expected="a mapping", where=_where(line))
    return value


def _list(value: Any, what: str, line: int | None) -> list[Any]:
    """Returns a list; null is an empty one, as for Go."""
    if value is not None and not isinstance(value, list):
        raise InputError(f"{what} is no list", expected="a list", where=_where(line))
    return value or []


def _known(value: dict[str, Any], keys: tuple[str, ...], what: str) -> None:
    for key in value:
        if key not in keys and key != LINE:
            near = difflib.get_close_matches(str(key), keys, n=1)
            expected = repr(near[0]) if near else f"one of {', '.join(keys)}"
            raise InputError(f"unknown key {str(key)[:60]!r} in {what}", expected=expected, where=_where(value.get(LINE)))


def _words(parent: dict[str, Any], key: str, what: str) -> dict[str, str]:
    """Reads a map of strings; Go takes a number or a truth value for the text that it is written as."""
    where = _where(parent.get(LINE))
    if parent.get(key) is None:
        return {}
    found: dict[str, str] = {}
    for name, value in _mapping(parent[key], f"{key} of {what}", parent.get(LINE)).items():
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
        raise InputError(f"{key} {str(value)[:60]!r} of {what}", expected=expected, where=_where(parent.get(LINE)))
    return float(seconds)


PROMETHEUS_RULES = Format(
    name="prometheus-rules",
    title="Prometheus rule file, or the operator's PrometheusRule",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("groups", "rules", "expr"),
)
