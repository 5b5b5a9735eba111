"""Words of the shell language: quotes, expansions, redirections.

Below the grammar of `shell`. Written for this project instead of taken from a package: the result must be the
same on every machine and for as long as the store is kept (it is replayed), and the two packages that exist do not fit. bashlex is
GPL; tree-sitter-bash refused 17 of 528 valid scripts of a Debian system and accepts a stray ``fi``.

Source: POSIX.1-2017 volume Shell and Utilities, sections 2.2 (quoting), 2.6 (expansions), 2.7 (redirection), and the Bash reference
manual, sections 3.1.2, 3.5 and 3.6, for what Bash adds.
"""

from __future__ import annotations

import re

from .shell_reader import Reader, ShellError

BALANCED_LIMIT = 16384
"""Characters of the longest arithmetic expression."""

META = frozenset(" \t\n;&|()<>")
"""Characters that end a word."""

_FD = re.compile(r"(?:\d+|\{[A-Za-z_]\w*\})(?=[<>])")
_REDIRECTION = re.compile(r"&>>|&>|<<<|<<-|<<|<>|<&|>>|>\||>&|<(?!\()|>(?!\()")
_PLAIN = re.compile(r"""[^\s;&|()<>\\'"`$#?*+@!=]+""")


class Words(Reader):
    """Adds the words."""

    def commands_until(self, end: str) -> None:  # noqa: ARG002 (the grammar's own method uses it)
        """Reads commands up to a closing character, for substitutions; words alone hold none, the grammar does."""
        raise self.error("a command where only words can stand")

    def redirection(self) -> bool:
        """Reads one redirection if there is one."""
        start = self.at
        if fd := _FD.match(self.text, start):
            self.at = fd.end()
        operator = _REDIRECTION.match(self.text, self.at)
        if operator is None:
            self.at = start
            return False
        self.at = operator.end()
        self.blank()
        word = self.word()
        if not word:
            raise self.unexpected(f"after `{operator.group()}`")
        if operator.group() in ("<<", "<<-"):
            self._heredocs.append((re.sub(r"""\\(.)|['"]""", r"\1", word), operator.group() == "<<-"))
        return True

    def word(self) -> str:
        """Reads one word as it stands; empty when there is none."""
        start = self.at
        while self.at < len(self.text):
            if plain := _PLAIN.match(self.text, self.at):
                self.at = plain.end()
                continue
            char = self.text[self.at]
            if char in "<>" and self.text[self.at + 1 : self.at + 2] == "(":
                self._substitution(2)
            elif char == "(" and self.at > start and self.text[self.at - 1] in "?*+@!":
                self.balanced("(", ")", "pattern")
            elif char in META or (char == "\\" and self.at + 1 == len(self.text)):
                break
            else:
                self._character(char)
        return self.text[start : self.at]

    def _character(self, char: str) -> None:
        if char == "\\":
            self.at += 2
        elif char == "'":
            self._until_quote(1)
        elif char == '"':
            self._double_quoted()
        elif char == "`":
            self._backticks()
        elif char == "$":
            self._dollar()
        else:
            self.at += 1

    def _until_quote(self, skip: int) -> None:
        start = self.at
        end = self.text.find("'", start + skip)
        if end < 0:
            raise self.unfinished("quote `'`", start)
        self.at = end + 1

    def _backticks(self) -> None:
        match = re.compile(r"`(?:[^`\\]|\\.)*`", re.DOTALL).match(self.text, self.at)
        if match is None:
            raise self.unfinished("quote ```", self.at)
        self.at = match.end()

    def _double_quoted(self) -> None:
        start = self.at
        self.at += 1
        while (char := self.peek()) != '"':
            if not char:
                raise self.unfinished('quote `"`', start)
            if char in "\\`$":
                self._character(char) if char != "$" else self._dollar(quoted=True)
            else:
                self.at += 1
        self.at += 1

    def _dollar(self, quoted: bool = False) -> None:
        following = self.text[self.at + 1 : self.at + 2]
        if following == "(":
            if not (self.text.startswith("$((", self.at) and self.arithmetic(1)):
                self._substitution(2)
        elif following == "{":
            self._parameter()
        elif following == "[":
            self.at += 1
            self.balanced("[", "]", "arithmetic")
        elif following == "'" and not quoted:
            match = re.compile(r"\$'(?:[^'\\]|\\.)*'", re.DOTALL).match(self.text, self.at)
            if match is None:
                raise self.unfinished("quote `$'`", self.at)
            self.at = match.end()
        else:
            self.at += 2 if following in ("$", "#", "!", "?", "@", "*", "-") else 1

    def _substitution(self, skip: int) -> None:
        start = self.at
        self.enter()
        self.at += skip
        outer, self._heredocs = self._heredocs, []
        self.commands_until(")")
        if self.peek() != ")":
            raise self.unfinished("substitution `$(`", start)
        self.at += 1
        self._heredocs = outer
        self.depth -= 1

    def _parameter(self) -> None:
        start = self.at
        self.enter()
        self.at += 2
        if self.peek() == "}":
            raise self.error("empty `${}`")
        while (char := self.peek()) != "}":
            if not char:
                raise self.unfinished("expansion `${`", start)
            self._character(char)
        self.at += 1
        self.depth -= 1

    def arithmetic(self, skip: int = 0) -> bool:
        """Skips ``((...))`` that begins ``skip`` characters on; false, and nothing read, when it does not end in two brackets."""
        start = self.at
        self.at += skip
        try:
            self.balanced("(", ")", "arithmetic")
        except ShellError:
            self.at = start
            return False
        inner = self.text[start + skip + 1 : self.at - 1]
        if _wraps(inner):
            return True
        self.at = start
        return False

    def balanced(self, opening: str, closing: str, what: str) -> None:
        """Skips from an opening bracket to its own end; quoted brackets do not count."""
        start, level = self.at, 0
        pattern = re.compile(rf"""\\.|'[^']*+'|"(?:[^"\\]|\\.)*"|[{re.escape(opening + closing)}]""", re.DOTALL)
        for match in pattern.finditer(self.text, start, start + BALANCED_LIMIT):
            level += {opening: 1, closing: -1}.get(match.group(), 0)
            if level == 0:
                self.at = match.end()
                return
        raise self.unfinished(what, start)


def _wraps(text: str) -> bool:
    """Tells whether text is one bracket from its first to its last character: the inner pair of ``((...))``."""
    if not (text.startswith("(") and text.endswith(")")):
        return False
    reader = Words(text)
    try:
        reader.balanced("(", ")", "arithmetic")
    except ShellError:
        return False
    return reader.at == len(text)
