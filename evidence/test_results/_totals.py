"""What suites state of themselves: totals and durations."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from compliance.errors import InputError
from compliance.record import shorten

from . import Declared

_TOTALS: Final = ("tests", "failures", "errors", "skipped")
PYTEST: Final = "pytest tests"
"""Name of the root that pytest writes since version 8."""
_BOOST: Final = ("tests", "skipped", "errors", "failures", "id", "name", "time")
"""Attributes as Boost.Test writes them (``junit_log_formatter.ipp``)."""
_JEST: Final = ("name", "errors", "failures", "skipped", "timestamp", "time", "tests")
"""Attributes of a suite as jest-junit writes them (``buildJsonResults.js``)."""
_COUNT: Final = re.compile(r"[0-9]{1,12}")
_SECONDS: Final = re.compile(r"[0-9]*\.?[0-9]+([eE][-+]?[0-9]{1,3})?|[0-9]+\.")
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(,[0-9]{3})+\.[0-9]+")
_LONGEST_S: Final = 1e6
"""Seconds of a believable run, 11 days. Some tools (container-structure-test) write nanoseconds, and their shortest runs exceed it."""
_BLOCK: Final = 1000


class Totals:
    """Totals of one suite, or the sums of several; unknown when one of them does not state them."""

    def __init__(self, first: Mapping[str, int | None] | None = None) -> None:
        self._found = first

    def add(self, other: Totals) -> None:
        """Adds the totals of another suite."""
        mine, others = self._found, other._found or {}
        self._found = {key: _plus(others.get(key), mine.get(key) if mine is not None else 0) for key in _TOTALS}

    def declared(self) -> Declared | None:
        """Returns the totals; None when nothing is stated."""
        found = self._found or {}
        return None if all(found.get(key) is None for key in _TOTALS) else Declared(**{key: found.get(key) for key in _TOTALS})


def totals_of(attributes: Mapping[str, str]) -> Totals:
    """Reads what an element declares.

    CTest and GoogleTest state disabled cases beside ``skipped``, Ant aborted ones; here they are skipped as well. What Catch2 states (its
    ``hostname`` is always ``tbd``) are assertions, so that it declares nothing of its cases.
    """
    if attributes.get("hostname") == "tbd":
        return Totals()
    found = {key: _total(attributes.get(key), key) for key in _TOTALS}
    if found["skipped"] is not None:
        found["skipped"] += sum(_total(attributes.get(key), key) or 0 for key in ("disabled", "aborted"))
    return Totals(found)


def to_be_written(suite: Mapping[str, str], passed: int) -> int:
    """Returns how many cases of a suite that look passed are still to be written.

    jest-junit writes ``test.todo`` like a test that passed, but leaves it out of the totals of its suite.

    Args:
        suite: The attributes of the suite.
        passed: How many of its cases look passed.
    """
    if tuple(suite) != _JEST:
        return 0
    tests, failures, skipped = (_total(suite[key], key) or 0 for key in ("tests", "failures", "skipped"))
    return max(0, passed - max(0, tests - failures - skipped))


@dataclass(frozen=True)
class Found:
    """What stands in a file beside its totals."""

    root: Mapping[str, str]
    """Attributes of the root."""
    suites: Declared | None
    """Sums of the totals of the outermost suites; None where they are not all."""
    cases: int
    unwritten: int
    """How many of the cases are still to be written (see `to_be_written`)."""
    attempts: Mapping[str, int]
    """Failed attempts that stand inside cases, by ``failures`` and ``errors``."""
    qt_5: bool


def comparable(declared: Declared | None, found: Found) -> Declared | None:
    """Returns declared totals as they compare with the cases, where a writer counts otherwise than it lists; else None.

    Boost.Test leaves skipped cases out of ``tests``, and jest-junit those that are to be written. pytest counts subtests that passed and
    have no case. Surefire 2 counts each attempt of a test that was run again, and Qt 5 the messages of tests as errors. Newman states
    requests that got no answer as ``errors`` of a suite alone.
    """
    if declared is None:
        return None
    suites = found.suites or declared
    changed = {key: getattr(suites, key) for key in ("failures", "errors") if getattr(declared, key) is None}
    if declared.tests is None:
        pass
    elif found.root.get("name") == PYTEST and declared.tests > found.cases:
        changed["tests"] = None
    elif tuple(found.root) == _BOOST:
        changed["tests"] = _plus(declared.tests, declared.skipped)
    elif found.qt_5:
        changed["errors"] = None
    elif found.unwritten:
        changed["tests"] = declared.tests + found.unwritten
    elif found.attempts and declared.tests == found.cases + sum(found.attempts.values()):
        changed["tests"] = found.cases
        changed |= {key: _plus(getattr(declared, key), -number) for key, number in found.attempts.items()}
    totals = declared.model_copy(update=changed)
    return None if totals == declared else totals


def _plus(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left + right


def _total(text: str | None, key: str) -> int | None:
    text = (text or "").strip()
    if not text:
        return None
    if not _COUNT.fullmatch(text):
        raise InputError(f'{key}="{shorten(text, 40)}"', expected="a count", where="totals of a suite")
    return int(text)


@lru_cache(maxsize=4096)
def seconds_of(text: str | None) -> float | None:
    """Reads a duration; a time that no test run can take (see `_LONGEST_S`) or that is no number says nothing."""
    text = (text or "").strip()
    if _THOUSANDS.fullmatch(text):  # Surefire writes 1,234.567
        text = text.replace(",", "")
    if not _SECONDS.fullmatch(text):
        return None
    seconds = float(text)
    return seconds if seconds <= _LONGEST_S else None


class Seconds:
    """Adds up durations in bounded memory."""

    def __init__(self) -> None:
        self._known = True
        self._parts: list[float] = []

    def add(self, text: str | None) -> None:
        """Adds a duration as it is written."""
        if not self._known:
            return
        seconds = seconds_of(text)
        if seconds is None:
            self._known = False
            return
        self._parts.append(seconds)
        if len(self._parts) > _BLOCK:
            self._parts = [math.fsum(self._parts)]

    def sum(self) -> float | None:
        """Returns the sum; None when there is none, or a duration is unknown."""
        return math.fsum(self._parts) if self._known and self._parts else None
