"""The font in which other programs write into the fields of a document: embedded, so that the file stays PDF/A when they do."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from fontTools import subset  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from fontTools.varLib.instancer import instantiateVariableFont  # type: ignore[import-untyped]
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from ..report.fonts import font_bytes
from .fields import dictionary

if TYPE_CHECKING:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

FONT: Final = "/FormSans"
"""Name under which the fields ask for it."""
_FIRST, _LAST = 32, 255
_NONSYMBOLIC: Final = 1 << 5
_NAME: Final = "AAAAAA+NotoSans"


def add_font(writer: IncrementalPdfFileWriter) -> Any:
    """Adds the font, and returns its reference: TrueType in WinAnsiEncoding (ISO 32000-1 section 9.6.6), Western European letters."""
    content, widths, metrics = _subset()
    stream = generic.StreamObject(stream_data=content)
    stream[pdf_name("/Length1")] = _number(len(content))
    stream.compress()  # type: ignore[no-untyped-call]
    descriptor = dictionary(
        Type=pdf_name("/FontDescriptor"),
        FontName=pdf_name(f"/{_NAME}"),
        Flags=_number(_NONSYMBOLIC),
        FontBBox=generic.ArrayObject([_number(value) for value in metrics["box"]]),
        ItalicAngle=_number(0),
        Ascent=_number(metrics["ascent"]),
        Descent=_number(metrics["descent"]),
        CapHeight=_number(metrics["cap"]),
        StemV=_number(80),
        FontFile2=writer.add_object(stream),
    )
    return writer.add_object(
        dictionary(
            Type=pdf_name("/Font"),
            Subtype=pdf_name("/TrueType"),
            BaseFont=pdf_name(f"/{_NAME}"),
            Encoding=pdf_name("/WinAnsiEncoding"),
            FirstChar=_number(_FIRST),
            LastChar=_number(_LAST),
            Widths=generic.ArrayObject([_number(value) for value in widths]),
            FontDescriptor=writer.add_object(descriptor),
        )
    )


@cache
def _subset() -> tuple[bytes, tuple[int, ...], dict[str, Any]]:
    """The font file with the letters of the encoding only, their widths, and its metrics, in thousandths of an em."""
    font = TTFont(BytesIO(font_bytes("font/NotoSans.ttf") or b""))
    letters = [bytes([code]).decode("cp1252", "ignore") for code in range(_FIRST, _LAST + 1)]
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True, drop_tables=["GPOS", "GSUB", "GDEF", "STAT"])
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(letters))
    cutter.subset(font)
    static = instantiateVariableFont(font, {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes})
    scale = 1000 / static["head"].unitsPerEm
    names, advances = static.getBestCmap(), static["hmtx"].metrics
    widths = tuple(round(advances[names.get(ord(one) if one else 0, ".notdef")][0] * scale) for one in letters)
    head, horizontal = static["head"], static["hhea"]
    metrics = {
        "box": [round(value * scale) for value in (head.xMin, head.yMin, head.xMax, head.yMax)],
        "ascent": round(horizontal.ascent * scale),
        "descent": round(horizontal.descent * scale),
        "cap": round(getattr(static["OS/2"], "sCapHeight", 714) * scale),
    }
    out = BytesIO()
    static.save(out)
    return out.getvalue(), widths, metrics


def _number(value: int) -> generic.NumberObject:
    return generic.NumberObject(value)  # type: ignore[no-untyped-call]
