"""What suites state of themselves: totals and durations."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from compliance.errors import InputError
from compliance.record import shorten

from . import Declared

_TOTALS: Final = ("tests", "failures", "errors", "skipped")
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
        self._found = {key: plus(others.get(key), mine.get(key) if mine is not None else 0) for key in _TOTALS}

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
    found = {key: total(attributes.get(key), key) for key in _TOTALS}
    if found["skipped"] is not None:
        found["skipped"] += sum(total(attributes.get(key), key) or 0 for key in ("disabled", "aborted"))
    return Totals(found)


def plus(left: int | None, right: int | None) -> int | None:
    """Returns a sum; None when a part is unknown."""
    return None if left is None or right is None else left + right


def total(text: str | None, key: str) -> int | None:
    """Reads a total; None when it is not stated."""
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
