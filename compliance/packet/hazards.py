"""The three things most likely to go wrong, by a rule that is printed with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from ..assessment import Assessment, GateResult
from ..decision import Condition
from ..gate import Area, Item, Status
from ..judgement.view import Unreadable
from ..report.gates import red_gates
from ..report.words import cut, plain
from ..times import show_due
from ..waiver import Waiver
from .model import Hazard, Likelihood

MOST: Final = 3
RULE: Final = (
    "Rule: likelihood × impact, each 1 to 3; the highest products, at most one of each area. "
    "Likelihood: 3 what was seen to fail or is past due, 2 what nobody knows or is accepted for a time, 1 what is promised; "
    "of a risk, as registered. Impact: 3 security, recovery and data, 2 performance and operations; of a risk, as registered. "
    "What the register does not say counts 3."
)
_IMPACT: Final[dict[Area, Likelihood]] = {
    Area.SECURITY: 3,
    Area.RECOVERY: 3,
    Area.DATA: 3,
    Area.PERFORMANCE: 2,
    Area.OPERATIONS: 2,
}
_LEVELS: Final[dict[str, Likelihood]] = {"low": 1, "medium": 2, "high": 3}
_WHAT, _KNOWN, _WHY = 140, 260, 260


def hazards(
    assessment: Assessment, people_gates: Sequence[str], risks: Iterable[Item], whys: Mapping[str, str], lapsed: Sequence[Condition]
) -> tuple[Hazard, ...]:
    """Returns them, worst first.

    Args:
        assessment: The judgement.
        people_gates: Gates that read what people decide; no hazards.
        risks: Risk registers.
        whys: Why each gate matters, by id.
        lapsed: Conditions that are past their due date.
    """
    ranked: list[tuple[int, str, Hazard]] = [
        *((0, f"risk {one.source}", one) for one in _risks(risks)),
        *((1, area.value, one) for area, one in _red(assessment, people_gates, whys)),
        *((2, one.target, _waived(one, assessment)) for one in assessment.waivers if one.active),
        *((3, one.id, _condition(one, one in lapsed)) for one in assessment.conditions if one.met_by is None),
    ]
    ranked.sort(key=lambda entry: (-entry[2].likelihood * entry[2].impact, entry[0]))
    chosen: dict[str, Hazard] = {}
    for _, subject, one in ranked:
        chosen.setdefault(subject, one)
    return tuple(chosen.values())[:MOST]


def _risks(items: Iterable[Item]) -> Iterator[Hazard]:
    for item in items:
        if isinstance(item.payload, Unreadable):
            continue
        for risk in item.payload.risks:
            if risk.status == "closed":
                continue
            left = "is not stated" if risk.residual is None else f"is {risk.residual}"
            yield Hazard(
                source=risk.id,
                what=cut(risk.title, _WHAT),
                known=cut(
                    f"Likelihood {risk.likelihood or 'not stated'}, impact {risk.impact or 'not stated'}; what is left {left}.", _KNOWN
                ),
                why=cut(f"Against it: {risk.mitigation or 'nothing is registered'}.", _WHY),
                likelihood=_LEVELS.get(risk.likelihood or "", 3),
                impact=_LEVELS.get(risk.impact or "", 3),
            )


def _red(assessment: Assessment, people_gates: Sequence[str], whys: Mapping[str, str]) -> Iterator[tuple[Area, Hazard]]:
    for gate in red_gates(assessment):
        if gate.id not in people_gates:
            yield gate.area, _gate(gate, whys)


def _gate(gate: GateResult, whys: Mapping[str, str]) -> Hazard:
    failed = gate.verdict is Status.FAIL
    return Hazard(
        source=gate.id,
        what=cut(f"{'Not so' if failed else 'Unknown'}: {plain(gate.title)}", _WHAT),
        known=cut(gate.message, _KNOWN),
        why=cut(whys.get(gate.id, ""), _WHY),
        likelihood=3 if failed else 2,
        impact=_IMPACT[gate.area],
    )


def _waived(one: Waiver, assessment: Assessment) -> Hazard:
    area = next((gate.area for gate in assessment.gates if gate.id == one.gate), Area.SECURITY)
    return Hazard(
        source=one.id,
        what=cut(f"Accepted for a time: {one.target}", _WHAT),
        known=cut(f"{one.reason} (until {one.expires_at:%Y-%m-%d})", _KNOWN),
        why=cut(f"Meanwhile: {one.controls}", _WHY),
        likelihood=2,
        impact=_IMPACT[area],
    )


def _condition(one: Condition, lapsed: bool) -> Hazard:
    return Hazard(
        source=one.id,
        what=cut(f"{'Past due' if lapsed else 'Promised'}: {one.text}", _WHAT),
        known=cut(f"Due {show_due(one.due_at)}; waits for {one.waits_for}.", _KNOWN),
        why=cut(f"Promised by {one.owner}.", _WHY),
        likelihood=3 if lapsed else 1,
        impact=2,
    )
