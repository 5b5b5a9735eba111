"""SPDX 3 in JSON-LD."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Json, canonical

from .helpers import assert_only_refuses, json_mutations, mutations, read, recognised

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
BASE = "https://example.org/shop/"


def element(type_: str, id_: str, /, **more: Json) -> dict[str, Json]:
    return {"type": type_, "spdxId": BASE + id_, "creationInfo": "_:creation", **more}


def package(name: str = "left-pad", version: str | None = "1.3.0", type_: str = "software_Package") -> dict[str, Json]:
    return element(type_, name, name=name, **({"software_packageVersion": version} if version else {}))


def licensed(name: str, licence: str, how: str = "hasDeclaredLicense") -> dict[str, Json]:
    to = licence if "://" in licence or licence.startswith("expandedlicensing") else BASE + licence
    return element("Relationship", f"r-{name}-{how}", relationshipType=how, **{"from": BASE + name, "to": [to]})


def expression(name: str, text: str) -> dict[str, Json]:
    return element("simplelicensing_LicenseExpression", name, simplelicensing_licenseExpression=text)


INFO: Json = {
    "type": "CreationInfo",
    "@id": "_:creation",
    "specVersion": "3.0.1",
    "created": "2026-03-01T10:00:00Z",
    "createdBy": [BASE + "jane"],
    "createdUsing": [BASE + "tool"],
}
TOOL = element("Tool", "tool", name="syft")


def graph(*elements: Json, roots: tuple[str, ...] = ("shop",), **more: Json) -> bytes:
    document = element("SpdxDocument", "document", rootElement=[BASE + root for root in roots])
    jane = element("Person", "jane", name="Jane Doe")
    return json.dumps({"@context": CONTEXT, "@graph": [INFO, TOOL, jane, document, *elements], **more}).encode()


def payload(data: bytes) -> Any:
    return read("sbom", "spdx3-jsonld", data).payload


def test_relationships_of_microsofts_tool_are_read() -> None:
    mit, nobody = (
        element("AnyLicenseInfo", "l", name="MIT"),
        element("Element", "n", name="NoAssertion") | {"spdxId": "SPDXRef-NoAssertion"},
    )
    none = licensed("b", "x", "HAS_CONCLUDED_LICENSE") | {"to": ["SPDXRef-NoAssertion"]}
    found = payload(graph(package("a"), package("b"), mit, nobody, licensed("a", "l", "HAS_DECLARED_LICENSE"), none))
    assert [(one.expression, one.components) for one in found.licences] == [("MIT", 1)]
    assert (found.components, found.without_licence, found.no_assertion) == (2, 1, 1)


@pytest.mark.parametrize("to", ["https://spdx.org/rdf/3.0.0/terms/Licensing/NoAssertion", "https://spdx.org/licenses/NOASSERTION"])
def test_individuals_of_drafts_are_no_licence(to: str) -> None:
    found = payload(graph(package("a"), licensed("a", to)))
    assert (found.without_licence, found.no_assertion, found.licences) == (1, 1, ())


@pytest.mark.parametrize(
    "context", ["https://spdx.github.io/spdx-spec/v3.0.1/rdf/spdx-context.jsonld", "https://spdx.org/rdf/v3/spdx-context.jsonld"]
)
def test_contexts_of_drafts_are_known(context: str) -> None:
    data = graph(package("a")).replace(CONTEXT.encode(), context.encode())
    assert recognised(data) == ["spdx3-jsonld"]
    assert payload(data).components == 1


def test_elements_inside_others_are_refused() -> None:
    inside: Any = element("SpdxDocument", "other", element=[package("hidden")])
    with pytest.raises(InputError, match="object"):
        payload(graph(package("a"), inside))


def test_what_a_document_says() -> None:
    elements = (package("shop", "2.1.0"), package("x", None), element("software_File", "a.py", name="a.py"), licensed("shop", "mit"))
    parsed = read("sbom", "spdx3-jsonld", graph(*elements, expression("mit", "MIT OR ISC")))
    found: Any = parsed.payload
    assert found.summary() == {
        "format_version": "3.0.1",
        "components": 2,
        "without_version": 1,
        "without_licence": 1,
        "without_name": 0,
        "no_assertion": 0,
        "none": 0,
    }
    assert [one.alternatives for one in found.licences] == [(("MIT",), ("ISC",))]
    assert (found.tool, found.describes, found.describes_version) == ("syft", "shop", "2.1.0")
    assert parsed.observed_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert b"Jane" not in canonical(parsed.payload.model_dump(mode="json"))


@pytest.mark.parametrize(
    "type_",
    ["software_Package", "software:Package", "https://spdx.org/rdf/3.0.1/terms/Software/Package", "ai_AIPackage", "dataset_DatasetPackage"],
)
def test_packages_and_what_derives_from_them(type_: str) -> None:
    assert payload(graph(package(type_=type_))).components == 1


def test_types_may_stand_under_their_json_ld_name() -> None:
    assert payload(graph({**package(), "type": None, "@type": "software_Package"})).components == 1


@pytest.mark.parametrize(
    ("elements", "licence", "word"),
    [
        ([licensed("p", "l"), expression("l", "MIT")], "MIT", None),
        ([licensed("p", "https://spdx.org/licenses/MIT")], "MIT", None),
        ([licensed("p", "l"), element("expandedlicensing_CustomLicense", "l", name="Acme")], "Acme", None),
        ([licensed("p", "l")], BASE + "l", None),
        ([licensed("p", "expandedlicensing_NoAssertionLicense")], None, "no_assertion"),
        ([licensed("p", "https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoneLicense")], None, "none"),
        ([licensed("p", "l"), expression("l", "NOASSERTION")], None, "no_assertion"),
        (
            [licensed("p", "l", "hasConcludedLicense"), expression("l", "MIT"), licensed("p", "m"), expression("m", "ISC")],
            "MIT",
            None,
        ),
        (
            [licensed("p", "expandedlicensing_NoAssertionLicense", "hasConcludedLicense"), licensed("p", "m"), expression("m", "ISC")],
            "ISC",
            None,
        ),
        ([licensed("p", "a"), expression("a", "MIT OR ISC"), licensed("p", "b"), expression("b", "Zlib")], "(MIT OR ISC) AND Zlib", None),
        ([], None, None),
    ],
)
def test_the_licence_of_a_package(elements: list[Json], licence: str | None, word: str | None) -> None:
    found = payload(graph(package("p"), *elements))
    assert [one.expression for one in found.licences] == ([licence] if licence else [])
    assert (found.without_licence, found.no_assertion, found.none) == (licence is None, word == "no_assertion", word == "none")


def test_sets_of_licences_become_expressions() -> None:
    member = "expandedlicensing_member"
    either = element("expandedlicensing_DisjunctiveLicenseSet", "l", **{member: [BASE + "both", "https://spdx.org/licenses/Zlib"]})
    both = element("expandedlicensing_ConjunctiveLicenseSet", "both", **{member: [BASE + "later", BASE + "with"]})
    mit = "https://spdx.org/licenses/MIT"
    later = element("expandedlicensing_OrLaterOperator", "later", expandedlicensing_subjectLicense=mit)
    names = {"expandedlicensing_subjectExtendableLicense": mit, "expandedlicensing_subjectAddition": BASE + "addition"}
    with_ = element("expandedlicensing_WithAdditionOperator", "with", **names)
    addition = element("expandedlicensing_ListedLicenseException", "addition", name="LLVM-exception")
    found = payload(graph(package("p"), licensed("p", "l"), either, both, later, with_, addition))
    assert [one.expression for one in found.licences] == ["((MIT+ AND MIT WITH LLVM-exception) OR Zlib)"]
    assert found.licences[0].alternatives == (("MIT+", "MIT WITH LLVM-exception"), ("Zlib",))


def test_licences_inside_themselves_end() -> None:
    loop = element("expandedlicensing_ConjunctiveLicenseSet", "l", expandedlicensing_member=[BASE + "l", BASE + "l"])
    assert payload(graph(package("p"), licensed("p", "l"), loop)).without_licence == 0


def test_one_single_element_is_a_document() -> None:
    inline = {key: value for key, value in INFO.items() if key != "@id"}
    data = json.dumps({"@context": CONTEXT, **package(), "creationInfo": inline}).encode()
    found = payload(data)
    assert (found.components, found.format_version) == (1, "3.0.1")
    assert recognised(data) == ["spdx3-jsonld"]


def test_the_version_of_the_context_counts_where_nothing_else_says_one() -> None:
    data = json.dumps({"@context": ["https://spdx.org/rdf/3.1/spdx-context.jsonld"], "@graph": [package()]}).encode()
    assert payload(data).format_version == "3.1"


def test_a_document_without_packages_is_incomplete() -> None:
    assert payload(graph()).incomplete == "no component is listed"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"@context": "https://schema.org", "@graph": []}',
        graph(package())[:-10],
        graph(package()).replace(b'"left-pad"', b"5", 2),
        graph({**package(), "type": None}),
        graph({**package(), "type": ["software_Package"]}),
        graph({"@id": "x", "https://spdx.org/rdf/3.0.1/terms/Core/name": [{"@value": "x"}]}),
        graph("x"),
        graph(package()).replace(b'"@graph": [', b'"@graph": {"a": [').replace(b"]}", b"]}}"),
        graph(package()).replace(b'"name": "left-pad"', b'"name": "left-pad", "name": "x"'),
        f'{{"@context": "{CONTEXT}", "@graph": '.encode() + b"[" * 5000,
    ],
)
def test_refuses(data: bytes) -> None:
    recognised(data)
    with pytest.raises(InputError):
        read("sbom", "spdx3-jsonld", data)


SAMPLE = graph(package("shop"), package("x", None), licensed("shop", "l"), expression("l", "MIT"))


@given(mutations(SAMPLE))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("sbom", "spdx3-jsonld", data)


@settings(max_examples=300)
@given(json_mutations(SAMPLE))
def test_mutated_values_are_refused_or_read(data: bytes) -> None:
    parsed = assert_only_refuses("sbom", "spdx3-jsonld", data)
    if parsed is not None:
        canonical(parsed.payload.model_dump(mode="json"))
