"""``compliance merge``: joins the stores of parallel jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .session import Format, Session, print_json, show_path

if TYPE_CHECKING:
    from ..documents.recording import MergedStore
    from ..location import Location


def run(
    session: Session,
    sources: Annotated[list[str], typer.Argument(help="Stores to merge, such as a.db b.db.", show_default=False)],
    format: Format = "text",
) -> int:
    """Merge stores of parallel jobs into the project's store. All of them are merged or none; --store names another target."""
    from ..documents.recording import MergeDocument, MergedStore
    from ..location import located
    from ..merge import merge

    places = [located(source) for source in sources]
    with session.writing() as store, session.working("merging"):
        done = merge(session.project, store, places)
        size, root = store.size, store.root_at(store.size).hex()
    rows = [
        MergedStore(
            path=show_path(path),
            log=one.log,
            size=one.size,
            root=one.root,
            entry=one.entry,
            copied=one.copied,
            duplicates=one.duplicates,
            present=one.present,
            apart=dict(one.apart),
        )
        for path, one in zip(places, done, strict=True)
    ]
    if format == "json":
        print_json(MergeDocument(store=show_path(session.store_location), size=size, root=root, sources=rows))
    else:
        for line in _lines(rows, session.store_location, size):
            print(line)
    return 0


def _lines(rows: list[MergedStore], store: Location, size: int) -> list[str]:
    from ..plaintext import safe
    from . import table

    counts = [(one.size, one.copied, one.duplicates, one.present, sum(one.apart.values())) for one in rows]
    cells = [[one.path, *map(str, counted)] for one, counted in zip(rows, counts, strict=True)]
    header = ["SOURCE", "ENTRIES", "COPIED", "DUPLICATE", "PRESENT", "APART"]
    made = table.lines(cells, header=header, right=[1, 2, 3, 4, 5])
    apart = sorted({name for one in rows for name in one.apart})
    if apart:
        made.append(f"apart: {', '.join(apart)}; kept as they were, but bound to the ledger of their store: judge and sign again here")
    return [*made, safe(f"{show_path(store)}: {size} entries")]
