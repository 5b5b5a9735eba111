"""Statements without a figure, of the kinds that release documents make: deployed, tested, complete, nothing in the way.

A pattern has to fit the whole piece, alone or behind its label. ``says`` patterns hold for running text; ``ticked`` ones are the short
forms that mean something only at a tick, such as "rollback procedure" in a list of what was done.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

LENGTH_LIMIT: Final = 150
"""Characters of the longest piece that could be understood as a whole."""

_BE: Final = r"(?: (?:is|was|are|were|has been|have been|had been|now|all|fully|successfully))*"
_DONE: Final = r"(?:complete(?:d)?|done|finished|executed|performed|run|over|passed|carried out)"
_ENV: Final = r"(?:the )?(?P<env>staging|production|prod)(?: environment)?"
_RELEASE: Final = r"(?:(?:the )?(?:release|application|app|service|version|build|system|it) )?"
_ROLLBACK: Final = r"(?:the )?roll-?back(?: (?:procedures?|plan|strategy|process))?"
_TRIED: Final = r"(?:tested|tried(?: out)?|verified|exercised|rehearsed|executed|validated|proven)"
_RUNBOOK: Final = r"(?:(?:the|an|all) )?(?:(?:operational|operations|ops) )?runbooks?"
_WHOLE: Final = r"(?:complete(?:d)?|without gaps)"
_WRITTEN: Final = r"(?:written|documented|in place|ready|available|up to date|done)"
_HEALTH: Final = r"(?:(?:all|each|every|the) )*health(?:[- ]checks?)?(?: (?:endpoints?|checks?))?"
_ANSWER: Final = r"(?:responsive|responding|respond|passing|pass|passed|ok|green|healthy|answers?|answering|up)"
_BLOCKERS: Final = r"(?:blocking (?:issues?|problems?|bugs?)|blockers?|show-?stoppers?)"
_STATE: Final = r"(?:(?:current|final|overall|project|deployment|release|phase|phase \d+|staging|present) )*status"
_AUDIT_TRAIL: Final = r"(?:audit (?:trails?|logs?|logging)|logs|logging)"


@dataclass(frozen=True)
class Statement:
    """One statement."""

    about: str
    environment: str | None = None
    words: tuple[str, ...] = ()


def _regex(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_SAYS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (
        "tests-pass",
        _regex(rf"(?:all )?(?:(?:the|our|unit|integration|automated|e2e) )*tests?(?: suite)?{_BE} (?:pass(?:ing|ed|es)?|green)"),
    ),
    (
        "deployed-staging",
        _regex(
            rf"{_RELEASE}(?:is |was |has been |now |successfully )*(?:deployed|rolled out|live|running|runs)(?: successfully)?"
            r" (?:to|in|on) (?:the )?staging(?: environment)?(?: successfully)?",
            r"(?:deployment to staging|staging deployment)(?: is| was|:)? (?:successful|succeeded|complete(?:d)?|done|ok)",
        ),
    ),
    (
        "rollback-tested",
        _regex(
            rf"{_ROLLBACK}(?:{_BE}|:) {_TRIED}(?: and {_TRIED})?(?: successfully)?",
            rf"{_TRIED}(?: and {_TRIED})? roll-?back(?: procedures?| plan)?",
            rf"disaster recovery(?:{_BE}|:)? {_TRIED}(?: and {_TRIED})?",
            rf"(?:disaster )?recovery(?:{_BE}|:)? (?:tested|verified)(?: and (?:tested|verified))?",
        ),
    ),
    (
        "load-tested",
        _regex(
            rf"(?:the )?load[- ]?test(?:s|ing)?(?: against (?:the )?(?:staging|production))?(?:{_BE}|:) {_DONE}",
            rf"(?:the )?load[- ]?test(?:s|ing)? {_DONE}",
        ),
    ),
    ("health-answers", _regex(rf"{_HEALTH}(?:{_BE}|:)? {_ANSWER}")),
    (
        "runbook-complete",
        _regex(rf"{_RUNBOOK}(?:{_BE}|:)? {_WHOLE}", r"complete (?:operational|operations) runbooks?"),
    ),
    ("runbook-written", _regex(rf"{_RUNBOOK}(?:{_BE}|:)? {_WRITTEN}", r"documented runbooks?")),
    (
        "no-blockers",
        _regex(
            rf"(?:there (?:are|were) )?(?:currently )?(?:no|0|zero) (?:(?:known|open|remaining|current|outstanding) )*{_BLOCKERS}"
            r"(?: (?:identified|found|remain|remaining|open|left|known|at this time|reported))*",
            rf"(?:(?:known|open|remaining|current) )*{_BLOCKERS} (?:none|no|nil|0|zero|n/?a|-)(?: (?:identified|found|known))?",
            r"nothing (?:is )?in the way",
        ),
    ),
    (
        "audit-immutable",
        _regex(
            rf"(?:immutable|tamper-proof|append-only) {_AUDIT_TRAIL}",
            rf"{_AUDIT_TRAIL}(?:{_BE}|:)? (?:immutable|tamper-proof|append-only)(?: logging)?",
            rf"{_AUDIT_TRAIL} that cannot be (?:changed|altered|modified)",
        ),
    ),
    (
        "complete",
        _regex(
            rf"{_STATE} (?:100 ?% )?(?:complete(?:d)?|done|finished|closed)(?: and (?:verified|approved))?",
            rf"(?:the )?(?:phase|milestone|sprint|release) ?\d*(?:{_BE}|:)? (?:complete(?:d)?|done|finished|closed)",
        ),
    ),
    (
        "approved",
        _regex(
            rf"{_STATE} (?:conditionally )?approved(?: with conditions)?(?: for (?:production|release))?",
            r"(?:conditionally )?approved(?: with conditions)?(?: for (?:production|release))?",
            r"(?:conditional|final)? ?approval(?: granted)?",
        ),
    ),
    (
        "ready",
        _regex(
            rf"(?:{_STATE} )?(?:is |we are )?ready (?:for|to go to) (?:production|release|go-live|deployment)", rf"{_STATE} (?:go|ready)"
        ),
    ),
    ("risk-level", _regex(r"(?:overall |residual )?risk(?: level)?(?: is|:)? (?:low|medium|moderate|high|critical|minimal)")),
)

_TICKED: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    *_SAYS,
    ("deployed-staging", _regex(r"(?:deploy(?:ed|ment|ing)?(?: to)?|staging) (?:the )?staging(?: environment)?", r"staging deployment")),
    ("rollback-tested", _regex(rf"{_ROLLBACK} test(?:s|ing|ed)?", r"test(?:ed)? roll-?back(?: procedures?)?")),
    ("load-tested", _regex(r"(?:execute |run )?load[- ]?tests?(?:ing)?")),
    ("tests-pass", _regex(r"(?:unit |integration |automated )?tests? pass(?:ing|ed)?")),
    ("runbook-written", _regex(_RUNBOOK)),
    ("roles", _regex(r"rbac", r"role[- ]based access(?: control)?s?", r"roles")),
    ("audit-logs", _regex(r"audit log(?:s|ging)")),
    ("secrets-rotated", _regex(r"secrets? rotation", r"rotated secrets", r"secrets?(?: are| were)? rotated")),
    ("structured-logs", _regex(r"structured log(?:s|ging)")),
    ("metrics", _regex(r"metrics")),
    ("task-graph", _regex(r"task (?:dag|graph)(?: optimi[sz]ation| optimi[sz]ed)?", r"(?:an )?optimi[sz]ed task graph")),
    (
        "privacy",
        _regex(
            r"(?:privacy )?(?:compliance )?(?:in line with |with )?(?:gdpr|ccpa)(?:(?: ?/ ?| and )(?:gdpr|ccpa))?"
            r"(?: (?:alignment|compliance|compliant))?"
        ),
    ),
)

_GATES: Final = re.compile(
    r"(?:(?:all|the|compliance) )*(?P<name>alpha|aei21|release)[\w .-]{0,30}? gates?(?: (?:are|were|have been))? passed"
    r"|(?:(?:all|the|compliance) )*gates? of (?:the )?(?P<other>alpha|aei21|release)[\w .-]{0,30}?(?: (?:are|were|have been))? passed"
)
_BLOCKER_LABEL: Final = re.compile(
    rf"(?:(?:open|known|current|remaining) )*{_BLOCKERS}|in the way|blocked by|what (?:is|stands) in the way"
)
_NONE: Final = re.compile(r"(?:none|no|nil|0|zero|n/?a|nothing|-|)(?: (?:identified|found|known|at this time|so far))*")


def statement(text: str, *, ticked: bool) -> Statement | None:
    """Returns what a text states.

    Args:
        text: Normalised (see `pieces.normal`), the label in front of it where it has one.
        ticked: Whether it stands at a box or sign.
    """
    if len(text) > LENGTH_LIMIT:
        return None
    if gates := _GATES.fullmatch(text):
        return Statement("gates-passed", words=(gates["name"] or gates["other"],))
    for about, regex in _TICKED if ticked else _SAYS:
        match = regex.fullmatch(text)
        if match:
            environment = match.groupdict().get("env")
            return Statement(about, "production" if environment == "prod" else environment)
    return None


def blocker(label: str, text: str) -> bool:
    """Tells whether a label speaks of what is in the way, and something is."""
    return _BLOCKER_LABEL.fullmatch(label) is not None and _NONE.fullmatch(text) is None


def is_blocker_label(label: str) -> bool:
    """Tells whether a heading or label announces what is in the way."""
    return _BLOCKER_LABEL.fullmatch(label) is not None


def says_none(text: str) -> bool:
    """Tells whether a text says that there is nothing."""
    return _NONE.fullmatch(text) is not None
