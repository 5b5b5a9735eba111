"""Whether a Markdown file is a release document: one that speaks of a release, and not of a project, a program or a procedure.

Signs are added up: words of the title, boxes, a stated status, headings such as "Success criteria". Signs of a read-me, a changelog or a
manual count against it. Only what has several signs is taken for a release document, since everything that it says is then believed to
be said of the release.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

NEEDED: Final = 3
"""Signs that make a release document."""
SURE: Final = 4
"""Signs that make one even where nobody said that the file is a document."""

_STRONG = re.compile(
    r"\b(?:status|completion|readiness|checklist|sign[- ]?off|approvals?|certificates?|certification|acceptance)\b"
    r"|\b(?:go[- ]live|go ?/ ?no[- ]?go)\b"
    r"|\b(?:test|deployment|release|validation|verification|audit|compliance|security|performance|load[- ]test|staging|phase|milestone)"
    r" (?:[\w-]+ )?(?:reports?|results?|summary|record|review|log)\b|\b(?:phase|milestone|sprint) \d+\b"
)
_WEAK = re.compile(
    r"\b(?:deployment|release|staging|production|rollout|audit|compliance|validation|verification|acceptance|reports?|results?)\b"
)
_OTHER_TITLE = re.compile(
    r"\b(?:read ?me|change ?log|changes|history|news|what's new|release notes?|contributing|contributors|authors|licen[cs]e|code of conduct"
    r"|guide|tutorial|manual|handbook|how to|how-to|documentation|docs|reference|api|faq|introduction|getting started|roadmap|adr|template"
    r"|run[ -]?books?|play[ -]?books?|policy|specification|proposal|design|architecture)\b"
)
_OTHER_HEADING = re.compile(
    r"(?:[^\w]*)(?:install(?:ation|ing)?|usage|quick ?start|getting started|licen[cs]e|contributing|contributors|features|badges|examples?"
    r"|documentation|support|acknowledge?ments?|credits|community|requirements|development|api(?: reference)?|configuration|faq)\W*"
)
_VERSION_HEADING = re.compile(r"[^\w]*(?:version |release |v)?\d+\.\d+(?:\.\d+)?(?:[-.\w]*)?\b.*|[^\w]*unreleased\W*")
_CRITERIA = re.compile(r"\b(?:criteria|how success is measured|definition of done)\b")
_SIGNED = re.compile(r"\b(?:sign[- ]?off|approvals?|stakeholders?|decision|go ?/ ?no[- ]?go|go or no-go|recommendation)\b")
_JUDGED = re.compile(
    r"\b(?:risk assessment|risks|rollback(?: strategy| plan)?|going back|final metrics|compliance validation|audit trail|actions log"
    r"|what was done|blocking issues|known issues|compliance)\b"
)
_STATE = re.compile(r"\bstatus\b[^\n]{0,40}\b(?:complete(?:d)?|approved|in progress|done|pending|ready|passed|failed|blocked|green|red)\b")


def score(title: str, headings: Sequence[str], text: str, boxes: int) -> int:
    """Adds up the signs.

    Args:
        title: Of the file, in any case.
        headings: All of them, the title among them.
        text: The whole file.
        boxes: Boxes of task lists.
    """
    name, below = title.lower(), [heading.lower() for heading in headings]
    if _OTHER_TITLE.search(name):
        return 0
    found = 2 if _STRONG.search(name) else 1 if _WEAK.search(name) and " " in name.strip() else 0
    found += boxes >= 3
    found += _STATE.search(text.lower()) is not None
    found += sum(any(regex.search(heading) for heading in below) for regex in (_CRITERIA, _SIGNED, _JUDGED))
    against = 2 * any(_OTHER_HEADING.fullmatch(heading) for heading in below)
    against += 3 * (sum(_VERSION_HEADING.fullmatch(heading) is not None for heading in below) >= 2)
    return max(0, found - against)
