"""A baseline: the findings that keep gates red today, written into a file that is requested and approved as one waiver.

It names every finding by its fingerprint, so it never covers one that comes later, and it ends like any waiver. Gates that can never be
waived have no baseline.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from ..documents.judging import DiffFinding
from ..errors import UsageError
from ..gate import Item, Status
from ..plaintext import safe
from ..record import Finding, shorten
from ..times import rfc3339
from ..waiverfile import FINDINGS_LIMIT
from .judge import without_findings

if TYPE_CHECKING:
    from ..store import Store
    from .judging import StoredCase


def standing_in_the_way(case: StoredCase, store: Store, gates: Sequence[str] | None = None) -> list[Finding]:
    """Returns the open findings on which the verdicts of failed gates depend, worst first, each fingerprint once.

    Args:
        case: What is judged.
        store: Where from.
        gates: Only what these gates depend on.

    Raises:
        UsageError: There are none, or more than one waiver may name.
    """
    settings = case.project.gates
    judged = case.judge(case.time)
    red = [one for one in judged.gates if one.verdict is Status.FAIL and settings[one.id].gate.waivable and one.id in (gates or settings)]
    numbers = {number for result in red for number in result.evidence}
    items = [item for many in case.view.items.values() for item in many if item.entry in numbers]
    wanted = [result.id for result in red]
    found = {one.fingerprint: one for item in items for one in _that_matter(case, store, item, wanted)}
    if not found:
        raise UsageError("no failed gate that may be waived depends on a finding: there is nothing to accept")
    if len(found) > FINDINGS_LIMIT:
        raise UsageError(
            f"{len(found)} findings; a baseline names at most {FINDINGS_LIMIT}", hint="correct some, or take one --gate at a time"
        )
    return list(found.values())


def _that_matter(case: StoredCase, store: Store, item: Item, gates: Sequence[str]) -> Iterator[Finding]:
    """Yields the findings of those severities without which a gate would say something else."""
    before = _said(case, gates)
    for _, group in groupby(store.findings(item.entry, open_only=True), key=lambda one: one.severity):
        findings = list(group)
        less = without_findings(case.project.catalog.kinds[item.kind], item, findings)
        items = {kind: tuple(less if one is item else one for one in many) for kind, many in case.view.items.items()}
        if _said(replace(case, view=replace(case.view, items=items)), gates) != before:
            yield from findings


def _said(case: StoredCase, gates: Sequence[str]) -> list[tuple[Status, str]]:
    return [(one.verdict, one.message) for one in case.judge(case.time, gates).gates]


def text(findings: Sequence[Finding], *, reason: str, controls: str, by: str, ends: datetime) -> str:
    """Returns the file: a list of one waiver, each finding with a comment that says what it is."""
    lines = [
        "# Findings that are accepted for now, written by `compliance waive baseline`. Delete what shall not be accepted.",
        "# `compliance waive request --from` asks for it as one waiver; it counts once somebody else who may has approved it.",
        "waivers:",
        f"  - reason: {_quoted(reason)}",
        f"    controls: {_quoted(controls)}",
        f"    requested-by: {_quoted(by)}",
        f"    expires: {_quoted(rfc3339(ends))}",
        "    findings:",
    ]
    return "\n".join([*lines, *(f"      - {_quoted(one.fingerprint)}  # {_comment(one)}" for one in findings)]) + "\n"


def _comment(finding: Finding) -> str:
    return shorten(safe(f"{finding.severity} {finding.rule} {DiffFinding.of(finding).where}".rstrip()), 160)


def _quoted(text: str) -> str:
    """JSON's strings are YAML's (YAML 1.2, section 7.3.1)."""
    return json.dumps(safe(text))
