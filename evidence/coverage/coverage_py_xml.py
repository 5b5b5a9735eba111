"""XML report of coverage.py (``coverage xml``), all versions since 3.0: its dialect of Cobertura's DTD, not the classic one.

Lines are those of ``class/lines``; a class is a file. Since version 4.4 the root states totals, before only rates; both are
compared with the lines, from which trimmed and merged reports differ. ``branch-rate`` is "0" when branches were not measured,
while a measured report without branches has "1" since version 4.0 (``xmlreport.py`` of coverage.py), which is the only trace
that "not measured" leaves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed, Tool, shorten
from compliance.source import Source

from ._cobertura import branches_of, contradiction, rate_of, time_in_ms, written_by_coverage_py
from ._files import Counts, Sum, folder_of

_VERSION = re.compile(r"[1-9]\d*\.\d+[\w.+-]*")


@dataclass
class _File:
    """The class element that is being read."""

    path: str
    seen: set[int] = field(default_factory=set)
    covered: int = 0
    branches_covered: int = 0
    branches_total: int = 0

    def line(self, attributes: dict[str, str]) -> None:
        number = _number(attributes, "number", self.path)
        if number in self.seen:
            raise InputError(f"line {number} twice", expected="each line once", where=self.path)
        self.seen.add(number)
        self.covered += _number(attributes, "hits", self.path) > 0
        if attributes.get("branch") == "true":
            self._branches(attributes.get("condition-coverage", ""), number)

    def _branches(self, text: str, number: int) -> None:
        where = f"{self.path} line {number}"
        try:
            found = branches_of(text)
        except InputError as error:
            error.where = where
            raise
        if found is None:
            raise InputError(f'condition-coverage="{shorten(text, 40)}"', expected="as in 50% (1/2)", where=where)
        self.branches_covered += found[0]
        self.branches_total += found[1]

    def counts(self) -> Counts:
        return Counts(self.covered, len(self.seen), self.branches_covered, self.branches_total)


class _Reader:
    """Adds up a report while its tags go by, holding one class at a time."""

    def __init__(self) -> None:
        self.root: dict[str, str] | None = None
        self.sum = Sum()
        self.file: _File | None = None
        self.names: set[str] = set()
        self._methods = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.root is None:
            self._root(tag, attributes)
        elif tag == "line" and self.file is not None and not self._methods:
            self.file.line(attributes)
        elif tag == "methods":
            self._methods += 1
        elif tag == "class":
            self._file_starts(attributes.get("filename", ""))

    def end(self, tag: str) -> None:
        if tag == "methods":
            self._methods -= 1
        elif tag == "class" and self.file is not None:
            self.sum.add(folder_of(self.file.path), self.file.counts())
            self.file = None

    def _root(self, tag: str, attributes: dict[str, str]) -> None:
        if tag != "coverage":
            raise InputError(f"root element <{shorten(tag, 60)}>", expected="<coverage>", where="/")
        if _VERSION.fullmatch(attributes.get("version", "")) is None:
            found = f'version="{shorten(attributes.get("version", ""), 40)}"'
            raise InputError(found, expected="a version of coverage.py", where="/coverage")
        self.root = attributes

    def _file_starts(self, name: str) -> None:
        if not name or self.file is not None:
            raise InputError("a class inside a class" if name else "a class without filename", expected="one class per file")
        if name in self.names:
            raise InputError(f"{shorten(name, 200)} twice", expected="one class per file")
        self.names.add(name)
        self.file = _File(name)


def _number(attributes: dict[str, str], key: str, where: str) -> int:
    text = attributes.get(key, "")
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise InputError(f'{key}="{shorten(text, 40)}"', expected="a count", where=where)
    return int(text)


def _parse(source: Source) -> Parsed:
    reader = _Reader()
    source.xml_tags(reader.start, reader.end)
    root = reader.root or {}
    total = reader.sum.total if _branches_measured(root, reader.sum.total) else reader.sum.total.with_branches(None)
    return Parsed(
        payload=reader.sum.payload(total, contradiction(root, total)),
        tool=Tool("coverage.py", shorten(root["version"], 100)),
        observed_at=time_in_ms(root.get("timestamp")),
    )


def _branches_measured(root: dict[str, str], found: Counts) -> bool:
    rate = rate_of(root, "branch-rate")
    if "branches-valid" not in root:
        return bool(found.branches_total or rate)
    measured = root["branches-valid"].strip("0") != "" or rate != 0
    if found.branches_total and not measured:
        raise InputError(f"{found.branches_total} branches", expected="none, as in the totals", where="/coverage")
    return measured


def _recognise(source: Source) -> bool:
    return source.xml_root == "coverage" and written_by_coverage_py(source)


coverage_py_xml = Format(
    name="coverage-py-xml",
    title="Coverage by coverage.py (XML)",
    parser=2,
    recognise=_recognise,
    parse=_parse,
    marks=("<coverage", "line-rate=", "<packages", "Generated by coverage.py", "coverage.readthedocs.io"),
)
