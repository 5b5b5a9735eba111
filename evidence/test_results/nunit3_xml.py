"""Test results of NUnit 3 and 4 (``nunit3-console``, the NUnit XML logger of ``dotnet test``, Unity's test runner).

Format: "Test Result XML Format" of the NUnit documentation, root ``test-run``. Each ``test-case`` counts once. Warning is a pass, as for
NUnit; Inconclusive is skipped, as NUnit does not call it a success; a failure with a label (Error, Invalid, Cancelled) is an error. NUnit
declares failures and errors together. A suite that failed although no case in it did (a tear-down, an assembly that cannot be loaded) is
a finding, and the run is incomplete. Suites are the fixtures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed, Tool, shorten
from compliance.source import Source, parse_time

from . import Declared, TestResults
from ._case import ERROR, FAILURE, PASSED, SKIPPED
from ._results import Results
from ._totals import plus, seconds_of, total

_RESULTS: Final = {"Passed": PASSED, "Warning": PASSED, "Failed": FAILURE, "Skipped": SKIPPED, "Inconclusive": SKIPPED}
_TEXT_LIMIT: Final = 10_000


@dataclass
class _Suite:
    """A suite or a run that is being read."""

    attributes: Mapping[str, str]
    name: str
    timed: bool = False
    """Whether its duration is that of cases directly in it."""
    failed: bool = False
    """Whether a case in it failed."""
    message: str = ""


class _Reader:
    """Counts cases while the tags go by."""

    def __init__(self) -> None:
        self.results = Results()
        self.run: Mapping[str, str] = {}
        self._path: list[str] = []
        self._suites: list[_Suite] = []
        self._case: Mapping[str, str] | None = None
        self._message = ""

    def start(self, tag: str, attributes: dict[str, str]) -> bool:
        if not self._path and tag != "test-run":
            raise InputError(f"root element <{shorten(tag, 60)}>", expected="<test-run>", where="/")
        self._path.append(tag)
        if tag in ("test-run", "test-suite"):
            self.run = self.run or attributes
            self._suites.append(_Suite(attributes, attributes.get("fullname") or attributes.get("name") or ""))
        elif tag == "test-case":
            if self._case is not None:
                raise InputError("a case inside a case", expected="cases side by side", where=f"/{'/'.join(self._path[:-1])}")
            self._case, self._message = attributes, ""
        return tag == "message"

    def text(self, text: str) -> None:
        if self._case is not None:
            self._message = (self._message + text)[:_TEXT_LIMIT]
        elif self._suites:
            self._suites[-1].message = (self._suites[-1].message + text)[:_TEXT_LIMIT]

    def end(self, tag: str) -> None:
        self._path.pop()
        if tag == "test-case" and self._case is not None:
            self._finished(self._case)
            self._case = None
        elif tag in ("test-run", "test-suite"):
            self._ends(self._suites.pop())

    def _finished(self, case: Mapping[str, str]) -> None:
        result, suite = _result_of(case), self._suites[-1]
        name = case.get("fullname") or case.get("name") or ""
        failed = result in (FAILURE, ERROR)
        suite.failed = suite.failed or failed
        self.results.add(suite.name, name, result, message=self._message if failed else None)
        if not suite.timed:
            suite.timed = True
            self.results.suite(suite.name).time.add(suite.attributes.get("duration"))

    def _ends(self, suite: _Suite) -> None:
        if suite.attributes.get("result") == "Failed" and not suite.failed:
            self.results.failed_outside(suite.name or "the run", suite.message)
            suite.failed = True
        if self._suites:
            self._suites[-1].failed = self._suites[-1].failed or suite.failed

    def payload(self) -> TestResults:
        run, get = self.run, self.run.get
        skipped = plus(total(get("skipped"), "skipped"), total(get("inconclusive"), "inconclusive") or 0)
        declared = Declared(tests=total(get("total"), "total"), failures=total(get("failed"), "failed"), errors=None, skipped=skipped)
        if declared.tests is None:
            return self.results.payload(duration_s=seconds_of(get("duration")), incomplete=None)
        errors = self.results.count()[ERROR]
        comparable = declared.model_copy(update={"failures": plus(declared.failures, -errors)}) if errors else declared
        cancelled = f"the run was {run['label'].lower()}" if get("label") in ("Cancelled", "Invalid", "Error") else None
        return self.results.payload(duration_s=seconds_of(get("duration")), incomplete=cancelled, declared=declared, comparable=comparable)

    def started(self) -> datetime | None:
        """Returns the start of the run; NUnit writes UTC, with ``Z`` behind it and a space before the time."""
        return parse_time(self.run.get("start-time", "").replace("Z", "+00:00"))


def _result_of(case: Mapping[str, str]) -> str:
    word = case.get("result", "")
    if word not in _RESULTS:
        raise InputError(
            f'result="{shorten(word, 40)}"', expected="a result of a case", where=shorten(case.get("fullname", "test-case"), 200)
        )
    return ERROR if word == "Failed" and case.get("label") else _RESULTS[word]


def _parse(source: Source) -> Parsed:
    reader = _Reader()
    source.xml_tags(reader.start, reader.end, reader.text)
    version = reader.run.get("engine-version")
    return Parsed(
        payload=reader.payload(),
        findings=reader.results.findings,
        tool=Tool("NUnit", shorten(version, 100) if version else None),
        observed_at=reader.started(),
    )


def _recognise(source: Source) -> bool:
    return source.xml_root == "test-run"


NUNIT3_XML = Format(
    name="nunit3-xml",
    title="test results of NUnit 3 and 4 (nunit3-console, Unity)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("<test-run", "<test-suite", "<test-case"),
)
