"""Kind of evidence: test-results. What a run of the project's tests said, counted from the test cases themselves.

Each case of the file counts once, with its worst result (error > failure > skipped > passed). Totals that the file declares are
kept beside the counts in ``declared``, never instead of them: in real files both directions of disagreement occur.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compliance.kind import Kind
from compliance.record import Finding, Json, Model, Payload
from compliance.subject import Binding

SUITE_LIMIT = 1000
"""Suites that are listed in the payload."""


class Declared(Model):
    """Totals as the file states them; None where it does not."""

    tests: int | None
    failures: int | None
    errors: int | None
    skipped: int | None
    """With those that are declared as disabled, where both are stated."""


class Suite(Model):
    """All cases that stand directly in suites of one name."""

    name: str
    tests: int
    passed: int
    failed: int
    errors: int
    skipped: int
    duration_s: float | None
    """Seconds, as the suites state them; None when one of them does not."""


class TestResults(Payload):
    """What the run said."""

    __test__ = False  # pytest would take the class for a test

    tests: int
    passed: int
    failed: int
    errors: int
    skipped: int
    flaky: int
    """Tests that passed after a failure in the same run: cases with a flaky element, names that failed and passed when repeated."""
    retried: int = 0
    """Cases that repeat a name which had failed before; ``tests - retried`` is the number of distinct tests then."""
    declared: Declared | None
    """Totals on the root element, else the sums of the outermost suites; None when neither states any."""
    comparable: Declared | None = None
    """Those totals as they compare with the counts, where the program that wrote them counts otherwise than it lists; else None."""
    duration_s: float | None
    """Seconds, from the root, else the outermost suites, else the cases; None when the file does not say."""
    suites: tuple[Suite, ...] = ()
    """At most `SUITE_LIMIT`, in the order of the file; suites with failures come first when there are more."""

    def summary(self) -> dict[str, Json]:
        """Returns the counts and the declared totals."""
        return self.model_dump(mode="json", exclude={"incomplete", "comparable", "duration_s", "suites"})


def _without(results: TestResults, findings: Sequence[Finding]) -> TestResults:
    """Counts waived failures as skipped, in what the file declares as well."""
    errors = sum(one.rule == "error" for one in findings)
    failures = len(findings) - errors
    counts = {"failed": results.failed - failures, "errors": results.errors - errors, "skipped": results.skipped + len(findings)}
    changes = {"failures": -failures, "errors": -errors, "skipped": len(findings)}
    totals = {name: _changed(getattr(results, name), changes) for name in ("declared", "comparable")}
    return results.model_copy(update={**counts, **totals})


def _changed(totals: Declared | None, changes: Mapping[str, int]) -> Declared | None:
    if totals is None:
        return None
    stated = {name: getattr(totals, name) for name in changes}
    return totals.model_copy(update={name: value + changes[name] for name, value in stated.items() if value is not None})


kind = Kind(id="test-results", title="Test results", binds_to=Binding.COMMIT, payload=TestResults, without=_without)
