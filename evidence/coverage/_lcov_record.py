"""One record of an LCOV trace file: the lines and branches of one source file, and what it says of them itself."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final

from compliance.errors import InputError
from compliance.record import shorten

from ._files import COUNT_LIMIT, Counts

LINE_LIMIT: Final = 1 << 24
"""Largest believable line number: what is known of a source file costs one byte per line."""
_ROUNDED: Final = rb"[1-9](?:\.[0-9]{1,30})?[eE]\+?[0-9]{1,3}"
"""A count beyond 2^64: Perl, and so lcov, writes such sums as rounded numbers (codecov/worker pull request 227)."""
_DA: Final = re.compile(rb"DA:([0-9]{1,9}),(-?)([0-9]{1,30}|" + _ROUNDED + rb")(?:,.*)?\s*")
_BRDA: Final = re.compile(rb"BRDA:([0-9]{1,9}),([^,]*,.*),(-?)([0-9]{0,30}|" + _ROUNDED + rb")\s*")
_TOTAL: Final = re.compile(rb"(LF|LH|BRF|BRH):\s*([0-9]{1,10})\s*")
_TOTALS: Final = (b"LF:", b"LH:", b"BRF:", b"BRH:")
_OTHER: Final = re.compile(rb"[A-Z]{2,6}:.*|#.*|\s*", re.DOTALL)
_FOUND, _COVERED = 1, 2
_STEP: Final = 1024
_BRANCH_COST: Final = 150
"""Bytes of a branch, about."""


class Record:
    """What a record says."""

    def __init__(self, path: bytes) -> None:
        self.path = path
        self.negative = 0
        """Lines and branches with a negative count."""
        self._lines = bytearray()
        """By line number: 0, `_FOUND` or `_COVERED`."""
        self._branches: dict[bytes, bool] = {}
        self._listed = [0, 0, 0, 0]
        """Covered lines, lines, covered branches, branches, each as often as it is listed."""
        self._totals: dict[bytes, int] = {}
        self._counted: Counts | None = None
        """Totals of what is not listed."""

    def line(self, text: bytes) -> None:
        """Reads ``DA:``."""
        match = _DA.fullmatch(text)
        if match is None:
            raise InputError(shown(text), expected="DA:line,count")
        number, minus, count = int(match[1]), match[2], match[3].strip(b"0")
        if number >= LINE_LIMIT:
            raise InputError(f"line number {number}", expected=f"below {LINE_LIMIT}")
        covered = bool(count) and not minus
        self.negative += bool(count and minus)
        if number >= len(self._lines):
            self._lines.extend(bytes(number + _STEP - len(self._lines)))
        if covered or not self._lines[number]:
            self._lines[number] = _COVERED if covered else _FOUND
        self._listed[0] += covered
        self._listed[1] += 1

    def other(self, text: bytes) -> bool:
        """Reads any other line; returns whether the record goes on."""
        if text.startswith(b"BRDA:"):
            self._branch(text)
        elif text.startswith(_TOTALS):
            match = _TOTAL.fullmatch(text)
            if match is None or int(match[2]) > COUNT_LIMIT:
                raise InputError(shown(text), expected="a count")
            self._totals[match[1]] = int(match[2])
        elif text.strip() == b"end_of_record":
            self._ends()
            return False
        elif text.startswith(b"SF:") or not _OTHER.fullmatch(text):
            raise InputError(shown(text), expected="a line of a record, or end_of_record")
        return True

    def _branch(self, text: bytes) -> None:
        match = _BRDA.fullmatch(text)
        if match is None or not (match[3] or match[4]):
            raise InputError(shown(text), expected="BRDA:line,block,branch,taken")
        minus, count = match[3], match[4].strip(b"0")
        covered = bool(count) and not minus
        self.negative += bool(count and minus)
        key = match[1] + b"," + match[2]
        key = key if len(key) <= 64 else blake2b(key, digest_size=16).digest()
        self._branches[key] = self._branches.get(key, False) or covered
        self._listed[2] += covered
        self._listed[3] += 1

    def _ends(self) -> None:
        """Takes over the totals of what the record does not list."""
        lines = (0, 0) if self._listed[1] else self._total(b"LH", b"LF")
        branches = (0, 0) if self._listed[3] else self._total(b"BRH", b"BRF")
        if any((*lines, *branches)):
            self._counted = Counts(*lines, *branches)

    def _total(self, covered: bytes, total: bytes) -> tuple[int, int]:
        found = self._totals.get(covered, 0 if not self._totals.get(total) else None), self._totals.get(total, 0)
        if found[0] is None or found[0] > found[1]:
            raise InputError(f"{covered.decode()} {found[0]} of {total.decode()} {found[1]}", expected="how many of them are covered")
        return found[0], found[1]

    @property
    def branches_known(self) -> bool:
        """Whether the record says anything about branches that exist."""
        return bool(self._branches) or (self._counted is not None and bool(self._counted.branches_total))

    def counts(self) -> Counts:
        """Returns each line and branch once."""
        covered = self._lines.count(_COVERED)
        listed = Counts(covered, covered + self._lines.count(_FOUND), sum(self._branches.values()), len(self._branches))
        return listed if self._counted is None else listed + self._counted

    def stated(self) -> Counts | None:
        """Returns the record's own totals where they are not those of what it lists, doubles counted or not."""
        once = self.counts()
        found = (
            self._stated((b"LH", b"LF"), (self._listed[0], self._listed[1]), (once.lines_covered, once.lines_total)),
            self._stated((b"BRH", b"BRF"), (self._listed[2], self._listed[3]), (once.branches_covered or 0, once.branches_total or 0)),
        )
        stated = Counts(*found[0], *found[1])
        if stated.branches_total != once.branches_total and self._instantiated(*found[1]):
            stated = Counts(*found[0], once.branches_covered, once.branches_total)
        return None if stated == once else stated

    def _instantiated(self, covered: int, total: int) -> bool:
        """Tells whether totals are LLVM's where code was instantiated several times (templates, generics).

        ``llvm-cov export`` lists two branches of each condition of each instantiation, numbered on within the line, and counts those of
        one instantiation (``CoverageExporterLcov.cpp``; ``CoverageSummaryInfo.cpp``).
        """
        more, more_covered = len(self._branches) - total, sum(self._branches.values()) - covered
        parts = (key.split(b",") for key in self._branches)
        paired = (len(one) == 3 and one[1].isdigit() and one[2].isdigit() and int(one[2]) // 2 == int(one[1]) for one in parts)
        return 0 <= more_covered <= more and more % 2 == 0 and all(paired)

    def _stated(self, keys: tuple[bytes, bytes], listed: tuple[int, int], once: tuple[int, int]) -> tuple[int, int]:
        """Returns the totals under two keys, or ``once`` where they agree with what is listed or are not there."""
        stated = self._totals.get(keys[0]), self._totals.get(keys[1])
        agrees = any(all(left in (None, right) for left, right in zip(stated, counts, strict=True)) for counts in (listed, once))
        return once if agrees else (stated[0] or 0, stated[1] or 0)

    def merge(self, other: Record) -> None:
        """Takes over what another record of the same file says.

        Raises:
            InputError: One of them does not list what it counts, so that it is not known which are the same.
        """
        if self._counted is not None or other._counted is not None:
            raise InputError("a file in several records, one of which only states totals", expected="DA: and BRDA: in each")
        longest, shortest = sorted((self._lines, other._lines), key=len, reverse=True)
        self._lines = bytearray(map(max, longest, shortest.ljust(len(longest), b"\0")))
        for key, covered in other._branches.items():
            self._branches[key] = self._branches.get(key, False) or covered

    def size(self) -> int:
        """Returns the bytes that it takes in memory, about."""
        return len(self._lines) + _BRANCH_COST * len(self._branches)


def shown(text: bytes) -> str:
    """Returns a line for a message."""
    return shorten(text.strip().decode("utf-8", "backslashreplace"), 60)
