"""A place in a shell text: blank space, ends of lines, here-documents, reserved words, errors.

Source: POSIX.1-2017 volume Shell and Utilities, sections 2.3 (token recognition), 2.4 (reserved words) and 2.7.4 (here-documents).
"""

from __future__ import annotations

import re

DEPTH_LIMIT = 60
"""Nesting of commands, substitutions and expansions; deeper text is refused."""

_KEYWORD = re.compile(
    r"(?:if|then|elif|else|fi|while|until|for|select|case|esac|do|done|function|coproc|time|\[\[|\]\]|[{}!])(?=[\s;&|()<>]|$)"
)
_BLANK = re.compile(r"(?:[ \t\r]|\\\r?\n|\\\Z)*")


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


class Reader:
    """A reader at a place in the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self._heredocs: list[tuple[str, bool]] = []
        self._counted = (0, 1)

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

    def unexpected(self, where: str = "") -> ShellError:
        """Makes the error for what stands here."""
        if not self.peek():
            return ShellError(f"the command is cut off {where}".strip(), self.text.count("\n") + 1, incomplete=True)
        found = self.keyword() or self.peek()
        return self.error(f"unexpected {'end of line' if found == chr(10) else f'`{found}`'} {where}".strip())
