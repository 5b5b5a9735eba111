"""SPDX 2.x as text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from compliance.errors import InputError

from .helpers import assert_only_refuses, mutations, read, recognised

HEAD = """# made by hand
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: shop
DocumentNamespace: https://example.org/shop
Creator: Tool: syft-1.50.0
Creator: Person: Jane Doe (jane@example.org)
Created: 2026-03-01T10:00:00Z
"""
SHOP = """
##### Package: shop

PackageName: shop
SPDXID: SPDXRef-shop
PackageVersion: 2.1.0
PackageDownloadLocation: NOASSERTION
FilesAnalyzed: false
PackageLicenseConcluded: NOASSERTION
PackageLicenseDeclared: (MIT OR ISC)
PackageCopyrightText: <text>Copyright
PackageName: not a package
PackageVersion: 9</text>
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-shop
"""
BARE = """
PackageName: bare
SPDXID: SPDXRef-bare
PackageLicenseDeclared: NONE

FileName: ./a.py
SPDXID: SPDXRef-a
LicenseConcluded: MIT
FileCopyrightText: <text>on one line</text>
"""
SAMPLE = (HEAD + SHOP + BARE).encode()


def payload(data: bytes) -> Any:
    return read("sbom", "spdx-tag", data).payload


def test_what_a_document_says() -> None:
    parsed = read("sbom", "spdx-tag", SAMPLE)
    found: Any = parsed.payload
    assert found.summary() == {
        "format_version": "SPDX-2.3",
        "components": 2,
        "without_version": 1,
        "without_licence": 1,
        "without_name": 0,
        "no_assertion": 0,
        "none": 1,
    }
    assert [one.expression for one in found.licences] == ["(MIT OR ISC)"]
    assert (found.tool, found.tool_version, found.describes, found.describes_version) == ("syft", "1.50.0", "shop", "2.1.0")
    assert parsed.observed_at == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_line_ends_and_a_byte_order_mark_make_no_difference() -> None:
    assert payload(b"\xef\xbb\xbf" + SAMPLE.replace(b"\n", b"\r\n")) == payload(SAMPLE)


def test_a_document_without_packages_is_incomplete() -> None:
    assert payload(HEAD.encode()).incomplete == "no component is listed"


def test_no_line_end_at_the_end_is_no_problem() -> None:
    assert payload(SAMPLE.rstrip()) == payload(SAMPLE)
    assert payload((HEAD + "PackageName: last").encode()).components == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty file"),
        ("PackageName: a\n", "no SPDXVersion"),
        (HEAD.replace("SPDX-2.3", "SPDX-1.2"), "SPDX-1.2"),
        (HEAD.replace("SPDX-2.3", "SPDX-3.0"), "SPDX-3.0"),
        (HEAD + "SPDXVersion: SPDX-2.3\n", "SPDXVersion twice"),
        (HEAD + SHOP + "PackageVersion: 3\n", "PackageVersion twice"),
        (HEAD + "PackageVersion: 3\n", "before any PackageName"),
        (HEAD + BARE + "PackageVersion: 3\n", "before any PackageName"),
        (HEAD + "just words\n", "just words"),
        (HEAD + "PackageName: a\nPackageComment: <text>no end\n" + "more\n" * 5, "does not end"),
        (HEAD + "PackageName: a\0b\n", "NUL byte"),
        (HEAD + "PackageName: a\n" + "x" * (17 << 20), "line too long"),
        ('{"spdxVersion": "SPDX-2.3"}', "expected Tag: value"),
    ],
)
def test_refuses(text: str, message: str) -> None:
    recognised(text.encode())
    with pytest.raises(InputError, match=message) as caught:
        read("sbom", "spdx-tag", text.encode())
    assert caught.value.reason.count("\n") == 0


def test_refuses_other_encodings_with_the_line() -> None:
    with pytest.raises(InputError, match="line 11"):
        payload(SAMPLE.replace(b"Package: shop", b"Package: sh\xf6p"))


def test_recognises_its_own_and_no_look_alike() -> None:
    assert recognised(SAMPLE) == ["spdx-tag"]
    assert recognised(b"\n\n# c\nSPDXVersion: SPDX-2.2\n") == ["spdx-tag"]
    assert recognised(b"Some text\nSPDXVersion: SPDX-2.2\n") == []
    assert recognised(b"spdxVersion: SPDX-2.3\nname: yaml\n") == []


@given(mutations(SAMPLE))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("sbom", "spdx-tag", data)
