"""Asks one gate: gives it the evidence by what that may do (`admission`), and says what the gate makes of it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Final

from .. import waiver
from ..assessment import ClaimResult, GateResult, Spot
from ..decision import Condition
from ..gate import CONDITION, SIGN_OFF, VERDICT, VIEWS, Gate, Inputs, Item, Reason, Status, Verdict
from ..kind import Kind
from ..point import Point, Profile
from ..project import GateSetting
from ..record import Finding, Json
from ..stand import Stand
from ..subject import Binding, Subject
from ..waiver import Waiver
from .admission import SKEW, Admission, Sorted
from .view import Unreadable, View, newest_per_slot, thing

_FORMATS: Final = 3
"""Formats of a kind that the advice names; `compliance explain` lists all."""


@dataclass(frozen=True)
class Judge:
    """Asks gates about a view of the evidence."""

    kinds: Mapping[str, Kind]
    view: View
    subject: Subject
    point: Point
    as_of: datetime
    profile: Profile
    facts: Mapping[str, Json]
    waivers: tuple[Waiver, ...] = ()
    """As they stand at the time."""
    verdicts: Mapping[str, GateResult] = field(default_factory=dict)
    """For gates that judge after others."""
    roles: tuple[Stand, ...] = ()
    """For gates that read sign-offs, like the next one."""
    evidence_outcome: str | None = None
    service_kinds: Collection[str] = ()
    """Kinds that only services have: evidence of one says that the project is a service after all, whatever its profile."""

    @cached_property
    def admission(self) -> Admission:
        """Says what each piece of evidence may do."""
        return Admission(self.kinds, self.subject, self.as_of)

    def result(self, setting: GateSetting) -> GateResult:
        """Judges one gate."""
        verdict, used, waived = self._waived(setting, *self.verdict(setting, self.seen(setting.gate)))
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
            waivers=waived,
            places=tuple(Spot(where=place.where, what=" ".join(place.what.split())) for place in verdict.places),
            claims=tuple(ClaimResult(**asdict(claim)) for claim in verdict.claims),
            fix=verdict.fix or self._advice(gate, verdict, used),
        )

    def _advice(self, gate: Gate, verdict: Verdict, used: Sequence[Item]) -> str:
        """Says what turns the gate green: what to correct when it failed, what to supply when it could not be assessed."""
        if verdict.status is not Status.NOT_ASSESSED or verdict.reason is Reason.UNREADABLE:
            return gate.doc.fix
        if gate.judge is None:
            return "Nothing yet: a later version of the toolkit judges this gate."
        place = self.subject.environment
        placed = place is not None and any(self.kinds[name].binds_to is Binding.ENVIRONMENT for name in gate.reads if name in self.kinds)
        where, also = (f" in environment {place}", " and --environment") if placed else ("", "")
        again = {
            Reason.STALE: "Collect it again (`compliance ingest` takes --observed-at where files do not say when they were made). ",
            Reason.FOREIGN: f"Collect it again for this commit{where} (`compliance ingest` takes --commit{also} where files do not say). ",
            Reason.INCOMPLETE: "Supply what says more: ",
            Reason.WEAK: "Cite a kept artifact in every timed step, or sign the record with a trusted key. ",
        }
        reason = verdict.reason or Reason.MISSING
        if reason is Reason.FOREIGN and used and used[-1].subject.commit is None and not used[-1].of_project:
            return self._name_commit(used[-1]) + gate.doc.evidence
        return self._supply(gate) if reason is Reason.MISSING else again.get(reason, "") + gate.doc.evidence

    def _name_commit(self, item: Item) -> str:
        """Says how evidence that names no commit gets one: to collect the same file again does not help, it says as little as before."""
        runs = any(one.name == "command" for one in self.kinds[item.kind].collectors)
        also = f", or let `[collect.{item.kind}.command]` make it, whose results are of the commit that is checked out" if runs else ""
        return f'If evidence {item.entry} is of this commit, say so: `compliance ingest FILE --commit "$(git rev-parse HEAD)"`{also}. '

    def _supply(self, gate: Gate) -> str:
        """Says in one sentence how what is missing gets here; what exactly has to come stands in the gate's documentation."""
        kinds = [self.kinds[name] for name in gate.reads if name in self.kinds]
        if "sign-off" in gate.reads:
            return "Run `compliance packet`, then each role runs `compliance sign --role ROLE --approve` (or rejects)."
        if not kinds:
            return gate.doc.evidence
        ways = []
        for kind in kinds:
            formats = [form.name for form in kind.formats if form.name != "mapped"]
            more = f" or {len(formats) - _FORMATS} more" if len(formats) > _FORMATS else ""
            if formats == ["record-yaml"]:
                more = f", as `compliance explain {kind.id}` shows it"
            ways.append(f"{kind.id}: {', '.join(formats[:_FORMATS])}{more}" if formats else kind.id)
        supply = f"run `compliance ingest FILE` ({'; '.join(ways)})"
        made = [kind.id for kind in kinds if kind.collectors]
        if not made:
            return f"{supply[0].upper()}{supply[1:]}."
        names = " and ".join(f"[collect.{name}]" for name in made)
        if any(self.view.could_not_run.get(name) for name in made):
            return f"Correct what kept the collector from running ({names} in compliance.toml) and run `compliance collect`, or {supply}."
        return f"Set up {names} in compliance.toml and run `compliance collect`, or {supply}."

    def seen(self, gate: Gate) -> list[Item]:
        """Returns the evidence that a gate reads, whether it counts or not."""
        return [item for kind_id in gate.reads for item in self.view.items.get(kind_id, ())]

    def _waived(self, setting: GateSetting, verdict: Verdict, used: Sequence[Item]) -> tuple[Verdict, Sequence[Item], tuple[str, ...]]:
        """Returns what waivers make of a verdict, and which ones did. A waiver never makes a pass."""
        if not (setting.gate.waivable and _can_be_waived(verdict)):
            return verdict, used, ()
        for_findings = self._waived_findings(setting.gate, used)
        if for_findings:
            ids = tuple(sorted({one.id for one in for_findings.values()}))
            without, others = self.verdict(setting, [self._without(item, for_findings) for item in self.seen(setting.gate)])
            if without.status is Status.PASS:
                said = f"{verdict.message}; {len(for_findings)} of them waived, and no other is left"
                return replace(verdict, status=Status.WAIVED, message=said), used, ids
            if without.message != verdict.message:
                verdict, used = replace(without, message=f"{without.message}, besides {len(for_findings)} waived"), others
        whole = next(waiver.for_gate(self.waivers, setting.gate.id), None)
        if whole is None:
            return verdict, used, ()
        return (
            replace(verdict, status=Status.WAIVED, message=f"{verdict.message}; waived until {whole.expires_at:%Y-%m-%d}"),
            used,
            (whole.id,),
        )

    def _waived_findings(self, gate: Gate, used: Sequence[Item]) -> dict[str, Waiver]:
        """Returns the waivers of findings that the evidence of a verdict holds, by fingerprint."""
        active = waiver.for_findings(self.waivers)
        held = {one.fingerprint for item in used for one in self.view.waived.get(item.entry, ()) if item.kind in gate.reads}
        return {fingerprint: one for fingerprint, one in active.items() if fingerprint in held}

    def _without(self, item: Item, waived: Mapping[str, Waiver]) -> Item:
        """Returns a piece of evidence as it would be without waived findings."""
        findings = [one for one in self.view.waived.get(item.entry, ()) if one.fingerprint in waived]
        return without_findings(self.kinds[item.kind], item, findings)

    def conditions(self) -> tuple[Condition, ...]:
        """Returns the conditions of earlier approvals, each with what closes it by now."""
        return tuple(
            one if one.met_by is not None else one.model_copy(update={"met_by": self._closes(one)}) for one in self.view.conditions
        )

    def _closes(self, condition: Condition) -> int | None:
        """Returns the piece of evidence that closes a condition: it was made after that was opened."""
        items = [item for many in self.view.items.values() for item in many]
        if condition.gate:
            result = self.verdicts.get(condition.gate)
            entries = result.evidence if result is not None and result.verdict is Status.PASS else ()
            items = [item for item in items if item.entry in entries]
        else:
            items = [item for item in items if item.kind == condition.kind and self._says_enough(item)]
        times = {item.entry: item.observed_at for item in items if item.observed_at is not None}
        return max((entry for entry, at in times.items() if condition.opened_at < at <= self.as_of + SKEW), default=None)

    @staticmethod
    def _says_enough(item: Item) -> bool:
        return not isinstance(item.payload, Unreadable) and not item.payload.incomplete

    def verdict(self, setting: GateSetting, seen: Sequence[Item]) -> tuple[Verdict, Sequence[Item]]:
        """Judges one gate on some evidence, without waivers; returns what it rests on as well."""
        gate = setting.gate
        if setting.declared:
            return Verdict(status=Status.NOT_APPLICABLE, reason=Reason.DECLARED, message=setting.declared), ()
        if gate.service_only and self.profile != "service" and not any(item.kind in self.service_kinds for item in seen):
            message = f"does not apply to a {self.profile}"
            return Verdict(status=Status.NOT_APPLICABLE, reason=Reason.PROFILE, message=message), ()
        if gate.judge is None:
            unbuilt = [kind_id for kind_id in gate.reads if kind_id not in (*self.kinds, *VIEWS)] or list(gate.reads)
            message = f"this version cannot judge evidence of kind {' or '.join(unbuilt)}"
            return Verdict(status=Status.NOT_ASSESSED, reason=Reason.MISSING, message=message), ()
        if all(name in VIEWS for name in gate.reads):
            return self._ask(setting, ()), ()
        return self._judged(setting, self.admission.sort(setting, seen))

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
                message = f"{bad.message} ({self.admission.why(item, reason, setting)})"
                return replace(bad, reason=reason, message=message), items
        if verdict is not None and verdict.status is Status.PASS:
            return verdict, admissible
        return self._lacking(setting, verdict, evidence)

    def _lacking(self, setting: GateSetting, verdict: Verdict | None, evidence: Sorted) -> tuple[Verdict, Sequence[Item]]:
        """Says why the gate cannot be assessed: by the evidence that is there but does not count, if there is any."""
        there = {thing(item) for item in evidence.admissible}  # what an earlier run of the same thing said is not what is lacking
        uncounted = [pair for pair in (evidence.bad_news_only or evidence.undecisive) if thing(pair[0]) not in there]
        if verdict is None and not uncounted:
            return self._missing(setting), ()
        if verdict is not None and verdict.reason is not Reason.MISSING:
            return verdict, evidence.admissible
        if verdict is not None and not (uncounted and self._would_help(setting, verdict, evidence.admissible, uncounted)):
            return replace(verdict, message=verdict.message + self._not_run(setting)), evidence.admissible
        item, reason = uncounted[0]
        message = self.admission.why(item, reason, setting)
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
        reads = setting.gate.reads
        if VERDICT in reads:
            inputs = replace(inputs, verdicts=self.verdicts, beside=self._beside)
        if CONDITION in reads:
            inputs = replace(inputs, conditions=self.conditions())
        if SIGN_OFF in reads:
            inputs = replace(inputs, roles=self.roles, evidence_outcome=self.evidence_outcome)
        judge = setting.gate.judge
        if judge is None:
            raise TypeError(f"gate {setting.gate.id} has no judge")
        try:
            return judge(inputs, setting.params)
        except Exception as error:  # a policy that fails, fails alone and by name
            message = f"the gate's code failed ({type(error).__name__}: {error})"
            return Verdict(status=Status.NOT_ASSESSED, reason=Reason.UNREADABLE, message=message, fix="Correct the code of this gate.")

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
        kinds = [kind_id for kind_id in setting.gate.reads if kind_id not in VIEWS]
        message = f"no evidence of kind {' or '.join(kinds)}{self._not_run(setting)}"
        return Verdict(status=Status.NOT_ASSESSED, reason=Reason.MISSING, message=message)

    def _not_run(self, setting: GateSetting) -> str:
        """Says which collectors of the gate's kinds could not run."""
        return "".join(f"; {reason}" for kind_id in setting.gate.reads for reason in self.view.could_not_run.get(kind_id, ()))


def without_findings(kind: Kind, item: Item, findings: Sequence[Finding]) -> Item:
    """Returns a piece of evidence as it would be without some of its open findings; itself where its kind cannot say."""
    if kind.without is None or not findings or isinstance(item.payload, Unreadable):
        return item
    left_out = {one.fingerprint for one in findings}

    def worst(limit: int) -> Sequence[Finding]:
        return [one for one in item.worst(limit + len(findings)) if one.fingerprint not in left_out][:limit]

    return replace(item, payload=kind.without(item.payload, findings), worst=worst)


def _can_be_waived(verdict: Verdict) -> bool:
    """Tells whether waivers cover a verdict: a failure, or a lack that somebody can answer for."""
    lacks = (Reason.MISSING, Reason.STALE, Reason.WEAK, Reason.INCOMPLETE)
    return verdict.status is Status.FAIL or (verdict.status is Status.NOT_ASSESSED and verdict.reason in lacks)
