"""From a store to an assessment: binds the pure judgement of `assessing` to a project, a store and a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from .. import decision
from ..assessment import Assessment, StoreState
from ..errors import NothingToJudgeError, StoreError
from ..gate import VIEWS
from ..git.checkout import Checkout, subject_of
from ..home import signers
from ..project import Project
from ..store import Draft, Store
from ..times import now, rfc3339
from . import view
from .admission import Admission
from .assessing import Case, assess, in_turn, judge_of
from .view import View

if TYPE_CHECKING:
    from .needs import Need


@dataclass(frozen=True)
class Judged:
    """An assessment, with what it was made from: whoever reports on it needs all of that.

    Args:
        store: The evidence; to record the assessment, it must be open for writing.
        project: The project's settings and catalog.
        assessment: The judgement; its ``store`` names the prefix of the ledger that was seen.
        view: The evidence of that prefix.
    """

    store: Store
    project: Project
    assessment: Assessment
    view: View


def judge(
    project: Project,
    store: Store,
    point: str,
    as_of: datetime | None = None,
    only: Iterable[str] | None = None,
    clock: datetime | None = None,
) -> Judged:
    """Judges the project as it stands, on the evidence of a store.

    Args:
        project: The project.
        store: Its evidence.
        point: Name of the decision point.
        as_of: Clock of the judgement; only entries that were recorded by then are seen. Now, and all entries, when None.
        only: Ids of the gates to judge; all that the point asks when None.
        clock: Clock of the judgement on the whole ledger, for hindsight: evidence that was observed later does not count.

    Raises:
        NothingToJudgeError: There is no evidence or no gate.
    """
    found = case(project, store, point, as_of, clock)
    return Judged(store, project, found.judge(found.time, only), found.view)


@dataclass(frozen=True)
class StoredCase(Case):
    """A case as it stands in a store: it can be judged at several times."""

    time: datetime
    """Clock of the judgement that was asked for."""

    def judge(self, at: datetime, only: Iterable[str] | None = None) -> Assessment:
        """Judges with the clock at a time.

        Raises:
            NothingToJudgeError: There is no evidence or no gate.
        """
        return assess(self, at, only=only, judged_at=now())

    def needs(self, assessment: Assessment) -> dict[str, tuple[Need, ...]]:
        """Returns what would turn each gate of an assessment of this case green; nothing for one that is."""
        from .needs import needs

        settings, kinds = self.project.gates, self.project.catalog.kinds
        judge = judge_of(self, assessment.as_of)
        if any(set(settings[one.id].gate.reads) & set(VIEWS) for one in assessment.gates):
            judge = in_turn(judge, {name: setting for name, setting in settings.items() if self.point.asks(setting.gate, kinds)})
        return {one.id: needs(judge, settings[one.id], one) for one in assessment.gates}


def case(project: Project, store: Store, point: str, as_of: datetime | None = None, clock: datetime | None = None) -> StoredCase:
    """Reads what a judgement needs; arguments and errors are those of `judge`."""
    store.require_whole()
    at = project.point(point)
    subject = subject_of(project, Checkout.find(project.root), at.environment)
    time = as_of or clock or now()
    size = store.prefix_at(time) if as_of is not None else store.size
    if size == 0:
        raise NothingToJudgeError(f"the ledger had no entry by {rfc3339(time)}", hint="give a later --as-of")
    admission, settings = Admission(project.catalog.kinds, subject, time), project.gates.values()
    seen = view.build(
        store,
        project.catalog.kinds,
        subject,
        roles=project.roles,
        signers=lambda: signers(project),
        upto=size,
        settles=lambda item: admission.settles(settings, item),
    )
    return StoredCase(project, seen, subject, at, StoreState(size=size, root=store.root_at(size).hex()), time)


def assessment_draft(assessment: Assessment) -> Draft:
    """Returns the ledger entry of an assessment: verdicts are public, messages may name paths and are private."""
    body = {
        "point": assessment.point,
        "profile": assessment.profile,
        "as_of": rfc3339(assessment.as_of),
        "subject": assessment.subject.model_dump(mode="json"),
        "evidence_outcome": assessment.evidence_outcome,
        "outcome": assessment.outcome,
        "policy_digest": assessment.policy_digest,
        "decision_digest": assessment.decision_digest,
        "evidence": sorted({entry for result in assessment.gates for entry in result.evidence}),
        "prefix": assessment.store.model_dump(mode="json"),
        "gates": [
            {"id": one.id, "verdict": one.verdict.value, "reason": one.reason.value if one.reason else None} for one in assessment.gates
        ],
    }
    return Draft(type="assessment", body=body, private=assessment.sealed())


def recorded_assessment(store: Store, number: int) -> Assessment:
    """Reads an assessment back.

    Raises:
        StoreError: There is no such entry, it is of another type, or what it said was erased.
    """
    entry = store.entry(number)
    if entry.type != "assessment":
        raise StoreError(f"entry {number} is of type {entry.type}, not assessment")
    private = store.private(number)
    if "paths" not in private:
        raise StoreError(f"assessment {number}: what it said was erased")
    return Assessment.unsealed(private)


def judged_before(store: Store, assessment: Assessment) -> int:
    """Returns the last recorded assessment that came to the same decision; records this one when there is none."""
    same = [one.number for one in store.entries(types=["assessment"]) if one.body["decision_digest"] == assessment.decision_digest]
    return same[-1] if same else record_assessment(store, assessment)


def record_assessment(store: Store, assessment: Assessment) -> int:
    """Appends an assessment to the ledger, then what it found to close a condition; returns the assessment's number.

    The assessment is appended alone, so that a checkpoint ends with it: a report is anchored there.
    """
    known = {entry.body["condition"] for entry in store.entries(types=[decision.CONDITION_TYPE]) if entry.body["action"] == "met"}
    closed = [one for one in assessment.conditions if one.met_by is not None and int(one.id[1:]) not in known]
    subject = decision.drawn(assessment)
    met = [decision.met(one, one.met_by, subject) for one in closed if one.met_by is not None]
    number = store.append([assessment_draft(assessment)])[0]
    if met:
        store.append(met)
    return number
