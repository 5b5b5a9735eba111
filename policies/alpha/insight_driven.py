"""Insight-driven: what the service does can be seen in logs, metrics and alerts."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import Field

from compliance.gate import Area, AtLeast, AtMost, Inputs, Item, Params, Place, Reason, Verdict, failed, gate, not_assessed, passed

from .._say import LIMIT, count, hours, number

PRINCIPLE: Final = "Insight-driven"
_SKEW: Final = timedelta(minutes=5)


class StructuredLogs(Params):
    """Thresholds of ALPHA-ID-1."""

    structured_percent: Annotated[float, AtLeast(), Field(ge=0, le=100)] = 99.0
    """Lines that parse, and records with each of the fields, at least (percent)."""


_WORDS: Final = {
    "parsed": "the lines parse",
    "with_timestamp": "the records have a timestamp",
    "with_level": "the records have a level",
    "with_event": "the records have an event",
    "with_trace": "the records have a request or trace id",
}


@gate(
    id="ALPHA-ID-1",
    statement="Logs are structured",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["audit-log"],
    service_only=True,
    params=StructuredLogs,
)
def logs_are_structured(inputs: Inputs, params: StructuredLogs) -> Verdict:
    """Counts records that lack one of the four fields.

    Asks: In every log at least 99 % of the lines parse, and at least 99 % of the records have a timestamp, a level, an event, and a request
    or trace id. A line that does not parse has none of them. A level is not asked of formats that have none (CloudTrail, Kubernetes,
    auditd); the id that such a log gives each event counts as its trace.

    Why: What cannot be filtered and joined cannot be searched while something is on fire.

    Evidence: Logs of the judged environment (`compliance ingest`); each must keep the limit by itself.

    Fix: Log through one structured logger that adds time, level, event name and the id of the request, also in libraries and start-up code.

    Maps to: NIST SSDF PW.1.3; SOC 2 CC7.2; ISO/IEC 27001:2022 A.8.15, A.8.17.
    """
    logs = [item.payload for item in inputs.of("audit-log")]
    read = [_shares(log) for log in logs if log.lines and log.events + log.unparsed]
    limits = params.model_dump()
    observed = [{name: round(share, 3) for name, share in shares.items()} for shares in read]
    least = {name: min(shares[name] for shares in read if name in shares) for name in _WORDS if any(name in shares for shares in read)}
    broken = [f"{_floor(share)} % of {_WORDS[name]}" for name, share in least.items() if share < params.structured_percent]
    if broken:
        message = f"only {', '.join(broken)}; expected at least {number(params.structured_percent)} %"
        return failed(message, observed=observed, threshold=limits)
    if len(read) < len(logs) or not logs:
        return not_assessed(Reason.INCOMPLETE, "a log without a line says nothing", observed=observed, threshold=limits)
    level = "level, " if "with_level" in least else ""
    message = f"at least {_floor(min(least.values()))} % of the lines parse, with timestamp, {level}event and trace id"
    return passed(message, observed=observed, threshold=limits)


def _shares(log: Any) -> dict[str, float]:
    """Returns shares in percent. A record may span several lines, so what lacks a field is counted among the records."""
    records = log.events + log.unparsed
    asked = [name for name in _WORDS if name != "parsed" and (name != "with_level" or log.has_levels)]
    fields = {name: 100 * getattr(log, name) / records for name in asked}
    return {"parsed": 100 * (log.lines - log.unparsed) / log.lines, **fields}


def _floor(share: float) -> str:
    """Rounds down, so that a share below the limit never reads as the limit."""
    return number(math.floor(share * 100) / 100)


class Exposed(Params):
    """Thresholds of ALPHA-ID-2."""

    window_max_age_hours: Annotated[float, AtMost(), Field(gt=0)] = 24.0
    """Age of the end of the exposition, at most (hours)."""


_TOPICS: Final = ("latency", "errors", "availability", "throughput")


@gate(
    id="ALPHA-ID-2",
    statement="Key metrics are exposed",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["metrics"],
    service_only=True,
    params=Exposed,
)
def key_metrics_are_exposed(inputs: Inputs, params: Exposed) -> Verdict:
    """Looks for the four sorts of families over all expositions that are recent enough.

    Asks: The exposition of metrics parses, holds families for latency, errors, availability and throughput, and ends at most 24 hours ago.

    Why: Without these four nobody can tell whether the release made things better or worse.

    Evidence: A scrape of the metrics of the judged environment (`compliance collect metrics`, or `compliance ingest --observed-at`, since a
    scrape does not say when it was made); services may share the families among them. Families are told by their names.

    Fix: Expose the family that is named as absent, and scrape again.

    Maps to: SOC 2 CC7.2, A1.1; ISO/IEC 27001:2022 A.8.6, A.8.16.
    """
    limits = {**params.model_dump(), "families": list(_TOPICS)}
    found = [item for item in inputs.of("metrics") if item.payload.samples]
    oldest = inputs.as_of - timedelta(hours=params.window_max_age_hours)
    recent = [item for item in found if (end := _end(item)) is not None and oldest <= end <= inputs.as_of + _SKEW]
    told = {topic: list(dict.fromkeys(name for item in recent for name in getattr(item.payload, topic))) for topic in _TOPICS}
    observed = {"expositions": len(found), "recent": len(recent), **{topic: len(names) for topic, names in told.items()}}
    if not recent:
        return not_assessed(*_no_recent(found, inputs.as_of, params), observed=observed, threshold=limits)
    absent = [topic for topic, names in told.items() if not names]
    if absent:
        families = sum(item.payload.families for item in recent)
        message = f"no family for {', '.join(absent)} among {families} {'family' if families == 1 else 'families'}"
        if not any(_shows_all(item, inputs) for item in recent):
            return not_assessed(Reason.INCOMPLETE, message, observed=observed, threshold=limits)
        return failed(message, observed=observed, threshold=limits)
    return passed(", ".join(f"{topic}: {names[0]}" for topic, names in told.items()), observed=observed, threshold=limits)


def _shows_all(item: Item, inputs: Inputs) -> bool:
    """Whether what an exposition lacks is lacking: another environment may expose more, and an export of `up` alone was never all."""
    here = item.subject.environment == inputs.subject.environment
    return here and item.payload.families > len(item.payload.availability)


def _end(item: Item) -> datetime | None:
    return item.payload.last or item.observed_at


def _no_recent(found: list[Item], as_of: datetime, params: Exposed) -> tuple[Reason, str]:
    ends = [end for item in found if (end := _end(item)) is not None]
    if not found:
        return Reason.INCOMPLETE, "an exposition without a sample says nothing"
    if not ends:
        return Reason.INCOMPLETE, "the exposition does not say when it was scraped"
    age = as_of - max(ends)
    expected = f"expected at most {number(params.window_max_age_hours)} h"
    if age < timedelta():
        return Reason.STALE, f"the exposition ends {hours(-age)} after this judgement; {expected} before it"
    return Reason.STALE, f"the exposition ends {hours(age)} ago; {expected}"


class Alerting(Params):
    """Thresholds of ALPHA-ID-3."""

    for_s: Annotated[float, AtLeast(), Field(ge=0)] = 1.0
    """Duration (`for`) of a rule that counts, at least (seconds); 0 accepts rules that fire at the first bad sample."""
    route_labels: tuple[str, ...] = ("severity", "team", "owner", "service", "receiver", "route", "channel", "page")
    """Labels by which Alertmanager is configured to route; a rule that sets none of them reaches the default receiver at best."""


_MODES: Final = {"health": "failing health", "errors": "error rate", "latency": "latency", "security": "security"}


@gate(
    id="ALPHA-ID-3",
    statement="Alerts cover the failure modes",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["alert-rules"],
    required=False,
    service_only=True,
    params=Alerting,
)
def alerts_cover_failure_modes(inputs: Inputs, params: Alerting) -> Verdict:
    """Looks for one rule per failure mode that has a duration and a label for its route, over all rule files.

    Asks: There is an alert rule each for failing health, error rate, latency and security, with a route and a `for` duration.

    Why: A failure that raises no alert is found by users.

    Evidence: The rule files of Prometheus (`compliance ingest`). A rule belongs to a failure mode by the words of its name, its expression
    and its labels. Where it is routed to is set in Alertmanager, by labels: a rule has a route when it sets one of `route-labels`.

    Fix: Add a rule for the failure mode that is named as absent, with the thresholds of the release gates, a duration and a label for its
    receiver.

    Maps to: SOC 2 CC7.2, CC7.3; ISO/IEC 27001:2022 A.8.16.
    """
    alerts = [alert for item in inputs.of("alert-rules") for alert in item.payload.alerts]
    limits = params.model_dump(mode="json")
    if not alerts:
        return not_assessed(Reason.INCOMPLETE, "no alert rule in the evidence", threshold=limits)
    by_mode = {mode: [alert for alert in alerts if mode in alert.modes] for mode in _MODES}
    good = {mode: [alert for alert in found if not _lacks(alert, params)] for mode, found in by_mode.items()}
    observed = {"alerts": len(alerts), **{mode: len(found) for mode, found in good.items()}}
    broken = [f"{_MODES[mode]} ({_why_none(by_mode[mode], params)})" for mode, found in good.items() if not found]
    if broken:
        places = [
            Place(f"{alert.group}/{alert.name}", f"no {_lacks(alert, params)}")
            for mode, found in good.items()
            if not found
            for alert in by_mode[mode]
        ]
        message = f"no alert rule with a duration and a route for {', '.join(broken)}"
        return failed(message, observed=observed, threshold=limits, places=places[:LIMIT])
    names = ", ".join(f"{_MODES[mode]} ({found[0].name})" for mode, found in good.items())
    return passed(f"alerts cover {names}", observed=observed, threshold=limits)


def _lacks(alert: Any, params: Alerting) -> str | None:
    """Says what keeps a rule from counting."""
    if alert.for_s is None or alert.for_s < params.for_s:
        return f"`for` of at least {number(params.for_s)} s"
    return None if set(alert.labels) & set(params.route_labels) else "label for a route"


def _why_none(alerts: list[Any], params: Alerting) -> str:
    if not alerts:
        return "no rule speaks of it"
    return f"{count(len(alerts), 'rule')}, {alerts[0].name} has no {_lacks(alerts[0], params)}"
