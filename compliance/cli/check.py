"""``compliance check``: judges the stored evidence."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from .session import Base, Clock, Session, print_json, read_time

if TYPE_CHECKING:
    from datetime import timedelta

    from ..assessment import Assessment, GateResult
    from ..judgement.judging import StoredCase
    from ..judgement.since import Comparison
    from ..report.checked import Checked
    from ..report.forms import Form
    from ..store import Store

CheckFormat = Annotated[
    Literal["text", "json", "markdown", "sarif", "junit"],  # `Form`, spelled out: its module need not be loaded to print a help
    typer.Option("--format", envvar="COMPLIANCE_FORMAT", help="Form of the result on stdout."),
]
SUFFIXES: Final[dict[str, Form]] = {".txt": "text", ".json": "json", ".md": "markdown", ".sarif": "sarif", ".xml": "junit"}
"""Form of a file by the end of its name."""


def run(
    session: Session,
    point: Annotated[str, typer.Option(envvar="COMPLIANCE_POINT", help="Decision point.")] = "production",
    gate: Annotated[list[str] | None, typer.Option(help="Judge only this gate (repeatable); such a check is never recorded.")] = None,
    framework: Annotated[str | None, typer.Option(help="Judge only the gates of this framework; such a check is never recorded.")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Judge with the clock and the ledger as they were at this time: 2026-01-31T12:00:00Z.")
    ] = None,
    clock: Clock = None,
    forecast: Annotated[str | None, typer.Option(help="Say what turns red within this span if nothing is done, such as 90d.")] = None,
    changed_since: Annotated[
        str | None,
        typer.Option(metavar="REF", help="Show only what is worse than at the merge base with REF; only that makes the exit code 1."),
    ] = None,
    base: Base = None,
    fail_on: Annotated[Literal["no-go", "conditions"], typer.Option(help="Outcome that makes the exit code 1.")] = "no-go",
    record: Annotated[bool, typer.Option("--record", help="Append the assessment to the ledger.")] = False,
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", help="Write the result to this file as well, in the form that its suffix says (repeatable)."),
    ] = None,
    format: CheckFormat = "text",
) -> int:
    """Judge the stored evidence. Exit code 0 is go, 1 is no-go; nothing is written without --record."""
    from ..errors import NothingToJudgeError, UsageError
    from ..judgement.forecast import forecast as look_ahead
    from ..judgement.judging import case, record_assessment
    from ..report import forms
    from .files import write_whole

    session = session.at_base(base)
    if not session.store_location.exists():
        raise NothingToJudgeError(
            f"{session.store_location}: no store, so no evidence", hint="run `compliance collect`, or `compliance ingest`"
        )
    only = _only(session, gate, framework)
    if record and only is not None:
        raise UsageError("--record with --gate or --framework: a partial check is never recorded")
    _refuse_two_answers(as_of, clock, changed_since, fail_on)
    span = _span(forecast)
    files = [(path, form_of(path)) for path in output or ()]
    with session.writing() if record else session.reading() as store:
        found = case(session.project, store, point, read_time("--as-of", as_of), read_time("--clock", clock))
        assessment = found.judge(found.time, only)
        change, worse = _compared(session, store, found, assessment, changed_since)
        if record:
            record_assessment(store, assessment)
    ahead = None if span is None else look_ahead(lambda at: found.judge(at, only), found.time, span)
    checked = replace(forms.checked(session.project, assessment), ahead=ahead, change=change, worse=worse)
    show(session, checked, format)
    for path, form in files:
        write_whole(path, forms.rendered(checked, form).encode())
    return exit_code(assessment, fail_on) if change is None else int(change.fails)


def _refuse_two_answers(as_of: str | None, clock: str | None, changed_since: str | None, fail_on: str) -> None:
    """Refuses options of which each says when is judged, or what makes the exit code."""
    from ..errors import UsageError

    if as_of is not None and clock is not None:
        raise UsageError("--as-of with --clock: give one of them")
    if changed_since is not None and (fail_on != "no-go" or as_of is not None):
        raise UsageError("--changed-since with --fail-on conditions or --as-of: give one of them")


def _compared(
    session: Session, store: Store, found: StoredCase, assessment: Assessment, ref: str | None
) -> tuple[Comparison | None, dict[str, GateResult]]:
    if ref is None:
        return None, {}
    from ..git.revision import Revision
    from ..judgement.since import compare

    return compare(found, store, assessment, Revision.find(session.project.root, [ref]))


def exit_code(assessment: Assessment, fail_on: str = "no-go") -> int:
    """Returns 0 for go and 1 for no-go; go-with-conditions is 1 only if asked for."""
    failing = {"no-go"} if fail_on == "no-go" else {"no-go", "go-with-conditions"}
    return 1 if assessment.outcome in failing else 0


def show(session: Session, checked: Checked, format: Form) -> None:
    """Prints a check."""
    from ..report import forms

    if format == "json":
        print_json(forms.document(checked))
    elif format == "text":
        for line in forms.lines(checked, colour=session.colour):
            print(line)
    else:
        sys.stdout.write(forms.rendered(checked, format))


def form_of(path: Path) -> Form:
    """Returns the form that the end of a file's name asks for.

    Raises:
        UsageError: It asks for none that there is.
    """
    from ..errors import UsageError

    form = SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise UsageError(f"--output {path}: expected a name that ends in {', '.join(SUFFIXES)}")
    return "sarif" if path.name.lower().endswith(".sarif.json") else form


def _span(text: str | None) -> timedelta | None:
    from ..errors import InputError, UsageError
    from ..times import read_span

    try:
        return None if text is None else read_span(text)
    except InputError as error:
        raise UsageError(f"--forecast {error.reason}") from error


def _only(session: Session, gates: list[str] | None, framework: str | None) -> list[str] | None:
    from ..configuration import near
    from ..errors import UsageError

    known = session.project.gates
    for gate_id in gates or ():
        if gate_id not in known:
            raise UsageError(f"--gate {gate_id!r}: no such gate{near(gate_id, known)}", hint="`compliance gates` lists them")
    if framework is None:
        return gates or None
    frameworks = {setting.gate.framework for setting in known.values()}
    if framework not in frameworks:
        raise UsageError(
            f"--framework {framework!r}: no such framework{near(framework, sorted(frameworks))}", hint="`compliance gates` lists them"
        )
    return [*(gates or ()), *(gate_id for gate_id, setting in known.items() if setting.gate.framework == framework)]
