"""SPDX 2.x in JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Json, canonical

from .helpers import assert_only_refuses, json_mutations, mutations, read, recognised


def package(name: str = "left-pad", version: str | None = "1.3.0", declared: str | None = "MIT", **more: Json) -> dict[str, Json]:
    given_ = {"SPDXID": f"SPDXRef-{name}", "name": name, "downloadLocation": "NOASSERTION", **more}
    optional = {"versionInfo": version, "licenseDeclared": declared}
    return {**given_, **{key: value for key, value in optional.items() if value is not None}}


def document(*packages: Json, version: Json = "SPDX-2.3", **more: Json) -> bytes:
    creators = ["Tool: syft-1.50.0", "Organization: Anchore, Inc", "Person: Jane Doe (jane@example.org)"]
    return json.dumps(
        {
            "spdxVersion": version,
            "dataLicense": "CC0-1.0",
            "SPDXID": "SPDXRef-DOCUMENT",
            "name": "shop",
            "documentNamespace": "https://example.org/shop",
            "creationInfo": {"created": "2026-03-01T10:00:00Z", "creators": creators},
            "packages": list(packages),
            **more,
        }
    ).encode()


def payload(data: bytes) -> Any:
    return read("sbom", "spdx-json", data).payload


def test_what_a_document_says() -> None:
    parsed = read("sbom", "spdx-json", document(package(), package("x", None, None), files=[{"fileName": "a.py"}]))
    found: Any = parsed.payload
    assert found.summary() == {
        "format_version": "SPDX-2.3",
        "components": 2,
        "without_version": 1,
        "without_licence": 1,
        "without_name": 0,
        "no_assertion": 0,
        "none": 0,
    }
    assert (found.tool, found.tool_version, found.incomplete) == ("syft", "1.50.0", None)
    assert parsed.observed_at == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_people_are_not_taken_over() -> None:
    parsed = read("sbom", "spdx-json", document(package()))
    assert b"Jane" not in canonical(parsed.payload.model_dump(mode="json"))


@pytest.mark.parametrize(
    ("concluded", "declared", "licence", "word"),
    [
        ("MIT", "ISC", "MIT", None),
        ("NOASSERTION", "ISC", "ISC", None),
        ("NONE", "ISC", "ISC", None),
        (None, "ISC", "ISC", None),
        ("MIT", None, "MIT", None),
        ("NOASSERTION", "NOASSERTION", None, "no_assertion"),
        ("NOASSERTION", "NONE", None, "no_assertion"),
        ("NONE", "NONE", None, "none"),
        (None, "NONE", None, "none"),
        (None, None, None, None),
        ("", " ", None, None),
    ],
)
def test_the_licence_of_a_package(concluded: str | None, declared: str | None, licence: str | None, word: str | None) -> None:
    more = {} if concluded is None else {"licenseConcluded": concluded}
    found = payload(document(package(declared=declared, **more)))
    assert [one.expression for one in found.licences] == ([licence] if licence else [])
    assert (found.without_licence, found.no_assertion, found.none) == (licence is None, word == "no_assertion", word == "none")


@pytest.mark.parametrize(
    "more",
    [
        {"documentDescribes": ["SPDXRef-shop"]},
        {"relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-shop"}]},
        {
            "relationships": [
                {"spdxElementId": "SPDXRef-shop", "relationshipType": "DESCRIBED_BY", "relatedSpdxElement": "SPDXRef-DOCUMENT"}
            ]
        },
    ],
)
def test_what_the_document_describes(more: dict[str, Json]) -> None:
    found = payload(document(package("shop", "2.1.0"), package(), **more))
    assert (found.describes, found.describes_version, found.components) == ("shop", "2.1.0", 2)


@pytest.mark.parametrize("version", ["SPDX-2.4", "SPDX-2.10", "SPDX-1.2", "SPDX-3.0"])
def test_versions_that_nobody_has_defined_or_that_differ_are_refused(version: str) -> None:
    with pytest.raises(InputError, match="SPDX-"):
        payload(document(package(), version=version))


def test_several_described_packages_are_none() -> None:
    found = payload(document(package("shop"), package("app"), documentDescribes=["SPDXRef-shop", "SPDXRef-app", "SPDXRef-gone"]))
    assert (found.describes, found.describes_version) == (None, None)


@pytest.mark.parametrize("version", ["SPDX-2.0", "SPDX-2.1", "SPDX-2.2", "SPDX-2.2.1", "SPDX-2.3"])
def test_versions(version: str) -> None:
    assert payload(document(package(), version=version)).format_version == version


def test_githubs_wrapping_is_taken_off() -> None:
    wrapped = b'{"sbom": ' + document(package()) + b"}"
    assert payload(wrapped).components == 1
    assert recognised(wrapped) == ["spdx-json"]


def test_a_document_without_packages_is_incomplete() -> None:
    assert payload(document()).incomplete == "no component is listed"


@pytest.mark.parametrize(
    "creator", ["Tool: GitHub.com-Dependency-Graph", "Tool: github.com/spdx/tools-golang/builder", "Tool: log4j-2-scanner-1.0"]
)
def test_tools_are_told_from_their_versions(creator: str) -> None:
    found = payload(document(package(), creationInfo={"created": "2026-03-01T10:00:00Z", "creators": [creator]}))
    version = "1.0" if creator.endswith("-1.0") else None
    assert (found.tool, found.tool_version) == (creator.removeprefix("Tool: ").removesuffix("-1.0"), version)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        document(package())[:-10],
        document(package(), version="SPDX-1.2"),
        document(package(), version="SPDX-3.0"),
        document(package(), version=2.3),
        document(package()).replace(b'"name": "left-pad"', b'"name": "left-pad", "name": "x"'),
        document(package()).replace(b'"packages"', b'"packages": [], "packages"'),
        document(package()).replace(b"left-pad", b"\xff"),
        document({**package(), "versionInfo": 1}),
        document({**package(), "licenseDeclared": ["MIT"]}),
        document("left-pad"),
        document(package(), packages={}),
        document(package(), creationInfo={"creators": "Tool: x"}),
        document(package(), relationships=[["a"]]),
        b'{"spdxVersion": "SPDX-2.3", "packages": ' + b"[" * 5000,
        b'{"sbom": 1}',
    ],
)
def test_refuses(data: bytes) -> None:
    recognised(data)
    with pytest.raises(InputError):
        read("sbom", "spdx-json", data)


def test_recognises_its_own_and_no_look_alike() -> None:
    assert recognised(document(package())) == ["spdx-json"]
    assert recognised(b'{"packages": [], "name": "x"}') == []
    assert recognised(b'{"sbom": {"packages": []}}') == []
    assert recognised(document(package())[:-10]) == ["spdx-json"], "cut off, and refused by name"


SAMPLE = document(
    package("shop"),
    package("x", None, None, licenseConcluded="MIT OR ISC"),
    documentDescribes=["SPDXRef-shop"],
    relationships=[{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-shop"}],
)


@given(mutations(SAMPLE))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("sbom", "spdx-json", data)


@settings(max_examples=300)
@given(json_mutations(SAMPLE))
def test_mutated_values_are_refused_or_read(data: bytes) -> None:
    parsed = assert_only_refuses("sbom", "spdx-json", data)
    if parsed is not None:
        canonical(parsed.payload.model_dump(mode="json"))
