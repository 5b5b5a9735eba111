"""``compliance waive``: waivers for a gate, for one finding or for a baseline of findings."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .session import Format, Session, command, print_json, read_time

if TYPE_CHECKING:
    from ..store import Draft, Store
    from ..waiver import Waiver

app = typer.Typer(
    help="Request, approve, renew, revoke and list waivers.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)

Number = Annotated[str, typer.Argument(metavar="WAIVER", help="Id of the waiver, such as W12.", show_default=False)]
Until = Annotated[str | None, typer.Option("--until", help="When it ends: a time with zone, or a span from now such as 30d.")]
Key = Annotated[Path, typer.Option("--key", help="Your SSH key, a PKCS#12 or PEM file, or a pkcs11: URI.", show_default=False)]
Reason = Annotated[str | None, typer.Option("--reason", help="Why.")]


def _request(
    session: Session,
    gate: Annotated[str | None, typer.Option(help="Gate that is to be waived.")] = None,
    finding: Annotated[str | None, typer.Option(help="Fingerprint of the one finding that is to be waived.")] = None,
    reason: Reason = None,
    controls: Annotated[str | None, typer.Option(help="What protects you meanwhile.")] = None,
    until: Until = None,
    by: Annotated[str | None, typer.Option(help="Who asks for it.", show_default="git's user.email")] = None,
    file: Annotated[Path | None, typer.Option("--from", help="YAML file with waivers; each becomes a request.")] = None,
) -> int:
    """Ask for a waiver. It counts once somebody else, who may, has approved it."""
    from .. import waiver
    from ..errors import UsageError

    if file is not None:
        if any(one is not None for one in (gate, finding, reason, controls, until)):
            raise UsageError("--from with options of a single waiver", hint="give one or the other")
        return _import(session, file, by)
    ends = _end(until)
    if ends is None:
        raise UsageError("a waiver without end", hint="give --until 30d")
    project = session.project
    _require_waivable(session, gate)
    draft = waiver.request(
        project=project.document.project.name,
        gate=gate,
        finding=finding,
        reason=reason or "",
        controls=controls or "",
        by=by or _me(session),
        expires_at=ends,
    )
    with session.writing() as store:
        (number,) = store.append([draft])
    print(f"requested W{number}")
    session.say(f"somebody else approves it with: compliance waive approve W{number} --key KEY")
    return 0


def _baseline(
    session: Session,
    reason: Annotated[str, typer.Option(help="Why these findings are accepted for now.", show_default=False)],
    controls: Annotated[str, typer.Option(help="What protects you meanwhile.", show_default=False)],
    until: Annotated[
        str, typer.Option("--until", help="When it ends: a time with zone, or a span from now such as 60d.", show_default=False)
    ],
    by: Annotated[str | None, typer.Option(help="Who asks for it.", show_default="git's user.email")] = None,
    gate: Annotated[list[str] | None, typer.Option(help="Only what keeps this gate red (repeatable).")] = None,
    point: Annotated[str, typer.Option(envvar="COMPLIANCE_POINT", help="Decision point.")] = "production",
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")] = Path("compliance-baseline.yaml"),
) -> int:
    """Write the findings that keep gates red into a file. It is then requested as one waiver, which never covers others."""
    from ..errors import UsageError
    from ..judgement import baseline
    from ..judgement.judging import case
    from ..waiver import DAY
    from .files import write_whole

    ends, table = _end(until), session.project.document.waivers
    for name in gate or ():
        _require_waivable(session, name)
    if not reason.strip() or not controls.strip():
        raise UsageError("a baseline without reason or compensating controls", hint="say why, and what protects you meanwhile")
    with session.reading() as store:
        found = case(session.project, store, point)
        accepted = baseline.standing_in_the_way(found, store, gate)
    if ends is None or ends - found.time > table.longest * DAY:
        raise UsageError(
            f"--until {until}: at most {table.longest} days are allowed", hint="[waivers] longest says how long a waiver may last"
        )
    write_whole(output, baseline.text(accepted, reason=reason, controls=controls, by=by or _me(session), ends=ends).encode())
    print(f"{output}: {len(accepted)} findings")
    session.say(f"look through it, then ask for it with: compliance waive request --from {output}")
    return 0


def _approve(session: Session, waiver: Number, key: Key, reason: Reason = None) -> int:
    """Approve a waiver, with your signature. Nobody approves their own request."""
    return _decide(session, waiver, "approve", key, None, reason)


def _renew(session: Session, waiver: Number, key: Key, until: Until = None, reason: Reason = None) -> int:
    """Give a waiver a new end, with your signature."""
    from ..errors import UsageError

    ends = _end(until)
    if ends is None:
        raise UsageError("a renewal without a new end", hint="give --until 30d")
    return _decide(session, waiver, "renew", key, ends, reason)


def _revoke(session: Session, waiver: Number, key: Key, reason: Reason = None) -> int:
    """Take a waiver back, with your signature."""
    return _decide(session, waiver, "revoke", key, None, reason)


def _list(session: Session, format: Format = "text") -> int:
    """List the waivers: which count, until when, and why others do not."""
    from .. import home, waiver
    from ..documents.judging import ListedWaiver, WaiversDocument
    from ..times import now, rfc3339

    project, at = session.project, now()
    with session.reading() as store:
        known = waiver.read(store, project.document.project.name, project.roles, home.signers(project))
    found = waiver.standing(known, project.catalog.gates, project.document.waivers, at)
    if format == "json":
        listed = [ListedWaiver.of(one, at) for one in found]
        print_json(WaiversDocument(waivers=listed))
        return 0
    from . import table

    soon = [one for one in found if waiver.ends_soon(one, project.document.waivers, at)]
    rows = [[one.id, one.state.value, one.target, f"{one.expires_at:%Y-%m-%d}", one.why or one.reason] for one in found]
    for line in table.lines(rows, header=["ID", "STATE", "FOR", "UNTIL", "WHY"]) if rows else ["no waivers"]:
        print(line)
    for one in soon:
        session.say(f"{one.id} for {one.target} ends at {rfc3339(one.expires_at)}: renew it, or correct what it is for")
    return 0


def _decide(session: Session, name: str, action: str, key: Path, ends: datetime | None, reason: str | None) -> int:
    from .. import home, waiver
    from ..record import canonical
    from ..sign import statement
    from ..times import now
    from .signing import statement_key

    project = session.project
    with session.writing() as store:
        number = _number(name)
        said = waiver.statement(store, number, action, ends, reason)
        signature = statement.sign(said, statement_key(key))
        signer = home.signers(project).verify(canonical(said), signature, now())
        if action != "revoke":
            waiver.allow(_waiver(session, store, number), signer, project.roles)
        store.append([waiver.decision(said, signature, signer.name, project.document.project.name)])
    past = {"approve": "approved", "renew": "renewed", "revoke": "revoked"}
    print(f"{past[action]} W{number} as {signer.name}")
    if signer.trial:
        session.say("signed with a trial key: it proves nothing to others")
    return 0


def _waiver(session: Session, store: Store, number: int) -> Waiver:
    from .. import home, waiver

    project = session.project
    known = waiver.read(store, project.document.project.name, project.roles, home.signers(project))
    return next(one for one in known if one.id == f"W{number}")


def _import(session: Session, file: Path, by: str | None) -> int:
    from .. import waiver, waiverfile
    from ..source import Source
    from ..times import now
    from . import table

    project = session.project
    rows: list[list[str]] = []
    refused = False
    with session.writing() as store:
        for one in waiverfile.read(Source.from_path(file), project.gates, store, now()):
            drafts: list[Draft] = []
            if one.usable and one.expires_at is not None:
                draft = waiver.request(
                    project=project.document.project.name,
                    gate=one.gate,
                    finding=one.finding,
                    findings=one.findings,
                    reason=one.reason,
                    controls=one.controls,
                    by=one.by or by or _me(session),
                    expires_at=one.expires_at,
                )
                drafts.append(draft)
            numbers = store.append(drafts)
            refused = refused or not numbers
            rows.append([f"W{numbers[0]}" if numbers else "refused", one.target, "; ".join(one.defects) or "requested"])
    for line in table.lines(rows, header=["ID", "FOR", "DEFECTS"]) if rows else ["no waivers in this file"]:
        print(line)
    return 2 if refused else 0


def _require_waivable(session: Session, gate: str | None) -> None:
    from ..configuration import near
    from ..errors import UsageError

    known = session.project.gates
    if gate is not None and gate not in known:
        raise UsageError(f"--gate {gate!r}: no such gate{near(gate, known)}", hint="`compliance gates` lists them")
    if gate is not None and not known[gate].gate.waivable:
        raise UsageError(f"{gate} can never be waived", hint=f"compliance explain {gate} says what turns it green")


def _end(text: str | None) -> datetime | None:
    from ..errors import InputError, UsageError
    from ..times import now, read_span

    if text is None:
        return None
    try:
        ends = now() + read_span(text)
    except InputError:
        ends = read_time("--until", text) or now()
    if ends <= now():
        raise UsageError(f"--until {text}: has passed already")
    return ends


def _number(name: str) -> int:
    from ..errors import UsageError

    digits = name.removeprefix("W").removeprefix("w")
    if not digits.isdecimal():
        raise UsageError(f"{name!r}: expected the id of a waiver, such as W12", hint="`compliance waive list` lists them")
    return int(digits)


def _me(session: Session) -> str:
    """Returns the e-mail address that git knows, else the name of the user of this machine."""
    import getpass

    from dulwich.errors import NotGitRepository
    from dulwich.repo import Repo

    try:
        with Repo.discover(str(session.project.root)) as repo:
            return repo.get_config_stack().get((b"user",), b"email").decode("utf-8", "replace")
    except (NotGitRepository, KeyError, OSError):
        return getpass.getuser()


_COMMANDS = (("request", _request), ("baseline", _baseline), ("approve", _approve), ("renew", _renew), ("revoke", _revoke), ("list", _list))
for _name, _function in _COMMANDS:
    app.command(_name)(command(_function))
