"""The part of `compliance.report.pdf` that needs WeasyPrint; imported at the first render only."""

from __future__ import annotations

import os
import re
import threading
import warnings
import zlib
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import pydyf  # type: ignore[import-untyped]
import weasyprint  # type: ignore[import-untyped]
from weasyprint.text import ffi  # type: ignore[import-untyped]
from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped]
from weasyprint.urls import URLFetcher, URLFetcherResponse  # type: ignore[import-untyped]

from ..errors import RenderError
from .fonts import FONT_FAMILIES, FONT_STACK, font_bytes, font_digests, font_face_css
from .pdf import BOX_PREFIX, Attachment, Box, RenderedPdf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_VARIANT: Final = "pdf/a-3a"
_POINTS_PER_PIXEL: Final = 0.75
_TEMPLATE_FILE: Final = re.compile(r"[a-z0-9_-]+/[A-Za-z0-9_-]+\.(css|svg|png|jpg)")
_MEDIA_TYPES: Final = {
    "css": "text/css",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "ttf": "font/ttf",
}
_ENVIRONMENT: Final = threading.Lock()

# PDF/UA-1 part 5 wants the identifier, PDF/A-3 clause 6.6.2.3 wants every property outside its own list described in an
# extension schema. WeasyPrint's xmp_metadata option would append a second rdf:RDF, which validators do not read.
_UA_IDENTIFIER: Final = (
    b'<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="" pdfuaid:part="1"/>'
    b'<rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
    b' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
    b' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#" rdf:about="">'
    b'<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
    b"<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>"
    b"<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>"
    b"<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>"
    b'<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">'
    b"<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>"
    b"<pdfaProperty:category>internal</pdfaProperty:category>"
    b"<pdfaProperty:description>Part of ISO 14289 that the file conforms to</pdfaProperty:description>"
    b"</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
)


def render(html: str, when: datetime, attachments: Sequence[Attachment], resources: Mapping[str, bytes]) -> RenderedPdf:
    """Does the work of `compliance.report.pdf.render_pdf`, which has checked the arguments."""
    when = when.astimezone(UTC).replace(microsecond=0)
    # The file's name tree has to be sorted (ISO 32000-1 section 7.9.6), and the order must not depend on the caller.
    ordered = sorted(attachments, key=lambda attachment: attachment.name)
    with _guarded(when, resources) as fetcher:
        document = _lay_out(html, when, fetcher, _VARIANT)
        if not document.metadata.title or not document.metadata.lang:
            raise RenderError("the document has no <title> or no <html lang>; PDF/UA needs both")
        content = document.write_pdf(
            pdf_variant=_VARIANT,
            attachments=[_embedded(attachment, when) for attachment in ordered],
            finisher=lambda laid_out, pdf: _finish(laid_out, pdf, ordered),
        )
    return RenderedPdf(content=content, boxes=MappingProxyType(_boxes(document)))


def render_plain(html: str, when: datetime) -> bytes:
    """Does the work of `compliance.report.pdf.render_page`."""
    with _guarded(when, {}) as fetcher:
        document = _lay_out(html, when.astimezone(UTC), fetcher, None)
        return bytes(document.write_pdf(finisher=lambda laid_out, _: _require_own_font(laid_out)))


def fingerprint() -> dict[str, str]:
    """Does the work of `compliance.report.pdf.renderer_fingerprint`."""
    number = ffi.pango.pango_version()
    return {
        "weasyprint": version("weasyprint"),
        "pydyf": version("pydyf"),
        "fonttools": version("fonttools"),
        "pango": f"{number // 10000}.{number // 100 % 100}.{number % 100}",
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
        "harfbuzz-subset": "no" if ffi.harfbuzz_subset is None else "yes",
        **{f"font {name}": f"sha256:{digest}" for name, digest in font_digests().items()},
    }


class _PackagedOnly(URLFetcher):  # type: ignore[misc]
    """Serves ``data:`` and ``package:`` URLs, opens nothing, remembers what else was asked for."""

    def __init__(self, resources: Mapping[str, bytes]) -> None:
        super().__init__(allowed_protocols=("data",), allow_redirects=False)
        self._resources = resources
        self._refused: list[str] = []

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        scheme, _, name = url.partition(":")
        if scheme.lower() == "data":
            return super().fetch(url, headers)
        content = self._packaged(name) if scheme == "package" else None
        if content is None:
            self._refused.append(url)
            raise ValueError(f"not packaged: {url}")
        media_type = _MEDIA_TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        return URLFetcherResponse(url, content, {"Content-Type": media_type})

    def refuse(self) -> None:
        """Raises if anything foreign was asked for.

        WeasyPrint swallows what a fetcher raises and renders on without the resource, so this is asked afterwards.
        """
        if self._refused:
            url = self._refused[0] if len(self._refused[0]) <= 200 else self._refused[0][:200] + "…"
            raise RenderError(
                f"the document asks for {url!r}, which is not packaged with it; nothing was fetched",
                hint="embed it as a data: URL or pass it in resources; if it came from evidence, escape that text",
            )

    def _packaged(self, name: str) -> bytes | None:
        if name in self._resources:
            return self._resources[name]
        if (font := font_bytes(name)) is not None:
            return font
        if _TEMPLATE_FILE.fullmatch(name):
            file = files("compliance.templates").joinpath(*name.split("/"))
            return file.read_bytes() if file.is_file() else None
        return None


@contextmanager
def _guarded(when: datetime, resources: Mapping[str, bytes]) -> Iterator[_PackagedOnly]:
    """Holds the rules of every render: fixed time, nothing fetched, no error but RenderError."""
    fetcher = _PackagedOnly(resources)
    try:
        with _source_date_epoch(when), warnings.catch_warnings():
            # WeasyPrint 70 leaves closing its colour profile to the garbage collector.
            warnings.filterwarnings("ignore", message=r"unclosed file.*sRGB2014\.icc", category=ResourceWarning)
            yield fetcher
    except RenderError:
        raise
    except Exception as error:
        # WeasyPrint, tinycss2 and fontTools raise many types on bad input; none of them is part of their contract.
        raise RenderError(f"the document cannot be laid out: {type(error).__name__}: {error}") from error
    finally:
        fetcher.refuse()


@contextmanager
def _source_date_epoch(when: datetime) -> Iterator[None]:
    """Fixes the modification time that fontTools writes into embedded fonts, for the length of one render."""
    with _ENVIRONMENT:
        before = os.environ.get("SOURCE_DATE_EPOCH")
        os.environ["SOURCE_DATE_EPOCH"] = str(max(0, int(when.timestamp())))
        try:
            yield
        finally:
            if before is None:
                del os.environ["SOURCE_DATE_EPOCH"]
            else:
                os.environ["SOURCE_DATE_EPOCH"] = before


def _lay_out(html: str, when: datetime, fetcher: _PackagedOnly, variant: str | None) -> Any:
    configuration = FontConfiguration()
    # Without a single font Pango ends the whole process with a segmentation fault; font_bytes raises before that.
    fonts = weasyprint.CSS(string=font_face_css(), font_config=configuration, url_fetcher=fetcher)
    # For each <wbr> WeasyPrint lays out two boxes and writes a structure element: 1,000 rows with a long path each took
    # 2.6 times as long and 1.5 MB instead of 0.6 MB, compared with the character it stands for; extracted text is the same.
    source = weasyprint.HTML(string=html.replace("<wbr>", "\u200b"), url_fetcher=fetcher)
    document = source.render(font_config=configuration, stylesheets=[fonts], pdf_variant=variant)
    document.metadata.created = document.metadata.modified = when.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    return document


def _boxes(document: Any) -> dict[str, Box]:
    boxes: dict[str, Box] = {}
    for index, page in enumerate(document.pages):
        for name, (x0, y0, x1, y1) in page.anchors.items():
            if name.startswith(BOX_PREFIX) and name not in boxes and x1 > x0 and y1 > y0:
                rectangle = (x0, page.height - y1, x1, page.height - y0)
                left, bottom, right, top = (round(value * _POINTS_PER_PIXEL, 2) for value in rectangle)
                boxes[name] = (index, (left, bottom, right, top))
    return boxes


def _embedded(attachment: Attachment, when: datetime) -> weasyprint.Attachment:
    return weasyprint.Attachment(
        string=attachment.content,
        name=attachment.name,
        description=attachment.description,
        created=when,
        modified=when,
        relationship=attachment.relationship,
    )


def _require_own_font(document: Any) -> None:
    """Refuses text set in a font of the operating system, or in none: other bytes elsewhere, and no longer PDF/A."""
    for font in document.fonts.values():
        if font.family in FONT_FAMILIES and not font.missing:
            continue
        texts = [*map(chr, font.missing), *font.to_unicode.values()] if font.family not in FONT_FAMILIES else map(chr, font.missing)
        shown = ", ".join(f"{text!r} ({' '.join(f'U+{ord(part):04X}' for part in text)})" for text in [*texts][:5])
        raise RenderError(
            f"the document holds text that is not set in {FONT_STACK}: {shown}",
            hint=f"pass evidence through the filter visible; in templates use font-family: {FONT_STACK} and characters that they have",
        )


def _finish(document: Any, pdf: pydyf.PDF, attachments: Sequence[Attachment]) -> None:
    """Repairs what WeasyPrint leaves: PDF/UA identifier, media types, relationships, double ``/AF`` entries."""
    _require_own_font(document)
    for item in pdf.objects:
        if isinstance(item, pydyf.Stream) and item.extra.get("Type") == "/Metadata":
            item.stream = [part.replace(b"</rdf:RDF>", _UA_IDENTIFIER + b"</rdf:RDF>") for part in item.stream]
    embedded = [item for item in pdf.objects if isinstance(item, pydyf.Stream) and item.extra.get("Type") == "/EmbeddedFile"]
    described: list[Any] = [item for item in pdf.objects if isinstance(item, dict) and item.get("Type") == "/Filespec"]
    if len(embedded) != len(attachments):
        raise RenderError(
            "the document attaches a file by itself (<link rel=attachment> or a link to one)",
            hint="pass files as attachments; if the markup came from evidence, escape that text",
        )
    for stream, specification, attachment in zip(embedded, described, attachments, strict=True):
        # WeasyPrint guesses the type from the name, and finds the relationship by the content's MD5, so that files of
        # equal bytes would share one.
        stream.extra["Subtype"] = "/" + attachment.media_type.replace("/", "#2F")
        # pydyf compresses twice at level 9: a third of the time of a report on 100,000 findings (7.5 s became 4.9 s).
        stream.stream = [zlib.compress(b"".join(stream.stream), 6)]
        stream.extra["Filter"] = "/FlateDecode"
        stream.compress = False
        specification["AFRelationship"] = f"/{attachment.relationship}"
    if described:
        pdf.catalog["AF"] = pydyf.Array(specification.reference for specification in described)
