"""Statements of the rules language: ``service``, ``match``, ``allow``, ``function``.

Source: Firebase documentation, "Security Rules language", and real files, which leave out semicolons at the end of a statement and, in
the oldest form, the colon before ``if``.
"""

from __future__ import annotations

import re
from typing import Final

from compliance.errors import InputError

from .rules_expression import Expressions
from .rules_tree import Allow, Expression, Function, Match, RulesFile, Segment, Service

METHODS: Final = {
    "read": ("get", "list"),
    "write": ("create", "update", "delete"),
    **{name: (name,) for name in ("get", "list", "create", "update", "delete")},
}
"""What a method stands for."""
VERSIONS: Final = ("1", "2")
STATEMENT_LIMIT: Final = 5000
"""Matches, allow statements and functions of one file; the service takes 256 KB of text."""
MATCH_LIMIT: Final = 1000
"""Matches of one file: each is compared with each."""
PATH_LIMIT: Final = 100
"""Parts of a match path."""

_SEGMENT = re.compile(r"/(?:\{\s*([A-Za-z_]\w*)\s*(=\s*\*\*?\s*)?\}|([\w\-.~%+@:!]+|\([\w\-.]+\)))", re.ASCII)


class Parser(Expressions):
    """Reads a whole file."""

    def file(self) -> RulesFile:
        """Reads the file to its end.

        Raises:
            InputError: With line and column.
        """
        self.statements = 0
        rules = RulesFile(self._version())
        while self.sign() or self.at < len(self.text):
            if self.take("service"):
                rules.services.append(self._service())
            elif self.take("function"):
                self._function(rules.functions)
            elif not self.take(";"):
                raise self.refuse("`service`")
        if not rules.services:
            raise self.refuse("`service`")
        return rules

    def _count(self) -> None:
        self.statements += 1
        if self.statements > STATEMENT_LIMIT:
            raise InputError(f"more than {STATEMENT_LIMIT} statements", expected="a rules file", where=self.where())

    def _version(self) -> str | None:
        if not self.take("rules_version"):
            return None
        self.need("=")
        self.blank()
        start = self.at
        version = self.string()
        if version not in VERSIONS:
            raise self.refuse("a version, '1' or '2'", start)
        self.take(";")
        return version

    def _service(self) -> Service:
        name = self.name("the name of a service")
        while self.take("."):
            name += f".{self.name('the name of a service')}"
        service = Service(name)
        self.need("{")
        while not self.take("}"):
            if self.take("match"):
                service.matches.append(self._match())
            elif self.take("function"):
                self._function(service.functions)
            elif not self.take(";"):
                raise self.refuse("`match`, `function` or `}`")
        return service

    def _match(self) -> Match:
        self._count()
        self.enter()
        line = self.line()
        match = Match(*self._match_path(), line)
        self.need("{")
        while not self.take("}"):
            if self.take("allow"):
                match.allows.append(self._allow())
            elif self.take("match"):
                match.matches.append(self._match())
            elif self.take("function"):
                self._function(match.functions)
            elif not self.take(";"):
                raise self.refuse("`allow`, `match`, `function` or `}`")
        self.depth -= 1
        return match

    def _match_path(self) -> tuple[tuple[Segment, ...], str]:
        self.blank()
        start = self.at
        segments: list[Segment] = []
        while found := _SEGMENT.match(self.text, self.at):
            variable, many, name = found.groups()
            wildcard = None if name else "many" if many and "**" in many else "one"
            segments.append(Segment(name or variable, wildcard))  # type: ignore[arg-type]
            self.at = found.end()
        text = self.text[start : self.at]
        if segments and self.text.startswith("/", self.at):
            self.at += 1
        if not segments:
            raise self.refuse("a path such as /users/{user}")
        if len(segments) > PATH_LIMIT:
            raise InputError(f"{len(segments)} parts", expected=f"a path of at most {PATH_LIMIT} parts", where=self.where(start))
        return tuple(segments), re.sub(r"\s+", "", text)

    def _allow(self) -> Allow:
        self._count()
        line = self.line()
        methods = [self._method()]
        while self.take(","):
            methods.append(self._method())
        colon = self.take(":")
        condition, text = None, None
        if colon or self.peek("if"):
            self.need("if")
            self.blank()
            start = self.at
            condition = self.expression()
            text = self.plain(start, self.at)
        semicolon = self.take(";")
        if not semicolon and not any(self.peek(word) for word in ("}", "allow", "match", "function")):
            raise self.refuse("`;`")
        return Allow(tuple(methods), condition, text, line, colon or condition is None, semicolon)

    def _method(self) -> str:
        self.blank()
        start = self.at
        name = self.name("a method such as `read`")
        if name not in METHODS:
            raise self.refuse("read, write, get, list, create, update or delete", start)
        return name

    def _function(self, into: dict[str, Function]) -> None:
        self._count()
        self.blank()
        start = self.at
        name = self.name("the name of a function")
        if name in into:
            raise self.refuse("a function that is defined once", start)
        self.need("(")
        parameters = []
        while not self.take(")"):
            parameters.append(self.name("a parameter"))
            if not self.peek(")"):
                self.need(",")
        self.need("{")
        lets: list[tuple[str, Expression]] = []
        while self.take("let"):
            variable = self.name("a variable")
            self.need("=")
            lets.append((variable, self.expression()))
            self.take(";")
        self.need("return")
        result = self.expression()
        self.take(";")
        self.need("}")
        into[name] = Function(name, tuple(parameters), tuple(lets), result)


def parse(text: str) -> RulesFile:
    """Reads a rules file.

    Raises:
        InputError: Not in the rules language; with line and column.
    """
    return Parser(text).file()
