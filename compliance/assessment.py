"""What a judgement is: one result per gate, an outcome, a score. Plain values that are printed, attached and recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from .decision import Condition, SignOff
from .gate import Area, Reason, Standing, Status
from .record import Json, Model, PrivacyClass
from .stand import Stand
from .subject import Subject
from .waiver import Waiver

SAME_TIME: Final = timedelta(minutes=5)
"""How far the clock of a judgement may lie from the real time before it counts as hindsight."""

_PEOPLE: Final = ("waivers", "conditions", "roles")
"""What of an assessment names people."""

Outcome = Literal["go", "go-with-conditions", "no-go"]


class Spot(Model):
    """Where to look: a file and line, an endpoint, a step."""

    where: str
    what: str = ""


class ClaimResult(Model):
    """One claim of a document beside what the evidence says."""

    text: str
    where: str
    """Document and line."""
    standing: Standing
    found: str
    """What the evidence says, or why nothing does."""
    evidence: tuple[int, ...] = ()


class GateResult(Model):
    """A gate and its verdict."""

    id: str
    framework: str
    principle: str
    title: str
    area: Area
    required: bool
    verdict: Status
    reason: Reason | None = None
    message: str
    observed: Json = None
    threshold: Json = None
    evidence: tuple[int, ...] = ()
    """Ledger entries that the verdict rests on."""
    observed_at: datetime | None = None
    """Time of the oldest piece of evidence that it rests on."""
    waivers: tuple[str, ...] = ()
    places: tuple[Spot, ...] = ()
    claims: tuple[ClaimResult, ...] = ()
    """Of a gate that checks what documents say."""
    fix: str

    @property
    def red(self) -> bool:
        """Whether the gate stands in the way: it is required and neither passed, waived nor inapplicable."""
        return self.required and self.verdict in (Status.FAIL, Status.NOT_ASSESSED)


class AreaScore(Model):
    """The score of one area."""

    weight: int
    passed: int
    applicable: int


class Score(Model):
    """The readiness score. It is printed with its formula and never decides."""

    readiness: float | None
    """0 to 1; None when no gate is applicable."""
    areas: dict[str, AreaScore]
    formula: str


class Changed(Model):
    """A threshold that differs from the default."""

    gate: str
    what: str
    default: Json
    value: Json
    loosened: bool
    reason: str | None = None
    by: str | None = None


class StoreState(Model):
    """What the judgement saw: the ledger's first ``size`` entries and their root."""

    size: int
    root: str
    """In hexadecimal."""


class Assessment(Model):
    """A judgement of one subject at one decision point and time."""

    subject: Subject
    point: str
    profile: str
    profile_by: str | None
    scope: Literal["full", "partial"]
    as_of: datetime
    """Clock of the judgement."""
    judged_at: datetime
    """When it was really made; later than ``as_of`` when an earlier moment is judged in hindsight."""
    evidence_outcome: Outcome
    outcome: Outcome
    because: str
    """One sentence: why this outcome."""
    score: Score
    gates: tuple[GateResult, ...]
    left_out: int
    """Gates that the decision point does not ask."""
    changed: tuple[Changed, ...]
    """Thresholds that differ from the defaults, the loosened ones among them."""
    store: StoreState
    policy_digest: str
    decision_digest: str
    waivers: tuple[Waiver, ...] = ()
    """All of them, whether they count or not."""
    conditions: tuple[Condition, ...] = ()
    """Conditions of earlier approvals, with what closed them."""
    roles: tuple[Stand, ...] = ()
    """How each role stands to this decision."""
    overridden: bool = False
    """The evidence says no-go, and those who may approved nevertheless."""

    def sealed(self) -> dict[PrivacyClass, dict[str, Json]]:
        """Returns the assessment as the ledger seals it: what names people apart from the rest."""
        rest = self.model_dump(mode="json")
        people = {name: rest.pop(name) for name in _PEOPLE}
        return {"paths": rest, "people": people}

    @classmethod
    def unsealed(cls, private: Mapping[Any, Mapping[str, Json]]) -> Assessment:
        """Reads an assessment back; where what names people was erased, nobody is named."""
        return cls.model_validate({**private["paths"], **private.get("people", {})})

    @property
    def hindsight(self) -> bool:
        """Whether the clock of the judgement is not the time at which it was made."""
        return abs(self.judged_at - self.as_of) > SAME_TIME

    @property
    def overrides(self) -> tuple[SignOff, ...]:
        """Approvals in the face of a no-go."""
        return tuple(one for role in self.roles for one in role.approvals if one.override)

    @property
    def loosened(self) -> tuple[Changed, ...]:
        """The thresholds that were loosened."""
        return tuple(change for change in self.changed if change.loosened)

    def result(self, gate_id: str) -> GateResult:
        """Returns the result of one gate."""
        return next(result for result in self.gates if result.id == gate_id)
