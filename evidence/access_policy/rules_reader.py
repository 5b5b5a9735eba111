"""A place in a rules file: blank space and comments, tokens, paths, errors with line and column."""

from __future__ import annotations

import re
from typing import Final

from compliance.errors import InputError

DEPTH_LIMIT: Final = 60
"""Nesting of expressions and of matches; deeper files are refused. The service itself allows 20 calls and far less nesting."""

_BLANK = re.compile(r"(?:[ \t\r\n\f\v\u00a0]|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_STRING = re.compile(r"""[rRbB]{0,2}(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")""")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_SIGN = re.compile(r"&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{};=$]")
_COMMENT_OR_STRING = re.compile(r"""('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/""", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_SHOWN = 30


class Reader:
    """A reader at a place in the text.

    Args:
        text: The whole file.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self._counted = (0, 1)

    def where(self, at: int | None = None) -> str:
        """Returns a place as messages name it."""
        position = self.at if at is None else at
        line = self.text.count("\n", 0, position) + 1
        return f"line {line} column {position - self.text.rfind(chr(10), 0, position)}"

    def line(self) -> int:
        """Returns the line of the place, counted from 1; cheap, since places follow one another."""
        place, line = self._counted
        self._counted = (self.at, line + self.text.count("\n", place, self.at))
        return self._counted[1]

    def refuse(self, expected: str, at: int | None = None) -> InputError:
        """Makes the refusal of what stands at the place."""
        position = self.at if at is None else at
        rest = self.text[position : position + _SHOWN].split("\n")[0].strip()
        return InputError(
            f"`{rest}`" if rest else "the end" if position >= len(self.text) else "a line end",
            expected=expected,
            where=self.where(position),
        )

    def enter(self) -> None:
        """Goes one level deeper; whoever calls it subtracts it again.

        Raises:
            InputError: Deeper than `DEPTH_LIMIT`.
        """
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise InputError("nested too deeply", expected=f"at most {DEPTH_LIMIT} levels", where=self.where())

    def blank(self) -> None:
        """Skips white space and comments."""
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at
        if self.text.startswith("/*", self.at):
            raise InputError("a comment that does not end", expected="`*/`", where=self.where())

    def peek(self, token: str) -> bool:
        """Tells whether a sign or a whole word comes next, blank space aside."""
        self.blank()
        if token[0].isalpha() or token[0] == "_":
            match = _NAME.match(self.text, self.at)
            return match is not None and match.group() == token
        match = _SIGN.match(self.text, self.at)
        return match is not None and match.group() == token

    def sign(self) -> str:
        """Returns the sign or word that comes next, without reading it; empty at the end and before strings and numbers."""
        self.blank()
        match = _SIGN.match(self.text, self.at) or _NAME.match(self.text, self.at)
        return match.group() if match else ""

    def take(self, token: str) -> bool:
        """Reads a sign or word if it comes next."""
        if not self.peek(token):
            return False
        self.at += len(token)
        return True

    def need(self, token: str) -> None:
        """Reads a sign or word.

        Raises:
            InputError: Something else comes next.
        """
        if not self.take(token):
            raise self.refuse(f"`{token}`")

    def name(self, expected: str) -> str:
        """Reads a name."""
        self.blank()
        match = _NAME.match(self.text, self.at)
        if match is None:
            raise self.refuse(expected)
        self.at = match.end()
        return match.group()

    def string(self) -> str | None:
        """Reads a string, None when none comes next."""
        self.blank()
        match = _STRING.match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        text = match.group().lstrip("rRbB")
        return _ESCAPE.sub(r"\1", text[1:-1])

    def number(self) -> int | float | None:
        """Reads a number without sign, None when none comes next."""
        self.blank()
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        text = match.group()
        if text[:2] in ("0x", "0X"):
            return int(text, 16)
        if len(text) > 400:
            raise InputError("a number too long", expected="a number", where=self.where(match.start()))
        return int(text) if text.isdecimal() else float(text)

    def plain(self, start: int, end: int) -> str:
        """Returns a piece of the text without comments, with single spaces outside of strings."""
        bare = _COMMENT_OR_STRING.sub(lambda match: match.group(1) or " ", self.text[start:end])
        return re.sub(r"\s+", " ", bare).strip()
