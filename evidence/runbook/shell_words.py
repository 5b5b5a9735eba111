"""Words of the shell language: quotes, expansions, here-documents, redirections.

The lower half of `shell`, which holds the grammar. Written for this project instead of taken from a package: the result must be the
same on every machine and for as long as the store is kept (it is replayed), and the two packages that exist do not fit. bashlex is
GPL; tree-sitter-bash refused 17 of 528 valid scripts of a Debian system and accepts a stray ``fi``.

Source: POSIX.1-2017 volume Shell and Utilities, sections 2.2 (quoting), 2.6 (expansions), 2.7 (redirection), and the Bash reference
manual, sections 3.1.2, 3.5 and 3.6, for what Bash adds.
"""

from __future__ import annotations

import re

DEPTH_LIMIT = 60
"""Nesting of commands, substitutions and expansions; deeper text is refused."""

BALANCED_LIMIT = 16384
"""Characters of the longest arithmetic expression."""

META = frozenset(" \t\n;&|()<>")
"""Characters that end a word."""

_KEYWORD = re.compile(
    r"(?:if|then|elif|else|fi|while|until|for|select|case|esac|do|done|function|coproc|time|\[\[|\]\]|[{}!])(?=[\s;&|()<>]|$)"
)
_FD = re.compile(r"(?:\d+|\{[A-Za-z_]\w*\})(?=[<>])")
_REDIRECTION = re.compile(r"&>>|&>|<<<|<<-|<<|<>|<&|>>|>\||>&|<(?!\()|>(?!\()")
_BLANK = re.compile(r"(?:[ \t\r]|\\\r?\n|\\\Z)*")
_PLAIN = re.compile(r"""[^\s;&|()<>\\'"`$#?*+@!=]+""")


class ShellError(Exception):
    """Text that no shell would run.

    Args:
        reason: What is wrong.
        line: Line of the text, counted from 1.
        incomplete: The text ends before the command does.
    """

    def __init__(self, reason: str, line: int, *, incomplete: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.incomplete = incomplete


class Words:
    """A reader at a place in the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self._heredocs: list[tuple[str, bool]] = []
        self._counted = (0, 1)

    def commands_until(self, end: str) -> None:  # noqa: ARG002 (the grammar's own method uses it)
        """Reads commands up to a closing character, for substitutions; words alone hold none, the grammar does."""
        raise self.error("a command where only words can stand")

    def line_of(self, at: int) -> int:
        """Returns the line of a place; cheap for places that follow one another."""
        place, line = self._counted if self._counted[0] <= at else (0, 1)
        self._counted = (at, line + self.text.count("\n", place, at))
        return self._counted[1]

    def error(self, reason: str, at: int | None = None) -> ShellError:
        """Makes the error for a place."""
        return ShellError(reason, self.line_of(self.at if at is None else at))

    def unfinished(self, what: str, at: int) -> ShellError:
        """Makes the error for something that begins at a place and has no end."""
        return ShellError(f"{what} without its end", self.line_of(at), incomplete=True)

    def peek(self) -> str:
        """Returns the next character, empty at the end."""
        return self.text[self.at : self.at + 1]

    def keyword(self) -> str:
        """Returns the reserved word that begins here, empty when none does."""
        match = _KEYWORD.match(self.text, self.at)
        return match.group() if match else ""

    def enter(self) -> None:
        """Counts one level of nesting."""
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise self.error("nested too deeply")

    def blank(self) -> None:
        """Skips spaces, continued lines and a comment, not the end of the line."""
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at
        if self.peek() == "#":
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end

    def newlines(self) -> None:
        """Skips blank text, comments and ends of lines; here-documents begin at the end of a line."""
        self.blank()
        while self.peek() == "\n":
            self.newline()
            self.blank()

    def newline(self) -> None:
        """Goes over the end of a line and the here-documents that begin there."""
        self.at += 1
        self._read_heredocs()

    def _read_heredocs(self) -> None:
        while self._heredocs:
            delimiter, tabs = self._heredocs.pop(0)
            start = self.at
            while True:
                if self.at >= len(self.text):
                    raise self.unfinished(f"here-document `{delimiter}`", start)
                end = self.text.find("\n", self.at)
                end = len(self.text) if end < 0 else end
                line = self.text[self.at : end].rstrip("\r")
                self.at = min(end + 1, len(self.text))
                if (line.lstrip("\t") if tabs else line) == delimiter:
                    break

    def check_heredocs(self) -> None:
        """Refuses a here-document whose text never came."""
        if self._heredocs:
            raise self.unfinished(f"here-document `{self._heredocs[0][0]}`", self.at)

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

    def unexpected(self, where: str = "") -> ShellError:
        """Makes the error for what stands here."""
        if not self.peek():
            return ShellError(f"the command is cut off {where}".strip(), self.text.count("\n") + 1, incomplete=True)
        found = self.keyword() or self.peek()
        return self.error(f"unexpected {'end of line' if found == chr(10) else f'`{found}`'} {where}".strip())

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
        match = re.compile(r"`(?:[^`\\]|\\.)*+`", re.DOTALL).match(self.text, self.at)
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
            match = re.compile(r"\$'(?:[^'\\]|\\.)*+'", re.DOTALL).match(self.text, self.at)
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
        pattern = re.compile(rf"""\\.|'[^']*+'|"(?:[^"\\]|\\.)*+"|[{re.escape(opening + closing)}]""", re.DOTALL)
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
