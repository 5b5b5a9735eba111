"""CycloneDX, JSON and XML: components at all depths and nothing else, licences, and bills that are broken or hostile."""

from __future__ import annotations

import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError
from compliance.record import Json, canonical

from .helpers import assert_only_refuses, json_mutations, mutations, read, recognised

MIT: Json = [{"license": {"id": "MIT"}}]


def component(name: str = "left-pad", version: str | None = "1.3.0", licences: Json = MIT, **more: Json) -> dict[str, Json]:
    given = {"version": version, "licenses": licences}
    return {"type": "library", "name": name, **{key: value for key, value in given.items() if value is not None}, **more}


def bom(*components: Json, spec: Json = "1.6", **more: Json) -> bytes:
    document: dict[str, Json] = {"bomFormat": "CycloneDX", "specVersion": spec, "version": 1}
    document |= {"components": list(components), **more}
    return json.dumps({key: value for key, value in document.items() if value is not None}).encode()


def xml(inner: str, version: str = "1.6", attributes: str = "") -> bytes:
    return f'<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/{version}" version="1"{attributes}>{inner}</bom>'.encode()


def part(name: str = "left-pad", version: str = "1.3.0", licences: str = "<license><id>MIT</id></license>", inside: str = "") -> str:
    return f'<component type="library"><name>{name}</name><version>{version}</version><licenses>{licences}</licenses>{inside}</component>'


def listed(*parts: str) -> str:
    return f"<components>{''.join(parts)}</components>"


def counts(data: bytes, form: str = "cyclonedx-json") -> tuple[int, int, int, int]:
    payload: Any = read("sbom", form, data).payload
    return payload.components, payload.without_name, payload.without_version, payload.without_licence


def xml_counts(inner: str, **more: str) -> tuple[int, int, int, int]:
    return counts(xml(inner, **more), "cyclonedx-xml")


def test_what_a_bill_says() -> None:
    metadata = {
        "timestamp": "2026-03-01T10:00:00+02:00",
        "tools": {"components": [{"type": "application", "name": "cdxgen", "version": "11.0.0"}]},
        "component": component("shop", "2.1.0"),
    }
    parsed = read("sbom", "cyclonedx-json", bom(component(), component("x", licences=None), metadata=metadata))
    payload: Any = parsed.payload
    assert payload.summary() == {
        "format_version": "1.6",
        "components": 2,
        "without_version": 0,
        "without_licence": 1,
        "without_name": 0,
        "no_assertion": 0,
        "none": 0,
    }
    assert (payload.tool, payload.tool_version, payload.describes, payload.describes_version) == ("cdxgen", "11.0.0", "shop", "2.1.0")
    assert parsed.observed_at == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert payload.incomplete is None
    assert [one.model_dump() for one in payload.lacking] == [{"name": "x", "version": "1.3.0", "lacks": ("licence",)}]


def test_components_count_at_all_depths_and_nothing_else_does() -> None:
    nested = component("a", components=[component("b", components=[component("c", None)]), component("d")])
    others = {
        "metadata": {"component": component("shop", components=[component("module")]), "tools": {"components": [component("tool")]}},
        "services": [{"name": "api"}],
        "formulation": [{"components": [component("compiler")]}],
        "annotations": [{"annotator": {"component": component("annotator")}}],
    }
    pedigree = component("e", pedigree={"ancestors": [component("older")]})
    assert counts(bom(nested, pedigree, **others)) == (5, 0, 1, 0)


def test_xml_components_count_at_all_depths_and_nothing_else_does() -> None:
    nested = part("a", inside=listed(part("b", inside=listed(part("c", ""))), part("d")))
    pedigree = part("e", inside=f"<pedigree><ancestors>{part('older')}</ancestors></pedigree>")
    inner = (
        f"<metadata><tools><components>{part('tool')}</components></tools>"
        f"<component type='application'><name>shop</name><components>{part('module')}</components></component></metadata>"
        f"<components>{nested}{pedigree}</components>"
        f"<formulation><formula><components>{part('compiler')}</components></formula></formulation>"
        f"<x:components xmlns:x='urn:x'><x:component/></x:components>"
    )
    assert xml_counts(inner) == (5, 0, 1, 0)


def test_json_and_xml_say_the_same() -> None:
    tools = {"tools": [{"vendor": "CycloneDX", "name": "gomod", "version": "v1.4.0"}], "timestamp": "2026-03-01T10:00:00Z"}
    described = component("shop", "v2.1.0", None, group="org.example")
    one = read("sbom", "cyclonedx-json", bom(component(group="npm"), spec="1.4", metadata={**tools, "component": described}))
    inner = (
        "<metadata><timestamp>2026-03-01T10:00:00Z</timestamp><tools><tool><vendor>CycloneDX</vendor><name>gomod</name>"
        "<version>v1.4.0</version></tool></tools><component type='application'><group>org.example</group><name>shop</name>"
        "<version>v2.1.0</version></component></metadata><components><component type='library'><group>npm</group><name>left-pad</name>"
        "<version>1.3.0</version><licenses><license><id>MIT</id></license></licenses></component></components>"
    )
    two = read("sbom", "cyclonedx-xml", xml(inner, "1.4"))
    assert one == two
    assert one.tool is not None
    assert one.tool.name == "gomod"


@pytest.mark.parametrize("spec", ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"])
def test_every_version_is_read(spec: str) -> None:
    assert read("sbom", "cyclonedx-json", bom(component(), spec=spec)).payload.summary()["format_version"] == spec
    assert read("sbom", "cyclonedx-xml", xml(f"<components>{part()}</components>", spec)).payload.summary()["format_version"] == spec


@pytest.mark.parametrize(
    ("licences", "without", "no_assertion", "none"),
    [
        (None, 1, 0, 0),
        ([], 1, 0, 0),
        ([{}], 1, 0, 0),
        ([{"license": {}}], 1, 0, 0),
        ([{"license": {"name": " "}}], 1, 0, 0),
        ([{"license": {"name": "NOASSERTION"}}], 1, 1, 0),
        ([{"expression": "NONE"}], 1, 0, 1),
        ([{"expression": "NOASSERTION"}, {"license": {"id": "MIT"}}], 0, 0, 0),
        ([{"expression": "MIT OR ISC"}], 0, 0, 0),
        ([{"license": {"name": "Acme's own"}}], 0, 0, 0),
        ([{"license": {"text": {"content": "Permission is hereby granted"}}}], 0, 0, 0),
        ([{"license": {"text": "Permission is hereby granted"}}], 0, 0, 0),
        ([{"license": {"text": ""}}], 1, 0, 0),
        ([{"license": {"text": {"contentType": "text/plain"}}}], 1, 0, 0),
        ([{"license": {"url": "https://example.org/licence"}}], 0, 0, 0),
    ],
)
def test_what_counts_as_without_licence(licences: Json, without: int, no_assertion: int, none: int) -> None:
    payload: Any = read("sbom", "cyclonedx-json", bom(component(licences=licences))).payload
    assert (payload.without_licence, payload.no_assertion, payload.none) == (without, no_assertion, none)


def test_xml_licences() -> None:
    empty = part("a", licences="<license></license>")
    word = part("b", licences="<expression>NOASSERTION</expression>")
    named = part("c", licences="<license><name>Acme</name></license><license><id>ISC</id></license>")
    text = part("d", licences="<license><text>Permission</text></license>")
    payload: Any = read("sbom", "cyclonedx-xml", xml(f"<components>{empty}{word}{named}{text}</components>")).payload
    assert (payload.components, payload.without_licence, payload.no_assertion) == (4, 2, 1)
    assert [one.expression for one in payload.licences] == ["(text)", "Acme", "ISC"]


def test_an_expression_with_details_is_a_licence() -> None:
    detailed = (
        '<expression-detailed expression="MIT OR ISC"><details license-identifier="ISC"><text>...</text></details></expression-detailed>'
    )
    for licences, listed in ((detailed, [("MIT OR ISC", 1)]), ("<expression-detailed/>", [])):
        data = xml(f"<components>{part(licences=licences)}</components>", "1.7")
        payload: Any = read("sbom", "cyclonedx-xml", data).payload
        assert [(one.expression, one.components) for one in payload.licences] == listed
        assert payload.without_licence == (0 if listed else 1)


def test_licences_are_counted_and_taken_apart() -> None:
    either = [{"expression": "MIT OR (ISC AND Zlib)"}]
    payload: Any = read("sbom", "cyclonedx-json", bom(component("a"), component("b"), component("c", licences=either))).payload
    assert [(one.expression, one.components, one.first, one.alternatives) for one in payload.licences] == [
        ("MIT", 2, "a", (("MIT",),)),
        ("MIT OR (ISC AND Zlib)", 1, "c", (("MIT",), ("ISC", "Zlib"))),
    ]


def test_the_lists_of_a_payload_are_bounded() -> None:
    many = [component(f"c{number}", None, [{"license": {"name": f"L{number}"}}]) for number in range(1100)]
    payload: Any = read("sbom", "cyclonedx-json", bom(*many)).payload
    assert (payload.components, payload.without_version, len(payload.lacking)) == (1100, 1100, 20)
    assert (len(payload.licences), payload.licences_not_listed) == (1000, 100)


def test_a_bill_without_components_is_incomplete() -> None:
    for data, form in ((bom(), "cyclonedx-json"), (bom(spec="1.4", components=None), "cyclonedx-json"), (xml(""), "cyclonedx-xml")):
        payload: Any = read("sbom", form, data).payload
        assert (payload.components, payload.incomplete) == (0, "no component is listed")


def test_a_bill_that_calls_itself_incomplete_is() -> None:
    whole: Any = read(
        "sbom", "cyclonedx-json", bom(component(), compositions=[{"aggregate": "complete"}, {"aggregate": "unknown"}])
    ).payload
    assert whole.incomplete is None
    part_: Any = read("sbom", "cyclonedx-json", bom(component(), compositions=[{"aggregate": "incomplete_first_party_only"}])).payload
    assert "incomplete" in part_.incomplete
    inner = f"<components>{part()}</components><compositions><composition><aggregate>incomplete</aggregate></composition></compositions>"
    same: Any = read("sbom", "cyclonedx-xml", xml(inner)).payload
    assert same.incomplete == part_.incomplete


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"bomFormat": "CycloneDX"}',
        bom(component())[:-10],
        bom(component(), spec="1.8"),
        bom(component(), spec="2.0"),
        bom(component(), spec=1.6),
        bom(component()).replace(b"CycloneDX", b"SPDX"),
        bom(component()).replace(b'"name"', b'"name": "x", "name"'),
        bom(component()).replace(b'"components"', b'"components": [], "components"'),
        bom(component()).replace(b"left-pad", b"\xff"),
        bom(component(version=1.3)),  # type: ignore[arg-type]
        bom(component(licences="MIT")),
        bom(component(licences=["MIT"])),
        bom("left-pad"),
        bom(component(), metadata=[]),
        bom(component(), metadata={"tools": "cdxgen"}),
        bom(components={}),
        b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": ' + b"[" * 5000,
    ],
)
def test_json_that_is_refused(data: bytes) -> None:
    recognised(data)
    with pytest.raises(InputError):
        read("sbom", "cyclonedx-json", data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<bom/>",
        b'<bom xmlns="urn:x"/>',
        xml("", "1.8"),
        xml("", "2.0"),
        xml("<components>"),
        xml(f"<components>{part()}</components>")[:-8],
        xml(f"<components>{part()}</components>").replace(b"left-pad", b"\xff"),
        xml(f"<components>{part()}</components>").replace(b"left-pad", b"\0"),
        xml("<components>" + "<component>" * 300),
        xml(f"<components>{part('&lol;')}</components>"),
        xml("").replace(b"<bom", b'<!DOCTYPE bom [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><bom', 1),
        xml("").replace(b"<bom", b'<!DOCTYPE bom [<!ENTITY x SYSTEM "file:///etc/passwd">]><bom', 1),
    ],
)
def test_xml_that_is_refused(data: bytes) -> None:
    recognised(data)
    with pytest.raises(InputError):
        read("sbom", "cyclonedx-xml", data)


def test_a_document_type_is_not_loaded() -> None:
    data = xml(f"<components>{part()}</components>").replace(b"<bom", b'<!DOCTYPE bom SYSTEM "http://example.org/bom.dtd"><bom', 1)
    assert counts(data, "cyclonedx-xml") == (1, 0, 0, 0)


def test_deeply_nested_components_are_read_to_the_limit() -> None:
    deep: dict[str, Json] = component("c0")
    for number in range(60):
        deep = component(f"c{number + 1}", components=[deep])
    assert counts(bom(deep)) == (61, 0, 0, 0)
    text = part("c0")
    for number in range(100):
        text = part(f"c{number}", inside=f"<components>{text}</components>")
    assert xml_counts(f"<components>{text}</components>") == (101, 0, 0, 0)


def test_200_000_components_are_read() -> None:
    one = b'{"type": "library", "bom-ref": "pkg:npm/a@1", "name": "a", "version": "1", "licenses": [{"license": {"id": "MIT"}}]}'
    data = bom().replace(b'"components": []', b'"components": [' + b", ".join([one] * 200_000) + b"]")
    assert counts(data) == (200_000, 0, 0, 0)
    assert xml_counts(listed(part() * 50_000)) == (50_000, 0, 0, 0)


def test_xml_is_read_in_the_memory_of_what_is_kept() -> None:
    data = xml(listed(part() * 10_000))
    tracemalloc.start()
    assert counts(data, "cyclonedx-xml") == (10_000, 0, 0, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * len(data), "a tree of all elements takes ten times the file"


def test_recognises_its_own_and_no_look_alike() -> None:
    assert recognised(bom(component())) == ["cyclonedx-json"]
    assert recognised(xml("<components/>")) == ["cyclonedx-xml"]
    prefixed = b'<c:bom xmlns:c="http://cyclonedx.org/schema/bom/1.5"><c:components/></c:bom>'
    assert recognised(prefixed) == ["cyclonedx-xml"]
    assert recognised(b'{"specVersion": "1.6", "components": []}') == []
    assert recognised(b'<project xmlns="http://maven.apache.org/POM/4.0.0"><a>http://cyclonedx.org/schema/bom/1.5</a></project>') == []
    assert "cyclonedx-json" in recognised(bom(component())[:-10]), "cut off, and refused by name"


SAMPLE = bom(
    component("a", components=[component("b", None, [{"expression": "MIT OR ISC"}])]),
    component("c", licences=[{"license": {"name": "NOASSERTION"}}]),
    metadata={"timestamp": "2026-03-01T10:00:00Z", "tools": [{"name": "t", "version": "1"}], "component": component("shop")},
    compositions=[{"aggregate": "complete"}],
)
XML_SAMPLE = xml(
    "<metadata><timestamp>2026-03-01T10:00:00Z</timestamp><component><name>shop</name></component></metadata>"
    + listed(part("a", inside=listed(part("b", "", "<expression>MIT OR ISC</expression>"))))
)


@given(mutations(SAMPLE))
def test_mutated_bytes_are_refused_or_read(data: bytes) -> None:
    assert_only_refuses("sbom", "cyclonedx-json", data)


@given(mutations(XML_SAMPLE))
def test_mutated_xml_is_refused_or_read(data: bytes) -> None:
    assert_only_refuses("sbom", "cyclonedx-xml", data)


@settings(max_examples=300)
@given(json_mutations(SAMPLE))
def test_mutated_values_are_refused_or_read(data: bytes) -> None:
    parsed = assert_only_refuses("sbom", "cyclonedx-json", data)
    if parsed is not None:
        canonical(parsed.payload.model_dump(mode="json"))
