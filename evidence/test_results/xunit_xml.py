"""Test results of xUnit.net in its own form, of versions 2 and 3 (``dotnet test --logger xunit``, ``xunit.console -xml``).

Format: "xUnit.net XML Format v2" of the documentation, root ``assemblies`` (or one ``assembly``, as it is passed on by some runners). Each
``test`` counts once: Pass, Fail, Skip and NotRun (an explicit test), which is skipped. An ``error`` of an assembly is a failure outside of
its tests (a fixture that cannot be cleaned up): a finding, and the run is incomplete. Assemblies declare their errors and, since version
3, the tests that were not run. ``run-date`` and ``run-time`` have no zone; ``start-rtf`` of version 3 has. Suites are the collections.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed, Tool, shorten
from compliance.source import Source, parse_time

from . import TestResults
from ._case import FAILURE, PASSED, SKIPPED
from ._results import Results
from ._totals import Seconds, Totals, plus, total

_RESULTS: Final = {"Pass": PASSED, "Fail": FAILURE, "Skip": SKIPPED, "NotRun": SKIPPED}
_ROOTS: Final = ("assemblies", "assembly")
_TEXT_LIMIT: Final = 10_000


class _Reader:
    """Counts tests while the tags go by."""

    def __init__(self) -> None:
        self.results = Results()
        self.declared = Totals()
        self.time = Seconds()
        self.errors = 0
        """Errors outside of tests, as the assemblies declare them."""
        self.observed_at: datetime | None = None
        self.framework: str | None = None
        """Of the first assembly, such as ``xUnit.net 2.4.1.0``."""
        self._path: list[str] = []
        self._assembly = self._collection = self._message = ""
        self._test: Mapping[str, str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> bool:
        if not self._path and tag not in _ROOTS:
            raise InputError(f"root element <{shorten(tag, 60)}>", expected="<assemblies>", where="/")
        self._path.append(tag)
        if tag in _ROOTS:
            self._starts(tag, attributes)
        elif tag == "collection":
            self._collection = attributes.get("name", "")
            self.results.suite(self._collection).time.add(attributes.get("time"))
        elif tag in ("error", "test"):
            if self._test is not None:
                raise InputError(f"<{tag}> inside a test or error", expected="tests side by side", where=f"/{'/'.join(self._path[:-1])}")
            self._test, self._message = attributes, ""
        return tag == "message" and self._path[-2] == "failure"

    def _starts(self, tag: str, attributes: Mapping[str, str]) -> None:
        time = parse_time(attributes.get("start-rtf", ""))
        if time is not None and (self.observed_at is None or time < self.observed_at):
            self.observed_at = time
        if tag == "assembly":
            self._assembly = attributes.get("name", "")
            self.framework = self.framework or attributes.get("test-framework")
            self.time.add(attributes.get("time"))
            self.declared.add(_declared(attributes))
            self.errors += total(attributes.get("errors"), "errors") or 0

    def text(self, text: str) -> None:
        self._message = (self._message + text)[:_TEXT_LIMIT]

    def end(self, tag: str) -> None:
        self._path.pop()
        if self._test is None:
            return
        if tag == "error":
            self.results.failed_outside(self._test.get("name") or self._assembly or "the run", self._message)
            self._test = None
        elif tag == "test":
            self._finished(self._test)
            self._test = None

    def _finished(self, test: Mapping[str, str]) -> None:
        word, name = test.get("result", ""), test.get("name") or test.get("method") or ""
        if word not in _RESULTS:
            raise InputError(f'result="{shorten(word, 40)}"', expected="Pass, Fail, Skip or NotRun", where=shorten(name, 200) or "test")
        result = _RESULTS[word]
        self.results.add(self._collection, name, result, message=self._message if result == FAILURE else None)

    def payload(self) -> TestResults:
        untold = f"{self.errors} errors outside of tests are declared, and none is listed" if self.errors else None
        return self.results.payload(duration_s=self.time.sum(), incomplete=untold, declared=self.declared.declared())


def _declared(assembly: Mapping[str, str]) -> Totals:
    found = {key: total(assembly.get(key), key) for key in ("total", "failed", "skipped", "not-run")}
    skipped = plus(found["skipped"], found["not-run"] or 0)
    # Errors stand outside of the tests, so that they are none of their results.
    return Totals({"tests": found["total"], "failures": found["failed"], "errors": None, "skipped": skipped})


def _parse(source: Source) -> Parsed:
    reader = _Reader()
    source.xml_tags(reader.start, reader.end, reader.text)
    name, _, version = (reader.framework or "").partition(" ")
    tool = Tool(shorten(name, 100), shorten(version, 100) or None) if name else None
    return Parsed(payload=reader.payload(), findings=reader.results.findings, tool=tool, observed_at=reader.observed_at)


def _recognise(source: Source) -> bool:
    root, head = source.xml_root, source.head
    return (root == "assemblies" and b"<assembly" in head) or (root == "assembly" and b"<collection" in head and b"test-framework" in head)


XUNIT_XML = Format(
    name="xunit-xml",
    title="test results of xUnit.net 2 and 3 (xunit.console -xml)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("<assembl", "<collection", "<test "),
)
