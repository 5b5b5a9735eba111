"""YAML nodes with the lines that they stand on: what the readers of all pipeline files share."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

import yaml

from compliance.errors import InputError


@dataclass(frozen=True)
class Text:
    """A scalar and where its characters stand in the file."""

    value: str
    line: int
    starts: tuple[tuple[int, int], ...] = ()
    """(offset in the value, line in the file), rising; empty when all of it stands on ``line``."""

    def line_at(self, offset: int) -> int:
        """Returns the line of the file on which a character of the value stands."""
        place = bisect_right(self.starts, (offset, 1 << 60)) - 1
        return self.starts[place][1] if place >= 0 else self.line


class NodeReader:
    """Reads the nodes of a text, with their lines.

    Args:
        text: What the nodes were composed from.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.breaks = [match.end() for match in re.finditer("\n", text)]

    def line(self, mark: Any) -> int:
        """Line of a mark; PyYAML's own count also takes NEL and U+2028 for line breaks, which no editor does."""
        return bisect_right(self.breaks, mark.index) + 1

    def members(self, node: Any, what: str) -> dict[str, tuple[Any, Any]]:
        """Returns the members of a mapping, as pairs of nodes by the text of the key."""
        if not isinstance(node, yaml.MappingNode):
            raise InputError(f"{what} is no mapping", expected="a mapping", where=f"line {self.line(node.start_mark)}")
        return {self.word(key): (key, value) for key, value in node.value}

    def word(self, node: Any) -> str:
        """Returns the text of a scalar."""
        if not isinstance(node, yaml.ScalarNode):
            kind = "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
            raise InputError(kind, expected="text", where=f"line {self.line(node.start_mark)}")
        value = str(node.value)
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise InputError("lone surrogate", expected="text", where=f"line {self.line(node.start_mark)}")
        return value

    def words(self, node: Any) -> tuple[str, ...]:
        """Reads one word or a list of words; null is none."""
        if isinstance(node, yaml.SequenceNode):
            return tuple(self.word(item) for item in node.value)
        value = self.word(node)
        return () if node.tag == "tag:yaml.org,2002:null" else (value,)

    def optional(self, parts: dict[str, tuple[Any, Any]], key: str) -> str | None:
        """Reads a scalar that may be absent or empty."""
        text = self.scalar(parts, key)
        return text.value if text and text.value else None

    def scalar(self, parts: dict[str, tuple[Any, Any]], key: str) -> Text | None:
        """Reads a scalar; its line is that of its key, so that a report points at ``continue-on-error:`` and the like."""
        if key not in parts:
            return None
        key_node, node = parts[key]
        return Text(self.word(node), self.line(key_node.start_mark), tuple(self.starts(node)))

    def slice(self, node: Any) -> str:
        """Returns the text that a node was composed from."""
        return self.text[node.start_mark.index : node.end_mark.index]

    def starts(self, node: Any) -> list[tuple[int, int]]:
        """Says on which line each part of a scalar stands; block, folded, plain and quoted scalars alike."""
        first, raw = self.line(node.start_mark), self.slice(node)
        if "\n" not in raw and node.style not in ("|", ">"):
            return [(0, first)]
        if node.style in ("|", ">"):
            raw = raw.partition("\n")[2]
            first += 1
        if node.style == "|" and not re.search("[\x85\u2028\u2029]", raw):
            offsets = [0, *(match.end() for match in re.finditer("\n", node.value))]
            return [(offset, first + row) for row, offset in enumerate(offsets)]
        return _aligned(node.value, raw, first)

    def scalar_lines(self, root: Any) -> set[int]:
        """Lines that belong to scalars of several lines, except the first line of each."""
        found: set[int] = set()
        seen: set[int] = set()
        stack = [root]
        while stack:
            node = stack.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, yaml.ScalarNode):
                found.update(self.inside(node))
            elif isinstance(node, yaml.MappingNode):
                stack.extend(part for pair in node.value for part in pair)
            else:
                stack.extend(node.value)
        return found

    def inside(self, node: Any) -> range:
        """Lines of a scalar after its first; those of a block scalar end with its last line that is not blank."""
        first = self.line(node.start_mark)
        return range(first + 1, first + 1 + self.slice(node).rstrip().count("\n"))


def _aligned(value: str, raw: str, line: int) -> list[tuple[int, int]]:
    """Finds the lines of a folded scalar: its visible characters come in the same order in the file, escapes apart."""
    starts: list[tuple[int, int]] = []
    place = 0
    for offset, letter in enumerate(value):
        if letter.isspace():
            continue
        while place < len(raw) and raw[place] != letter:
            line += raw[place] == "\n"
            place += 1
        if not starts or starts[-1][1] != line:
            starts.append((offset, line))
        place += 1
    return starts or [(0, line)]
