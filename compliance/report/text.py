"""Untrusted text made fit for a document: what cannot be printed is shown as ``[U+XXXX]`` or by its name, never dropped.

Control characters, ANSI escapes of build logs, and characters without a glyph make WeasyPrint write a file that claims
PDF/A and is not (``.notdef`` glyphs, ISO 19005-3 clause 6.2.11.8); bidirectional overrides and invisible characters let a
finding read as something else than it is.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from .fonts import covered_codepoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["FILTERS", "soft_breaks", "visible"]

MAX_MARKS: Final = 3
"""Combining marks allowed on one character; more of them climb over the neighbouring lines."""

LONG_RUN: Final = 24
"""Characters without any place to break after which one is made."""

_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Printable by category, yet without any ink (Unicode, DerivedCoreProperties, Default_Ignorable_Code_Point).
_INVISIBLE: Final = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}) | frozenset(
    [*range(0x180B, 0x1810), *range(0xFE00, 0xFE10)]
)
_PRESENTATION: Final = re.compile("(?<=[\u2100-\u2bff\U0001f000-\U0001faff])\ufe0f")
"""The variation selector behind a symbol that asks for its coloured form (Unicode, UTS 51)."""
_BREAK_AFTER: Final = re.compile(rf"(?<=[^/._\\\s-])[/._\\-]+(?=[^/._\\\s-])|[^/._\\\s-]{{{LONG_RUN}}}(?=[^/._\\\s-])")
"""Behind a separator that has something before it, so not behind the first slash of a path, and within what is long."""


def visible(value: object) -> str:
    r"""Shows every character that has no place in a document as ``[U+XXXX]``; pictographs by their name, such as ``[rocket]``.

    Line feed, tab and space stay; ``\r\n`` becomes ``\n``, and behind a pictograph the request to colour it is left out. The result is
    plain text: it still has to be escaped.

    Args:
        value: The text; anything else is taken as ``str(value)``, and markup is taken as text.
    """
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    text = _PRESENTATION.sub("", text.replace("\r\n", "\n"))
    text = _unfit().sub(_shown, text)
    return text if text.isascii() else _piled_marks().sub(_shown_tail, text)


def soft_breaks(value: object) -> Markup:
    r"""Escapes untrusted text for HTML and lets it wrap after ``/ . _ - \`` and inside long runs.

    Args:
        value: The text, made `visible` first.

    Returns:
        Markup with ``<wbr>`` at the places where a line may end, for columns of ``table-layout: fixed``.
    """
    text = visible(value)
    parts = []
    start = 0
    for match in _BREAK_AFTER.finditer(text):
        parts.append(escape(text[start : match.end()]))
        start = match.end()
    parts.append(escape(text[start:]))
    return Markup("<wbr>").join(parts)


FILTERS: Final[dict[str, Callable[[object], str]]] = {"visible": visible, "soft_breaks": soft_breaks}
"""Both filters by name, for ``jinja2.Environment.filters.update(FILTERS)``."""


def _shown(match: re.Match[str]) -> str:
    return "".join(f"[{_name(character)}]" for character in match[0])


def _name(character: str) -> str:
    name: str = unicodedata.name(character, "") if unicodedata.category(character) == "So" else ""
    return name.lower() or f"U+{ord(character):04X}"


def _shown_tail(match: re.Match[str]) -> str:
    marks = match[0]
    return marks[:MAX_MARKS] + "".join(f"[U+{ord(mark):04X}]" for mark in marks[MAX_MARKS:])


@cache
def _unfit() -> re.Pattern[str]:
    """Characters to show by their number: everything but what the font has and what is meant to be seen."""
    fit = sorted({0x09, 0x0A, 0x20} | {point for point in covered_codepoints() if _is_fit(point)})
    return re.compile(f"[^{_character_class(fit)}]+")


@cache
def _piled_marks() -> re.Pattern[str]:
    marks = sorted(point for point in covered_codepoints() if unicodedata.combining(chr(point)))
    return re.compile(f"[{_character_class(marks)}]{{{MAX_MARKS + 1},}}")


def _is_fit(point: int) -> bool:
    return point not in _INVISIBLE and unicodedata.category(chr(point)) not in _UNPRINTABLE


def _character_class(points: Iterable[int]) -> str:
    ranges: list[list[int]] = []
    for point in points:
        if ranges and point == ranges[-1][1] + 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
