"""CycloneDX in XML: what is passed over while reading makes no difference."""

from __future__ import annotations

import importlib
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.errors import InputError
from compliance.reading.xmltree import PassedOver
from compliance.source import Source

from .helpers import format_of

EVIDENCE = format_of("sbom", "cyclonedx-xml").parse.__module__.split(".sbom")[0]
reader = importlib.import_module(f"{EVIDENCE}._cyclonedx_xml")

NAMES = (
    *("component", "component", "component", "components", "components", "name", "version", "group", "licenses", "license", "id", "purl"),
    *(
        "hashes",
        "pedigree",
        "ancestors",
        "metadata",
        "tools",
        "vulnerabilities",
        "vulnerability",
        "compositions",
        "composition",
        "aggregate",
    ),
    *("v:vulnerabilities", "v:vulnerability", "v:id", "o:component", "o:name", "expression", "description", "evidence"),
)
TEXTS = st.sampled_from(["", " ", "MIT", "left-pad", "1.0", "incomplete", "NOASSERTION", "<!-- x -->", "<![CDATA[x]]>", "&amp;"])


def element(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def made(name: str, ref: str, children: list[str], text: str) -> str:
        return f'<{name} bom-ref="{ref}" ref="{ref}">{text}{"".join(children)}</{name}>'

    return st.builds(made, st.sampled_from(NAMES), st.sampled_from(["a", "b"]), st.lists(inner, max_size=4), TEXTS)


PARTS = st.recursive(TEXTS, element, max_leaves=40)
SPACES = (
    'xmlns="http://cyclonedx.org/schema/bom/1.3" xmlns:v="http://cyclonedx.org/schema/ext/vulnerability/1.0"'
    ' xmlns:o="http://cyclonedx.org/schema/bom/1.5"'
)


def document(inner: str) -> bytes:
    return f"<bom {SPACES}><components><component><name>n</name>{inner}</component>{inner}</components>{inner}</bom>".encode()


def outcome(data: bytes) -> str:
    try:
        return repr(reader.read(Source("bom", data)))
    except InputError as error:
        return str(error)


@settings(max_examples=500, deadline=None)
@given(PARTS)
def test_what_is_passed_over_makes_no_difference(inner: str) -> None:
    data = document(inner)
    with patch.object(reader, "_SELECTION", reader._ALL):
        expected = outcome(data)
    assert outcome(data) == expected


def test_a_vulnerability_inside_of_what_is_passed_over_is_read() -> None:
    data = document("<evidence><v:vulnerability><v:id>CVE-2020-1</v:id></v:vulnerability></evidence>")
    with pytest.raises(PassedOver):
        reader._Reader().read(Source("bom", data), reader._SELECTION)
    assert [one.id for one in reader.read(Source("bom", data)).vulnerabilities] == ["CVE-2020-1"] * 3
