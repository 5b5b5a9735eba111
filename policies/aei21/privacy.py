"""Privacy: personal data is processed on record, people can exercise their rights, and logs hold none of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import Field

from compliance.gate import Area, AtMost, Inputs, Params, Place, Reason, Verdict, failed, gate, not_assessed, passed
from compliance.record import Assurance

from .._say import LIMIT, count, days, number

PRINCIPLE: Final = "Privacy"
_SKEW: Final = timedelta(minutes=5)


class PersonalData(Params):
    """Thresholds of AEI21-PR-3."""

    declared_fields: tuple[str, ...] = ()
    """Log fields that may hold personal data, because the record of processing says so; names joined by dots: ``actor.email``."""


@gate(
    id="AEI21-PR-3",
    statement="No personal data in logs",
    principle=PRINCIPLE,
    area=Area.DATA,
    reads=["audit-log"],
    service_only=True,
    params=PersonalData,
)
def no_personal_data_in_logs(inputs: Inputs, params: PersonalData) -> Verdict:
    """Reads what looks like personal data in log records.

    Asks: No record of a log holds an e-mail address, a token, a card number or a national id outside the fields that are declared for it.

    Why: Logs are copied, kept and read more widely than any database, and nobody deletes a person from them.

    Evidence: Logs of the judged environment (`compliance ingest`). What is found is kept as rule, line and field, never as
    text. The fields in which a format says who acted (`principalEmail`, `userIdentity`, `user.username`, `acct`) are declared by the
    format itself; their number is shown.

    Fix: Log an internal id instead of the named field, mask it in the logger, and delete the records that hold it. A field that must hold
    personal data is named in `declared-fields` of this gate.

    Maps to: GDPR art. 5(1)(c), art. 5(1)(f), art. 32; SOC 2 CC6.1; ISO/IEC 27001:2022 A.5.34, A.8.11, A.8.12.
    """
    logs = [item.payload for item in inputs.of("audit-log")]
    limits = {"undeclared": 0, "declared_fields": list(params.declared_fields)}
    found: Counter[str] = Counter()
    for log in logs:
        found.update(log.personal_fields)
    outside = Counter({field: places for field, places in found.items() if field not in params.declared_fields})
    total, events = sum(log.personal_data for log in logs), sum(log.events for log in logs)
    unlisted = max(0, total - found.total())
    actors = sum(log.personal_data_of_actors for log in logs)
    observed = {"personal_data": total, "undeclared": outside.total() + unlisted, "of_actors": actors, "events": events}
    if outside or unlisted:
        worst = ", ".join(f"{field} ({places})" for field, places in outside.most_common(3)) or "fields that are not named"
        message = f"{count(outside.total() + unlisted, 'place')} with personal data outside the declared fields: {worst}"
        samples = [sample for log in logs for sample in log.personal_samples if sample.field not in params.declared_fields]
        where = [Place(f"line {sample.line}", f"{sample.rule} in {sample.field}") for sample in samples[:LIMIT]]
        return failed(message, observed=observed, threshold=limits, places=where)
    if not events or not all(log.events for log in logs):
        return not_assessed(Reason.INCOMPLETE, "a log without events says nothing", observed=observed, threshold=limits)
    within = f" outside {', '.join([*found, *(['the fields for who acted'] if actors else [])])}" if found or actors else ""
    return passed(f"no personal data{within} in {count(events, 'record')}", observed=observed, threshold=limits)


class Processing(Params):
    """Thresholds of AEI21-PR-1."""

    review_max_age_days: Annotated[float, AtMost(), Field(gt=0)] = 180.0
    """Time since the last review of the record, at most (days)."""


@gate(
    id="AEI21-PR-1",
    statement="Processing is recorded (GDPR art. 30, CCPA notice)",
    principle=PRINCIPLE,
    area=Area.DATA,
    reads=["privacy"],
    service_only=True,
    min_assurance=Assurance.STATED,
    params=Processing,
)
def processing_is_recorded(inputs: Inputs, params: Processing) -> Verdict:
    """Looks for what the records of processing leave out.

    Asks: Every processing activity has purpose, lawful basis, data categories, recipients, retention, transfer safeguard and security
    measures; none keeps data without limit; the record was reviewed within 180 days.

    Why: Who does not know what is processed, and why, can neither inform people nor delete their data.

    Evidence: The record of processing activities (`compliance ingest`). A stated record is accepted, and printed as such.

    Fix: Complete the named activity, set a retention period, and have the record reviewed by whoever answers for it.

    Maps to: GDPR art. 5(1)(e), art. 5(2), art. 30; CCPA Cal. Civ. Code 1798.100; ISO/IEC 27001:2022 A.5.34.
    """
    records = [item.payload for item in inputs.of("privacy")]
    activities = [activity for record in records for activity in record.activities]
    limits = {"lacking": 0, **params.model_dump()}
    lacking = [activity for activity in activities if activity.lacks]
    reviews = [record.reviewed_at for record in records if record.activities]
    known = [inputs.as_of - time for time in reviews if time is not None and time <= inputs.as_of + _SKEW]
    oldest = max(known, default=None)
    observed = {
        "activities": len(activities),
        "lacking": len(lacking),
        "oldest_review_days": None if oldest is None else round(oldest / timedelta(days=1), 2),
    }
    broken = []
    if lacking:
        broken.append(f"{_many(lacking)} without {', '.join(lacking[0].lacks)} ({lacking[0].id})")
    if oldest is not None and oldest > timedelta(days=params.review_max_age_days):
        broken.append(f"last reviewed {days(oldest)} ago; expected at most {number(params.review_max_age_days)} d")
    if broken:
        places = [Place(activity.id, f"no {', no '.join(activity.lacks)}") for activity in lacking[:LIMIT]]
        return failed("; ".join(broken), observed=observed, threshold=limits, places=places)
    if not activities or len(known) < len(reviews):
        message = "the record does not say when it was last reviewed" if activities else "no processing activity is recorded"
        return not_assessed(Reason.INCOMPLETE, message, observed=observed, threshold=limits)
    message = f"{_many(activities)} fully recorded, last reviewed {days(oldest or timedelta())} ago"
    return passed(message, observed=observed, threshold=limits)


def _many(activities: Sequence[Any]) -> str:
    return f"{len(activities)} processing {'activity' if len(activities) == 1 else 'activities'}"


class Rights(Params):
    """Thresholds of AEI21-PR-2."""

    limit_days: Annotated[float, AtMost(), Field(gt=0)] = 30.0
    """Time within which a procedure ends, at most (days)."""
    ccpa_limit_days: Annotated[float, AtMost(), Field(gt=0)] = 45.0
    """The same where only the CCPA applies (days)."""


_RIGHTS: Final = {
    "access": "access",
    "rectification": "rectification",
    "erasure": "erasure",
    "portability": "portability",
    "objection": "objection or opt-out",
}


@gate(
    id="AEI21-PR-2",
    statement="People's rights can be exercised",
    principle=PRINCIPLE,
    area=Area.DATA,
    reads=["privacy"],
    service_only=True,
    min_assurance=Assurance.STATED,
    params=Rights,
)
def rights_can_be_exercised(inputs: Inputs, params: Rights) -> Verdict:
    """Looks for a procedure of each right that was tried and is quick enough, over all records.

    Asks: There is a tested procedure each for access, rectification, erasure, portability, and objection or opt-out, and each ends within
    30 days (45 under the CCPA).

    Why: A right that nobody ever tried to exercise usually cannot be exercised.

    Evidence: The procedures with the dates of their tests (`compliance ingest`). A stated record is accepted, and printed as such.

    Fix: Write the named procedure, try it with a test person, and record when and how long it took.

    Maps to: GDPR art. 12(3), art. 15, art. 16, art. 17, art. 20, art. 21; CCPA Cal. Civ. Code 1798.130; ISO/IEC 27001:2022 A.5.34.
    """
    limits = params.model_dump()
    said = [(right, _limit(record, params)) for item in inputs.of("privacy") for record in [item.payload] for right in record.rights]
    defects = {name: _best([_defect(one, limit, inputs.as_of) for one, limit in said if one.right == name]) for name in _RIGHTS}
    observed = {name: why is None for name, why in defects.items()}
    if not said:
        return not_assessed(Reason.INCOMPLETE, "no procedure for people's rights is recorded", observed=observed, threshold=limits)
    places = [Place(_RIGHTS[name], why) for name, why in defects.items() if why is not None]
    if places:
        message = "; ".join(f"{place.where}: {place.what}" for place in places)
        return failed(message, observed=observed, threshold=limits, places=places)
    return passed("a tested procedure each for " + ", ".join(_RIGHTS.values()), observed=observed, threshold=limits)


def _limit(record: Any, params: Rights) -> float:
    return params.ccpa_limit_days if tuple(record.laws) == ("ccpa",) else params.limit_days


def _defect(right: Any, limit: float, as_of: datetime) -> str | None:
    """Says what is wrong with a procedure; None when nothing is."""
    if not right.written:
        return "the procedure is not written down"
    if right.tested_at is None or right.tested_at > as_of + _SKEW:
        return "never tested"
    if right.limit_days is None:
        return "no limit in days"
    if right.limit_days > limit or (right.took_days or 0) > limit:
        return f"{number(max(right.limit_days, right.took_days or 0))} d; expected at most {number(limit)} d"
    return None


def _best(defects: Sequence[str | None]) -> str | None:
    """Returns what is wrong with the best procedure for a right."""
    if not defects:
        return "no procedure"
    return None if None in defects else defects[0]
