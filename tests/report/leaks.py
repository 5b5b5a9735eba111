"""Everything that a reader could get out of a report: text of the pages, streams, strings, metadata, attachments."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from typing import Any

import pikepdf

DEEPEST = 8


def everything(pdf: bytes) -> str:
    """Returns all that a file says, in whatever form, without white space: lines break anywhere on a page."""
    return squeezed("\n".join(_parts(pdf)))


def squeezed(text: str) -> str:
    """Returns a text without white space and without the places where it may break."""
    return "".join(text.replace("\u200b", "").replace("\u00ad", "").replace("\u2011", "-").split())


def _parts(pdf: bytes) -> Iterator[str]:
    yield pdf.decode("latin-1")
    yield subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for one in document.objects:
            yield from _strings(one, 0)
            if isinstance(one, pikepdf.Stream):
                data = _unpacked(one)
                yield data.decode("latin-1")
                yield data.decode("utf-8", "replace")
                yield data.decode("utf-16-be", "replace")
        yield str(document.docinfo)
        with document.open_outline() as outline:
            yield str(outline)


def _unpacked(stream: pikepdf.Stream) -> bytes:
    try:
        return stream.read_bytes()
    except pikepdf.PdfError:  # an image
        return stream.read_raw_bytes()


def _strings(one: Any, depth: int) -> Iterator[str]:
    """Yields the texts of an object, such as alternative texts, titles and names; PDF writes them in UTF-16 or in its own encoding."""
    if isinstance(one, pikepdf.String):
        yield str(one)
        yield bytes(one).decode("utf-16-be", "replace")
    elif isinstance(one, (pikepdf.Dictionary, pikepdf.Stream)) and depth < DEEPEST:
        for key in list(one.keys()):
            yield str(key)
            yield from _direct(one[key], depth)
    elif isinstance(one, pikepdf.Array) and depth < DEEPEST:
        for child in list(one):
            yield from _direct(child, depth)


def _direct(child: Any, depth: int) -> Iterator[str]:
    """Goes into what is part of an object; what it refers to has its own turn."""
    if not (isinstance(child, pikepdf.Object) and child.is_indirect):
        yield from _strings(child, depth + 1)
