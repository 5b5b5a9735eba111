"""The fonts that every document is set in: Noto Sans for words, DejaVu Sans for the symbols that it lacks.

Both come from PyPI packages: ``fontpkg-noto-sans`` holds two variable files, upright and italic, with a weight axis; WeasyPrint writes a
static instance per weight used. Its width axis must stay alone (no ``font-stretch``): WeasyPrint embeds the normal width whatever was asked
for. There is no monospaced face: digests and tables use Noto Sans with ``font-variant-numeric: tabular-nums``. ``ziafont`` ships DejaVu
Sans, one upright file, for arrows, mathematical signs, boxes and check marks in what tools say.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final

from ..errors import RenderError

__all__ = ["FONT_FAMILIES", "FONT_STACK", "advances", "covered_codepoints", "font_bytes", "font_digests", "font_face_css"]

FONT_FAMILIES: Final = ("Compliance Sans", "Compliance Symbols")
"""Names under which style sheets ask for the fonts, in this order.

They are names of our own so that a Noto Sans of the operating system, another version with other bytes, cannot step in.
"""
FONT_STACK: Final = ", ".join(f"'{family}'" for family in FONT_FAMILIES)
"""The value of ``font-family`` in style sheets."""
_SYMBOLS: Final = (
    range(0x2070, 0x20A0),  # superscripts and subscripts
    range(0x2100, 0x2800),  # letterlike symbols to supplemental arrows: numbers, mathematics, technical signs, boxes, shapes, dingbats
    range(0x2900, 0x2B00),  # more arrows and mathematics
)
"""Code points that the second font is used for. It has letters of more scripts too, among them some written from right to left."""
_EMOJI: Final = frozenset("◽◾☔☕☝♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫✌✍")
"""Symbols of the second font that Pango sets in no font but one of emoji, since they are emoji unless told otherwise (Unicode, UTS 51)."""


@dataclass(frozen=True)
class _Face:
    family: str
    styles: tuple[str, ...]
    distribution: str
    package: str
    file: str
    """Path within the package."""


_FACES: Final = {
    "font/NotoSans.ttf": _Face(FONT_FAMILIES[0], ("normal",), "fontpkg-noto-sans", "fontpkg_noto_sans", "files/NotoSans[wdth,wght].ttf"),
    "font/NotoSans-Italic.ttf": _Face(
        FONT_FAMILIES[0], ("italic",), "fontpkg-noto-sans", "fontpkg_noto_sans", "files/NotoSans-Italic[wdth,wght].ttf"
    ),
    "font/DejaVuSans.ttf": _Face(FONT_FAMILIES[1], ("normal", "italic"), "ziafont", "ziafont", "fonts/DejaVuSans.ttf"),
}


def font_face_css() -> str:
    """The ``@font-face`` rules of `FONT_FAMILIES`; `compliance.report.pdf.render_pdf` adds them by itself."""
    return "\n".join(
        f"@font-face {{ font-family: '{face.family}'; font-style: {style}; src: url(package:{name}) format('truetype') }}"
        for name, face in _FACES.items()
        for style in face.styles
    )


@cache
def font_bytes(name: str) -> bytes | None:
    """The font file served as ``package:<name>``, or None if there is no such font.

    Raises:
        RenderError: The font package is not installed or is incomplete.
    """
    if name not in _FACES:
        return None
    face = _FACES[name]
    try:
        return files(face.package).joinpath(*face.file.split("/")).read_bytes()
    except (ImportError, OSError) as error:
        raise RenderError(
            f"the font package {face.distribution} cannot be read: {error}", hint=f"pip install --force-reinstall {face.distribution}"
        ) from error


@cache
def font_digests() -> dict[str, str]:
    """SHA-256 (hex) of each font file by its packaged file name."""
    return {face.file.rpartition("/")[2]: hashlib.sha256(font_bytes(name) or b"").hexdigest() for name, face in _FACES.items()}


@cache
def covered_codepoints() -> frozenset[int]:
    """Code points for which there is a glyph in upright and in italic text."""
    upright, italic, symbols = (_advances_of(name).keys() for name in _FACES)
    signs = {point for point in symbols if any(point in one for one in _SYMBOLS) and chr(point) not in _EMOJI}
    return frozenset((upright & italic) | signs)


@cache
def advances() -> dict[int, float]:
    """Widths of the glyphs of upright text by code point, in em."""
    return {**_advances_of("font/DejaVuSans.ttf"), **_advances_of("font/NotoSans.ttf")}


@cache
def _advances_of(name: str) -> dict[int, float]:
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    with TTFont(BytesIO(font_bytes(name) or b""), lazy=True) as font:
        em, metrics = font["head"].unitsPerEm, font["hmtx"].metrics
        return {point: metrics[glyph][0] / em for point, glyph in font.getBestCmap().items()}
