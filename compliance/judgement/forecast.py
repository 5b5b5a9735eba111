"""What turns red, and when, if nothing is done: evidence ages, waivers and approvals end, conditions fall due. Pure.

The same judgement is made again at later times, on what is known now. Since nothing new comes in, a verdict that is the same at both
ends of a span is taken to be the same within it; a span at whose ends verdicts differ is halved until the moment is known to a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from ..assessment import Assessment, GateResult
from ..gate import Reason, Status
from ..record import Model

PRECISION: Final = timedelta(minutes=1)
_GOOD: Final = (Status.PASS, Status.WAIVED, Status.NOT_APPLICABLE)


class Turn(Model):
    """A gate that turns red."""

    gate: str
    title: str
    required: bool
    at: datetime
    """First minute at which it no longer holds."""
    before: Status
    after: Status
    reason: Reason | None
    message: str
    fix: str


class Forecast(Model):
    """What turns red within a span."""

    since: datetime
    until: datetime
    turns: tuple[Turn, ...]
    """In the order of time."""
    outcome_at_end: str


def forecast(judge: Callable[[datetime], Assessment], since: datetime, span: timedelta) -> Forecast:
    """Looks ahead.

    Args:
        judge: Judges on what is known now, with the clock at the given time.
        since: Now.
        span: How far to look.
    """
    first, last = judge(since), judge(since + span)
    found: dict[str, Turn] = {}
    for one in _turns(judge, first, last):
        found.setdefault(one.gate, one)
    turns = tuple(sorted(found.values(), key=lambda one: (one.at, one.gate)))
    return Forecast(since=since, until=since + span, turns=turns, outcome_at_end=last.outcome)


def _turns(judge: Callable[[datetime], Assessment], first: Assessment, last: Assessment) -> Iterator[Turn]:
    """Yields what turns red between two judgements, earliest first."""
    before, after = _by_id(first), _by_id(last)
    lost = [name for name, result in before.items() if result.verdict in _GOOD and name in after and after[name].verdict not in _GOOD]
    if not lost:
        return
    if last.as_of - first.as_of <= PRECISION:
        yield from (_turn(before[name], after[name], last.as_of) for name in lost)
        return
    middle = judge(first.as_of + (last.as_of - first.as_of) / 2)
    yield from _turns(judge, first, middle)
    yield from _turns(judge, middle, last)


def _by_id(assessment: Assessment) -> Mapping[str, GateResult]:
    return {result.id: result for result in assessment.gates}


def _turn(before: GateResult, after: GateResult, at: datetime) -> Turn:
    return Turn(
        gate=after.id,
        title=after.title,
        required=after.required,
        at=at.replace(second=0, microsecond=0) + PRECISION,
        before=before.verdict,
        after=after.verdict,
        reason=after.reason,
        message=after.message,
        fix=after.fix,
    )
