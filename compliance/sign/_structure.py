"""The part of `compliance.sign.pdf_verify` that needs a PDF parser (pyHanko); imported at the first verification only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields

if TYPE_CHECKING:
    from datetime import datetime

_END: Final = re.compile(rb"startxref\n(\d{1,12})\n%%EOF\n\Z")
_MAX_ATTACHMENTS: Final = 1000


@dataclass(frozen=True)
class FoundSignature:
    """What a signature field holds."""

    byte_range: tuple[int, ...]
    contents: bytes
    signed_at: datetime
    reason: str | None


class Structure:
    """The objects of a PDF that matter to a verifier; every method raises on anything unexpected.

    Args:
        pdf: The file.

    Raises:
        Exception: It cannot be parsed; pyHanko raises many types.
    """

    def __init__(self, pdf: bytes) -> None:
        self._pdf = pdf
        self._reader = PdfFileReader(BytesIO(pdf))
        if self._reader.encrypted:
            raise ValueError("the file is encrypted")

    def unsigned_length(self) -> int:
        """Length of the first of exactly two revisions, which ends as every PDF ends."""
        revisions = self._reader.xrefs.total_revisions
        if revisions != 2:
            raise ValueError(f"{revisions} revisions, expected 2")
        first, second = (self._reader.xrefs.get_startxref_for_revision(number) for number in (0, 1))
        end = b"startxref\n%d\n%%%%EOF\n" % first
        length = self._pdf.index(end, first) + len(end)
        last = _END.search(self._pdf[-64:])
        if last is None or int(last[1]) != second or second < length:
            raise ValueError("the update does not end as this toolkit ends it")
        return length

    def only_signature(self, name: str) -> FoundSignature:
        """The signature in the only signature field, which has this name."""
        field = self._only_field(name)
        if "/V" not in field:
            raise ValueError(f"the field {name} is not signed")
        signature = field["/V"]
        if signature["/SubFilter"] != "/ETSI.CAdES.detached":
            raise ValueError(f"signature of the kind {signature['/SubFilter']}, expected /ETSI.CAdES.detached")
        contents = signature["/Contents"]
        if not isinstance(contents, generic.ByteStringObject | generic.TextStringObject):
            raise TypeError("/Contents is not a string")
        reason = signature.get("/Reason")
        return FoundSignature(
            byte_range=tuple(int(number) for number in signature["/ByteRange"]),
            contents=bytes(contents.original_bytes),
            signed_at=generic.parse_pdf_date(str(signature["/M"])),
            reason=None if reason is None else str(reason),
        )

    def certification(self, name: str) -> int:
        """The DocMDP level of the certification, which is the signature in this field."""
        certified = self._reader.root["/Perms"].raw_get("/DocMDP")
        if certified.reference != self._only_field(name).raw_get("/V").reference:
            raise ValueError("the certification is not the signature of this field")
        (reference,) = certified.get_object()["/Reference"]
        if reference["/TransformMethod"] != "/DocMDP":
            raise ValueError(f"transform method {reference['/TransformMethod']}, expected /DocMDP")
        return int(reference["/TransformParams"]["/P"])

    def attachments(self) -> dict[str, bytes]:
        """The embedded files by name, from a flat name tree as WeasyPrint writes it."""
        names = self._reader.root.get("/Names", {})
        if "/EmbeddedFiles" not in names:
            return {}
        entries = names["/EmbeddedFiles"]["/Names"]
        if len(entries) > 2 * _MAX_ATTACHMENTS:
            raise ValueError(f"{len(entries) // 2} attached files; at most {_MAX_ATTACHMENTS} are read")
        specifications = [entries[index] for index in range(1, len(entries), 2)]
        found = {str(specification["/UF"]): _content(specification) for specification in specifications}
        if len(found) != len(specifications):
            raise ValueError("two attached files have the same name")
        return found

    def _only_field(self, name: str) -> Any:
        found = list(enumerate_sig_fields(self._reader))
        if [field for field, _, _ in found] != [name]:
            raise ValueError(f"signature fields {[field for field, _, _ in found]}, expected [{name!r}]")
        return found[0][2].get_object()


def _content(specification: Any) -> bytes:
    stream = specification["/EF"]["/F"]
    # A chain of filters could unpack to more than was counted for the first of them.
    if stream.get("/Filter", "/FlateDecode") != "/FlateDecode":
        raise ValueError(f"an attached file is packed with {stream['/Filter']}")
    return bytes(stream.data)
