"""Deployment: the release was tried in staging, and production is reached by decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

from pydantic import Field

from compliance.gate import Area, AtMost, Inputs, Item, Params, Place, Reason, Verdict, failed, gate, not_assessed, passed

from .._say import LIMIT, count

PRINCIPLE: Final = "Deployment"


class Staging(Params):
    """Thresholds of REL-1."""

    critical_errors: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Critical errors in the log window after the deployment, at most (count)."""


@gate(
    id="REL-1",
    statement="Deployed to staging with 0 critical errors",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["deployment"],
    points=("production",),
    service_only=True,
    params=Staging,
)
def deployed_to_staging(inputs: Inputs, params: Staging) -> Verdict:
    """Reads the newest deployment; one that succeeded answers the attempts before it.

    Asks: This commit was deployed to staging, the log window after the deployment holds no critical error, and the smoke test passed.

    Why: What never ran anywhere is tried out on users. A deployment that was attempted is not one that happened.

    Evidence: A deployment record of this commit and of the first of the project's environments (`compliance ingest`), with the window of
    the log that was searched and the result of the smoke test.

    Fix: Deploy this commit to staging, run the smoke test, search the log of the time after it for critical errors, and record all three.

    Maps to: NIST SSDF PO.5.1, PW.8.2; SOC 2 CC8.1; ISO/IEC 27001:2022 A.8.29, A.8.31, A.8.32.
    """
    staging = _environments(inputs)[0]
    deciding = _deciding(inputs.of("deployment"))
    limits = {"environment": staging, "outcome": "succeeded", "smoke_test": "passed", **params.model_dump()}
    observed = [_outcome(item) for item in deciding]
    broken = [why for item in deciding for why in _went_wrong(item.payload, params)]
    if broken:
        return failed("; ".join(broken), observed=observed, threshold=limits)
    elsewhere = [item for item in deciding if _environment(item) != staging]
    if elsewhere or not deciding:
        where = f"; found one to {_environment(elsewhere[0]) or 'an environment that is not named'}" if elsewhere else ""
        return not_assessed(Reason.MISSING, f"no deployment to {staging}{where}", observed=observed, threshold=limits)
    lacking = [why for item in deciding for why in _not_told(item.payload)]
    if lacking:
        return not_assessed(Reason.INCOMPLETE, "; ".join(lacking), observed=observed, threshold=limits)
    errors = max(item.payload.critical_errors for item in deciding)
    message = f"deployed to {staging} with {count(errors, 'critical error')}; the smoke test passed"
    return passed(message, observed=observed, threshold=limits)


def _environments(inputs: Inputs) -> tuple[str, ...]:
    """Returns the project's environments: the first is where a release is tried, the last where its users are."""
    names = inputs.project.get("environments") or ("staging", "production")
    return tuple(str(name) for name in names)


def _environment(item: Item) -> str | None:
    return item.payload.environment or item.subject.environment


def _deciding(items: tuple[Item, ...]) -> list[Item]:
    """Returns the newest deployment, and those that do not say when they began."""
    dated = [item for item in items if item.payload.started_at is not None]
    undated = [item for item in items if item.payload.started_at is None]
    return [*sorted(dated, key=lambda item: item.payload.started_at)[-1:], *undated]


def _outcome(item: Item) -> dict[str, Any]:
    names = ("outcome", "critical_errors", "smoke_test", "smoke_probes")
    return {"environment": _environment(item), **{name: getattr(item.payload, name) for name in names}}


def _went_wrong(deployment: Any, params: Staging) -> Iterator[str]:
    if deployment.outcome == "attempted":
        yield "the deployment was attempted and did not reach the environment"
    elif deployment.outcome != "succeeded":
        yield f"the deployment {deployment.outcome}"
    if deployment.critical_errors is not None and deployment.critical_errors > params.critical_errors:
        yield f"{count(deployment.critical_errors, 'critical error')} in the log window; at most {params.critical_errors} allowed"
    if deployment.smoke_test is not None and deployment.smoke_test != "passed":
        yield f"the smoke test {deployment.smoke_test}"


def _not_told(deployment: Any) -> Iterator[str]:
    if deployment.critical_errors is None:
        yield "no log window was searched for critical errors"
    if deployment.smoke_test is None:
        yield "there was no smoke test"


@gate(
    id="REL-9",
    statement="Production is deployed by decision, not by push",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["pipeline"],
    service_only=True,
)
def production_by_decision(inputs: Inputs, _params: Params) -> Verdict:
    """Reads the paths to production of all workflow files.

    Asks: Every path to production needs an approval: a protected environment, a manual job, a required review. A push to the main branch
    alone deploys nothing.

    Why: If a push deploys, whoever may push decides about production, and every check of this report comes after the fact.

    Evidence: Every workflow file of the pipeline (`compliance collect pipeline`). That a named environment really is protected is set at
    the host and does not stand in the file.

    Fix: Give the listed job an environment with required reviewers, or start it by hand only.

    Maps to: NIST SSDF PO.5.1, PS.1.1; SOC 2 CC8.1; ISO/IEC 27001:2022 A.8.31, A.8.32.
    """
    others = _environments(inputs)[:-1]
    deploys = [one for item in inputs.of("pipeline") for one in item.payload.deploys if one.environment not in others]
    pushed = [one for one in deploys if one.gate is None and one.on_push_to_main]
    undecided = [one for one in deploys if one.gate is None and not one.on_push_to_main]
    observed = {"deploys": len(deploys), "on_push_without_approval": len(pushed), "otherwise_without_approval": len(undecided)}
    limits = {"on_push_without_approval": 0, "otherwise_without_approval": 0}
    if pushed:
        message = f"a push to the main branch deploys without an approval ({count(len(pushed), 'job')})"
        return failed(message, observed=observed, threshold=limits, places=_jobs(pushed))
    if not deploys:
        message = "nothing in the pipeline shows how production is deployed"
        return not_assessed(Reason.INCOMPLETE, message, observed=observed, threshold=limits)
    if undecided:
        triggers = ", ".join(sorted({trigger for one in undecided for trigger in one.triggers})) or "unknown"
        message = f"nothing shows that a deployment started by {triggers} needs an approval"
        return not_assessed(Reason.INCOMPLETE, message, observed=observed, threshold=limits, places=_jobs(undecided))
    ways = ", ".join(sorted({one.gate for one in deploys}))
    return passed(f"every path to production needs a decision ({ways})", observed=observed, threshold=limits)


def _jobs(deploys: list[Any]) -> list[Place]:
    return [Place(f"{one.file}:{one.line}", f"job {one.job}: {one.what}") for one in deploys[:LIMIT]]
