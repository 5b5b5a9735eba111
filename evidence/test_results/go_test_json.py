"""Test results of Go (``go test -json``, ``go tool test2json``, the ``--jsonfile`` of gotestsum): one event per line.

Format: "Output Format" of the documentation of cmd/test2json. A test is what a ``run`` opens and a ``pass``, ``fail`` or ``skip`` ends;
subtests and the tests that hold them are tests of their own, as ``go test -v`` lists them, and so is each repetition (``-count``, reruns
of gotestsum). The suites are the packages.

- A test that never ends in a package that fails (a panic, ``os.Exit``, a time limit) is an error. So it is in a package that does not end:
  the run was cut off, and is incomplete.
- A package that fails though none of its tests did (it cannot be built, ``TestMain`` fails, a race outside of tests) is a finding, and the
  run is incomplete.
- Up to Go 1.20 a test that prints without a line feed has no result of its own; it is read from what the test printed. Where there is none
  either, the run is incomplete.
- Benchmarks are no tests: since Go 1.20 they have a ``run``, but no result.
- Lines that are no JSON are what the compiler or a shell printed; of them only ``FAIL package [build failed]`` says something.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading.jsonlines import LineReader
from compliance.record import Parsed, Tool, shorten
from compliance.source import Source, decode, parse_time

from . import TestResults
from ._case import ERROR, FAILURE, PASSED, SKIPPED
from ._results import Results
from ._totals import Seconds

_ENDS: Final = {"pass": PASSED, "fail": FAILURE, "skip": SKIPPED}
_PRINTED: Final = {"PASS": PASSED, "FAIL": FAILURE, "SKIP": SKIPPED}
_ACTIONS: Final = frozenset(("start", "run", "pause", "cont", "bench", "output", "build-output", "build-fail", "attr", *_ENDS))
_MEMBERS: Final = frozenset(
    ("Time", "Action", "Package", "Test", "Elapsed", "Output", "FailedBuild", "ImportPath", "Key", "Value", "OutputType", "Path")
)
_FIRST_LINES: Final = 200
"""Lines that a compiler may print before the first event."""
_RESULT: Final = re.compile(r"--- (PASS|FAIL|SKIP): (\S+) \(")
_PLACE: Final = re.compile(r"\s*([^\s:]+\.go):([0-9]{1,9}): ?(.*)", re.DOTALL)
_BROKEN: Final = re.compile(r"FAIL\t(\S+) (\[(?:build|setup) failed\])")


@dataclass
class _Test:
    """A test that runs."""

    line: int | None = None
    message: str | None = None
    printed: str | None = None
    """The result in what it printed."""

    def output(self, text: str, name: str) -> None:
        if "--- " in text:
            for found in _RESULT.finditer(text):
                self.printed = _PRINTED[found[1]] if found[2] == name else self.printed
        if self.message is None:
            place = _PLACE.fullmatch(text)
            if place is not None:
                self.line, self.message = int(place[2]), place[3].strip()
            elif text.startswith("panic: "):
                self.message = text.strip()


@dataclass
class _Package:
    """A package whose tests run."""

    time: Seconds
    open: dict[str, _Test] = field(default_factory=dict)
    failed: bool = False
    """Whether a test failed in this run of the package."""
    message: str | None = None
    """The first line that it printed outside its tests."""


class _Reader:
    """Counts tests while the events go by, holding those that run."""

    def __init__(self) -> None:
        self.results = Results()
        self.untold = 0
        """Tests without a result in packages that passed."""
        self.cut: str | None = None
        """The first package that did not end."""
        self.observed_at: datetime | None = None
        self._open: dict[str, _Package] = {}

    def event(self, found: Mapping[str, Any], where: str) -> None:
        action, name, test, output = (_text(found, key, where) for key in ("Action", "Package", "Test", "Output"))
        if self.observed_at is None and (time := _text(found, "Time", where)):
            self.observed_at = parse_time(time)
        if not action or action.startswith("build-"):
            return
        package = self._open.get(name) or self._opened(name)
        if test:
            self._test(name, package, test, action, output)
        elif action == "output":
            package.message = package.message or _said(output)
        elif action in _ENDS:
            self._closed(name, package, action, found.get("Elapsed"), where)

    def _opened(self, name: str) -> _Package:
        package = self._open[name] = _Package(self.results.suite(name).time)
        return package

    def _test(self, name: str, package: _Package, test: str, action: str, output: str) -> None:
        if test.startswith("Benchmark") and action != "fail":
            return
        if action == "run":
            if test in package.open:
                self._ended(name, package, test, ERROR)
            package.open[test] = _Test()
        elif action == "output" and test in package.open:
            package.open[test].output(output, test)
        elif action in _ENDS:
            self._ended(name, package, test, _ENDS[action])

    def _ended(self, name: str, package: _Package, test: str, result: str) -> None:
        said = package.open.pop(test, None) or _Test()
        package.failed = package.failed or result in (FAILURE, ERROR)
        message = said.message or ("did not end" if result == ERROR else None)
        self.results.add(name, "::".join(part for part in (name, test) if part), result, message=message, line=said.line)

    def _closed(self, name: str, package: _Package, action: str, elapsed: Any, where: str) -> None:
        del self._open[name]
        if elapsed is not None and (isinstance(elapsed, bool) or not isinstance(elapsed, (int, float))):
            raise InputError(shorten(repr(elapsed), 40), expected="seconds", where=f"{where}/Elapsed")
        package.time.add(None if elapsed is None else str(elapsed))
        for test, said in list(package.open.items()):
            if action == "fail":
                self._ended(name, package, test, said.printed or ERROR)
            elif said.printed is not None:
                self._ended(name, package, test, said.printed)
            else:
                self.untold += 1
        if action == "fail" and not package.failed:
            self.results.failed_outside(name, package.message)

    def finish(self) -> None:
        """Ends what has not ended: the run was cut off."""
        for name, package in self._open.items():
            self.cut = self.cut or name or "(unnamed)"
            package.time.add(None)
            for test in list(package.open):
                self._ended(name, package, test, ERROR)

    def payload(self) -> TestResults:
        return self.results.payload(duration_s=self._duration(), incomplete=self._incomplete())

    def _duration(self) -> float | None:
        total = Seconds()
        for suite in self.results.suites.values():
            found = suite.time.sum()
            total.add(None if found is None else repr(found))
        return total.sum()

    def _incomplete(self) -> str | None:
        if self.cut is not None:
            return f"the run was cut off: package {shorten(self.cut, 200)} did not end"
        if self.untold:
            return f"{self.untold} {'test has' if self.untold == 1 else 'tests have'} no result"
        return None


def _text(found: Mapping[str, Any], key: str, where: str) -> str:
    value = found.get(key)
    if value is not None and not isinstance(value, str):
        raise InputError(shorten(repr(value), 40), expected="text", where=f"{where}/{key}")
    return value or ""


def _said(output: str) -> str | None:
    text = output.strip()
    return None if text in ("", "FAIL", "PASS") or text.startswith(("FAIL\t", "exit status", "goos:", "goarch:")) else shorten(text)


def _parse(source: Source) -> Parsed:
    reader, read, events = _Reader(), LineReader(), 0
    for number, line in source.lines():
        where = f"line {number}"
        if line.lstrip()[:1] != b"{":
            broken = _BROKEN.match(decode(line, number))
            if broken is not None:
                reader.results.failed_outside(broken[1], broken[2])
            continue
        found = read.object(line)
        if found is None or "Action" not in found:
            raise InputError("a line that is no event" if found else "a broken line", expected="an event of go test -json", where=where)
        reader.event(found, where)
        events += 1
    if not events:
        raise InputError("no event", expected="lines of go test -json")
    reader.finish()
    return Parsed(payload=reader.payload(), findings=reader.results.findings, tool=Tool("go test"), observed_at=reader.observed_at)


def _recognise(source: Source) -> bool:
    read = LineReader()
    lines = source.head.split(b"\n")
    for line in islice(lines if source.head_is_whole else lines[:-1], _FIRST_LINES):
        if line.lstrip()[:1] == b"{":
            found = read.object(line.strip()) or {}
            action = found.get("Action")
            named = any(key in found for key in ("Package", "Test", "ImportPath"))
            return isinstance(action, str) and action in _ACTIONS and named and found.keys() <= _MEMBERS
    return False


GO_TEST_JSON = Format(
    name="go-test-json",
    title="test results of Go (go test -json)",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=('"Action":', '"Package":'),
)
