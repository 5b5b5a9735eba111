"""Runs gates over a view of the evidence. Pure: the time, the view and the settings come in, an assessment goes out.

The rule behind all of it: good news needs admissible evidence, bad news does not. A pass comes only from fresh evidence of this commit
and environment with enough assurance that says enough; evidence of this commit that is environment-foreign, weak or incomplete still
fails a gate when it breaks the limit; stale evidence and evidence of another commit never decide.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

from . import __version__, outcome
from .assessment import Assessment, Changed, ClaimResult, GateResult, Spot, StoreState
from .errors import NothingToJudgeError
from .gate import VERDICT, Gate, Inputs, Item, Reason, Status, Verdict
from .kind import Kind
from .point import Point, Profile
from .project import GateSetting, Project
from .record import Json, digest, sha256_hex
from .subject import Binding, Subject
from .times import show_span
from .view import Unreadable, View, newest_per_slot, slot, when

SKEW: Final = timedelta(minutes=5)
"""How far clocks may differ before evidence counts as dated after the judgement."""

_NEVER: Final = (Reason.STALE, Reason.UNREADABLE)
"""Reasons for which evidence never decides, like another commit."""


@dataclass(frozen=True)
class Sorted:
    """The evidence that a gate reads, by what it may do."""

    admissible: tuple[Item, ...]
    bad_news_only: tuple[tuple[Item, Reason], ...]
    """Evidence of this commit that is environment-foreign, weak or incomplete."""
    undecisive: tuple[tuple[Item, Reason], ...]
    """Stale or unreadable evidence, and evidence of other commits."""


def assess(
    project: Project,
    view: View,
    subject: Subject,
    at: Point,
    as_of: datetime,
    store: StoreState,
    *,
    only: Iterable[str] | None = None,
    judged_at: datetime | None = None,
) -> Assessment:
    """Judges a subject.

    Args:
        project: Settings of the gates, and the catalog.
        view: The evidence.
        subject: What is judged; its environment is the point's.
        at: The decision point.
        as_of: The time of the judgement.
        store: The ledger prefix that the view was read from.
        only: Ids of the gates to judge, for a partial assessment; all that the point asks when None.
        judged_at: When the judgement is really made; ``as_of`` when None.

    Raises:
        NothingToJudgeError: There is no evidence, or no gate is asked.
    """
    kinds = project.catalog.kinds
    asked = {gate_id: s for gate_id, s in project.gates.items() if at.asks(s.gate, kinds)}
    chosen = asked if only is None else {gate_id: s for gate_id, s in project.gates.items() if gate_id in set(only)}
    if not chosen:
        raise NothingToJudgeError(f"no gate is asked at {at.name!r}", hint="switch a framework on in compliance.toml")
    if view.empty:
        raise NothingToJudgeError("there is no evidence of this project", hint="run `compliance collect`, or `compliance ingest`")
    table = project.document.project
    facts: dict[str, Json] = {"release_branch": table.release_branch, "environments": list(table.environments)}
    judge = _Judge(kinds, view, subject, at, as_of, table.profile, facts)
    results = tuple(_results(judge, chosen, asked))
    confirmed = table.profile_by is not None
    conditions = view.open_conditions
    if only is None and not any(one.required and one.verdict is not Status.NOT_APPLICABLE for one in results):
        raise NothingToJudgeError("no required gate applies", hint="switch a framework on, or correct the profile and the gates' settings")
    early = [r for r, s in zip(results, chosen.values(), strict=True) if not s.gate.after_all]
    evidence_outcome = outcome.outcome_of(early, open_conditions=conditions, profile_confirmed=confirmed)
    final = outcome.outcome_of(results, open_conditions=conditions, profile_confirmed=confirmed)
    policy = policy_digest(chosen.values(), at, table.profile)
    return Assessment(
        subject=subject,
        point=at.name,
        profile=table.profile,
        profile_by=table.profile_by,
        scope="full" if only is None else "partial",
        as_of=as_of,
        judged_at=judged_at or as_of,
        evidence_outcome=evidence_outcome,
        outcome=final,
        because=outcome.because(results, final, profile_confirmed=confirmed),
        score=outcome.score_of(results),
        gates=results,
        left_out=len(project.gates) - len(chosen),
        changed=tuple(Changed.model_validate(change) for change in _changes(project, chosen.values())),
        store=store,
        policy_digest=policy,
        decision_digest=_decision_digest(subject, at, policy, results, view),
    )


def _results(judge: _Judge, chosen: Mapping[str, GateSetting], asked: Mapping[str, GateSetting]) -> Iterator[GateResult]:
    """Judges the chosen gates: those that read verdicts after all others that are asked, even when these were not chosen."""
    last = any(setting.gate.judges_last for setting in chosen.values())
    needed = {**asked, **chosen} if last else chosen
    found = {gate_id: judge.result(setting) for gate_id, setting in needed.items() if not setting.gate.judges_last}
    seen = {gate_id: result for gate_id, result in found.items() if not needed[gate_id].gate.after_all}
    final = replace(judge, verdicts=seen)
    for gate_id, setting in chosen.items():
        yield final.result(setting) if setting.gate.judges_last else found[gate_id]


def _changes(project: Project, settings: Iterable[GateSetting]) -> Iterator[dict[str, Json]]:
    """Yields what differs from the defaults: frameworks that are switched off, then the settings of gates."""
    for name, value in project.document.frameworks.items():
        if value is False:
            yield {"gate": name, "what": "framework", "default": True, "value": False, "loosened": True}
    for setting in settings:
        yield from setting.changes


@dataclass(frozen=True)
class _Judge:
    kinds: Mapping[str, Kind]
    view: View
    subject: Subject
    point: Point
    as_of: datetime
    profile: Profile
    facts: Mapping[str, Json]
    verdicts: Mapping[str, GateResult] = field(default_factory=dict)
    """For gates that judge last."""

    def result(self, setting: GateSetting) -> GateResult:
        verdict, used = self._verdict(setting)
        gate = setting.gate
        times = [item.observed_at for item in used if item.observed_at is not None]
        return GateResult(
            id=gate.id,
            framework=gate.framework,
            principle=gate.principle,
            title=gate.statement,
            area=gate.area,
            required=setting.required,
            verdict=verdict.status,
            reason=verdict.reason,
            message=verdict.message,
            observed=verdict.observed,
            threshold=verdict.threshold,
            evidence=tuple(sorted(item.entry for item in used)),
            observed_at=min(times, default=None),
            places=tuple(Spot(where=place.where, what=place.what) for place in verdict.places),
            claims=tuple(ClaimResult(**asdict(claim)) for claim in verdict.claims),
            fix=verdict.fix or self._advice(gate, verdict),
        )

    def _advice(self, gate: Gate, verdict: Verdict) -> str:
        """Says what turns the gate green: what to correct when it failed, what to supply when it could not be assessed."""
        if verdict.status is not Status.NOT_ASSESSED or verdict.reason is Reason.UNREADABLE:
            return gate.doc.fix
        if gate.judge is None:
            return "Nothing yet: a later version of the toolkit judges this gate."
        again = {
            Reason.STALE: "Collect it again. ",
            Reason.FOREIGN: f"Collect it for this commit in environment {self.subject.environment}. ",
            Reason.WEAK: "Cite a kept artifact in every timed step, or sign the record with a trusted key. ",
        }
        return again.get(verdict.reason or Reason.MISSING, "") + gate.doc.evidence

    def _verdict(self, setting: GateSetting) -> tuple[Verdict, Sequence[Item]]:
        gate = setting.gate
        if setting.declared:
            return Verdict(status=Status.NOT_APPLICABLE, reason=Reason.DECLARED, message=setting.declared), ()
        seen = [item for kind_id in gate.reads for item in self.view.items.get(kind_id, ())]
        if gate.service_only and self.profile != "service" and not seen:
            message = f"does not apply to a {self.profile}"
            return Verdict(status=Status.NOT_APPLICABLE, reason=Reason.PROFILE, message=message), ()
        if gate.judge is None:
            unbuilt = [kind_id for kind_id in gate.reads if kind_id not in self.kinds] or list(gate.reads)
            message = f"this version cannot judge evidence of kind {' or '.join(unbuilt)}"
            return Verdict(status=Status.NOT_ASSESSED, reason=Reason.MISSING, message=message), ()
        return self._judged(setting, self._sort(setting, seen))

    def _judged(self, setting: GateSetting, evidence: Sorted) -> tuple[Verdict, Sequence[Item]]:
        admissible = evidence.admissible
        verdict = self._ask(setting, admissible) if admissible else None
        if verdict is not None and verdict.status is Status.FAIL:
            return verdict, admissible
        if evidence.bad_news_only:
            items = [item for item, _ in evidence.bad_news_only]
            bad = self._ask(setting, items)
            if bad.status is Status.FAIL:
                item, reason = evidence.bad_news_only[0]
                message = f"{bad.message} ({self._why(item, reason, setting)})"
                return replace(bad, reason=reason, message=message), items
        if verdict is not None and verdict.status is Status.PASS:
            return verdict, admissible
        return self._lacking(setting, verdict, evidence)

    def _lacking(self, setting: GateSetting, verdict: Verdict | None, evidence: Sorted) -> tuple[Verdict, Sequence[Item]]:
        """Says why the gate cannot be assessed: by the evidence that is there but does not count, if there is any."""
        uncounted = evidence.bad_news_only or evidence.undecisive
        if verdict is None and not uncounted:
            return self._missing(setting), ()
        if verdict is not None and verdict.reason is not Reason.MISSING:
            return verdict, evidence.admissible
        if verdict is not None and not (uncounted and self._would_help(setting, verdict, evidence.admissible, uncounted)):
            return replace(verdict, message=verdict.message + self._not_run(setting)), evidence.admissible
        item, reason = uncounted[0]
        message = self._why(item, reason, setting)
        return Verdict(status=Status.NOT_ASSESSED, reason=reason, message=message), [*evidence.admissible, item]

    def _would_help(
        self, setting: GateSetting, verdict: Verdict, admissible: Sequence[Item], uncounted: Sequence[tuple[Item, Reason]]
    ) -> bool:
        readable = [item for item, reason in uncounted if reason is not Reason.UNREADABLE]
        return self._ask(setting, [*admissible, *readable]).message != verdict.message

    def _ask(self, setting: GateSetting, items: Sequence[Item]) -> Verdict:
        by_kind: dict[str, tuple[Item, ...]] = {}
        for item in items:
            by_kind[item.kind] = (*by_kind.get(item.kind, ()), item)
        inputs = Inputs(subject=self.subject, point=self.point.like, as_of=self.as_of, items=by_kind, project=self.facts)
        if setting.gate.judges_last:
            inputs = replace(inputs, verdicts=self.verdicts, beside=self._beside)
        judge = setting.gate.judge
        if judge is None:
            raise TypeError(f"gate {setting.gate.id} has no judge")
        return judge(inputs, setting.params)

    @cached_property
    def _beside(self) -> Mapping[str, tuple[Item, ...]]:
        """The evidence that speaks of this commit, or of the project as a whole, by the time of the judgement."""
        spoken = {kind: [item for item in many if self._speaks(item)] for kind, many in self.view.items.items()}
        return {kind: newest_per_slot(many) for kind, many in spoken.items() if many}

    def _speaks(self, item: Item) -> bool:
        of_project = self.kinds[item.kind].binds_to is Binding.PROJECT
        age = item.age(self.as_of)
        of_this = of_project or (item.subject.commit is not None and item.subject.commit == self.subject.commit)
        return of_this and not isinstance(item.payload, Unreadable) and not (age is not None and age < -SKEW)

    def _missing(self, setting: GateSetting) -> Verdict:
        kinds = [kind_id for kind_id in setting.gate.reads if kind_id != VERDICT]
        message = f"no evidence of kind {' or '.join(kinds)}{self._not_run(setting)}"
        return Verdict(status=Status.NOT_ASSESSED, reason=Reason.MISSING, message=message)

    def _not_run(self, setting: GateSetting) -> str:
        """Says which collectors of the gate's kinds could not run."""
        return "".join(f"; {reason}" for kind_id in setting.gate.reads for reason in self.view.could_not_run.get(kind_id, ()))

    def _sort(self, setting: GateSetting, items: Sequence[Item]) -> Sorted:
        """Sorts evidence by what it may do. Within a slot admissible evidence replaces all that is older, and nothing else replaces."""
        bad, undecisive = [], []
        admissible: dict[tuple[str, tuple[Any, ...]], Item] = {}
        for item in sorted(items, key=when, reverse=True):
            place = (item.kind, slot(item))
            if place in admissible:
                continue
            reason, of_this_commit = self._weakness(setting, item)
            if reason is None:
                admissible[place] = item
            elif of_this_commit and reason not in _NEVER:
                bad.append((item, reason))
            else:
                undecisive.append((item, reason))
        return Sorted(tuple(admissible.values()), tuple(bad), tuple(undecisive))

    def _weakness(self, setting: GateSetting, item: Item) -> tuple[Reason | None, bool]:
        """Returns why an item does not count in full, and whether it is of this commit."""
        binding = self.kinds[item.kind].binds_to
        if binding is not Binding.PROJECT and (item.subject.commit is None or item.subject.commit != self.subject.commit):
            return Reason.FOREIGN, False
        if isinstance(item.payload, Unreadable):
            return Reason.UNREADABLE, True
        age = item.age(self.as_of)
        if (age is not None and age < -SKEW) or (setting.max_age is not None and (age is None or age > setting.max_age)):
            return Reason.STALE, True
        if self._of_changed_tree(item):
            return Reason.FOREIGN, True
        if binding is Binding.ENVIRONMENT and item.subject.environment != self.subject.environment:
            return Reason.FOREIGN, True
        if item.assurance.rank < setting.gate.min_assurance.rank:
            return Reason.WEAK, True
        return (Reason.INCOMPLETE if item.payload.incomplete else None), True

    def _of_changed_tree(self, item: Item) -> bool:
        """Tells whether an item was made from a tree that differs from its commit, unless it is about just that."""
        kind = self.kinds[item.kind]
        return bool(item.subject.dirty) and kind.binds_to is not Binding.PROJECT and not kind.judges_tree

    def _why(self, item: Item, reason: Reason, setting: GateSetting) -> str:
        """Says in words why an item does not count."""
        name = f"evidence {item.entry}"
        if reason is Reason.FOREIGN:
            if item.subject.commit != self.subject.commit and self.kinds[item.kind].binds_to is not Binding.PROJECT:
                ours = (self.subject.commit or "none")[:12]
                return f"{name} is of commit {(item.subject.commit or 'unknown')[:12]}; expected {ours}"
            if self._of_changed_tree(item):
                return f"{name} was made from a tree with uncommitted changes; expected the commit itself"
            where = item.subject.environment or "unknown"
            return f"{name} is of environment {where}; expected {self.subject.environment}"
        if reason is Reason.STALE:
            age = item.age(self.as_of)
            if age is None:
                return f"{name} does not say when it was made"
            if age < -SKEW:
                return f"{name} is dated {show_span(-age)} after this judgement"
            limit = show_span(setting.max_age) if setting.max_age else "none"
            return f"{name} is {show_span(age)} old; expected at most {limit}"
        if reason is Reason.WEAK:
            return f"{name} is only {item.assurance}; expected {setting.gate.min_assurance}"
        if reason is Reason.UNREADABLE:
            return f"{name} cannot be read by this version ({item.payload.why}); run `compliance verify --replay`"
        return f"{name} says too little: {item.payload.incomplete}"


def policy_digest(settings: Iterable[GateSetting], at: Point, profile: str) -> str:
    """Returns the digest of what judged: code of gates and engine, parameters, versions, point and profile."""
    gates = {
        setting.gate.id: {
            "code": _package_digest(setting.gate.package),
            "params": setting.params.model_dump(mode="json"),
            "required": setting.required,
            "max_age_s": None if setting.max_age is None else int(setting.max_age.total_seconds()),
            "min_assurance": setting.gate.min_assurance.value,
            "declared": setting.declared,
        }
        for setting in settings
    }
    engine = {name: _code_digest(f"compliance.{name}") for name in ("assess", "outcome", "gate", "view")}
    where = {"name": at.name, "like": at.like, "gates": list(at.gates), "environment": at.environment}
    return digest({"version": __version__, "engine": engine, "gates": gates, "point": where, "profile": profile})


@cache
def _package_digest(package: str) -> str:
    """Returns the digest of all Python files of a package."""
    found = sys.modules.get(package)
    if found is None or not found.__file__:
        return ""
    root = Path(found.__file__).parent
    return digest({str(path.relative_to(root)): sha256_hex(path.read_bytes()) for path in sorted(root.rglob("*.py"))})


@cache
def _code_digest(module: str) -> str:
    """Returns the digest of one module's source."""
    file = sys.modules[module].__file__
    return sha256_hex(Path(file).read_bytes()) if file else ""


def _decision_digest(subject: Subject, at: Point, policy: str, results: Sequence[GateResult], view: View) -> str:
    """Returns the digest that approvals bind to: it does not change when the same result is collected again."""
    artifacts = {item.entry: item for many in view.items.values() for item in many}
    gates = {
        result.id: {
            "verdict": result.verdict.value,
            "reason": result.reason.value if result.reason else None,
            "evidence": sorted(_content_digest(artifacts[entry]) for entry in result.evidence if entry in artifacts),
        }
        for result in results
        if result.id != "REL-6"
    }
    return digest({"subject": subject.model_dump(mode="json"), "point": at.name, "policy": policy, "gates": gates, "waivers": []})


_CLOCKS: Final = frozenset({"first", "last", "duration_s", "reviewed_at"})


def _content_digest(item: Item) -> str:
    payload = item.payload
    if isinstance(payload, Unreadable):
        return digest({"unreadable": payload.why})
    return digest(payload.model_dump(mode="json", exclude=set(_CLOCKS)))
