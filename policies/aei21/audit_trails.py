"""Audit trails: what happened can be proved, and nothing is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import Field

from compliance.gate import Area, AtLeast, AtMost, Inputs, Params, Place, Reason, Verdict, failed, gate, not_assessed, passed

from .._say import LIMIT, count, hours, number

PRINCIPLE: Final = "Audit trails"
_SKEW: Final = timedelta(minutes=5)


@gate(
    id="AEI21-AT-1",
    statement="The audit trail is immutable",
    principle=PRINCIPLE,
    area=Area.DATA,
    reads=["audit-log"],
    service_only=True,
)
def trail_is_immutable(inputs: Inputs, _params: Params) -> Verdict:
    """Looks for a chain that verifies, or a lock.

    Asks: Every log's own hash chain or signature verifies, or its store has a write-once retention lock. A record that merely says
    "immutable: true" does not pass, and a broken chain fails even under a lock.

    Why: Whoever breaks in edits the log. A word in the record is edited with it; a chain that is recomputed, or a lock, is not.

    Evidence: Audit logs of the judged environment (`compliance ingest`). Hashes are recomputed over the records; the lock is read from the
    log's own metadata.

    Fix: Write the trail to a store with a retention lock, or chain the records (each holds the hash of the one before) and export them
    unchanged. Where the chain breaks, find out who wrote that record.

    Maps to: SOC 2 CC7.2, CC7.3; ISO/IEC 27001:2022 A.5.28, A.5.33, A.8.15; GDPR art. 5(2), art. 32.
    """
    logs = [(item.entry, item.payload) for item in inputs.of("audit-log")]
    observed = [{"chain": log.chain, "retention_locked": log.retention_locked, "claims_immutable": log.claims_immutable} for _, log in logs]
    limits = {"chain": "verified", "or_retention_locked": True}
    broken = [Place(f"evidence {entry}", why) for entry, log in logs for why in _unprotected(log)]
    if broken:
        return failed("; ".join(place.what for place in broken), observed=observed, threshold=limits, places=broken[:LIMIT])
    if not all(log.events for _, log in logs) or not logs:
        return not_assessed(Reason.INCOMPLETE, "a log without events proves nothing", observed=observed, threshold=limits)
    chained = sum(log.chain == "verified" for _, log in logs)
    message = f"{count(len(logs), 'log')}: {chained} with a verified chain, {len(logs) - chained} under a retention lock"
    return passed(message, observed=observed, threshold=limits)


def _unprotected(log: Any) -> Iterator[str]:
    if log.chain == "broken":
        yield "the hash chain cannot be recomputed" + (f" from line {log.chain_broken_at} on" if log.chain_broken_at else "")
    elif log.chain != "verified" and not log.retention_locked:
        claims = f"; that {count(log.claims_immutable, 'record')} say so proves nothing" if log.claims_immutable else ""
        yield f"neither a hash chain nor a retention lock protects the log{claims}"


class CompleteTrail(Params):
    """Thresholds of AEI21-AT-2."""

    gaps: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Sequence numbers that are missing, at most (count)."""
    skew_s: Annotated[float, AtMost(), Field(ge=0)] = 1.0
    """Time by which a record may be dated before one that stands above it: clocks of several writers differ (seconds)."""
    heartbeat_s: Annotated[float, AtMost(), Field(gt=0)] = 3600.0
    """Longest silence: the trail writes at least one record in this time (seconds)."""
    window_hours: Annotated[float, AtLeast(), Field(gt=0)] = 24.0
    """Time that the trail must cover without interruption, up to its end (hours)."""
    window_max_age_hours: Annotated[float, AtMost(), Field(gt=0)] = 24.0
    """Time since the last record, at most (hours)."""


@gate(
    id="AEI21-AT-2",
    statement="The audit trail is complete",
    principle=PRINCIPLE,
    area=Area.DATA,
    reads=["audit-log"],
    service_only=True,
    params=CompleteTrail,
)
def trail_is_complete(inputs: Inputs, params: CompleteTrail) -> Verdict:
    """Looks for what is missing in a log.

    Asks: Sequence numbers have no gap, records are in time order but for a second, no silence is longer than the declared heartbeat,
    and the logs cover the last 24 hours without interruption.

    Why: The records that matter most are those that somebody removed, or that were never written because logging had stopped.

    Evidence: Audit logs of the judged environment (`compliance ingest`); parts of a rotated log count together for the window. Logs that
    ended longer ago do not count. Without sequence numbers, a verified hash chain shows that nothing was taken out. Exports of clouds
    (CloudTrail, Google Cloud) promise no order, so that none is asked of them.

    Fix: Number the records, write a heartbeat record in quiet times (or declare a longer `heartbeat-s`), and export the whole window,
    rotated parts included.

    Maps to: SOC 2 CC7.2; ISO/IEC 27001:2022 A.5.28, A.8.15, A.8.17.
    """
    logs = [item.payload for item in inputs.of("audit-log")]
    limits = params.model_dump()
    dated = [log for log in logs if log.first is not None and log.last is not None]
    fresh = [log for log in dated if -_SKEW <= inputs.as_of - log.last <= timedelta(hours=params.window_max_age_hours)]
    observed = [_completeness(log) for log in fresh]
    if not fresh:
        reason = Reason.STALE if dated else Reason.INCOMPLETE
        limit = number(params.window_max_age_hours)
        message = f"no log ends within the last {limit} hours" if dated else "no log says when its records were made"
        return not_assessed(reason, message, threshold=limits)
    broken = [why for log in fresh for why in _holes(log, params)]
    if broken:
        return failed("; ".join(broken[:LIMIT]), observed=observed, threshold=limits)
    lacking = [why for log in fresh if (why := _blind(log))]
    covered = _covered([(log.first, log.last) for log in fresh], timedelta(seconds=params.heartbeat_s))
    if covered < timedelta(hours=params.window_hours):
        lacking.append(f"the logs cover {hours(covered)} without interruption; expected {number(params.window_hours)} h")
    if lacking:
        return not_assessed(Reason.INCOMPLETE, "; ".join(lacking), observed=observed, threshold=limits)
    silence = number(max(log.longest_silence_s for log in fresh))
    message = f"{hours(covered)} are covered without a gap; the longest silence is {silence} s"
    return passed(message, observed=observed, threshold=limits)


def _completeness(log: Any) -> dict[str, Any]:
    return {
        "gaps": log.gaps,
        "sequenced": log.sequenced,
        "out_of_order": log.out_of_order,
        "largest_step_back_s": log.largest_step_back_s,
        "longest_silence_s": log.longest_silence_s,
        "hours": round((log.last - log.first).total_seconds() / 3600, 2),
    }


def _holes(log: Any, params: CompleteTrail) -> Iterator[str]:
    if log.gaps > params.gaps:
        yield f"{count(log.gaps, 'sequence number')} missing"
    # A reader that counts records out of order without measuring by how much leaves the step at 0: that is no small step.
    if log.keeps_order and log.out_of_order and not 0 < log.largest_step_back_s <= params.skew_s:
        by = f" by up to {number(log.largest_step_back_s)} s; expected at most {number(params.skew_s)} s" if log.largest_step_back_s else ""
        yield f"{count(log.out_of_order, 'record')} out of time order{by}"
    if log.longest_silence_s is not None and log.longest_silence_s > params.heartbeat_s:
        silence, limit = number(log.longest_silence_s), number(params.heartbeat_s)
        yield f"a silence of {silence} s is longer than the heartbeat of {limit} s"


def _blind(log: Any) -> str | None:
    """Says what the log cannot show."""
    if not log.sequenced and log.chain != "verified":
        return "the records have neither sequence numbers nor a chain, so that missing ones cannot be seen"
    return "the log does not show how long it was silent" if log.longest_silence_s is None else None


def _covered(windows: Sequence[tuple[datetime, datetime]], heartbeat: timedelta) -> timedelta:
    """Returns the longest time up to the newest end that the windows cover, with holes of at most one heartbeat."""
    newest_first = sorted(windows, key=lambda window: window[1], reverse=True)
    start, end = newest_first[0]
    for first, last in newest_first[1:]:
        if last < start - heartbeat:
            break
        start = min(start, first)
    return end - start
