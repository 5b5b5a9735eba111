"""How gates of all frameworks put numbers and places into words. Wording only: nothing here decides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final

from compliance.gate import Item, Place
from compliance.record import Finding

LIMIT: Final = 10
"""Places that a verdict shows: the worst ones."""


def number(value: float) -> str:
    """Writes a number with at most two digits after the point."""
    return f"{round(value, 2):.15g}"


def percent(ratio: float) -> str:
    """Writes a ratio of 0 to 1 as a percentage with at most three digits after the point."""
    return f"{round(100 * ratio, 3):.15g} %"


def days(span: timedelta) -> str:
    """Writes a span in days, so that a day and a half does not read as a day."""
    return f"{number(span / timedelta(days=1))} d"


def hours(span: timedelta) -> str:
    """Writes a span in hours."""
    return f"{number(span / timedelta(hours=1))} h"


def count(value: int, word: str) -> str:
    """Writes a count with its noun: ``1 test``, ``2 tests``."""
    return f"{value} {word}{'' if value == 1 else 's'}"


def worst(items: Sequence[Item], severities: Collection[str] | None = None) -> list[Place]:
    """Returns the places of the worst open findings of some evidence, at most `LIMIT`; only those of some severities if they are given."""
    findings = (one for item in items for one in item.worst(LIMIT) if severities is None or one.severity in severities)
    return [Place(_where(finding), finding.message or finding.rule) for finding, _ in zip(findings, range(LIMIT), strict=False)]


def _where(finding: Finding) -> str:
    """A redacted copy has no paths; package and rule are always public."""
    if finding.path is not None:
        return finding.path if finding.line is None else f"{finding.path}:{finding.line}"
    if finding.package is not None:
        return f"{finding.package} {finding.package_version or ''}".rstrip()
    return finding.rule
