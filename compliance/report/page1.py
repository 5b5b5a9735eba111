"""Page 1 of a report: the decision, why, and what must happen next. Pure functions of the assessment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final

from ..assessment import Assessment, Changed, GateResult
from ..gate import Status
from .gates import WORDS, Thresholds, asked, counts_of, framework_counts, red_gates
from .model import Decision, FrameworkCounts, Limits, Notice, RedGate, Signer
from .words import count, cut, label, listed, observed, percent, plain, show, utc

LONG_NAME: Final = 48
"""Characters of a project's name and version from which they are set smaller."""
_FACT: Final = 18
"""Characters of the environment or the point that fit on one line."""
_NOTICE_MM, _LONG_NAME_MM, _FRAMEWORK_MM, _GATE_MM, _LETTER_MM, _SPARE_MM = 4.1, 9.0, 5.6, 22.5, 18.0, 8.5
"""Measured heights of page 1's parts, and what an A4 page has to spare beside five red gates and three frameworks."""
_MESSAGE: Final = 230
"""Characters of a message; the section on gates has all of it."""
_VALUE: Final = 90
_IDS: Final = 8


def decision(
    assessment: Assessment,
    titles: Mapping[str, str],
    signer: Signer,
    title: str | None,
    *,
    page: str,
    thresholds: Thresholds,
    anchored: str | None,
    limits: Limits,
) -> Decision:
    """Returns page 1.

    Args:
        assessment: The judgement.
        titles: Titles of the frameworks.
        signer: Who signs the report.
        title: ``[report] title``.
        page: ``A4`` or ``Letter``.
        thresholds: What the gates ask.
        anchored: Id of the earlier report whose checkpoint this one extends.
        limits: Where to cut.
    """
    red = red_gates(assessment)
    notices = _notices(assessment, signer, title)
    shown = room(assessment, len(notices), page, limits)
    score = assessment.score.readiness
    return Decision(
        outcome=assessment.outcome,
        word=WORDS[assessment.outcome],
        because=plain(assessment.because),
        notices=tuple(notices[: limits.notices]),
        notices_more=max(0, len(notices) - limits.notices),
        red=tuple(_short(one, thresholds) for one in red[:shown]),
        red_total=len(red),
        red_rest=_rest(red[shown:]),
        frameworks=framework_counts(assessment, titles),
        total=FrameworkCounts(id="all", title="All", counts=counts_of(assessment.gates), red=len(red)),
        readiness="no applicable gate" if score is None else percent(score),
        vouched_by=_vouched(signer, anchored),
    )


def room(assessment: Assessment, notices: int, page: str, limits: Limits) -> int:
    """Returns how many red gates page 1 holds: each text on it has a greatest number of lines, and the page has a height (mm)."""
    subject = assessment.subject
    taken = _NOTICE_MM * min(notices, limits.notices + 1) + (_LETTER_MM if page == "Letter" else 0)
    taken += _LONG_NAME_MM if len(f"{subject.project} {subject.version or ''}") > LONG_NAME else 0
    taken += _LONG_NAME_MM if max(len(subject.environment or ""), len(assessment.point)) > _FACT else 0
    taken += _FRAMEWORK_MM * max(0, len({one.framework for one in assessment.gates}) - 3)
    return max(1, limits.red_gates - ceil(max(0.0, taken - _SPARE_MM) / _GATE_MM))


def _short(gate: GateResult, thresholds: Thresholds) -> RedGate:
    return RedGate(
        id=gate.id,
        statement=plain(gate.title),
        verdict=gate.verdict,
        message=cut(gate.message, _MESSAGE),
        observed=cut(observed(gate.observed, gate.threshold), _VALUE),
        threshold=cut(asked(gate, thresholds), _VALUE),
        fix=cut(gate.fix, _MESSAGE),
    )


def _rest(rest: Sequence[GateResult]) -> str:
    if not rest:
        return ""
    failed = [one.id for one in rest if one.verdict is Status.FAIL]
    unknown = [one.id for one in rest if one.verdict is Status.NOT_ASSESSED]
    parts = [f"{len(ids)} {word} ({_ids(ids)})" for ids, word in ((failed, "failed"), (unknown, "not assessed")) if ids]
    return f"{count(len(rest), 'more required gate')}: {listed(parts)}."


def _ids(ids: Sequence[str]) -> str:
    shown = [one.replace("-", "\u2011") for one in ids[:_IDS]]
    return ", ".join(shown) + (", …" if len(ids) > len(shown) else "")


def _notices(assessment: Assessment, signer: Signer, title: str | None) -> list[Notice]:
    notices = []
    if title and "example" in title.lower():
        notices.append(Notice(kind="example", label=cut(title, 60), text="The evidence was made to show this toolkit; it decides nothing."))
    if signer.trial:
        notices.append(Notice(kind="trial-key", label="Trial key", text="The signature proves nothing to others."))
    if assessment.hindsight:
        text = f"Judged on {utc(assessment.judged_at)} with the clock above; what was observed after it does not count."
        notices.append(Notice(kind="hindsight", label="In hindsight", text=text))
    if assessment.scope == "partial":
        notices.append(Notice(kind="partial", label="Partial", text="Only some of the gates were judged."))
    if assessment.profile_by is None:
        text = f"Nobody has confirmed that this is a {assessment.profile} (profile-by)."
        notices.append(Notice(kind="profile", label="Profile unconfirmed", text=text))
    off = [one for one in assessment.changed if one.what == "applicable" and one.loosened]
    loosened = [one for one in assessment.changed if one.loosened and one not in off]
    notices += [Notice(kind="switched-off", label=f"{one.gate} switched off", text=_who(one)) for one in off]
    notices += [Notice(kind="loosened", label=f"{one.gate} loosened", text=f"{_change(one)} {_who(one)}".strip()) for one in loosened]
    return notices


def _change(change: Changed) -> str:
    before, after = (show(value, change.what) for value in (change.default, change.value))
    if change.what == "required":
        return "advisory instead of required."
    return f"{label(change.what)}: {cut(after, 60)} instead of {cut(before, 60)}."


def _who(change: Changed) -> str:
    reason = f"“{cut(change.reason, 120)}”" if change.reason else "No reason is given"
    return f"{reason} ({cut(change.by, 60)})." if change.by else f"{reason}; nobody is named."


def _vouched(signer: Signer, anchored: str | None) -> str:
    clock = "the clock of the machine that signed; no timestamp authority"
    if signer.timestamp is not None:
        clock = f"the clock of the machine that signed; the signature is stamped by {cut(signer.timestamp, 60)} (PAdES {signer.level})"
    return f"{clock}. Its ledger extends the one of report {anchored}" if anchored else clock
