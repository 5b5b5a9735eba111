"""``compliance packet``: writes the sign-off packet for a decision point."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .report import Key, Output, Page, Point
from .session import Clock, Format, Session, print_json, read_time

if TYPE_CHECKING:
    from ..judgement.judging import Judged
    from ..packet.issue import IssuedPacket
    from ..sign.keys import SigningKey


def run(
    session: Session,
    point: Point = "production",
    output: Output = None,
    key: Key = None,
    page: Page = None,
    clock: Clock = None,
    final: Annotated[
        bool, typer.Option("--final", help="Write the decision record instead: packets, decisions and report in one file.")
    ] = False,
    format: Format = "text",
) -> int:
    """Judge, record the judgement, and write the PDF for signing. It has one signature field for each signature that is needed."""
    from .. import home
    from ..judgement.judging import judge
    from ..packet.issue import issue
    from ..report.signing import Signing
    from ..times import now
    from .files import default_path, write_whole
    from .signing import ask

    signing_key = home.signing_key(session.project, key, ask)
    with session.writing() as store, session.working("judging") as say:
        judged = judge(session.project.printed_on(page), store, point, clock=read_time("--clock", clock))
        say("rendering and certifying")
        if final:
            return _final(session, judged, signing_key, output, format)
        issued = issue(judged, Signing(signing_key, now(), home.timestamping(session.project, most="B-LT")))
    path = output or default_path(judged.assessment, "-packet.pdf")
    write_whole(path, issued.pdf)
    if signing_key.is_trial:
        session.say("certified with a trial key: it proves nothing to others; configure a PKCS#12 key in [sign] key")
    session.say("have it signed, then record the signatures with: compliance ingest FILE")
    _show(issued, path, signing_key.is_trial, format)
    return 0


def _final(session: Session, judged: Judged, key: SigningKey, output: Path | None, format: str) -> int:
    from .. import home
    from ..documents.proving import FinalDocument
    from ..packet.final import assemble
    from ..record import sha256_hex
    from ..report.signing import Signing
    from ..times import now
    from .files import default_path, write_whole

    made = assemble(judged, Signing(key, now(), home.timestamping(session.project)))
    record = made.record
    path = output or default_path(judged.assessment, "-decision.pdf")
    write_whole(path, made.pdf)
    session.say(f"verify it, with all that it carries, with: compliance verify {path}")
    if format == "json":
        document = FinalDocument(
            id=record.id,
            path=str(path),
            sha256=sha256_hex(made.pdf),
            decision_digest=record.decision_digest,
            evidence_outcome=record.evidence_outcome,
            outcome=record.outcome,
            attached=[one.name for one in made.attachments],
            trial_key=key.is_trial,
        )
        print_json(document)
        return 0
    print(f"decision record {record.id}  {path}")
    print(f"{record.question} {record.word}: {record.because}")
    return 0


def _show(issued: IssuedPacket, path: Path, trial: bool, format: str) -> None:
    from ..documents.proving import PacketDocument
    from ..record import sha256_hex
    from . import table

    packet = issued.packet
    if format == "json":
        print_json(
            PacketDocument(
                id=packet.id,
                path=str(path),
                sha256=sha256_hex(issued.pdf),
                packet=issued.sha256,
                decision_digest=packet.decision_digest,
                evidence_outcome=packet.evidence_outcome,
                fields={slot.name: slot.role for slot in packet.slots},
                trial_key=trial,
            )
        )
        return
    print(f"packet {packet.id}  {path}")
    print(f"{packet.question} The evidence says {packet.evidence_outcome}; decision {packet.decision_digest[:12]}")
    rows = [[slot.name, slot.title, ", ".join(slot.people) or "nobody is named"] for slot in packet.slots]
    for line in table.lines(rows, header=["FIELD", "ROLE", "SIGNED BY"]):
        print(line)
