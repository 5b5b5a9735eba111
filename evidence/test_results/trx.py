"""Test results of .NET in Visual Studio's form (``dotnet test --logger trx``, vstest.console, MSTest): TRX.

Format: the schema vstst.xsd of Visual Studio, and the TRX logger of vstest (``TestResult.cs``, ``TestRunSummary.cs``, ``TestOutcome.cs``).

- One result is one case, and a result without an outcome is an error: that is the outcome which is left out. Rows of data-driven and parts
  of ordered tests (``InnerResults``) are cases in the place of the test that holds them, which counts only when it failed and none of them
  did.
- What is declared are the ``Counters``, which count such tests as well. vstest always writes that 0 tests were not executed, so it
  declares no skipped ones; ``executed`` is a count of several things.
- A run whose own outcome is Aborted, Error or another that is not the end of a run, or that failed although no test did, is incomplete;
  so is one that reports an error of its own. What the xUnit.net adapter reports so are the failures of its tests.
- Suites are the classes of the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed, shorten
from compliance.source import Source, parse_time

from . import Declared, TestResults
from ._case import ERROR, FAILURE, PASSED, SKIPPED
from ._results import Results
from ._totals import plus, total

_OUTCOMES: Final = {
    **dict.fromkeys(("Passed", "PassedButRunAborted", "Warning"), PASSED),
    **dict.fromkeys(("Inconclusive", "NotExecuted", "Pending", "Completed"), SKIPPED),
    **dict.fromkeys(("Failed", "Timeout"), FAILURE),
    **dict.fromkeys(("Error", "Aborted", "NotRunnable", "Disconnected", "InProgress"), ERROR),
}
"""Outcomes of a test. Completed: it ran, but "there is no qualitative measure", so it is no success."""
_ENDED: Final = frozenset(("", "Completed", "Passed", "Warning", "Failed"))
"""Outcomes of a run that came to its end."""
_FAILED: Final = ("failed", "timeout")
_BROKE: Final = ("error", "aborted", "notRunnable", "disconnected", "inProgress")
"""Counters of tests that are failures here, and of those that are errors."""
_XUNIT: Final = "[xUnit.net "
_TEXT_LIMIT: Final = 10_000


@dataclass
class _Result:
    """A result that is being read, or waits for the class of its test."""

    attributes: Mapping[str, str]
    inner: int = 0
    """Results inside of it."""
    failed_inside: bool = False
    message: str = ""

    def result(self) -> str:
        outcome = self.attributes.get("outcome") or "Error"
        if outcome not in _OUTCOMES:
            raise InputError(f'outcome="{shorten(outcome, 40)}"', expected="an outcome of a test", where="/TestRun/Results")
        return _OUTCOMES[outcome]


@dataclass
class _Summary:
    """What the run says of itself."""

    outcome: str = ""
    counters: Mapping[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    """Errors that it reports, but for those of the xUnit.net adapter."""


class _Reader:
    """Collects results and the classes of their tests while the tags go by: the classes stand behind the results."""

    def __init__(self) -> None:
        self.times: Mapping[str, str] = {}
        self.summary = _Summary()
        self.results: list[tuple[str, str, str, str]] = []
        """Id of the test, its name, its result and the message of a failure."""
        self.outermost = self.holders = self.failed_holders = 0
        """Results that stand in no other, tests that only hold others, and those of them that failed."""
        self.aborted = False
        self._classes: dict[str, str] = {}
        self._path: list[str] = []
        self._open: list[_Result] = []
        self._test = ""
        self._info: str | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> bool:
        tag = tag.rpartition("}")[2]
        if not self._path and tag != "TestRun":
            raise InputError(f"root element <{shorten(tag, 60)}>", expected="<TestRun>", where="/")
        holder = self._path[-1] if self._path else ""
        self._path.append(tag)
        if holder in ("Results", "InnerResults"):
            self._open.append(_Result(attributes))
        elif holder == "TestDefinitions":
            self._test = attributes.get("id", "")
        elif tag == "TestMethod" and "TestDefinitions" in self._path:
            self._classes.setdefault(self._test, attributes.get("className", "").partition(",")[0])
        elif tag == "Times":
            self.times = attributes
        elif tag == "ResultSummary":
            self.summary.outcome = attributes.get("outcome", "")
        elif tag == "Counters":
            self.summary.counters = attributes
        elif tag == "RunInfo":
            self._info = "" if attributes.get("outcome") == "Error" else None
        return self._path[-2:] == ["ErrorInfo", "Message"] or (tag == "Text" and self._info is not None)

    def text(self, text: str) -> None:
        if self._path[-2:] == ["ErrorInfo", "Message"] and self._open:
            self._open[-1].message = (self._open[-1].message + text)[:_TEXT_LIMIT]
        elif self._path[-1] == "Text" and self._info is not None:
            self._info = (self._info + text)[:_TEXT_LIMIT]

    def end(self, _tag: str) -> None:
        tag = self._path.pop()
        if self._path and self._path[-1] in ("Results", "InnerResults"):
            self._finished(self._open.pop())
        elif tag == "RunInfo" and self._info is not None:
            if not self._info.lstrip().startswith(_XUNIT):
                self.summary.errors.append(self._info)
            self._info = None

    def _finished(self, found: _Result) -> None:
        result = found.result()
        failed = result in (FAILURE, ERROR)
        self.aborted = self.aborted or found.attributes.get("outcome") == "PassedButRunAborted"
        self.outermost += not self._open
        if self._open:
            self._open[-1].inner += 1
            self._open[-1].failed_inside = self._open[-1].failed_inside or failed or found.failed_inside
        if found.inner and not (failed and not found.failed_inside):
            self.holders += 1
            self.failed_holders += failed
            return
        get = found.attributes.get
        self.results.append((get("testId", ""), get("testName", ""), result, found.message if failed else ""))

    def counted(self) -> Results:
        """Returns the cases, in suites by class."""
        results = Results()
        for test, name, result, message in self.results:
            suite = self._classes.get(test, "")
            full = name if not suite or name.startswith(f"{suite}.") else f"{suite}::{name}"
            results.add(suite, full, result, message=message)
        return results

    def declared(self) -> Declared | None:
        if "total" not in self.summary.counters:
            return None
        failures, errors = self._counters(_FAILED), self._counters(_BROKE)
        return Declared(tests=self._counters(("total",)), failures=failures, errors=errors, skipped=None)

    def _counters(self, names: Iterable[str]) -> int | None:
        found = [total(text, name) or 0 for name in names if (text := self.summary.counters.get(name)) is not None]
        return sum(found) if found else None

    def _comparable(self, declared: Declared | None) -> Declared | None:
        """Returns what is declared without the tests that only hold others; classic MSTest counts these and not what they hold."""
        if declared is None or not self.holders:
            return declared
        if declared.tests == self.outermost:
            return declared.model_copy(update={"tests": len(self.results), "failures": None, "errors": None})
        less = {"tests": plus(declared.tests, -self.holders), "failures": plus(declared.failures, -self.failed_holders)}
        return declared.model_copy(update=less)

    def payload(self, results: Results) -> TestResults:
        count, declared = results.count(), self.declared()
        if self.summary.errors:
            results.failed_outside("the run", self.summary.errors[0])
        incomplete = self._incomplete(failed=bool(count[FAILURE] or count[ERROR]))
        comparable = self._comparable(declared)
        return results.payload(duration_s=self._duration(), incomplete=incomplete, declared=declared, comparable=comparable)

    def _incomplete(self, *, failed: bool) -> str | None:
        outcome = self.summary.outcome
        if outcome not in _ENDED or self.aborted:
            return f"the run ended as {shorten(outcome, 40)}" if outcome not in _ENDED else "the run was aborted"
        return "the run says that it failed, and none of its tests did" if outcome == "Failed" and not failed else None

    def started(self) -> datetime | None:
        return parse_time(self.times.get("start", ""))

    def _duration(self) -> float | None:
        start, finish = self.started(), parse_time(self.times.get("finish", ""))
        seconds = (finish - start).total_seconds() if start and finish else -1.0
        return seconds if seconds >= 0 else None


def _parse(source: Source) -> Parsed:
    reader = _Reader()
    source.xml_tags(reader.start, reader.end, reader.text)
    results = reader.counted()
    return Parsed(payload=reader.payload(results), findings=results.findings, observed_at=reader.started())


def _recognise(source: Source) -> bool:
    return (source.xml_root or "").rpartition(":")[2] == "TestRun" and b"microsoft.com/schemas/VisualStudio/TeamTest" in source.head


TRX = Format(
    name="trx",
    title="test results of .NET (dotnet test --logger trx)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("<TestRun", "VisualStudio/TeamTest"),
)
