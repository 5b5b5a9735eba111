"""``compliance reparse``: reads artifacts again after an upgrade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .session import Format, Session, print_json

if TYPE_CHECKING:
    from ..documents.recording import ReparsedEvidence
    from ..intake import Reread


def run(session: Session, format: Format = "text") -> int:
    """Read kept files again whose parser was upgraded. What it reads now supersedes what was recorded."""
    from ..documents.recording import ReparseDocument
    from ..intake import reread

    rows: list[ReparsedEvidence] = []
    with session.writing(make=False) as store, session.working("reading again") as say:
        for one in reread(session.project, store):
            rows.append(_row(one))
            say(f"evidence {rows[-1].evidence}: {one.status}")
    if format == "json":
        print_json(ReparseDocument(evidence=rows))
    else:
        for line in _lines(rows):
            print(line)
    return 2 if any(row.status == "refused" for row in rows) else 0


def _row(one: Reread) -> ReparsedEvidence:
    from ..documents.recording import ReparsedEvidence

    body = one.evidence.entry.body
    return ReparsedEvidence(
        evidence=one.evidence.entry.number,
        kind=body["kind"],
        format=body["format"],
        name=str(one.evidence.private.get("paths", {}).get("name", "")),
        parser=body["parser"],
        installed=one.installed,
        status=one.status,
        by=list(one.by),
        reason=one.reason,
    )


def _lines(rows: list[ReparsedEvidence]) -> list[str]:
    from . import table

    if not rows:
        return ["nothing to read again: all evidence was read by the installed parsers"]
    said = [one.reason or f"parser {one.parser} -> {one.installed}: evidence {', '.join(map(str, one.by))}" for one in rows]
    cells = [[one.status, str(one.evidence), one.format, f"{one.name}  {what}"] for one, what in zip(rows, said, strict=True)]
    return table.lines(cells, header=["STATUS", "NO", "FORMAT", "FILE"], right=[1])
