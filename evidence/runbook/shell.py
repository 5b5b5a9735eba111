"""Does a shell block parse? The grammar of POSIX shells with Bash's additions, over the words of `shell_words`.

Nothing is run and nothing is expanded. Checked against ``bash -n`` (see the tests). Two differences are wanted: a here-document
without its end is refused (Bash warns and goes on), and extended patterns such as ``!(keep)`` are accepted (interactive shells
usually have them on).

Source: POSIX.1-2017 volume Shell and Utilities, section 2.10 (shell grammar); Bash reference manual, section 3.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .shell_compound import CLOSING, FUNCTION, Compounds

_ARRAY = re.compile(r"[A-Za-z_]\w*(?:\[[^\]\n]*\])?\+?=\(")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?:\[[^\]\n]*\])?\+?=")
_DECLARATIONS = frozenset({"declare", "typeset", "local", "export", "readonly"})


@dataclass(frozen=True)
class Command:
    """One simple command: its words as they stand, quotes and expansions included."""

    words: tuple[str, ...]
    line: int


def parse(text: str) -> tuple[Command, ...]:
    """Reads a script.

    Returns:
        Its simple commands in the order of the text, those inside compound commands and substitutions included.

    Raises:
        ShellError: No shell would run it.
    """
    script = _Script(text)
    script.commands_until("")
    script.check_heredocs()
    return tuple(script.found)


def first_command(text: str) -> int:
    """Returns where the first complete line of commands ends: after its last continued line, here-documents included.

    Raises:
        ShellError: It cannot be read.
    """
    script = _Script(text)
    script.line()
    script.check_heredocs()
    return script.at


class _Script(Compounds):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.found: list[Command] = []

    def commands_until(self, end: str) -> None:
        """Reads commands up to ``end`` (a bracket, or empty for the end of the text)."""
        self.sequence()
        found = self.peek()
        if found and found != end:
            raise self.unexpected()

    def line(self) -> None:
        """Reads the commands of one line."""
        self.blank()
        while self.peek() not in ("", "\n"):
            self._and_or()
            self.blank()
            if self.peek() in (";", "&") and self.text[self.at : self.at + 2] not in (";;", ";&", "&&"):
                self.at += 1
                self.blank()
            elif self.peek() not in ("", "\n"):
                raise self.unexpected()
        if self.peek():
            self.newline()

    def sequence(self) -> int:
        """Reads commands and their separators up to something that cannot begin one; returns how many there were."""
        number = 0
        self.newlines()
        while self.peek() and self.peek() != ")" and self.keyword() not in CLOSING and not self.text.startswith((";;", ";&"), self.at):
            self._and_or()
            number += 1
            self.blank()
            if self.peek() == "\n":
                self.newlines()
            elif self.peek() in (";", "&") and self.text[self.at : self.at + 2] not in (";;", ";&", "&&"):
                self.at += 1
                self.newlines()
            else:
                break
        return number

    def _and_or(self) -> None:
        self._pipeline()
        self.blank()
        while self.text.startswith(("&&", "||"), self.at):
            self.at += 2
            self.newlines()
            self._pipeline()
            self.blank()

    def _pipeline(self) -> None:
        while self.keyword() in ("!", "time"):
            self.at += len(self.keyword())
            self.blank()
            if self.text.startswith("-p", self.at):
                self.at += 2
                self.blank()
            if self.peek() in ("", "\n", ";"):
                return
        self.command()
        self.blank()
        while self.peek() == "|" and not self.text.startswith("||", self.at):
            self.at += 2 if self.text.startswith("|&", self.at) else 1
            self.newlines()
            self.command()
            self.blank()

    def command(self) -> None:
        self.enter()
        word = self.keyword()
        if self.peek() == "(" or word:
            self.compound(word)
            self.blank()
            while self.redirection():
                self.blank()
            if self.peek() not in ("", "\n", ";", "&", "|", ")") and self.keyword() not in CLOSING:
                raise self.unexpected()
        else:
            self._simple()
        self.depth -= 1

    def _simple(self) -> None:
        start, read = self.at, False
        words: list[str] = []
        while True:
            self.blank()
            if self.redirection():
                read = True
                continue
            before = self.at
            array = _ARRAY.match(self.text, before)
            if array and (not words or words[0] in _DECLARATIONS):
                self.at = array.end()
                self._array()
                read = True
                continue
            word = self.word()
            if not word:
                break
            read = True
            if words or not _ASSIGNMENT.match(word):
                words.append(word)
        if not read:
            raise self.unexpected()
        if words:
            self.found.append(Command(tuple(words), self.line_of(start)))
        if self.peek() == "(":
            self._definition(words)

    def _definition(self, words: list[str]) -> None:
        brackets = FUNCTION.match(self.text, self.at)
        if len(words) != 1 or brackets is None or set(words[0]) & set("$'\"`\\"):
            raise self.unexpected()
        self.found.pop()
        self.at = brackets.end()
        self.function_body()

    def _array(self) -> None:
        start = self.at
        self.newlines()
        while self.word():
            self.newlines()
        if not self.peek():
            raise self.unfinished("array `(`", start)
        if self.peek() != ")":
            raise self.unexpected()
        self.at += 1
