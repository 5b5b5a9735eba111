"""A bill of materials as its readers hand it on: components at all depths, and vulnerabilities where the file lists any.

One CycloneDX file can be evidence of two kinds, `sbom` and `scan`; what reads it is shared and reads it once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import msgspec

from compliance.errors import InputError
from compliance.record import Tool, shorten

Word = Literal["NOASSERTION", "NONE"]
"""SPDX's words instead of a licence: nobody looked or could tell; there is none (SPDX 2.3, section 7.13)."""
_SCORE: Final = re.compile(r"\d{1,6}(\.\d{1,20})?([eE]-\d{1,2})?")
WORDS: Final[tuple[Word, ...]] = ("NOASSERTION", "NONE")


class Component(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One component; what the file leaves out, or gives as empty text, is None."""

    name: str | None
    version: str | None
    licences: tuple[str, ...] = ()
    """Licences that the file names: SPDX ids, expressions or names, as they are written. All of them apply."""
    word: Word | None = None
    """What the file says in the place of a licence, when it names none."""
    ref: str | None = None
    """Id within the file."""


class Rating(msgspec.Struct, frozen=True):
    """How severe somebody thinks a vulnerability is."""

    method: str | None = None
    severity: str | None = None
    score: float | None = None
    vector: str | None = None


class Vulnerability(msgspec.Struct, frozen=True):
    """One vulnerability, whatever number of components it affects."""

    id: str | None
    ref: str | None = None
    ratings: tuple[Rating, ...] = ()
    state: str | None = None
    """State of its analysis (VEX)."""
    affects: tuple[str, ...] = ()
    """Ids of the components that it affects."""
    text: str | None = None


@dataclass(frozen=True, kw_only=True)
class Bom:
    """One bill of materials."""

    format_version: str
    """As the file writes it."""
    components: Sequence[Component]
    vulnerabilities: Sequence[Vulnerability] | None = None
    """None: the file has no list of vulnerabilities, which is another thing than an empty one."""
    described: Component | None = None
    """What the bill is about; no component of the list unless it is listed as well."""
    tools: Sequence[Tool] = ()
    made_at: datetime | None = None
    """When it was made; None without zone."""
    partial: bool = False
    """The bill says of itself that something is missing in it."""

    @property
    def tool(self) -> Tool:
        """Returns the tool that wrote it: several names joined, ``unknown`` when the file names none."""
        named = list(dict.fromkeys(self.tools))
        if len(named) == 1:
            return named[0]
        return Tool(", ".join(dict.fromkeys(tool.name for tool in named))[:200] or "unknown")


def number(text: str, where: str) -> float:
    """Reads a score that is written as a text, with an exponent or without (cyclonedx-core-java writes small ones so).

    Raises:
        InputError: It is no such number.
    """
    if not _SCORE.fullmatch(text.strip()):
        raise InputError(f"score {shorten(text, 40)!r}", expected="a number such as 7.5", where=where)
    return float(text)


def method_of(method: str | None, *source: str | None) -> str | None:
    """Returns the method of a rating: ``other`` for the probability of an attack (EPSS), which writers know by its source only."""
    return "other" if any("epss" in (text or "").lower() for text in source) else method


def given(text: str | None) -> str | None:
    """Returns a text without white space around it; None when nothing is left of it."""
    return (text or "").strip() or None


def licensed(named: Sequence[str | None]) -> tuple[tuple[str, ...], Word | None]:
    """Sorts what stands in the place of licences: names of licences, else the word that says that there are none."""
    texts = dict.fromkeys(filter(None, map(given, named)))
    licences = tuple([text for text in texts if text not in WORDS])
    return licences, None if licences else next((word for word in WORDS if word in texts), None)
