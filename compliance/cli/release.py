"""``compliance release``: the main job in one command."""

from __future__ import annotations

from . import check, collect, report
from .session import Clock, Format, Session, read_time


def run(
    session: Session,
    point: report.Point = "production",
    output: report.Output = None,
    key: report.Key = None,
    page: report.Page = None,
    clock: Clock = None,
    format: Format = "text",
) -> int:
    """Collect, check and report in one: a decision and a signed PDF."""
    if session.project.base is not None:
        from ..errors import UsageError

        raise UsageError(
            "a release in the pipeline of a change: nothing is signed there", hint="run `compliance collect` and `compliance check`"
        )
    from ..report import forms

    signing_key, time = report.ready(session, output, key), read_time("--clock", clock)
    runs = collect.gather(session, ())
    for line in collect.listing(runs):
        session.say(line)
    assessment, made, path = report.make(session, point, output, signing_key, page=page, clock=time)
    if format == "json":
        report.print_made_json(assessment, made, path)
    else:
        check.show(session, forms.checked(session.project, assessment), format)
        report.print_made(session, made, path)
    if assessment.outcome == "no-go":
        return 1
    return 5 if any(one.outcome == "could-not-run" for one in runs) else 0
