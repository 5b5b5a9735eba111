"""Cobertura XML, as Cobertura, coverlet, Istanbul, gcovr, PHPUnit, tarpaulin, SimpleCov, Visual Studio and many others write it.

Format: see `_cobertura`. Counted are the lines that the classes list, each as often as it is listed: a file in several classes
(partial classes, closures) counts with all of them, as in the tools' own totals. The lines of a class' methods repeat its
lines and are counted only where the class lists none itself. A line is covered when its ``hits`` are above 0; a negative
count, which race conditions in gcov leave behind, covers nothing and makes the report incomplete.

Branches are the sum of the fractions of ``condition-coverage``. Where no line has one (old versions of Istanbul), they are
those of the root element. The root's totals are compared with the lines; trimmed and merged reports differ, and Istanbul
counts branches in lines that it does not list.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed, Tool, shorten
from compliance.source import Source

from ._cobertura import branches_of, classic, contradiction, stated_branches, time_of, written_by_coverage_py
from ._files import Counts, Sum, folder_of

_WAITING: Final = 2000
"""Lines that wait to be counted: in one go they take a third less time than one by one."""


@dataclass
class _Lines:
    """The lines of a class, or of its methods."""

    waiting: list[dict[str, str]] = field(default_factory=list)
    """Attributes of lines that are not counted yet."""
    covered: int = 0
    total: int = 0
    branches_covered: int = 0
    branches_total: int = 0
    fractions: int = 0
    """Lines that say how many of their branches are covered."""
    unclear: int = 0
    """Lines with branches that do not say so."""
    negative: int = 0

    def count(self, path: str) -> None:
        """Counts the lines that wait."""
        covered = 0
        for attributes in self.waiting:
            try:
                hit = _hit(attributes["hits"])
                conditions = attributes.get("condition-coverage")
                if conditions or attributes.get("branch", "").lower() == "true":
                    self._branches(conditions or "")
                if not attributes["number"].isdecimal():
                    raise InputError(f'number="{shorten(attributes["number"], 40)}"', expected="a count")
            except KeyError as error:
                raise InputError(f"a line without {error.args[0]}", expected="number and hits", where=_where(path, attributes)) from error
            except InputError as error:
                error.where = _where(path, attributes)
                raise
            if hit > 0:
                covered += 1
            elif hit:
                self.negative += 1
        self.covered += covered
        self.total += len(self.waiting)
        self.waiting.clear()

    def _branches(self, conditions: str) -> None:
        found = branches_of(conditions)
        if found is None:
            self.unclear += 1
            return
        self.fractions += 1
        self.branches_covered += found[0]
        self.branches_total += found[1]

    def counts(self) -> Counts:
        return Counts(self.covered, self.total, self.branches_covered, self.branches_total)


def _where(path: str, attributes: dict[str, str]) -> str:
    return f"{shorten(path, 200)} line {shorten(attributes.get('number', '?'), 20)}"


@dataclass
class _Class:
    """The class that is being read."""

    path: str
    own: _Lines = field(default_factory=_Lines)
    of_methods: _Lines = field(default_factory=_Lines)

    def lines(self) -> _Lines:
        """Returns the lines that count, counted."""
        self.own.count(self.path)
        if self.own.total:
            return self.own
        self.of_methods.count(self.path)
        return self.of_methods


class _Reader:
    """Adds up a report while its tags go by."""

    def __init__(self) -> None:
        self.root: dict[str, str] | None = None
        self.sum = Sum()
        self.paths: set[str] = set()
        self.fractions = self.unclear = self.negative = 0
        self._class: _Class | None = None
        self._lines: _Lines | None = None
        """Where lines go at the moment."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "line":
            if self._lines is not None:
                self._lines.waiting.append(attributes)
        elif self.root is None:
            if tag != "coverage":
                raise InputError(f"root element <{shorten(tag, 60)}>", expected="<coverage>", where="/")
            self.root = attributes
        elif tag == "class":
            if self._class is not None:
                raise InputError("a class inside a class", expected="classes side by side", where=shorten(self._class.path, 200))
            self._class = _Class(attributes.get("filename", ""))
            self._lines = self._class.own
        elif tag == "methods" and self._class is not None:
            self._lines = self._class.of_methods

    def end(self, tag: str) -> None:
        if tag == "line":
            if self._lines is not None and self._class is not None and len(self._lines.waiting) > _WAITING:
                self._lines.count(self._class.path)
        elif tag == "methods" and self._class is not None:
            self._lines = self._class.own
        elif tag == "class" and self._class is not None:
            self._finished(self._class.path, self._class.lines())
            self._class = self._lines = None

    def _finished(self, path: str, lines: _Lines) -> None:
        self.fractions += lines.fractions
        self.unclear += lines.unclear
        self.negative += lines.negative
        self.sum.add(folder_of(path), lines.counts(), files=path not in self.paths)
        self.paths.add(path)


@lru_cache(maxsize=4096)
def _hit(text: str) -> int:
    """Returns the sign of a count of hits; the counts themselves exceed 2^63 in real files."""
    digits = text.strip().removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()):
        raise InputError(f'hits="{shorten(text, 40)}"', expected="a count")
    positive = bool(digits.strip("0"))
    return -positive if text.strip().startswith("-") else positive


def _parse(source: Source) -> Parsed:
    reader = _Reader()
    source.xml_tags(reader.start, reader.end)
    root = reader.root or {}
    lines = reader.sum.total if reader.fractions else reader.sum.total.with_branches(None)
    total = lines if reader.fractions else lines.with_branches(_of_root(root, reader))
    return Parsed(
        payload=reader.sum.payload(total, contradiction(root, lines) or _unclear(reader, total)),
        tool=_tool(root.get("version", "")),
        observed_at=time_of(root.get("timestamp")),
    )


def _of_root(root: dict[str, str], reader: _Reader) -> tuple[int, int] | None:
    """Returns the root's branches where the lines give none; none at all does not agree with lines that have some."""
    found = stated_branches(root)
    return None if reader.unclear and found == (0, 0) else found


def _unclear(reader: _Reader, total: Counts) -> str | None:
    if reader.negative:
        return f"{reader.negative} lines have a negative count of hits"
    if reader.unclear and (reader.fractions or total.branches_total is None):
        return f"{reader.unclear} lines do not say how many of their branches are covered"
    return None


def _tool(version: str) -> Tool | None:
    """Names the writer where the version does; most write ``1.9``, the version of Cobertura that they imitate."""
    name, _, number = version.strip().partition(" ")
    return Tool(shorten(name, 100), shorten(number, 100)) if number and name.isalpha() else None


def _recognise(source: Source) -> bool:
    return source.xml_root == "coverage" and not written_by_coverage_py(source) and classic(source)


cobertura_xml = Format(
    name="cobertura-xml",
    title="Coverage by Cobertura and many others (Cobertura XML)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("<coverage", "line-rate=", "<packages", "<line "),
)
