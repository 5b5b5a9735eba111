"""What several ratings of one vulnerability come to: the highest counts, and CVSS version 2 only where it stands alone.

Files list ratings in any order, of any number of sources: the vendor's, the NVD's, that of a distribution. Taking the highest depends on
neither, and never makes less of a vulnerability than one of its sources does. Version 2 knows neither critical nor today's limits between
high and medium, so that it is heard only when nobody says anything else. A score counts when its method is CVSS, or none is named: those
of other methods (OWASP, SSVC, the probability of an attack) have other scales.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from compliance import severity
from compliance.record import Severity

from .._bom import Rating

_VECTOR_LIMIT: Final = 500
_SCALED: Final = ("CVSS", "NULL")
"""Methods on the scale of CVSS; cyclonedx-cli writes ``Null`` where it knows none."""
_PREFIXES: Final = {"CVSSV4": "CVSS:4.0/", "CVSSV31": "CVSS:3.1/", "CVSSV3": "CVSS:3.0/"}


def highest(ratings: Iterable[Rating]) -> Severity:
    """Returns the highest severity of some ratings; ``unknown`` when none of them says one."""
    said = [(_is_version_2(one), found) for one in ratings if (found := of_rating(one)) is not Severity.UNKNOWN]
    counted = [found for version_2, found in said if not version_2] or [found for _, found in said]
    return severity.worst(counted)


def of_rating(rating: Rating) -> Severity:
    """Returns what one rating says: its word, else its score on the scale of CVSS, else the base score of its vector."""
    found = severity.from_word(rating.severity)
    if found is Severity.UNKNOWN and rating.score is not None and _plain(rating.method).startswith(_SCALED):
        found = severity.from_score(rating.score)
    if found is Severity.UNKNOWN and rating.vector:
        score = base_score(rating.vector, rating.method)
        found = Severity.UNKNOWN if score is None else severity.from_score(score)
    return found


def base_score(vector: str, method: str | None = None) -> float | None:
    """Computes the base score of a CVSS vector (FIRST, CVSS v2.0 to v4.0).

    Args:
        vector: With or without the prefix that names the version.
        method: Names the version of a vector without prefix, as CycloneDX does (``CVSSv31``) and OSV does (``CVSS_V3``).

    Returns:
        The score, 0 to 10, or None when it is no valid vector.
    """
    from cvss import CVSS2, CVSS3, CVSS4  # type: ignore[import-untyped]
    from cvss.exceptions import CVSSError  # type: ignore[import-untyped]

    vector = vector.strip().strip("()")
    if not vector.startswith("CVSS:"):
        vector = _PREFIXES.get(_plain(method), "") + vector
    make = CVSS4 if vector.startswith("CVSS:4") else CVSS3 if vector.startswith("CVSS:3") else CVSS2
    if len(vector) > _VECTOR_LIMIT:
        return None
    try:
        return float(make(vector).base_score)
    except CVSSError:
        return None


def _plain(method: str | None) -> str:
    return (method or "null").upper().replace("_", "").replace(".", "")


def _is_version_2(rating: Rating) -> bool:
    return _plain(rating.method).startswith("CVSSV2")
