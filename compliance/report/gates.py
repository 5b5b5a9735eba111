"""From an assessment to what the report says about it: the gates at a glance, the gates in trouble, the settings.

Pure functions of the assessment, so that `bundle_check.verify` can make the same again and compare.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from pydantic import BaseModel

from ..assessment import Assessment, GateResult
from ..gate import Area, Status, bound_of
from ..project import Project
from ..record import Json
from ..times import show_span
from .model import (
    Counts,
    FrameworkCounts,
    FrameworkGates,
    GateRow,
    Limits,
    Principle,
    Setting,
    Spot,
    Trouble,
)
from .words import NBSP, cut, observed, plain, show, tail, threshold

WORDS: Final = {"go": "GO", "go-with-conditions": "GO WITH CONDITIONS", "no-go": "NO-GO"}
_AREAS: Final = list(Area)
"""Order of the red gates on page 1: security first, as the score weighs them."""
_MESSAGE: Final = 230
_CELL: Final = 150
_LONG: Final = 400
_SHORT: Final = 120
_TEXT: Final = 1200
_EVIDENCE: Final = 4
"""Links to evidence per gate."""


@dataclass(frozen=True)
class Threshold:
    """What a gate asks, whether or not it could be judged."""

    params: Mapping[str, Json]
    bounds: Mapping[str, str]
    """``at least``, ``at most`` or ``less than`` by the name of the parameter."""


Thresholds = Mapping[str, Threshold]


def thresholds_of(project: Project) -> Thresholds:
    """Returns what a project's gates ask."""
    return {
        name: Threshold(setting.params.model_dump(mode="json"), dict(_bounds(setting.gate.params)))
        for name, setting in project.gates.items()
    }


def _bounds(params: type[BaseModel]) -> Iterator[tuple[str, str]]:
    for name, info in params.model_fields.items():
        if (bound := bound_of(info.metadata)) is not None:
            yield name, bound.words


def framework_counts(assessment: Assessment, titles: Mapping[str, str]) -> tuple[FrameworkCounts, ...]:
    """Returns the rows of the matrix on page 1."""
    return tuple(
        FrameworkCounts(id=name, title=titles.get(name, name), counts=counts_of(many), red=sum(one.red for one in many))
        for name, many in _by_framework(assessment.gates)
    )


def red_gates(assessment: Assessment) -> list[GateResult]:
    """Returns the gates that stand in the way: failed ones first, the first of each area before the second of any.

    Page 1 has room for a few: they should show what is wrong everywhere, not five times the same area.
    """
    red = sorted((one for one in assessment.gates if one.red), key=lambda one: _natural(one.id))
    seen: Counter[tuple[bool, Area]] = Counter()
    ranked = []
    for one in red:
        place = (one.verdict is not Status.FAIL, one.area)
        ranked.append((place[0], seen[place], _AREAS.index(one.area), one))
        seen[place] += 1
    return [one for *_, one in sorted(ranked, key=lambda entry: entry[:3])]


def frameworks(assessment: Assessment, titles: Mapping[str, str], thresholds: Thresholds) -> tuple[FrameworkGates, ...]:
    """Returns the gates at a glance, by framework and principle."""
    made = []
    for name, many in _by_framework(assessment.gates):
        order = list(dict.fromkeys(one.principle for one in many))
        gates = sorted(many, key=lambda one: (order.index(one.principle), _natural(one.id)))
        principles = groupby(gates, key=lambda one: one.principle)
        rows = tuple(
            Principle(name=plain(title), gates=tuple(_row(one, assessment, thresholds) for one in group)) for title, group in principles
        )
        made.append(FrameworkGates(id=name, title=titles.get(name, name), principles=rows))
    return tuple(made)


def troubles(assessment: Assessment, thresholds: Thresholds, limits: Limits) -> tuple[Trouble, ...]:
    """Returns the gates that failed or could not be assessed: red ones first, then advisory ones."""
    open_ = [one for one in assessment.gates if one.verdict in (Status.FAIL, Status.NOT_ASSESSED)]
    open_.sort(key=lambda one: (not one.required, one.verdict is not Status.FAIL, _AREAS.index(one.area), _natural(one.id)))
    return tuple(_trouble(one, thresholds, limits) for one in open_)


def settings(assessment: Assessment) -> tuple[Setting, ...]:
    """Returns what differs from the defaults, loosened settings first."""
    changed = sorted(assessment.changed, key=lambda one: not one.loosened)
    return tuple(
        Setting(
            gate=one.gate,
            what=one.what,
            default=cut(show(one.default, one.what), _CELL),
            value=cut(show(one.value, one.what), _CELL),
            loosened=one.loosened,
            reason=None if one.reason is None else cut(one.reason, _LONG),
            by=None if one.by is None else cut(one.by, _SHORT),
        )
        for one in changed
    )


def evidence_used(assessment: Assessment) -> set[int]:
    """Returns the numbers of all evidence that a verdict rests on, or that a claim was compared with."""
    compared = {number for one in assessment.gates for claim in one.claims for number in claim.evidence}
    return compared | {number for one in assessment.gates for number in one.evidence}


def _by_framework(gates: Sequence[GateResult]) -> list[tuple[str, list[GateResult]]]:
    names = dict.fromkeys(one.framework for one in gates)
    return [(name, [one for one in gates if one.framework == name]) for name in names]


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts ``REL-10`` behind ``REL-9``."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


def asked(gate: GateResult, thresholds: Thresholds) -> str:
    """Writes what a gate asks, also where it could not be judged."""
    known = thresholds.get(gate.id)
    if gate.threshold is None and known is not None:
        return threshold(known.params or None, known.bounds)
    return threshold(gate.threshold, {} if known is None else known.bounds)


def counts_of(gates: Sequence[GateResult]) -> Counts:
    """Counts verdicts."""
    names = {
        Status.PASS: "passed",
        Status.FAIL: "failed",
        Status.NOT_ASSESSED: "not_assessed",
        Status.WAIVED: "waived",
        Status.NOT_APPLICABLE: "not_applicable",
    }
    return Counts(**{name: sum(one.verdict is status for one in gates) for status, name in names.items()})


def _row(gate: GateResult, assessment: Assessment, thresholds: Thresholds) -> GateRow:
    return GateRow(
        id=gate.id,
        statement=plain(gate.title),
        required=gate.required,
        verdict=gate.verdict,
        reason=gate.reason,
        message=cut(gate.message, _MESSAGE),
        observed=cut(observed(gate.observed, gate.threshold), _CELL),
        threshold=cut(asked(gate, thresholds), _CELL),
        age=None if gate.observed_at is None else show_span(assessment.as_of - gate.observed_at).replace(" ", NBSP),
        evidence=gate.evidence[:_EVIDENCE],
        evidence_more=max(0, len(gate.evidence) - _EVIDENCE),
    )


def _trouble(gate: GateResult, thresholds: Thresholds, limits: Limits) -> Trouble:
    return Trouble(
        id=gate.id,
        statement=plain(gate.title),
        required=gate.required,
        verdict=gate.verdict,
        reason=gate.reason,
        message=cut(gate.message, _TEXT),
        observed=cut(observed(gate.observed, gate.threshold), _LONG),
        threshold=cut(asked(gate, thresholds), _LONG),
        fix=cut(gate.fix, _TEXT),
        places=tuple(Spot(where=tail(one.where, _LONG), what=cut(one.what, _MESSAGE)) for one in gate.places[: limits.places]),
        places_cut=len(gate.places) > limits.places,
        evidence=gate.evidence[:_EVIDENCE],
        evidence_more=max(0, len(gate.evidence) - _EVIDENCE),
    )
