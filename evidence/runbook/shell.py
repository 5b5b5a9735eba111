"""Does a shell block parse? The grammar of POSIX shells with Bash's additions, over the words of `shell_words`.

Nothing is run and nothing is expanded. Checked against ``bash -n`` (see the tests). Two differences are wanted: a here-document
without its end is refused (Bash warns and goes on), and extended patterns such as ``!(keep)`` are accepted (interactive shells
usually have them on).

Source: POSIX.1-2017 volume Shell and Utilities, section 2.10 (shell grammar); Bash reference manual, section 3.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .shell_test import Conditions
from .shell_words import ShellError

_CLOSING = frozenset({"then", "elif", "else", "fi", "do", "done", "esac", "}", "]]"})
_ARRAY = re.compile(r"[A-Za-z_]\w*(?:\[[^\]\n]*\])?\+?=\(")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?:\[[^\]\n]*\])?\+?=")
_DECLARATIONS = frozenset({"declare", "typeset", "local", "export", "readonly"})
_NAME = re.compile(r"[A-Za-z_]\w*$")
_FUNCTION = re.compile(r"[ \t]*\([ \t]*\)")


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


class _Script(Conditions):
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
        while self.peek() and self.peek() != ")" and self.keyword() not in _CLOSING and not self.text.startswith((";;", ";&"), self.at):
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
        self._command()
        self.blank()
        while self.peek() == "|" and not self.text.startswith("||", self.at):
            self.at += 2 if self.text.startswith("|&", self.at) else 1
            self.newlines()
            self._command()
            self.blank()

    def _command(self) -> None:
        self.enter()
        word = self.keyword()
        if self.peek() == "(" or word:
            self._compound(word)
            self.blank()
            while self.redirection():
                self.blank()
            if self.peek() not in ("", "\n", ";", "&", "|", ")") and self.keyword() not in _CLOSING:
                raise self.unexpected()
        else:
            self._simple()
        self.depth -= 1

    def _compound(self, word: str) -> None:
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
        if brackets := _FUNCTION.match(self.text, self.at):
            self.at = brackets.end()
        self._function_body()

    def _function_body(self) -> None:
        self.newlines()
        if self.peek() != "(" and self.keyword() not in ("{", "if", "while", "until", "for", "select", "case", "[["):
            raise self.unexpected()
        self._compound(self.keyword())

    def _coproc(self) -> None:
        self.blank()
        if re.compile(r"[A-Za-z_]\w*[ \t]+[{(]").match(self.text, self.at):
            self.word()
            self.blank()
        self._command()

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
        brackets = _FUNCTION.match(self.text, self.at)
        if len(words) != 1 or brackets is None or set(words[0]) & set("$'\"`\\"):
            raise self.unexpected()
        self.found.pop()
        self.at = brackets.end()
        self._function_body()

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
