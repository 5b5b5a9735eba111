"""Insight-driven: what the service does can be seen in logs, metrics and alerts."""

from __future__ import annotations

import math
from typing import Annotated, Any, Final

from pydantic import Field

from compliance.gate import Area, AtLeast, Inputs, Params, Reason, Verdict, declared, failed, gate, not_assessed, passed

from .._say import number

PRINCIPLE: Final = "Insight-driven"


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
    or trace id. A line that does not parse has none of them.

    Why: What cannot be filtered and joined cannot be searched while something is on fire.

    Evidence: Logs of the judged environment (`compliance ingest`); each must keep the limit by itself.

    Fix: Log through one structured logger that adds time, level, event name and the id of the request, also in libraries and start-up code.

    Maps to: NIST SSDF PW.1.3; SOC 2 CC7.2; ISO/IEC 27001:2022 A.8.15, A.8.17.
    """
    logs = [item.payload for item in inputs.of("audit-log")]
    read = [_shares(log) for log in logs if log.lines and log.events + log.unparsed]
    limits = params.model_dump()
    observed = [{name: round(share, 3) for name, share in shares.items()} for shares in read]
    least = {name: min(shares[name] for shares in read) for name in _WORDS} if read else {}
    broken = [f"{_floor(share)} % of {_WORDS[name]}" for name, share in least.items() if share < params.structured_percent]
    if broken:
        message = f"only {', '.join(broken)}; expected at least {number(params.structured_percent)} %"
        return failed(message, observed=observed, threshold=limits)
    if len(read) < len(logs) or not logs:
        return not_assessed(Reason.INCOMPLETE, "a log without a line says nothing", observed=observed, threshold=limits)
    message = f"at least {_floor(min(least.values()))} % of the lines parse, with timestamp, level, event and trace id"
    return passed(message, observed=observed, threshold=limits)


def _shares(log: Any) -> dict[str, float]:
    """Returns shares in percent. A record may span several lines, so what lacks a field is counted among the records."""
    records = log.events + log.unparsed
    fields = {name: 100 * getattr(log, name) / records for name in _WORDS if name != "parsed"}
    return {"parsed": 100 * (log.lines - log.unparsed) / log.lines, **fields}


def _floor(share: float) -> str:
    """Rounds down, so that a share below the limit never reads as the limit."""
    return number(math.floor(share * 100) / 100)


METRICS_EXPOSED = declared(
    """
    Asks: The exposition of metrics parses, holds families for latency, errors, availability and throughput, and ends at most 24 hours ago.

    Why: Without these four nobody can tell whether the release made things better or worse.

    Evidence: A scrape of the metrics of the judged environment (kind `metrics`).

    Fix: Expose the family that is named as absent, and check the scrape for lines that do not parse.

    Maps to: SOC 2 CC7.2, A1.1; ISO/IEC 27001:2022 A.8.6, A.8.16.
    """,
    module=__name__,
    id="ALPHA-ID-2",
    statement="Key metrics are exposed",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["metrics"],
    service_only=True,
)

ALERTS_COVER = declared(
    """
    Asks: There is an alert rule each for failing health, error rate, latency and security, with a route and a `for` duration.

    Why: A failure that raises no alert is found by users.

    Evidence: The alert rules (kind `alert-rules`).

    Fix: Add a rule for the failure mode that is named as absent, with the thresholds of the release gates, a duration and a receiver.

    Maps to: SOC 2 CC7.2, CC7.3; ISO/IEC 27001:2022 A.8.16.
    """,
    module=__name__,
    id="ALPHA-ID-3",
    statement="Alerts cover the failure modes",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["alert-rules"],
    required=False,
    service_only=True,
)
