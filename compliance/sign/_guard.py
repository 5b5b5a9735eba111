"""Refuses what would make a parser of PDFs work or reserve memory without end, though the file is small.

pyHanko bounds what streams unpack to. What they say of themselves it believes: that the rows of a prediction are gigabytes wide, that a
table of cross-references has thousands of millions of entries without a byte. And it walks a form along every way to each field.
"""

from __future__ import annotations

import os
from io import BytesIO
from typing import Any, Final

from pyhanko.pdf_utils import generic, reader, xref

MOST_OBJECTS: Final = 1_000_000
"""Entries of one table of cross-references; a report has some thousands."""
WIDEST_ROW: Final = 1 << 16
"""Bytes of a row of a prediction (ISO 32000-1 table 8); tables of cross-references have rows of some ten."""
_WIDEST_ENTRY: Final = 8
"""Bytes of one number in a table of cross-references."""


def require_sane_tables(stream: BytesIO, handler: Any) -> None:
    """Reads all tables of cross-references, none of which is larger than what it holds.

    Raises:
        ValueError: One is.
        Exception: They cannot be read; pyHanko raises many types.
    """
    stream.seek(-1, os.SEEK_END)
    _Tables(handler, stream, strict=False, last_startxref=reader.process_data_at_eof(stream)).read_xrefs()  # type: ignore[no-untyped-call]


class _Tables(xref.XRefBuilder):
    def _read_xref_stream_object(self) -> Any:
        reference, table = super()._read_xref_stream_object()  # type: ignore[no-untyped-call]
        require_sane_rows(table)
        widths, index = [int(one) for one in table["/W"]], [int(one) for one in table.get("/Index", [0, table["/Size"]])]
        if not any(widths) or not all(0 <= one <= _WIDEST_ENTRY for one in widths) or sum(index[1::2]) > MOST_OBJECTS:
            raise ValueError(
                f"a table of cross-references with {sum(index[1::2])} entries of {widths} bytes; at most {MOST_OBJECTS} are read"
            )
        return reference, table


def require_sane_rows(stream: Any) -> None:
    """Checks the parameters with which a stream is unpacked.

    Raises:
        ValueError: They ask for rows of a prediction that are wider than `WIDEST_ROW`.
    """
    given = stream["/DecodeParms"] if "/DecodeParms" in stream else None  # noqa: SIM401 (get() does not follow references)
    for parameters in given if isinstance(given, generic.ArrayObject) else (given,):
        found: Any = parameters.get_object() if isinstance(parameters, generic.IndirectObject) else parameters  # type: ignore[no-untyped-call]
        if isinstance(found, generic.DictionaryObject) and int(found.get("/Columns", 1)) > WIDEST_ROW:
            raise ValueError(f"a stream in rows of {found['/Columns']} bytes; at most {WIDEST_ROW} are read")


def require_form_tree(root: Any) -> None:
    """Checks that each field of a form stands in one place of it.

    Raises:
        ValueError: One stands in two.
    """
    form = root["/AcroForm"] if "/AcroForm" in root else {}  # noqa: SIM401
    seen: set[Any] = set()
    waiting = [form["/Fields"]] if "/Fields" in form else []
    while waiting:
        fields = waiting.pop()
        for one in fields if isinstance(fields, generic.ArrayObject) else ():
            if not isinstance(one, generic.IndirectObject):
                continue
            if one.reference in seen:
                raise ValueError(f"field {one.idnum} stands in two places of the form")
            seen.add(one.reference)
            field: Any = one.get_object()  # type: ignore[no-untyped-call]
            if isinstance(field, generic.DictionaryObject) and "/Kids" in field:
                waiting.append(field["/Kids"])
