"""Operational excellence: whoever is on duty finds out what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import Field

from compliance.gate import Area, AtMost, Inputs, Params, Place, Reason, Verdict, failed, gate, not_assessed, passed

from .._say import LIMIT, count, days, number

PRINCIPLE: Final = "Operational excellence"

_SECTIONS: Final = {
    "overview": "overview",
    "health_checks": "health checks",
    "alert_response": "alert response",
    "deployment": "deployment",
    "rollback": "rollback",
    "recovery": "recovery",
    "contacts": "contacts",
}
_DEFECTS: Final = {
    "broken_links": "broken link",
    "missing_scripts": "missing script",
    "invalid_commands": "invalid shell block",
}


class Runbooks(Params):
    """Thresholds of AEI21-OE-1."""

    review_max_age_days: Annotated[float, AtMost(), Field(gt=0)] = 180.0
    """Time since the last review of each runbook, at most (days)."""


@gate(
    id="AEI21-OE-1",
    statement="The operational runbook is complete",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["runbook"],
    service_only=True,
    params=Runbooks,
)
def runbook_is_complete(inputs: Inputs, params: Runbooks) -> Verdict:
    """Reads all runbooks together: sections may be spread over them, defects count in each.

    Asks: The runbooks have sections with content on overview, health checks, alert response, deployment, rollback, recovery and contacts;
    their shell blocks parse, the scripts and links that they name exist, and each was reviewed within 180 days.

    Why: A runbook is read at three in the morning by somebody who did not write it. A command that does not parse is worse than none.

    Evidence: Runbooks of this commit (`compliance collect runbook`, or ingested Markdown files). The date of review stands in the front
    matter, else it is that of the last commit. Whether each alert rule has its own response is not checked.

    Fix: Write the named section, correct the named link, script or command, and set the date of review in the front matter.

    Maps to: SOC 2 CC7.4, CC7.5; ISO/IEC 27001:2022 A.5.26, A.5.37.
    """
    books = [item.payload for item in inputs.of("runbook")]
    limits = {"sections": list(_SECTIONS), **params.model_dump()}
    present = {name for book in books for name in _SECTIONS if book.sections.get(name) and name not in book.empty_sections}
    absent = [words for name, words in _SECTIONS.items() if name not in present]
    defects = [Place(where, words) for book in books for name, words in _DEFECTS.items() for where in getattr(book, name)]
    kinds = {defect.what for defect in defects}
    ages = [_age(book, inputs.as_of) for book in books]
    known = [age for age in ages if age is not None]
    observed = {"sections": sorted(present), "defects": len(defects), "oldest_review_days": _days(known), "runbooks": len(books)}
    broken = [f"no section with content on {', '.join(absent)}"] if absent and books else []
    broken += [count(sum(defect.what == words for defect in defects), words) for words in _DEFECTS.values() if words in kinds]
    if known and max(known) > timedelta(days=params.review_max_age_days):
        broken.append(f"last reviewed {days(max(known))} ago; expected at most {number(params.review_max_age_days)} d")
    if broken:
        return failed("; ".join(broken), observed=observed, threshold=limits, places=defects[:LIMIT])
    lacking = [] if len(known) == len(books) else ["a runbook does not say when it was last reviewed"]
    lacking += [] if all(book.links_checked for book in books) else ["whether links and scripts exist was not looked up"]
    if lacking or not books:
        return not_assessed(Reason.INCOMPLETE, "; ".join(lacking) or "no runbook", observed=observed, threshold=limits)
    message = f"all seven sections in {count(len(books), 'runbook')}, last reviewed {days(max(known))} ago"
    return passed(message, observed=observed, threshold=limits)


def _age(book: Any, as_of: datetime) -> timedelta | None:
    """Returns the time since the review; a review that lies ahead is none (a day is left for dates without zone)."""
    if book.reviewed_at is None or book.reviewed_at > as_of + timedelta(days=1):
        return None
    age: timedelta = max(as_of - book.reviewed_at, timedelta())
    return age


def _days(ages: Sequence[timedelta]) -> float | None:
    return round(max(ages).total_seconds() / 86400, 2) if ages else None


@gate(
    id="AEI21-OE-2",
    statement="The documents that a release names exist",
    principle=PRINCIPLE,
    area=Area.OPERATIONS,
    reads=["document"],
    required=False,
)
def named_documents_exist(inputs: Inputs, _params: Params) -> Verdict:
    """Adds up what the documents refer to.

    Asks: Every file and section that the release documents refer to exists in the project. Addresses on the web are not asked for.

    Why: A release that refers to standards and reports that nobody can open was not checked against them.

    Evidence: The release documents of this commit (kind `document`): links, and files that they name in code.

    Fix: Add the named document, correct the reference, or remove it.

    Maps to: SOC 2 CC2.2; ISO/IEC 27001:2022 A.5.37.
    """
    documents = inputs.of("document")
    lost = [(item, target) for item in documents for target in item.payload.unresolved]
    references = sum(item.payload.references for item in documents)
    limits = {"unresolved": 0}
    observed = {"documents": len(documents), "references": references, "unresolved": len(lost)}
    if lost:
        places = [Place(target, f"named in {item.name}" if item.name else "named in a document") for item, target in lost[:LIMIT]]
        message = f"{count(len(lost), 'reference')} of {references} {'leads' if len(lost) == 1 else 'lead'} nowhere"
        return failed(message, observed=observed, threshold=limits, places=places)
    if not references:
        return not_assessed(Reason.INCOMPLETE, "the documents refer to nothing", observed=observed, threshold=limits)
    if not all(item.payload.references_checked for item in documents):
        message = "whether the files that a document names exist was not looked up"
        return not_assessed(Reason.INCOMPLETE, message, observed=observed, threshold=limits)
    message = f"{count(references, 'reference')} in {count(len(documents), 'document')}, all there"
    return passed(message, observed=observed, threshold=limits)
