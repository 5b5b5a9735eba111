"""Conditions between ``[[`` and ``]]``: the part of the shell grammar with operators of its own.

Source: Bash reference manual, sections 3.2.5.2 (conditional constructs) and 6.4 (conditional expressions).
"""

from __future__ import annotations

import re

from .shell_words import META, Words

_TEST_OPERATOR = re.compile(r"(?:=~|==|=|!=|<|>|-(?:eq|ne|lt|le|gt|ge|nt|ot|ef))(?=\s)")
_UNARY = re.compile(r"-[a-hknoprstuvwxzGLNORS]$")
_NOT = re.compile(r"!\s")
_END = re.compile(r"\]\](?=[\s;&|()<>]|$)")


class Conditions(Words):
    """Adds conditions to the words."""

    def condition(self) -> None:
        """Reads what follows ``[[``, its end included."""
        self._test_or()
        if not _END.match(self.text, self.at):
            raise self.unexpected()
        self.at += 2

    def _test_or(self) -> None:
        while True:
            self.newlines()
            self._test_term()
            self.newlines()
            if not self.text.startswith(("&&", "||"), self.at):
                return
            self.at += 2

    def _test_term(self) -> None:
        if _NOT.match(self.text, self.at):
            self.at += 1
            self.newlines()
            self._test_term()
            return
        self.enter()
        if self.peek() == "(":
            self.at += 1
            self._test_or()
            if self.peek() != ")":
                raise self.unexpected()
            self.at += 1
        else:
            self._test_primary()
        self.depth -= 1

    def _test_primary(self) -> None:
        first = self._test_word()
        self.blank()
        operator = _TEST_OPERATOR.match(self.text, self.at)
        if operator:
            self.at = operator.end()
            self.blank()
            self._test_word(regex=operator.group() == "=~")
        elif _UNARY.match(first) and self.peek() not in ("&", "|", ")", "") and not self.text.startswith("]]", self.at):
            self._test_word()

    def _test_word(self, regex: bool = False) -> str:
        start = self.at
        while self.at < len(self.text):
            if regex and self.peek() == "(":
                self.balanced("(", ")", "pattern")
            elif regex and self.peek() == "|" and self.at > start:
                self.at += 1
            elif self.peek() in META or not self.word():
                break
        if self.at == start or self.text[start : self.at] == "]]":
            self.at = start
            raise self.unexpected()
        return self.text[start : self.at]
