"""Expressions of the rules language: a dialect of CEL with paths.

Source: Firebase documentation, "Security Rules language" (operators and their precedence) and the reference of its types. A slash where
a value is expected begins a path; elsewhere it divides.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from compliance.errors import InputError

from .rules_reader import Reader
from .rules_tree import Binary, Call, Chain, Choice, Constant, Expression, Index, Items, Member, Name, Negative, Not, PathText

RUN_LIMIT: Final = 200
"""Operators of one level after each other, other than ``&&`` and ``||``."""

_LEVELS: Final[tuple[frozenset[str], ...]] = (
    frozenset({"==", "!="}),
    frozenset({"in", "is"}),
    frozenset({"<", "<=", ">", ">="}),
    frozenset({"+", "-"}),
    frozenset({"*", "/", "%"}),
)
"""Binary operators from loosest to tightest, below ``||`` and ``&&``."""
_CHAINS: Final[tuple[Literal["||", "&&"], ...]] = ("||", "&&")
_CONSTANTS: Final[dict[str, bool | None]] = {"null": None, "true": True, "false": False}
_PATH_PART = re.compile(r"[\w\-.~%+@:*!]+|\([\w\-.]+\)")


class Expressions(Reader):
    """Adds expressions to the reader."""

    def expression(self) -> Expression:
        """Reads an expression.

        Raises:
            InputError: With the place.
        """
        self.enter()
        test = self._chain(0)
        if self.take("?"):
            yes = self.expression()
            self.need(":")
            test = Choice(test, yes, self.expression())
        self.depth -= 1
        return test

    def _chain(self, level: int) -> Expression:
        if level == len(_CHAINS):
            return self._binary(0)
        items = [self._chain(level + 1)]
        while self.take(_CHAINS[level]):
            items.append(self._chain(level + 1))
        return items[0] if len(items) == 1 else Chain(_CHAINS[level], tuple(items))

    def _binary(self, level: int) -> Expression:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        for _ in range(RUN_LIMIT):
            operator = self.sign()
            if operator not in _LEVELS[level]:
                return left
            self.need(operator)
            left = Binary(operator, left, Name(self.name("a type")) if operator == "is" else self._binary(level + 1))
        raise InputError("an expression too long", expected=f"at most {RUN_LIMIT} operators in a row", where=self.where())

    def _unary(self) -> Expression:
        for sign, node in (("!", Not), ("-", Negative)):
            if self.take(sign):
                self.enter()
                inner = self._unary()
                self.depth -= 1
                return node(inner)
        return self._postfix()

    def _postfix(self) -> Expression:
        value = self._primary()
        for _ in range(RUN_LIMIT):
            if self.take("."):
                value = Member(value, self.name("a member"))
            elif self.take("["):
                value = self._index(value)
            elif self.take("("):
                value = Call(value, self._items(")"))
            else:
                return value
        raise InputError("an expression too long", expected=f"at most {RUN_LIMIT} members in a row", where=self.where())

    def _index(self, of: Expression) -> Expression:
        at = self.expression()
        upto = self.expression() if self.take(":") else None
        self.need("]")
        return Index(of, at, upto)

    def _items(self, end: str) -> tuple[Expression, ...]:
        items: list[Expression] = []
        while not self.take(end):
            items.append(self.expression())
            if not self.peek(end):
                self.need(",")
        return tuple(items)

    def _primary(self) -> Expression:
        text = self.string()
        if text is not None:
            return Constant(text)
        number = self.number()
        if number is not None:
            return Constant(number)
        if self.take("("):
            inner = self.expression()
            self.need(")")
            return inner
        if self.take("["):
            return Items(self._items("]"))
        if self.take("{"):
            return self._map()
        if self.peek("/"):
            return self._path()
        name = self.name("a value")
        return Constant(_CONSTANTS[name]) if name in _CONSTANTS else Name(name)

    def _map(self) -> Expression:
        items: list[Expression] = []
        while not self.take("}"):
            key = self.expression()
            self.need(":")
            items += [key, self.expression()]
            if not self.peek("}"):
                self.need(",")
        return Items(tuple(items))

    def _path(self) -> Expression:
        """Reads a path: parts after slashes, without blank space between them; ``$(...)`` holds an expression."""
        start = self.at
        inner: list[Expression] = []
        while self.text.startswith("/", self.at):
            self.at += 1
            before = self.at
            while True:
                if self.text.startswith("$(", self.at):
                    self.at += 2
                    inner.append(self.expression())
                    self.need(")")
                elif match := _PATH_PART.match(self.text, self.at):
                    self.at = match.end()
                else:
                    break
            if self.at == before:
                raise self.refuse("a part of a path")
        return PathText(self.text[start : self.at], tuple(inner))
