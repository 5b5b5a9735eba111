"""SPDX 2.x in JSON (``spdx-schema.json`` of version 2.3). Components are its packages; files and snippets are none.

GitHub's interface for the dependency graph wraps the document: ``{"sbom": {...}}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading import jsontext
from compliance.reading.jsonshape import checked, each, optional
from compliance.record import Parsed
from compliance.source import Source, parse_time

from .._bom import Bom, Component, given
from .inventory import stated
from .spdx import DOCUMENT, checked_version, described, licence_of, tools_of

_BROKEN: Final = re.compile(rb'\s*\{\s*(?:"SPDXID"\s*:\s*"SPDXRef-DOCUMENT"\s*,\s*)?"spdxVersion"\s*:\s*"SPDX-2')


class _Package(msgspec.Struct):
    name: str | None = None
    spdx_id: str | None = msgspec.field(name="SPDXID", default=None)
    version: str | None = msgspec.field(name="versionInfo", default=None)
    concluded: str | None = msgspec.field(name="licenseConcluded", default=None)
    declared: str | None = msgspec.field(name="licenseDeclared", default=None)


class _Relationship(msgspec.Struct, rename="camel"):
    spdx_element_id: str | None = None
    relationship_type: str | None = None
    related_spdx_element: str | None = None

    def described(self) -> str | None:
        """Returns the element that the document is about, if this says so."""
        ends = (self.spdx_element_id, self.relationship_type, self.related_spdx_element)
        if ends[:2] == (DOCUMENT, "DESCRIBES"):
            return self.related_spdx_element
        return self.spdx_element_id if ends[1:] == ("DESCRIBED_BY", DOCUMENT) else None


class _Creation(msgspec.Struct):
    created: str | None = None
    creators: list[str] = []


def _document(source: Source) -> Mapping[str, msgspec.Raw]:
    """Returns the members of the document, out of GitHub's wrapping."""
    found = source.json_members
    if set(found) == {"sbom"}:
        try:
            return jsontext.members(found["sbom"])
        except InputError:
            return {}
    return found


def _recognise(source: Source) -> bool:
    found = source.once(_document)
    if not found:
        return _BROKEN.match(source.head) is not None
    return bytes(found.get("spdxVersion", b"")).startswith(b'"SPDX-') and not {"@context", "@graph"} & set(found)


def _parse(source: Source) -> Parsed:
    found = source.once(_document) or jsontext.members(source.document)
    rest = checked(found, ("spdxVersion", "creationInfo", "documentDescribes"), ("packages", "relationships"))
    version = checked_version(rest.get("spdxVersion"), "/spdxVersion")
    creation = optional(rest.get("creationInfo"), _Creation, "/creationInfo") or _Creation()
    components: list[Component] = []
    by_id: dict[str, Component] = {}
    for item in each(found.get("packages", msgspec.Raw(b"null")), _Package, "/packages"):
        licences, word = licence_of(item.concluded, item.declared)
        components.append(Component(given(item.name), given(item.version), licences, word, given(item.spdx_id)))
        by_id.setdefault(item.spdx_id or "", components[-1])
    named = optional(rest.get("documentDescribes"), list[str], "/documentDescribes") or []
    related = each(found.get("relationships", msgspec.Raw(b"null")), _Relationship, "/relationships")
    named += [id_ for one in related if (id_ := one.described())]
    return stated(
        Bom(
            format_version=version,
            components=components,
            described=described(by_id, named),
            tools=tuple(tools_of(creation.creators)),
            made_at=parse_time(creation.created or ""),
        )
    )


SPDX_JSON = Format(
    name="spdx-json", title="SPDX 2.x JSON", parser=2, marks=("spdxVersion", "SPDXID", "packages"), recognise=_recognise, parse=_parse
)
