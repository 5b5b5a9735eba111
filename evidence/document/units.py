"""The pieces of a Markdown file that can say something: headings, list items, cells of tables, paragraphs, each with its line.

Code blocks, pictures, comments and struck-out text say nothing. Text keeps its line breaks, so that the line of any part can be told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from markdown_it.token import Token

_BOX = re.compile(r"\[([ xX])\]\s+")
_LABELLED = re.compile(r"\s*[A-Z][\w /()&-]{1,40}:(?:\s|$)")
_STRUCK = re.compile(r"~~.*?~~", re.DOTALL)
_VARIATION = re.compile("[\ufe0e\ufe0f\u200d]")


@dataclass(frozen=True)
class Unit:
    """One piece."""

    line: int
    """Of its first character, counted from 1."""
    text: str
    kind: Literal["heading", "item", "cell", "text"]
    sections: tuple[str, ...] = ()
    """Headings above it, and the list items that it stands under."""
    box: bool | None = None
    """Whether its box is ticked, if it has one."""
    label: str = ""
    """Of a cell: the first cell of its row."""
    column: str = ""
    """Of a cell: the head of its column."""
    wide: bool = False
    """Of a cell: its table has more than two columns."""
    group: int = 0
    """Number of the list or table that it belongs to."""
    row: int = 0
    """Number of its row or item within the file."""


@dataclass
class Table:
    """A table, for sums."""

    head: list[str]
    rows: list[list[str]]
    lines: list[int]
    sections: tuple[str, ...] = ()


@dataclass
class _State:
    headings: list[tuple[int, str]] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    group: int = 0
    row: int = 0


class Walker:
    """Walks over the tokens of a file once.

    Args:
        offset: Lines before the body.
    """

    def __init__(self, offset: int = 0) -> None:
        self.offset = offset
        self.units: list[Unit] = []
        self.tables: list[Table] = []
        self.boxes: list[bool] = []
        self._state = _State()

    def walk(self, tokens: Sequence[Token]) -> None:
        """Collects units and tables."""
        state = self._state
        level: int | None = None
        fresh_item = False
        table: Table | None = None
        for token in tokens:
            if token.type == "heading_open":
                level = int(token.tag[1:])
            elif token.type in ("bullet_list_open", "ordered_list_open"):
                state.group += 1
            elif token.type == "list_item_open":
                state.items.append("")
                state.row += 1
                fresh_item = True
            elif token.type == "list_item_close":
                state.items.pop()
            elif token.type == "table_open":
                state.group += 1
                table = Table([], [], [], self._sections())
            elif token.type == "table_close" and table is not None:
                self.tables.append(table)
                self._cells(table)
                table = None
            elif token.type == "tr_open" and table is not None:
                table.rows.append([])
                table.lines.append(self._line(token))
            elif token.type == "inline":
                if table is not None and table.rows:
                    table.rows[-1].append(plain(token))
                elif level is not None:
                    self._heading(token, level)
                else:
                    self._text(token, fresh_item)
                level, fresh_item = None, False

    def _line(self, token: Token) -> int:
        return self.offset + (token.map[0] + 1 if token.map else 1)

    def _sections(self) -> tuple[str, ...]:
        return (*(text for _, text in self._state.headings), *(text for text in self._state.items if text))

    def _heading(self, token: Token, level: int) -> None:
        text = plain(token)
        state = self._state
        state.headings = [one for one in state.headings if one[0] < level]
        self.units.append(Unit(self._line(token), text, "heading", self._sections()))
        state.headings.append((level, text))

    def _text(self, token: Token, item: bool) -> None:
        text, state = plain(token), self._state
        box = _BOX.match(text) if item else None
        ticked = None if box is None else box.group(1) != " "
        if ticked is not None:
            self.boxes.append(ticked)
        text = text[box.end() :] if box else text
        kind: Literal["item", "text"] = "item" if state.items else "text"
        for line, part in _labelled(text):
            self.units.append(Unit(self._line(token) + line, part, kind, self._sections(), ticked, group=state.group, row=state.row))
        if item and state.items:
            state.items[-1] = text.split("\n")[0]

    def _cells(self, table: Table) -> None:
        table.head, table.rows, table.lines = (table.rows or [[]])[0], table.rows[1:], table.lines[1:]
        for row, line in zip(table.rows, table.lines, strict=True):
            self._state.row += 1
            for number, text in enumerate(row[1:], 1):
                column = table.head[number] if number < len(table.head) else ""
                wide, group, number_of_row = len(table.head) > 2, self._state.group, self._state.row
                self.units.append(Unit(line, text, "cell", table.sections, None, row[0], column, wide, group=group, row=number_of_row))


def _labelled(text: str) -> list[tuple[int, str]]:
    """Cuts a paragraph whose lines each begin with a label ("Status: ...") into its lines, and counts the lines before each."""
    lines = text.split("\n")
    if len(lines) == 1 or not _LABELLED.match(lines[0]):
        return [(0, text)]
    starts = [number for number, line in enumerate(lines) if _LABELLED.match(line)]
    return [(start, "\n".join(lines[start:end])) for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]


def plain(token: Token) -> str:
    """Returns the words of running text, with its line breaks; pictures, tags and struck-out words left out."""
    parts = []
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif child.type in ("text", "code_inline", "text_special"):
            parts.append(child.content)
        elif child.type == "html_inline" and child.content[:3].lower() == "<br":
            parts.append("; ")
    return _STRUCK.sub("", _VARIATION.sub("", "".join(parts)).replace("\u00a0", " ").replace("\u202f", " "))


def read(body: str, offset: int) -> Walker:
    """Reads the units of a file; its size was checked before."""
    from markdown_it import MarkdownIt

    walker = Walker(offset)
    walker.walk(MarkdownIt("commonmark").enable("table").parse(body))
    return walker
