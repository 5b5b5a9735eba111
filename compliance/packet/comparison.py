"""What a packet says about the last release that was judged at the same decision point."""

from __future__ import annotations

from typing import Final

from ..assessment import Assessment
from ..errors import StoreError
from ..judgement.diff import compare, findings_between
from ..judgement.judging import recorded_assessment
from ..report.build import Basis
from ..report.figures import trends
from ..report.figures.limits import Limits
from ..report.figures.model import TrendsFigure
from ..report.words import count, cut
from .model import Comparison

NAMES: Final = 6
"""Ids that one sentence lists."""
_RELEASE: Final = 60


def comparison(basis: Basis, people_gates: tuple[str, ...]) -> Comparison | None:
    """Compares with the last release: with the newest recorded assessment of it at the same decision point."""
    last = basis.releases[-2].assessment if len(basis.releases) > 1 else None
    if last is None:
        return None
    store, assessment = basis.judged.store, basis.judged.assessment
    try:
        before = recorded_assessment(store, last)
    except StoreError:
        return None  # what it said was erased
    was, now = (_red_ids(one, people_gates) for one in (before, assessment))
    opened, closed = (len(many) for many in findings_between(store, before, assessment))
    thresholds = sum(one.what == "threshold" for one in compare(before, assessment))
    turned_red, turned_green = sorted(now - was), sorted(was - now)
    release = cut(f"{before.subject.version or ''} {(before.subject.commit or '')[:12]}".strip() or "an unnamed release", _RELEASE)
    text = (
        f"{_named(turned_red, 'turned red')}; {_named(turned_green, 'no longer red')}; "
        f"{count(opened, 'finding')} opened, {closed:,} closed; "
        f"{count(thresholds, 'threshold')} changed. The evidence said {before.evidence_outcome} then, and says "
        f"{assessment.evidence_outcome} now."
    )
    return Comparison(
        assessment=last,
        release=release,
        judged_at=before.as_of,
        evidence_outcome=before.evidence_outcome,
        turned_red=tuple(turned_red[:NAMES]),
        turned_green=tuple(turned_green[:NAMES]),
        opened=opened,
        closed=closed,
        thresholds=thresholds,
        text=text[:1].upper() + text[1:],
        figure=_picture(basis, people_gates),
    )


def _picture(basis: Basis, people_gates: tuple[str, ...]) -> TrendsFigure | None:
    """Returns the report's own picture, and says what it counts that the pages around it do not."""
    figure = trends.figure(basis.releases, Limits(basis.judged.project), trends.ACROSS)
    if figure is None or not people_gates:
        return figure
    counted = f"{figure.caption} Counted with {', '.join(people_gates)}, which the signatures answer."
    return figure.model_copy(update={"caption": counted, "alt": figure.alt.replace(figure.caption, counted, 1)})


def _red_ids(assessment: Assessment, people_gates: tuple[str, ...]) -> set[str]:
    return {one.id for one in assessment.gates if one.red and one.id not in people_gates}


def _named(ids: list[str], what: str) -> str:
    if not ids:
        return f"no gate {what}"
    shown = ", ".join(one.replace("-", "\u2011") for one in ids[:NAMES])
    return f"{count(len(ids), 'gate')} {what} ({shown}{', …' if len(ids) > NAMES else ''})"
