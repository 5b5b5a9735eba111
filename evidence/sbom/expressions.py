"""Licence expressions (SPDX 2.3, annex D), taken apart into the ways to comply with them.

The library ``license-expression`` reads more than the standard has (it takes "Apache License 2.0" for one id), and fails with an
AssertionError or IndexError on about 1 of 400 random sequences of its words; the grammar has four rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product
from typing import Final

from compliance.record import shorten

ALTERNATIVES: Final = 16
"""Ways that are told apart, at most."""
_LICENCES: Final = 50
_LENGTH: Final = 2000
"""Characters of the longest expression that is taken apart."""
_DEPTH: Final = 50
_TOKEN: Final = re.compile(r"\s*(?:([()])|([A-Za-z0-9.+:-]+))")
_OPERATORS: Final = ("AND", "OR", "WITH")

Ways = list[tuple[str, ...]]


class _NoExpressionError(Exception):
    """The text is no licence expression."""


class _TooManyError(Exception):
    """The expression has too many alternatives."""


def alternatives(text: str) -> tuple[tuple[str, ...], ...]:
    """Returns the sets of licences each of which complies with an expression; words that are no expression are one licence.

    Of an expression with more than 16 alternatives all licences together are returned: whoever accepts them all accepts the expression.
    """
    whole = ((shorten(text, 300),),)
    if len(text) > _LENGTH:
        return whole
    reader = _Reader(text)
    try:
        return tuple(reader.read())
    except _NoExpressionError:
        return whole
    except _TooManyError:
        return (_distinct(reader.names)[:_LICENCES],)


class _Reader:
    """Reads one expression: ``WITH`` binds closest, then ``AND``, then ``OR``."""

    def __init__(self, text: str) -> None:
        self.words = _words(text)
        self.names = [word for word in self.words if word not in ("(", ")") and _operator(word) is None]
        self.place = 0
        self.depth = 0

    def read(self) -> Ways:
        found = self._any()
        if self.place < len(self.words):
            raise _NoExpressionError
        return found

    def _any(self) -> Ways:
        found = self._all()
        while self._takes("OR"):
            found = list(dict.fromkeys([*found, *self._all()]))
            _bounded(len(found))
        return found

    def _all(self) -> Ways:
        found = self._one()
        while self._takes("AND"):
            other = self._one()
            _bounded(len(found) * len(other))
            found = list(dict.fromkeys(_distinct((*left, *right)) for left, right in product(found, other)))
        return found

    def _one(self) -> Ways:
        if self._takes("("):
            self.depth += 1
            if self.depth > _DEPTH:
                raise _NoExpressionError
            found = self._any()
            self.depth -= 1
            if not self._takes(")"):
                raise _NoExpressionError
            return found
        name = self._name()
        return [(f"{name} WITH {self._name()}",)] if self._takes("WITH") else [(name,)]

    def _name(self) -> str:
        word = self.words[self.place] if self.place < len(self.words) else ")"
        if word in ("(", ")") or _operator(word) is not None:
            raise _NoExpressionError
        self.place += 1
        return word

    def _takes(self, wanted: str) -> bool:
        if self.place == len(self.words) or wanted not in (word := self.words[self.place], _operator(word)):
            return False
        self.place += 1
        return True


def _words(text: str) -> list[str]:
    words, place = [], 0
    text = text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            return []
        words.append(match[1] or match[2])
        place = match.end()
    return words


def _operator(word: str) -> str | None:
    """Returns the operator that a word is: all upper or all lower case (SPDX 3.0.1, annex B)."""
    return word.upper() if word.upper() in _OPERATORS and word in (word.upper(), word.lower()) else None


def _bounded(size: int) -> None:
    if size > ALTERNATIVES:
        raise _TooManyError


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
