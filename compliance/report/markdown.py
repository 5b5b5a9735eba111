"""A check as Markdown: the summary of a job, and the comment on a pull or merge request.

It begins with a comment that names project and decision point, by which a bot finds its own comment again and updates it. Text that comes
from evidence is written so that GitHub and GitLab make neither markup, links, mentions nor references of it. The whole stays within
GitHub's limit for a comment, counted in bytes; what does not fit is counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ..assessment import Assessment, GateResult
from ..gate import Status
from ..plaintext import safe
from ..record import shorten
from .checked import Checked
from .words import count, observed, show

LIMIT: Final = 65_536
"""Characters of the longest comment that GitHub takes; kept in bytes here, of which there are never fewer."""
MARKER: Final = "<!-- compliance-check: {} -->"
_WORDS: Final = {"go": "✅ GO", "go-with-conditions": "⚠️ GO WITH CONDITIONS", "no-go": "❌ NO-GO"}
_SIGNS: Final = {Status.FAIL: "❌ fail", Status.NOT_ASSESSED: "❔ not assessed", Status.WAIVED: "⚠️ waived"}
_PLACES: Final = 10
_CELL: Final = 200
_LINE: Final = 600
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>#!|~&$@^]|:(?=//)|(?<=www)\.", re.IGNORECASE)
"""What is markup or begins a link anywhere in a line; untrusted text never begins one."""
_SPACE: Final = "&#8203;"
"""A space without width: it keeps what follows from being a reference."""
_REFERENCE: Final = re.compile(r"(?<=[@#!~%$^&])(?=\w)|(?<=://)|(?<=\bwww)(?=\.)|(?<=\bGH)(?=-\d)", re.IGNORECASE)
"""Inside of what GitHub or GitLab turn into mentions, references and links."""
_QUOTED: Final = re.compile("&#96;(.+?)&#96;")


def text(checked: Checked) -> str:
    """Returns the document, of at most `LIMIT` bytes."""
    assessment = checked.assessment
    head = [marker(assessment), *_head(checked)]
    red, others = checked.red, [gate for gate in checked.gates if not gate.red and gate.verdict in _SIGNS and gate.id not in checked.before]
    left = LIMIT - _bytes(head) - 3_000  # for the lines that say what was left out, and the last one
    parts = [
        _rows("Made worse by this change" if checked.change else "Red gates", red, left // 3),
        _rows("Waived, and advisory gates that are red", others, left // 9),
        _details(checked, left // 3),
        _rules(checked, left // 9),
        _people(assessment, left // 9),
    ]
    lines = [*head, *(line for part in parts for line in part), *_end(assessment)]
    return "\n".join(lines) + "\n"


def marker(assessment: Assessment) -> str:
    """Returns the comment by which a bot finds what it wrote before: the same for every check of this project at this point."""
    words = re.sub(r"[^A-Za-z0-9._]+", "-", f"{assessment.subject.project} {assessment.point}").strip("-")
    return MARKER.format(words)


def plain(text: str) -> str:
    """Returns untrusted text for running text: no markup, no link, no mention, no reference; what stands in backticks is code."""
    encoded = _SPACE.join(_encoded(part) for part in _REFERENCE.split(safe(text)))
    return _QUOTED.sub(r"<code>\1</code>", encoded)


def code(text: str) -> str:
    """Returns untrusted text as code, in which nothing is a mention or a link; it can be copied as it stands."""
    return f"<code>{_encoded(safe(text))}</code>" if text else ""


def _encoded(text: str) -> str:
    """Numeric references never begin or end markup (CommonMark 0.31, section 2.5)."""
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", text)


def _head(checked: Checked) -> Iterator[str]:
    assessment, subject = checked.assessment, checked.assessment.subject
    name = " ".join(part for part in (subject.project, subject.version) if part)
    word = _WORDS[assessment.outcome]
    if checked.change:
        word = f"{'❌' if checked.change.fails else '✅'} {checked.change_word}"
    yield f"## {word}: {plain(shorten(name, _CELL))}"
    yield ""
    for sentence in checked.said_of_change:
        yield plain(shorten(sentence, _LINE))
    if checked.change:
        yield ""
        yield f"As it stands: {_WORDS[assessment.outcome]}. {_cut(assessment.because)}"
    else:
        yield _cut(assessment.because)
    yield ""
    commit = code(subject.commit[:12]) if subject.commit else "no commit"
    at = f"{assessment.as_of:%Y-%m-%d %H:%M:%S} UTC"
    yield f"Commit {commit}, decision point {code(assessment.point)}, as of {at}."
    if assessment.scope == "partial":
        yield "Partial check: some gates only; it says nothing about the release."
    if assessment.hindsight:
        yield f"In hindsight: judged at {assessment.judged_at:%Y-%m-%d %H:%M:%S} UTC with the clock above."


def _rows(title: str, gates: Sequence[GateResult], limit: int) -> Iterator[str]:
    if not gates:
        return
    yield from ("", f"### {title}", "", "| Verdict | Gate | Observed | Threshold |", "| --- | --- | --- | --- |")
    rows = [_row(gate) for gate in gates]
    yield from _fitting(rows, limit, lambda more: f"\n{count(more, 'further gate')} not shown.")


def _row(gate: GateResult) -> str:
    said = _SIGNS[gate.verdict] + (f" ({gate.reason.value})" if gate.reason else "")
    cells = [said, f"{code(gate.id)} {plain(gate.title)}"]
    cells += [plain(shorten(value, _CELL)) for value in (observed(gate.observed, gate.threshold), show(gate.threshold))]
    return f"| {' | '.join(cells)} |"


def _details(checked: Checked, limit: int) -> Iterator[str]:
    if not checked.red:
        return
    yield from ("", "### How to turn them green", "")
    blocks = ["\n".join(_block(gate, checked.why(gate))) for gate in checked.red]
    yield from _fitting(blocks, limit, lambda more: f"{count(more, 'further gate')} not shown; `compliance check` lists all.")


def _block(gate: GateResult, why: str) -> Iterator[str]:
    yield f"- {code(gate.id)} {_cut(f'{why}: {gate.message}' if why else gate.message)}"
    for spot in gate.places[:_PLACES]:
        yield f"  - {code(shorten(spot.where, _CELL))} {plain(shorten(spot.what, _CELL))}".rstrip()
    if len(gate.places) > _PLACES:
        yield f"  - {len(gate.places) - _PLACES} more"
    yield f"  - **Fix:** {_cut(gate.fix)}"


def _rules(checked: Checked, limit: int) -> Iterator[str]:
    if not checked.base:
        return
    first, *others = checked.said_of_base
    yield from ("", "### Rules", "", _cut(first), "")
    yield from _fitting([f"- {_cut(line)}" for line in others], limit, lambda more: f"- {more} more")


def _people(assessment: Assessment, limit: int) -> Iterator[str]:
    rows = [f"- Loosened: {_cut(f'{one.gate} {one.what} {one.value}, default {one.default}')}" for one in assessment.loosened]
    rows += [f"- Waiver {_cut(f'{one.id} for {one.target}: {one.state.value} {one.why}')}" for one in assessment.waivers]
    if rows:
        yield from ("", "### Loosened and waived", "")
        yield from _fitting(rows, limit, lambda more: f"- {more} more")


def _cut(text: str) -> str:
    return plain(shorten(text.strip(), _LINE))


def _end(assessment: Assessment) -> Iterator[str]:
    passed = sum(gate.verdict is Status.PASS for gate in assessment.gates)
    yield ""
    yield f"{passed} of {count(len(assessment.gates), 'gate')} passed; {assessment.left_out} not asked at this decision point."


def _fitting(rows: Sequence[str], limit: int, more: Callable[[int], str]) -> Iterator[str]:
    """Yields the rows that fit into a number of bytes, and says how many did not."""
    used = 0
    for number, row in enumerate(rows):
        used += _bytes([row])
        if used > limit:
            yield more(len(rows) - number)
            return
        yield row


def _bytes(lines: Sequence[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)
