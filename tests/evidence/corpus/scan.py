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


_WORDS = {
    "critical": "critical",
    "high": "high",
    "medium": "medium",
    "moderate": "medium",
    "low": "low",
    "negligible": "info",
    "info": "info",
    "unknown": "unknown",
    "missing": "unknown",
    "error": "high",
    "warning": "medium",
}


def _lower(counts: dict[str, int]) -> dict[str, int]:
    return by_severity({word.lower(): count for word, count in counts.items()}, _WORDS)


def _npm_audit(expected: Expected) -> Answer:
    summary = {"category": "sca", "total": expected["count"], "by_severity": _lower(expected["severity"]), "suppressed": 0}
    listed = {word: expected["severity"].get(word, 0) for word in expected["metadata"]}
    if expected["layout"].startswith("v2"):
        return (Reading("scan", "npm-audit-json", summary, incomplete=listed != expected["metadata"]),)
    # npm 6 counts paths, so that only severities of which nothing is listed show that something was cut.
    cut = any(count and not listed[word] for word, count in expected["metadata"].items())
    return (Reading("scan", "npm-audit-json", summary, incomplete=cut),)


def _grype(expected: Expected) -> Answer:
    summary = {
        "tool_version": expected["descriptor"]["version"],
        "category": "container",
        "total": expected["count"],
        "by_severity": _lower(expected["severity"]),
        "suppressed": expected["ignored"],
    }
    return (Reading("scan", "grype-json", summary, incomplete=False),)


def _semgrep(expected: Expected) -> Answer:
    layout = expected["layout"]
    summary = {
        "tool_version": expected.get("version"),
        "category": "sca" if "SCA" in layout else "sast",
        "total": expected["count"] - expected.get("ignored", 0),
        "by_severity": _lower(expected["severity"]),
        "suppressed": expected.get("ignored", 0),
        "errors": expected.get("errors"),
    }
    return (Reading("scan", "semgrep-json", summary),)


def _trivy(expected: Expected) -> Answer:
    if expected["layout"].startswith("null"):
        return Refused("not recognised", "null is the clean report of several tools, so it cannot be called clean")
    category = "licence" if expected["licenses"] else None
    summary = {"total": expected["count"], "by_severity": _lower(expected["severity"]), "suppressed": 0}
    return (Reading("scan", "trivy-json", summary | ({"category": category} if category else {}), incomplete=False),)


def _gitleaks(expected: Expected) -> Answer:
    summary: dict[str, Json] = {"category": "secrets", "total": expected["count"], "suppressed": 0}
    return (Reading("scan", "gitleaks-json", summary),)


def _osv_scanner(expected: Expected) -> Answer:
    summary: dict[str, Json] = {"category": "sca", "total": expected["count"], "suppressed": 0}
    return (Reading("scan", "osv-scanner-json", summary, incomplete=expected["count"] == 0),)


FORMATS = {
    "bandit": Rule(("bandit-json",), _bandit),
    "gitleaks": Rule(
        ("gitleaks-json",),
        _gitleaks,
        {"gitleaks-002": Refused("null alone does not say which tool", "Trivy wrote the same, and it says nothing of what was looked at")},
    ),
    "osv-scanner": Rule(("osv-scanner-json",), _osv_scanner),
    "pip-audit": Rule(
        ("pip-audit-json",),
        _pip_audit,
        {"pip-audit-001": Refused("not recognised", "[] is an empty list of any tool, so it cannot be called clean")},
    ),
    "sarif": Rule(("sarif",), _sarif),
    "npm-audit": Rule(("npm-audit-json",), _npm_audit),
    "grype": Rule(("grype-json",), _grype),
    "semgrep": Rule(("semgrep-json",), _semgrep),
    "trivy": Rule(("trivy-json",), _trivy),
}
