"""Shapes and words of a picture as SVG, placed by hand: no library, no script; text is measured with the font that it is set in.

All sizes are in units of a point on a page of the usual width.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from markupsafe import escape

from ..fonts import FONT_STACK, advances
from ..text import visible

WIDTH: Final = 482.0
"""Width of the text block of an A4 page in points."""
TEXT: Final = 8.0
SMALL: Final = 7.2
ROW: Final = 15.0
BOLD: Final = 1.09
"""How much wider bold text is than the upright one that is measured."""
INK, MUTED, RULE, TRACK = "#1c2127", "#57606a", "#c9d0d8", "#eceff3"
GOOD, BAD, DARK, MIDDLE = "#4d9a8c", "#a6290d", "#123b5d", "#6c8eae"


def svg(height: float, parts: Iterable[str]) -> str:
    """Returns an SVG document of the usual width."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {height:g}" width="{WIDTH:g}" height="{height:g}" '
        f'font-family="{FONT_STACK}" font-size="{TEXT:g}" fill="{INK}">{"".join(parts)}</svg>'
    )


def text(x: float, y: float, words: str, *, anchor: str = "start", size: float = TEXT, fill: str = INK, bold: bool = False) -> str:
    """Returns a line of text; its words are made visible and escaped."""
    weight = ' font-weight="700"' if bold else ""
    at = f'x="{x:.2f}" y="{y:.2f}" font-size="{size:g}" fill="{fill}"'
    return f'<text {at} text-anchor="{anchor}"{weight}>{escape(visible(words))}</text>'


def bar(x: float, y: float, width: float, height: float, fill: str, *, stroke: str | None = None) -> str:
    """Returns a rectangle; one of something is never thinner than a hairline that prints."""
    outline = f' stroke="{stroke}" stroke-width="0.6"' if stroke else ""
    return f'<rect x="{x:.2f}" y="{y:.2f}" width="{max(width, 0.8):.2f}" height="{height:.2f}" fill="{fill}"{outline}/>'


def line(x1: float, y1: float, x2: float, y2: float, *, stroke: str = RULE, width: float = 0.6, dash: str = "") -> str:
    """Returns a straight line."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    ends = f'x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}"'
    return f'<line {ends} stroke="{stroke}" stroke-width="{width:g}"{dashes}/>'


def plate(x: float, y: float, words: str, *, size: float = SMALL, fill: str = INK) -> str:
    """Returns a line of text on a white ground, for places where a line may run behind it."""
    return bar(x - 2, y - size, measure(words, size) + 4, size + 2.5, "#ffffff") + text(x, y, words, size=size, fill=fill)


def limit_mark(x: float, top: float, bottom: float) -> str:
    """Returns the mark of a limit: a dark dashed line with a triangle on top, unlike any bar."""
    triangle = f'<path d="M{x - 3:.2f} {top - 4:.2f} h6 l-3 4 z" fill="{INK}"/>'
    return line(x, top, x, bottom, stroke=INK, width=0.9, dash="2.4 1.6") + triangle


def fit(words: str, width: float, size: float = TEXT) -> str:
    """Cuts text to a width: the middle goes, because names differ at their ends."""
    words = visible(words)
    if measure(words, size) <= width:
        return words
    keep = len(words)
    while keep > 2:
        keep = max(2, min(keep - 1, int(keep * 0.95)))
        head = keep // 3
        shown = words[:head] + "…" + words[len(words) - (keep - head) :]
        if measure(shown, size) <= width:
            return shown
    return "…"


def measure(words: str, size: float = TEXT, *, bold: bool = False) -> float:
    """Returns the width of a line of text in points."""
    widths = advances()
    return sum(widths.get(ord(one), 0.6) for one in words) * size * (BOLD if bold else 1.0)


def key(x: float, y: float, entries: Iterable[tuple[str, str | None, str]]) -> str:
    """Returns what each fill of a picture stands for: fill, outline and word of each, from left to right."""
    parts = []
    for fill, stroke, word in entries:
        parts.append(bar(x, y - 6.5, 8, 7, fill, stroke=stroke))
        parts.append(text(x + 12, y, word, size=SMALL, fill=MUTED))
        x += 12 + measure(word, SMALL) + 14
    return "".join(parts)
