"""The part of `compliance.sign.pdf_verify` that needs a PDF parser (pyHanko); imported at the first verification only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.sign.fields import enumerate_sig_fields

from ._guard import require_form_tree
from ._paths import Links
from ._reading import Resolver, read_pdf

if TYPE_CHECKING:
    from datetime import datetime

LEVEL: Final = "/XXComplianceLevel"
"""Private entry of the signature dictionary (a third-class name, ISO 32000-1 annex E): this toolkit signed, at this PAdES level."""

_MAX_ATTACHMENTS: Final = 1000
_MAX_REVISIONS: Final = 64
_MAX_FIELDS: Final = 1000


@dataclass(frozen=True)
class Revision:
    """One state of the file: the first ``end`` bytes, of which those from ``start`` on are its own."""

    number: int
    start: int
    cross_references: int
    """Where its table of cross-references stands."""
    end: int
    """After ``%%EOF`` and the end of that line, if it has one."""
    bare_end: int
    """After ``%%EOF``: some programs sign up to here and leave the end of the line to the next one."""


@dataclass(frozen=True)
class FoundSignature:
    """What a signature field holds."""

    field: str
    revision: int
    """The revision that brought it."""
    offset: int
    """Where its dictionary stands in the file."""
    is_timestamp: bool
    sub_filter: str
    byte_range: tuple[int, ...]
    contents: bytes
    signed_at: datetime | None
    reason: str | None
    level: str | None
    """The PAdES level that this toolkit put into its own signatures; None for those of other programs."""


class Structure:
    """The objects of a PDF that matter to a verifier; every method raises on anything unexpected.

    Args:
        pdf: The file.

    Raises:
        Exception: It cannot be parsed; pyHanko raises many types.
    """

    def __init__(self, pdf: bytes) -> None:
        self._pdf = pdf
        self.reader = read_pdf(BytesIO(pdf))
        if self.reader.encrypted:
            raise ValueError("the file is encrypted")
        # A method that is cached would keep the file alive.
        links = Links(self.reader)
        self.at = lru_cache(None)(lambda revision: Resolver(self.reader, revision, links))
        self.revisions = self._revisions()
        for one in self.revisions:
            require_form_tree(self.at(one.number).root)
        self.signatures = tuple(sorted(self._signatures(), key=lambda one: one.revision))

    def fields(self, revision: int) -> frozenset[str]:
        """Names of all signature fields of a revision, signed or not."""
        found = [name for name, _, _ in enumerate_sig_fields(self.at(revision))]
        if len(found) > _MAX_FIELDS or len(set(found)) != len(found):
            raise ValueError(f"{len(found)} signature fields, or two of the same name")
        return frozenset(found)

    def certification(self, name: str) -> int:
        """The DocMDP level of the certification, which is the signature in this field."""
        certified = self.reader.root["/Perms"].raw_get("/DocMDP")
        if certified.reference != self._field(name).raw_get("/V").reference:
            raise ValueError("the certification is not the signature of this field")
        (reference,) = certified.get_object()["/Reference"]
        if reference["/TransformMethod"] != "/DocMDP":
            raise ValueError(f"transform method {reference['/TransformMethod']}, expected /DocMDP")
        return int(reference["/TransformParams"]["/P"])

    def attachments(self) -> dict[str, bytes]:
        """The embedded files by name, from a flat name tree as WeasyPrint writes it."""
        names = self.reader.root.get("/Names", {})
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

    def _revisions(self) -> tuple[Revision, ...]:
        """The revisions, of which each stands wholly behind the one before it, and the last ends with the file."""
        count = self.reader.xrefs.total_revisions
        if count > _MAX_REVISIONS:
            raise ValueError(f"{count} revisions; at most {_MAX_REVISIONS} are read")
        made: list[Revision] = []
        start = 0
        for number in range(count):
            position = self.reader.xrefs.get_startxref_for_revision(number)
            match = re.compile(rb"startxref\s+0*%d\s+%%%%EOF(\r\n|\r|\n)?" % position).search(self._pdf, position)
            if position < start or match is None:
                raise ValueError(f"revision {number + 1} does not end as a PDF ends")
            made.append(Revision(number, start, position, match.end(), match.start() + len(match[0].rstrip(b"\r\n"))))
            start = match.end()
        for revision in made[1:]:
            self._require_own_objects(revision)
        return tuple(made)

    def _require_own_objects(self, revision: Revision) -> None:
        """An update's objects stand in the update: nothing lies hidden in the bytes before it or behind it."""
        table = self.reader.xrefs
        for reference in table.explicit_refs_in_revision(revision.number):
            place = table.get_historical_ref(reference, revision.number)
            if isinstance(place, int) and not revision.start <= place <= revision.cross_references:
                raise ValueError(f"an object of revision {revision.number + 1} stands outside of it, at byte {place}")

    def _signatures(self) -> list[FoundSignature]:
        found = []
        for name, value, reference in enumerate_sig_fields(self.reader):
            if value is not None:
                found.append(self._signature(str(name), reference.get_object()))
        return found

    def _signature(self, name: str, field: Any) -> FoundSignature:
        reference = field.get_value_as_reference("/V")
        revision = self.reader.xrefs.get_last_change(reference)
        if revision != self.reader.xrefs.get_introducing_revision(reference):
            raise ValueError(f"the signature in the field {name} was replaced after it was made")
        offset = self.reader.xrefs[reference]
        if not isinstance(offset, int):
            raise TypeError(f"the signature in the field {name} is packed with other objects")
        value = reference.get_object()
        contents = value.raw_get("/Contents")
        if not isinstance(contents, generic.ByteStringObject | generic.TextStringObject):
            raise TypeError("/Contents is not a string")
        time, reason = value.get("/M"), value.get("/Reason")
        return FoundSignature(
            field=name,
            revision=revision,
            offset=offset,
            is_timestamp=value.get("/Type") == "/DocTimeStamp",
            sub_filter=str(value["/SubFilter"]),
            byte_range=tuple(int(number) for number in value["/ByteRange"]),
            contents=bytes(contents.original_bytes),
            signed_at=None if time is None else generic.parse_pdf_date(str(time)),
            reason=None if reason is None else str(reason),
            level=None if LEVEL not in value else str(value[LEVEL]),
        )

    def _field(self, name: str) -> Any:
        ((_, _, reference),) = enumerate_sig_fields(self.reader, with_name=name)
        return reference.get_object()


def _content(specification: Any) -> bytes:
    stream = specification["/EF"]["/F"]
    # A chain of filters could unpack to more than was counted for the first of them.
    if stream.get("/Filter", "/FlateDecode") != "/FlateDecode":
        raise ValueError(f"an attached file is packed with {stream['/Filter']}")
    return bytes(stream.data)
