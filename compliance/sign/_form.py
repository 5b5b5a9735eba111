"""The part of `compliance.sign.form` that needs pyHanko: adds fields, fills them in, reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from markupsafe import escape
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import RawContent
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.reader import PdfFileReader

from ..errors import InputError, SigningKeyError
from ..report.fonts import FONT_STACK
from ..report.pdf import render_page
from ..report.text import visible
from ._formfont import FONT, add_font
from ._reading import read_pdf
from .fields import dictionary, local, tag_widget, whole_points
from .form import MAX_TEXT, TICKED, TextField, TickField

if TYPE_CHECKING:
    from datetime import datetime

    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    from ..report.pdf import Box

OFF: Final = "/Off"
_PRINT, _MULTILINE, _COMBO, _EDIT = 1 << 2, 1 << 12, 1 << 17, 1 << 18
"""Flags of annotations and fields (ISO 32000-1 tables 165, 228, 230)."""
_SIZE: Final = 8.5
"""Points of the letters that are filled in."""
_MAX_FIELDS: Final = 1000


def add(writer: IncrementalPdfFileWriter, field: TickField | TextField) -> None:
    """Adds an empty field and tags it."""
    reference = _add_tick(writer, field) if isinstance(field, TickField) else _add_text(writer, field)
    form = _acroform(writer)
    form["/Fields"].append(reference)
    writer.update_container(form["/Fields"])


def _acroform(writer: IncrementalPdfFileWriter) -> Any:
    if "/AcroForm" not in writer.root:
        writer.root[pdf_name("/AcroForm")] = writer.add_object(dictionary(Fields=generic.ArrayObject()))
        writer.update_root()  # type: ignore[no-untyped-call]
    form = writer.root["/AcroForm"]
    if "/DR" not in form:
        form[pdf_name("/DR")] = dictionary(Font=generic.DictionaryObject({pdf_name(FONT): add_font(writer)}))  # type: ignore[no-untyped-call]
        form[pdf_name("/DA")] = generic.TextStringObject(_default_appearance())
        writer.update_container(form)
    return form


def _default_appearance() -> str:
    return f"{FONT} {_SIZE:g} Tf 0.11 g"


def _add_tick(writer: IncrementalPdfFileWriter, field: TickField) -> Any:
    reference = _widget(writer, field.name, field.description, field.box)
    widget = reference.get_object()
    width, height = _extent(widget)
    states = {TICKED: _tick(width, height), "Off": b""}
    shown = {pdf_name(f"/{name}"): _drawing(writer, content, width, height) for name, content in states.items()}
    widget[pdf_name("/FT")] = pdf_name("/Btn")
    widget[pdf_name("/V")] = widget[pdf_name("/AS")] = pdf_name(OFF)
    widget[pdf_name("/AP")] = dictionary(N=generic.DictionaryObject(shown))  # type: ignore[no-untyped-call]
    return reference


def _add_text(writer: IncrementalPdfFileWriter, field: TextField) -> Any:
    reference = _widget(writer, field.name, field.description, field.box)
    widget = reference.get_object()
    flags = _MULTILINE if field.multiline else 0
    widget[pdf_name("/FT")] = pdf_name("/Ch" if field.choices else "/Tx")
    if field.choices:
        flags = _COMBO | (_EDIT if field.free else 0)
        widget[pdf_name("/Opt")] = generic.ArrayObject([generic.TextStringObject(one) for one in field.choices])
    widget[pdf_name("/Ff")] = generic.NumberObject(flags)  # type: ignore[no-untyped-call]
    widget[pdf_name("/DA")] = generic.TextStringObject(_default_appearance())
    widget[pdf_name("/AP")] = dictionary(N=_drawing(writer, b"/Tx BMC EMC", *_extent(widget)))
    return reference


def _widget(writer: IncrementalPdfFileWriter, name: str, description: str, box: Box) -> Any:
    page, rectangle = box
    page_reference, _ = writer.find_page_for_modification(page)  # type: ignore[no-untyped-call]
    widget = dictionary(
        Type=pdf_name("/Annot"),
        Subtype=pdf_name("/Widget"),
        F=generic.NumberObject(_PRINT),  # type: ignore[no-untyped-call]
        P=local(writer, page_reference),
        Rect=generic.ArrayObject([generic.NumberObject(value) for value in whole_points(rectangle)]),  # type: ignore[no-untyped-call]
        T=generic.TextStringObject(name),
        TU=generic.TextStringObject(description),
    )
    reference = writer.add_object(widget)
    writer.register_annotation(page_reference, reference)  # type: ignore[no-untyped-call]
    tag_widget(writer, page, reference, description)
    return reference


def _extent(widget: Any) -> tuple[float, float]:
    left, bottom, right, top = (float(value) for value in widget["/Rect"])
    return right - left, top - bottom


def _tick(width: float, height: float) -> bytes:
    """A cross from corner to corner: what people draw by hand, and clear in print."""
    inset = min(width, height) * 0.2
    right, top = width - inset, height - inset
    return b"q 1.4 w 0.11 G %g %g m %g %g l %g %g m %g %g l S Q" % (inset, inset, right, top, inset, top, right, inset)


def _drawing(writer: IncrementalPdfFileWriter, content: bytes, width: float, height: float) -> Any:
    drawn = RawContent(content, box=BoxConstraints(width=width, height=height)).as_form_xobject()
    return writer.add_object(drawn)


# --- filling in ---


def fill(writer: IncrementalPdfFileWriter, wanted: Mapping[str, str], when: datetime) -> None:
    """Fills in fields; a text is drawn as it will be read.

    Raises:
        SigningKeyError: There is no such field, or no such box.
    """
    known = {str(one["/T"]): one for one in _fields(writer.root)}
    for name, value in wanted.items():
        if name not in known:
            raise SigningKeyError(f"the PDF has no field {name}")
        if known[name]["/FT"] == "/Btn":
            _fill_tick(writer, known[name], name, value)
        else:
            _fill_text(writer, known[name], value, when)


def _fill_tick(writer: IncrementalPdfFileWriter, field: Any, name: str, value: str) -> None:
    if value not in ("", TICKED):
        raise SigningKeyError(f"the field {name} is a box; expected {TICKED} or nothing, found {value}")
    field[pdf_name("/V")] = field[pdf_name("/AS")] = pdf_name(f"/{value}" if value else OFF)
    writer.update_container(field)


def _fill_text(writer: IncrementalPdfFileWriter, field: Any, value: str, when: datetime) -> None:
    width, height = _extent(field)
    several = int(field["/Ff"]) & _MULTILINE if field["/FT"] == "/Tx" else 0
    field[pdf_name("/V")] = generic.TextStringObject(value)
    drawn = _text_page(value, width, height, bool(several), when)
    appearance = writer.import_page_as_xobject(PdfFileReader(BytesIO(drawn)))
    field[pdf_name("/AP")] = dictionary(N=appearance)
    writer.update_container(field)


def _text_page(value: str, width: float, height: float, several: bool, when: datetime) -> bytes:
    """A page as large as the field, with its text as large as fits."""
    size = _SIZE
    lines = height / (size * 1.25) if several else 1
    # Noto Sans needs about half an em per letter; a long text is set smaller, down to what can still be read.
    while size > 4 and len(value) * size * 0.55 > (width - 4) * lines:
        size -= 0.5
        lines = height / (size * 1.25) if several else 1
    space = "pre-wrap" if several else "nowrap"
    style = (
        f"@page {{ size: {width}pt {height}pt; margin: 0 }}"
        f"body {{ margin: 0; padding: 1pt 2pt; font: {size}pt/1.25 {FONT_STACK}; color: #1c1c1c;"
        f" white-space: {space}; overflow-wrap: anywhere }}"
    )
    body = escape(visible(value))
    return render_page(
        f"<!DOCTYPE html><html lang='en'><head><title>Text</title><style>{style}</style></head><body>{body}</body></html>", when=when
    )


# --- reading ---


def values(pdf: bytes) -> dict[str, str]:
    """Does the work of `compliance.sign.form.filled_in`."""
    found: dict[str, str] = {}
    for field in _fields(read_pdf(BytesIO(pdf)).root):
        name = str(field["/T"])
        value = _ticked(field, name) if field["/FT"] == "/Btn" else _text(field, name)
        if name in found:
            raise InputError(f"two fields of the name {name}")
        if value:
            found[name] = value
    return found


def _fields(root: Any) -> Iterator[Any]:
    """Yields the fields at the top, but those for signatures."""
    fields = root["/AcroForm"]["/Fields"] if "/AcroForm" in root else ()
    if len(fields) > _MAX_FIELDS:
        raise InputError(f"{len(fields)} fields; at most {_MAX_FIELDS} are read")
    # Iterating an array does not follow references.
    for field in (one.get_object() for one in fields):
        if field["/FT"] != "/Sig":
            yield field


def _ticked(field: Any, name: str) -> str:
    value, shown = (str(field[key]) if key in field else OFF for key in ("/V", "/AS"))
    if value != shown or value not in (OFF, f"/{TICKED}"):
        raise InputError(f"the field {name} holds {value[1:]}, but shows {shown[1:]}")
    return "" if value == OFF else TICKED


def _text(field: Any, name: str) -> str:
    if "/V" not in field:
        return ""
    value = field["/V"]
    if not isinstance(value, str):
        raise InputError(f"the field {name} holds no text")
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > MAX_TEXT:
        raise InputError(f"the field {name} holds {len(text)} characters; at most {MAX_TEXT} are read")
    return text
