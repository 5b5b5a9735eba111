"""Small files that would take hours or gigabytes to read: each is refused, in little time and memory, by both verifiers."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping

import pytest

from compliance.sign.trustpath import find_path
from tests.sign.differential import refuted
from tests.sign.documents import WHEN, Authority, certificate, private_key, report
from tests.sign.test_attacks import certify, last_startxref, numbers, references


@pytest.fixture(scope="module")
def certified() -> bytes:
    return certify(report().content, Authority().signing_key("Ada"))


def with_table(pdf: bytes, parameters: bytes, content: bytes) -> bytes:
    """An update that is nothing but a table of cross-references, and says of itself what is given."""
    root, previous = references(pdf)["catalog"], last_startxref(pdf)
    head = b"/Type /XRef /Root %d 0 R /Prev %d %b /Length %d" % (root, previous, parameters, len(content))
    table = b"9000 0 obj\n<<%b>>\nstream\n%b\nendstream\nendobj\n" % (head, content)
    return pdf + table + b"startxref\n%d\n%%%%EOF\n" % len(pdf)


@pytest.mark.parametrize(
    ("parameters", "content"),
    [
        (b"/W [0 0 0] /Size 2000000000 /Index [0 2000000000]", b""),
        (b"/W [0 0 0] /Size 2000000000", b"x"),
        (b"/W [1 0 0] /Size 90000000 /Index [0 90000000] /Filter /FlateDecode", zlib.compress(bytes(90_000_000))),
        (b"/W [1 4000000000 1] /Size 2 /Index [0 1]", bytes(20)),
        (b"/W [1 4 1] /Size 9001 /Filter /FlateDecode /DecodeParms <</Predictor 12 /Columns 20000000000>>", zlib.compress(b"")),
    ],
    ids=["entries without bytes", "entries without an index", "bomb", "wide numbers", "wide rows"],
)
def test_a_table_that_is_larger_than_what_it_holds_is_not_read(certified: bytes, parameters: bytes, content: bytes) -> None:
    assert refuted(with_table(certified, parameters, content)) == {"structure"}


def with_objects(pdf: bytes, objects: Mapping[int, bytes]) -> bytes:
    """An update with a table in the old form."""
    made, rows = pdf, b""
    for number, content in objects.items():
        rows += b"%d 1\n%010d 00000 n \n" % (number, len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    at = references(pdf)
    size = max(at["size"], max(objects) + 1)
    trailer = b"<</Size %d /Root %d 0 R /Prev %d>>" % (size, at["catalog"], last_startxref(pdf))
    return made + b"xref\n%btrailer\n%b\nstartxref\n%d\n%%%%EOF\n" % (rows, trailer, len(made))


def test_a_form_with_more_ways_to_a_field_than_can_be_walked_is_refused(certified: bytes) -> None:
    """Each of 60 fields has the next one twice among its kids."""
    kids = {9100 + one: b"<</T (f%d) /Kids [%d 0 R %d 0 R]>>" % (one, 9101 + one, 9101 + one) for one in range(60)}
    catalog = b"<</Type /Catalog /Pages 9000 0 R /AcroForm 9001 0 R>>"
    form = {9000: b"<</Type /Pages /Kids [] /Count 0>>", 9001: b"<</Fields [9100 0 R]>>", 9160: b"<</FT /Sig /T (z)>>"}
    assert refuted(with_objects(certified, {references(certified)["catalog"]: catalog, **form, **kids})) == {"structure"}


def test_a_signature_of_megabytes_is_not_read(certified: bytes) -> None:
    """Elements of two bytes, a million of them, where the toolkit's signature stands; every number in the file is made to fit."""
    start, end, tail = numbers(certified)
    elements = b"\5\0" * 1_000_000
    gap = b"<" + (b"\x30\x83" + len(elements).to_bytes(3, "big") + elements).hex().upper().encode() + b">"
    moved, behind = len(gap) - (end - start), certified[end:]
    grown = (
        certified[:start]
        + gap
        + re.sub(rb"startxref\n(\d+)", lambda found: b"startxref\n%d" % (int(found[1]) + moved), behind).replace(
            b"/ByteRange [0 %d %d %d]" % (start, end, tail), b"/ByteRange [0 %d %d %d]" % (start, start + len(gap), tail)
        )
    )
    assert refuted(grown)


@pytest.mark.parametrize("keys", [1, 4])
def test_certificates_that_issued_each_other_are_not_walked_on_every_way(keys: int) -> None:
    """All of one name: 10 of them make more than three million ways."""
    made = [private_key("p256") for _ in range(keys)]
    first = certificate("Mesh", made[0], is_authority=True)
    mesh = [certificate("Mesh", made[n % keys], (first, made[n // keys % keys]), is_authority=True) for n in range(10)]
    person = private_key("p256")
    found = find_path(certificate("Eve", person, (first, made[0])), mesh, [Authority().root], WHEN)
    assert (found.status, "certificates may lie between" in found.detail) == ("unknown", True)


def test_as_many_links_as_there_can_be_are_walked() -> None:
    root_key = private_key("p256")
    issuer = root = certificate("Root", root_key, is_authority=True)
    key, links = root_key, []
    for number in range(6):
        below = private_key("p256")
        issuer, key = certificate(f"Middle {number}", below, (issuer, key), is_authority=True), below
        links.append(issuer)
    person = private_key("p256")
    leaf = certificate("Ada", person, (issuer, key))
    assert find_path(leaf, links, [root], WHEN).status == "good"
