"""Statements of release documents beside the evidence and the verdicts of the other gates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from compliance.gate import Inputs, Item, Standing, Status

from .._say import count
from .comparisons import Answer, confirmed, contradicted, environment_of, not_checkable, unsupported


def _items(inputs: Inputs, kind: str) -> list[Item]:
    return list(inputs.beside.get(kind, ()))


def _tests_pass(_claim: Any, inputs: Inputs) -> Answer:
    runs = _items(inputs, "test-results")
    broken = [item for item in runs if item.payload.failed + item.payload.errors]
    if broken:
        failed = sum(item.payload.failed + item.payload.errors for item in broken)
        return contradicted(f"test results: {count(failed, 'test')} failed", broken)
    good = [item for item in runs if item.payload.passed]
    return (
        confirmed(f"test results: {sum(item.payload.passed for item in good)} pass, none fails", good)
        if good
        else unsupported("no test results")
    )


def _deployed(_claim: Any, inputs: Inputs) -> Answer:
    there = [item for item in _items(inputs, "deployment") if environment_of(item) == "staging"]
    done = [item for item in there if item.payload.outcome == "succeeded"]
    if done:
        return confirmed("a deployment to staging succeeded", done)
    if not there:
        return unsupported("no deployment to staging is recorded")
    return contradicted(f"deployment to staging: {there[0].payload.outcome}", there)


def _rollback_tested(_claim: Any, inputs: Inputs) -> Answer:
    drills = _items(inputs, "rollback-drill")
    executed = [item for item in drills if item.payload.mode == "executed"]
    if executed:
        verified = [item for item in executed if item.payload.restored_verified]
        return confirmed("a rollback was executed and verified", verified) if verified else unsupported("no drill verified it", executed)
    if not drills:
        return unsupported("no rollback drill is recorded")
    return contradicted(f"the only rollback drill was {drills[0].payload.mode}", drills)


def _load_tested(claim: Any, inputs: Inputs) -> Answer:
    runs = [item for item in _items(inputs, "load-test") if claim.environment in (None, environment_of(item))]
    places = sorted({environment_of(item) or "an unknown environment" for item in runs})
    return confirmed(f"a load test ran in {', '.join(places)}", runs) if runs else unsupported("no load test is recorded")


def _health_answers(_claim: Any, inputs: Inputs) -> Answer:
    probed = [item for item in _items(inputs, "health") if item.payload.samples]
    broken = [item for item in probed if item.payload.failed]
    if broken:
        return contradicted(f"{count(sum(item.payload.failed for item in broken), 'probe')} failed", broken)
    return confirmed("every probe was answered", probed) if probed else unsupported("no probe is recorded")


def _exists(kind: str, words: str) -> Callable[[Any, Inputs], Answer]:
    def answer(_claim: Any, inputs: Inputs) -> Answer:
        found = _items(inputs, kind)
        return confirmed(f"{words} is recorded", found) if found else unsupported(f"no {words} is recorded")

    return answer


def _gate(gate_id: str, *, same: bool) -> Callable[[Any, Inputs], Answer]:
    """Answers with a gate's verdict.

    Args:
        gate_id: The gate.
        same: Whether the gate asks just what the statement says; else its failure contradicts nothing, since it asks for more.
    """

    def answer(_claim: Any, inputs: Inputs) -> Answer:
        result = inputs.verdicts.get(gate_id)
        if result is None:
            return unsupported(f"{gate_id} is not asked")
        words = f"{gate_id} {_VERB[result.verdict]}: {result.message}"
        if result.verdict is Status.PASS:
            return Answer(Standing.CONFIRMED, words, result.evidence)
        if result.verdict is Status.FAIL and same:
            return Answer(Standing.CONTRADICTED, words, result.evidence)
        return Answer(Standing.UNSUPPORTED, words, result.evidence)

    return answer


_SECTIONS: Final = 7
_VERB: Final = {
    Status.PASS: "passes",
    Status.FAIL: "fails",
    Status.WAIVED: "is waived",
    Status.NOT_APPLICABLE: "does not apply",
    Status.NOT_ASSESSED: "is not assessed",
}


def _runbook_complete(claim: Any, inputs: Inputs) -> Answer:
    """A runbook that was reviewed long ago may be complete; one without a section, or with a broken command, is not."""
    result = inputs.verdicts.get("AEI21-OE-1")
    seen = result.observed if result is not None and isinstance(result.observed, dict) else {}
    gaps = bool(seen.get("defects")) or len(seen.get("sections", ())) < _SECTIONS
    return _gate("AEI21-OE-1", same=gaps)(claim, inputs)


def _gates_passed(claim: Any, inputs: Inputs) -> Answer:
    """All required gates of a framework; a waived one has not passed."""
    name = claim.words[0]
    asked = [result for result in inputs.verdicts.values() if result.framework == name and result.required]
    failed = [result for result in asked if result.verdict is Status.FAIL]
    evidence = tuple(sorted({entry for result in failed for entry in result.evidence}))
    if failed:
        ids = ", ".join(result.id for result in failed[:3])
        return Answer(Standing.CONTRADICTED, f"{count(len(failed), 'gate')} of {name} failed: {ids}", evidence)
    open_ones = [result.id for result in asked if result.verdict not in (Status.PASS, Status.NOT_APPLICABLE)]
    if open_ones or not asked:
        return unsupported(f"{count(len(open_ones), 'gate')} of {name} not passed" if asked else f"no gate of {name} is asked")
    return Answer(Standing.CONFIRMED, f"all {len(asked)} required gates of {name} passed", ())


def _of_people(_claim: Any, _inputs: Inputs) -> Answer:
    return not_checkable("a judgement or decision of people")


STATEMENTS: Final[Mapping[str, Callable[[Any, Inputs], Answer]]] = {
    "tests-pass": _tests_pass,
    "deployed-staging": _deployed,
    "rollback-tested": _rollback_tested,
    "load-tested": _load_tested,
    "health-answers": _health_answers,
    "runbook-written": _exists("runbook", "runbook"),
    "audit-logs": _exists("audit-log", "audit log"),
    "runbook-complete": _runbook_complete,
    "audit-immutable": _gate("AEI21-AT-1", same=True),
    "secrets-rotated": _gate("ALPHA-SF-4", same=False),
    "structured-logs": _gate("ALPHA-ID-1", same=False),
    "metrics": _gate("ALPHA-ID-2", same=False),
    "roles": _gate("ALPHA-SF-2", same=False),
    "task-graph": _gate("ALPHA-PE-1", same=False),
    "privacy": _gate("AEI21-PR-1", same=False),
    "gates-passed": _gates_passed,
    **dict.fromkeys(
        ("complete", "approved", "ready", "risk-level", "no-blockers", "blockers", "readiness", "score", "progress"), _of_people
    ),
}
"""By what a claim is about: how it is answered."""
