"""By what the files of some programs are known, and what their totals count otherwise than they list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from . import Declared
from ._totals import plus, total

_PYTEST: Final = "pytest tests"
"""Name of the root that pytest writes since version 8."""
_MOCHA: Final = "Mocha Tests"
"""Name of the suite that Mocha's reporter xunit writes (``lib/reporters/xunit.js``); it declares each failure as an error."""
_BOOST: Final = ("tests", "skipped", "errors", "failures", "id", "name", "time")
"""Attributes as Boost.Test writes them (``junit_log_formatter.ipp``)."""
_JEST: Final = ("name", "errors", "failures", "skipped", "timestamp", "time", "tests")
"""Attributes of a suite as jest-junit writes them (``buildJsonResults.js``)."""
LISTING: Final = (("name", "AllTests"),)
"""Attributes behind ``tests`` of the root that GoogleTest writes with ``--gtest_list_tests``; that of a run has more."""
QT_5: Final = ("errors", "failures", "tests", "name")
"""Attributes of a suite as Qt Test writes them before Qt 6 (``qjunittestlogger.cpp``)."""
COMMON_TEST: Final = ("hostname", "name", "time", "timestamp", "errors", "failures", "skipped", "tests")
"""First attributes of a suite as Erlang's Common Test writes them (``cth_surefire.erl``)."""
CONFIGURATION: Final = frozenset({"init_per_suite", "end_per_suite", "init_per_group", "end_per_group"})
"""Cases that Common Test lists, but does not count."""


def to_be_written(suite: Mapping[str, str], passed: int) -> int:
    """Returns how many cases of a suite that look passed are still to be written.

    jest-junit writes ``test.todo`` like a test that passed, but leaves it out of the totals of its suite.

    Args:
        suite: The attributes of the suite.
        passed: How many of its cases look passed.
    """
    if tuple(suite) != _JEST:
        return 0
    tests, failures, skipped = (total(suite[key], key) or 0 for key in ("tests", "failures", "skipped"))
    return max(0, passed - max(0, tests - failures - skipped))


@dataclass(frozen=True)
class Found:
    """What stands in a file beside its totals."""

    root: Mapping[str, str]
    """Attributes of the root."""
    suites: Declared | None
    """Sums of the totals of the outermost suites; None where they are not all."""
    cases: int
    uncounted: int
    """How many cases the totals leave out: those that are still to be written (see `to_be_written`), or configure others."""
    attempts: Mapping[str, int]
    """Failed attempts that stand inside cases, by ``failures`` and ``errors``."""
    qt_5: bool


def comparable(declared: Declared | None, found: Found) -> Declared | None:
    """Returns declared totals as they compare with the cases, where a writer counts otherwise than it lists; else None.

    Boost.Test leaves skipped cases out of ``tests``, jest-junit those that are to be written, and Common Test those that configure the
    others. Mocha declares failures as errors. pytest counts subtests that passed and have no case. Surefire 2 counts each attempt of a test
    that was run again, and Qt 5 the messages of tests as errors. Newman states requests that got no answer as ``errors`` of a suite alone.
    """
    if declared is None:
        return None
    suites = found.suites or declared
    changed = {key: getattr(suites, key) for key in ("failures", "errors") if getattr(declared, key) is None}
    if declared.tests is None:
        pass
    elif found.root.get("name") == _MOCHA and declared.failures == 0 and declared.errors:
        changed |= {"failures": declared.errors, "errors": 0}
    elif found.root.get("name") == _PYTEST and declared.tests > found.cases:
        changed["tests"] = None
    elif tuple(found.root) == _BOOST:
        changed["tests"] = plus(declared.tests, declared.skipped)
    elif found.qt_5:
        changed["errors"] = None
    elif found.uncounted:
        changed["tests"] = declared.tests + found.uncounted
    elif found.attempts and declared.tests == found.cases + sum(found.attempts.values()):
        changed["tests"] = found.cases
        changed |= {key: plus(getattr(declared, key), -number) for key, number in found.attempts.items()}
    totals = declared.model_copy(update=changed)
    return None if totals == declared else totals
