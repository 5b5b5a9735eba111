"""``compliance log``: the audit trail."""

from __future__ import annotations

from typing import Annotated

import typer

from .session import Format, Session, print_json


def run(
    session: Session,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Newest entries to show.")] = 50,
    type: Annotated[list[str] | None, typer.Option(help="Only entries of this type (repeatable).")] = None,
    format: Format = "text",
) -> int:
    """Show the audit trail: what was recorded, when."""
    from ..documents import LogDocument, LogEntry
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
