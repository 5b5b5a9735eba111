"""Takes secrets out of a SARIF file before it is stored.

Everything that a result about a secret shows of it is masked: source texts, quoted words of messages, the tool's own properties, embedded
files. That is every result of a secret scanner, and results of other scanners whose rule is about hard-coded secrets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from compliance.kind import Mask
from compliance.reading import jsontext
from compliance.source import Source

from .masking import MOST, Masker
from .rows import dumps, shaped
from .sarif_cut import document_of, runs_of
from .sarif_model import Result, ToolObject
from .sarif_rules import Rules
from .sarif_tools import category_of_rules, is_secret_rule, known_category

_SOURCE_TEXTS = frozenset({"snippet", "contents", "insertedContent", "body"})
"""Objects that hold text of the scanned files (section 3.3) or of requests."""
_VALUES = re.compile(r"secret|match|raw|value|content|code|snippet|password|token|credential|^line$|^entropy", re.IGNORECASE)
"""Properties of results in which tools repeat what they found."""
_QUOTED = re.compile(r"'([^'\n]+)'|\"([^\"\n]+)\"|`([^`\n]+)`")


def redacted(source: Source, mask: Mask) -> bytes | None:
    """Masks the secrets of all runs; None when there are none.

    Raises:
        InputError: Something in it is not SARIF 2.1.0.
    """
    masker = _Masker(mask)
    with jsontext.collector_paused():
        runs = [_run(run, masker) for run in source.once(runs_of)]
    if not masker.used:
        return None
    return _object({**document_of(source), "runs": msgspec.Raw(_array([_object(run) for run in runs]))})


def _run(run: Mapping[str, msgspec.Raw], masker: _Masker) -> Mapping[str, msgspec.Raw]:
    """Returns the run without its secrets: the same members when it holds none."""
    results = run.get("results")
    if results is None or "tool" not in run or bytes(memoryview(results)[:1]) != b"[":
        return run
    tool = shaped(jsontext.loads(bytes(run["tool"])), ToolObject, "/runs/tool")
    rules = Rules(tool)
    whole = known_category(tool.driver.name) == "secrets" or category_of_rules(list(rules), (), False) == "secrets"
    before = masker.used
    masked = [_result(item, rules, whole, masker) for item in jsontext.elements(results)]
    if masker.used == before and not whole:
        return run
    kept = {"results", "tool"}
    changed = {name: _tree(value, masker) for name, value in run.items() if name not in kept}
    return {**run, **changed, "results": msgspec.Raw(_array(masked))}


def _result(text: msgspec.Raw, rules: Rules, whole: bool, masker: _Masker) -> msgspec.Raw:
    value = jsontext.loads(bytes(text))
    result = shaped(value, Result, "/runs/results")
    rule = rules.find(result)
    rule_id = result.rule_id or (result.rule.id if result.rule else None) or (rule.id if rule else None) or ""
    if not whole and not is_secret_rule(rule_id, rule):
        return text
    before = masker.used
    shown: list[str] = []
    masker.tree(value, shown)
    masker.properties(value.get("properties"), shown)
    masker.message(value.get("message"), shown, {rule_id, *_uris(value)})
    masker.repeated(value, shown)
    return msgspec.Raw(dumps(value)) if masker.used != before else text


def _tree(text: msgspec.Raw, masker: _Masker) -> msgspec.Raw:
    before = masker.used
    value = jsontext.loads(bytes(text))
    masker.tree(value, [])
    return msgspec.Raw(dumps(value)) if masker.used != before else text


class _Masker(Masker):
    """Masks what a result shows."""

    def tree(self, value: Any, shown: list[str]) -> None:
        """Masks source texts at any depth and notes them in ``shown``."""
        if isinstance(value, dict):
            for name, inner in value.items():
                if name in _SOURCE_TEXTS and isinstance(inner, dict):
                    self._source_text(inner, shown)
                else:
                    self.tree(inner, shown)
        elif isinstance(value, list):
            for inner in value:
                self.tree(inner, shown)

    def _source_text(self, content: dict[str, Any], shown: list[str]) -> None:
        for name in ("text", "binary"):
            text = content.get(name)
            if isinstance(text, str) and text:
                shown.append(text)
                content[name] = self(text.strip())
        rendered = content.get("rendered")
        if isinstance(rendered, dict):
            content["rendered"] = {name: self(text) if isinstance(text, str) else text for name, text in rendered.items()}

    def properties(self, bag: Any, shown: list[str]) -> None:
        """Masks properties whose name says that they hold what was found."""
        for name, value in list(bag.items()) if isinstance(bag, dict) else ():
            if isinstance(value, str) and _VALUES.search(name):
                shown.append(value)
                bag[name] = self(value)
            elif isinstance(value, dict):
                self.properties(value, shown)

    def message(self, message: Any, shown: list[str], harmless: set[str]) -> None:
        """Masks what a message quotes, unless it is the rule or a file, and its arguments that were found in the source."""

        def quoted(match: re.Match[str]) -> str:
            text = next(group for group in match.groups() if group is not None)
            return match.group() if text in harmless else match.group().replace(text, self(text))

        if not isinstance(message, dict):
            return
        for name in ("text", "markdown"):
            if isinstance(message.get(name), str):
                message[name] = _QUOTED.sub(quoted, message[name])
        arguments = message.get("arguments")
        if isinstance(arguments, list):
            message["arguments"] = [self(item) if _repeats(item, shown) else item for item in arguments]

    def repeated(self, value: Any, shown: list[str]) -> None:
        """Masks source texts where they are repeated, at any depth."""
        if len(shown) > MOST:
            self._texts(value)
        self.replace(value, shown)

    def _texts(self, value: Any) -> None:
        """Masks all texts of messages, at any depth."""
        for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()):
            if key in ("text", "markdown") and isinstance(inner, str):
                value[key] = self(inner)
            else:
                self._texts(inner)


def _repeats(item: Any, shown: list[str]) -> bool:
    return isinstance(item, str) and (len(shown) > MOST or any(item in text for text in shown))


def _uris(value: Any) -> set[str]:
    """Returns the addresses of the files that a result names: what a message may quote."""
    found: set[str] = set()
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if isinstance(item.get("uri"), str):
                found.add(item["uri"])
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return found


def _object(members: Mapping[str, msgspec.Raw]) -> bytes:
    return b"{" + b",".join(dumps(name) + b":" + bytes(value) for name, value in members.items()) + b"}"


def _array(items: Sequence[msgspec.Raw | bytes]) -> bytes:
    return b"[" + b",".join(bytes(item) for item in items) + b"]"
