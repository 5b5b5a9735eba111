"""CycloneDX in JSON, versions 1.2 to 1.7 (ECMA-424; schemas ``bom-1.2.schema.json`` and later).

Components are those of ``components``, at all depths. What ``metadata``, ``services``, ``formulation``, ``pedigree`` or a tool name as
components of their own is no part of what is listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from compliance.errors import InputError
from compliance.reading import jsontext
from compliance.reading.jsonshape import checked, each, optional
from compliance.record import Tool, shorten
from compliance.source import Source, parse_time

from ._bom import Bom, Component, Rating, Vulnerability, given, licensed, method_of, number

VERSIONS: Final = tuple(f"1.{number}" for number in range(8))
"""Versions of the specification up to ECMA-424, 2nd edition (1.7)."""
_BROKEN: Final = re.compile(rb'\s*\{\s*(?:"\$schema"\s*:\s*"[^"]*"\s*,\s*)?"bomFormat"\s*:\s*"CycloneDX"')
"""How such a file begins, for those that are cut off: better refused by name than not recognised."""


class _Licence(msgspec.Struct):
    id: str | None = None
    name: str | None = None
    text: Any = None
    url: str | None = None


def _quotes(text: Any) -> bool:
    """Whether this holds the text of a licence: an attachment, or (not by the schema) the text itself."""
    return bool(text.get("content") if isinstance(text, dict) else text)


class _Choice(msgspec.Struct):
    license: _Licence | None = None
    expression: str | None = None

    def named(self) -> str | None:
        """Returns what it names; a licence that is only quoted or linked is called so."""
        if self.license is None:
            return self.expression
        one = self.license
        return given(one.id) or given(one.name) or given(one.url) or ("(text)" if _quotes(one.text) else None)


class _Component(msgspec.Struct):
    name: str | None = None
    version: str | None = None
    group: str | None = None
    bom_ref: str | None = msgspec.field(name="bom-ref", default=None)
    licenses: list[_Choice] | None = None
    components: list[_Component] | None = None


class _Named(msgspec.Struct):
    name: str | None = None
    version: str | None = None


class _Tools(msgspec.Struct):
    components: list[_Named] | None = None
    services: list[_Named] | None = None


class _Metadata(msgspec.Struct):
    timestamp: str | None = None
    tools: list[_Named] | _Tools | None = None
    component: _Component | None = None


class _Origin(msgspec.Struct):
    name: str | None = None
    url: str | None = None


class _Rating(msgspec.Struct):
    score: float | str | None = None
    """A number; VulnScout up to 0.11 wrote it as a text."""
    source: _Origin | None = None
    severity: str | None = None
    method: str | None = None
    vector: str | None = None


class _Analysis(msgspec.Struct):
    state: str | None = None


class _Affected(msgspec.Struct):
    ref: str | None = None


class _Vulnerability(msgspec.Struct):
    id: str | None = None
    bom_ref: str | None = msgspec.field(name="bom-ref", default=None)
    description: str | None = None
    detail: str | None = None
    ratings: list[_Rating] | None = None
    analysis: _Analysis | None = None
    affects: list[_Affected] | None = None


class _Composition(msgspec.Struct):
    aggregate: str | None = None


def recognises(source: Source) -> bool:
    """Whether the file says that it is CycloneDX, or begins as if it were."""
    found = source.json_members
    return bytes(found.get("bomFormat", b"")) == b'"CycloneDX"' if found else _BROKEN.match(source.head) is not None


def lists_vulnerabilities(source: Source) -> bool:
    """Whether the file has a list of vulnerabilities, if only an empty one."""
    return not _is_absent(source.json_members, "vulnerabilities")


def read(source: Source) -> Bom:
    """Reads a file, once for all who ask.

    Raises:
        InputError: It is not CycloneDX 1.x, or not JSON that is read (see `jsontext`).
    """
    return source.once(_read)


def _read(source: Source) -> Bom:
    found = jsontext.members(source.document)
    rest = checked(found, ("bomFormat", "specVersion", "metadata"), ("components", "vulnerabilities", "compositions"))
    if rest.get("bomFormat") != "CycloneDX":
        raise InputError("no bomFormat", expected='"bomFormat": "CycloneDX"')
    if rest.get("specVersion") not in VERSIONS:
        version = shorten(repr(rest.get("specVersion")), 60)
        raise InputError(f"specVersion {version}", expected=f"a version from {VERSIONS[0]} to {VERSIONS[-1]}", where="/specVersion")
    metadata = optional(rest.get("metadata"), _Metadata, "/metadata") or _Metadata()
    parts = each(found["compositions"], _Composition, "/compositions") if "compositions" in found else ()
    aggregates = [item.aggregate or "" for item in parts]
    listed = not _is_absent(found, "vulnerabilities")
    return Bom(
        format_version=rest["specVersion"],
        components=list(_components(found)),
        vulnerabilities=list(_vulnerabilities(found)) if listed else None,
        described=_component(metadata.component) if metadata.component else None,
        tools=tuple(_tools(metadata.tools)),
        made_at=parse_time(metadata.timestamp or ""),
        partial=any(aggregate.startswith("incomplete") for aggregate in aggregates),
    )


def _is_absent(found: Mapping[str, msgspec.Raw], name: str) -> bool:
    return name not in found or bytes(found[name]) == b"null"


def _components(found: Mapping[str, msgspec.Raw]) -> Iterator[Component]:
    """Yields the components with those inside them, in the order of the file."""
    for top in each(found["components"], _Component, "/components") if "components" in found else ():
        stack = [top]
        while stack:
            item = stack.pop()
            yield _component(item)
            stack.extend(reversed(item.components or ()))


def _component(item: _Component) -> Component:
    name, group = given(item.name), given(item.group)
    licences, word = licensed([choice.named() for choice in item.licenses or ()])
    return Component(f"{group}/{name}" if group and name else name, given(item.version), licences, word, given(item.bom_ref))


def _vulnerabilities(found: Mapping[str, msgspec.Raw]) -> Iterator[Vulnerability]:
    for item in each(found["vulnerabilities"], _Vulnerability, "/vulnerabilities"):
        yield Vulnerability(
            id=given(item.id),
            ref=given(item.bom_ref),
            ratings=tuple(_rating(one) for one in item.ratings or ()),
            state=item.analysis.state if item.analysis else None,
            affects=tuple(ref for one in item.affects or () if (ref := given(one.ref))),
            text=given(item.description) or given(item.detail),
        )


def _rating(one: _Rating) -> Rating:
    source = one.source or _Origin()
    score = number(one.score, "/vulnerabilities/*/ratings/*/score") if isinstance(one.score, str) else one.score
    return Rating(method_of(one.method, source.name, source.url), one.severity, score, one.vector)


def _tools(tools: list[_Named] | _Tools | None) -> Iterator[Tool]:
    """Yields the tools: a list before version 1.5, components and services since."""
    named = tools if isinstance(tools, list) else [*(tools.components or ()), *(tools.services or ())] if tools else []
    for item in named:
        if name := given(item.name):
            yield Tool(shorten(name, 200), given(item.version))
