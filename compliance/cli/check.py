"""``compliance check``: judges the stored evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .session import Clock, Format, Session, print_json, read_time

if TYPE_CHECKING:
    from ..assessment import Assessment


def run(
    session: Session,
    point: Annotated[str, typer.Option(envvar="COMPLIANCE_POINT", help="Decision point.")] = "production",
    gate: Annotated[list[str] | None, typer.Option(help="Judge only this gate (repeatable); such a check is never recorded.")] = None,
    framework: Annotated[str | None, typer.Option(help="Judge only the gates of this framework; never recorded.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Judge with the clock and the ledger at this time: 2026-01-31T12:00:00Z.")] = None,
    clock: Clock = None,
    fail_on: Annotated[Literal["no-go", "conditions"], typer.Option(help="Outcome that makes the exit code 1.")] = "no-go",
    record: Annotated[bool, typer.Option("--record", help="Append the assessment to the ledger.")] = False,
    format: Format = "text",
) -> int:
    """Judge the stored evidence; exit code 0 is go, 1 is no-go."""
    from ..errors import NothingToJudgeError, UsageError
    from ..judging import judge, record_assessment

    if not session.store_path.exists():
        raise NothingToJudgeError(
            f"{session.store_path}: no store, so no evidence", hint="run `compliance collect`, or `compliance ingest`"
        )

    only = _only(session, gate, framework)
    if record and only is not None:
        raise UsageError("--record with --gate or --framework: a partial check is never recorded")
    if as_of is not None and clock is not None:
        raise UsageError("--as-of with --clock: give one of them")
    times = (read_time("--as-of", as_of), only, read_time("--clock", clock))
    if record:
        with session.writing() as store:
            assessment, _ = judge(session.project, store, point, *times)
            record_assessment(store, assessment)
    else:
        with session.reading() as store:
            assessment, _ = judge(session.project, store, point, *times)
    show(session, assessment, format)
    return exit_code(assessment, fail_on)


def exit_code(assessment: Assessment, fail_on: str = "no-go") -> int:
    """Returns 0 for go and 1 for no-go; go-with-conditions is 1 only if asked for."""
    failing = {"no-go"} if fail_on == "no-go" else {"no-go", "go-with-conditions"}
    return 1 if assessment.outcome in failing else 0


def show(session: Session, assessment: Assessment, format: str) -> None:
    """Prints an assessment."""
    if format == "json":
        from ..report.json import check_document

        print_json(check_document(assessment))
        return
    from ..report.terminal import lines

    for line in lines(assessment, colour=session.colour):
        print(line)


def _only(session: Session, gates: list[str] | None, framework: str | None) -> list[str] | None:
    from ..errors import UsageError
    from ..project import near

    known = session.project.gates
    for gate_id in gates or ():
        if gate_id not in known:
            raise UsageError(f"--gate {gate_id!r}: no such gate{near(gate_id, known)}")
    if framework is None:
        return gates or None
    frameworks = {setting.gate.framework for setting in known.values()}
    if framework not in frameworks:
        raise UsageError(f"--framework {framework!r}: no such framework{near(framework, sorted(frameworks))}")
    return [*(gates or ()), *(gate_id for gate_id, setting in known.items() if setting.gate.framework == framework)]
