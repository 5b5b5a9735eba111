"""``compliance report``: writes the signed audit report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .session import Clock, Session, print_json, read_time
from .signing import ask

if TYPE_CHECKING:
    from ..assessment import Assessment
    from ..report.audit import MadeReport
    from ..sign.keys import SigningKey

ReportFormat = Annotated[
    Literal["pdf", "html", "json", "oscal"],
    typer.Option("--format", help="pdf: signed; html: the same page unsigned; json: its model; oscal: assessment results."),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="File to write.", show_default="from project and time")]
Key = Annotated[
    Path | None, typer.Option("--key", help="Key that signs, before the configured one: a PKCS#12 or PEM file, or a pkcs11: URI.")
]
Point = Annotated[str, typer.Option("--point", envvar="COMPLIANCE_POINT", help="Decision point.")]
Page = Annotated[
    Literal["A4", "Letter"] | None,
    typer.Option("--page", envvar="COMPLIANCE_PAGE", case_sensitive=False, help="Paper.", show_default="[report] page, else A4"),
]


def run(
    session: Session,
    point: Point = "production",
    output: Output = None,
    bundle: Annotated[Path | None, typer.Option(help="Folder that receives the report's files as well, signed together.")] = None,
    key: Key = None,
    clock: Clock = None,
    redact: Annotated[
        list[str] | None, typer.Option(help="Make a copy for outsiders without paths, people or code (repeatable, or with commas).")
    ] = None,
    page: Page = None,
    format: ReportFormat = "pdf",
) -> int:
    """Judge, record the judgement, and write the signed audit report."""
    time, classes = read_time("--clock", clock), redact or ()
    signing_key = ready(session, output, key)
    _, made, path = make(session, point, output, signing_key, page=page, clock=time, format=format, bundle=bundle, redact=classes)
    print_made(session, made, path)
    return 0


def ready(session: Session, output: Path | None, key: Path | None) -> SigningKey:
    """Returns the key that signs, before anything is done that takes long.

    Raises:
        SigningKeyError: There is none, or it cannot be used.
        UsageError: The report cannot be written there.
    """
    from .. import home
    from ..errors import UsageError

    if output is not None and output.is_dir():
        raise UsageError(f"--output {output}: a folder", hint=f"name a file in it: {output / 'report.pdf'}")
    return home.signing_key(session.project, key, ask)


def make(
    session: Session,
    point: str,
    output: Path | None,
    key: SigningKey,
    *,
    page: str | None = None,
    clock: datetime | None = None,
    format: str = "pdf",
    bundle: Path | None = None,
    redact: Sequence[str] = (),
) -> tuple[Assessment, MadeReport, Path]:
    """Makes the report and writes it, with the checkpoint of the ledger beside it."""
    from .. import home
    from ..judgement.judging import judge
    from ..report import audit
    from ..report.redact import read_classes
    from ..report.signing import Signing
    from ..times import now
    from .files import default_path, write_whole

    classes = read_classes(redact)
    with session.writing() as store, session.working("judging") as say:
        judged = judge(session.project.printed_on(page), store, point, clock=clock)
        say("rendering and signing")
        made = audit.make(judged, Signing(key, now(), home.timestamping(session.project)), redact=classes)
    assessment = judged.assessment
    suffix = "oscal.json" if format == "oscal" else format
    path = output or default_path(assessment, f".{suffix}")
    write_whole(path, _content(made, format))
    write_whole(path.with_name(path.name + ".checkpoint.txt"), made.checkpoint.encode())
    if bundle is not None:
        _write_bundle(bundle, made, key)
    return assessment, made, path


def print_made(session: Session, made: MadeReport, path: Path) -> None:
    """Says what was written and how it can be checked."""
    if made.model.redacted:
        session.say(f"redacted copy without {', '.join(made.model.redacted)}: it holds neither these values nor free texts")
    if made.model.signer.trial:
        session.say("signed with a trial key: it proves nothing to others; configure a PKCS#12 key in [sign] key")
    session.say(f"verify with: compliance verify {path} --store {session.store_location}")
    print(f"report {made.id}  {path}")


def print_made_json(assessment: Assessment, made: MadeReport, path: Path) -> None:
    """Prints the result of ``release`` for programs."""
    from ..documents.proving import ReleaseDocument, WrittenReport
    from ..record import sha256_hex
    from ..report.json import check_document

    written = WrittenReport(id=made.id, path=str(path), sha256=sha256_hex(made.pdf), trial_key=made.model.signer.trial)
    print_json(ReleaseDocument(report=written, check=check_document(assessment)))


def _content(made: MadeReport, format: str) -> bytes:
    from ..report import html, oscal
    from ..report.bundle import model_json, pretty

    if format == "oscal":
        return pretty(oscal.document(made.model))
    if format == "html":
        return html.render(made.model).encode()
    return model_json(made.model) if format == "json" else made.pdf


def _write_bundle(folder: Path, made: MadeReport, key: SigningKey) -> None:
    """Writes the report's files, and last the envelope over their digests: without it the folder is not signed."""
    from ..report import attestation
    from .files import write_whole

    files = {file.name: file.content for file in made.attachments}
    for name, content in files.items():
        write_whole(folder / name, content)
    write_whole(folder / attestation.SEAL, attestation.seal(key, made.id, files))
