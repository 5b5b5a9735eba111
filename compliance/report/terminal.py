"""An assessment for the terminal: one line per gate, red ones expanded, the outcome last. Calm, aligned, good without colour."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from ..assessment import Assessment, GateResult
from ..cli.table import width, wrap
from ..gate import Status
from ..judgement.forecast import Forecast
from ..plaintext import safe
from ..times import show_due, show_span
from ..waiver import ends_soon
from .checked import Checked
from .words import NBSP, against, cut

_SIGN: Final = {
    Status.PASS: ("+", "pass"),
    Status.FAIL: ("x", "FAIL"),
    Status.WAIVED: ("~", "waived"),
    Status.NOT_APPLICABLE: ("-", "n/a"),
    Status.NOT_ASSESSED: ("?", "NOT ASSESSED"),
}
_COLOUR: Final = {
    Status.PASS: "32",
    Status.FAIL: "1;31",
    Status.WAIVED: "33",
    Status.NOT_APPLICABLE: "2",
    Status.NOT_ASSESSED: "35",
}
_OUTCOME_COLOUR: Final = {"go": "1;32", "go-with-conditions": "1;33", "no-go": "1;31"}
_EXPANDED: Final = (Status.FAIL, Status.NOT_ASSESSED)
_PLACES: Final = 5
_INDENT: Final = 2 + 14 + 2 + 11 + 2
"""Columns before the statement: verdict and id."""
_STATEMENT: Final = 46
_WIDE: Final = 110
"""Columns from which on what was observed has a column of its own."""
_SENTENCE: Final = re.compile(r"(?<=\.) (?=[A-Z\"`])")
_MEASURED: Final = 160
"""Characters of what was observed against the threshold."""


def lines(checked: Checked, *, colour: bool = False) -> Iterator[str]:
    """Yields the lines of the text form of ``check``; where a change is compared with its base, only what is worse.

    Args:
        checked: What to show.
        colour: Whether to mark verdicts with ANSI colours; words and signs carry the meaning without them.
    """
    assessment, subject = checked.assessment, checked.assessment.subject
    name = " ".join(part for part in (subject.project, subject.version) if part)
    commit = f"commit {subject.commit[:12]}" if subject.commit else "no commit"
    place = f"environment {subject.environment}" if subject.environment else ""
    about = safe("  ".join(part for part in (name, commit, place, f"point {assessment.point}") if part))
    time = f"as of {assessment.as_of:%Y-%m-%d %H:%M:%S} UTC"
    if len(about) + 2 + len(time) <= width():
        yield f"{about}  {time}"
    else:
        yield from _indented(about, 0)
        yield time
    if assessment.hindsight:
        yield f"in hindsight: judged at {assessment.judged_at:%Y-%m-%d %H:%M:%S} UTC with the clock above"
    framework = None
    shown = list(checked.gates if checked.change is None else checked.worse.values())
    for result in shown:
        if result.framework != framework:
            framework = result.framework
            yield ""
            yield safe(framework)
        yield from _gate(result, colour, checked.why(result))
    yield ""
    if any(result.verdict in _EXPANDED for result in shown):
        yield "`compliance explain GATE` says more about a gate."
    for number, said in enumerate(checked.said_of_base):
        yield from _indented(said, 2 if number else 0)
    for change in assessment.loosened:
        by = f" by {change.by}" if change.by else ""
        yield from _indented(f"loosened: {change.gate} {change.what} {change.value} (default {change.default}){by}", 0)
    yield from _people(checked)
    yield from _end(assessment, colour)
    yield from _change(checked, colour)


def _people(checked: Checked) -> Iterator[str]:
    """Says what of waivers and conditions somebody has to look at."""
    assessment = checked.assessment
    for one in assessment.waivers:
        if one.why:
            yield from _indented(f"waiver {one.id} for {one.target}: {one.state.value}, {one.why}", 0)
        elif ends_soon(one, checked.waivers, assessment.as_of):
            yield from _indented(f"waiver {one.id} for {one.target} ends in {show_span(one.expires_at - assessment.as_of)}", 0)
    for condition in assessment.conditions:
        if condition.met_by is None:
            yield from _indented(f"condition {condition.id}, due {show_due(condition.due_at)}, waits for {condition.waits_for}", 0)


def _change(checked: Checked, colour: bool) -> Iterator[str]:
    """Says what a comparison came to; its last line is what decides the exit code."""
    if checked.change is None:
        return
    first, *others = checked.said_of_change
    for sentence in others:
        yield from _indented(sentence, 0)
    word = checked.change_word
    pieces = wrap(safe(first), width() - len(word) - 2)
    shown = f"\x1b[{_OUTCOME_COLOUR['no-go' if checked.change.fails else 'go']}m{word}\x1b[0m" if colour else word
    yield f"{shown}: {pieces[0]}"
    yield from (" " * (len(word) + 2) + piece for piece in pieces[1:])


def _gate(result: GateResult, colour: bool, why: str = "") -> Iterator[str]:
    sign, word = _SIGN[result.verdict]
    verdict = f"{sign} {word}".ljust(14)
    if colour:
        verdict = f"\x1b[{_COLOUR[result.verdict]}m{verdict}\x1b[0m"
    statement = safe(result.title) + ("" if result.required else " (advisory)")
    head = f"  {verdict}  {result.id.ljust(11)}  "
    expanded = result.verdict in _EXPANDED
    for number, line in enumerate(_columns(statement, _measured(result), expanded)):
        yield (" " * _INDENT if number else head) + line
    if expanded:
        yield from _indented(why, 18) if why else ()
        yield from _details(result)
    elif result.verdict is Status.WAIVED:
        yield from _indented(f"{result.message} ({', '.join(result.waivers)})", 18)


def _measured(result: GateResult) -> str:
    return safe(cut(against(result.observed, result.threshold), _MEASURED).replace(NBSP, " "))


def _columns(statement: str, measured: str, expanded: bool) -> Iterator[str]:
    """Yields the statement and, where there is room for a column of its own, what was observed against the threshold.

    On a narrow terminal that follows the statement, or stands below it where the gate is expanded anyway.
    """
    room = width() - _INDENT
    if width() < _WIDE:
        yield from wrap(statement if expanded or not measured else f"{statement}: {measured}", room)
        return
    left = wrap(statement, _STATEMENT)
    right = wrap(measured, room - _STATEMENT - 2)
    for one, other in zip_longest(left, right, fillvalue=""):
        yield f"{one.ljust(_STATEMENT)}  {other}".rstrip()


def _details(result: GateResult) -> Iterator[str]:
    indent = 18
    reason = f"{result.reason.value}: " if result.reason else ""
    yield from _indented(reason + result.message, indent)
    if width() < _WIDE and (measured := _measured(result)):
        yield from _indented(f"observed {measured}", indent)
    for spot in result.places[:_PLACES]:
        yield from _indented(f"{spot.where}  {spot.what}".rstrip(), indent + 2)
    if len(result.places) > _PLACES:
        yield " " * (indent + 2) + "… and more"
    if result.evidence:
        yield " " * indent + "evidence " + ", ".join(f"#{entry}" for entry in result.evidence[:12])
    yield from _indented(f"fix: {_first_sentence(result.fix)}", indent)


def _first_sentence(text: str) -> str:
    """Returns what has to be done; the rest of a gate's advice stands in `compliance explain`, in the report and in the other forms."""
    return _SENTENCE.split(text, maxsplit=1)[0]


def _indented(text: str, indent: int) -> Iterator[str]:
    for line in wrap(safe(text), width() - indent):
        yield " " * indent + line


def _end(assessment: Assessment, colour: bool) -> Iterator[str]:
    score = assessment.score
    if score.readiness is not None:
        yield from _indented(f"readiness {score.readiness:.1%} = {score.formula}; the score never decides", 0)
    if assessment.left_out and assessment.scope == "full":
        yield f"{assessment.left_out} gates are not asked at point {safe(assessment.point)}"
    if assessment.scope == "partial":
        yield "partial check: some gates only; it says nothing about the release"
    word = assessment.outcome.upper()
    if colour:
        word = f"\x1b[{_OUTCOME_COLOUR[assessment.outcome]}m{word}\x1b[0m"
    pieces = wrap(safe(assessment.because), width() - len(assessment.outcome) - 2)
    yield f"{word}: {pieces[0]}"
    yield from (" " * (len(assessment.outcome) + 2) + piece for piece in pieces[1:])


def forecast_lines(ahead: Forecast) -> Iterator[str]:
    """Yields what turns red, and when, if nothing is done."""
    yield ""
    yield f"if nothing is done until {ahead.until:%Y-%m-%d}:"
    if not ahead.turns:
        yield "  nothing turns red that is green now"
    for turn in ahead.turns:
        advisory = "" if turn.required else " (advisory)"
        yield from _indented(f"{turn.at:%Y-%m-%d %H:%M} UTC  {turn.gate}{advisory}: {turn.message}", 2)
