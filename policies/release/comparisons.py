"""Figures of release documents beside those of the evidence. Pure: a claim and the evidence go in, an answer comes out.

Never a false contradiction: a figure is contradicted only by evidence of the same thing. Where the evidence may be of something else (a
part of the tests, another environment), the claim stays unsupported, and both values are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from compliance.gate import Inputs, Item, Standing

from .._say import count, number, percent

Value = tuple[float, Item]


@dataclass(frozen=True)
class Answer:
    """What the evidence says to a claim."""

    standing: Standing
    found: str
    evidence: tuple[int, ...] = ()


def confirmed(found: str, items: Sequence[Item]) -> Answer:
    """The evidence says the same."""
    return Answer(Standing.CONFIRMED, found, _entries(items))


def contradicted(found: str, items: Sequence[Item]) -> Answer:
    """The evidence says otherwise."""
    return Answer(Standing.CONTRADICTED, found, _entries(items))


def unsupported(found: str, items: Sequence[Item] = ()) -> Answer:
    """No evidence decides."""
    return Answer(Standing.UNSUPPORTED, found, _entries(items))


def not_checkable(found: str) -> Answer:
    """No evidence could decide."""
    return Answer(Standing.NOT_CHECKABLE, found)


def _entries(items: Sequence[Item]) -> tuple[int, ...]:
    return tuple(sorted({item.entry for item in items}))


def environment_of(item: Item) -> str | None:
    """Returns the environment that a piece of evidence is of."""
    own: str | None = getattr(item.payload, "environment", None)
    return own or item.subject.environment


def milliseconds(value: float) -> str:
    """Writes a response time."""
    return f"{number(value)} ms"


def seconds(value: float) -> str:
    """Writes a duration."""
    return f"{number(value)} s"


def agrees(claim: Any, value: float) -> bool:
    """Tells whether a value is what a claim says: within one unit of its last digit, or on the right side of its limit."""
    if claim.bound == "below":
        return bool(value <= claim.value)
    if claim.bound == "above":
        return bool(value >= claim.value)
    return bool(abs(value - claim.value) < claim.within)


def compared(claim: Any, values: Sequence[Value], show: Callable[[float], str], inputs: Inputs, what: str) -> Answer:
    """Compares a claim with all values that the evidence gives: one that agrees confirms it, none that does contradicts it."""
    if claim.scope is not None:
        return unsupported(f"no evidence is of {claim.scope} alone")
    of_place = [(value, item) for value, item in values if claim.environment in (None, environment_of(item))]
    if not of_place:
        return unsupported(f"no {what} says it" + (f" for {claim.environment}" if claim.environment else ""))
    good = [(value, item) for value, item in of_place if agrees(claim, value)]
    if not good:
        return contradicted(_shown(of_place, show, what), [item for _, item in of_place])
    if claim.bound != "is" and len(good) < len(of_place):
        return unsupported(_shown(of_place, show, what), [item for _, item in of_place])
    return _ticked_elsewhere(claim, good, show, inputs, what) or confirmed(_shown(good, show, what), [item for _, item in good])


def _ticked_elsewhere(claim: Any, good: Sequence[Value], show: Callable[[float], str], inputs: Inputs, what: str) -> Answer | None:
    """A tick says that a target is met, which a measurement of another environment cannot show."""
    places = {environment_of(item) for _, item in good}
    ours = inputs.subject.environment
    if not claim.ticked or claim.environment is not None or ours is None or None in places or ours in places:
        return None
    where = ", ".join(sorted(place for place in places if place))
    return contradicted(f"{_shown(good, show, what)}, measured in {where}; the release is judged in {ours}", [item for _, item in good])


def _shown(values: Sequence[Value], show: Callable[[float], str], what: str) -> str:
    texts = list(dict.fromkeys(show(value) for value, _ in values))
    return f"{what}: {', '.join(texts[:3])}" + (f" and {len(texts) - 3} more" if len(texts) > 3 else "")


def _of_field(kind: str, name: str, show: Callable[[float], str], what: str) -> Callable[[Any, Inputs], Answer]:
    def compare(claim: Any, inputs: Inputs) -> Answer:
        values = [(float(value), item) for item in inputs.beside.get(kind, ()) if (value := getattr(item.payload, name, None)) is not None]
        return compared(claim, values, show, inputs, what)

    return compare


def _error_rate(claim: Any, inputs: Inputs) -> Answer:
    values = []
    for item in inputs.beside.get("load-test", ()):
        run = item.payload
        if run.failed is not None and run.requests:
            values.append((run.failed / run.requests, item))
        elif run.error_rate is not None:
            values.append((run.error_rate, item))
    return compared(claim, values, percent, inputs, "load test")


def _failed_requests(claim: Any, inputs: Inputs) -> Answer:
    runs = [item for item in inputs.beside.get("load-test", ()) if item.payload.failed is not None]
    totals = [item for item in runs if claim.total is None or item.payload.requests == claim.total]
    if runs and not totals:
        return unsupported("no load test has so many requests", runs)
    return compared(claim, [(float(item.payload.failed), item) for item in totals], number, inputs, "load test")


def _coverage(claim: Any, inputs: Inputs) -> Answer:
    """A coverage without further word may be that of lines, of branches, or of both together; any of them confirms it."""
    values: list[Value] = []
    for item in inputs.beside.get("coverage", ()):
        found = item.payload
        pairs = [(found.lines_covered, found.lines_total)] if claim.about != "coverage.branches" else []
        if claim.about != "coverage.lines" and found.branches_total:
            pairs.append((found.branches_covered, found.branches_total))
        if claim.about == "coverage" and found.branches_total and found.branches_covered is not None:
            pairs.append((found.lines_covered + found.branches_covered, found.lines_total + found.branches_total))
        values += [(covered / total, item) for covered, total in pairs if covered is not None and total]
    return compared(claim, values, percent, inputs, "coverage report")


def _tests(inputs: Inputs) -> Iterator[tuple[tuple[int, int, int, int], Sequence[Item]]]:
    """Yields (tests, passed, failed and errors, skipped) of each run, and of all together."""
    items = inputs.beside.get("test-results", ())
    runs = [((one.tests, one.passed, one.failed + one.errors, one.skipped), [item]) for item in items for one in (item.payload,)]
    yield from runs
    if len(runs) > 1:
        sums = [sum(counts[place] for counts, _ in runs) for place in range(4)]
        yield (sums[0], sums[1], sums[2], sums[3]), items


def _tests_passed(claim: Any, inputs: Inputs) -> Answer:
    runs = list(_tests(inputs))
    if not runs or claim.scope is not None:
        return unsupported(f"no evidence is of {claim.scope} tests alone" if runs else "no test results")
    words = "; ".join(f"{passed} of {tests} pass" for (tests, passed, _, _), _ in runs[:3])
    for (tests, passed, _, skipped), items in runs:
        if passed == claim.value and claim.total in (None, tests, tests - skipped):
            return confirmed(f"test results: {passed} of {tests} pass", items)
    broken = [(counts, items) for counts, items in runs if counts[2]]
    if claim.total == claim.value and broken:
        return contradicted(f"test results: {count(broken[-1][0][2], 'test')} failed; {words}", broken[-1][1])
    same = [items for (tests, _, _, skipped), items in runs if claim.total in (tests, tests - skipped)]
    return contradicted(f"test results: {words}", same[0]) if same else unsupported(f"test results: {words}", runs[0][1])


def _tests_failed(claim: Any, inputs: Inputs) -> Answer:
    """Fewer failures than the evidence shows are contradicted; more may be of tests that were not recorded."""
    runs = list(_tests(inputs))
    if not runs or claim.scope is not None:
        return unsupported(f"no evidence is of {claim.scope} tests alone" if runs else "no test results")
    for (_, _, failed, _), items in runs:
        if failed == claim.value:
            return confirmed(f"test results: {failed} failed", items)
    (_, _, failed, _), items = runs[-1]
    answer = contradicted if all(counts[2] > claim.value for counts, _ in runs) else unsupported
    return answer(f"test results: {failed} failed", items)


def _test_counts(place: int, word: str) -> Callable[[Any, Inputs], Answer]:
    """How many tests there are depends on what is counted, so another number of them contradicts nothing."""

    def compare(claim: Any, inputs: Inputs) -> Answer:
        runs = list(_tests(inputs))
        for counts, items in runs:
            if claim.scope is None and counts[place] == claim.value:
                return confirmed(f"test results: {counts[place]} {word}", items)
        return unsupported(f"test results: {runs[-1][0][place]} {word}" if runs else "no test results", runs[-1][1] if runs else ())

    return compare


def _pass_rate(claim: Any, inputs: Inputs) -> Answer:
    values: list[Value] = []
    for (tests, passed, failed, _), items in _tests(inputs):
        values += [(passed / total, items[0]) for total in (tests, passed + failed) if total]
    return compared(claim, values, percent, inputs, "test results")


_HOLES: Final = ("sast", "sca", "dast", "container")


def _vulnerabilities(claim: Any, inputs: Inputs) -> Answer:
    """Adds up the scans. Without a severity only scans of packages and images count: what a code scan finds is no known vulnerability."""
    wanted = _HOLES if claim.words else ("sca", "container")
    scans = [item for item in inputs.beside.get("scan", ()) if item.payload.category in wanted]
    if not scans:
        return unsupported("no scan")
    names = claim.words or tuple(scans[0].payload.by_severity.model_dump())
    found = sum(getattr(item.payload.by_severity, name) for item in scans for name in names)
    unknown = 0 if not claim.words else sum(item.payload.by_severity.unknown for item in scans)
    shown = f"{count(len(scans), 'scan')}: {found} {'/'.join(claim.words) if claim.words else 'open findings'}"
    if found > claim.value:
        return contradicted(shown, [item for item in scans if any(getattr(item.payload.by_severity, name) for name in names)])
    open_questions = [item for item in scans if item.payload.incomplete]
    if found < claim.value or unknown or open_questions:
        more = f", {unknown} of unknown severity" if unknown else ", and not all of them looked at everything" if open_questions else ""
        return unsupported(shown + more, scans)
    return confirmed(shown, scans)


def _secrets(claim: Any, inputs: Inputs) -> Answer:
    scans = [item for item in inputs.beside.get("scan", ()) if item.payload.category == "secrets"]
    if not scans:
        return unsupported("no secret scan")
    found = sum(item.payload.total for item in scans)
    if found > claim.value:
        return contradicted(f"{count(found, 'possible secret')} found", [item for item in scans if item.payload.total])
    complete = not any(item.payload.incomplete for item in scans)
    return (
        confirmed(f"{count(found, 'secret')} found", scans)
        if complete and found == claim.value
        else unsupported("the scan is incomplete", scans)
    )


def _availability(claim: Any, inputs: Inputs) -> Answer:
    series = [item for item in inputs.beside.get("health", ()) if item.payload.samples]
    values = [(1 - item.payload.failed / item.payload.samples, item) for item in series]
    return compared(claim, values, percent, inputs, "probes")


def _recovery(claim: Any, inputs: Inputs) -> Answer:
    drills = [
        item for item in inputs.beside.get("rollback-drill", ()) if item.payload.mode == "executed" and item.payload.recovery_s is not None
    ]
    return compared(claim, [(item.payload.recovery_s, item) for item in drills], seconds, inputs, "rollback drill")


FIGURES: Final[Mapping[str, Callable[[Any, Inputs], Answer]]] = {
    **{name: _of_field("load-test", name, milliseconds, "load test") for name in ("p50_ms", "p95_ms", "p99_ms", "max_ms", "mean_ms")},
    **{name: _of_field("load-test", name, number, "load test") for name in ("users", "requests", "rps")},
    **{name: _of_field("source", name, number, "source tree") for name in ("modified", "untracked", "markers")},
    "critical_errors": _of_field("deployment", "critical_errors", number, "deployment"),
    "error_rate": _error_rate,
    "failed_requests": _failed_requests,
    "coverage": _coverage,
    "coverage.lines": _coverage,
    "coverage.branches": _coverage,
    "tests": _test_counts(0, "in all"),
    "tests_skipped": _test_counts(3, "skipped"),
    "tests_passed": _tests_passed,
    "tests_failed": _tests_failed,
    "pass_rate": _pass_rate,
    "vulnerabilities": _vulnerabilities,
    "secrets": _secrets,
    "availability": _availability,
    "recovery_s": _recovery,
}
"""By what a claim is about: how it is compared."""
