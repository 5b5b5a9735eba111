"""What falls due: conditions, waivers and approvals, as a list and as a calendar that other programs read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from compliance.decision import Condition, SignOff
from compliance.reminders import AHEAD, calendar, reminders
from compliance.stand import Stand
from compliance.waiver import State, Waiver
from tests.world import judged, make_gate, make_project

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)


def approval(entry: int, days: int) -> SignOff:
    base: dict[str, Any] = {"role": "security", "decision": "approve", "key": "k", "trial": False, "point": "production"}
    more: dict[str, Any] = {"decision_digest": "d", "packet": None, "assessment": 1, "override": False, "reason": None}
    return SignOff(entry=entry, by="Ada", at=AT, expires_at=AT + timedelta(days=days), **base, **more)


def waiver(name: str, days: int, state: State) -> Waiver:
    words = {"gate": "G-1", "finding": None, "reason": "known; soon, over", "controls": "a guard", "requested_by": "Zoe"}
    return Waiver(id=name, requested_at=AT, expires_at=AT + timedelta(days=days), state=state, **words)  # type: ignore[arg-type]


def condition(name: str, days: int, met_by: int | None = None) -> Condition:
    due = AT + timedelta(days=days)
    return Condition(id=name, role="security", text="P99 below 1 s", owner="Otto", due_at=due, gate="G-1", opened_at=AT, met_by=met_by)


@pytest.fixture
def assessment() -> Any:
    stand = Stand(
        role="security", title="security", required=True, may_override=False, quorum=1, approvals=(approval(9, 30),), rejections=(), void=()
    )
    made = judged(make_project(make_gate()))
    changes = {
        "roles": (stand,),
        "waivers": (waiver("W3", 10, State.ACTIVE), waiver("W4", 5, State.EXPIRED)),
        "conditions": (condition("C7", 20), condition("C8", 1, met_by=12), condition("C2", -3)),
    }
    return made.model_copy(update=changes)


def test_what_falls_due_is_listed_earliest_first_and_nothing_else(assessment: Any) -> None:
    assert [(one.kind, one.id, one.owner) for one in reminders(assessment)] == [
        ("condition", "C2", "Otto"),
        ("waiver", "W3", "Zoe"),
        ("condition", "C7", "Otto"),
        ("approval", "#9", "Ada"),
    ]


def test_the_calendar_is_read_by_other_programs(assessment: Any) -> None:
    read: Any = Calendar.from_ical(calendar(assessment))
    events = read.walk("VEVENT")
    assert [event["DTSTART"].dt for event in events] == [AT + timedelta(days=days) for days in (-3, 10, 20, 30)]
    assert len({str(event["UID"]) for event in events}) == 4
    assert "waiver for G-1 ends: known; soon, over (W3, Zoe)" in str(events[1]["SUMMARY"])
    assert all(alarm["TRIGGER"].dt == -AHEAD for event in events for alarm in event.walk("VALARM"))
    assert calendar(assessment) == calendar(assessment)


def test_what_is_due_on_a_day_stands_on_that_day(assessment: Any) -> None:
    due = condition("C7", 0).model_copy(update={"due_at": datetime(2026, 12, 16, tzinfo=UTC)})
    read: Any = Calendar.from_ical(calendar(assessment.model_copy(update={"waivers": (), "roles": (), "conditions": (due,)})))
    assert [event["DTSTART"].dt for event in read.walk("VEVENT")] == [date(2026, 12, 15)]
