"""``compliance sign``: records what somebody decides in a role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .session import Session, read_time

if TYPE_CHECKING:
    from ..decision import Promise, Said, Word
    from ..packet.receive import Received
    from ..project import Project
    from ..role import Role
    from ..sign.statement import Signer

Condition = Annotated[
    list[str] | None,
    typer.Option("--condition", help="TEXT; owner=NAME; due=DAY; gate=ID (or kind=KIND), which closes it (repeatable)."),
]


def run(
    session: Session,
    role: Annotated[str, typer.Option(help="Role that is signed for.", show_default=False)],
    key: Annotated[Path | None, typer.Option(help="Your SSH key, a PKCS#12 or PEM file, or a pkcs11: URI.", show_default=False)] = None,
    approve: Annotated[bool, typer.Option("--approve", help="The release may go ahead.")] = False,
    approve_with_conditions: Annotated[
        bool, typer.Option("--approve-with-conditions", help="It may go ahead; each --condition says what must follow.")
    ] = False,
    reject: Annotated[bool, typer.Option("--reject", help="It may not go ahead; --reason says why.")] = False,
    delegate: Annotated[str | None, typer.Option(help="Let this person sign for the role until --expires.")] = None,
    condition: Condition = None,
    reason: Annotated[str | None, typer.Option(help="Why; a rejection and an override must say.")] = None,
    override: Annotated[bool, typer.Option("--override", help="Approve although the evidence says no-go, if the role may.")] = False,
    point: Annotated[
        str | None, typer.Option(envvar="COMPLIANCE_POINT", help="Decision point.", show_default="production, or that of the packet")
    ] = None,
    expires: Annotated[str | None, typer.Option(help="When the decision stops counting.", show_default="as the role says")] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Sign in the role's field of this packet.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Signed packet to write.", show_default="the packet itself")] = None,
    statement: Annotated[Path | None, typer.Option(help="Write what is to be signed into this file, and sign nothing.")] = None,
) -> int:
    """Record a role's decision on the release, with your signature."""
    from ..errors import UsageError
    from ..point import DEFAULT

    word = _word(approve, approve_with_conditions, reject, delegate)
    if (key is None) == (statement is None) or (pdf is not None and statement is not None):
        raise UsageError("a decision is signed with --key, or written out with --statement", hint="give one of them; --pdf goes with --key")
    words = _Words(role, word, override, reason, tuple(_condition(session.project, text) for text in condition or ()), delegate)
    if pdf is not None and key is not None:
        if expires is not None:
            raise UsageError("--expires with --pdf: how long an approval counts is printed in the packet")
        return _sign_packet(session, words, key, pdf, output or pdf, point)
    if output is not None:
        raise UsageError("--output without --pdf")
    return _sign_ledger(session, words, key, statement, point or DEFAULT, expires)


@dataclass(frozen=True)
class _Words:
    """What is decided, as it was given."""

    role: str
    word: Word
    override: bool
    reason: str | None
    conditions: tuple[Promise, ...]
    to: str | None


def _sign_ledger(session: Session, words: _Words, key: Path | None, statement_file: Path | None, point: str, expires: str | None) -> int:
    """Signs the release as it stands, or writes out what is to be signed elsewhere."""
    from .. import decision, home
    from ..judgement.judging import judge, judged_before
    from ..packet.issue import newest
    from ..record import canonical
    from ..sign import statement
    from ..times import now
    from .signing import statement_key

    at, holder = now(), _role(session.project, words.role)
    with session.writing() as store:
        judged = judge(session.project, store, point)
        assessment = judged.assessment
        said = decision.Said(
            role=holder.id,
            decision=words.word,
            assessment=judged_before(store, assessment),
            point=point,
            decision_digest=assessment.decision_digest,
            packet=newest(store, assessment.decision_digest),
            at=at,
            expires_at=_expiry(expires, at, holder),
            override=words.override,
            reason=words.reason,
            to=words.to,
            conditions=words.conditions,
        )
        stated = said.statement(store.origin)
        if key is None:
            decision.require_clear(said, holder, assessment.evidence_outcome)
            return _write_statement(session, statement_file or Path("decision.json"), canonical(stated))
        signature = statement.sign(stated, statement_key(key))
        signer = home.signers(session.project).verify(canonical(stated), signature, now())
        decision.require_sound(said, holder, assessment.evidence_outcome, judged.view.sign_offs, signer, session.project.roles)
        numbers = store.append(decision.drafts(said, signature, signer.name, decision.drawn(assessment)))
    _show(session, numbers[0], said, signer, holder.title)
    return 0


def _write_statement(session: Session, path: Path, content: bytes) -> int:
    from ..sign.ssh import DECISION_NAMESPACE
    from .files import write_whole

    write_whole(path, content)
    print(f"written  {path}")
    session.say(f"sign it with: ssh-keygen -Y sign -n {DECISION_NAMESPACE} -f KEY {path}")
    session.say(f"and record it, with its signature beside it, with: compliance ingest {path}")
    return 0


def _sign_packet(session: Session, words: _Words, key: Path, pdf: Path, output: Path, point: str | None) -> int:
    """Signs in the role's field of a packet, and records it where the packet's store is at hand."""
    from .. import decision, home
    from ..errors import UsageError
    from ..packet.sign import decide, open_slot, sign
    from ..packet.signed import read_packet
    from ..source import Source
    from ..times import now
    from .files import write_whole
    from .signing import statement_key

    packet = read_packet(bytes(Source.from_path(pdf).data))
    if point not in (None, packet.packet.point):
        raise UsageError(f"--point {point}: the packet is for {packet.packet.point}")
    slot = open_slot(packet, words.role)
    said = decide(
        packet,
        slot,
        words.word,
        now().replace(microsecond=0),
        override=words.override,
        reason=words.reason,
        conditions=words.conditions,
    )
    decision.require_clear(said, slot.as_role, packet.packet.evidence_outcome)
    signing = statement_key(key)
    if isinstance(signing, Path):
        raise UsageError("a PDF is signed with a certificate, not with an SSH key", hint="give a PKCS#12 file, or sign without --pdf")
    made = sign(packet, slot, said, signing, timestamping=home.timestamping(session.project, most="B-T"))
    recorded = _record(session, made, slot.name)
    write_whole(output, made)
    if recorded is None or recorded.entry is None:
        print(f"{output}  {words.word} for {slot.title} as {signing.subject}")
        session.say(f"no store here: where it lies, it is recorded with: compliance ingest {output}")
    elif recorded.by is not None:
        _show(session, recorded.entry, said, recorded.by, slot.title)
    return 0


def _record(session: Session, pdf: bytes, field: str) -> Received | None:
    """Records the signature in a field; None where there is no store.

    Raises:
        UsageError: It would not count.
    """
    from .. import home
    from ..errors import UsageError
    from ..packet.receive import receive
    from ..times import now

    if not session.store_location.exists():
        return None
    with session.writing() as store:
        results = receive(store, session.project, pdf, home.signers(session.project), now())
    made = next(one for one in results if one.field == field)
    if made.status == "refused":
        raise UsageError(f"nothing was written: {made.reason}")
    return made


def _show(session: Session, number: int, said: Said, signer: Signer, role: str) -> None:
    from ..times import show_due

    print(f"#{number}  {said.decision} for {role} as {signer.name}, decision {said.decision_digest[:12]}")
    for opened, promise in enumerate(said.conditions, number + 1):
        print(f"C{opened}  {promise.text}; {promise.owner}, due {show_due(promise.due_at)}")
    if signer.trial:
        session.say("signed with a trial key: it proves nothing to others")
    session.say("compliance status shows who is still missing")


def _word(approve: bool, approve_with_conditions: bool, reject: bool, delegate: str | None) -> Word:
    from ..errors import UsageError

    words: dict[Word, bool] = {
        "approve": approve,
        "approve-with-conditions": approve_with_conditions,
        "reject": reject,
        "delegate": delegate is not None,
    }
    chosen = [word for word, given in words.items() if given]
    if len(chosen) != 1:
        raise UsageError(f"{len(chosen)} decisions", hint="give one of --approve, --approve-with-conditions, --reject and --delegate NAME")
    return chosen[0]


def _role(project: Project, name: str) -> Role:
    from ..configuration import near
    from ..errors import UsageError

    known = {one.id: one for one in project.roles}
    if name not in known:
        raise UsageError(f"--role {name!r}: no such role{near(name, known)}", hint="roles stand in [roles.NAME] of compliance.toml")
    return known[name]


def _expiry(text: str | None, at: datetime, role: Role) -> datetime:
    from ..errors import InputError
    from ..times import read_span

    if text is None:
        return at + role.validity
    try:
        return at + read_span(text)
    except InputError:
        return read_time("--expires", text) or at


def _condition(project: Project, text: str) -> Promise:
    """Reads ``TEXT; owner=NAME; due=DAY; gate=ID``."""
    from ..configuration import near
    from ..decision import Promise
    from ..errors import InputError, UsageError
    from ..times import read_due

    what, *rest = [part.strip() for part in text.split(";")]
    words = dict(part.partition("=")[::2] for part in rest)
    unknown = words.keys() - {"owner", "due", "gate", "kind"}
    if unknown or not what or not words.get("owner") or not words.get("due") or ("gate" in words) == ("kind" in words):
        raise UsageError(f"--condition {text!r}", hint='write it as "TEXT; owner=NAME; due=DAY; gate=ID", or kind=KIND')
    for name, known in (("gate", project.gates), ("kind", project.catalog.kinds)):
        if name in words and words[name] not in known:
            raise UsageError(f"--condition: no {name} {words[name]!r}{near(words[name], list(known))}")
    try:
        due = read_due(words["due"])
    except InputError as error:
        raise UsageError(f"--condition due={error.reason}") from error
    return Promise(text=what, owner=words["owner"], due_at=due, gate=words.get("gate"), kind=words.get("kind"))
