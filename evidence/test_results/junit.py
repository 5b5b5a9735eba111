"""JUnit XML, in the dialects of pytest, Maven, Gradle, Jest, Mocha, GoogleTest, gotestsum and others.

There is no standard; the common core is the XSD of Jenkins' xunit plugin (``junit-10.xsd``): ``testsuites`` or ``testsuite`` as
root (Eclipse: ``testrun``), suites that nest, ``testcase`` with ``skipped``, ``failure``, ``error``, ``rerunFailure``, ``rerunError``,
``flakyFailure`` and ``flakyError``. Where a case holds none of them, its ``status`` or ``result`` counts: ``disabled``, ``notrun``,
``failed`` and their like.

Every ``testcase`` counts once; Jest's that are still to be written (``test.todo``) are skipped, as are Node's that are to be done
(``todo``), however they ended. Totals of suites are not added up
into counts: a suite's attributes include those of the suites inside it. A name that failed and is repeated later is a retry only
in the reader's eyes (a parametrised test repeats its name as well), so the failed case stays failed, and ``flaky`` and
``retried`` say what was seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Finding, Parsed, fingerprint, shorten
from compliance.source import Source, parse_time

from . import Declared, TestResults
from ._case import ERROR, FAILURE, PASSED, SKIPPED, Case, message_of
from ._suites import RESULTS, OpenSuite, Outside, SuiteTally, listed
from ._totals import Seconds, Totals, seconds_of, totals_of
from ._writers import COMMON_TEST, CONFIGURATION, LISTING, QT_5, Found, comparable, to_be_written

ROOTS: Final = ("testsuites", "testsuite")
ECLIPSE: Final = "testrun"
"""Root of what Eclipse exports; IntelliJ IDEA has one of that name with elements of its own inside."""
_SPEAKING: Final = frozenset({"status", "result", "ignored", "incomplete"})
"""Attributes by which a case without elements may say that it did not pass."""


class _Reader:
    """Reads one file while its tags go by."""

    def __init__(self) -> None:
        self.root: Mapping[str, str] = {}
        self.declared = Totals()
        """Of the outermost suites."""
        self.outside_suites = False
        """Whether cases stand beside the outermost suites, whose totals are not all then (Node's test runner)."""
        self.outermost_time, self.case_time = Seconds(), Seconds()
        self.suites: dict[str, SuiteTally] = {}
        self.findings: list[Finding] = []
        self.flaky = 0
        self.retried = 0
        self.uncounted = 0
        """Cases that the totals leave out because they are no tests, but configure them."""
        self.unwritten = 0
        """Cases that are still to be written, counted as skipped."""
        self.attempts: Counter[str] = Counter()
        """Failed attempts beside those that decide, by ``failures`` and ``errors``."""
        self.doubts: Counter[str] = Counter()
        """Cases that neither failed nor broke and yet may be no good news, by why."""
        self.outside: str | None = None
        """Name of the first suite that reports a failure outside its cases."""
        self.unsuccessful: str | None = None
        """Name of the first suite that Ginkgo calls unsuccessful, whatever its cases are: specs were focused, or none may be pending."""
        self.qt_5 = False
        """Whether Qt 5 wrote the file: each of its cases has a ``result``, but one that was skipped."""
        self.observed_at: datetime | None = None
        self._path: list[str] = []
        """Down to where reading is, without cases and what is inside them."""
        self._open: list[OpenSuite] = []
        self._attributes: Mapping[str, str] | None = None
        """Of the case that is being read."""
        self._case: Case | None = None
        """The same, once something stands in it: most cases just pass."""
        self._counts: dict[str, int] | None = None
        """Of the suite that is being read, where nothing else need be known of a case that just passes."""
        self._unsaid = PASSED
        """Result of a case that says none."""
        self._reported: Outside | None = None
        self._failed_before: dict[bytes, bool] = {}
        """Names that failed; true once they have passed as well."""
        self._failed_names: set[str | None] = set()
        """The same without class and suite: asked first, because a digest costs more than all else of a case that passed."""
        self._times_cases = True
        """Whether the durations of cases are needed: neither the root nor an outermost suite states one."""

    def start(self, tag: str, attributes: dict[str, str]) -> bool:
        if tag == "testcase" and self._attributes is None and self._path:  # asked first: most elements are that
            self._attributes = attributes
            return False
        if "}" in tag:
            return self.start(tag.rpartition("}")[2], attributes)
        if self._attributes is not None:
            return self._starts_inside(self._attributes, tag, attributes)
        if tag == ECLIPSE and not self._path:
            tag, attributes = ROOTS[0], {**attributes, "skipped": attributes.get("ignored", "")}
        if tag in ROOTS:
            self._suite_starts(tag, attributes)
        elif not self._path:
            raise InputError(f"root element <{shorten(tag, 60)}>", expected="<testsuites> or <testsuite>", where="/")
        elif tag == "property":
            self._property(attributes)
        elif tag in (FAILURE, ERROR) and self._path[-1] in ROOTS:
            self._reported = Outside(tag, self._open[-1].name, attributes, len(self._path))
        self._path.append(tag)
        return self._reported is not None

    def _property(self, attributes: Mapping[str, str]) -> None:
        name = attributes.get("name")
        if name == "SuiteSucceeded" and attributes.get("value") == "false":
            self.unsuccessful = self.unsuccessful or self._open[-1].name
        if name == "QTestVersion" and tuple(self.root) == QT_5:
            self.qt_5, self._unsaid = True, SKIPPED

    def _starts_inside(self, case: Mapping[str, str], tag: str, attributes: dict[str, str]) -> bool:
        if tag == "testcase":
            where = f"/{'/'.join(self._path)}/testcase"
            raise InputError("<testcase> inside a <testcase>", expected="cases side by side", where=where)
        if self._case is None:
            self._case = Case(case)
        return self._case.start(tag, attributes)

    def text(self, text: str) -> None:
        if self._case is not None:
            self._case.text(text)
        elif self._reported is not None:
            self._reported.text = (self._reported.text + text)[:10_000]

    def end(self, _tag: str) -> None:
        attributes, case = self._attributes, self._case
        if attributes is not None:
            if case is not None and case.depth:
                case.depth -= 1
                return
            self._attributes = self._case = None
            seen = attributes.get("name") in self._failed_names
            if case is None and not seen and _SPEAKING.isdisjoint(attributes) and self._counts is not None:
                self._counts[self._unsaid] += 1
            else:
                self._finished(attributes, case, seen=seen)
        elif self._path.pop() in ROOTS:
            self._suite_ends(self._open.pop())
        elif self._reported is not None and len(self._path) == self._reported.depth:
            self._failed_outside(self._reported)
            self._reported = None

    def _suite_starts(self, tag: str, attributes: dict[str, str]) -> None:
        self._counts = None
        if not self._path:
            if tuple(attributes.items())[1:] == LISTING:
                raise InputError("GoogleTest's list of its tests", expected="what a run of them said", where=f"/{tag}")
            self.root = attributes
            self._times_cases = seconds_of(attributes.get("time")) is None
        if tag == "testsuite" and len(self._path) == (1 if self._path and self._path[0] == "testsuites" else 0):
            self.declared.add(totals_of(attributes))
            self.outermost_time.add(attributes.get("time"))
            self._times_cases = self._times_cases and seconds_of(attributes.get("time")) is None
        time = parse_time(attributes["timestamp"]) if "timestamp" in attributes else None
        if time is not None and (self.observed_at is None or time < self.observed_at):
            self.observed_at = time
        name = attributes.get("name", "").strip() or "(unnamed)"
        self._open.append(OpenSuite(name, attributes, tuple(attributes)[: len(COMMON_TEST)] == COMMON_TEST))

    def _suite_ends(self, suite: OpenSuite) -> None:
        self._counts = None
        if suite.counts is None:
            return
        unwritten = to_be_written(suite.attributes, suite.counts[PASSED] - suite.passed_before)
        suite.counts[PASSED] -= unwritten
        suite.counts[SKIPPED] += unwritten
        self.unwritten += unwritten

    def _finished(self, attributes: Mapping[str, str], case: Case | None, *, seen: bool) -> None:
        holder, name = self._open[-1], attributes.get("name")
        counts = holder.counts or self._counts_in(holder)
        if self._times_cases:
            self.case_time.add(attributes.get("time"))
        if holder.common_test:
            self.uncounted += name in CONFIGURATION
        if not (self._times_cases or holder.common_test):
            self._counts = counts
        if case is None and not seen and _SPEAKING.isdisjoint(attributes):
            counts[self._unsaid] += 1
            return
        case = case or Case(attributes)
        case.finish()
        if case.attempts:
            self.attempts.update(case.attempts)
        counts[case.result] += 1
        failed = case.result in (FAILURE, ERROR)
        if case.doubt is not None and not failed:
            self.doubts[case.doubt] += 1
        passed_since = self._repeated(holder.name, case, failed=failed) if seen or failed else None
        self.retried += passed_since is not None
        self.flaky += case.result == PASSED and (case.flaky or passed_since is False)
        if failed:
            self._failed_names.add(name)
            self.findings.append(case.finding())

    def _counts_in(self, suite: OpenSuite) -> dict[str, int]:
        """Returns where the cases of a suite count that had none so far."""
        self.outside_suites = self.outside_suites or self._path == ["testsuites"]
        tally = self.suites.setdefault(suite.name, SuiteTally())
        tally.time.add(suite.attributes.get("time"))
        suite.counts, suite.passed_before = tally.counts, tally.counts[PASSED]
        return tally.counts

    def _repeated(self, suite: str, case: Case, *, failed: bool) -> bool | None:
        """Returns, of a name that failed before, whether it has passed since; None of any other."""
        identity = blake2b("\x1f".join((suite, *case.parts())).encode("utf-8", "surrogatepass"), digest_size=12).digest()
        passed_since = self._failed_before.get(identity)
        if failed:
            self._failed_before.setdefault(identity, False)
        elif passed_since is False and case.result == PASSED:
            self._failed_before[identity] = True
        return passed_since

    def _failed_outside(self, found: Outside) -> None:
        self.outside = self.outside or found.suite
        self.findings.append(
            Finding(
                rule=found.tag,
                severity="high",
                fingerprint=fingerprint(found.tag, found.suite, "outside its cases"),
                path=shorten(found.suite, 1000),
                message=message_of(found.attributes, found.text),
            )
        )

    def payload(self) -> TestResults:
        count = {result: sum(suite.counts[result] for suite in self.suites.values()) for result in RESULTS}
        suites = None if self.outside_suites else self.declared.declared()
        declared = totals_of(self.root).declared() or suites
        found = Found(self.root, suites, sum(count.values()), self.unwritten + self.uncounted, self.attempts, self.qt_5)
        return TestResults(
            tests=found.cases,
            passed=count[PASSED],
            failed=count[FAILURE],
            errors=count[ERROR],
            skipped=count[SKIPPED],
            flaky=self.flaky,
            retried=self.retried,
            declared=declared,
            comparable=comparable(declared, found),
            duration_s=self._duration(),
            suites=listed(self.suites),
            incomplete=self._incomplete(count, declared),
        )

    def _incomplete(self, count: Mapping[str, int], declared: Declared | None) -> str | None:
        if not sum(count.values()) and declared is not None and declared.tests:
            return f"{declared.tests} tests are declared, but the file holds no case"
        if self.outside is not None:
            return f"suite {shorten(self.outside, 100)} reports a failure outside its cases"
        if self.unsuccessful is not None:
            return f"suite {shorten(self.unsuccessful, 100)} says of itself that it did not succeed"
        for doubt, cases in self.doubts.most_common(1):
            return f"{cases} {'test' if cases == 1 else 'tests'} {doubt}"
        return "no test was executed" if sum(count.values()) == count[SKIPPED] else None

    def _duration(self) -> float | None:
        cases = self.case_time.sum() if self._times_cases else None
        suites = None if self.outside_suites else self.outermost_time.sum()
        stated = (seconds_of(self.root.get("time")), suites, cases)
        return next((time for time in stated if time is not None), None)


def _parse(source: Source) -> Parsed:
    reader = _Reader()
    source.xml_tags(reader.start, reader.end, reader.text)
    return Parsed(payload=reader.payload(), findings=reader.findings, observed_at=reader.observed_at)


def _recognise(source: Source) -> bool:
    root = (source.xml_root or "").rpartition(":")[2]
    return root in ROOTS or (root == ECLIPSE and b"<testsuite" in source.head)


junit_xml = Format(
    name="junit-xml",
    title="Test results of pytest and many others (JUnit XML)",
    parser=7,
    recognise=_recognise,
    parse=_parse,
    marks=("<testsuite", "<testcase"),
)
