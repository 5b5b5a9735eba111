"""Which of the seven sections a heading stands for.

A heading is cut at "and", "&", "/" and commas, and each part stands for at most one section: the first of `SECTIONS` one of whose
words or phrases it contains (whole words, any case). "Rollback and recovery" is two sections, "Post-deployment health checks" is
health checks alone, "Deployment overview" deployment alone.

The convention of the Prometheus operator's runbooks (Meaning, Impact, Diagnosis, Mitigation: one file per alert) fits three of its
four headings: Meaning is the overview of the alert, Diagnosis and Mitigation are the response to it. Impact answers none of the seven.
Such a file alone is therefore no complete runbook, and gates read all runbooks of a release together.
"""

from __future__ import annotations

import re
from typing import Final

SECTIONS: Final[dict[str, tuple[str, ...]]] = {
    "rollback": ("rollback", "rollbacks", "roll back", "rolling back", "back out", "backout", "revert", "reverting"),
    "recovery": (
        "recovery",
        "recover",
        "recovering",
        "restore",
        "restoring",
        "restoration",
        "failover",
        "fail over",
        "business continuity",
    ),
    "contacts": (
        "contact",
        "contacts",
        "escalation",
        "escalations",
        "escalate",
        "on call",
        "oncall",
        "owners",
        "ownership",
        "responsible people",
    ),
    "health_checks": (
        "health",
        "healthcheck",
        "healthchecks",
        "monitoring",
        "liveness",
        "readiness",
        "status checks",
        "smoke test",
        "smoke tests",
        "checking status",
    ),
    "alert_response": (
        "alert",
        "alerts",
        "alerting",
        "incident",
        "incidents",
        "incident response",
        "troubleshooting",
        "troubleshoot",
        "triage",
        "diagnosis",
        "mitigation",
        "known issues",
        "common issues",
        "common problems",
    ),
    "deployment": ("deployment", "deployments", "deploy", "deploying", "release", "releases", "releasing", "rollout", "roll out"),
    "overview": (
        "overview",
        "introduction",
        "summary",
        "purpose",
        "about",
        "background",
        "scope",
        "architecture",
        "service description",
        "system description",
        "what this is",
        "meaning",
    ),
}
"""Words and phrases by section, in the order in which they are tried."""

NAMES: Final = ("overview", "health_checks", "alert_response", "deployment", "rollback", "recovery", "contacts")
"""The sections in the order of a runbook."""

OPERATIONS: Final = frozenset({"health_checks", "alert_response", "rollback", "recovery"})
"""Sections that other documents than runbooks seldom have under their plain names."""

ALERT_CONVENTION: Final = frozenset({"meaning", "impact", "diagnosis", "mitigation"})

_PATTERNS = {name: re.compile(r"\b(?:" + "|".join(map(re.escape, phrases)) + r")\b") for name, phrases in SECTIONS.items()}
_PARTS = re.compile(r"\band\b|[&/,+;]")
_NUMBERING = re.compile(r"^(?:(?:section|step|part)\s+)?[\divx]+(?:\.\d+)*[.):]?\s+")
_FILLER = re.compile(
    r"\b(?:the|a|our|procedures?|process(?:es)?|steps?|guide|instructions|runbook|playbook|plan|information|path|policy|how to|how we)\b"
)


def plain(heading: str) -> str:
    """Returns a heading in lower case, without numbering and with spaces for punctuation other than separators."""
    text = re.sub(r"[^\w&/,+;.)]+", " ", heading.lower().replace("_", " ")).strip()
    return _NUMBERING.sub("", text).strip()


def of_heading(heading: str) -> frozenset[str]:
    """Returns the sections that a heading stands for."""
    found = (next((name for name, pattern in _PATTERNS.items() if pattern.search(part)), None) for part in _PARTS.split(plain(heading)))
    return frozenset(name for name in found if name)


def exactly(heading: str) -> frozenset[str]:
    """Returns the sections whose plain names the whole heading consists of, words such as "procedure" aside; else none."""
    found = set()
    for part in _PARTS.split(plain(heading)):
        text = " ".join(_FILLER.sub(" ", part).split()).removesuffix(" checks").removesuffix(" response")
        name = next((name for name, pattern in _PATTERNS.items() if pattern.fullmatch(text)), None)
        if name is None:
            return frozenset()
        found.add(name)
    return frozenset(found)
