"""The one place where the words and numbers of tools become a `Severity` (DESIGN section 2)."""

from __future__ import annotations

import math
from collections.abc import Iterable

from .record import Severity

_WORDS = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "info": Severity.INFO,
    "informational": Severity.INFO,
    "negligible": Severity.INFO,
    "none": Severity.INFO,
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "note": Severity.LOW,
}
_LEVELS = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "note": Severity.LOW, "none": Severity.INFO}


def from_word(word: str | None) -> Severity:
    """Maps a tool's word, in any case; an unknown, undefined or absent word is ``unknown``, never a guess."""
    return _WORDS.get(word.strip().lower(), Severity.UNKNOWN) if word else Severity.UNKNOWN


def from_level(level: str | None) -> Severity:
    """Maps a SARIF level (error, warning, note, none); anything else is ``unknown``."""
    return _LEVELS.get(level, Severity.UNKNOWN) if level else Severity.UNKNOWN


def from_score(score: float) -> Severity:
    """Maps a ``security-severity`` or CVSS score: at least 9 / 7 / 4 / above 0 = critical / high / medium / low, 0 = info.

    A score outside 0 to 10 is ``unknown``.
    """
    if not math.isfinite(score) or not 0 <= score <= 10:
        return Severity.UNKNOWN
    for least, severity in ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM)):
        if score >= least:
            return severity
    return Severity.LOW if score > 0 else Severity.INFO


def worst(found: Iterable[Severity]) -> Severity:
    """Returns the worst of several severities; ``unknown`` only where nothing else is said."""
    return min(found, key=list(Severity).index, default=Severity.UNKNOWN)
