"""Judges again what a store recorded as judged: the same evidence, the same policies and the same clock must give the same verdicts."""

from __future__ import annotations

from typing import Final

from ..assessment import Assessment
from ..errors import ComplianceError, StoreUnavailableError
from ..home import signers
from ..project import Project
from ..sign.checks import Check
from ..store import Store
from . import view
from .assessing import assess
from .judging import recorded_assessment

NAME: Final = "assessment-derived"


def rejudged(store: Store, project: Project, entry: int) -> Check:
    """Judges the evidence of a recorded assessment again, and compares.

    Args:
        store: The store that holds assessment and evidence.
        project: The policies: they must be those that judged, or nothing is said.
        entry: Number of the assessment's entry.

    Raises:
        StoreUnavailableError: The store cannot be looked at.
    """
    try:
        recorded = recorded_assessment(store, entry)
        again = _again(store, project, recorded)
    except StoreUnavailableError:
        raise
    except ComplianceError as error:
        return Check(NAME, "not-proven", f"cannot be judged again here: {error}")
    if again.policy_digest != recorded.policy_digest:
        detail = f"judged by the policy {recorded.policy_digest[:12]}; the one of this project and version is {again.policy_digest[:12]}"
        return Check(NAME, "not-proven", detail)
    found = _compared(recorded, again)
    erased = [number for number in store.erased() if number < recorded.store.size]
    if found.status == "refuted" and erased:
        return Check(NAME, "not-proven", f"evidence {min(erased)} was erased since, so that it cannot be judged again")
    return found


def _again(store: Store, project: Project, recorded: Assessment) -> Assessment:
    seen = view.build(
        store,
        project.catalog.kinds,
        recorded.subject,
        roles=project.roles,
        signers=lambda: signers(project),
        upto=recorded.store.size,
    )
    point = project.point(recorded.point)
    again = assess(project, seen, recorded.subject, point, recorded.as_of, recorded.store, judged_at=recorded.judged_at)
    return Assessment.unsealed(again.sealed())  # as the ledger would give it back: a gate may use tuples where JSON has lists


def _compared(recorded: Assessment, again: Assessment) -> Check:
    people = recorded.model_copy(update={"waivers": again.waivers, "roles": again.roles, "conditions": again.conditions}) != recorded
    first = next((one.id for one, other in zip(recorded.gates, again.gates, strict=False) if one != other), None)
    if first is None and recorded.outcome == again.outcome and len(recorded.gates) == len(again.gates):
        detail = f"judging the evidence of entries 0 to {recorded.store.size - 1} again gives the same {len(again.gates)} verdicts"
        return Check(NAME, "proven", detail)
    what = f"gate {first}" if first else f"the outcome ({again.outcome} instead of {recorded.outcome})"
    if people:
        return Check(NAME, "not-proven", f"{what} differs, and so do the decisions of people: other signers are trusted here")
    return Check(NAME, "refuted", f"{what} is not what the recorded evidence gives")
