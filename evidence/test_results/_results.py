"""Counts test cases as they are read, for formats in which a case is one value: its suite, its name and its result."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from compliance.record import Finding, fingerprint, shorten

from . import Declared, TestResults
from ._case import ERROR, FAILURE, PASSED, SKIPPED
from ._suites import RESULTS, SuiteTally, listed

OUTSIDE = "outside its tests"


class Results:
    """Cases, counted while they are added."""

    def __init__(self) -> None:
        self.suites: dict[str, SuiteTally] = {}
        self.findings: list[Finding] = []
        self.retried = self.flaky = 0
        self.outside: str | None = None
        """The first suite that failed although none of its cases did."""
        self._passed_since: dict[bytes, bool] = {}
        """Names that failed, as digests; true once they have passed as well."""

    def suite(self, name: str) -> SuiteTally:
        """Returns the counts of the suites of a name."""
        return self.suites.setdefault(name, SuiteTally())

    def add(self, suite: str, name: str, result: str, *, message: str | None = None, line: int | None = None) -> None:
        """Takes a case.

        Args:
            suite: Name of its suite.
            name: Its name, with that of its class or package.
            result: ``error``, ``failure``, ``skipped`` or ``passed``.
            message: Why it failed.
            line: Where it did.
        """
        self.suite(suite).counts[result] += 1
        failed = result in (FAILURE, ERROR)
        if failed or self._passed_since:
            self._repeated(suite, name, failed, result == PASSED)
        if failed:
            self.findings.append(_finding(result, name, fingerprint(result, name), message, line))

    def _repeated(self, suite: str, name: str, failed: bool, passed: bool) -> None:
        identity = blake2b(f"{suite}\x1f{name}".encode("utf-8", "surrogatepass"), digest_size=12).digest()
        before = self._passed_since.get(identity)
        self.retried += before is not None
        self.flaky += passed and before is False
        if failed:
            self._passed_since.setdefault(identity, False)
        elif passed and before is False:
            self._passed_since[identity] = True

    def failed_outside(self, suite: str, message: str | None) -> None:
        """Takes a suite that failed although none of its cases did."""
        self.outside = self.outside or suite or "(unnamed)"
        self.findings.append(_finding(ERROR, suite, fingerprint(ERROR, suite, OUTSIDE), message, None))

    def count(self) -> dict[str, int]:
        """Returns the cases by result."""
        return {result: sum(suite.counts[result] for suite in self.suites.values()) for result in RESULTS}

    def payload(
        self,
        *,
        duration_s: float | None,
        incomplete: str | None,
        declared: Declared | None = None,
        comparable: Declared | None = None,
    ) -> TestResults:
        """Makes the payload.

        Args:
            duration_s: Seconds.
            incomplete: What else keeps the run from being good news.
            declared: Totals as the file states them.
            comparable: The same, as they compare with the counts, where that differs.
        """
        count = self.count()
        return TestResults(
            tests=sum(count.values()),
            passed=count[PASSED],
            failed=count[FAILURE],
            errors=count[ERROR],
            skipped=count[SKIPPED],
            flaky=self.flaky,
            retried=self.retried,
            declared=declared,
            comparable=None if comparable == declared else comparable,
            duration_s=duration_s,
            suites=listed({name or "(unnamed)": suite for name, suite in self.suites.items() if any(suite.counts.values())}),
            incomplete=self._incomplete(count, incomplete, declared),
        )

    def _incomplete(self, count: Mapping[str, int], why: str | None, declared: Declared | None) -> str | None:
        if not sum(count.values()) and declared is not None and declared.tests:
            return f"{declared.tests} tests are declared, but the file holds no case"
        if self.outside is not None:
            return f"{shorten(self.outside, 200)} failed {OUTSIDE}"
        return why or ("no test was executed" if sum(count.values()) == count[SKIPPED] else None)


def _finding(result: str, name: str, identity: str, message: str | None, line: int | None) -> Finding:
    text = shorten(message.strip()) if message and message.strip() else None
    return Finding(rule=result, severity="high", fingerprint=identity, path=shorten(name, 1000) or None, line=line, message=text)
