"""What the release documents claim, beside the evidence: what is contradicted first, cut at a limit.

A pure function of the assessment, so that `page_check` can make the same again and compare.
"""

from __future__ import annotations

from typing import Final

from ..assessment import Assessment, ClaimResult
from ..gate import Standing
from .model import ClaimGroup, ClaimRow, Claims, Limits, Spot
from .words import cut, tail

_TEXT: Final = 160
_PLACE: Final = 80
_FOUND: Final = 220
_EVIDENCE: Final = 4
"""Links to evidence per claim."""
_ORDER: Final = (Standing.CONTRADICTED, Standing.UNSUPPORTED, Standing.CONFIRMED)
_EXAMPLES: Final = 4
"""Claims of a group that are named."""


def claims(assessment: Assessment, limits: Limits) -> Claims | None:
    """Returns the section on claims, None when no gate checked any."""
    found = [(gate.id, claim) for gate in assessment.gates for claim in gate.claims]
    if not found:
        return None
    listed = sorted((one for one in found if one[1].standing in _ORDER), key=lambda one: _ORDER.index(one[1].standing))
    return Claims(
        gates=tuple(dict.fromkeys(gate for gate, _ in found)),
        counts={standing: sum(claim.standing is standing for _, claim in found) for standing in Standing},
        rows=tuple(_row(claim) for _, claim in listed[: limits.claims]),
        rows_total=len(listed),
        others=_groups([claim for _, claim in found if claim.standing is Standing.NOT_CHECKABLE]),
    )


def _row(claim: ClaimResult) -> ClaimRow:
    return ClaimRow(
        standing=claim.standing,
        text=cut(claim.text, _TEXT),
        where=tail(claim.where, _PLACE),
        found=cut(claim.found, _FOUND),
        evidence=claim.evidence[:_EVIDENCE],
        evidence_more=max(0, len(claim.evidence) - _EVIDENCE),
    )


def _groups(others: list[ClaimResult]) -> tuple[ClaimGroup, ...]:
    """Statements that no evidence can decide, by the reason; what was not understood comes first, since it may hide a claim."""
    reasons = sorted(dict.fromkeys(claim.found for claim in others), key=lambda reason: reason != "not understood")
    made = []
    for reason in reasons:
        same = [claim for claim in others if claim.found == reason]
        spots = (Spot(where=tail(claim.where, _PLACE), what=cut(claim.text, _TEXT)) for claim in same[:_EXAMPLES])
        made.append(ClaimGroup(why=cut(reason, _FOUND), count=len(same), first=tuple(spots)))
    return tuple(made)
