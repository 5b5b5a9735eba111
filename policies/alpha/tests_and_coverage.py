"""Production-first: tests pass, and they cover the code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from compliance.gate import Area, AtLeast, AtMost, Inputs, Item, Params, Place, Reason, Verdict, failed, gate, not_assessed, passed
from compliance.record import Json

from .._say import LIMIT, count, number, worst
from .production_first import PRINCIPLE


class Tests(Params):
    """Thresholds of ALPHA-PF-5."""

    __test__ = False

    failed: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Failed tests, at most (count)."""
    errors: Annotated[int, AtMost(), Field(ge=0)] = 0
    """Tests that ended in an error, at most (count)."""
    passed: Annotated[int, AtLeast(), Field(ge=1)] = 1
    """Tests that passed, at least (count)."""


@gate(
    id="ALPHA-PF-5",
    statement="Tests pass",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["test-results"],
    params=Tests,
)
def tests_pass(inputs: Inputs, params: Tests) -> Verdict:
    """Counts test cases, not what the file says of itself.

    Asks: No test failed, none ended in an error, at least one passed, and the totals that a file declares equal the cases that it holds.
    Skipped tests may be declared without being listed, as Mocha's writer does.

    Why: A failing test is a known defect. Declared totals that do not match their cases mean that the file was cut, merged or edited.

    Evidence: Test result files of this commit (`compliance collect test-results`, or ingested JUnit files); all files count. Each case
    counts once: error before failure before skipped before passed.

    Fix: Run the listed tests alone, correct the code or the test, and collect again. When totals differ, make the test run write its file
    in one go instead of editing or cutting it.

    Maps to: NIST SSDF PW.8.2; SOC 2 CC8.1; ISO/IEC 27001:2022 A.8.29.
    """
    items = inputs.of("test-results")
    names = ("tests", "passed", "failed", "errors", "skipped")
    counts = {name: sum(getattr(item.payload, name) for item in items) for name in names}
    limits = params.model_dump()
    broken = []
    if counts["failed"] > params.failed or counts["errors"] > params.errors:
        broken.append(f"{counts['failed']} of {count(counts['tests'], 'test')} failed and {counts['errors']} ended in an error")
    broken += [why for item in items for why in _differs(item.payload)]
    if broken:
        return failed("; ".join(broken), observed=counts, threshold=limits, places=worst(items))
    if counts["passed"] < params.passed:
        message = f"{count(counts['passed'], 'test')} passed, {counts['skipped']} skipped; expected at least {params.passed} passed"
        return not_assessed(Reason.INCOMPLETE, message, observed=counts, threshold=limits)
    unlisted = sum(_unlisted(item.payload) for item in items)
    more = f" and {unlisted} more declared as skipped, but not listed" if unlisted else ""
    message = f"{counts['passed']} of {count(counts['tests'], 'test')} passed, {counts['skipped']} skipped{more}"
    return passed(message, observed=counts, threshold=limits)


def _differs(results: Any) -> Iterator[str]:
    """Compares what a file declares with the cases that it holds."""
    unlisted = _unlisted(results)
    pairs = (("tests", "tests", unlisted), ("failures", "failed", 0), ("errors", "errors", 0), ("skipped", "skipped", unlisted))
    for there, here, more in pairs:
        stated = getattr(results.comparable or results.declared, there, None)
        counted = getattr(results, here)
        if stated is not None and stated != counted + more:
            yield f"{there} declared by the file: {stated}, counted in it: {counted}"


def _unlisted(results: Any) -> int:
    """Returns how many skipped tests a file declares without a case of theirs: as many as it lacks cases, or none."""
    totals = results.comparable or results.declared
    tests, skipped = getattr(totals, "tests", None), getattr(totals, "skipped", None)
    lacking = 0 if tests is None else tests - results.tests
    return lacking if lacking > 0 and skipped is not None and skipped - results.skipped == lacking else 0


class CoverageLimits(Params):
    """Thresholds of ALPHA-PF-6."""

    lines_percent: Annotated[float, AtLeast(), Field(ge=0, le=100)] = 80.0
    """Covered lines, at least (percent of executable lines)."""
    branches_percent: Annotated[float, AtLeast(), Field(ge=0, le=100)] = 70.0
    """Covered branches, at least, where they were measured (percent)."""


@gate(
    id="ALPHA-PF-6",
    statement="Tests cover the code",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["coverage"],
    params=CoverageLimits,
)
def tests_cover_the_code(inputs: Inputs, params: CoverageLimits) -> Verdict:
    """Reads line and branch coverage apart.

    Asks: The tests ran at least 80 % of the lines and, where the tool measured branches, at least 70 % of the branches.

    Why: Passing tests say nothing about code that they never ran.

    Evidence: Coverage reports of this commit (`compliance collect coverage`, or ingested files). Each report must keep the limits by
    itself, so join partial reports before. Lines and branches stay apart: a combined percentage hides which of them is low.

    Fix: Write tests for the packages that the report lists with the lowest coverage, error paths first; combine partial reports.

    Maps to: NIST SSDF PW.8.2; ISO/IEC 27001:2022 A.8.29.
    """
    items = inputs.of("coverage")
    limits = params.model_dump()
    observed = [_coverage(item.payload) for item in items]
    broken = [why for item in items for why in _uncovered(item.payload, params)]
    if broken:
        return failed("; ".join(broken), observed=observed, threshold=limits, places=_lowest(items))
    if not all(item.payload.lines_total for item in items) or not items:
        return not_assessed(Reason.INCOMPLETE, "no executable line was measured", observed=observed, threshold=limits)
    return passed("; ".join(_covered(item.payload) for item in items), observed=observed, threshold=limits)


def _percent(part: int, whole: int) -> float:
    """Divides last: the quotient of two integers is rounded once, so that a limit that is reached exactly is reached here too."""
    return 100 * part / whole


def _coverage(report: Any) -> Json:
    lines = _percent(report.lines_covered, report.lines_total) if report.lines_total else None
    branches = _percent(report.branches_covered, report.branches_total) if report.branches_total else None
    return {"lines_percent": lines, "branches_percent": branches}


def _uncovered(report: Any, params: CoverageLimits) -> Iterator[str]:
    pairs = (("lines", params.lines_percent), ("branches", params.branches_percent))
    for what, limit in pairs:
        part, whole = getattr(report, f"{what}_covered"), getattr(report, f"{what}_total")
        if whole and _percent(part or 0, whole) < limit:
            yield f"{part or 0} of {whole} {what} covered ({number(_percent(part or 0, whole))} %); expected at least {number(limit)} %"


def _covered(report: Any) -> str:
    lines = f"{number(_percent(report.lines_covered, report.lines_total))} % of the lines"
    if not report.branches_total:
        return f"{lines} covered; branches were not measured"
    return f"{lines} and {number(_percent(report.branches_covered, report.branches_total))} % of the branches covered"


def _lowest(items: tuple[Item, ...]) -> list[Place]:
    packages = [package for item in items for package in item.payload.packages if package.lines_total]
    packages.sort(key=lambda one: (one.lines_covered / one.lines_total, one.name))
    return [Place(one.name, f"{one.lines_covered} of {one.lines_total} lines covered") for one in packages[:LIMIT]]
