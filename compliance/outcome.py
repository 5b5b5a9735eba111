"""From verdicts to an outcome and a score: the exhaustive tables of the gate catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .assessment import AreaScore, GateResult, Outcome, Score
from .gate import Area, Status

WEIGHTS: Final = {Area.SECURITY: 30, Area.OPERATIONS: 25, Area.RECOVERY: 20, Area.PERFORMANCE: 15, Area.DATA: 10}
"""Weights of the areas; a project's report prints them with the score."""

_STEP: Final[dict[Status, Outcome]] = {
    Status.FAIL: "no-go",
    Status.NOT_ASSESSED: "no-go",
    Status.WAIVED: "go-with-conditions",
    Status.PASS: "go",
    Status.NOT_APPLICABLE: "go",
}
_ORDER: Final[tuple[Outcome, ...]] = ("go", "go-with-conditions", "no-go")


def outcome_of(results: Sequence[GateResult], *, open_conditions: int, profile_confirmed: bool, overridden: bool = False) -> Outcome:
    """Returns the outcome of some gates; advisory gates never change it.

    Args:
        results: The gates that count.
        open_conditions: Conditions of earlier approvals that are not met yet.
        profile_confirmed: Whether a named person confirmed the project's profile.
        overridden: Whether those who may approved in the face of a no-go of the evidence: the outcome is theirs, and never a plain go.
    """
    if overridden:
        return "go-with-conditions"
    worst: Outcome = "go" if profile_confirmed and not open_conditions else "go-with-conditions"
    for result in results:
        if result.required:
            worst = max(worst, _STEP[result.verdict], key=_ORDER.index)
    return worst


def score_of(results: Sequence[GateResult]) -> Score:
    """Returns the readiness score: per area passed / applicable; empty areas drop out and the weights are renormalised."""
    areas = {}
    for area, weight in WEIGHTS.items():
        applicable = [r for r in results if r.area is area and r.verdict is not Status.NOT_APPLICABLE]
        if applicable:
            passed = sum(r.verdict is Status.PASS for r in applicable)
            areas[area.value] = AreaScore(weight=weight, passed=passed, applicable=len(applicable))
    total = sum(area.weight for area in areas.values())
    readiness = sum(a.weight * a.passed / a.applicable for a in areas.values()) / total if total else None
    terms = " + ".join(f"{a.weight} x {a.passed}/{a.applicable} {name}" for name, a in areas.items())
    return Score(readiness=readiness, areas=areas, formula=f"({terms}) / {total}" if total else "no applicable gate")


def because(
    results: Sequence[GateResult], outcome: Outcome, *, profile_confirmed: bool, open_conditions: int = 0, overridden: bool = False
) -> str:
    """Returns one sentence that says why the outcome is what it is."""
    required = [result for result in results if result.required]
    failed = [result.id for result in required if result.verdict is Status.FAIL]
    unknown = [result.id for result in required if result.verdict is Status.NOT_ASSESSED]
    waived = [result.id for result in required if result.verdict is Status.WAIVED]
    red = " and ".join(part for part in (_count(failed, "failed"), _count(unknown, "not assessed")) if part)
    if overridden:
        return f"Overridden: the evidence says no-go, with {red}; those who may override it approved."
    if outcome == "no-go":
        stand = len(failed) + len(unknown)
        applicable = sum(result.verdict is not Status.NOT_APPLICABLE for result in required)
        gates = f"{applicable} required gates" + (" that apply" if applicable < len(required) else "")
        return f"{stand} of {gates} {'stands' if stand == 1 else 'stand'} in the way: {red}."
    if outcome == "go-with-conditions":
        due = f"{open_conditions} of the conditions of earlier approvals not met yet" if open_conditions else ""
        parts = [_count(waived, "waived"), due, "" if profile_confirmed else "nobody confirmed the project's profile (profile-by)"]
        return "Every required gate passed or is waived; " + " and ".join(part for part in parts if part) + "."
    one = len(required) == 1
    return "The required gate passed or does not apply." if one else f"All {len(required)} required gates passed or do not apply."


def _count(ids: list[str], word: str) -> str:
    return f"{len(ids)} {word} ({', '.join(ids[:3])}{', …' if len(ids) > 3 else ''})" if ids else ""
