"""What a figure is limited to: one endpoint, one sort of tests, one part; or the whole release."""

from __future__ import annotations

import re

from .figures import Figure
from .pieces import normal
from .units import Unit

_SCOPED = re.compile(r"p\d|progress|readiness|mean|max|error_rate|coverage|tests|pass_rate|requests|failed_requests|rps|users")
_NEUTRAL = frozenset(
    {
        *("performance", "progress", "completion", "speed", "baseline", "result", "results", "latency", "latencies", "load", "test"),
        *("tests", "testing", "security", "scan", "score", "status", "metrics", "metric", "figure", "figures", "summary", "quality"),
        *("outcome", "reliability", "api", "http", "response", "time", "times", "coverage", "rate", "error", "errors", "overall", "total"),
        *("final", "current", "measured", "actual", "p50", "p95", "p99", "median", "mean", "average", "max", "of", "the", "and", "in"),
        *("for", "with", "our", "all", "run", "runs", "test-results", "automated", "code", "line", "branch", "pass", "requests", "users"),
        *("throughput", "stress", "report", "value", "request", "server", "app", "application", "release", "system", "suite", "quantile"),
        *("percentile", "statistics", "stats", "key", "sum", "aggregate", "aggregated"),
    }
)
"""Words of a label that narrow nothing: what it says is said of the whole."""
_HEADLINE = _NEUTRAL | frozenset(
    {
        *("complete", "completed", "executive", "short", "overview", "conclusion", "readiness", "phase", "project", "where", "stands"),
        *("how", "went", "numbers", "facts", "glance", "at", "a", "go", "no-go", "decision", "deployment", "production", "staging"),
        *("validation",),
    }
)
"""Words of a heading that speaks of the whole."""
_SCOPING = re.compile(
    r"(?:^|\s)/[\w/{}.-]+|\b(?:frontend|backend|client|web|mobile|ios|android|worker|endpoint|module|package|component|library)\b"
)


def scope_of(measured: Figure, label: str, unit: Unit) -> str | None:
    """Returns what a figure is limited to, None for the whole release.

    Args:
        measured: The figure.
        label: What stands before it and is no part of its name, normalised.
        unit: Where it stands.
    """
    if measured.scope:
        return measured.scope
    if not _SCOPED.match(measured.about):
        return None
    words = [word for word in re.findall(r"[\w/{}.-]+", label) if word not in _NEUTRAL and not word.isdigit()]
    if words:
        return label
    heading = normal(unit.sections[-1]) if unit.sections else ""
    found = _SCOPING.search(heading)
    return found.group().strip() if found else None


def is_headline(unit: Unit) -> bool:
    """Tells whether a unit stands under a heading that speaks of the whole."""
    words = re.findall(r"[a-z][\w-]*", normal(unit.sections[-1])) if unit.sections else []
    return bool(unit.sections) and all(word in _HEADLINE for word in words)
