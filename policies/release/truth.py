"""Truth: what the release documents say is what the evidence says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from compliance.gate import (
    VERDICT,
    Area,
    Claim,
    Inputs,
    Item,
    Params,
    Place,
    Reason,
    Standing,
    Status,
    Verdict,
    failed,
    gate,
    not_assessed,
    passed,
)

from .._say import LIMIT, count, number
from .assertions import STATEMENTS
from .comparisons import FIGURES, Answer, contradicted, not_checkable, unsupported

PRINCIPLE: Final = "Truth"
CLAIM_LIMIT: Final = 400
"""Claims that a verdict lists; contradicted ones come first."""

_ORDER: Final = (Standing.CONTRADICTED, Standing.UNSUPPORTED, Standing.CONFIRMED, Standing.NOT_CHECKABLE)
_SAID: Final = {
    "open": "not claimed: its box is not ticked",
    "target": "a limit or goal, not a result",
    "plan": "a plan or a condition, not a result",
    "past": "said of an earlier time",
    "approximate": "an approximate figure",
    "general": "not said of this release",
}
_LATENCY: Final = re.compile(r"p\d+_ms|mean_ms|max_ms")
_ONE_VALUE: Final = re.compile(r"coverage.*|pass_rate|error_rate|availability|p\d+_ms|mean_ms|max_ms")
"""Figures of which a release has but one value."""


_SPEAK: Final = (
    'Supply a document that speaks of the release, such as "Release status" or "Go-live checklist": by a title like these, a stated '
    'status, boxes, and headings such as "Success criteria", "Approval" or "Risks". docs/claims.md says how it is read.'
)
_STATE: Final = (
    'State in the release document what the evidence can confirm, such as "152/165 tests passing" or "line coverage 92.1 %". '
    "docs/claims.md says how it is read."
)


@gate(
    id="REL-8",
    statement="The release documents tell the truth",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["document", VERDICT],
    waivable=False,
)
def documents_tell_the_truth(inputs: Inputs, _params: Params) -> Verdict:
    """Puts every claim beside the evidence, and says what it came to.

    Asks: Every number and every tick in the release documents that the store can check agrees with the evidence, and no document
    contradicts itself or another one. Sign-offs and conditions are not checkable.

    Why: People decide on what the document says. A document that is greener than its evidence makes them decide wrongly.

    Evidence: The release documents of this commit (kind `document`), all other evidence, and the verdicts of all other gates but REL-6 and
    REL-7; it runs last. It passes when nothing is contradicted and at least one claim is confirmed. What no evidence decides, and what was
    not understood, is listed and changes nothing.

    Fix: Correct the named number or tick in the document, or supply the evidence that makes it true. This gate cannot be waived.

    Maps to: SOC 2 CC2.1, CC2.2; ISO/IEC 27001:2022 A.5.28, A.5.33.
    """
    documents = [item for item in inputs.of("document") if item.payload.release_document]
    found = sorted(_all(documents, inputs), key=lambda claim: _ORDER.index(claim.standing))
    counts = {standing: sum(claim.standing is standing for claim in found) for standing in Standing}
    observed = {"documents": len(documents), **{standing.value.replace("-", "_"): amount for standing, amount in counts.items()}}
    limits = {"contradicted": 0, "confirmed_at_least": 1}
    wrong = [claim for claim in found if claim.standing is Standing.CONTRADICTED]
    kept = tuple(found[:CLAIM_LIMIT])
    if wrong:
        places = [Place(claim.where, f"{claim.text}: {claim.found}") for claim in wrong[:LIMIT]]
        message = f"{count(len(wrong), 'contradiction')} in {count(len(documents), 'release document')}; {_rest(counts)}"
        return replace(failed(message, observed=observed, threshold=limits, places=places), claims=kept)
    if not documents:
        silent = not_assessed(Reason.INCOMPLETE, "no document speaks of a release", observed=observed, threshold=limits)
        return replace(silent, fix=_SPEAK)
    if not counts[Standing.CONFIRMED]:
        message = f"no claim could be compared with evidence; {_rest(counts)}"
        return replace(not_assessed(Reason.INCOMPLETE, message, observed=observed, threshold=limits), claims=kept, fix=_STATE)
    message = f"no contradiction in {count(len(documents), 'release document')}; {_rest(counts)}"
    return replace(passed(message, observed=observed, threshold=limits), claims=kept)


def _rest(counts: dict[Standing, int]) -> str:
    confirmed, open_ones = counts[Standing.CONFIRMED], counts[Standing.UNSUPPORTED]
    return f"{count(confirmed, 'claim')} confirmed, {open_ones} without evidence"


def _all(documents: Sequence[Item], inputs: Inputs) -> Iterator[Claim]:
    for item in documents:
        document = item.payload
        for one in document.contradictions:
            yield _claim(item, one.line, one.text, Answer(Standing.CONTRADICTED, one.against))
        for claim in document.claims:
            yield _claim(item, claim.line, claim.text, _answer(claim, inputs))
        if log := _local_times(item, inputs):
            yield log
        for passage in document.not_understood:
            yield _claim(item, passage.line, passage.text, not_checkable("not understood"))
    yield from _left_out(documents, inputs)
    yield from _between(documents)


def _claim(item: Item, line: int, text: str, answer: Answer) -> Claim:
    return Claim(text=text, where=f"{item.name}:{line}", standing=answer.standing, found=answer.found, evidence=answer.evidence)


def _answer(claim: Any, inputs: Inputs) -> Answer:
    if claim.stance != "claim":
        return not_checkable(_SAID[claim.stance])
    known = FIGURES.get(claim.about) or STATEMENTS.get(claim.about)
    return known(claim, inputs) if known else unsupported("no kind of evidence gives this figure")


def _left_out(documents: Sequence[Item], inputs: Inputs) -> Iterator[Claim]:
    """Response times of a load test whose error rate breaks its limit, and no word of that in any document."""
    rate = inputs.verdicts.get("REL-3")
    told = [(item, claim) for item in documents for claim in item.payload.claims if claim.stance == "claim"]
    if rate is None or rate.verdict is not Status.FAIL or any(claim.about in ("error_rate", "failed_requests") for _, claim in told):
        return
    shown = next(((item, claim) for item, claim in told if _LATENCY.fullmatch(claim.about) and claim.bound == "is"), None)
    runs = [item for item in inputs.beside.get("load-test", ()) if item.payload.failed and item.payload.requests]
    if shown is not None and runs:
        worst = max(runs, key=lambda run: run.payload.failed / run.payload.requests)
        failures, requests = worst.payload.failed, worst.payload.requests
        words = f"leaves out that {number(100 * failures / requests)} % of the requests of the load test failed ({failures} of {requests})"
        yield _claim(shown[0], shown[1].line, shown[1].text, contradicted(words, [worst]))


def _local_times(item: Item, inputs: Inputs) -> Claim | None:
    """A list of what was done when whose times all lie the same whole hours away from the audit log's."""
    log = item.payload.log
    for other in inputs.beside.get("audit-log", ()) if log else ():
        first, last = other.payload.first, other.payload.last
        if first is None or last is None or last - first < timedelta(minutes=1):
            continue
        gap = first - log.first_at
        steps = abs(gap) / timedelta(minutes=30)
        if gap == last - log.last_at and steps == int(steps) and 1 <= steps <= 28:
            words = f"the audit log has the same beginning and end {abs(gap) / timedelta(hours=1):g} h away: local times labelled UTC"
            return _claim(
                item, log.line, f"{log.entries} times from {log.first_at:%H:%M} to {log.last_at:%H:%M} UTC", contradicted(words, [other])
            )
    return None


def _between(documents: Sequence[Item]) -> Iterator[Claim]:
    """One figure with two values, and "no blocking issues" beside a list of them, in different documents."""
    known: dict[tuple[str, str | None], tuple[Item, Any]] = {}
    listed: tuple[Item, Any] | None = None
    for item in documents:
        for claim in (one for one in item.payload.claims if one.stance == "claim"):
            if claim.about == "blockers" and listed is None:
                listed = item, claim
            if not (claim.headline and claim.bound == "is" and claim.scope is None and _ONE_VALUE.fullmatch(claim.about)):
                continue
            other, first = known.setdefault((claim.about, claim.environment), (item, claim))
            if other is not item and abs(first.value - claim.value) >= max(first.within, claim.within):
                yield _claim(item, claim.line, claim.text, contradicted(f"{other.name}:{first.line} says: {first.text}", []))
    for item in documents if listed else ():
        for claim in item.payload.claims:
            if listed and claim.about == "no-blockers" and claim.stance == "claim" and item is not listed[0]:
                yield _claim(item, claim.line, claim.text, contradicted(f"{listed[0].name}:{listed[1].line} says: {listed[1].text}", []))
