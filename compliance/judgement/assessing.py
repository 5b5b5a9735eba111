"""Judges a release: asks the gates in their order, and draws the outcome.

Pure: the time, the view and the settings come in, an assessment goes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from .. import outcome, waiver
from ..assessment import Assessment, Changed, GateResult, Outcome, StoreState
from ..decision import Condition
from ..errors import NothingToJudgeError
from ..gate import CONDITION, VERDICT, VIEWS, Status
from ..point import Point
from ..project import GateSetting, Project
from ..record import Json, digest
from ..stand import Stand, is_overridden, stands
from ..subject import Subject
from .digests import decision_digest, policy
from .judge import Judge
from .view import View

__all__ = ["Case", "assess", "in_turn", "judge_of", "policy_of"]


@dataclass(frozen=True)
class Case:
    """What is judged, on which evidence and by whose rules: all that a judgement needs but the time.

    Args:
        project: Settings of the gates, and the catalog.
        view: The evidence.
        subject: What is judged; its environment is the point's.
        point: The decision point.
        state: The ledger prefix that the view was read from.
    """

    project: Project
    view: View
    subject: Subject
    point: Point
    state: StoreState


def assess(case: Case, as_of: datetime, *, only: Iterable[str] | None = None, judged_at: datetime | None = None) -> Assessment:
    """Judges a case.

    Args:
        case: The case.
        as_of: The time of the judgement.
        only: Ids of the gates to judge, for a partial assessment; all that the point asks when None.
        judged_at: When the judgement is really made; ``as_of`` when None.

    Raises:
        NothingToJudgeError: There is no evidence, or no gate is asked.
    """
    asked, chosen = _gates(case.project, case.point, only)
    if case.view.empty:
        raise NothingToJudgeError("there is no evidence of this project", hint="run `compliance collect`, or `compliance ingest`")
    answers = _answers(case, as_of, chosen, asked)
    if only is None and not any(one.required and one.verdict is not Status.NOT_APPLICABLE for one in answers.results):
        raise NothingToJudgeError("no required gate applies", hint="switch a framework on, or correct the profile and the gates' settings")
    table = case.project.document.project
    final, because = _outcome(answers, profile_confirmed=table.profile_by is not None)
    return Assessment(
        subject=case.subject,
        point=case.point.name,
        profile=table.profile,
        profile_by=table.profile_by,
        scope="full" if only is None else "partial",
        as_of=as_of,
        judged_at=judged_at or as_of,
        evidence_outcome=answers.evidence_outcome,
        outcome=final,
        because=because,
        score=outcome.score_of(answers.results),
        gates=answers.results,
        left_out=len(case.project.gates) - len(chosen),
        changed=tuple(Changed.model_validate(change) for change in _changes(case.project, chosen.values())),
        store=case.state,
        policy_digest=answers.policy_digest,
        decision_digest=answers.decision_digest,
        waivers=answers.waivers,
        conditions=answers.conditions,
        roles=answers.roles,
        overridden=answers.overridden,
    )


def policy_of(project: Project, at: Point) -> dict[str, Json]:
    """Returns what judges a project at a decision point, whole: an assessment names it by its digest.

    Raises:
        NothingToJudgeError: No gate is asked.
    """
    return policy(_gates(project, at, None)[0].values(), at, project.document, project.catalog.kinds)


def _gates(project: Project, at: Point, only: Iterable[str] | None) -> tuple[dict[str, GateSetting], dict[str, GateSetting]]:
    """Returns the gates that the point asks, and those that are to be judged."""
    asked = {name: setting for name, setting in project.gates.items() if at.asks(setting.gate, project.catalog.kinds)}
    wanted = None if only is None else set(only)
    chosen = asked if wanted is None else {name: setting for name, setting in project.gates.items() if name in wanted}
    if not chosen:
        raise NothingToJudgeError(f"no gate is asked at {at.name!r}", hint="switch a framework on in compliance.toml")
    return asked, chosen


def _outcome(answers: _Answers, *, profile_confirmed: bool) -> tuple[Outcome, str]:
    """Returns the outcome, and why it is that."""
    pending, overridden = sum(one.met_by is None for one in answers.conditions), answers.overridden
    final = outcome.outcome_of(answers.results, open_conditions=pending, profile_confirmed=profile_confirmed, overridden=overridden)
    said = outcome.because(answers.results, final, open_conditions=pending, profile_confirmed=profile_confirmed, overridden=overridden)
    return final, said


@dataclass(frozen=True, kw_only=True)
class _Answers:
    """What the gates and the people say."""

    results: tuple[GateResult, ...]
    evidence_outcome: Outcome
    policy_digest: str
    decision_digest: str
    waivers: tuple[waiver.Waiver, ...]
    conditions: tuple[Condition, ...]
    roles: tuple[Stand, ...]
    overridden: bool


def _answers(case: Case, as_of: datetime, chosen: Mapping[str, GateSetting], asked: Mapping[str, GateSetting]) -> _Answers:
    """Judges the chosen gates, after the others that they need: first what evidence alone decides, last what people decided on that."""
    project, view, point = case.project, case.view, case.point
    needed = {**asked, **chosen} if any(set(setting.gate.reads) & set(VIEWS) for setting in chosen.values()) else chosen
    judge = in_turn(judge_of(case, as_of), needed)
    early, waivers = judge.verdicts, judge.waivers
    conditions = judge.conditions()
    confirmed, pending = project.document.project.profile_by is not None, sum(one.met_by is None for one in conditions)
    counted = [result for name, result in early.items() if name in chosen or _after_all(chosen)]
    evidence_outcome = outcome.outcome_of(counted, open_conditions=pending, profile_confirmed=confirmed)
    policy_digest = digest(policy(needed.values(), point, project.document, project.catalog.kinds))
    decided = decision_digest(case.subject, point, policy_digest, list(early.values()), view, waivers)
    roles = stands(view.sign_offs, project.roles, point.name, decided, as_of)
    judge = replace(judge, roles=roles, evidence_outcome=evidence_outcome)
    results = tuple(judge.result(setting) if setting.gate.after_all else early[name] for name, setting in chosen.items())
    return _Answers(
        results=results,
        evidence_outcome=evidence_outcome,
        policy_digest=policy_digest,
        decision_digest=decided,
        waivers=tuple(_used(one, results) for one in waivers),
        conditions=conditions,
        roles=roles,
        overridden=evidence_outcome == "no-go" and is_overridden(roles),
    )


def judge_of(case: Case, as_of: datetime) -> Judge:
    """Returns who asks the gates about a case at a time."""
    document, catalog = case.project.document, case.project.catalog
    table = document.project
    facts: dict[str, Json] = {"release_branch": table.release_branch, "environments": list(table.environments)}
    waivers = waiver.standing(case.view.waivers, catalog.gates, document.waivers, as_of)
    profile, kinds = table.profile, catalog.service_kinds
    return Judge(catalog.kinds, case.view, case.subject, case.point, as_of, profile, facts, waivers, service_kinds=kinds)


def in_turn(judge: Judge, settings: Mapping[str, GateSetting]) -> Judge:
    """Returns the judge with the verdicts of gates: those that read only evidence first, then those that read the former's verdicts."""
    for reads in (None, VERDICT, CONDITION):
        found = {name: judge.result(setting) for name, setting in settings.items() if _turn(setting) == reads}
        judge = replace(judge, verdicts={**judge.verdicts, **found})
    return judge


def _turn(setting: GateSetting) -> str | None:
    """Returns the view of other verdicts that a gate waits for: None for the first turn."""
    if setting.gate.after_all:
        return "after all"
    return next((one for one in (CONDITION, VERDICT) if one in setting.gate.reads), None)


def _after_all(settings: Mapping[str, GateSetting]) -> bool:
    return any(setting.gate.after_all for setting in settings.values())


def _used(one: waiver.Waiver, results: Iterable[GateResult]) -> waiver.Waiver:
    """Says of a waiver that counts if nothing needed it."""
    used = any(one.id in result.waivers for result in results)
    return one.model_copy(update={"why": "nothing needs it"}) if one.active and not used else one


def _changes(project: Project, settings: Iterable[GateSetting]) -> Iterator[dict[str, Json]]:
    """Yields what differs from the defaults: frameworks that are switched off, then the settings of gates."""
    for name, value in project.document.frameworks.items():
        if value is False:
            yield {"gate": name, "what": "framework", "default": True, "value": False, "loosened": True}
    for setting in settings:
        yield from setting.changes
