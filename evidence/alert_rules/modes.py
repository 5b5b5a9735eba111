"""Which failure modes an alert speaks of, by its words.

Words are what remains of a text cut at everything but letters and digits, and at capitals: ``ApiHighErrorRate`` is *api high error rate*,
``http_requests_total{code=~"5.."}`` is *http requests total code 5*. An alert speaks of a mode when one of the mode's words occurs in its
name or in the values of its labels, or when its expression says so: by one of the words for errors and security, by a pattern for health
(``up``, ``absent()``, ``probe_success``) and latency (``histogram_quantile()``, a bucket or sum of seconds), because error rates are
computed from ``request_duration_seconds_count`` as well. Annotations do not count: they tell a story.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from . import Mode


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORDS: Final[dict[Mode, frozenset[str]]] = {
    "health": _listed(
        "down absent unreachable unavailable unavailability availability offline died lost gone health healthy unhealthy alive "
        "liveness readiness ready notready heartbeat crash crashed crashloop crashlooping outage unresponsive stopped"
    ),
    "errors": _listed(
        "error errors errored err errs 5xx failure failures failed failing fail fails exception exceptions unsuccessful panic panics "
        "aborted rejected"
    ),
    "latency": _listed(
        "latency latencies slow slowness duration durations p50 p90 p95 p99 p999 quantile percentile apdex timeout timeouts "
        "elapsed lag responsetime"
    ),
    "security": _listed(
        "security unauthorized unauthorised unauthenticated auth authentication authorization authorisation login logins "
        "signin forbidden denied intrusion attack attacks bruteforce vulnerability vulnerabilities cve malware suspicious rbac privilege "
        "privileged escalation tampering injection waf abuse breach"
    ),
}
_IN_EXPRESSION: Final[dict[Mode, re.Pattern[str]]] = {
    "health": re.compile(r"(?<![\w:])up(?![\w:])|\babsent(?:_over_time)?\s*\(|\bprobe_success\b|\w*_(?:healthy|health_status)\b"),
    "errors": re.compile(r"[\"'`](?:\^|\(|\.\*)*5(?:\.\.|\.\*|\.\+|\\d|\[0-9\]|\d\d\b|xx\b)", re.IGNORECASE),
    "latency": re.compile(r"\bhistogram_quantile\b|\bquantile\s*=|_(?:milli|micro)?seconds_(?:bucket|sum)\b|latenc(?:y|ies)"),
    "security": re.compile(r"[\"'`|](?:401|403)\b"),
}
_EVERYWHERE: Final[tuple[Mode, ...]] = ("errors", "security")
"""Modes whose words count in expressions, too."""
_PHRASES: Final[dict[Mode, re.Pattern[str]]] = {
    "health": re.compile(r"health[\s_-]?check|not[\s_-]?ready", re.IGNORECASE),
    "errors": re.compile(r"5xx", re.IGNORECASE),
    "latency": re.compile(r"response[\s_-]?times?|round[\s_-]?trip", re.IGNORECASE),
    "security": re.compile(r"brute[\s_-]?force|access[\s_-]?violation", re.IGNORECASE),
}


def split(text: str) -> set[str]:
    """Cuts a text into lower-case words, at punctuation and, besides, at capitals."""
    found: set[str] = set()
    for token in re.findall(r"[A-Za-z0-9]+", text):
        found.add(token.lower())
        found.update(part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", token) if part != token)
    return found


def of(name: str, expression: str, label_values: Iterable[str]) -> tuple[Mode, ...]:
    """Returns the failure modes of an alert, in the order of `Mode`."""
    text = "\n".join((name, *label_values))
    said, computed = split(text), split(expression)
    return tuple(
        mode
        for mode, words in _WORDS.items()
        if words & (said | computed if mode in _EVERYWHERE else said)
        or _IN_EXPRESSION[mode].search(expression)
        or (mode in _PHRASES and _PHRASES[mode].search(text))
    )
