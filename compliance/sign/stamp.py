"""What a reader sees in the box of a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from markupsafe import escape

from ..report.fonts import FONT_STACK
from ..report.pdf import render_page
from ..report.text import visible

if TYPE_CHECKING:
    from datetime import datetime

    from .keys import SigningKey

__all__ = ["render_stamp"]

_LINES: Final = 4
_LINE_HEIGHT: Final = 1.3
_LARGEST: Final = 9.0  # points


def render_stamp(key: SigningKey, when: datetime, *, width: float, height: float, note: str | None = None) -> bytes:
    """A PDF of one page, as large as the box: who signed, when, with which certificate, and whether it is a trial.

    Args:
        key: Who signs.
        when: Time of the signature, UTC.
        width: Width of the box in points.
        height: Height of the box in points.
        note: A line below the name, such as a decision.
    """
    lines = _LINES if note is None else _LINES + 1
    size = min(_LARGEST, height / (lines * _LINE_HEIGHT + 1))
    noted = "" if note is None else f"<p>{escape(visible(note))}</p>"
    trial = '<p class="trial">TRIAL KEY: proves nothing to others</p>' if key.is_trial else ""
    style = (
        f"@page {{ size: {width}pt {height}pt; margin: 0 }}"
        f"body {{ margin: 0; padding: {size / 2}pt; height: {height - size}pt; overflow: hidden;"
        f" font: {size}pt/{_LINE_HEIGHT} {FONT_STACK}; color: #1a1a1a }}"
        "p { margin: 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis }"
        f".who {{ font-weight: 700 }} .trial {{ font-weight: 700; color: #9b1c1c }} .small {{ font-size: {size * 0.75}pt }}"
    )
    return render_page(
        f"<!DOCTYPE html><html lang='en'><head><title>Signature</title><style>{style}</style></head><body>"
        f"<p class='who'>Signed by {escape(visible(key.subject))}</p>{noted}"
        f"<p>{when:%Y-%m-%d %H:%M:%S} UTC</p>{trial}"
        f"<p class='small'>Certificate SHA-256 {key.fingerprint[:32]}…</p></body></html>",
        when=when,
    )
