"""The part of `compliance.sign.pdf` that needs pyHanko; imported at the first signature only."""

from __future__ import annotations

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

from compliance.errors import SigningKeyError
from compliance.sign.cms import cms_size_limit, sign_document
from compliance.sign.fields import add_signature_field
from compliance.sign.stamp import render_stamp

if TYPE_CHECKING:
    from datetime import datetime

    from compliance.report.pdf import Box
    from compliance.sign.keys import SigningKey


def certify(stream: BytesIO, key: SigningKey, *, box: Box | None, field_name: str, reason: str, when: datetime) -> None:
    """Appends field, appearance and certification signature to the PDF in the stream."""
    when = when.astimezone(UTC).replace(microsecond=0)
    try:
        writer = _open_unsigned(stream)
        field = add_signature_field(writer, field_name, f"Signature of {key.subject}", box)
        if box is not None:
            _show(writer, field, key, when)
        _embed(writer, key, field_name, reason, when)
    except (PdfError, KeyError, IndexError) as error:
        raise SigningKeyError(f"the PDF cannot be signed: {error}", hint="only tagged PDFs made by this toolkit can be signed") from error


def _open_unsigned(stream: BytesIO) -> IncrementalPdfFileWriter:
    writer = IncrementalPdfFileWriter(stream)
    # A certification has to be the first signature, and a report is signed once.
    if any(True for _ in fields.enumerate_sig_fields(writer)):
        raise SigningKeyError("the PDF already has a signature field")
    return writer


def _show(writer: IncrementalPdfFileWriter, field: Any, key: SigningKey, when: datetime) -> None:
    widget = field.get_object()
    left, bottom, right, top = (float(value) for value in widget["/Rect"])
    stamp = PdfFileReader(BytesIO(render_stamp(key, when, width=right - left, height=top - bottom)))
    appearance = writer.import_page_as_xobject(stamp)
    widget[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): appearance})  # type: ignore[no-untyped-call]
    writer.update_container(widget)


def _embed(writer: IncrementalPdfFileWriter, key: SigningKey, field_name: str, reason: str, when: datetime) -> None:
    """Runs pyHanko's four-step protocol with a CMS signature of our own making."""
    steps = cms_embedder.PdfCMSEmbedder().write_cms(field_name, writer, existing_fields_only=True)
    next(steps)
    signature = signers.SignatureObject(
        timestamp=when,
        subfilter=fields.SigSeedSubFilter.PADES,
        name=key.subject,
        reason=reason,
        bytes_reserved=2 * cms_size_limit(key),
    )
    modification = cms_embedder.SigMDPSetup(md_algorithm="sha256", certify=True, docmdp_perms=fields.MDPPerm.FILL_FORMS)
    steps.send(cms_embedder.SigObjSetup(sig_placeholder=signature, mdp_setup=modification))
    prepared, _ = steps.send(cms_embedder.SigIOSetup(md_algorithm="sha256", in_place=True))
    steps.send(sign_document(key, prepared.document_digest))
