"""``compliance purge``: erases what may no longer be kept."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from .session import Format, Session, print_json

if TYPE_CHECKING:
    from datetime import timedelta

    from ..documents.recording import PurgedEntry
    from ..store import Store
    from ..store.ledger import Entry


def run(
    session: Session,
    older_than: Annotated[str | None, typer.Option(help="Evidence that was collected longer ago than this, such as 400d.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only evidence of this kind (repeatable).")] = None,
    evidence: Annotated[list[int] | None, typer.Option(help="Only this entry (repeatable).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be erased, and erase nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    format: Format = "text",
) -> int:
    """Erase evidence that may no longer be kept. Its files, private values and findings go, under a signed tombstone."""
    from ..documents.recording import PurgeDocument
    from ..purge import Rule, chosen, purge
    from ..times import now

    rule = Rule(older_than=_span(older_than), kinds=tuple(kind or ()), entries=tuple(evidence or ()))
    at = now()
    if dry_run:
        with session.reading() as store:
            rows = [_row(store, one) for one in chosen(store, rule, at)]
            tombstone = None
    else:
        with session.writing(make=False) as store:
            found = chosen(store, rule, at)
            rows = [_row(store, one) for one in found]
            _confirm(rows, yes)
            tombstone = purge(store, found, rule, at)
    if format == "json":
        print_json(PurgeDocument(dry_run=dry_run, tombstone=tombstone, entries=rows))
    else:
        for line in _lines(rows, tombstone):
            print(line)
    return 0


def _span(text: str | None) -> timedelta | None:
    from ..errors import InputError, UsageError
    from ..times import read_span

    try:
        return None if text is None else read_span(text)
    except InputError as error:
        raise UsageError(f"--older-than {error.reason}") from error


def _row(store: Store, entry: Entry) -> PurgedEntry:
    from ..documents.recording import PurgedEntry
    from ..purge import collected_at
    from ..times import rfc3339

    body = entry.body
    return PurgedEntry(
        entry=entry.number,
        kind=body.get("kind"),
        name=str(store.private_of(entry).get("paths", {}).get("name", "")),
        collected_at=rfc3339(collected_at(entry)),
        size=body["artifact"]["size"],
        artifact=body["artifact"]["sha256"],
    )


def _confirm(rows: list[PurgedEntry], yes: bool) -> None:
    """Asks on a terminal; without one, nothing is erased unless that was said.

    Raises:
        UsageError: Nobody said yes.
    """
    from ..errors import UsageError

    if yes or not rows:
        return
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked", hint="look at --dry-run, then give --yes")
    for line in _lines(rows, None):
        print(line, file=sys.stderr)
    if not typer.confirm("Erase this for good?", err=True):
        raise UsageError("nothing was erased")


def _lines(rows: list[PurgedEntry], tombstone: int | None) -> list[str]:
    from . import table

    if not rows:
        return ["nothing to erase"]
    cells = [[str(row.entry), row.kind or "-", row.collected_at[:10], str(row.size), row.name] for row in rows]
    made = table.lines(cells, header=["NO", "KIND", "COLLECTED", "BYTES", "FILE"], right=[0, 3])
    return made if tombstone is None else [*made, f"erased; the tombstone is entry {tombstone}"]
