"""``compliance collect``: runs the configured collectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from .session import Base, Format, Session, print_json

if TYPE_CHECKING:
    from ..collecting.collect import Run
    from ..documents.recording import CollectDocument


def run(
    session: Session,
    kinds: Annotated[list[str] | None, typer.Argument(help="Only these kinds.", show_default="all that are configured")] = None,
    base: Base = None,
    format: Format = "text",
) -> int:
    """Run the configured collectors and record what they find."""
    session = session.at_base(base)
    runs = gather(session, kinds or ())
    if format == "json":
        print_json(document(runs))
    else:
        for text in listing(runs):
            print(text)
    return 5 if any(one.outcome == "could-not-run" for one in runs) else 0


def gather(session: Session, kinds: Sequence[str]) -> list[Run]:
    """Runs the collectors and shows progress."""
    from ..collecting.collect import collect
    from .progress import showing

    if session.project.base is not None:
        session.say(session.project.base.sentence)
    with session.writing() as store, showing(session) as progress:
        return list(collect(session.project, store, kinds, progress=progress))


def document(runs: Sequence[Run]) -> CollectDocument:
    """Returns the ``compliance/collect/v1`` document."""
    from ..documents.recording import CollectDocument, CollectorRun
    from .ingest import read_file

    return CollectDocument(
        runs=[
            CollectorRun(
                kind=one.kind,
                collector=one.collector,
                outcome=one.outcome,
                seconds=round(one.seconds, 3),
                reason=one.reason,
                files=[read_file(file) for file in one.files],
            )
            for one in runs
        ]
    )


def listing(runs: Sequence[Run]) -> list[str]:
    """Returns the table of what ran, how long it took, what it found, and what could not run and why; its sums last."""
    from . import ingest, table

    rows = []
    for one in runs:
        took = f"{one.seconds:.1f} s"
        if one.outcome == "could-not-run":
            rows.append(["could not run", one.kind, one.collector, took, f"{one.reason}" + (f"; {one.hint}" if one.hint else "")])
        elif not one.files:
            rows.append(["ran", one.kind, one.collector, took, "nothing to record"])
        for file in one.files:
            number = "" if file.evidence is None else f"#{file.evidence} "
            text = f"{number}{file.path}  {file.reason or ingest.summary_text(file.summary)}"
            rows.append([file.status, one.kind, one.collector, took, text])
    if not rows:
        return ["nothing was collected"]
    failed = sum(one.outcome == "could-not-run" for one in runs)
    recorded = sum(file.status == "recorded" for one in runs for file in one.files)
    end = f"{len(runs) - failed} of {len(runs)} collectors ran, {recorded} pieces of evidence recorded"
    return [*table.lines(rows, header=["STATUS", "KIND", "COLLECTOR", "TOOK", "EVIDENCE"], right=[3]), end]
