"""Adds up the files of a coverage report, whatever its format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from compliance.errors import InputError
from compliance.record import shorten

from . import Coverage, PackageCoverage

PACKAGE_LIMIT: Final = 500
"""Folders that are listed in the payload."""
COUNT_LIMIT: Final = 10**9
"""Lines or branches of a believable report."""


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


def add_up(files: Iterable[tuple[str, Counts]], stated: Counts | None, *, branches: bool) -> Coverage:
    """Makes the payload.

    Args:
        files: Path and counts of each file.
        stated: The report's own totals, as far as it has any.
        branches: Whether branches were measured.
    """
    nothing = Counts(0, 0, 0, 0) if branches else Counts(0, 0)
    total, number = nothing, 0
    folders: dict[str, Counts] = {}
    for path, counts in files:
        folder = path.replace("\\", "/").rpartition("/")[0] or "."
        folders[folder] = folders.get(folder, nothing) + counts
        total, number = total + counts, number + 1
    return Coverage(
        lines_covered=total.lines_covered,
        lines_total=total.lines_total,
        branches_covered=total.branches_covered,
        branches_total=total.branches_total,
        files=number,
        packages=_listed(folders),
        incomplete=_incomplete(total, stated),
    )


def _incomplete(total: Counts, stated: Counts | None) -> str | None:
    if stated is not None and stated != total:
        return f"the report's totals state {stated}, its files add up to {total}"
    return "no line was measured" if total.lines_total == 0 else None


def _listed(folders: dict[str, Counts]) -> tuple[PackageCoverage, ...]:
    largest = sorted(folders, key=lambda name: (-folders[name].lines_total, name))[:PACKAGE_LIMIT]
    return tuple(PackageCoverage(name=shorten(name, 1000), **vars(folders[name])) for name in sorted(largest))
