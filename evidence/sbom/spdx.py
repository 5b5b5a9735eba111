"""What the SPDX 2.x formats share (ISO/IEC 5962:2021 is SPDX 2.2.1; its text and JSON forms carry the same fields)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from compliance.errors import InputError
from compliance.record import Tool, shorten

from .._bom import Component, Word, licensed

DOCUMENT: Final = "SPDXRef-DOCUMENT"
_VERSION: Final = re.compile(r"SPDX-2\.[0-3](\.\d+)?")
_CREATOR: Final = re.compile(r"Tool:\s*(.+?)(?:-(v?\d+(?:\.[\w.+-]+)*))?\s*")


def checked_version(version: object, where: str) -> str:
    """Returns the version of a document of SPDX 2.x.

    Raises:
        InputError: It is of another version, or does not say.
    """
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise InputError(shorten(repr(version), 60), expected="SPDX-2.0 to SPDX-2.3", where=where)
    return version


def tools_of(creators: Iterable[str]) -> Iterator[Tool]:
    """Yields the tools among the creators, written ``Tool: name-version``; people and organisations are left out."""
    for creator in creators:
        if match := _CREATOR.fullmatch(creator):
            yield Tool(shorten(match[1], 200), shorten(match[2], 100) if match[2] else None)


def licence_of(concluded: str | None, declared: str | None) -> tuple[tuple[str, ...], Word | None]:
    """Returns the licence of a package: the concluded one if it names one, else the declared one, else the word for none."""
    first, word = licensed([concluded])
    if first:
        return first, None
    second, other = licensed([declared])
    return second, None if second else word or other


def described(components: Mapping[str, Component], ids: Iterable[str]) -> Component | None:
    """Returns what the document describes, when that is exactly one of its packages."""
    found = {id_: components[id_] for id_ in ids if id_ in components}
    return next(iter(found.values())) if len(found) == 1 else None
