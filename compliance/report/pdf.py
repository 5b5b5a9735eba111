"""HTML to one PDF that is PDF/A-3a and PDF/UA-1 at once, byte for byte the same for the same input.

WeasyPrint is imported at the first render only: it costs a second, and needs Pango from the operating system.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast

from ..errors import RenderError, first_line

if TYPE_CHECKING:
    from datetime import datetime
    from types import ModuleType

__all__ = ["Attachment", "Box", "RenderedPdf", "render_page", "render_pdf", "renderer_fingerprint"]

Box = tuple[int, tuple[float, float, float, float]]
"""A place in a PDF: page index from 0, and (left, bottom, right, top) in points from the page's lower left corner."""

BOX_PREFIX: Final = "sig-"
"""Elements whose id starts with this are measured: they are the places for signatures."""

DEBIAN_PACKAGES: Final = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"

_RELATIONSHIPS: Final = frozenset({"Source", "Data", "Alternative", "Supplement", "Unspecified"})
_MEDIA_TYPE: Final = re.compile(r"[a-z]+/[A-Za-z0-9.+-]+")
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")


@dataclass(frozen=True)
class Attachment:
    """A file carried inside the PDF.

    Args:
        name: File name: ASCII letters, digits and ``._+-``, so that it can be written to any disk as it stands.
        media_type: Such as ``application/json``.
        description: One sentence for the reader of the PDF's attachment list.
        content: The bytes.
        relationship: ``AFRelationship`` of ISO 32000-2 section 7.11.3: Data, Source, Alternative, Supplement, Unspecified.
    """

    name: str
    media_type: str
    description: str
    content: bytes
    relationship: str = "Data"

    def __post_init__(self) -> None:
        """Refuses what would make the file invalid PDF/A or a name that cannot be written to disk."""
        if not _FILE_NAME.fullmatch(self.name):
            raise RenderError(f"attachment name {self.name!r}; expected ASCII letters, digits and . _ + - only")
        if not _MEDIA_TYPE.fullmatch(self.media_type):
            raise RenderError(f"attachment {self.name}: media type {self.media_type!r}; expected one like application/json")
        if self.relationship not in _RELATIONSHIPS:
            expected = ", ".join(sorted(_RELATIONSHIPS))
            raise RenderError(f"attachment {self.name}: relationship {self.relationship!r}; expected one of {expected}")


@dataclass(frozen=True)
class RenderedPdf:
    """A rendered document.

    Args:
        content: The PDF.
        boxes: Places of all elements whose id starts with ``sig-``, by id.
    """

    content: bytes
    boxes: Mapping[str, Box] = field(default_factory=lambda: MappingProxyType({}))


def render_pdf(
    html: str,
    *,
    when: datetime,
    attachments: Sequence[Attachment] = (),
    signature_box_id: str | None = None,
    resources: Mapping[str, bytes] = MappingProxyType({}),
) -> RenderedPdf:
    """Renders a document; the same arguments give the same bytes under the same `renderer_fingerprint`.

    Nothing is fetched: ``data:`` URLs, ``package:<name>`` for a name in ``resources`` or a file of the shipped templates,
    and the packaged fonts are all there is. Any other URL ends the render, because in a document made from escaped text
    it means that a template asks for what it must not, or that something got through the escaping.

    Args:
        html: The whole document, with ``<html lang>`` and ``<title>``; every figure needs alternative text.
        when: The document's time, with a zone; written as its creation time and as that of the attachments.
        attachments: Files to carry; names are unique.
        signature_box_id: Id of the element that will hold the toolkit's signature; it must be in the document.
        resources: Further files that the document may ask for as ``package:<name>``.

    Raises:
        RenderError: Pango or the font is missing, the document asks for a foreign URL, lacks title, language or the
            signature box, or cannot be laid out.
    """
    if when.tzinfo is None:
        raise RenderError(f"the document's time {when.isoformat()} has no time zone")
    if len({attachment.name for attachment in attachments}) != len(attachments):
        raise RenderError("two attachments have the same name")
    if signature_box_id is not None and not signature_box_id.startswith(BOX_PREFIX):
        raise RenderError(f"signature box id {signature_box_id!r}; expected one that starts with {BOX_PREFIX!r}")
    rendered = cast("RenderedPdf", _renderer().render(html, when, attachments, resources))
    if signature_box_id is not None and signature_box_id not in rendered.boxes:
        raise RenderError(f"the document has no visible element with the id {signature_box_id!r} to hold the signature")
    return rendered


def render_page(html: str, *, when: datetime) -> bytes:
    """Renders a document without tags or metadata, to be placed as a picture inside another PDF.

    Args:
        html: The whole document.
        when: Its time, with a zone.

    Raises:
        RenderError: As for `render_pdf`.
    """
    return cast("bytes", _renderer().render_plain(html, when))


def renderer_fingerprint() -> dict[str, str]:
    """What the bytes of a render depend on besides its arguments: versions of the libraries, digests of the fonts."""
    return cast("dict[str, str]", _renderer().fingerprint())


def _renderer() -> ModuleType:
    try:
        with warnings.catch_warnings():
            # WeasyPrint warns at import when no system font exists (we bring our own) and when harfbuzz-subset is
            # missing (the fingerprint says so); neither is news for the person who renders a report.
            warnings.filterwarnings("ignore", message="No fonts configured in FontConfig|FontConfig cannot load")
            warnings.filterwarnings("ignore", message="HarfBuzz-Subset will be required", category=DeprecationWarning)
            return import_module("compliance.report._weasy")
    except OSError as error:
        message = f"WeasyPrint cannot load a system library: {first_line(error)}"
        raise RenderError(message, hint=f"apt-get install --no-install-recommends {DEBIAN_PACKAGES}") from error
