"""Compound commands: groups, ``if``, loops, ``case``, functions.

Source: POSIX.1-2017 volume Shell and Utilities, section 2.9.4; Bash reference manual, sections 3.2.5 to 3.3.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from .shell_reader import ShellError
from .shell_test import Conditions

CLOSING = frozenset({"then", "elif", "else", "fi", "do", "done", "esac", "}", "]]"})
"""Reserved words that end something."""
_NAME = re.compile(r"[A-Za-z_]\w*$")
FUNCTION = re.compile(r"[ \t]*\([ \t]*\)")
"""Brackets after the name of a function."""


class Compounds(Conditions, ABC):
    """Adds compound commands to the conditions; what stands inside them is for the grammar to read."""

    @abstractmethod
    def sequence(self) -> int:
        """Reads commands and their separators up to something that cannot begin one; returns how many there were."""

    @abstractmethod
    def command(self) -> None:
        """Reads one command."""

    def compound(self, word: str) -> None:
        """Reads the compound command that begins here, with a bracket or a reserved word."""
        if self.peek() == "(":
            if not (self.text.startswith("((", self.at) and self.arithmetic()):
                self.at += 1
                self._body(")")
            return
        readers = {
            "{": lambda: self._body("}"),
            "if": self._if,
            "while": self._loop,
            "until": self._loop,
            "for": self._for,
            "select": self._for,
            "case": self._case,
            "[[": self.condition,
            "function": self._function,
            "coproc": self._coproc,
        }
        if word not in readers:
            raise self.unexpected()
        start = self.at
        self.at += len(word)
        try:
            readers[word]()
        except ShellError as error:
            raise (self.unfinished(f"`{word}`", start) if error.incomplete and "cut off" in error.reason else error) from error

    def _body(self, *ends: str) -> str:
        """Reads at least one command and then one of the closing words; returns it."""
        if not self.sequence():
            raise self.unexpected()
        for end in ends:
            if self.keyword() == end or (end == ")" and self.peek() == ")"):
                self.at += len(end)
                return end
        raise self.unexpected()

    def _if(self) -> None:
        end = "elif"
        while end == "elif":
            self._body("then")
            end = self._body("elif", "else", "fi")
        if end == "else":
            self._body("fi")

    def _loop(self) -> None:
        self._body("do")
        self._body("done")

    def _for(self) -> None:
        self.blank()
        if self.text.startswith("((", self.at):
            if not self.arithmetic():
                raise self.unfinished("`for ((`", self.at)
            self.blank()
        else:
            if not _NAME.match(self.word()):
                raise self.error("no variable after `for`")
            self.newlines()
            if re.compile(r"in(?=[\s;]|$)").match(self.text, self.at):
                self.at += 2
                self.blank()
                while self.word():
                    self.blank()
                if self.peek() not in (";", "\n"):
                    raise self.unexpected()
        if self.peek() == ";":
            self.at += 1
        self.newlines()
        word = self.keyword()
        if word not in ("do", "{"):
            raise self.unexpected()
        self.at += len(word)
        self._body("done" if word == "do" else "}")

    def _case(self) -> None:
        self.blank()
        if not self.word():
            raise self.unexpected()
        self.newlines()
        if not re.compile(r"in(?=\s|$)").match(self.text, self.at):
            raise self.unexpected()
        self.at += 2
        self.newlines()
        while self.keyword() != "esac":
            self._case_item()
        self.at += 4

    def _case_item(self) -> None:
        if self.peek() == "(":
            self.at += 1
        while True:
            self.blank()
            if not self.word():
                raise self.unexpected()
            self.blank()
            if self.peek() != "|":
                break
            self.at += 1
        if self.peek() != ")":
            raise self.unexpected()
        self.at += 1
        self.sequence()
        for end in (";;&", ";;", ";&"):
            if self.text.startswith(end, self.at):
                self.at += len(end)
                self.newlines()
                return
        if self.keyword() != "esac":
            raise self.unexpected()

    def _function(self) -> None:
        self.blank()
        if not self.word():
            raise self.unexpected()
        if brackets := FUNCTION.match(self.text, self.at):
            self.at = brackets.end()
        self.function_body()

    def function_body(self) -> None:
        """Reads the compound command that is a function's body."""
        self.newlines()
        if self.peek() != "(" and self.keyword() not in ("{", "if", "while", "until", "for", "select", "case", "[["):
            raise self.unexpected()
        self.compound(self.keyword())

    def _coproc(self) -> None:
        self.blank()
        if re.compile(r"[A-Za-z_]\w*[ \t]+[{(]").match(self.text, self.at):
            self.word()
            self.blank()
        self.command()
