"""Security foundation: no known hole, no secret in the code, and every access checked and logged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from compliance.gate import (
    Area,
    AtMost,
    Inputs,
    Item,
    Params,
    Reason,
    Verdict,
    failed,
    gate,
    not_assessed,
    passed,
)

from .._say import count, number, worst

PRINCIPLE: Final = "Security foundation"

_JUDGED: Final = ("sast", "sca", "dast", "container")
_NEEDED: Final = {"sast": "SAST scan", "sca": "dependency scan"}
_DATED: Final = ("sca", "container")
"""Categories whose result changes without the code: new advisories appear every day."""


_CORRECT_AND_SUPPLY: Final = (
    "Update the listed dependencies, correct the listed code, and supply the scan that is missing: set it up in `[collect.scan]`, or "
    "run `compliance ingest FILE`. What cannot be corrected now needs a waiver with compensating controls and an expiry."
)


class Vulnerabilities(Params):
    """Thresholds of ALPHA-SF-1."""

    critical: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Open critical findings, at most (count)."""
    high: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Open high findings, at most (count)."""
    unknown: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Open findings whose severity the tool does not give, at most (count)."""
    dependency_scan_max_age_days: Annotated[float, AtMost(), Field(gt=0)] = 7.0
    """Age of a dependency or container scan, and of the advisories that it knew, at most (days)."""


@gate(
    id="ALPHA-SF-1",
    statement="No open critical or high vulnerability",
    principle=PRINCIPLE,
    area=Area.SECURITY,
    reads=["scan"],
    params=Vulnerabilities,
)
def no_open_vulnerability(inputs: Inputs, params: Vulnerabilities) -> Verdict:
    """Adds up the scans of code, dependencies, running service and images.

    Asks: No scan has an open critical or high finding, nor one of unknown severity. At least one SAST scan and one dependency scan of this
    commit looked at something; dependency and container scans, and the advisories that they knew, are at most seven days old.

    Why: Known holes are the ones that are used. A scan that looked at nothing, or before the advisory came out, finds nothing either.

    Evidence: Scans of this commit (`compliance collect scan`, or ingested reports). A dependency scan of 0 packages is right only when
    the manifest declares none, which only a collector knows. Suppressed findings do not count and are shown.

    Fix: Update the listed dependencies, correct the listed code, scan again. What cannot be corrected now needs a waiver with
    compensating controls and an expiry.

    Maps to: NIST SSDF PW.7.2, RV.1.1, RV.1.2; SOC 2 CC7.1; ISO/IEC 27001:2022 A.8.8, A.8.29.
    """
    scans = [item for item in inputs.of("scan") if item.payload.category in _JUDGED]
    old = [item for item in scans if item.payload.category in _DATED and _is_old(item, inputs.as_of, params)]
    fresh = [item for item in scans if item not in old]
    limits = params.model_dump()
    observed = {name: sum(getattr(item.payload.by_severity, name) for item in fresh) for name in ("critical", "high", "unknown")}
    observed |= {"suppressed": sum(item.payload.suppressed for item in fresh), "scans": len(fresh)}
    words = {"critical": "critical", "high": "high", "unknown": "of unknown severity"}
    above = [name for name in words if observed[name] > limits[name]]
    if above:
        broken = ", ".join(f"{observed[name]} {words[name]} (at most {limits[name]} allowed)" for name in above)
        places = worst(_most_severe_first(fresh), above)
        absent = _absent(fresh, old, params)
        if not absent:
            return failed(f"open findings: {broken}", observed=observed, threshold=limits, places=places)
        message = f"open findings: {broken}; {absent[1]}"
        return failed(message, observed=observed, threshold=limits, places=places, fix=_CORRECT_AND_SUPPLY)
    if absent := _absent(fresh, old, params):
        return not_assessed(absent[0], absent[1], observed=observed, threshold=limits)
    empty = [why for item in fresh if (why := _looked_at_nothing(item))]
    if empty:
        return not_assessed(Reason.INCOMPLETE, "; ".join(empty), observed=observed, threshold=limits)
    hidden = f", {count(observed['suppressed'], 'finding')} suppressed" if observed["suppressed"] else ""
    open_ones = ", ".join(f"{observed[name]} {word}" for name, word in words.items())
    message = f"open findings: {open_ones} in {count(len(fresh), 'scan')}{hidden}"
    return passed(message, observed=observed, threshold=limits)


def _is_old(item: Item, as_of: datetime, params: Vulnerabilities) -> bool:
    """A scan is as old as the advisories that it knew."""
    age, limit = item.age(as_of), timedelta(days=params.dependency_scan_max_age_days)
    known = item.payload.database_at
    return age is None or age > limit or (known is not None and as_of - known > limit)


def _most_severe_first(scans: Sequence[Item]) -> list[Item]:
    def rank(item: Item) -> tuple[int, int, int]:
        found = item.payload.by_severity
        return found.critical, found.high, found.unknown

    return [item for item in sorted(scans, key=rank, reverse=True) if any(rank(item))]


def _absent(fresh: Sequence[Item], old: Sequence[Item], params: Vulnerabilities) -> tuple[Reason, str] | None:
    """Says which scan is not there, or is too old to count."""
    have = {item.payload.category for item in fresh}
    lacking = [category for category in _NEEDED if category not in have]
    if not lacking:
        return None
    limit = number(params.dependency_scan_max_age_days)
    expired = any(item.payload.category in lacking for item in old)
    words = [f"no {_NEEDED[category]}" for category in lacking]
    if expired:
        words[-1] += f" of the last {limit} days (or none that says when it was made)"
    return (Reason.STALE if expired else Reason.MISSING), " and ".join(words)


def _looked_at_nothing(item: Item) -> str | None:
    scan = item.payload
    name = f"{scan.tool} ({scan.category})"
    if scan.scanned is None:
        return None if scan.total + scan.suppressed else f"{name} found nothing and does not say how much it looked at"
    declared_none = scan.category == "sca" and item.scope.get("declared") == 0
    return None if scan.scanned > 0 or declared_none else f"{name} looked at 0 {scan.scanned_what or 'files or packages'}"


class SecurityEvents(Params):
    """Thresholds of ALPHA-SF-3."""

    window_max_age_hours: Annotated[float, AtMost(), Field(gt=0)] = 24.0
    """Time since the last event of a log, at most (hours)."""


_CLASSES: Final = {
    "authentication": "authentication",
    "authorisation": "authorisation",
    "administration": "administration",
    "data_access": "data access",
}


@gate(
    id="ALPHA-SF-3",
    statement="Security events are logged",
    principle=PRINCIPLE,
    area=Area.SECURITY,
    reads=["audit-log"],
    service_only=True,
    params=SecurityEvents,
)
def security_events_are_logged(inputs: Inputs, params: SecurityEvents) -> Verdict:
    """Looks for the four classes of security events.

    Asks: Authentication, authorisation, administration and data access events occur in logs that reach into the last 24 hours. Several
    logs may hold them together.

    Why: An intrusion that left no trace cannot be found, contained or explained afterwards.

    Evidence: Audit logs of the judged environment (`compliance ingest`); events are classed by their names and fields. Logs that ended
    longer ago do not count.

    Fix: Log each of the named classes where it happens (sign-in, permission check, change of settings, access to records), with actor and
    result, and export the log again.

    Maps to: NIST SSDF PW.1.3; SOC 2 CC7.2; ISO/IEC 27001:2022 A.8.15, A.8.16; GDPR art. 32.
    """
    limit = timedelta(hours=params.window_max_age_hours)
    logs = [item.payload for item in inputs.of("audit-log")]
    ended = [log for log in logs if log.last is not None and not timedelta(minutes=-5) <= inputs.as_of - log.last <= limit]
    fresh = [log for log in logs if log.last is not None and log not in ended]
    limits = {**params.model_dump(), "events_of_each_class": 1}
    observed = {name: sum(getattr(log.classes, name) for log in fresh) for name in _CLASSES}
    absent = [words for name, words in _CLASSES.items() if not observed[name]]
    if not fresh:
        reason = Reason.STALE if ended else Reason.INCOMPLETE
        why = f"no log ends within the last {number(params.window_max_age_hours)} hours" if ended else "no log says when its events were"
        return not_assessed(reason, why, threshold=limits)
    events = sum(log.events for log in fresh)
    if not events:
        return not_assessed(Reason.INCOMPLETE, "the logs hold no event", observed=observed, threshold=limits)
    if absent:
        return failed(f"no {', '.join(absent)} event among {count(events, 'event')}", observed=observed, threshold=limits)
    return passed(f"all four classes occur among {count(events, 'event')}", observed=observed, threshold=limits)


@gate(
    id="ALPHA-SF-5",
    statement="No secret in the repository",
    principle=PRINCIPLE,
    area=Area.SECURITY,
    reads=["scan"],
    waivable=False,
)
def no_secret(inputs: Inputs, _params: Params) -> Verdict:
    """Counts what secret scanners found.

    Asks: No secret scan of this commit's tree has an open finding, of whatever severity.

    Why: A secret in the repository is known to everybody who ever cloned it, and stays in the history after it was deleted.

    Evidence: Secret scans of this commit (`compliance collect scan`, or ingested reports). Texts of findings are masked before they are
    stored.

    Fix: Revoke and replace a real secret, then load it at run time; mark a false alarm with `pragma: allowlist secret` in a comment on its
    line, or in a baseline (`detect-secrets audit`) that `[collect.scan.secrets] baseline` names. Reviewers see both. This gate cannot be
    waived.

    Maps to: NIST SSDF PS.1.1, PW.7.2; SOC 2 CC6.1; ISO/IEC 27001:2022 A.5.17, A.8.4.
    """
    scans = [item for item in inputs.of("scan") if item.payload.category == "secrets"]
    found = [item for item in scans if item.payload.total]
    total = sum(item.payload.total for item in scans)
    observed = {"secrets": total, "suppressed": sum(item.payload.suppressed for item in scans), "scans": len(scans)}
    limits = {"secrets": 0}
    if found:
        tools = ", ".join(sorted({item.payload.tool for item in found}))
        return failed(f"{count(total, 'possible secret')} found by {tools}", observed=observed, threshold=limits, places=worst(found))
    if not scans:
        return not_assessed(Reason.MISSING, "no secret scan", observed=observed, threshold=limits)
    empty = [why for item in scans if (why := _looked_at_nothing(item))]
    if empty:
        return not_assessed(Reason.INCOMPLETE, "; ".join(empty), observed=observed, threshold=limits)
    return passed(f"no secret found in {count(len(scans), 'scan')}", observed=observed, threshold=limits)
