"""CycloneDX in XML, versions 1.0 to 1.7, and the vulnerability extension that went with 1.0 to 1.3.

The namespace holds the version. Components are those of ``bom/components``, at all depths; other elements of the same name (in the
metadata, in a pedigree, of a tool, in a formula) are none of what is listed. Vulnerabilities are those of ``bom/vulnerabilities`` since
1.4, and those of the extension (``http://cyclonedx.org/schema/ext/vulnerability/1.0``), inside a component or beside all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from compliance.errors import InputError
from compliance.reading.xmltree import PassedOver, Selection
from compliance.record import Tool, shorten
from compliance.source import Element, Source, parse_time

from ._bom import Bom, Component, Rating, Vulnerability, given, licensed, method_of, number
from ._cyclonedx_json import VERSIONS

_NAMESPACE: Final = "http://cyclonedx.org/schema/bom/"
_EXTENSION: Final = "{http://cyclonedx.org/schema/ext/vulnerability/1.0}"
_EXTENSION_LIST: Final = f"{_EXTENSION}vulnerabilities"
_VULNERABLE: Final = frozenset({f"{_EXTENSION}vulnerability", _EXTENSION_LIST})
_TOLD: Final = _VULNERABLE | {f"{{{_NAMESPACE}{version}}}{name}" for version in VERSIONS for name in ("component", "components")}
_ALL: Final = Selection(levels=3, told=_TOLD)
_SELECTION: Final = replace(
    _ALL,
    kept={
        f"{{{_NAMESPACE}{version}}}component": _VULNERABLE
        | {f"{{{_NAMESPACE}{version}}}{name}" for name in ("name", "version", "group", "licenses", "components")}
        for version in VERSIONS
    },
    never_passed=_VULNERABLE,
)
"""What else stands in a component is not read, unless the extension's vulnerabilities stand in that."""
_READ: Final = (
    *("component", "components", "name", "version", "group", "licenses", "license", "id", "url", "expression", "expression-detailed"),
)
"""Elements that are read in components."""
_ROOT: Final = re.compile(r"(?:[\w.-]+:)?bom")


@dataclass(slots=True)
class _Open:
    """A component, a list of components, or the root, in which reading is."""

    depth: int
    element: Element
    listed: bool
    """It is the root, a list of components that count, or one of these components."""
    ref: str | None = None


@dataclass
class _Reader:
    """Reads one file, holding a bounded part of its tree."""

    version: str = ""
    space: str = ""
    """The namespace as it stands before the names of elements."""
    names: dict[str, str] = field(default_factory=dict)
    """What elements of a component are called, with their namespace: written once, since there are many."""
    depth: int = 0
    open: list[_Open] = field(default_factory=list)
    second: Element | None = None
    """The child of the root in which reading is."""
    components: list[Component] = field(default_factory=list)
    vulnerabilities: list[Vulnerability] | None = None
    described: Component | None = None
    tools: list[Tool] = field(default_factory=list)
    made_at: datetime | None = None
    partial: bool = False

    def read(self, source: Source, selection: Selection) -> None:
        """Reads all of it."""
        for event, element, self.depth in source.xml(selection):
            if event == "start":
                if self.depth <= 2 or element.tag in _TOLD:
                    self.start(element)
            else:
                self.end(element)

    def start(self, element: Element) -> None:
        tag, depth = element.tag, self.depth
        if depth == 1:
            self._root(tag)
        elif depth == 2:
            self.second = element
        if tag == _EXTENSION_LIST or (depth == 2 and tag == f"{self.space}vulnerabilities"):
            self.vulnerabilities = self.vulnerabilities or []
        if depth == 1 or tag in _TOLD:
            above = self.open[-1] if self.open else None
            inside = above is not None and above.listed and above.depth == depth - 1
            wanted = self.names["component" if depth % 2 else "components"]
            self.open.append(_Open(depth, element, depth == 1 or (inside and tag == wanted), element.get("bom-ref")))

    def _root(self, tag: str) -> None:
        space, _, name = tag.rpartition("}")
        self.version = space.removeprefix("{").removeprefix(_NAMESPACE)
        if name != "bom" or self.version not in VERSIONS:
            found = f"root element <{shorten(name, 60)}> of namespace {shorten(space.removeprefix('{') or 'none', 100)}"
            raise InputError(found, expected=f"<bom> of {_NAMESPACE}{VERSIONS[0]} to {VERSIONS[-1]}")
        self.space = f"{space}}}"
        self.names = {name: f"{self.space}{name}" for name in _READ}

    def end(self, element: Element) -> None:
        tag = element.tag
        own = self.open.pop() if self.open and self.open[-1].depth == self.depth else None
        if self.depth == 1:
            return
        if own is not None and own.listed and tag == self.names["component"]:
            self.components.append(self._component(element))
            self.open[-1].element.clear()  # frees what was read; a list of components has nothing else
        elif tag == f"{_EXTENSION}vulnerability":
            self._extension(element)
        elif self.depth == 2 and tag == f"{self.space}metadata":
            self._metadata(element)
        elif self.depth == 3 and self.second is not None and self.second.tag != f"{self.space}metadata":
            self._third_level(element, self.second)

    def _third_level(self, element: Element, parent: Element) -> None:
        if (parent.tag, element.tag) == (f"{self.space}vulnerabilities", f"{self.space}vulnerability"):
            self.vulnerabilities = self.vulnerabilities or []
            self.vulnerabilities.append(self._vulnerability(element))
        if element.tag == f"{self.space}composition":
            self.partial |= (self._text(element, "aggregate") or "").startswith("incomplete")
        parent.clear()

    def _component(self, element: Element) -> Component:
        names, text_of = self.names, element.findtext
        name, version, group = given(text_of(names["name"])), given(text_of(names["version"])), given(text_of(names["group"]))
        named, word = licensed([self._licence(one) for licenses in element.findall(names["licenses"]) for one in licenses])
        return Component(f"{group}/{name}" if group and name else name, version, named, word, given(element.get("bom-ref")))

    def _licence(self, one: Element) -> str | None:
        names, tag, text_of = self.names, one.tag, one.findtext
        if tag == names["license"]:
            named = given(text_of(names["id"])) or given(text_of(names["name"])) or given(text_of(names["url"]))
            return named or ("(text)" if self._text(one, "text") else None)
        if tag == names["expression"]:
            return one.text
        return one.get("expression") if tag == names["expression-detailed"] else None  # since 1.7

    def _vulnerability(self, element: Element) -> Vulnerability:
        states = [self._text(one, "state") for one in self._children(element, "analysis")]
        targets = [target for affects in self._children(element, "affects") for target in self._children(affects, "target")]
        return Vulnerability(
            id=self._text(element, "id"),
            ref=given(element.get("bom-ref")),
            ratings=tuple(self._ratings(element, self.space)),
            state=states[0] if states else None,
            affects=tuple(ref for target in targets if (ref := self._text(target, "ref"))),
            text=self._text(element, "description") or self._text(element, "detail"),
        )

    def _extension(self, element: Element) -> None:
        """Reads a vulnerability of the extension: of the component that it names, else of the one that it stands in."""
        inside = next((one.ref for one in reversed(self.open) if one.element.tag == f"{self.space}component"), None)
        ref = given(element.get("ref")) or given(inside)
        self.vulnerabilities = self.vulnerabilities or []
        self.vulnerabilities.append(
            Vulnerability(
                id=self._text(element, "id", _EXTENSION),
                ratings=tuple(self._ratings(element, _EXTENSION)),
                affects=(ref,) if ref else (),
                text=self._text(element, "description", _EXTENSION),
            )
        )
        if self.open[-1].element.tag == _EXTENSION_LIST:
            self.open[-1].element.clear()

    def _ratings(self, element: Element, space: str) -> Iterator[Rating]:
        for ratings in self._children(element, "ratings", space):
            for one in self._children(ratings, "rating", space):
                scores = self._children(one, "score", space)
                text = self._text(scores[0], "base", space) or given(scores[0].text) if scores else None
                method, severity, vector = (self._text(one, name, space) for name in ("method", "severity", "vector"))
                source = [self._text(origin, name, space) for origin in self._children(one, "source", space) for name in ("name", "url")]
                yield Rating(method_of(method, *source), severity, number(text, "rating") if text else None, vector)

    def _metadata(self, element: Element) -> None:
        self.made_at = parse_time(self._text(element, "timestamp") or "")
        for component in self._children(element, "component"):
            self.described = self._component(component)
        for tools in self._children(element, "tools"):
            since_1_5 = [one for name in ("components", "services") for many in self._children(tools, name) for one in many]
            for tool in [*self._children(tools, "tool"), *since_1_5]:
                if name := self._text(tool, "name"):
                    self.tools.append(Tool(shorten(name, 200), self._text(tool, "version")))
        element.clear()

    def _children(self, element: Element, name: str, space: str | None = None) -> list[Element]:
        return element.findall(f"{space or self.space}{name}")

    def _text(self, element: Element, name: str, space: str | None = None) -> str | None:
        return given(element.findtext(f"{space or self.space}{name}"))


def recognises(source: Source) -> bool:
    """Whether the root is ``bom`` and the beginning names CycloneDX's namespace."""
    return _NAMESPACE.encode() in source.head and _ROOT.fullmatch(source.xml_root or "") is not None


def lists_vulnerabilities(source: Source) -> bool:
    """Whether the file has a list of vulnerabilities, if only an empty one; false for a file that cannot be read."""
    if not source.is_utf_16 and source.data.find(b"vulnerabilities") < 0 and source.data.find(b"vulnerability") < 0:
        return False
    try:
        return read(source).vulnerabilities is not None
    except InputError:
        return False


def read(source: Source) -> Bom:
    """Reads a file, once for all who ask.

    Raises:
        InputError: It is not CycloneDX 1.x, or not XML that is read (see `Source.xml`).
    """
    return source.once(_read)


def _read(source: Source) -> Bom:
    reader = _Reader()
    try:
        reader.read(source, _SELECTION)
    except PassedOver:
        reader = _Reader()
        reader.read(source, _ALL)
    return Bom(
        format_version=reader.version,
        components=reader.components,
        vulnerabilities=reader.vulnerabilities,
        described=reader.described,
        tools=tuple(reader.tools),
        made_at=reader.made_at,
        partial=reader.partial,
    )
