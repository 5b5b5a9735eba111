"""Attacks on signed PDFs that have a name: universal forgery, wrapping, incremental saving, shadow documents, evil annotations.

After "1 Trillion Dollar Refund" (Mladenov et al., CCS 2019), "Shadow Attacks" (NDSS 2021) and "Breaking the Specification: PDF
Certification" (IEEE S&P 2021). Where an attack shows another document, a tolerant reader (qpdf, by pikepdf) is asked for what it shows:
so the file is one that an attack could be made with.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable, Mapping
from typing import Any

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import TextStringObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from compliance.sign.keys import SigningKey
from compliance.sign.pdf import SignatureField, prepare_fields, sign_field, sign_pdf
from compliance.sign.pdf_verify import inspect_pdf
from tests.sign.differential import refuted
from tests.sign.documents import WHEN, Authority, report
from tests.sign.programs import sign_with_pyhanko
from tests.sign.test_signers import add_attachment, change_attachment, dictionary, field_of, page_of, troubles, updated

FORGED = b"q 1 0 0 rg 0 0 400 400 re f Q % FORGED"
Change = Callable[[IncrementalPdfFileWriter], None]


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return Authority().signing_key("Ada")


@pytest.fixture(scope="module")
def certified(key: SigningKey) -> bytes:
    return certify(report().content, key)


@pytest.fixture(scope="module")
def approved(certified: bytes, key: SigningKey) -> bytes:
    return sign_field(certified, "qa", key, reason="Approve", when=WHEN)


def certify(unsigned: bytes, key: SigningKey) -> bytes:
    prepared = prepare_fields(unsigned, [SignatureField(name, f"Signature of {name}") for name in ("qa", "owner")])
    pdf = sign_pdf(prepared, key, box=None, reason="Packet", when=WHEN)
    assert troubles(inspect_pdf(pdf)) == {}
    return pdf


def shown(pdf: bytes) -> bytes:
    """What the first page draws, for a reader that mends what it can."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        contents = document.pages[0].obj.Contents
        streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
        return b"\n".join(stream.read_bytes() for stream in streams if stream is not None)


def numbers(pdf: bytes) -> tuple[int, int, int]:
    """Where the gap of the first signature starts and ends, and how much it covers behind it."""
    found = re.search(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]", pdf)
    assert found is not None
    start, end, tail = (int(one) for one in found.groups())
    return start, end, tail


def last_startxref(pdf: bytes) -> int:
    return int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])


def references(pdf: bytes) -> dict[str, int]:
    """Numbers of the catalog, of the first page and of its content."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        page = document.pages[0].obj
        return {
            "catalog": document.Root.objgen[0],
            "page": page.objgen[0],
            "content": page.Contents.objgen[0],
            "size": len(document.objects) + 1,
        }


def stream_object(number: int, content: bytes) -> bytes:
    return b"%d 0 obj\n<</Length %d>>\nstream\n%b\nendstream\nendobj\n" % (number, len(content), content)


def cross_references(number: int, places: Mapping[int, int], previous: int, catalog: int, *, free: tuple[int, ...] = ()) -> bytes:
    """A cross-reference stream, which names itself at the place that it is given under its own number."""
    rows = {one: (1, place) for one, place in places.items()} | dict.fromkeys(free, (0, 0))
    index = " ".join(f"{one} 1" for one in sorted(rows)).encode()
    content = b"".join(bytes([rows[one][0]]) + rows[one][1].to_bytes(4, "big") + b"\0" for one in sorted(rows))
    head = b"/Type /XRef /W [1 4 1] /Size %d /Root %d 0 R /Prev %d /Index [%b] /Length %d" % (
        max(number, *rows) + 1,
        catalog,
        previous,
        index,
        len(content),
    )
    return b"%d 0 obj\n<<%b>>\nstream\n%b\nendstream\nendobj\n" % (number, head, content)


# --- universal forgery: no signature at all, but something in its place ---

CONTENTS = {
    "kept": None,
    "missing": b"",
    "null": b"/Contents null",
    "empty": b"/Contents <>",
    "zero": b"/Contents <00>",
    "text": b"/Contents ()",
}
RANGES = {
    "kept": None,
    "missing": b"",
    "null": b"/ByteRange null",
    "empty": b"/ByteRange []",
    "short": b"/ByteRange [0]",
    "zeros": b"/ByteRange [0 0 0 0]",
    "negative": b"/ByteRange [0 -1 -1 -1]",
    "all": b"/ByteRange [0 99999999 0 0]",
    "words": b"/ByteRange [a b c d]",
}


def forged(pdf: bytes, contents: bytes | None, byte_range: bytes | None) -> bytes:
    """Other values in the signature dictionary, padded so that nothing else moves."""
    start, end, _ = numbers(pdf)
    key = start - len(b"/Contents ")
    assert pdf[key:start] == b"/Contents "
    if contents is not None:
        pdf = pdf[:key] + contents.ljust(end - key) + pdf[end:]
    if byte_range is not None:
        place = re.compile(rb"/ByteRange \[[^\]]*\] *").search(pdf, end)
        assert place is not None
        pdf = pdf[: place.start()] + byte_range.ljust(len(place.group())) + pdf[place.end() :]
    return pdf


@pytest.mark.parametrize(("contents", "byte_range"), [pair for pair in itertools.product(CONTENTS, RANGES) if pair != ("kept", "kept")])
def test_universal_forgery_is_refuted(certified: bytes, approved: bytes, contents: str, byte_range: str) -> None:
    for pdf in (certified, approved):
        assert refuted(forged(pdf, CONTENTS[contents], RANGES[byte_range]))


@pytest.mark.parametrize("name", ["Toolkit", "qa"])
@pytest.mark.parametrize("entry", ["/Contents", "/ByteRange", "/SubFilter", "/Filter", "/Type", "/M", "/Reference"])
@pytest.mark.parametrize("value", ["missing", "null", "empty"])
def test_universal_forgery_in_an_update_is_refuted(approved: bytes, name: str, entry: str, value: str) -> None:
    def change(writer: IncrementalPdfFileWriter) -> None:
        signature = field_of(writer, name)["/V"]
        if value == "missing":
            signature.pop(pdf_name(entry), None)
        else:
            signature[pdf_name(entry)] = generic.NullObject() if value == "null" else generic.ArrayObject()
        writer.update_container(signature)

    assert refuted(updated(approved, change))


# --- wrapping: the signed bytes are kept, and moved to where nobody looks ---


def wrapped(pdf: bytes, *, repeat_range: bool) -> bytes:
    """What was signed behind the gap moves back; a file of the forger's own goes into the gap, up to the cross-references.

    The last ``startxref`` is signed, so the forger's cross-references stand where it points.
    """
    start, end, tail = numbers(pdf)
    at, table = references(pdf), last_startxref(pdf)
    assert end + tail == len(pdf)
    previous = int(re.findall(rb"/Prev (\d+)", pdf[table:])[-1])
    content = table + 400
    moved = content + 200
    own_range = b"/ByteRange [0 %d %d %d]\n" % (start, moved, tail) if repeat_range else b""
    head = pdf[:end] + b"\n%b/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached\n>>\nendobj\n" % own_range
    rows = cross_references(at["size"], {at["content"]: content, at["size"]: table}, previous, at["catalog"])
    forged = head.ljust(table) + rows
    forged = forged.ljust(content) + stream_object(at["content"], FORGED)
    assert len(head) <= table
    assert len(forged) <= moved
    return forged.ljust(moved) + pdf[end:]


@pytest.mark.parametrize("repeat_range", [True, False])
def test_signature_wrapping_is_refuted(certified: bytes, repeat_range: bool) -> None:
    pdf = wrapped(certified, repeat_range=repeat_range)
    start, end, tail = numbers(certified)
    assert pdf[:start] + pdf[len(pdf) - tail :] == certified[:start] + certified[end:], "all that was signed is still there"
    assert b"FORGED" in shown(pdf)
    assert refuted(pdf)


@pytest.mark.parametrize("name", ["Toolkit", "qa"])
def test_a_signature_copied_into_an_update_is_refuted(approved: bytes, name: str) -> None:
    """The old signature, with the range that it had, as a new object beside other changes."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        field = field_of(writer, name)
        copied = generic.DictionaryObject(field["/V"])  # type: ignore[no-untyped-call]
        field[pdf_name("/V")] = writer.add_object(copied)
        writer.update_container(field)
        draw_over(writer)

    assert refuted(updated(approved, change))


# --- incremental saving: an update that is one for some readers only ---


def draw_over(writer: IncrementalPdfFileWriter) -> None:
    page = page_of(writer)
    page[pdf_name("/Contents")] = writer.add_object(generic.StreamObject(stream_data=FORGED))
    writer.update_container(page)


def with_tail(pdf: bytes, tail: Callable[[int, dict[str, int]], bytes]) -> bytes:
    """Appends a new content of the first page, and whatever leads to it."""
    at = references(pdf)
    return pdf + stream_object(at["content"], FORGED) + tail(len(pdf), at)


def no_table(_place: int, _at: dict[str, int]) -> bytes:
    return b""


def no_table_but_an_end(_place: int, _at: dict[str, int]) -> bytes:
    return b"startxref\n0\n%%EOF\n"


def trailer_only(_place: int, at: dict[str, int]) -> bytes:
    return b"trailer\n<</Size %d /Root %d 0 R>>\n%%%%EOF\n" % (at["size"], at["catalog"])


def broken_table(place: int, at: dict[str, int]) -> bytes:
    return b"xref\n%d 1\n%010d 00000 n\ntrailer\n<</Size %d /Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        at["content"],
        place,
        at["size"],
        at["catalog"],
        place + 1,
    )


@pytest.mark.parametrize("tail", [no_table, no_table_but_an_end, trailer_only, broken_table])
def test_an_update_without_a_sound_table_is_refuted(
    certified: bytes, approved: bytes, tail: Callable[[int, dict[str, int]], bytes]
) -> None:
    for pdf in (certified, approved):
        assert refuted(with_tail(pdf, tail))


def classic(pdf: bytes, *, hybrid: bool) -> bytes:
    """An update with a table in the old form; a hybrid one names the new content in a stream that old readers do not see."""
    at, previous = references(pdf), last_startxref(pdf)
    made, place = pdf + stream_object(at["content"], FORGED), len(pdf)
    extra = b""
    if hybrid:
        extra = b" /XRefStm %d" % len(made)
        made += cross_references(at["size"], {at["content"]: place, at["size"]: len(made)}, previous, at["catalog"])
    rows = b"0 1\n0000000000 65535 f \n" if hybrid else b"%d 1\n%010d 00000 n \n" % (at["content"], place)
    trailer = b"<</Size %d /Root %d 0 R /Prev %d%b>>" % (at["size"] + 1, at["catalog"], previous, extra)
    return made + b"xref\n%btrailer\n%b\nstartxref\n%d\n%%%%EOF\n" % (rows, trailer, len(made))


@pytest.mark.parametrize("hybrid", [False, True], ids=["classic", "hybrid"])
def test_an_update_in_another_form_is_refuted(certified: bytes, hybrid: bool) -> None:
    pdf = classic(certified, hybrid=hybrid)
    assert b"FORGED" in shown(pdf)
    assert refuted(pdf)


# --- shadow documents: what is signed is prepared to be shown otherwise ---


def rows_only(pdf: bytes, places: Mapping[int, int], free: tuple[int, ...] = ()) -> bytes:
    """An update that brings no object, but says that some stand elsewhere or nowhere."""
    at = references(pdf)
    rows = cross_references(at["size"], {**places, at["size"]: len(pdf)}, last_startxref(pdf), at["catalog"], free=free)
    return pdf + rows + b"startxref\n%d\n%%%%EOF\n" % len(pdf)


@pytest.fixture(scope="module")
def covered(key: SigningKey) -> tuple[bytes, int]:
    """A document whose first page is drawn over before it is signed, and the number of what is drawn over it."""
    number = 0

    def cover(writer: IncrementalPdfFileWriter) -> None:
        nonlocal number
        page = page_of(writer)
        over = writer.add_object(generic.StreamObject(stream_data=b"q 1 1 1 rg 0 0 600 900 re f Q % COVER"))
        number = over.idnum
        page[pdf_name("/Contents")] = generic.ArrayObject([page.raw_get("/Contents"), over])
        writer.update_container(page)

    return certify(updated(report().content, cover), key), number


@pytest.mark.parametrize("how", ["emptied", "freed", "unlinked"])
def test_shadow_hide_is_refuted(covered: tuple[bytes, int], how: str) -> None:
    """The cover is taken away after the signature."""
    pdf, number = covered
    assert b"COVER" in shown(pdf)

    def empty(writer: IncrementalPdfFileWriter) -> None:
        cover = page_of(writer)["/Contents"][1]
        cover._data, cover._encoded_data = b"", None
        writer.update_container(cover)

    def unlink(writer: IncrementalPdfFileWriter) -> None:
        page = page_of(writer)
        page[pdf_name("/Contents")] = page["/Contents"].raw_get(0)
        writer.update_container(page)

    changed = rows_only(pdf, {}, (number,)) if how == "freed" else updated(pdf, empty if how == "emptied" else unlink)
    assert b"COVER" not in shown(changed)
    assert refuted(changed)


def replace_the_font(writer: IncrementalPdfFileWriter) -> None:
    font = next(iter(page_of(writer)["/Resources"]["/Font"].values())).get_object()
    descriptor = font["/DescendantFonts"][0]["/FontDescriptor"]
    descriptor[pdf_name("/FontFile2")] = writer.add_object(generic.StreamObject(stream_data=b"another font"))
    writer.update_container(descriptor)


def replace_the_widths(writer: IncrementalPdfFileWriter) -> None:
    font = next(iter(page_of(writer)["/Resources"]["/Font"].values())).get_object()
    descendant = font["/DescendantFonts"][0]
    descendant[pdf_name("/W")] = generic.ArrayObject()
    writer.update_container(descendant)


def replace_the_resources(writer: IncrementalPdfFileWriter) -> None:
    page = page_of(writer)
    page[pdf_name("/Resources")] = dictionary()
    writer.update_container(page)


def replace_by_a_field(writer: IncrementalPdfFileWriter) -> None:
    """A field for text shows another value over the page than it holds."""
    box = generic.ArrayObject(generic.NumberObject(one) for one in (0, 0, 300, 300))  # type: ignore[no-untyped-call]
    drawn = generic.StreamObject(stream_data=FORGED)
    drawn[pdf_name("/Subtype")], drawn[pdf_name("/BBox")] = pdf_name("/Form"), box
    widget = dictionary(Type=pdf_name("/Annot"), Subtype=pdf_name("/Widget"), FT=pdf_name("/Tx"), T=TextStringObject("over"), Rect=box)
    widget[pdf_name("/AP")] = dictionary(N=writer.add_object(drawn))
    reference = writer.add_object(widget)
    page, form = page_of(writer), writer.root["/AcroForm"]
    page["/Annots"].append(reference)
    form["/Fields"].append(reference)
    for one in (page["/Annots"], page, form["/Fields"], form):
        writer.update_container(one)


@pytest.mark.parametrize("change", [replace_the_font, replace_the_widths, replace_the_resources, replace_by_a_field])
@pytest.mark.parametrize("signed_after", [False, True])
def test_shadow_replace_is_refuted(approved: bytes, key: SigningKey, change: Change, signed_after: bool) -> None:
    pdf = updated(approved, change)
    assert refuted(sign_with_pyhanko(pdf, "owner", key) if signed_after else pdf)


@pytest.fixture(scope="module")
def doubled(key: SigningKey) -> tuple[bytes, int, int]:
    """A document that holds, in bytes that no table names, a second content of its first page; its number, and where it stands."""
    unsigned = report().content
    at = references(unsigned)
    hidden = stream_object(at["content"], FORGED)
    place, made = len(unsigned), unsigned + hidden
    rows = cross_references(at["size"], {at["size"]: len(made)}, last_startxref(unsigned), at["catalog"])
    shadow = made + rows + b"startxref\n%d\n%%%%EOF\n" % len(made)
    return certify(shadow, key), at["content"], place


def test_shadow_hide_and_replace_is_refuted(doubled: tuple[bytes, int, int], key: SigningKey) -> None:
    """The hidden object stands in the signed bytes; the update only says that it is the page's content now."""
    pdf, number, place = doubled
    assert b"FORGED" not in shown(pdf)
    attack = rows_only(pdf, {number: place})
    assert b"FORGED" in shown(attack)
    assert refuted(attack)
    assert refuted(sign_with_pyhanko(attack, "owner", key))


@pytest.mark.parametrize("what", ["content", "page", "catalog"])
def test_freed_objects_are_refuted(approved: bytes, what: str) -> None:
    assert refuted(rows_only(approved, {}, (references(approved)[what],)))


# --- evil annotations and signatures on certified documents ---


@pytest.mark.parametrize(
    "subtype", ["FreeText", "Stamp", "Redact", "Link", "Square", "Ink", "Popup", "FileAttachment", "Widget", "Watermark"]
)
@pytest.mark.parametrize("signed_after", [False, True])
def test_evil_annotations_are_refuted(certified: bytes, key: SigningKey, subtype: str, signed_after: bool) -> None:
    def annotate(writer: IncrementalPdfFileWriter) -> None:
        page = page_of(writer)
        box = generic.ArrayObject(generic.NumberObject(one) for one in (0, 0, 400, 400))  # type: ignore[no-untyped-call]
        drawn = generic.StreamObject(stream_data=FORGED)
        drawn[pdf_name("/Subtype")], drawn[pdf_name("/BBox")] = pdf_name("/Form"), box
        appearance = dictionary(N=writer.add_object(drawn))
        note = dictionary(
            Type=pdf_name("/Annot"), Subtype=pdf_name(f"/{subtype}"), Rect=box, AP=appearance, Contents=TextStringObject("GO")
        )
        page["/Annots"].append(writer.add_object(note))
        writer.update_container(page["/Annots"])
        writer.update_container(page)

    pdf = updated(certified, annotate)
    assert refuted(sign_with_pyhanko(pdf, "owner", key) if signed_after else pdf)


def run_a_script(writer: IncrementalPdfFileWriter) -> None:
    script = dictionary(S=pdf_name("/JavaScript"), JS=TextStringObject("app.alert(1)"))
    writer.root["/Names"][pdf_name("/JavaScript")] = dictionary(
        Names=generic.ArrayObject([TextStringObject("a"), writer.add_object(script)])
    )
    writer.update_root()  # type: ignore[no-untyped-call]


def act_on_opening(writer: IncrementalPdfFileWriter) -> None:
    writer.root[pdf_name("/AA")] = dictionary(WC=dictionary(S=pdf_name("/Launch"), F=TextStringObject("x")))
    writer.update_root()  # type: ignore[no-untyped-call]


def act_on_the_page(writer: IncrementalPdfFileWriter) -> None:
    page = page_of(writer)
    page[pdf_name("/AA")] = dictionary(O=dictionary(S=pdf_name("/URI"), URI=TextStringObject("https://example.org")))
    writer.update_container(page)


def act_on_a_field(writer: IncrementalPdfFileWriter) -> None:
    field = field_of(writer, "owner")
    field[pdf_name("/AA")] = dictionary(U=dictionary(S=pdf_name("/JavaScript"), JS=TextStringObject("app.alert(1)")))
    writer.update_container(field)


def unlock_the_form(writer: IncrementalPdfFileWriter) -> None:
    form = writer.root["/AcroForm"]
    form[pdf_name("/SigFlags")] = generic.NumberObject(0)  # type: ignore[no-untyped-call]
    writer.update_container(form)


def let_the_form_be_computed(writer: IncrementalPdfFileWriter) -> None:
    form = writer.root["/AcroForm"]
    form[pdf_name("/XFA")] = TextStringObject("<xdp/>")
    form[pdf_name("/NeedAppearances")] = generic.BooleanObject(True)  # type: ignore[no-untyped-call]
    writer.update_container(form)


@pytest.mark.parametrize(
    "change", [run_a_script, act_on_opening, act_on_the_page, act_on_a_field, unlock_the_form, let_the_form_be_computed]
)
@pytest.mark.parametrize("signed_after", [False, True])
def test_code_and_settings_added_after_are_refuted(approved: bytes, key: SigningKey, change: Change, signed_after: bool) -> None:
    pdf = updated(approved, change)
    assert refuted(sign_with_pyhanko(pdf, "owner", key) if signed_after else pdf)


# --- attachments ---


def names_of(writer: IncrementalPdfFileWriter) -> Any:
    return writer.root["/Names"]["/EmbeddedFiles"]["/Names"]


def swap_two(writer: IncrementalPdfFileWriter) -> None:
    names = names_of(writer)
    names[1], names[3] = names.raw_get(3), names.raw_get(1)
    writer.update_container(names)


def swap_the_streams(writer: IncrementalPdfFileWriter) -> None:
    first, second = names_of(writer)[1], names_of(writer)[3]
    one, other = first["/EF"].raw_get("/F"), second["/EF"].raw_get("/F")
    first["/EF"][pdf_name("/F")], second["/EF"][pdf_name("/F")] = other, one
    writer.update_container(first)
    writer.update_container(second)


def rename_one(writer: IncrementalPdfFileWriter) -> None:
    specification = names_of(writer)[1]
    specification[pdf_name("/UF")] = specification[pdf_name("/F")] = TextStringObject("other.json")
    writer.update_container(specification)


def shadow_one(writer: IncrementalPdfFileWriter) -> None:
    """Two files of one name: which of them a reader shows is the reader's choice."""
    names = names_of(writer)
    stream = generic.StreamObject(stream_data=b'{"decision": "no-go"}')
    stream[pdf_name("/Type")] = pdf_name("/EmbeddedFile")
    name = TextStringObject(str(names[0]))
    names += [name, writer.add_object(dictionary(Type=pdf_name("/Filespec"), F=name, UF=name, EF=dictionary(F=writer.add_object(stream))))]
    writer.update_container(names)


def detach_all(writer: IncrementalPdfFileWriter) -> None:
    del writer.root["/Names"]["/EmbeddedFiles"]
    writer.update_root()  # type: ignore[no-untyped-call]


def associate_another(writer: IncrementalPdfFileWriter) -> None:
    writer.root[pdf_name("/AF")] = generic.ArrayObject()
    writer.update_root()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    "change", [change_attachment, add_attachment, swap_two, swap_the_streams, rename_one, shadow_one, detach_all, associate_another]
)
@pytest.mark.parametrize("signed_after", [False, True])
def test_swapped_attachments_are_refuted(approved: bytes, key: SigningKey, change: Change, signed_after: bool) -> None:
    pdf = updated(approved, change)
    assert refuted(sign_with_pyhanko(pdf, "owner", key) if signed_after else pdf)
