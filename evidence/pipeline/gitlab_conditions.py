"""Evaluates GitLab's conditions (``rules: if``) as far as the file alone allows: True, False, or None where it cannot be told.

Source: GitLab Docs, "Specify when jobs run with rules", CI/CD variable expressions: ``==``, ``!=``, ``=~``, ``!~``, ``&&``, ``||``,
parentheses, strings, ``null`` and regular expressions between slashes. A variable alone holds when it is defined and not empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from .threevalued import UNKNOWN, Evaluator, NotUnderstoodError

Variables = Mapping[str, Any]
"""Values by name: text, None for a variable that is not defined, `UNKNOWN`; any other variable is unknown."""

_TOKEN: Final = re.compile(
    r"\s*(?:(\"[^\"]*\"|'[^']*')|(/(?:[^/\\\n]|\\.)+/[ismx]*)|(&&|\|\||==|!=|=~|!~|[()])|\$\{?(\w+)\}?|(null)\b|(\$\[\[.*?\]\]))"
)
_TOKENS: Final = 2000
_REGEX_LENGTH: Final = 500


def holds(text: str | None, variables: Variables) -> bool | None:
    """Says whether a condition is met; no condition is met, and what is not understood cannot be told."""
    if text is None:
        return True
    try:
        value = _Evaluator(_tokens(text), variables).whole()
    except (NotUnderstoodError, IndexError):
        return None
    return None if value is UNKNOWN else bool(value)


def literals(text: str) -> list[str]:
    """Returns the plain strings of a condition."""
    try:
        return [word[1:-1] for kind, word in _tokens(text) if kind == "string"]
    except NotUnderstoodError:
        return []


def matches(pattern: str, value: str) -> bool | None:
    """Applies a regular expression between slashes; None when Python does not read it as GitLab (RE2) does."""
    body, _, flags = pattern[1:].rpartition("/")
    if len(body) > _REGEX_LENGTH or re.search(r"\)[*+{]|[*+}]\)[*+{]|\(\?[^:i]|\\[zZpPC]", body):
        return None  # also what could take exponential time
    try:
        return re.search(body.replace("\\/", "/"), value, re.IGNORECASE if "i" in flags else 0) is not None
    except (re.error, RecursionError, OverflowError):
        return None


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place, text = 0, text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or len(found) > _TOKENS:
            raise NotUnderstoodError
        kind = ("string", "regex", "operator", "variable", "null", "input")[(match.lastindex or 1) - 1]
        found.append((kind, match.group(match.lastindex or 1)))
        place = match.end()
    return found


class _Evaluator(Evaluator):
    def __init__(self, tokens: list[tuple[str, str]], variables: Variables) -> None:
        super().__init__(tokens)
        self.variables = variables

    @staticmethod
    def truthy(value: Any) -> bool:
        return bool(value)

    def comparison(self) -> Any:
        value = self.primary()
        operator = self.take("==", "!=", "=~", "!~")
        return value if operator is None else self.compared(operator, value)

    def compared(self, operator: str, left: Any) -> Any:
        if operator in ("==", "!="):
            right = self.primary()
            return UNKNOWN if left is UNKNOWN or right is UNKNOWN else (left == right) is (operator == "==")
        kind, word = self.tokens[self.place]
        pattern = word if kind == "regex" else self.primary()
        self.place += kind == "regex"
        if left is UNKNOWN or not isinstance(pattern, str) or not re.fullmatch(r"/.+/[ismx]*", pattern, re.DOTALL):
            return UNKNOWN
        found = False if left is None else matches(pattern, left)
        return UNKNOWN if found is None else found is (operator == "=~")

    def primary(self) -> Any:
        if self.take("("):
            return self.grouped()
        kind, word = self.next()
        if kind == "string":
            return word[1:-1]
        if kind == "variable":
            return self.variables.get(word, UNKNOWN)
        if kind == "null":
            return None
        if kind == "input":
            return UNKNOWN
        raise NotUnderstoodError
