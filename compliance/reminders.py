"""What falls due: conditions, waivers and approvals that end, as a list and as a calendar (RFC 5545)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from .errors import UsageError
from .record import Model
from .times import last_day, read_rfc3339, rfc3339

if TYPE_CHECKING:
    from datetime import datetime

    from .assessment import Assessment

AHEAD: Final = timedelta(days=7)
"""How long before a date the calendar reminds."""


class Reminder(Model):
    """Something that falls due."""

    kind: Literal["condition", "waiver", "approval"]
    id: str
    due_at: str
    owner: str
    text: str


def reminders(assessment: Assessment) -> list[Reminder]:
    """Returns what falls due, earliest first: conditions that are not met, waivers that count, approvals that count."""
    found: list[tuple[datetime, Reminder]] = []
    for condition in assessment.conditions:
        if condition.met_by is None:
            text = f"{condition.text}; waits for {condition.waits_for}"
            found.append((condition.due_at, _reminder("condition", condition.id, condition.due_at, condition.owner, text)))
    for one in assessment.waivers:
        if one.active:
            text = f"waiver for {one.target} ends: {one.reason}"
            found.append((one.expires_at, _reminder("waiver", one.id, one.expires_at, one.requested_by, text)))
    for role in assessment.roles:
        for approval in role.approvals:
            text = f"approval for {role.title} ends"
            found.append((approval.expires_at, _reminder("approval", f"#{approval.entry}", approval.expires_at, approval.by, text)))
    return [one for _, one in sorted(found, key=lambda pair: (pair[0], pair[1].id))]


def _reminder(kind: Literal["condition", "waiver", "approval"], name: str, due_at: datetime, owner: str, text: str) -> Reminder:
    return Reminder(kind=kind, id=name, due_at=rfc3339(due_at), owner=owner, text=text)


def calendar(assessment: Assessment) -> bytes:
    """Returns the reminders as an iCalendar file; importing it again changes the same events.

    Raises:
        UsageError: The library for it is not installed.
    """
    try:
        from icalendar import Alarm, Calendar, Event
    except ImportError as error:
        raise UsageError("--ics needs the library icalendar", hint="pip install 'compliance-toolkit[calendar]'") from error

    made = Calendar()
    made.add("prodid", "-//compliance-toolkit//reminders//EN")
    made.add("version", "2.0")
    name = f"{assessment.subject.project} {assessment.subject.version or ''}".strip()
    for one in reminders(assessment):
        event, alarm = Event(), Alarm()
        event.add("uid", f"{one.kind}-{one.id.lstrip('#')}-{assessment.point}-{assessment.subject.project}@compliance-toolkit")
        event.add("dtstamp", assessment.as_of)
        at = read_rfc3339(one.due_at)
        event.add("dtstart", last_day(at) or at)
        event.add("summary", f"{name} {assessment.point}: {one.text} ({one.id}, {one.owner})")
        alarm.add("action", "DISPLAY")
        alarm.add("description", one.text)
        alarm.add("trigger", -AHEAD)
        event.add_component(alarm)
        made.add_component(event)
    return bytes(made.to_ical())
