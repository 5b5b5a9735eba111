"""The suites of a file: those in which reading is, and running counts by their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from compliance.record import shorten

from . import SUITE_LIMIT, Suite
from ._case import ERROR, FAILURE, PASSED, SKIPPED
from ._totals import Seconds

RESULTS: Final = (ERROR, FAILURE, SKIPPED, PASSED)


@dataclass
class SuiteTally:
    """Running counts of the suites of one name."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(RESULTS, 0))
    time: Seconds = field(default_factory=Seconds)

    def finished(self, name: str) -> Suite:
        """Returns the counts as they stand."""
        return Suite(
            name=shorten(name, 500),
            tests=sum(self.counts.values()),
            passed=self.counts[PASSED],
            failed=self.counts[FAILURE],
            errors=self.counts[ERROR],
            skipped=self.counts[SKIPPED],
            duration_s=self.time.sum(),
        )


@dataclass
class OpenSuite:
    """A suite in which reading is, or the root."""

    name: str
    attributes: Mapping[str, str]
    common_test: bool
    """Whether Common Test wrote it."""
    counts: dict[str, int] | None = None
    """Where its cases count, by their result; None before the first one."""
    passed_before: int = 0
    """Cases that had passed there before its first one."""


@dataclass
class Outside:
    """A failure or error of a suite, outside its cases."""

    tag: str
    suite: str
    attributes: Mapping[str, str]
    depth: int
    text: str = ""


def listed(suites: Mapping[str, SuiteTally]) -> tuple[Suite, ...]:
    """Returns at most `SUITE_LIMIT` suites; those with failures come first when there are more."""
    names = list(suites)
    if len(names) > SUITE_LIMIT:
        names.sort(key=lambda name: not (suites[name].counts[FAILURE] or suites[name].counts[ERROR]))
    return tuple(suites[name].finished(name) for name in names[:SUITE_LIMIT])
