"""``compliance timestamp``: prolongs signed documents by a further timestamp."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .session import Format, Session, print_json, show_path

if TYPE_CHECKING:
    from ..documents.proving import StampedFile
    from ..sign.timestamp import Timestamping
    from ..sign.trust import TrustStore


def run(
    session: Session,
    paths: Annotated[list[Path], typer.Argument(help="Reports, packets or decision records (PDF).", show_default=False)],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write.", show_default="the document itself")] = None,
    format: Format = "text",
) -> int:
    """Prolong signed documents. Adds a timestamp of the configured authority, before the certificate of the last one expires."""
    from .. import home
    from ..documents.proving import TimestampDocument
    from ..errors import ConfigError, UsageError

    if output is not None and (len(paths) > 1 or output.is_dir()):
        raise UsageError(f"--output {output}: {'a folder' if output.is_dir() else f'one file for {len(paths)} documents'}")
    timestamping = home.timestamping(session.project)
    if timestamping is None:
        raise ConfigError("no timestamp authority", hint="name one in [sign] timestamp of compliance.toml")
    trust = home.trust_store(session.project, ())
    files = []
    for path in paths:
        with session.working(f"verifying {path}") as say:
            files.append(_prolonged(session, path, output or path, timestamping, trust))
            say(f"{path}: {files[-1].status}")
    if format == "json":
        print_json(TimestampDocument(files=files))
    else:
        for one in files:
            print(_line(one))
    return 4 if any(one.status == "refuted" for one in files) else 0


def _prolonged(session: Session, path: Path, output: Path, timestamping: Timestamping, trust: TrustStore) -> StampedFile:
    """Verifies a document, adds the timestamp, and writes it; what is refuted is left as it is."""
    from .. import home
    from ..documents.proving import StampedFile
    from ..errors import SigningKeyError
    from ..sign.prolong import prolong
    from ..times import now
    from ..verification.verify import read_signed, verify_path
    from .files import write_whole

    content = read_signed(path)
    found = verify_path(path, trust, home.allowed_signers(session.project), store=None, project=session.project, replay=False)
    refuted = [f"{one.name}: {one.detail}" for one in found.checks if one.status == "refuted"]
    if refuted:
        return StampedFile(path=show_path(path), status="refuted", reason="; ".join(refuted))
    if not found.trusted:
        session.say(f"{path}: its signer is not trusted here: {found.signer['detail']}")
    try:
        made = prolong(content, timestamping, trust, now())
    except SigningKeyError as error:
        raise SigningKeyError(f"{show_path(path)}: {error.message}", hint=error.hint) from error
    write_whole(output, made.pdf)
    return StampedFile(
        path=show_path(path), status="timestamped", output=show_path(output), at=made.at, authority=made.authority, until=made.until
    )


def _line(one: StampedFile) -> str:
    from ..plaintext import safe

    if one.at is None or one.until is None:
        return safe(f"{one.path}  REFUTED, left as it is: {one.reason}")
    return safe(f"{one.output}  {one.at:%Y-%m-%d %H:%M:%S} UTC by {one.authority}; prolong it again before {one.until:%Y-%m-%d}")
