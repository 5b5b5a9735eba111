"""The event as all formats of audit logs tell it: when, who, what, to what, how it ended, and what it is about."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from compliance.record import Json

from .events import EventClass, word_set, words_of

Outcome = Literal["success", "failure", "denied"]


ACTION: Final = 1
"""What happened has a name."""
ACTOR: Final = 2
RESOURCE: Final = 4
OUTCOME: Final = 8
LEVEL: Final = 16
TRACE: Final = 32
"""It has the id of a request, or one of its own, by which other logs name it."""


class Event(NamedTuple):
    """One event. Of who, what and to what no more is known than that it says so: logs hold secrets, and evidence must not."""

    time: datetime | None
    """In UTC; times that do not state their zone are none."""
    event_class: EventClass
    says: int
    """Sum of the constants above."""
    ended: Outcome | None = None
    """None when it does not say so, or not surely."""
    operation: str | None = None
    """Id that is shared by the events of one operation or request."""


def says(*, action: Json, actor: Json, resource: Json, outcome: Json, trace: Json, level: Json = None) -> int:
    """Returns what an event says, given a value for each; empty values say nothing."""
    return (
        ACTION * says_something(action)
        + ACTOR * says_something(actor)
        + RESOURCE * says_something(resource)
        + OUTCOME * says_something(outcome)
        + LEVEL * says_something(level)
        + TRACE * says_something(trace)
    )


def says_something(value: Json) -> bool:
    """Tells whether a value is neither null nor an empty text, list or object."""
    return value is not None and value != "" and value != {} and value != []


_DENIED: Final = word_set("denied deny denies forbidden forbid unauthorized unauthorised disallowed blocked rejected refused")
_FAILURE: Final = word_set("failure failed fail fails error errored unsuccessful timeout aborted cancelled canceled invalid")
_SUCCESS: Final = word_set("success successful succeeded ok true allowed allow granted permitted accepted completed done passed")
_NOT: Final = frozenset({"not", "no", "un", "partially", "partial"})


def ended(value: Json) -> Outcome | None:
    """Reads how an event ended from what a log says: a word, a truth value or a status of HTTP; None when it is not sure."""
    if isinstance(value, bool):
        return "success" if value else "failure"
    if isinstance(value, str):
        return _by_word(value) if len(value) <= 64 else None
    if isinstance(value, dict):  # Azure writes the word beside its translation
        return ended(held) if isinstance(held := value.get("value"), str) else None
    return _by_status(value) if isinstance(value, int) else None


@lru_cache(maxsize=1024)
def _by_word(text: str) -> Outcome | None:
    if text.isascii() and text.isdigit():
        return _by_status(int(text))
    words = set(words_of(text))
    if words & _NOT:
        return None
    if words & _DENIED:
        return "denied"
    if words & _FAILURE or text.lower() == "false":
        return "failure"
    return "success" if words & _SUCCESS else None


def _by_status(code: int) -> Outcome | None:
    """Reads a status of HTTP (RFC 9110, section 15); other numbers, such as exit codes, mean different things in different logs."""
    if code == 403:
        return "denied"
    if 400 <= code < 600:
        return "failure"
    return "success" if 100 <= code < 400 else None
