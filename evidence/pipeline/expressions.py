"""Evaluates GitHub's conditions as far as the file alone allows: true, false, or `UNKNOWN`.

Source: GitHub Docs, "Evaluate expressions in workflows and actions" (literals, operators, loose comparison, functions).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from .threevalued import UNKNOWN, Evaluator, NotUnderstoodError

Context = Mapping[str, Any]
"""Known values by lower-case path; a path that ends in ``*`` stands for all below it. Anything else is unknown."""

_TOKEN: Final = re.compile(
    r"\s*(?:('(?:[^']|'')*')|(-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))|(&&|\|\||==|!=|<=|>=|[!<>(),])|([A-Za-z_][\w.*-]*(?:\[[^\[\]]*\][\w.*-]*)*))"
)


def evaluate(text: str, context: Context) -> Any:
    """Returns the value of a condition, with or without ``${{ }}``; `UNKNOWN` also for what is not understood."""
    body = text.strip()
    if body.startswith("${{") and body.endswith("}}") and body.count("${{") == 1:
        body = body[3:-2]
    elif "${{" in body:
        return UNKNOWN
    try:
        return _Evaluator(_tokens(body), context).whole()
    except (NotUnderstoodError, IndexError):
        return UNKNOWN


def holds(text: str | None, context: Context) -> bool | None:
    """Says whether a condition is met: True, False, or None when that cannot be told; no condition is met."""
    if text is None or not text.strip():
        return True
    value = evaluate(text, context)
    return None if value is UNKNOWN else _truthy(value)


def never(text: str) -> bool:
    """Says whether a condition is false whatever happens (``false``, ``${{ false }}``, ``false && ...``)."""
    return bool(text.strip()) and holds(text, {}) is False


def constant(text: str) -> bool | None:
    """Returns the value of ``true``, ``false`` or an expression that is always the one or the other; None for any other."""
    return holds(text, {"always()": True}) if text.strip() else None


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place = 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or len(found) > 2000:
            raise NotUnderstoodError
        kind = ("string", "number", "operator", "name")[(match.lastindex or 1) - 1]
        found.append((kind, match.group(match.lastindex or 1)))
        place = match.end()
    return found


def _truthy(value: Any) -> bool:
    return value not in (None, False, 0, "") and value == value


def _number(value: Any) -> float:
    if value is None or value is False or value == "":
        return 0.0
    if isinstance(value, (bool, int, float)):
        return float(value)
    try:
        return float(value)
    except ValueError:
        return float("nan")


def _equal(left: Any, right: Any) -> Any:
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    return (left is None and right is None) or _number(left) == _number(right)


class _Evaluator(Evaluator):
    def __init__(self, tokens: list[tuple[str, str]], context: Context) -> None:
        super().__init__(tokens)
        self.context = context

    @staticmethod
    def truthy(value: Any) -> bool:
        return _truthy(value)

    def comparison(self) -> Any:
        value = self.unary()
        while operator := self.take("==", "!=", "<", "<=", ">", ">="):
            value = _compare(operator, value, self.unary())
        return value

    def unary(self) -> Any:
        negations = 0
        while self.take("!"):
            negations += 1
        value = self.primary()
        if not negations or value is UNKNOWN:
            return value
        return _truthy(value) if negations % 2 == 0 else not _truthy(value)

    def primary(self) -> Any:
        if self.take("("):
            return self.grouped()
        kind, word = self.next()
        if kind == "string":
            return word[1:-1].replace("''", "'")
        if kind == "number":
            return float(int(word, 16)) if "0x" in word else float(word)
        if kind == "operator":
            raise NotUnderstoodError
        return self.call(word) if self.peek() == "(" else self.named(word)

    def named(self, word: str) -> Any:
        lowered = re.sub(r"\[\s*'([\w-]+)'\s*\]", r".\1", word.lower())
        if lowered in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[lowered]
        if lowered in self.context:
            return self.context[lowered]
        parts = lowered.split(".")
        for length in range(len(parts) - 1, 0, -1):
            pattern = ".".join(parts[:length]) + ".*"
            if pattern in self.context:
                return self.context[pattern]
        return UNKNOWN

    def call(self, name: str) -> Any:
        self.take("(")
        arguments: list[Any] = []
        while not self.take(")"):
            arguments.append(self.either())
            if not self.take(",") and self.peek() != ")":
                raise NotUnderstoodError
        return self.function(name.lower(), arguments)

    def function(self, name: str, arguments: list[Any]) -> Any:
        if not arguments:
            return self.context.get(f"{name}()", UNKNOWN)
        tests: dict[str, Callable[[str, str], bool]] = {
            "startswith": str.startswith,
            "endswith": str.endswith,
            "contains": str.__contains__,
        }
        if name not in tests or len(arguments) != 2 or UNKNOWN in arguments:
            return UNKNOWN
        left, right = ("" if item is None else item for item in arguments)
        if not isinstance(left, str) or not isinstance(right, str):
            return UNKNOWN
        return tests[name](left.lower(), right.lower())


def _compare(operator: str, left: Any, right: Any) -> Any:
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    if operator in ("==", "!="):
        return _equal(left, right) is (operator == "==")
    if isinstance(left, str) and isinstance(right, str):
        first, second = left.lower(), right.lower()
        return {"<": first < second, "<=": first <= second, ">": first > second, ">=": first >= second}[operator]
    a, b = _number(left), _number(right)
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]
