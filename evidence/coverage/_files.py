"""Adds up the files of a coverage report, whatever its format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from compliance.errors import InputError
from compliance.record import shorten

from . import Coverage, PackageCoverage

PACKAGE_LIMIT: Final = 500
"""Folders that are listed in the payload."""
COUNT_LIMIT: Final = 10**9
"""Lines or branches of a believable report."""
FILE_LIMIT: Final = 1 << 19
"""Files of a believable report."""


@dataclass(frozen=True)
class Counts:
    """Lines and branches: of a file, a folder, or a whole report."""

    lines_covered: int
    lines_total: int
    branches_covered: int | None = None
    branches_total: int | None = None
    """None: branches were not measured."""

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.lines_covered + other.lines_covered,
            self.lines_total + other.lines_total,
            _plus(self.branches_covered, other.branches_covered),
            _plus(self.branches_total, other.branches_total),
        )

    def __str__(self) -> str:
        lines = f"{self.lines_covered} of {self.lines_total} lines"
        return lines if self.branches_total is None else f"{lines} and {self.branches_covered} of {self.branches_total} branches"

    def with_branches(self, branches: tuple[int, int] | None) -> Counts:
        """Returns the same lines with other branches."""
        return Counts(self.lines_covered, self.lines_total, *(branches or (None, None)))


def _plus(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left + right


def covered_of(covered: int, total: int, what: str, where: str) -> None:
    """Checks that a count of what was covered can be.

    Raises:
        InputError: More was covered than there is, or the numbers are not believable.
    """
    if covered > total:
        raise InputError(f"{covered} of {total} {what} covered", expected="at most all of them", where=where)
    if total > COUNT_LIMIT:
        raise InputError(f"{total} {what}", expected=f"at most {COUNT_LIMIT}", where=where)


@dataclass
class Sum:
    """What the files add up to, in all and by folder."""

    total: Counts = Counts(0, 0, 0, 0)
    files: int = 0
    folders: dict[str, Counts] = field(default_factory=dict)

    def add(self, folder: str, counts: Counts, files: int = 1) -> None:
        """Adds files that lie directly in a folder.

        Raises:
            InputError: More than `FILE_LIMIT`.
        """
        self.total += counts
        self.files += files
        if self.files > FILE_LIMIT:
            raise InputError(f"more than {FILE_LIMIT} files", expected="fewer")
        before = self.folders.get(folder)
        self.folders[folder] = counts if before is None else before + counts

    def payload(self, total: Counts, incomplete: str | None) -> Coverage:
        """Makes the payload.

        Args:
            total: What to state: `total`, perhaps with other branches. No folder shows branches then.
            incomplete: What else keeps the report from being good news.
        """
        return Coverage(
            **vars(total),
            files=self.files,
            packages=self._listed(branches=total == self.total),
            incomplete=incomplete or ("no line was measured" if total.lines_total == 0 else None),
        )

    def _listed(self, *, branches: bool) -> tuple[PackageCoverage, ...]:
        largest = sorted(self.folders, key=lambda name: (-self.folders[name].lines_total, name))[:PACKAGE_LIMIT]
        shown = {name: self.folders[name] if branches else self.folders[name].with_branches(None) for name in sorted(largest)}
        return tuple(PackageCoverage(name=shorten(name, 1000), **vars(counts)) for name, counts in shown.items())


def folder_of(path: str) -> str:
    """Returns the folder of a file, with ``/``; ``.`` for the top."""
    return path.replace("\\", "/").rpartition("/")[0] or "."


def add_up(files: Iterable[tuple[str, Counts]], stated: Counts | None, *, branches: bool) -> Coverage:
    """Makes the payload of files that are listed once each.

    Args:
        files: Path and counts of each file.
        stated: The report's own totals, as far as it has any.
        branches: Whether branches were measured.
    """
    found = Sum(Counts(0, 0, 0, 0) if branches else Counts(0, 0))
    for path, counts in files:
        found.add(folder_of(path), counts)
    return found.payload(found.total, None if stated is None else differs(stated, found.total))


def differs(stated: Counts, total: Counts) -> str | None:
    """Returns what to say when the report's own totals are not those of its files."""
    return None if stated == total else f"the report's totals state {stated}, its files add up to {total}"
