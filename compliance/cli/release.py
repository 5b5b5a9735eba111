"""``compliance release``: the main job in one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import check, collect, report
from .session import Format, Session


def run(
    session: Session,
    point: Annotated[str, typer.Option(envvar="COMPLIANCE_POINT", help="Decision point.")] = "production",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="PDF to write.", show_default="from project and time")] = None,
    key: Annotated[Path | None, typer.Option(help="PKCS#12 key, before the configured one.")] = None,
    format: Format = "text",
) -> int:
    """Collect, check and report in one: a decision, and a signed PDF to send."""
    runs = collect.gather(session, ())
    for line in collect.listing(runs):
        session.say(line)
    assessment, made = report.make(session, point, output, key)
    if format == "json":
        from ..report.json import check_document

        report.print_made(made, check=check_document(assessment))
    else:
        check.show(session, assessment, format)
        report.print_made(made)
    if assessment.outcome == "no-go":
        return 1
    return 5 if any(one.outcome == "could-not-run" for one in runs) else 0
