"""``compliance ingest``: records existing files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .session import Base, Format, Session, print_json, read_time

if TYPE_CHECKING:
    from ..documents.recording import IngestDocument, ReadFile
    from ..intake import Outcome


def run(
    session: Session,
    paths: Annotated[list[Path], typer.Argument(help="Files or folders.", show_default=False)],
    kind: Annotated[str | None, typer.Option(help="Kind of the files, where their content leaves a choice.")] = None,
    commit: Annotated[str | None, typer.Option(help="Full id of the commit that they are about.")] = None,
    environment: Annotated[str | None, typer.Option(help="Environment that they are about.")] = None,
    observed_at: Annotated[str | None, typer.Option(help="When they were made, with zone: 2026-01-31T12:00:00Z.")] = None,
    base: Base = None,
    format: Format = "text",
) -> int:
    """Record existing files or folders as evidence. Formats are recognised by content."""
    session = session.at_base(base)
    from ..intake import Intake, Overrides

    overrides = Overrides(
        kind=_kind(session, kind), commit=_commit(commit), environment=environment, observed_at=read_time("--observed-at", observed_at)
    )
    outcomes: list[Outcome] = []
    try:
        with session.writing() as store, session.working("reading") as say:
            for outcome in Intake(session.project, store, overrides).paths(paths):
                outcomes.append(outcome)
                say(line(outcome))
    except BaseException:
        if outcomes:  # what was recorded stays recorded, so it is listed
            _show(outcomes, format)
        raise
    _show(outcomes, format)
    return 2 if any(outcome.refused for outcome in outcomes) else 0


def _show(outcomes: Sequence[Outcome], format: str) -> None:
    if format == "json":
        print_json(document(outcomes))
        return
    for text in listing(outcomes):
        print(text)


def document(outcomes: Sequence[Outcome]) -> IngestDocument:
    """Returns the ``compliance/ingest/v1`` document."""
    from ..documents.recording import IngestDocument

    return IngestDocument(files=[read_file(one) for one in outcomes])


def read_file(one: Outcome) -> ReadFile:
    """Returns what a document says about one file."""
    from ..documents.recording import ReadFile

    return ReadFile(
        path=one.path,
        status=one.status,
        kind=one.kind,
        format=one.format,
        sha256=one.sha256,
        evidence=one.evidence,
        summary=dict(one.summary),
        reason=one.reason,
    )


def line(outcome: Outcome) -> str:
    """Returns one line about one file."""
    number = "" if outcome.evidence is None else f" as evidence {outcome.evidence}"
    return f"{outcome.status} {outcome.path}{number}" + (f": {outcome.reason}" if outcome.reason else "")


def listing(outcomes: Sequence[Outcome]) -> list[str]:
    """Returns the table of what was read and what was refused."""
    from . import table

    rows = [
        [
            one.status,
            "" if one.evidence is None else str(one.evidence),
            one.format or "-",
            f"{one.path}  {one.reason or summary_text(one.summary)}".strip(),
        ]
        for one in outcomes
    ]
    return table.lines(rows, header=["STATUS", "NO", "FORMAT", "FILE"], right=[1]) if rows else ["no files"]


def summary_text(summary: Mapping[str, Any]) -> str:
    """Returns a summary in a few words: its first plain numbers."""
    plain = [f"{name} {value:g}" for name, value in summary.items() if isinstance(value, (int, float)) and not isinstance(value, bool)]
    return ", ".join(plain[:6])


def _commit(commit: str | None) -> str | None:
    import re

    from ..errors import UsageError

    if commit is not None and not re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", commit):
        raise UsageError(f"--commit {commit!r}: expected the full id of 40 or 64 hexadecimal digits", hint="git rev-parse HEAD")
    return commit


def _kind(session: Session, kind: str | None) -> str | None:
    from ..configuration import near
    from ..errors import UsageError

    known = session.project.catalog.kinds
    if kind is not None and kind not in known:
        raise UsageError(f"--kind {kind!r}: no such kind{near(kind, known)}")
    return kind
