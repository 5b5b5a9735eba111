"""How something is said: of this release, as a target, as a plan, of the past."""

from __future__ import annotations

import re
from typing import Final

from . import Stance
from .pieces import normal

_TARGET: Final = re.compile(
    r"\b(?:targets?|goals?|aims?|objectives?|criteria|acceptance|requirements?|required|thresholds?|triggers?|limits?|budgets?|slos?|slas?"
    r"|expected|desired|success|kpis?|must|should|definition of done|monitoring|alerts?|alerting|watch(?:ed)?)\b"
)
_PLAN: Final = re.compile(
    r"\b(?:plan(?:s|ned)?|schedule(?:d)?|roadmap|next|upcoming|future|estimate(?:d|s)?|to ?do|backlog|pending|proposed|options?|timeline"
    r"|will|shall|would|could|need(?:s|ed)? to|going to|to be|later|mitigation|recommend(?:ed|ations?)?|action items?|follow-?ups?)\b"
)
_CONDITION: Final = re.compile(r"\b(?:if|when|whenever|unless|in case|once|until|as soon as|either)\b")
_PAST: Final = re.compile(
    r"\b(?:previous(?:ly)?|prior|earlier|former(?:ly)?|last (?:release|sprint|phase|week|month|version|quarter)|left by|before|old|history"
    r"|used to|initially|original(?:ly)?|compared (?:to|with)|versus|vs)\b"
)
_ACTUAL: Final = re.compile(r"\b(?:actual|results?|measured|observed|achieved|current|value|now|outcome|final|status|summary|figures?)\b")


def stance(text: str, label: str, column: str, sections: tuple[str, ...], *, bounded: bool, ticked: bool | None) -> Stance:
    """Returns how a piece of text is said.

    Args:
        text: The piece, normalised.
        label: Before it.
        column: Head of its column, if it stands in a table.
        sections: Headings and list items above it.
        bounded: Whether it gives a limit ("below 250 ms") rather than a value.
        ticked: Whether it stands at a ticked (True) or open (False) box or sign.
    """
    near = f"{label} {normal(column)}"
    if ticked is False and not _TARGET.search(normal(column)):
        return "open"
    if _PAST.search(f"{near} {text}") or (sections and _PAST.search(normal(sections[-1]))):
        return "past"
    if _CONDITION.search(f"{label} {text}"):
        return "plan"
    head = normal(column)
    if _TARGET.search(head) and not _ACTUAL.search(head):
        return "target"
    if ticked or _ACTUAL.search(head):
        return "claim"
    if (bounded and not _stays(text)) or _TARGET.search(f"{near} {text}"):
        return "target"
    return "plan" if _PLAN.search(f"{near} {text}") else _of_sections(sections)


def _of_sections(sections: tuple[str, ...]) -> Stance:
    """The nearest heading that says something decides."""
    words: tuple[tuple[re.Pattern[str], Stance], ...] = ((_ACTUAL, "claim"), (_TARGET, "target"), (_PLAN, "plan"))
    for section in map(normal, reversed(sections)):
        for regex, said in words:
            if regex.search(section):
                return said
    return "claim"


def _stays(text: str) -> bool:
    """Tells whether a limit is reported as kept: "stayed below 250 ms"."""
    return re.search(r"\b(?:stay(?:s|ed)|remain(?:s|ed)|was|were|is|are|kept|has been|never)\b", text) is not None
