"""JaCoCo XML, as JaCoCo, Gradle, Kover, Pester and gcovr write it.

Format: ``report.dtd`` of JaCoCo, "-//JACOCO//DTD Report 1.1//EN". Each element ends with ``counter`` elements of what it missed
and covered; there are no percentages. The counters directly below ``report`` count: those of groups, packages, source files,
classes and methods are parts of them, and several classes may count one line. A counter of nothing is left out, so a report
without ``BRANCH`` does not say whether branches were measured.

The report's counters must be the sum of its packages and groups; where it has none (a cut report), that sum counts. The time is the
last ``dump`` of a session.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed, shorten
from compliance.source import Source

from ._cobertura import time_in_ms
from ._files import COUNT_LIMIT, Counts, Sum, covered_of, differs

_TYPES: Final = ("LINE", "BRANCH")
_DOCTYPE: Final = re.compile(rb"<!DOCTYPE\s+report\s+(?:PUBLIC\s+[\"']-//JACOCO//DTD |SYSTEM\s+[\"'][^\"'<>]*jacoco)", re.IGNORECASE)
_OPENING: Final = re.compile(rb"<report\s(?:[^<>]*\s)?name\s*=[^<>]*>\s*<(sessioninfo|group|package|counter)\b")
_COUNTER: Final = re.compile(rb"<counter\s[^<>]*\bmissed\s*=")


class _Counters(dict[str, tuple[int, int]]):
    """Covered and all, by type: of the report, a group or a package."""

    def read(self, attributes: dict[str, str], where: str) -> None:
        """Takes one counter; types that are not counted here are left out."""
        name = attributes.get("type", "")
        if name not in _TYPES:
            return
        if name in self:
            raise InputError(f"two {name} counters", expected="one", where=where)
        missed, covered = (_count(attributes, key, where) for key in ("missed", "covered"))
        covered_of(covered, covered + missed, f"{name.lower()}s", where)
        self[name] = covered, covered + missed

    def counts(self) -> Counts:
        """Returns lines and branches; no counter is a counter of nothing."""
        return Counts(*self.get("LINE", (0, 0)), *self.get("BRANCH", (0, 0)))


class _Reader:
    """Adds up a report while its tags go by."""

    def __init__(self) -> None:
        self.report = _Counters()
        self.parts: Counts = Counts(0, 0, 0, 0)
        """Sum over the packages and groups directly below the report."""
        self.branches = False
        """Whether any part has a counter of branches."""
        self.sum = Sum()
        self.dumped_at: list[datetime] = []
        self._path: list[str] = []
        self._counters: list[_Counters] = []
        """Of the path's elements."""
        self._package = ""
        self._files = self._classes = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._path and tag != "report":
            raise InputError(f"root element <{shorten(tag, 60)}>", expected="<report>", where="/")
        if tag == "counter" and self._path and self._path[-1] in ("report", "group", "package"):
            self._counters[-1].read(attributes, "/" + "/".join(self._path))
        elif tag == "package":
            self._package, self._files, self._classes = attributes.get("name", ""), 0, 0
        elif tag == "sourcefile":
            self._files += 1
        elif tag == "class":
            self._classes += 1
        elif tag == "sessioninfo" and (dumped := time_in_ms(attributes.get("dump"))) is not None:
            self.dumped_at = [max([dumped, *self.dumped_at])]
        self._path.append(tag)
        self._counters.append(self.report if len(self._path) == 1 else _Counters())

    def end(self, tag: str) -> None:
        self._path.pop()
        counters = self._counters.pop()
        if tag in ("package", "group") and self._path == ["report"]:
            self.parts += counters.counts()
            self.branches = self.branches or "BRANCH" in counters
        if tag == "package":
            self.sum.add(self._package.replace(".", "/") or ".", counters.counts(), files=self._files or self._classes)


def _count(attributes: dict[str, str], key: str, where: str) -> int:
    text = attributes.get(key, "")
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > COUNT_LIMIT:
        raise InputError(f'{key}="{shorten(text, 40)}"', expected="a count", where=where)
    return int(text)


def _parse(source: Source) -> Parsed:
    reader = _Reader()
    source.xml_tags(reader.start, reader.end)
    stated = reader.report.counts() if reader.report else None
    total = reader.parts if stated is None else stated
    measured = "BRANCH" in reader.report or (stated is None and reader.branches)
    incomplete = None if stated is None else differs(stated, reader.parts)
    return Parsed(
        payload=reader.sum.payload(total if measured else total.with_branches(None), incomplete),
        observed_at=reader.dumped_at[0] if reader.dumped_at else None,
    )


def _recognise(source: Source) -> bool:
    if source.xml_root != "report":
        return False
    if _DOCTYPE.search(source.head) is not None:
        return True
    match = _OPENING.search(source.head)
    return match is not None and (match[1] == b"sessioninfo" or _COUNTER.search(source.head) is not None)


jacoco_xml = Format(
    name="jacoco-xml",
    title="Coverage by JaCoCo and others (JaCoCo XML)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("<report", "<counter", "missed=", "covered="),
)
