"""``compliance diff``: what changed between two releases or assessments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .session import Format, Session, print_json

if TYPE_CHECKING:
    from ..store import Store

_FINDINGS = 20
"""Findings of each sort that are listed in text."""

One = Annotated[str, typer.Argument(metavar="A", help="Number of an assessment, a version, or a commit.", show_default=False)]
Other = Annotated[str, typer.Argument(metavar="B", help="The later one, likewise.", show_default=False)]


def run(session: Session, before: One, after: Other, format: Format = "text") -> int:
    """Show what changed between two releases or assessments. Gates, findings, evidence and thresholds are compared."""
    from ..documents.judging import DiffDocument, DiffFinding
    from ..judgement.diff import compare, findings_between
    from ..judgement.judging import recorded_assessment

    with session.reading() as store:
        numbers = _number(store, before), _number(store, after)
        one, other = (recorded_assessment(store, number) for number in numbers)
        opened, closed = findings_between(store, one, other)
        document = DiffDocument(
            before=numbers[0],
            after=numbers[1],
            changes=[change.model_dump(mode="json") for change in compare(one, other)],
            opened=[DiffFinding.of(finding) for finding in opened],
            closed=[DiffFinding.of(finding) for finding in closed],
        )
        texts = [change.text for change in compare(one, other)]
    if format == "json":
        print_json(document)
        return 0
    from ..plaintext import safe

    print(safe(f"assessment {numbers[0]} -> {numbers[1]}: {one.outcome} -> {other.outcome}"))
    for text in texts or ["no gate, threshold, waiver or evidence changed"]:
        print(safe(f"  {text}"))
    for title, found in (("opened", document.opened), ("closed", document.closed)):
        print(f"{len(found)} finding{'' if len(found) == 1 else 's'} {title}")
        for finding in found[:_FINDINGS]:
            print(safe(f"  {finding.severity.ljust(8)}  {finding.rule}  {finding.where}"))
        if len(found) > _FINDINGS:
            print(f"  … {len(found) - _FINDINGS} more")
    return 0


def _number(store: Store, name: str) -> int:
    """Returns the last assessment of that number, version or commit.

    Raises:
        UsageError: There is none.
    """
    from ..errors import UsageError

    found = None
    for entry in store.entries(types=["assessment"]):
        subject = entry.body["subject"]
        by_commit = len(name) >= 7 and str(subject["commit"] or "").startswith(name)
        if str(entry.number) == name.removeprefix("#") or subject["version"] == name or by_commit:
            found = entry.number
    if found is None:
        raise UsageError(f"{name!r}: no assessment of that number, version or commit", hint="compliance log --type assessment lists them")
    return found
