"""Reads PDFs as strictly as other signing programs allow: what poppler, and with it Okular and Evince, write is read as well.

Two habits of theirs are no attack, but look like one to pyHanko: a number that no object ever had is given to a new object, and the
empty appearance of a signed field is left behind as an unused object with its number and the next generation.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from pyhanko.pdf_utils import generic, xref
from pyhanko.pdf_utils.decode_limits import DecodeContext, DecodeLimits
from pyhanko.pdf_utils.misc import PdfStrictReadError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader

from ._guard import require_sane_rows, require_sane_tables
from ._paths import Links, Paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyhanko.pdf_utils.generic import Reference

_ORPHAN: Final = "orphaned generation"
_TABLE: Final = (b"x", b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9")


def read_pdf(stream: BytesIO) -> PdfFileReader:
    """Parses the PDF in a stream.

    Raises:
        Exception: It cannot be parsed; pyHanko raises many types.
    """
    try:
        return Reader(stream)
    except PdfStrictReadError as error:
        if _ORPHAN not in str(error):
            raise
    reader = Reader(stream, strict=False)
    _require_consistent(stream.getbuffer(), reader)
    reader.strict = True
    return reader


def _require_consistent(pdf: memoryview, reader: PdfFileReader) -> None:
    """Makes up for the checks that were left out, all but the one for orphaned generations."""
    sections = [_without_orphans(section) for section in reader.xrefs._xref_sections]
    xref._check_xref_consistency(sections)
    if reader.xrefs.hybrid_xrefs_present:
        raise ValueError("the file has two tables of cross-references for one revision")
    for section in sections:
        position = section.meta_info.declared_startxref
        highest = max((number for number, _ in section.xref_data.explicit_refs_in_revision), default=0)
        if bytes(pdf[position : position + 1]) not in _TABLE or highest >= section.meta_info.size:
            raise ValueError(f"the cross-references at byte {position} are not where or what they should be")


def _without_orphans(section: Any) -> Any:
    data = copy(section.xref_data)
    data.standard_xrefs = {number: entry for number, entry in data.standard_xrefs.items() if entry[0] == 0}
    return replace(section, xref_data=data)


def entry(dictionary: Any, key: str) -> Any:
    """The object under a key, wherever it stands in the file; None if there is none."""
    return dictionary[key] if key in dictionary else None  # noqa: SIM401 (get() does not follow references)


class Reader(PdfFileReader):
    """Reads the directory of each stream of objects once.

    pyHanko reads it for each object anew: of 20 s that the comparison of two revisions of a packet took, 19 s.
    """

    def __init__(self, stream: BytesIO, strict: bool = True) -> None:
        self._packed: dict[int, tuple[list[int], bytes]] = {}
        self._decode_context = DecodeContext(DecodeLimits(), input_size=stream.getbuffer().nbytes)
        require_sane_tables(stream, self)
        super().__init__(stream, strict=strict)

    def get_object(self, *given: Any, **options: Any) -> Any:
        """Reads an object."""
        found = super().get_object(*given, **options)  # type: ignore[no-untyped-call]
        if isinstance(found, generic.StreamObject):
            require_sane_rows(found)
        return found

    def _get_object_from_stream(self, idnum: int, stmnum: int, idx: int) -> Any:
        if stmnum not in self._packed:
            stream: Any = generic.Reference(stmnum, 0, self).get_object()
            if stream["/Type"] != "/ObjStm":
                raise PdfStrictReadError(f"object {stmnum} is no stream of objects")
            data, first = bytes(stream.data), int(stream["/First"])
            directory = [int(number) for number in data[:first].split()][: 2 * int(stream["/N"])]
            self._packed[stmnum] = [part + first if n % 2 else part for n, part in enumerate(directory)], data
        directory, data = self._packed[stmnum]
        if not 0 <= 2 * idx < len(directory) - 1 or directory[2 * idx] != idnum:
            raise PdfStrictReadError(f"object {idnum} is not in its place in the stream {stmnum}")
        content = BytesIO(data)
        content.seek(directory[2 * idx + 1])
        found = generic.read_object(content, generic.Reference(idnum, 0, self))
        if isinstance(found, (generic.StreamObject, generic.IndirectObject)):
            raise PdfStrictReadError(f"object {idnum} in the stream {stmnum} is of a kind that must not be there")
        return found


class Resolver(HistoricalResolver):
    """One revision of a file; says faster than pyHanko's which paths lead to an object.

    Args:
        reader: The file.
        revision: Number of the revision, from 0.
        links: The objects of the file, which all its revisions share.
    """

    def __init__(self, reader: PdfFileReader, revision: int, links: Links) -> None:
        super().__init__(reader, revision)
        self._links = links
        self._paths: Paths | None = None

    def is_ref_unassignable(self, ref: Reference) -> bool:
        """Whether an object of a later revision may have this number: no object had it, and nothing refers to it."""
        return super().is_ref_unassignable(ref) or not (self._was_given(ref.idnum) or self.usages(ref))

    def usages(self, ref: Reference) -> set[Any]:
        """The paths that lead to an object."""
        if self._paths is None:
            self._paths = Paths(self._links, self)
        return self._paths.to(ref)

    def _load_reverse_xref_cache(self) -> None:
        """Does nothing: the paths to an object are looked for when it is asked for."""

    def _get_usages_of_ref(self, ref: Reference) -> set[Any]:
        return self.usages(ref)

    def _was_given(self, number: int) -> bool:
        tables: Sequence[Any] = [self.reader.xrefs.get_xref_data(revision) for revision in range(self.revision + 1)]
        return any(number in known for data in tables for known in (data.standard_xrefs, data.xrefs_in_objstm, data.freed))
