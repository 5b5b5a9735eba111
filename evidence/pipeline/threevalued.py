"""What conditions of workflows share: ``||``, ``&&`` and parentheses over values that the file may not determine.

GitHub's and GitLab's conditions have the same two operators, which give one of their operands. `UNKNOWN` stays unknown unless the other
side decides: whatever the value is, ``UNKNOWN && false`` is false and ``UNKNOWN || true`` is true.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
"""A value that the file does not determine."""
_DEPTH: Final = 50
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "=~", "!~"})


class NotUnderstoodError(Exception):
    """The condition is none, or is nested too deeply."""


class Evaluator(ABC):
    """Reads a condition from its tokens, each with its kind; a dialect says what stands between the operators."""

    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.place = 0
        self.depth = 0
        self.decided = False
        """Whether an operand decided what is true although the other is unknown: which of the two is the value, is not known then."""

    @staticmethod
    @abstractmethod
    def truthy(value: Any) -> bool:
        """Tells whether a known value counts as true."""

    @abstractmethod
    def comparison(self) -> Any:
        """Reads what binds more tightly than ``&&``."""

    def whole(self) -> Any:
        """Reads all of it.

        Raises:
            NotUnderstoodError: Something is left over, or is nested too deeply.
            IndexError: It ends too early.
        """
        value = self.either()
        if self.place != len(self.tokens):
            raise NotUnderstoodError
        return value

    def peek(self) -> str | None:
        """Returns the operator that comes next, if one does."""
        return self.tokens[self.place][1] if self.place < len(self.tokens) and self.tokens[self.place][0] == "operator" else None

    def take(self, *operators: str) -> str | None:
        """Takes one of some operators, if it comes next."""
        found = self.peek()
        if found in operators:
            self.place += 1
            return found
        return None

    def next(self) -> tuple[str, str]:
        """Takes whatever comes next: its kind, its text."""
        token = self.tokens[self.place]
        self.place += 1
        return token

    def either(self) -> Any:
        """Reads operands of ``||``: the first that is true, else the last."""
        self.depth += 1
        if self.depth > _DEPTH:
            raise NotUnderstoodError
        value = self.both()
        while self.take("||"):
            value = self._joined(value, self.both(), stops=True)
        self.depth -= 1
        return value

    def both(self) -> Any:
        """Reads operands of ``&&``: the first that is false, else the last."""
        value = self.comparison()
        while self.take("&&"):
            value = self._joined(value, self.comparison(), stops=False)
        return value

    def _joined(self, left: Any, right: Any, *, stops: bool) -> Any:
        """Joins two operands; one that is as true as ``stops`` decides."""
        if left is UNKNOWN:
            if right is UNKNOWN or self.truthy(right) is not stops:
                return UNKNOWN
            self.decided = True
            return right
        return left if self.truthy(left) is stops else right

    def grouped(self) -> Any:
        """Reads what follows an opening parenthesis, with the closing one; where it is compared, its value must be known, not its truth."""
        compared = [self.tokens[self.place - 2]] if self.place > 1 else []
        outside, self.decided = self.decided, False
        value = self.either()
        if not self.take(")"):
            raise NotUnderstoodError
        compared += self.tokens[self.place : self.place + 1]
        if self.decided and any(kind == "operator" and word in _COMPARISONS for kind, word in compared):
            value = UNKNOWN
        self.decided |= outside
        return value
