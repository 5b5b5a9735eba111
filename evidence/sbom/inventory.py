"""Counts the components of a bill, whatever its format."""

from __future__ import annotations

from collections import Counter
from typing import Final

from compliance.record import Parsed, shorten

from .._bom import Bom, Component
from . import Lacking, Licence, Sbom
from .expressions import alternatives

_LICENCES: Final = 1000
_LACKING: Final = 20


def stated(bom: Bom) -> Parsed:
    """Returns the statement of a bill."""
    licences = Counter(text for item in bom.components for text in item.licences)
    first = {text: item.name for item in reversed(bom.components) for text in item.licences}
    listed = sorted(licences.items(), key=lambda one: (-one[1], one[0]))[:_LICENCES]
    lacking = [item for item in bom.components if not (item.name and item.version and item.licences)]
    payload = Sbom(
        format_version=bom.format_version,
        tool=bom.tool.name,
        tool_version=bom.tool.version,
        components=len(bom.components),
        without_name=sum(item.name is None for item in lacking),
        without_version=sum(item.version is None for item in lacking),
        without_licence=sum(not item.licences for item in lacking),
        no_assertion=sum(item.word == "NOASSERTION" for item in lacking),
        none=sum(item.word == "NONE" for item in lacking),
        licences=tuple(_licence(text, count, first[text]) for text, count in listed),
        licences_not_listed=len(licences) - len(listed),
        lacking=tuple(_shown(item) for item in lacking[:_LACKING]),
        describes=shorten(bom.described.name, 300) if bom.described and bom.described.name else None,
        describes_version=shorten(bom.described.version, 300) if bom.described and bom.described.version else None,
        incomplete=_incomplete(bom),
    )
    return Parsed(payload=payload, tool=bom.tool if bom.tools else None, observed_at=bom.made_at)


def _lacks(item: Component) -> list[str]:
    found = {"name": item.name, "version": item.version, "licence": item.licences}
    return [what for what, value in found.items() if not value]


def _shown(item: Component) -> Lacking:
    return Lacking.model_validate(
        {
            "name": shorten(item.name, 300) if item.name else None,
            "version": shorten(item.version, 300) if item.version else None,
            "lacks": tuple(_lacks(item)),
        }
    )


def _licence(text: str, count: int, first: str | None) -> Licence:
    name = shorten(first, 300) if first else None
    return Licence(expression=shorten(text, 300), components=count, first=name, alternatives=alternatives(text))


def _incomplete(bom: Bom) -> str | None:
    if not bom.components:
        return "no component is listed"
    return "the bill says of itself that it is incomplete" if bom.partial else None
