from __future__ import annotations

import html
import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pikepdf
import pytest

from compliance.errors import RenderError
from compliance.report.fonts import FONT_FAMILIES, FONT_STACK, covered_codepoints, font_digests, font_face_css
from compliance.report.pdf import Attachment, render_page, render_pdf, renderer_fingerprint
from compliance.report.text import soft_breaks, visible
from tests.verapdf import failures

WHEN = datetime(2026, 11, 23, 6, 0, 0, tzinfo=UTC)
PIXEL = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'%3E%3Crect width='9' height='9'/%3E%3C/svg%3E"


def document(body: str, style: str = "") -> str:
    return (
        f"<!DOCTYPE html><html lang='en'><head><title>Report</title><style>{style} html {{ font-family: {FONT_STACK} }}"
        f"</style></head><body><h1>Report</h1>{body}</body></html>"
    )


def text_of(pdf: bytes) -> str:
    return subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()


@pytest.fixture
def requests() -> Iterator[tuple[str, list[str]]]:
    """A loopback server's address, and the paths asked of it."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    thread.join()
    server.server_close()


def test_two_renders_are_identical() -> None:
    attachments = [Attachment("b.json", "application/json", "B", b"{}"), Attachment("a.csv", "text/csv", "A", b"1,2")]
    source = document(f"<p>Text <b>bold</b> <i>italic</i></p><img alt='a square' src=\"{PIXEL}\">")
    first = render_pdf(source, when=WHEN, attachments=attachments)
    again = render_pdf(source, when=WHEN, attachments=attachments[::-1])
    assert first == again


def test_another_process_zone_and_environment_give_the_same_bytes(tmp_path: Path) -> None:
    source = document("<p>Text <b>bold</b></p>")
    program = tmp_path / "render.py"
    program.write_text(
        "import sys; from datetime import datetime; from compliance.report.pdf import render_pdf\n"
        "sys.stdout.buffer.write(render_pdf(sys.argv[1], when=datetime.fromisoformat(sys.argv[2])).content)\n"
    )
    when = WHEN.astimezone(timezone(timedelta(hours=5)))
    environment = os.environ | {"PYTHONPATH": str(Path.cwd()), "SOURCE_DATE_EPOCH": "1", "TZ": "Asia/Tokyo"}
    command = [sys.executable, str(program), source, when.isoformat()]
    done = subprocess.run(command, capture_output=True, check=True, env=environment)
    assert done.stdout == render_pdf(source, when=WHEN).content


def test_the_environment_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "7")
    render_pdf(document("<p>x</p>"), when=WHEN)
    assert os.environ["SOURCE_DATE_EPOCH"] == "7"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    render_pdf(document("<p>x</p>"), when=WHEN)
    assert "SOURCE_DATE_EPOCH" not in os.environ


def test_attachments_of_equal_bytes_keep_their_own_type_and_relationship() -> None:
    attachments = [
        Attachment("model.json", "application/json", "Model", b"same", "Source"),
        Attachment("envelope.dsse", "application/vnd.dsse.envelope+json", "Envelope", b"same", "Data"),
    ]
    content = render_pdf(document("<p>x</p>"), when=WHEN, attachments=attachments).content
    with pikepdf.open(io.BytesIO(content)) as pdf:
        names = [str(item) for item in list(pdf.Root.Names.EmbeddedFiles.Names)[::2]]
        assert names == ["envelope.dsse", "model.json"]
        files = {str(item.UF): item for item in pdf.Root.AF}
        assert len(pdf.Root.AF) == 2
        assert files["model.json"].AFRelationship == "/Source"
        assert files["envelope.dsse"].AFRelationship == "/Data"
        assert files["envelope.dsse"].EF.F.Subtype == "/application/vnd.dsse.envelope+json"
        assert files["model.json"].EF.F.read_bytes() == b"same"


def test_signature_boxes_are_measured_in_points() -> None:
    style = "@page { size: A4; margin: 20mm } #sig-toolkit { width: 80mm; height: 25mm } h1 { display: none } body { margin: 0 }"
    body = "<p style='break-after: page; margin: 0'>One</p><div id='sig-toolkit'></div><div id='other'>x</div>"
    rendered = render_pdf(document(body, style), when=WHEN, signature_box_id="sig-toolkit")
    assert set(rendered.boxes) == {"sig-toolkit"}
    page, rectangle = rendered.boxes["sig-toolkit"]
    millimetre = 72 / 25.4
    assert page == 1
    assert rectangle == pytest.approx([value * millimetre for value in (20, 252, 100, 277)], abs=0.02)


@pytest.mark.parametrize(
    ("markup", "style"),
    [
        pytest.param("<img alt='x' src='{http}/img'>", "", id="image-over-http"),
        pytest.param("<img alt='x' src='{file}'>", "", id="image-from-disk"),
        pytest.param("<p>x</p>", "p {{ background: url({http}/bg) }}", id="css-url"),
        pytest.param("<p>x</p>", "@import '{http}/css';", id="css-import"),
        pytest.param("<p>x</p>", "@font-face {{ font-family: F; src: url({http}/font) }}", id="font"),
        pytest.param("<svg width='9' height='9'><image href='{http}/svg' width='9' height='9'/></svg>", "", id="image-in-svg"),
        pytest.param("<link rel='attachment' href='{file}'>", "", id="attachment-from-disk"),
        pytest.param("<a rel='attachment' href='{file}'>x</a>", "", id="linked-attachment-from-disk"),
        pytest.param("<a rel='attachment' href='data:,secret'>x</a>", "", id="attachment-from-data"),
        pytest.param("<object data='{http}/object'></object><embed src='{http}/embed'>", "", id="object-and-embed"),
        pytest.param("<link rel='stylesheet' href='{http}/style'>", "", id="style-sheet"),
        pytest.param("<base href='{http}/'><img alt='x' src='relative'>", "", id="base"),
        pytest.param("<img alt='x' src='package:../../etc/hostname'>", "", id="path-out-of-the-package"),
        pytest.param("<img alt='x' src='package:report/../__init__.py'>", "", id="source-code-of-the-package"),
    ],
)
def test_a_document_that_asks_for_foreign_things_is_refused_and_fetches_nothing(
    markup: str, style: str, requests: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, seen = requests
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    values = {"http": address, "file": secret.as_uri()}
    with pytest.raises(RenderError, match=r"not packaged|attaches a file by itself"):
        render_pdf(document(markup.format(**values), style.format(**values)), when=WHEN)
    assert seen == []


def test_hostile_markup_that_is_escaped_shows_as_text(requests: tuple[str, list[str]], tmp_path: Path) -> None:
    address, seen = requests
    secret = tmp_path / "secret.txt"
    secret.write_text("leaked")
    hostile = (
        f"<img src='{address}/img'><link rel=attachment href='{secret.as_uri()}'>"
        f"</style><style>@import '{address}/css'</style><script>1</script>"
    )
    rendered = render_pdf(document(f"<p>{html.escape(hostile)}</p><p>{soft_breaks(hostile)}</p>"), when=WHEN)
    assert seen == []
    text = text_of(rendered.content)
    assert f"src='{address}/img'" in text.replace("\n", " ")
    assert "leaked" not in text
    assert b"/EmbeddedFile" not in rendered.content


def test_links_to_the_web_are_not_fetched(requests: tuple[str, list[str]]) -> None:
    address, seen = requests
    render_pdf(document(f"<p><a href='{address}/advisory'>advisory</a></p>"), when=WHEN)
    assert seen == []


def test_given_resources_are_served_by_exact_name() -> None:
    style = b"p::after { content: ' from the style sheet' }"
    source = document("<link rel='stylesheet' href='package:mine/style.css'><p>Text</p>")
    rendered = render_pdf(source, when=WHEN, resources={"mine/style.css": style})
    assert "Text from the style sheet" in text_of(rendered.content)


def test_soft_breaks_wrap_long_paths_and_leave_no_trace_in_the_text() -> None:
    path = "services/a_very_long_package_name/src/main/java/org/example/AbstractHandlerFactory.java"
    style = "table { table-layout: fixed; width: 4cm }"
    body = f"<table><caption>c</caption><tr><th scope='row'>{soft_breaks(path)}</th></tr></table>"
    content = render_pdf(document(body, style), when=WHEN).content
    text = text_of(content)
    assert "\u200b" not in text
    assert path in text.replace("\n", "")
    assert path not in text


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("<html><head><title>T</title></head><body>x</body></html>", "lang"),
        ("<html lang='en'><body>x</body></html>", "title"),
    ],
)
def test_a_document_without_title_or_language_is_refused(source: str, message: str) -> None:
    with pytest.raises(RenderError, match=message):
        render_pdf(source, when=WHEN)


def test_wrong_arguments_are_refused() -> None:
    source = document("<p>x</p>")
    with pytest.raises(RenderError, match="no time zone"):
        render_pdf(source, when=datetime(2026, 1, 1))
    with pytest.raises(RenderError, match="no visible element"):
        render_pdf(source, when=WHEN, signature_box_id="sig-toolkit")
    with pytest.raises(RenderError, match="starts with 'sig-'"):
        render_pdf(source, when=WHEN, signature_box_id="toolkit")
    same = Attachment("a.json", "application/json", "A", b"")
    with pytest.raises(RenderError, match="same name"):
        render_pdf(source, when=WHEN, attachments=[same, same])


@pytest.mark.parametrize(
    ("name", "media_type", "relationship"),
    [("../x", "text/csv", "Data"), ("", "text/csv", "Data"), ("x", "csv", "Data"), ("x", "text/csv", "Friend")],
)
def test_an_unusable_attachment_is_refused(name: str, media_type: str, relationship: str) -> None:
    with pytest.raises(RenderError, match="expected"):
        Attachment(name, media_type, "d", b"", relationship)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param("<p>\u6f22</p>", r"U\+6F22", id="letter-the-fonts-lack"),
        pytest.param("<p>\ue000</p>", r"U\+E000", id="character-no-font-has"),
        pytest.param("<p style='font-family: serif'>Q</p>", r"'Q' \(U\+0051\)", id="font-of-the-system"),
    ],
)
def test_text_in_another_font_is_refused(body: str, found: str) -> None:
    """It would be set in whatever the machine has, and break PDF/A where the machine has nothing."""
    with pytest.raises(RenderError, match=found):
        render_pdf(document(body), when=WHEN)


def test_text_that_weasyprint_cannot_take_is_a_render_error() -> None:
    with pytest.raises(RenderError, match="cannot be laid out"):
        render_pdf(document("<p>\ud800</p>"), when=WHEN)


def test_missing_pango_names_the_debian_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise OSError("cannot load library 'libgobject-2.0-0': not found\nmore")

    monkeypatch.setattr("compliance.report.pdf.import_module", missing)
    with pytest.raises(RenderError, match="libgobject") as caught:
        render_pdf(document("<p>x</p>"), when=WHEN)
    assert "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0" in str(caught.value.hint)


def test_a_machine_without_any_system_font_renders(tmp_path: Path) -> None:
    """Pango ends the process with a segmentation fault if there is no font at all."""
    (tmp_path / "fonts.conf").write_text("<?xml version='1.0'?><fontconfig></fontconfig>")
    program = (
        "import sys, warnings; warnings.simplefilter('error'); from datetime import datetime, UTC\n"
        "from compliance.report.pdf import render_pdf\n"
        "source = '<html lang=en><title>T</title><body style=\"font-family: Compliance Sans\"><h1>x</h1>'\n"
        "sys.stdout.buffer.write(render_pdf(source, when=datetime.now(UTC)).content[:5])\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path.cwd()), "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stdout) == (0, b"%PDF-"), done.stderr


def test_importing_the_public_module_does_not_import_weasyprint() -> None:
    program = "import sys, compliance.report.pdf, compliance.report.text, compliance.sign.pdf, compliance.sign.pdf_verify\n"
    program += "heavy = {'weasyprint', 'pyhanko', 'fontTools'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    subprocess.run([sys.executable, "-c", program], check=True, env=os.environ | {"PYTHONPATH": str(Path.cwd())})


def test_the_fingerprint_names_libraries_and_fonts() -> None:
    fingerprint = renderer_fingerprint()
    assert set(fingerprint) == {"weasyprint", "pydyf", "fonttools", "pango", "zlib", "harfbuzz-subset"} | {
        f"font {name}" for name in font_digests()
    }
    assert fingerprint["harfbuzz-subset"] in {"yes", "no"}
    assert all(fingerprint.values())


def test_font_faces_are_offered_to_style_sheets() -> None:
    assert font_face_css().count("@font-face") == 4
    assert all(family in font_face_css() for family in FONT_FAMILIES)


def test_a_page_for_stamps_is_one_small_page() -> None:
    style = "@page { size: 100pt 40pt; margin: 0 }"
    with pikepdf.open(io.BytesIO(render_page(document("", style), when=WHEN))) as pdf:
        assert [float(value) for value in pdf.pages[0].MediaBox] == [0, 0, 100, 40]


@pytest.mark.xdist_group("jvm")
def test_documents_conform_to_pdf_a_3a_and_pdf_ua_1(tmp_path: Path) -> None:
    nasty = "".join(map(chr, [*range(0x20), 0x7F, 0x9F, 0xAD, 0x200B, 0x202E, 0x2028, 0xD800, 0xE000, 0xFFFF, 0x1F642]))
    every = "".join(map(chr, sorted(covered_codepoints())))
    body = (
        f"<p>{html.escape(visible(nasty))}</p><p lang='en'>{html.escape(visible(every))}</p>"
        f"<p><b>≤ bold →</b> <i>≤ italic →</i> <b><i>≤ both →</i></b></p>"
        f"<p><b>bold</b> <i>italic</i> <b><i>both</i></b> <span style='font-weight: 500'>medium</span>"
        f" <a href='https://example.org/'>link</a></p><img alt='a square' src=\"{PIXEL}\">"
        f"<table style='table-layout: fixed; width: 6cm; font-variant-numeric: tabular-nums'><caption>Gates</caption>"
        f"<thead><tr><th scope='col'>Gate</th><th scope='col'>Observed</th></tr></thead><tbody>"
        f"<tr><th scope='row'>{soft_breaks('a/long_path/to/some-file.name' * 4)}</th><td>1 111</td></tr></tbody></table>"
        f"<div id='sig-toolkit'></div>"
    )
    attachments = [
        Attachment("model.json", "application/json", "Model", b"{}", "Source"),
        Attachment("copy.json", "application/json", "Copy", b"{}"),
    ]
    good = tmp_path / "good.pdf"
    good.write_bytes(render_pdf(document(body), when=WHEN, attachments=attachments).content)
    bad = tmp_path / "bad.pdf"
    with pikepdf.open(good) as pdf:
        del pdf.Root.OutputIntents
        del pdf.Root.StructTreeRoot
        pdf.save(bad)
    found = failures(["3a", "ua1"], good, bad)
    assert found["good.pdf 3a"] == {}
    assert found["good.pdf ua1"] == {}
    assert found["bad.pdf 3a"]
    assert found["bad.pdf ua1"]
