"""JUnit XML, in the dialects of pytest, Maven, Gradle, Jest, Mocha, GoogleTest, gotestsum and others.

There is no standard; the common core is the XSD of Jenkins' xunit plugin (``junit-10.xsd``): ``testsuites`` or ``testsuite`` as
root, suites that nest, ``testcase`` with ``skipped``, ``failure``, ``error``, ``rerunFailure``, ``rerunError``,
``flakyFailure`` and ``flakyError``.

Every ``testcase`` counts once. Totals of suites are not added up into counts: a suite's attributes include those of the suites
inside it. A name that failed and is repeated later is a retry only in the reader's eyes (a parametrised test repeats its name
as well), so the failed case stays failed, and ``flaky`` and ``retried`` say what was seen.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Finding, Parsed, fingerprint, shorten
from compliance.source import Element, Source, parse_time

from . import SUITE_LIMIT, Declared, Suite, TestResults
from ._case import ERROR, FAILURE, PASSED, SKIPPED, Case, local, message_of, read_case

ROOTS = ("testsuites", "testsuite")
_TOTALS = ("tests", "failures", "errors", "skipped")
_LONGEST_S = 1e6
"""Seconds of a believable run, 11 days. Some tools (container-structure-test) write nanoseconds, and their shortest runs exceed it."""


@dataclass
class _Suite:
    """Running counts of the suites of one name."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((ERROR, FAILURE, SKIPPED, PASSED), 0))
    times: list[float | None] = field(default_factory=list)

    def finished(self, name: str) -> Suite:
        return Suite(
            name=shorten(name, 500),
            tests=sum(self.counts.values()),
            passed=self.counts[PASSED],
            failed=self.counts[FAILURE],
            errors=self.counts[ERROR],
            skipped=self.counts[SKIPPED],
            duration_s=_sum(self.times),
        )


@dataclass
class _Open:
    """An element of the path from the root to where reading is."""

    tag: str
    attributes: Mapping[str, str]
    element: Element
    counted: bool = False
    """Whether its time was taken over into the suites of its name."""


class _Reader:
    """Reads one file, holding a bounded part of its tree."""

    def __init__(self) -> None:
        self.path: list[_Open] = []
        self.root: Mapping[str, str] = {}
        self.outermost: list[Mapping[str, str]] = []
        self.suites: dict[str, _Suite] = {}
        self.findings: list[Finding] = []
        self.case_times: list[float | None] = []
        self.failed_before: dict[bytes, bool] = {}
        """Names that failed; true once they have passed as well."""
        self.flaky = 0
        self.retried = 0
        self.outside: str | None = None
        """Name of the first suite that reports a failure outside its cases."""
        self.observed_at: datetime | None = None

    def start(self, element: Element) -> None:
        tag = local(element.tag)
        attributes = dict(element.attrib) if tag in ROOTS else {}  # a copy: suites are cleared while they are open
        if not self.path:
            if tag not in ROOTS:
                raise InputError(f"root element <{shorten(tag, 60)}>", expected="<testsuites> or <testsuite>", where="/")
            self.root = attributes
        if tag in ROOTS:
            self._suite_starts(tag, attributes)
        elif tag == "testcase" and any(open_.tag == "testcase" for open_ in self.path):
            raise InputError("<testcase> inside a <testcase>", expected="cases side by side", where=self._where())
        self.path.append(_Open(tag, attributes, element))

    def _suite_starts(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "testsuite" and len(self.path) == (1 if self.path and self.path[0].tag == "testsuites" else 0):
            self.outermost.append({key: attributes[key] for key in (*_TOTALS, "disabled", "time") if key in attributes})
        time = parse_time(attributes.get("timestamp", ""))
        if time is not None and (self.observed_at is None or time < self.observed_at):
            self.observed_at = time

    def end(self, element: Element) -> None:
        tag = self.path.pop().tag
        if not self.path:
            return
        parent = self.path[-1]
        if tag == "testcase":
            self._case(element)
        elif tag in (FAILURE, ERROR) and parent.tag in ROOTS:
            self._failed_outside(tag, parent, element)
        if parent.tag in ROOTS:
            parent.element.clear()  # frees what was read; the attributes were kept when the element began

    def _case(self, element: Element) -> None:
        holder = next((open_ for open_ in reversed(self.path) if open_.tag == "testsuite"), self.path[0])
        suite = self.suites.setdefault(_name(holder), _Suite())
        case = read_case(element, _name(holder))
        if not holder.counted:
            holder.counted = True
            suite.times.append(_seconds(holder.attributes.get("time")))
        suite.counts[case.result] += 1
        self.case_times.append(_seconds(element.get("time")))
        self._repeated(case)
        if case.result in (FAILURE, ERROR):
            self.findings.append(case.finding())

    def _repeated(self, case: Case) -> None:
        passed_since = self.failed_before.get(case.identity)
        if passed_since is not None:
            self.retried += 1
        if case.flaky or (passed_since is False and case.result == PASSED):
            self.flaky += 1
        if case.result in (FAILURE, ERROR):
            self.failed_before.setdefault(case.identity, False)
        elif passed_since is False and case.result == PASSED:
            self.failed_before[case.identity] = True

    def _failed_outside(self, tag: str, suite: _Open, element: Element) -> None:
        name = _name(suite)
        self.outside = self.outside or name
        self.findings.append(
            Finding(
                rule=tag,
                severity="high",
                fingerprint=fingerprint(tag, name, "outside its cases"),
                path=shorten(name, 1000),
                message=message_of(element),
            )
        )

    def _where(self) -> str:
        return "/" + "/".join(open_.tag for open_ in self.path)

    def payload(self) -> TestResults:
        count = {result: sum(suite.counts[result] for suite in self.suites.values()) for result in (ERROR, FAILURE, SKIPPED, PASSED)}
        declared = self._declared()
        return TestResults(
            tests=sum(count.values()),
            passed=count[PASSED],
            failed=count[FAILURE],
            errors=count[ERROR],
            skipped=count[SKIPPED],
            flaky=self.flaky,
            retried=self.retried,
            declared=declared,
            duration_s=self._duration(),
            suites=_listed(self.suites),
            incomplete=self._incomplete(count, declared),
        )

    def _incomplete(self, count: Mapping[str, int], declared: Declared | None) -> str | None:
        if not sum(count.values()) and declared is not None and declared.tests:
            return f"{declared.tests} tests are declared, but the file holds no case"
        if self.outside is not None:
            return f"suite {shorten(self.outside, 100)} reports a failure outside its cases"
        return "no test was executed" if sum(count.values()) == count[SKIPPED] else None

    def _declared(self) -> Declared | None:
        stated = _totals(self.root)
        if all(value is None for value in stated.values()):
            parts = [_totals(suite) for suite in self.outermost]
            stated = {key: _added_up(part[key] for part in parts) for key in _TOTALS}
        return None if all(value is None for value in stated.values()) else Declared(**stated)

    def _duration(self) -> float | None:
        own = _seconds(self.root.get("time"))
        outermost = _sum(_seconds(suite.get("time")) for suite in self.outermost)
        return next((time for time in (own, outermost) if time is not None), _sum(self.case_times))


def _name(suite: _Open) -> str:
    return suite.attributes.get("name", "").strip() or "(unnamed)"


def _listed(suites: Mapping[str, _Suite]) -> tuple[Suite, ...]:
    names = list(suites)
    if len(names) > SUITE_LIMIT:
        names.sort(key=lambda name: not (suites[name].counts[FAILURE] or suites[name].counts[ERROR]))
    return tuple(suites[name].finished(name) for name in names[:SUITE_LIMIT])


def _totals(attributes: Mapping[str, str]) -> dict[str, int | None]:
    """Reads what an element declares. CTest and GoogleTest state disabled cases beside ``skipped``; here they are skipped as well."""
    found = {key: _total(attributes.get(key), key) for key in _TOTALS}
    if found["skipped"] is not None:
        found["skipped"] += _total(attributes.get("disabled"), "disabled") or 0
    return found


def _added_up(values: Iterable[int | None]) -> int | None:
    """Adds up totals; None when there are none, or one is not stated."""
    known = list(values)
    return sum(value for value in known if value is not None) if known and None not in known else None


def _total(text: str | None, key: str) -> int | None:
    text = (text or "").strip()
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise InputError(f'{key}="{shorten(text, 40)}"', expected="a count", where="totals of a suite")
    return int(text)


def _seconds(text: str | None) -> float | None:
    """Reads a duration; a time that no test run can take (see `_LONGEST_S`) or that is no number says nothing."""
    text = (text or "").strip()
    if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+\.[0-9]+", text):  # Surefire writes 1,234.567
        text = text.replace(",", "")
    if not re.fullmatch(r"[0-9]*\.?[0-9]+([eE][-+]?[0-9]{1,3})?|[0-9]+\.", text):
        return None
    seconds = float(text)
    return seconds if seconds <= _LONGEST_S else None


def _sum(values: Iterable[float | None]) -> float | None:
    """Adds up durations; None when there are none, or one is unknown."""
    known = list(values)
    return math.fsum(value for value in known if value is not None) if known and None not in known else None


def _parse(source: Source) -> Parsed:
    reader = _Reader()
    for event, element in source.xml():
        if event == "start":
            reader.start(element)
        else:
            reader.end(element)
    return Parsed(payload=reader.payload(), findings=reader.findings, observed_at=reader.observed_at)


def _recognise(source: Source) -> bool:
    return source.xml_root is not None and source.xml_root.rpartition(":")[2] in ROOTS


junit_xml = Format(
    name="junit-xml", title="Test results of pytest and many others (JUnit XML)", parser=1, recognise=_recognise, parse=_parse
)
