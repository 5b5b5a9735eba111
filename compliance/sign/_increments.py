"""The part of `compliance.sign.pdf` that needs pyHanko; imported at the first signature only. Each function appends one update."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.signers import cms_embedder

from ..errors import SigningKeyError
from . import _form
from ._dss import add_validation_data
from ._reading import read_pdf
from ._structure import LEVEL
from .cms import TOKEN_GROWTH, cms_size_limit, sign_document
from .fields import add_signature_field
from .form import TextField, TickField
from .pdf import TIMESTAMP_FIELD
from .stamp import render_stamp

if TYPE_CHECKING:
    from datetime import datetime

    from .keys import SigningKey
    from .pdf import SignatureField
    from .timestamp import Timestamping
    from .validation_data import ValidationData


@dataclass(frozen=True)
class Signing:
    """How a field is signed."""

    key: SigningKey
    reason: str
    when: datetime
    note: str | None = None
    """A line of the appearance."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What is filled in before."""
    timestamping: Timestamping | None = None


def prepare(stream: BytesIO, wanted: Sequence[SignatureField | TickField | TextField]) -> None:
    """Adds empty, tagged fields to the PDF in the stream."""
    with _signable():
        writer = _open_unsigned(stream)
        for one in wanted:
            if isinstance(one, TickField | TextField):
                _form.add(writer, one)
                continue
            _require_new(writer, one.name)
            add_signature_field(writer, one.name, one.description, one.box, one.locks)
        writer.write_in_place()  # type: ignore[no-untyped-call]


def certify(stream: BytesIO, field: SignatureField, signing: Signing) -> None:
    """Signs a field, which is made if it is not prepared, with a certification signature."""
    with _signable():
        writer = _open_unsigned(stream)
        prepared = {name for name, _, _ in fields.enumerate_sig_fields(writer)}
        if field.name not in prepared:
            add_signature_field(writer, field.name, field.description, field.box)
        if signing.timestamping is not None and signing.timestamping.level == "B-LTA" and TIMESTAMP_FIELD not in prepared:
            add_signature_field(writer, TIMESTAMP_FIELD, "Document timestamp", None)
        modification = cms_embedder.SigMDPSetup(md_algorithm=signing.key.digest_name, certify=True, docmdp_perms=fields.MDPPerm.FILL_FORMS)
        _sign(writer, field.name, signing, modification)


def fill(stream: BytesIO, name: str, signing: Signing) -> None:
    """Signs a prepared field with an approval signature."""
    with _signable():
        writer = IncrementalPdfFileWriter.from_reader(read_pdf(stream))
        _require_empty(writer, name)
        _form.fill(writer, signing.values, signing.when)
        _sign(writer, name, signing, _lock(writer, name, signing.key))


def close(stream: BytesIO, timestamping: Timestamping, when: datetime, data: ValidationData) -> None:
    """Puts a document timestamp over all there is, with the validation data of its authority and what is given besides."""
    with _signable():
        reader = read_pdf(stream)
        writer = IncrementalPdfFileWriter.from_reader(reader)
        names = {name: value for name, value, _ in fields.enumerate_sig_fields(writer)}
        free = (name for name in (TIMESTAMP_FIELD, *(f"{TIMESTAMP_FIELD}-{number}" for number in range(2, 100))) if names.get(name) is None)
        name = next(free, None)
        if name is None:
            raise SigningKeyError("the PDF has 99 document timestamps, and no more can be added")
        if name not in names:
            # A page that is tagged anew would be a change that the certification forbids; a field without a page needs no tag.
            fields.append_signature_field(writer, fields.SigFieldSpec(name))
        stamper = timestamping.begin(when)
        add_validation_data(writer, data | stamper.validation_data(()))
        placeholder = signers.DocumentTimestamp(bytes_reserved=2 * (len(stamper.sample.der) + TOKEN_GROWTH))  # type: ignore[no-untyped-call]
        placeholder[pdf_name(LEVEL)] = pdf_name(f"/{timestamping.level}")
        _embed(writer, name, placeholder, None, "sha256", stamper.stamp)


@contextmanager
def _signable() -> Iterator[None]:
    try:
        yield
    except (PdfError, KeyError, IndexError) as error:
        raise SigningKeyError(f"the PDF cannot be signed: {error}", hint="only tagged PDFs made by this toolkit can be signed") from error


def _open_unsigned(stream: BytesIO) -> IncrementalPdfFileWriter:
    writer = IncrementalPdfFileWriter.from_reader(read_pdf(stream))
    # A certification has to be the first signature, and fields cannot be added once it is there.
    if any(value is not None for _, value, _ in fields.enumerate_sig_fields(writer)):
        raise SigningKeyError("the PDF already has a signature")
    return writer


def _require_new(writer: IncrementalPdfFileWriter, name: str) -> None:
    if any(found == name for found, _, _ in fields.enumerate_sig_fields(writer)):
        raise SigningKeyError(f"the PDF already has a signature field {name}")


def _require_empty(writer: IncrementalPdfFileWriter, name: str) -> None:
    found = {field: value for field, value, _ in fields.enumerate_sig_fields(writer)}
    if name not in found:
        raise SigningKeyError(f"the PDF has no signature field {name}", hint=f"its fields: {', '.join(sorted(found)) or 'none'}")
    if found[name] is not None:
        raise SigningKeyError(f"the signature field {name} is already signed")


def _lock(writer: IncrementalPdfFileWriter, name: str, key: SigningKey) -> cms_embedder.SigMDPSetup | None:
    """What the signature itself forbids, if the field locks others: further changes to them (ISO 32000-1 section 12.8.2.4)."""
    ((_, _, reference),) = fields.enumerate_sig_fields(writer, with_name=name)
    prepared = reference.get_object()
    if "/Lock" not in prepared:
        return None
    return cms_embedder.SigMDPSetup(md_algorithm=key.digest_name, field_lock=fields.FieldMDPSpec.from_pdf_object(prepared["/Lock"]))


def _sign(writer: IncrementalPdfFileWriter, name: str, signing: Signing, modification: cms_embedder.SigMDPSetup | None) -> None:
    ((_, _, field),) = fields.enumerate_sig_fields(writer, with_name=name)
    _show(writer, field, signing)
    key, when = signing.key, signing.when.astimezone(UTC).replace(microsecond=0)
    stamper = None if signing.timestamping is None else signing.timestamping.begin(when)
    if stamper is not None:
        add_validation_data(writer, stamper.validation_data([(key.certificate, key.chain)]))
    placeholder = signers.SignatureObject(
        timestamp=when,
        subfilter=fields.SigSeedSubFilter.PADES,
        name=key.subject,
        reason=signing.reason,
        bytes_reserved=2 * cms_size_limit(key, None if stamper is None else stamper.sample.der),
    )
    placeholder[pdf_name(LEVEL)] = pdf_name(f"/{'B-B' if signing.timestamping is None else signing.timestamping.level}")
    stamp = None if stamper is None else stamper.stamp_data
    _embed(writer, name, placeholder, modification, key.digest_name, lambda digest: sign_document(key, digest, stamp))


def _show(writer: IncrementalPdfFileWriter, field: Any, signing: Signing) -> None:
    """Draws the signature into its box, if it has one."""
    widget = field.get_object()
    left, bottom, right, top = (float(value) for value in widget["/Rect"])
    # A field without a visible place lies out of the page or has no size.
    if right - left < 1 or top - bottom < 1 or right <= 0 or top <= 0:
        return
    drawn = render_stamp(signing.key, signing.when.astimezone(UTC), width=right - left, height=top - bottom, note=signing.note)
    appearance = writer.import_page_as_xobject(PdfFileReader(BytesIO(drawn)))
    widget[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): appearance})  # type: ignore[no-untyped-call]
    writer.update_container(widget)


def _embed(
    writer: IncrementalPdfFileWriter,
    name: str,
    placeholder: Any,
    modification: cms_embedder.SigMDPSetup | None,
    digest_name: str,
    make: Callable[[bytes], bytes],
) -> None:
    """Runs pyHanko's four-step protocol with a CMS object of our own making."""
    steps = cms_embedder.PdfCMSEmbedder().write_cms(name, writer, existing_fields_only=True)
    next(steps)
    steps.send(cms_embedder.SigObjSetup(sig_placeholder=placeholder, mdp_setup=modification))
    prepared, _ = steps.send(cms_embedder.SigIOSetup(md_algorithm=digest_name, in_place=True))
    steps.send(make(prepared.document_digest))
