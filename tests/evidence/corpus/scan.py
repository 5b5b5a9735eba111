"""Scans: open findings as the file lists them, by severity; suppressed ones apart."""

from __future__ import annotations

from compliance.record import Json

from . import Answer, Expected, Reading, Refused, Rule

_NO_SEVERITY = {"critical": 0, "high": 0, "medium": 0, "low": 0, "info": 0, "unknown": 0}


def by_severity(counts: dict[str, int] | None, words: dict[str, str]) -> dict[str, int]:
    """Returns the six counts of the contract.

    Args:
        counts: By the tool's word.
        words: The severity of each word.
    """
    found = dict(_NO_SEVERITY)
    for word, count in (counts or {}).items():
        found[words[word]] += count
    return found


def _bandit(expected: Expected) -> Answer:
    summary: dict[str, Json] = {
        "category": "sast",
        "total": expected["count"],
        "by_severity": by_severity(expected["severity"], {"HIGH": "high", "MEDIUM": "medium", "LOW": "low"}),
        "suppressed": expected["nosec"],
        "errors": expected["errors"],
    }
    return (Reading("scan", "bandit-json", summary, incomplete=expected["errors"] > 0),)


def _pip_audit(expected: Expected) -> Answer:
    summary: dict[str, Json] = {
        "category": "sca",
        "total": expected["count"],
        "by_severity": by_severity({"none": expected["count"]}, {"none": "unknown"}),
        "scanned": expected["dependencies"] - expected["skipped"],
        "skipped": expected["skipped"],
    }
    return (Reading("scan", "pip-audit-json", summary, incomplete=not summary["scanned"] or expected["skipped"] > 0),)


_SARIF_LEVELS = {"error": "high", "warning": "medium", "note": "low", "none": "info"}


def _sarif(expected: Expected) -> Answer:
    passes, suppressed = expected["kinds"].get("pass", 0), expected["suppressed_accepted"]
    summary: dict[str, Json] = {"total": expected["count"] - passes - suppressed, "suppressed": suppressed}
    if not (expected["security_severity"] or passes or suppressed):
        summary["by_severity"] = by_severity(expected["severity"], _SARIF_LEVELS)
    return (Reading("scan", "sarif", summary),)


FORMATS = {
    "bandit": Rule(("bandit-json",), _bandit),
    "pip-audit": Rule(
        ("pip-audit-json",),
        _pip_audit,
        {"pip-audit-001": Refused("not recognised", "[] is an empty list of any tool, so it cannot be called clean")},
    ),
    "sarif": Rule(("sarif",), _sarif),
}
