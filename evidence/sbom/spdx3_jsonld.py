"""SPDX 3 in JSON-LD (SPDX 3.0.1, annex "RDF model and JSON-LD serialization"): ``@context`` and ``@graph``, or one single element.

Components are its packages (``software_Package`` and the classes that derive from it, ``ai_AIPackage`` and
``dataset_DatasetPackage``). Licences are elements of their own: relationships of the types ``hasConcludedLicense`` and
``hasDeclaredLicense`` lead there. Only the compact form is read, with one type per element, as the specification's context defines it;
elements that stand inside others instead of in the graph are refused.

Microsoft's sbom-tool writes relationships as ``HAS_DECLARED_LICENSE``, and licences as ``AnyLicenseInfo`` with a name: both are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading import jsontext
from compliance.reading.jsonshape import each, shaped
from compliance.record import Parsed, Tool, shorten
from compliance.source import Source, parse_time

from .._bom import Bom, Component, given
from .inventory import stated
from .licences3 import Licences
from .spdx import described, licence_of

_CONTEXTS: Final = (b"spdx.org/rdf/3", b"spdx.org/rdf/v3", b"spdx.github.io/spdx-spec/v3")
"""Where the context is published, and where it is drafted."""
_PACKAGES: Final = ("software_Package", "ai_AIPackage", "dataset_DatasetPackage")
_RELATIONSHIPS: Final = ("Relationship", "LifecycleScopedRelationship")
_DOCUMENTS: Final = ("SpdxDocument", "software_Sbom", "Bom")
_LICENCES: Final = ("simplelicensing_", "expandedlicensing_", "AnyLicenseInfo")
_LICENSING: Final = {
    "hasConcludedLicense": "hasConcludedLicense",
    "hasDeclaredLicense": "hasDeclaredLicense",
    "HAS_CONCLUDED_LICENSE": "hasConcludedLicense",
    "HAS_DECLARED_LICENSE": "hasDeclaredLicense",
}


class _Element(msgspec.Struct):
    """The members of an element that are read here."""

    type: str | None = None
    at_type: str | None = msgspec.field(name="@type", default=None)
    spdx_id: str | None = msgspec.field(name="spdxId", default=None)
    at_id: str | None = msgspec.field(name="@id", default=None)
    name: str | None = None
    version: str | None = msgspec.field(name="software_packageVersion", default=None)
    relationship: str | None = msgspec.field(name="relationshipType", default=None)
    source: str | None = msgspec.field(name="from", default=None)
    targets: list[str] | str | None = msgspec.field(name="to", default=None)
    roots: list[str] | str | None = msgspec.field(name="rootElement", default=None)
    elements: list[str] | str | None = msgspec.field(name="element", default=None)
    """Read only so that an element that is no reference is refused."""
    creation: str | dict[str, Any] | None = msgspec.field(name="creationInfo", default=None)
    spec_version: str | None = msgspec.field(name="specVersion", default=None)
    created: str | None = None
    created_using: list[str] | str | None = msgspec.field(name="createdUsing", default=None)


@dataclass
class _Graph:
    """What was read so far, by id."""

    packages: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    licensed: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """(relationship, package) to licences."""
    roots: list[str] = field(default_factory=list)
    creations: dict[str, _Element] = field(default_factory=dict)
    tools: dict[str, str] = field(default_factory=dict)
    named: str | None = None
    """Creation information of the document itself."""
    licences: Licences = field(default_factory=Licences)

    def take(self, item: _Element, members: dict[str, Any], where: str) -> None:
        kind = _kind(item, where)
        id_ = item.spdx_id or item.at_id or ""
        if kind in _PACKAGES:
            self.packages.append((id_, given(item.name), given(item.version)))
        elif kind in _RELATIONSHIPS and (relationship := _LICENSING.get(item.relationship or "")):
            self.licensed.setdefault((relationship, item.source or ""), []).extend(_many(item.targets))
        elif kind in _DOCUMENTS:
            self.roots += _many(item.roots)
            self._created(item, where)
        elif kind == "CreationInfo":
            self.creations[id_] = item
        elif kind == "Tool":
            self.tools[id_] = item.name or ""
        elif kind.startswith(_LICENCES):
            self.licences.take(id_, kind, members)
        if kind in _PACKAGES and isinstance(item.creation, dict):
            self._created(item, where)

    def _created(self, item: _Element, where: str) -> None:
        """Notes who made the document: a reference, or the information itself."""
        if isinstance(item.creation, dict):
            key = f"{where}/creationInfo"
            self.creations[key] = shaped(item.creation, _Element, key)
            self.named = self.named or key
        elif item.creation and _kind(item, where) == "SpdxDocument":
            self.named = item.creation


def _kind(item: _Element, where: str) -> str:
    """Returns the type of an element in its compact form, ``profile_Class``."""
    name = item.type or item.at_type
    if not name:
        raise InputError("an element without type", expected="SPDX 3 in its compact form", where=where)
    if "/" not in name:
        return name.replace(":", "_")
    profile, _, class_ = name.rpartition("/terms/")[2].partition("/")
    return class_ if profile == "Core" else f"{profile.lower()}_{class_}"


def _many(value: list[str] | str | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _recognise(source: Source) -> bool:
    context = source.json_members.get("@context")
    return context is not None and _is_spdx(bytes(context))


def _is_spdx(context: bytes) -> bool:
    return any(place in context for place in _CONTEXTS)


def _parse(source: Source) -> Parsed:
    found = jsontext.members(source.document)
    if not _is_spdx(bytes(found.get("@context", b""))):
        raise InputError("no @context of SPDX 3", expected="https://spdx.org/rdf/3…/spdx-context.jsonld", where="/@context")
    rest = {name: jsontext.loads(bytes(value)) for name, value in found.items() if name != "@graph"}
    graph = _Graph()
    if "@graph" in found:
        for number, members in enumerate(each(found["@graph"], dict[str, Any], "/@graph")):
            graph.take(shaped(members, _Element, f"/@graph/{number}"), members, f"/@graph/{number}")
    else:
        graph.take(shaped(rest, _Element), rest, "/")
    return stated(_bom(graph, rest))


def _bom(graph: _Graph, rest: dict[str, Any]) -> Bom:
    components: list[Component] = []
    by_id: dict[str, Component] = {}
    for id_, name, version in graph.packages:
        concluded, declared = (_text(graph, relationship, id_) for relationship in ("hasConcludedLicense", "hasDeclaredLicense"))
        licences, word = licence_of(concluded, declared)
        components.append(Component(name, version, licences, word, id_ or None))
        by_id.setdefault(id_, components[-1])
    creation = graph.creations.get(graph.named or "") or next(iter(graph.creations.values()), _Element())
    return Bom(
        format_version=creation.spec_version or _version(rest),
        components=components,
        described=described(by_id, graph.roots),
        tools=tuple(Tool(shorten(name, 200)) for one in _many(creation.created_using) if (name := graph.tools.get(one))),
        made_at=parse_time(creation.created or ""),
    )


def _text(graph: _Graph, relationship: str, package: str) -> str | None:
    """Returns the licence of a package as one expression: several licences apply together."""
    texts = [text for one in graph.licensed.get((relationship, package), ()) if (text := given(graph.licences.text(one)))]
    return texts[0] if len(texts) == 1 else " AND ".join(f"({text})" if " " in text else text for text in texts) or None


def _version(rest: dict[str, Any]) -> str:
    """Returns the version where no creation information gives it: that of the document, or of its context."""
    if isinstance(rest.get("spdxVersion"), str):
        return shorten(rest["spdxVersion"], 40)
    contexts: Iterable[Any] = rest["@context"] if isinstance(rest["@context"], list) else [rest["@context"]]
    named = (one.partition("/rdf/")[2].partition("/")[0] for one in contexts if isinstance(one, str) and "spdx.org/rdf/3" in one)
    return shorten(next(named, "3"), 40)


SPDX3_JSONLD = Format(
    name="spdx3-jsonld", title="SPDX 3 JSON-LD", parser=2, marks=("@context", "@graph"), recognise=_recognise, parse=_parse
)
