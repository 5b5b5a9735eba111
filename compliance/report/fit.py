"""How many red gates page 1 holds: the heights of its parts, from their texts as measured in the font that they are set in.

Sizes are those of ``templates/audit/report.css``, in points. Each text on page 1 has a greatest number of lines, which the style sheet
enforces; most texts need fewer. A page that is estimated too full shows one gate less; `_SPARE` keeps it from being too full.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .figures.drawing import measure
from .model import Decision, RedGate

_MM: Final = 72 / 25.4
_PAGES: Final = {"A4": (170.0 * _MM, 266.0 * _MM), "Letter": (175.9 * _MM, 248.4 * _MM)}
"""Width and height of page 1 within its margins."""
_SPARE: Final = 9.0
_HEADING: Final = 23.5
_BOX: Final = 54.0
_RED: Final = 11.44
"""Line of the table of red gates."""


def fitting(
    decision: Decision, facts: Sequence[str], *, name: str, large: bool, overline: str, signed: str, formula: str, page: str
) -> int:
    """Returns how many of a decision's red gates fit on page 1; one at least.

    Args:
        decision: Page 1, with all the red gates that it may show.
        facts: Commit, environment, decision point, time, profile.
        name: Project and version.
        large: Whether the name is set large.
        overline: Title and organisation.
        signed: What stands below the signature.
        formula: The score and its formula.
        page: ``A4`` or ``Letter``.
    """
    width, height = _PAGES[page]
    taken = _top(decision, facts, name, large, overline, width) + _bottom(decision, signed, formula, width) + _SPARE
    for number, gate in enumerate(decision.red):
        taken += _gate(gate, width)
        if taken > height:
            return max(1, number)
    return len(decision.red)


def lines(text: str, size: float, width: float, most: int, *, bold: bool = False) -> int:
    """Returns how many lines a text takes, at most ``most``; what is wider than a line goes on in the next one."""
    space, used, number = measure(" ", size), 0.0, 1
    for word in text.split():
        length = measure(word, size, bold=bold)
        fits = used + space + length <= width
        number += 0 if fits or not used else 1
        used = used + space + length if fits and used else length
        number += int(used // width)
        used %= width
    return min(number, most)


def _top(decision: Decision, facts: Sequence[str], name: str, large: bool, overline: str, width: float) -> float:
    title = lines(name, 25, width, 3, bold=True) * 28 if large else lines(name, 15, width, 3, bold=True) * 16.8
    shares = (0.20, 0.18, 0.20, 0.26, 0.16)
    fact = max(lines(text, 9.5, width * share - 8, 2, bold=True) for text, share in zip(facts, shares, strict=True))
    outcome = 64.0 + 13.5 * lines(decision.because, 10, width - 84, 6)
    return lines(overline, 8.4, width, 2, bold=True) * 11.9 + 2 + title + 5 + 10.5 + fact * 13.5 + outcome + _strips(decision, width)


def _strips(decision: Decision, width: float) -> float:
    texts = {many: [f"{one.label}. {one.text}" for one in decision.notices if (one.kind == "override") is many] for many in (True, False)}
    overrides = sum(lines(text, 8.8, width - 46, 2) * 12.0 for text in texts[True])
    others = len(texts[False]) + (1 if decision.notices_more else 0)
    return (overrides + 16 if overrides else 0.0) + (others * 11.43 + 14.5 if others else 0.0)


def _gate(gate: RedGate, width: float) -> float:
    columns = (
        1 + lines(gate.statement, 8.6, width * 0.31 - 9, 2, bold=True),
        lines(gate.message, 8.6, width * 0.41 - 9, 3),
        lines(gate.threshold, 8.6, width * 0.28, 3),
    )
    return _RED * (max(columns) + lines(f"Next: {gate.fix}", 8.6, width, 2)) + 6.5


def _bottom(decision: Decision, signed: str, formula: str, width: float) -> float:
    """Everything below the red gates: the sentence on the rest of them, the matrix, the signature, and the table's own head."""
    rest = f"{decision.red_rest} All of them: Failed and not assessed gates, page 99. {decision.approvals} By whom: nobody is recorded."
    frameworks = sum(lines(one.title, 8.4, width * 0.57 * 0.38, 3) * 11.9 + 3.3 for one in decision.frameworks)
    matrix = 22 + frameworks + 15.2 + 3 + lines(formula, 7.6, width * 0.57, 6) * 10.5
    signature = _BOX + 4 + lines(signed, 7.6, width * 0.375, 4) * 10.5
    return _HEADING + 15.4 + 4 + lines(rest, 8.6, width, 6) * 12.2 + 2 + _HEADING + max(matrix, signature)
