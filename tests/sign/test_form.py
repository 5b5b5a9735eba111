"""Fields to fill in: prepared, filled in by several programs, read from what a signature covers, locked by it."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pyhanko.pdf_utils.generic import TextStringObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from compliance.errors import InputError, SigningKeyError
from compliance.report.fonts import FONT_STACK
from compliance.report.pdf import RenderedPdf, render_pdf
from compliance.sign.form import TextField, TickField, filled_in
from compliance.sign.keys import SigningKey
from compliance.sign.pdf import SignatureField, prepare_fields, sign_field, sign_pdf
from compliance.sign.pdf_verify import SignedPdf, inspect_pdf
from tests import verapdf
from tests.sign.documents import WHEN, Authority
from tests.sign.programs import Poppler, sign_with_pyhanko

WORDS = ("approve", "reject")
LOCKED = ("qa-approve", "qa-reject", "qa-reason", "qa-due")


@cache
def page() -> RenderedPdf:
    names = ("toolkit", "qa", "owner", "approve", "reject", "reason", "due")
    boxes = "".join(f"<div id='sig-{name}'></div>" for name in names)
    style = f"html {{ font-family: {FONT_STACK} }} div {{ width: 7cm; height: 1.4cm; border: 0.5pt solid }}"
    return render_pdf(
        f"<!DOCTYPE html><html lang='en'><head><title>Form</title><style>{style}</style></head><body><h1>Form</h1>{boxes}</body></html>",
        when=WHEN,
        signature_box_id="sig-toolkit",
    )


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def qa(authority: Authority) -> SigningKey:
    return authority.signing_key("Quinn", "rsa3072")


@pytest.fixture(scope="module")
def certified(authority: Authority) -> bytes:
    box = page().boxes
    wanted: list[SignatureField | TickField | TextField] = [
        *(TickField(f"qa-{word}", f"QA: {word}", box[f"sig-{word}"]) for word in WORDS),
        TextField("qa-reason", "Reason", box["sig-reason"], multiline=True),
        TextField("qa-due", "Due", box["sig-due"], choices=("2026-12-01", "2027-01-01")),
        SignatureField("qa", "Signature of QA", box["sig-qa"], locks=LOCKED),
        SignatureField("owner", "Signature of the owner", box["sig-owner"]),
    ]
    return sign_pdf(
        prepare_fields(page().content, wanted), authority.signing_key("Release"), box=box["sig-toolkit"], reason="Form", when=WHEN
    )


VALUES = {"qa-reject": "Yes", "qa-reason": "Too early – “P99” fails.\nSecond line.", "qa-due": "2026-12-24"}


@pytest.fixture(scope="module")
def signed(certified: bytes, qa: SigningKey) -> bytes:
    return sign_field(certified, "qa", qa, reason="Reject", when=WHEN, note="Reject", values=VALUES)


def troubles(result: SignedPdf) -> dict[str, str]:
    return {check.name: check.detail for check in result.checks if check.status != "proven"}


def fields_of(writer: IncrementalPdfFileWriter) -> list[Any]:
    return [one.get_object() for one in writer.root["/AcroForm"]["/Fields"]]


def filled(pdf: bytes, **values: str) -> bytes:
    """What any program that knows forms writes: values, and which boxes are shown as ticked."""
    out = io.BytesIO(pdf)
    writer = IncrementalPdfFileWriter(out, strict=False)
    for field in fields_of(writer):
        name = str(field["/T"]).replace("-", "_")
        if name in values and field["/FT"] == "/Btn":
            field[pdf_name("/V")] = field[pdf_name("/AS")] = pdf_name(f"/{values[name]}")
            writer.update_container(field)
        elif name in values:
            field[pdf_name("/V")] = TextStringObject(values[name])
            writer.update_container(field)
    writer.write_in_place()  # type: ignore[no-untyped-call]
    return out.getvalue()


def test_an_empty_form_is_intact_and_says_nothing(certified: bytes) -> None:
    assert troubles(inspect_pdf(certified)) == {}
    assert inspect_pdf(certified).prepared == ("owner", "qa")
    assert filled_in(certified) == {}


def test_what_is_filled_in_is_signed_and_read_back(signed: bytes) -> None:
    result = inspect_pdf(signed)
    assert troubles(result) == {}
    assert [(one.kind, one.fields) for one in result.updates] == [("signature", ("qa", *sorted(VALUES)))]
    assert filled_in(signed[: result.later[0].covered]) == VALUES


def test_a_form_stays_archivable_and_accessible(tmp_path: Path, certified: bytes, signed: bytes) -> None:
    files = {"empty.pdf": certified, "signed.pdf": signed}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    found = verapdf.failures(["3a", "ua1"], *(tmp_path / name for name in files))
    assert found == {f"{name} {flavour}": {} for name in files for flavour in ("3a", "ua1")}


@pytest.mark.parametrize("poppler", [False, True])
def test_other_programs_fill_in_and_sign(tmp_path: Path, certified: bytes, qa: SigningKey, poppler: bool) -> None:
    pdf = filled(certified, qa_approve="Yes", qa_reason="Fine")
    pdf = Poppler(tmp_path, qa).sign(pdf, "qa") if poppler else sign_with_pyhanko(pdf, "qa", qa)
    result = inspect_pdf(pdf)
    assert troubles(result) == {}
    assert [one.kind for one in result.updates] == ["form", "signature"]
    assert filled_in(pdf[: result.later[0].covered]) == {"qa-approve": "Yes", "qa-reason": "Fine"}


def test_what_is_signed_cannot_be_changed_whoever_signed_it(tmp_path: Path, certified: bytes, signed: bytes, qa: SigningKey) -> None:
    ticked = filled(certified, qa_reject="Yes")
    for pdf in (signed, sign_with_pyhanko(ticked, "qa", qa), Poppler(tmp_path, qa).sign(ticked, "qa")):
        later = sign_field(filled(pdf, qa_approve="Yes", qa_reject="Off"), "owner", qa, reason="Approve", when=WHEN)
        assert "later-revisions" in troubles(inspect_pdf(later))


def test_others_may_still_sign_a_form_that_one_has_signed(signed: bytes, qa: SigningKey) -> None:
    assert troubles(inspect_pdf(sign_field(signed, "owner", qa, reason="Approve", when=WHEN))) == {}


def test_a_box_that_shows_something_else_than_it_holds_is_refused(certified: bytes) -> None:
    out = io.BytesIO(filled(certified, qa_approve="Yes"))
    writer = IncrementalPdfFileWriter(out)
    for field in fields_of(writer):
        if field["/T"] == "qa-approve":
            field[pdf_name("/AS")] = pdf_name("/Off")
            writer.update_container(field)
    writer.write_in_place()  # type: ignore[no-untyped-call]
    with pytest.raises(InputError, match="qa-approve holds Yes, but shows Off"):
        filled_in(out.getvalue())


@pytest.mark.parametrize("how", ["swapped", "drawn over", "replaced"])
def test_a_box_is_drawn_as_it_was_certified(certified: bytes, qa: SigningKey, how: str) -> None:
    """Eve prepares a file for Quinn, who sees a cross where none is held, signs, and has said something else."""
    out = io.BytesIO(certified)
    writer = IncrementalPdfFileWriter(out)
    for field in fields_of(writer):
        if field["/T"] == "qa-approve":
            states = field["/AP"]["/N"]
            yes, off = states.raw_get("/Yes"), states.raw_get("/Off")
            if how == "swapped":
                states[pdf_name("/Yes")], states[pdf_name("/Off")] = off, yes
            elif how == "replaced":
                states[pdf_name("/Off")] = writer.add_object(yes.get_object())
            else:
                drawn = off.get_object()
                drawn._data, drawn._encoded_data = yes.get_object().data, None
                writer.update_container(drawn)
            writer.update_container(field)
    writer.write_in_place()  # type: ignore[no-untyped-call]
    pdf = sign_with_pyhanko(filled(out.getvalue(), qa_reject="Yes"), "qa", qa)
    found = troubles(inspect_pdf(pdf))
    assert "the box qa-approve is drawn otherwise than it was" in found.get("later-revisions", ""), found


@pytest.mark.parametrize(
    ("values", "message"),
    [({"qa-approve": "perhaps"}, "found perhaps"), ({"qa-mood": "good"}, "has no field qa-mood")],
)
def test_what_is_not_in_the_form_cannot_be_filled_in(certified: bytes, qa: SigningKey, values: dict[str, str], message: str) -> None:
    with pytest.raises(SigningKeyError, match=message):
        sign_field(certified, "qa", qa, reason="x", when=WHEN, values=values)


def test_a_file_that_is_no_form_is_refused_by_name() -> None:
    for content in (b"", b"%PDF-1.7", page().content[:2000]):
        with pytest.raises(InputError, match="the form cannot be read"):
            filled_in(content)
    assert filled_in(page().content) == {}


def test_the_font_of_the_fields_is_embedded(certified: bytes) -> None:
    with pikepdf.open(io.BytesIO(certified)) as pdf:
        form: Any = pdf.Root.AcroForm
        (font,) = form.DR.Font.values()
        assert len(bytes(font.FontDescriptor.FontFile2.read_bytes())) > 10_000
        assert len(font.Widths) == 224
