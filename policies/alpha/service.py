"""Production-first, of a running service: it answers those who watch it, and keeps to limits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from compliance.gate import Area, AtLeast, Inputs, Item, Params, Place, Reason, Verdict, failed, gate, not_assessed, passed

from .._say import LIMIT, count
from .production_first import PRINCIPLE


class Probes(Params):
    """Thresholds of ALPHA-PF-2."""

    endpoints: Annotated[tuple[str, ...], Field(min_length=1)] = ("/api/health", "/api/metrics", "/api/about")
    """Paths that must answer, as they were probed."""
    probes: Annotated[int, AtLeast(), Field(ge=1)] = 3
    """Probes of each path, at least (count)."""
    status: Annotated[int, Field(ge=100, le=599)] = 200
    """HTTP status that every answer must have."""


@gate(
    id="ALPHA-PF-2",
    statement="Health, metrics and about endpoints answer",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["health"],
    max_age=timedelta(hours=1),
    points=("production",),
    service_only=True,
    params=Probes,
)
def endpoints_answer(inputs: Inputs, params: Probes) -> Verdict:
    """Reads the probes of the listed endpoints.

    Asks: Every endpoint of the list answered each of at least three probes with status 200 and a body of the declared shape, within the
    last hour. An endpoint without a declared shape is asked for its status alone, and the verdict says so.

    Why: These endpoints are what monitoring and rollback decisions rest on. If they do not answer before the release, nobody will see it
    fail afterwards.

    Evidence: Probes of the running service (`compliance collect health`, or an ingested probe log). The collector's options declare the
    shape of each body that is a JSON object.

    Fix: Call the listed endpoint, read its status and body, and correct the route, the deployment or the declared shape; then probe again.

    Maps to: SOC 2 CC7.2, A1.1; ISO/IEC 27001:2022 A.8.16.
    """
    found = {path: _probed(inputs.of("health"), path) for path in params.endpoints}
    limits = params.model_dump(mode="json")
    observed = {path: {"probes": sum(e.probes for e in many), "failed": sum(e.failed for e in many)} for path, many in found.items()}
    broken = [Place(path, why) for path, many in found.items() for why in _not_answered(many, params)]
    if broken:
        message = "; ".join(f"{place.where}: {place.what}" for place in broken[:3])
        return failed(message, observed=observed, threshold=limits, places=broken[:LIMIT])
    lacking = [f"{path} {why}" for path, many in found.items() if (why := _not_shown(many, params))]
    if lacking:
        reason = Reason.INCOMPLETE if any(found.values()) else Reason.MISSING
        return not_assessed(reason, "; ".join(lacking), observed=observed, threshold=limits)
    shapeless = [path for path, many in found.items() if any(endpoint.shape_ok is None for endpoint in many)]
    note = f"; no shape is declared for {', '.join(shapeless)}" if shapeless else ""
    return passed(f"{count(len(found), 'endpoint')} answered every probe as declared{note}", observed=observed, threshold=limits)


def _probed(items: tuple[Item, ...], path: str) -> list[Any]:
    return [endpoint for item in items for endpoint in item.payload.endpoints if endpoint.path == path]


def _not_answered(endpoints: list[Any], params: Probes) -> Iterator[str]:
    for endpoint in endpoints:
        other = sorted(status for status in endpoint.statuses if status != str(params.status))
        if endpoint.failed:
            yield f"{endpoint.failed} of {endpoint.probes} probes failed"
        if other:
            yield f"answered {', '.join(other)}; expected {params.status}"
        if endpoint.shape_ok is False:
            yield "the body does not have the declared shape"


def _not_shown(endpoints: list[Any], params: Probes) -> str | None:
    probes = sum(endpoint.statuses.get(str(params.status), 0) for endpoint in endpoints)
    if not endpoints:
        return "was not probed"
    if probes < params.probes:
        return f"was probed {probes} times; expected at least {params.probes}"
    return None


@gate(
    id="ALPHA-PF-7",
    statement="Limits and graceful shutdown are configured",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["deployment"],
    required=False,
    service_only=True,
)
def limits_are_configured(inputs: Inputs, _params: Params) -> Verdict:
    """Reads the limits of the deployment descriptor.

    Asks: The deployment descriptor declares a CPU limit, a memory limit, termination handling and rate limiting.

    Why: A service without limits takes its neighbours down with it; one that ignores termination loses requests at every deployment.

    Evidence: The `limits` of a deployment record for this commit and environment.

    Fix: Declare what is named as absent in the deployment descriptor, deploy, and record the deployment with its limits.

    Maps to: SOC 2 A1.1; ISO/IEC 27001:2022 A.8.6, A.8.9.
    """
    declared = [item.payload.limits for item in inputs.of("deployment") if item.payload.limits is not None]
    names = {"cpu": "CPU limit", "memory": "memory limit", "termination": "termination handling", "rate_limit": "rate limiting"}
    observed = [{name: getattr(limits, name) for name in names} for limits in declared]
    absent = [words for name, words in names.items() if not all(getattr(limits, name) for limits in declared)]
    if not declared:
        return not_assessed(Reason.INCOMPLETE, "no deployment record says which limits the descriptor declares", threshold=list(names))
    if absent:
        return failed(f"the descriptor declares no {', no '.join(absent)}", observed=observed, threshold=list(names))
    return passed("CPU, memory, termination and rate limits are declared", observed=observed, threshold=list(names))
