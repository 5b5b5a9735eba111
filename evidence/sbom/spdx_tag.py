"""SPDX 2.x as text, ``Tag: value`` (SPDX 2.3, clause 6 to 8 and annex on the tag-value form).

A package begins with ``PackageName``. A value in ``<text>`` and ``</text>`` may have several lines, in which tags are plain text.
Lines that begin with ``#`` are comments. Anything else is refused with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed, Tool, shorten
from compliance.source import Source, parse_time

from .._bom import Bom, Component, given
from .inventory import stated
from .spdx import DOCUMENT, checked_version, described, licence_of, tools_of

_TAG: Final = re.compile(r"([A-Z][A-Za-z0-9]*)\s*:\s*(.*)", re.DOTALL)
"""All tags of SPDX begin with a capital letter."""
_OPEN, _CLOSE = "<text>", "</text>"
_FIRST: Final = 50
"""Lines at the beginning among which the version stands."""
_OF_PACKAGE: Final = ("SPDXID", "PackageVersion", "PackageLicenseConcluded", "PackageLicenseDeclared")
_TEXT_LIMIT: Final = 4 << 20
"""Characters of the longest text of several lines."""


@dataclass
class _Reader:
    """What was read so far."""

    version: str | None = None
    made_at: datetime | None = None
    tools: list[Tool] = field(default_factory=list)
    components: list[Component] = field(default_factory=list)
    by_id: dict[str, Component] = field(default_factory=dict)
    described: list[str] = field(default_factory=list)
    package: dict[str, str] | None = None
    """Values of the package that is being read."""

    def take(self, tag: str, value: str, line: int) -> None:
        if tag == "PackageName":
            self.close()
            self.package = {tag: value}
        elif tag in ("FileName", "SnippetSPDXID", "LicenseID"):
            self.close()
        elif tag in _OF_PACKAGE and self.package is not None:
            if tag in self.package:
                raise InputError(f"{tag} twice in one package", expected="each tag once", where=f"line {line}")
            self.package[tag] = value
        elif tag.startswith("Package") and self.package is None:
            raise InputError(f"{tag} before any PackageName", expected="PackageName first", where=f"line {line}")
        else:
            self._of_document(tag, value, line)

    def _of_document(self, tag: str, value: str, line: int) -> None:
        if tag == "SPDXVersion":
            if self.version is not None:
                raise InputError("SPDXVersion twice", expected="one document", where=f"line {line}")
            self.version = checked_version(value, f"line {line}")
        elif tag == "Creator":
            self.tools += tools_of([value])
        elif tag == "Created":
            self.made_at = parse_time(value)
        elif tag == "Relationship":
            words = value.split()
            if words[:2] == [DOCUMENT, "DESCRIBES"]:
                self.described += words[2:3]
            elif words[1:] == ["DESCRIBED_BY", DOCUMENT]:
                self.described += words[:1]

    def close(self) -> None:
        """Ends the package that is being read."""
        if self.package is None:
            return
        found = {tag: given(value) for tag, value in self.package.items()}
        licences, word = licence_of(found.get("PackageLicenseConcluded"), found.get("PackageLicenseDeclared"))
        item = Component(found.get("PackageName"), found.get("PackageVersion"), licences, word, found.get("SPDXID"))
        self.components.append(item)
        self.by_id.setdefault(item.ref or "", item)
        self.package = None


def _recognise(source: Source) -> bool:
    for line in source.head.split(b"\n")[:_FIRST]:
        text = line.strip()
        if text.startswith(b"SPDXVersion:"):
            return True
        if text and not text.startswith(b"#") and not re.match(rb"[A-Za-z]+:", text):
            return False
    return False


def _parse(source: Source) -> Parsed:
    reader = _Reader()
    for number, tag, value in _tags(source):
        reader.take(tag, value, number)
    reader.close()
    if reader.version is None:
        raise InputError("no SPDXVersion", expected="SPDX-2.0 to SPDX-2.3")
    return stated(
        Bom(
            format_version=reader.version,
            components=reader.components,
            described=described(reader.by_id, reader.described),
            tools=tuple(reader.tools),
            made_at=reader.made_at,
        )
    )


def _tags(source: Source) -> Iterator[tuple[int, str, str]]:
    """Yields (line, tag, value), texts of several lines joined."""
    lines = _decoded(source)
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _TAG.fullmatch(line.strip())
        if match is None:
            raise InputError(shorten(repr(line), 80), expected="Tag: value", where=f"line {number}")
        yield number, match[1], _value(match[2], number, lines)


def _value(value: str, first: int, lines: Iterator[tuple[int, str]]) -> str:
    if not value.startswith(_OPEN):
        return value
    parts, size = [value.removeprefix(_OPEN)], len(value)
    while _CLOSE not in parts[-1]:
        number, line = next(lines, (first, None))
        size += len(line or "")
        if line is None or size > _TEXT_LIMIT:
            found = f"{_OPEN} that does not end" if line is None else f"{_OPEN} of more than {_TEXT_LIMIT} characters"
            raise InputError(found, expected=_CLOSE, where=f"line {number}")
        parts.append(line)
    return "\n".join(parts).partition(_CLOSE)[0]


def _decoded(source: Source) -> Iterator[tuple[int, str]]:
    if not source.size:
        raise InputError("empty file")
    for number, line in source.lines():
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise InputError(f"byte 0x{line[error.start]:02x}", expected="UTF-8 text", where=f"line {number}") from error
        if "\0" in text:
            raise InputError("NUL byte", expected="text", where=f"line {number}")
        yield number, text


SPDX_TAG = Format(
    name="spdx-tag", title="SPDX 2.x tag-value", parser=2, marks=("SPDXVersion", "PackageName"), recognise=_recognise, parse=_parse
)
