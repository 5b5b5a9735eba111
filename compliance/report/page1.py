"""Page 1 of a report: the decision, why, and what must happen next. Pure functions of the assessment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ..assessment import Assessment, Changed, GateResult
from ..decision import SignOff
from ..gate import Status
from ..record import PrivacyClass
from ..stand import Stand
from ..times import show_due
from .decided_model import ConditionRow, Decided, OverrideRow
from .fit import fitting
from .gates import WORDS, Thresholds, asked, counts_of, framework_counts, red_gates
from .model import Decision, FrameworkCounts, Limits, Notice, RedGate, Signer
from .words import count, cut, cut_advice, label, listed, observed, percent, plain, show, utc

LONG_NAME: Final = 48
"""Characters of a project's name and version from which they are set smaller."""
_MESSAGE: Final = 230
"""Characters of a message; the section on gates has all of it."""
_VALUE: Final = 90
_IDS: Final = 5
_LEFT_OUT: Final = " 99 gates are not asked at this point."
"""As long as what page 1 says of gates that its decision point does not ask."""
_OVERRIDES: Final = 2
"""Notices on overrides."""
_STEPS: Final = 3
"""Conditions, or waivers, that are named as next steps."""


@dataclass(frozen=True)
class Paper:
    """What the pages are printed with."""

    page: Literal["A4", "Letter"]
    title: str | None
    """``[report] title``."""
    organisation: str | None
    redacted: tuple[PrivacyClass, ...] = ()
    """Privacy classes that the copy leaves out."""


def decision(
    assessment: Assessment,
    titles: Mapping[str, str],
    signer: Signer,
    decided: Decided,
    *,
    paper: Paper,
    thresholds: Thresholds,
    anchored: str | None,
    limits: Limits,
) -> Decision:
    """Returns page 1.

    Args:
        assessment: The judgement.
        titles: Titles of the frameworks.
        signer: Who signs the report.
        decided: What people decided.
        paper: What the pages are printed with.
        thresholds: What the gates ask.
        anchored: Id of the earlier report whose checkpoint this one extends.
        limits: Where to cut.
    """
    red = red_gates(assessment)
    told = notices(assessment, signer, decided, paper.title, paper.redacted)
    score = assessment.score.readiness
    made = Decision(
        outcome=assessment.outcome,
        word=WORDS[assessment.outcome],
        because=plain(assessment.because),
        notices=tuple(told[: limits.notices]),
        notices_more=max(0, len(told) - limits.notices),
        red=tuple(_short(one, thresholds) for one in red[: limits.red_gates]),
        red_total=len(red),
        red_rest=rest(red[limits.red_gates :]),
        frameworks=framework_counts(assessment, titles),
        total=FrameworkCounts(id="all", title="All", counts=counts_of(assessment.gates), red=len(red)),
        next=() if red else tuple(_next(decided)),
        approvals=_approvals(assessment.roles),
        readiness="no applicable gate" if score is None else percent(score),
        vouched_by=_vouched(signer, anchored),
    )
    shown = _fitting(made, assessment, signer, paper)
    return made.model_copy(update={"red": made.red[:shown], "red_rest": rest(red[shown:])})


def _fitting(made: Decision, assessment: Assessment, signer: Signer, paper: Paper) -> int:
    subject = assessment.subject
    name = f"{subject.project} {subject.version or ''}".strip()
    return fitting(
        made,
        ((subject.commit or "none")[:12], subject.environment or "none", assessment.point, utc(assessment.as_of), assessment.profile),
        name=name,
        large=len(name) <= LONG_NAME,
        overline=f"{paper.title or ''} | {paper.organisation or ''}",
        signed=f"{signer.subject}{' (trial key)' if signer.trial else ''}. Time: {utc(assessment.judged_at)}, by {made.vouched_by}.",
        formula=f"Readiness score {made.readiness} = {assessment.score.formula}. It never decides."
        + (_LEFT_OUT if assessment.left_out else ""),
        page=paper.page,
    )


def _short(gate: GateResult, thresholds: Thresholds) -> RedGate:
    return RedGate(
        id=gate.id,
        statement=plain(gate.title),
        verdict=gate.verdict,
        message=cut(gate.message, _MESSAGE),
        observed=cut(observed(gate.observed, gate.threshold), _VALUE),
        threshold=cut(asked(gate, thresholds), _VALUE),
        fix=cut_advice(gate.fix, _MESSAGE),
    )


def rest(gates: Sequence[GateResult]) -> str:
    """Returns one sentence about the red gates that page 1 does not list; empty when it lists all."""
    if not gates:
        return ""
    failed = [one.id for one in gates if one.verdict is Status.FAIL]
    unknown = [one.id for one in gates if one.verdict is Status.NOT_ASSESSED]
    parts = [f"{len(ids)} {word} ({_ids(ids)})" for ids, word in ((failed, "failed"), (unknown, "not assessed")) if ids]
    return f"{count(len(gates), 'more required gate')}: {listed(parts)}."


def _ids(ids: Sequence[str]) -> str:
    shown = [one.replace("-", "\u2011") for one in ids[:_IDS]]
    return ", ".join(shown) + (", …" if len(ids) > len(shown) else "")


def notices(
    assessment: Assessment, signer: Signer, decided: Decided, title: str | None, redacted: Sequence[PrivacyClass] = ()
) -> list[Notice]:
    """Returns what a reader of page 1 must not miss, overrides first.

    Args:
        assessment: The judgement.
        signer: Who signs the report.
        decided: What people decided.
        title: ``[report] title``, as printed.
        redacted: Privacy classes that the copy leaves out.
    """
    copy = [_redacted(redacted)] if redacted else []
    return [*_override_notices(decided), *copy, *_notices(assessment, signer, title)]


def _redacted(classes: Sequence[PrivacyClass]) -> Notice:
    text = f"{listed([*classes, 'free texts'])} are left out; the rest verifies against the same root."
    return Notice(kind="redacted", label="Redacted copy", text=text[:1].upper() + text[1:])


def _override_notices(decided: Decided) -> list[Notice]:
    """Returns what page 1 says of overrides: the one that decides now, and the newest of those before."""
    now = [one for one in decided.overrides if one.state != "past"]
    past = [one for one in decided.overrides if one.state == "past"]
    notices = [_override_now(now)] if now else []
    notices += [_override_past(one) for one in past[: _OVERRIDES - len(notices)]]
    if more := decided.overrides_total - len(now) - len(past[: _OVERRIDES - bool(now)]):
        last = notices[-1]
        notices[-1] = last.model_copy(update={"label": f"{last.label}, {count(more, 'more override')} before"})
    return notices


def _override_now(now: Sequence[OverrideRow]) -> Notice:
    who = listed([f"{one.by} ({one.role})" for one in now[:3]] + ([count(len(now) - 3, "other")] if len(now) > 3 else []))
    trial = " Signed with a trial key." if any(one.trial for one in now) else ""
    if now[0].state == "in force":
        text = f"The evidence says no-go. {who} let it pass on {utc(now[0].at)}: “{now[0].reason}”.{trial}"
        return Notice(kind="override", label="Overridden", text=text)
    text = f"{who} approved against the evidence. It does not count while a role rejects or another override is missing: “{now[0].reason}”."
    return Notice(kind="override", label="Override without effect", text=text + trial)


def _override_past(one: OverrideRow) -> Notice:
    trial = " Signed with a trial key." if one.trial else ""
    text = f"{one.by} ({one.role}) let {one.release} pass at {one.point} against a no-go on {utc(one.at)}: “{one.reason}”.{trial}"
    return Notice(kind="override", label="Earlier override", text=text)


def _next(decided: Decided) -> list[str]:
    """Says what is left to do where no gate stands in the way: conditions first, then waivers that end soon."""
    waiting = [one for one in decided.conditions if one.state != "met"]
    lines = [_promise(one) for one in waiting[:_STEPS]]
    if len(waiting) > _STEPS:
        lines.append(f"{count(len(waiting) - _STEPS, 'more condition')} of earlier approvals.")
    ending = [f"{one.id} for {one.target} ({one.left})" for one in decided.waivers if one.soon]
    if ending:
        lines.append(f"Waivers that end soon: {listed(ending[:_STEPS])}.")
    return lines


def _promise(one: ConditionRow) -> str:
    return f"{one.id}, {one.owner}, due {show_due(one.due_at)} ({one.left}): {cut(one.text, _VALUE)}; {one.closes} closes it."


def _approvals(roles: Sequence[Stand]) -> str:
    """Says in one sentence whose word there is and whose is missing."""
    if not roles:
        return "No role is asked to approve."
    approved = [_voice(one, one.approvals) for one in roles if one.approved]
    rejected = [_voice(one, one.rejections) for one in roles if one.rejections]
    waiting = [cut(one.title, 40) for one in roles if one.required and not one.approved and not one.rejections]
    parts = (("rejected by", rejected), ("approved by", approved), ("waiting for", waiting))
    text = "; ".join(f"{word} {listed(names)}" for word, names in parts if names)
    return text[:1].upper() + text[1:] + "."


def _voice(stand: Stand, signed: Sequence[SignOff]) -> str:
    return f"{cut(stand.title, 40)} ({listed([cut(one.by, 40) for one in signed[:2]])})"


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
