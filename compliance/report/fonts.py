"""The font that every document is set in: Noto Sans as the PyPI package ``fontpkg-noto-sans`` ships it.

The package holds two variable files, upright and italic, with a weight axis; WeasyPrint writes a static instance per
weight used. There is no monospaced face: digests and tables use Noto Sans with ``font-variant-numeric: tabular-nums``.
Its width axis must stay alone (no ``font-stretch``): WeasyPrint embeds the normal width whatever was asked for.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from compliance.errors import RenderError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["FONT_FAMILY", "covered_codepoints", "font_bytes", "font_digests", "font_face_css"]

FONT_FAMILY: Final = "Compliance Sans"
"""Name under which style sheets ask for the font.

It is a name of our own so that a Noto Sans of the operating system, another version with other bytes, cannot step in.
"""

_PACKAGE: Final = "fontpkg_noto_sans"
_DISTRIBUTION: Final = "fontpkg-noto-sans"
_FACES: Final = {
    "font/NotoSans.ttf": ("NotoSans[wdth,wght].ttf", "normal"),
    "font/NotoSans-Italic.ttf": ("NotoSans-Italic[wdth,wght].ttf", "italic"),
}


def font_face_css() -> str:
    """The ``@font-face`` rules of `FONT_FAMILY`; `compliance.report.pdf.render_pdf` adds them by itself."""
    return "\n".join(
        f"@font-face {{ font-family: '{FONT_FAMILY}'; font-style: {style}; src: url(package:{name}) format('truetype') }}"
        for name, (_, style) in _FACES.items()
    )


@cache
def font_bytes(name: str) -> bytes | None:
    """The font file served as ``package:<name>``, or None if there is no such font.

    Raises:
        RenderError: The font package is not installed or is incomplete.
    """
    if name not in _FACES:
        return None
    try:
        return _font_file(_FACES[name][0]).read_bytes()
    except (ImportError, OSError) as error:
        raise _font_missing(str(error)) from error


@cache
def font_digests() -> dict[str, str]:
    """SHA-256 (hex) of each font file by its packaged file name."""
    return {file: hashlib.sha256(font_bytes(name) or b"").hexdigest() for name, (file, _) in _FACES.items()}


@cache
def covered_codepoints() -> frozenset[int]:
    """Code points for which the upright and the italic face both have a glyph."""
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    try:
        maps = []
        for file, _ in _FACES.values():
            with _font_file(file).open("rb") as stream, TTFont(stream, lazy=True) as font:
                maps.append(frozenset(font.getBestCmap()))
    except (ImportError, OSError) as error:
        raise _font_missing(str(error)) from error
    return frozenset.intersection(*maps)


def _font_file(file: str) -> Traversable:
    return files(_PACKAGE) / "files" / file


def _font_missing(reason: str) -> RenderError:
    return RenderError(f"the font package {_DISTRIBUTION} cannot be read: {reason}", hint=f"pip install --force-reinstall {_DISTRIBUTION}")
