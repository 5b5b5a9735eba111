"""``compliance log``: the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .session import Format, Session, print_json

if TYPE_CHECKING:
    from ..judgement.history import Release


def run(
    session: Session,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Newest entries to show.")] = 50,
    type: Annotated[list[str] | None, typer.Option(help="Only entries of this type (repeatable).")] = None,
    releases: Annotated[bool, typer.Option("--releases", help="The releases instead: how each was judged, and what was measured.")] = False,
    point: Annotated[str, typer.Option(help="Decision point of these judgements.")] = "production",
    format: Format = "text",
) -> int:
    """Show the audit trail: what was recorded, when."""
    if releases:
        return _releases(session, point, limit, format)
    from ..documents.proving import LogDocument, LogEntry
    from ..trail import describe

    with session.reading() as store:
        entries = list(store.entries(types=type or ()))[-limit:]
        rows = [
            LogEntry(entry=one.number, at=one.body["at"], type=one.type, what=describe(one, store.private(one.number))) for one in entries
        ]
    if format == "json":
        print_json(LogDocument(entries=rows))
        return 0
    from . import table

    cells = [[str(row.entry), row.at[:19] + "Z", row.type, row.what] for row in rows]
    for line in table.lines(cells, header=["NO", "RECORDED", "TYPE", "WHAT"], right=[0]):
        print(line)
    return 0


def _releases(session: Session, point: str, limit: int, format: Format) -> int:
    from ..documents.judging import HistoryDocument, PastRelease, PastSeries
    from ..judgement.history import releases, series
    from ..times import rfc3339

    project = session.project
    with session.reading() as store:
        found = releases(store, project.catalog.kinds, project.document.project.name, project.point(point).name, most=limit)
    if format == "json":
        same = ("assessment", "version", "commit", "outcome", "evidence_outcome", "verdicts")
        past = [
            PastRelease(
                judged_at=rfc3339(one.judged_at),
                scans=[{"tool": tool, "category": category, "by_severity": counts} for (tool, category), counts in one.scans.items()],
                **{name: getattr(one, name) for name in same},
            )
            for one in found
        ]
        measured = [PastSeries(name=one.name, title=one.title, unit=one.unit, values=list(one.values)) for one in series(found)]
        print_json(HistoryDocument(point=point, releases=past, series=measured))
        return 0
    from . import table

    header = ["RELEASE", "JUDGED", "OUTCOME", "SCORE", "RED", "WORST", "TESTS", "LINES", "P95"]
    for line in table.lines([_cells(one) for one in found], header=header, right=range(3, len(header))):
        print(line)
    if not found:
        session.say(f"no release was judged and recorded at {point}; `compliance check --record` does")
    return 0


def _cells(one: Release) -> list[str]:
    from ..report.words import number, percent

    score, tests, lines = (None if share is None else percent(share) for share in (one.readiness, one.tests_passed, one.lines_covered))
    counts = (None if count is None else number(count) for count in (one.red, one.worst))
    cells = [
        one.name,
        f"{one.judged_at:%Y-%m-%d}",
        one.outcome,
        score,
        *counts,
        tests,
        lines,
        None if one.p95_ms is None else f"{number(one.p95_ms)} ms",
    ]
    return ["-" if cell is None else str(cell) for cell in cells]
