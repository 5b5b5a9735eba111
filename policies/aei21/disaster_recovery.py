"""Disaster recovery: there is a way back, it was tried, and what makes one take it is watched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import Field

from compliance.gate import Area, AtMost, Below, Inputs, Item, Params, Place, Reason, Verdict, failed, gate, not_assessed, passed
from compliance.record import Json
from compliance.times import rfc3339, show_span

from .._say import LIMIT, count, days, number, percent

PRINCIPLE: Final = "Disaster recovery"
_SKEW: Final = timedelta(minutes=5)


class RecoveryTime(Params):
    """Thresholds of AEI21-DR-1."""

    recovery_s: Annotated[float, Below(), Field(gt=0)] = 300.0
    """Time from the failure to the verified recovery, less than (seconds)."""


@gate(
    id="AEI21-DR-1",
    statement="Rollback was executed and met the recovery time",
    principle=PRINCIPLE,
    area=Area.RECOVERY,
    reads=["rollback-drill"],
    max_age=timedelta(days=90),
    service_only=True,
    params=RecoveryTime,
)
def rollback_was_executed(inputs: Inputs, params: RecoveryTime) -> Verdict:
    """Reads the newest executed drill of this release line.

    A simulated or documented drill is no evidence that a rollback would take too long, only no evidence that it would not: it gives
    ``missing``, not ``fail``. A repeated drill answers the one before, so the newest executed drill decides.

    Asks: Within 90 days somebody rolled a release of this line back, in a named environment, in time-stamped steps; from the failure to the
    verified recovery less than five minutes passed, and a health probe verified the restored version.

    Why: A rollback that was only described fails on the day it is needed, for a reason that a drill would have shown.

    Evidence: A drill record (`compliance ingest`) whose mode is `executed` and whose steps cite kept artifacts. "Simulated" or "documented"
    is not a drill. The release line (`1.8`) is compared with the version that is judged.

    Fix: Deploy the previous version in staging while the clock runs, probe its health endpoint, and record trigger, detection, decision,
    restore and verification with their times and the probe log.

    Maps to: SOC 2 A1.3, CC7.5; ISO/IEC 27001:2022 A.5.30, A.8.14.
    """
    limits = {**params.model_dump(), "mode": "executed"}
    drills = inputs.of("rollback-drill")
    ours = [item for item in drills if _of_line(item.payload, inputs.subject.version)]
    executed = [item for item in ours if item.payload.mode == "executed"]
    if not executed:
        reason, why = _no_drill(drills, ours, inputs.subject.version)
        return not_assessed(reason, why, observed=[{"mode": item.payload.mode} for item in drills], threshold=limits)
    drill = max(executed, key=_drilled_at).payload
    observed = {name: getattr(drill, name) for name in ("mode", "environment", "release_line", "recovery_s", "restored_verified")}
    observed["steps"] = len(drill.steps)
    if drill.recovery_s is not None and drill.recovery_s >= params.recovery_s:
        message = f"recovery took {number(drill.recovery_s)} s; expected less than {number(params.recovery_s)} s"
        return failed(message, observed=observed, threshold=limits, places=_slowest(drill))
    lacking = list(_undrilled(drill))
    if lacking:
        return not_assessed(Reason.INCOMPLETE, "; ".join(lacking), observed=observed, threshold=limits)
    message = f"recovered in {number(drill.recovery_s)} s in {drill.environment}, verified by a health probe"
    return passed(message, observed=observed, threshold=limits)


def _drilled_at(item: Item) -> datetime:
    at: datetime = item.payload.started_at or item.observed_at or item.collected_at
    return at


def _of_line(drill: Any, version: str | None) -> bool:
    """Tells whether a drill counts for a version: ``1.8`` is the line of ``1.8``, ``v1.8.3`` and ``1.8-rc1``, not of ``1.80``."""
    if version is None:
        return False
    judged = version.removeprefix("v")
    if drill.release_line is None:
        return bool((drill.from_version or "").removeprefix("v") == judged)
    line = drill.release_line.removeprefix("v").removesuffix(".x").removesuffix(".*")
    return judged.startswith(line) and not judged[len(line) :][:1].isalnum()


def _no_drill(drills: tuple[Item, ...], ours: list[Item], version: str | None) -> tuple[Reason, str]:
    if ours:
        return Reason.MISSING, f"the rollback was only {ours[0].payload.mode}; a drill is executed"
    if version is None:
        return Reason.INCOMPLETE, "the version that is judged is not known, so that no drill can be matched with its release line"
    lines = sorted({item.payload.release_line for item in drills if item.payload.release_line is not None})
    if not lines:
        return Reason.INCOMPLETE, f"the drill does not say for which release line it counts; expected that of {version}"
    return Reason.FOREIGN, f"the drill is for release line {', '.join(lines)}; expected that of {version}"


def _undrilled(drill: Any) -> Iterator[str]:
    if drill.environment is None:
        yield "the drill names no environment"
    if not drill.steps:
        yield "the drill has no time-stamped steps"
    if drill.recovery_s is None:
        yield "the drill does not say when the service had recovered"
    if not drill.restored_verified:
        yield "no health probe verified the restored version"


def _slowest(drill: Any) -> list[Place]:
    timed = [(step.ended_at - step.started_at, step.name) for step in drill.steps if step.ended_at is not None]
    return [Place(name, f"took {show_span(span)}") for span, name in sorted(timed, reverse=True)[:LIMIT]]


class WayBack(Params):
    """Thresholds of AEI21-DR-2."""

    restore_test_max_age_days: Annotated[float, AtMost(), Field(gt=0)] = 90.0
    """Time since the restore of data and configuration was tested, at most (days)."""


_NEEDED: Final = {"data": "data export", "configuration": "configuration backup", "version": "version tag"}
_RESTORED: Final = ("data", "configuration")
"""What a restore test is asked for; that a version can be restored is what the drill of AEI21-DR-1 shows."""


@gate(
    id="AEI21-DR-2",
    statement="There is something to roll back to",
    principle=PRINCIPLE,
    area=Area.RECOVERY,
    reads=["checkpoint"],
    points=("staging", "production", "rollback"),
    service_only=True,
    params=WayBack,
)
def something_to_roll_back_to(inputs: Inputs, params: WayBack) -> Verdict:
    """Reads the newest backup of each sort; several records may hold them together.

    Asks: There are a data export, a configuration backup and a version tag, taken before the deployment, each with digest and location; the
    restore of data and of configuration was tested within 90 days.

    Why: A backup that nobody restored is a hope, and one that was taken after the deployment holds what the deployment broke.

    Evidence: Checkpoint records (`compliance ingest`) whose items cite kept artifacts. A record without a deployment time was made before
    there was a deployment.

    Fix: Export the data, save the configuration and tag the version before deploying; record digest and location of each, restore them in
    a test environment and record when.

    Maps to: NIST SSDF PS.3.1; SOC 2 A1.2, A1.3; ISO/IEC 27001:2022 A.5.30, A.8.13.
    """
    newest = {what: _newest(inputs, what) for what in _NEEDED}
    limits = params.model_dump()
    observed = {what: _backup(pair[0], inputs.as_of) for what, pair in newest.items() if pair}
    broken = [why for what, pair in newest.items() if pair for why in _no_way_back(what, *pair, inputs.as_of, params)]
    if broken:
        return failed("; ".join(broken), observed=observed, threshold=limits)
    absent = [words for what, words in _NEEDED.items() if newest[what] is None]
    if absent:
        return not_assessed(Reason.MISSING, f"no {', no '.join(absent)} is on record", observed=observed, threshold=limits)
    lacking = [why for what, pair in newest.items() if pair for why in _unproven(what, pair[0], inputs.as_of)]
    if lacking:
        return not_assessed(Reason.INCOMPLETE, "; ".join(lacking), observed=observed, threshold=limits)
    message = "data, configuration and version were set aside before the deployment, and their restore was tested"
    return passed(message, observed=observed, threshold=limits)


def _newest(inputs: Inputs, what: str) -> tuple[Any, datetime | None] | None:
    """Returns the newest backup of a sort, and the deployment that its record was made for."""
    found = [(one, item.payload.deployed_at) for item in inputs.of("checkpoint") for one in item.payload.items if one.what == what]
    return max(found, key=lambda pair: pair[0].taken_at, default=None)


def _backup(backup: Any, as_of: datetime) -> Json:
    tested = backup.restore_tested_at
    return {
        "taken_at": rfc3339(backup.taken_at),
        "digest": backup.sha256 is not None,
        "location": backup.location is not None,
        "restore_tested_days_ago": None if tested is None else round((as_of - tested).total_seconds() / 86400, 2),
    }


def _no_way_back(what: str, backup: Any, deployed_at: datetime | None, as_of: datetime, params: WayBack) -> Iterator[str]:
    if deployed_at is not None and backup.taken_at >= deployed_at:
        yield f"the {_NEEDED[what]} was taken at {rfc3339(backup.taken_at)}; expected before the deployment at {rfc3339(deployed_at)}"
    tested = backup.restore_tested_at
    if what in _RESTORED and tested is not None and as_of - tested > timedelta(days=params.restore_test_max_age_days):
        limit = number(params.restore_test_max_age_days)
        yield f"the restore of the {_NEEDED[what]} was tested {days(as_of - tested)} ago; expected at most {limit} d"


def _unproven(what: str, backup: Any, as_of: datetime) -> Iterator[str]:
    if backup.sha256 is None:
        yield f"the {_NEEDED[what]} has no digest"
    if backup.location is None:
        yield f"the {_NEEDED[what]} has no location"
    if backup.taken_at > as_of + _SKEW:
        yield f"the {_NEEDED[what]} is dated after this judgement"
    if what in _RESTORED and (backup.restore_tested_at is None or backup.restore_tested_at > as_of + _SKEW):
        yield f"the restore of the {_NEEDED[what]} was not tested"


class Triggers(Params):
    """Thresholds of AEI21-DR-3."""

    error_rate: Annotated[float, AtMost(), Field(ge=0, le=1)] = 0.05
    """Failed requests, at most (ratio, 0 to 1)."""
    p95_ms: Annotated[float, AtMost(), Field(gt=0)] = 500.0
    """95th percentile of the response time, at most (milliseconds)."""
    failed_probes: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Failed health probes, at most (count)."""
    critical_alerts: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Critical alerts that fire, at most (count)."""


@gate(
    id="AEI21-DR-3",
    statement="Rollback triggers are armed and none is tripped",
    principle=PRINCIPLE,
    area=Area.RECOVERY,
    reads=["load-test", "health", "metrics"],
    points=("production", "rollback"),
    service_only=True,
    params=Triggers,
)
def no_trigger_is_tripped(inputs: Inputs, params: Triggers) -> Verdict:
    """Compares what was measured with the four triggers; each must have been measured.

    A P95 that leaves failed requests out can trip its trigger, but cannot prove that it is not tripped.

    Asks: The error rate is at most 5 %, P95 at most 500 ms, no health probe failed, and no critical alert fires.

    Why: These are the agreed reasons to roll back. If one is tripped before the release, the release starts broken.

    Evidence: Load tests and health probes of the judged environment, and a scrape of its metrics with the series `ALERTS` of Prometheus or
    `alertmanager_alerts` of Alertmanager (kind `metrics`). A scrape with neither does not tell whether an alert fires.

    Fix: Look at the trigger that is named: at the endpoint with the failed requests, at the slowest requests, at the failing probe.

    Maps to: SOC 2 A1.1, CC7.2, CC7.5; ISO/IEC 27001:2022 A.5.26, A.8.16.
    """
    observed = {
        "error_rate": _most(inputs, "load-test", _error_rate),
        "p95_ms": _most(inputs, "load-test", lambda run: run.p95_ms),
        "failed_probes": _most(inputs, "health", lambda health: health.failed if health.samples else None),
        "critical_alerts": _most(inputs, "metrics", lambda metrics: metrics.critical_alerts),
    }
    limits = params.model_dump()
    words = {name: _trigger(name, value) for name, value in observed.items() if value is not None}
    broken = [name for name in words if (observed[name] or 0) > limits[name]]
    if broken:
        message = "; ".join(f"{words[name]}, at most {_limit(name, limits[name])} allowed" for name in broken)
        places = _failing(inputs) if "failed_probes" in broken else []
        return failed(message, observed=observed, threshold=limits, places=places)
    if not any(map(_is_of_all, inputs.of("load-test"))):
        words.pop("p95_ms", None)
    unknown = {
        "error_rate": "error rate",
        "p95_ms": "P95 of all requests",
        "failed_probes": "health probes",
        "critical_alerts": "critical alerts",
    }
    lacking = [unknown[name] for name in observed if name not in words]
    if lacking:
        tripped = f"; not tripped: {', '.join(words.values())}" if words else ""
        return not_assessed(Reason.MISSING, f"nothing shows {', '.join(lacking)}{tripped}", observed=observed, threshold=limits)
    return passed(", ".join(words.values()), observed=observed, threshold=limits)


def _most(inputs: Inputs, kind: str, read: Any) -> float | None:
    """Returns the worst value among a kind's evidence; None when no piece of it gives any."""
    values = [value for item in inputs.of(kind) if (value := read(item.payload)) is not None]
    return max(values, default=None)


def _is_of_all(item: Item) -> bool:
    """Tells whether a load test's P95 is one of all requests: over all, or none failed."""
    run = item.payload
    return run.p95_ms is not None and (run.percentiles_over == "all" or run.failed == 0)


def _error_rate(run: Any) -> float | None:
    if run.requests == 0 and not run.failed:
        return None
    counted = min(run.failed / run.requests, 1.0) if run.failed is not None and run.requests else None
    return max((rate for rate in (run.error_rate, counted) if rate is not None), default=None)


def _trigger(name: str, value: float) -> str:
    if name == "error_rate":
        return f"error rate {percent(value)}"
    if name == "p95_ms":
        return f"P95 {number(value)} ms"
    return count(int(value), "failed health probe" if name == "failed_probes" else "critical alert")


def _limit(name: str, value: float) -> str:
    return percent(value) if name == "error_rate" else f"{number(value)} ms" if name == "p95_ms" else number(value)


def _failing(inputs: Inputs) -> list[Place]:
    endpoints = [endpoint for item in inputs.of("health") for endpoint in item.payload.endpoints if endpoint.failed]
    endpoints.sort(key=lambda one: one.failed, reverse=True)
    return [Place(one.path, f"{one.failed} of {count(one.probes, 'probe')} failed") for one in endpoints[:LIMIT]]
