"""What was proven of a report's files outside the PDF: a folder that ``report --bundle`` wrote, or one signed envelope."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import ComplianceError, InputError, first_line
from ..location import Location
from ..record import shorten
from ..report import attestation, bundle, bundle_check, bundle_files, vsa
from ..sign import intoto
from ..sign.checks import Check
from ..sign.dsse import SIZE_LIMIT, Envelope
from ..sign.keys import certificate_fingerprint, subject_name
from ..sign.trust import TrustStore, judge_signer
from .verify import Verification, anchored, derived

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from ..project import Project

FOLDER_LIMIT: Final = 512 << 20
"""Bytes of all files of a folder."""
MOST_FILES: Final = 100
WORDS_LIMIT: Final = 300
"""Characters of what is said of a statement, which may be anybody's."""
UNSIGNED: Final = {"status": "none", "detail": "not signed by anybody who is known here"}


def verify_folder(
    folder: Path, trust: TrustStore, allowed: Sequence[Path] = (), *, store: Location | None, project: Project
) -> Verification:
    """Verifies the folder that ``report --bundle`` wrote, or the attachments that were taken out of a report.

    Args:
        folder: The folder.
        trust: Whom the verifier trusts.
        allowed: Lists of the SSH signers that the verifier trusts.
        store: The store that the report is compared with.
        project: Policies with which its evidence is judged again.

    Raises:
        InputError: It is no such folder, or cannot be read.
    """
    files = read_folder(folder)
    sealed = files.pop(attestation.SEAL, None)
    content = bundle_check.verify(files)
    checks = [_sealed(sealed, files), *content]
    checks += derived(store, files, content, project, trust, allowed)
    if checks[0].status != "proven" or any(check.status == "refuted" for check in content):
        return Verification(folder, tuple(checks), UNSIGNED, trusted=False)
    certificate, *chain = attestation.certificates(files[bundle.SIGNER])
    signed_at = bundle_files.model_of(files).made_at
    signer = _signer(trust, certificate, chain, signed_at)
    return Verification(
        folder,
        tuple(checks),
        signer,
        trusted=signer["status"] in ("trusted", "trial"),
        anchored_by=anchored(checks),
    )


def read_folder(folder: Path) -> dict[str, bytes]:
    """Reads the files of a bundle's folder.

    Raises:
        InputError: It is no such folder, cannot be read, or is larger than `FOLDER_LIMIT`.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_file())
        size = sum(path.stat().st_size for path in paths)
        if bundle.MODEL not in {path.name for path in paths}:
            raise InputError(f"a folder without {bundle.MODEL}", expected="one that report --bundle wrote", source=str(folder))
        if size > FOLDER_LIMIT or len(paths) > MOST_FILES:
            found = f"{len(paths)} files of {size} bytes"
            raise InputError(found, expected=f"at most {MOST_FILES} files of {FOLDER_LIMIT} bytes", source=str(folder))
        return {path.name: path.read_bytes() for path in paths}
    except OSError as error:
        raise InputError(error.strerror or str(error), source=str(folder)) from error


def _sealed(sealed: bytes | None, files: Mapping[str, bytes]) -> Check:
    name = "bundle-seal"
    if sealed is None:
        return Check(
            name, "not-proven", f"no {attestation.SEAL}: nothing signs the folder as a whole; verify the PDF that it was taken from"
        )
    try:
        certificate = attestation.certificates(files.get(bundle.SIGNER, b""))[0]
        return Check(name, "proven", attestation.check_seal(sealed, certificate, bundle_files.model_of(files).id, files))
    except (ComplianceError, LookupError, ValueError) as error:
        return Check(name, "refuted", first_line(error))


def verify_envelope(path: Path, trust: TrustStore) -> Verification:
    """Verifies a DSSE envelope: who signed it, what it says, and the files that it names where they lie beside it.

    Args:
        path: The file.
        trust: Whom the verifier trusts; a ``signer.pem`` beside the file may lead to them.

    Raises:
        InputError: It is no envelope, or cannot be read.
    """
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise InputError(f"{path.stat().st_size} bytes", expected=f"a DSSE envelope of at most {SIZE_LIMIT} bytes", source=str(path))
        envelope = Envelope.read(path.read_bytes())
    except OSError as error:
        raise InputError(error.strerror or str(error), source=str(path)) from error
    except InputError as error:
        error.source = str(path)
        raise
    beside = _beside(path)
    certificate = envelope.signed_by([*beside, *trust])
    checks = [_signature(envelope, certificate, [*beside, *trust])]
    checks += _statement(envelope, path.parent)
    if certificate is None:
        return Verification(path, tuple(checks), UNSIGNED, trusted=False)
    signed_at = _claimed(envelope)
    signer = _signer(trust, certificate, beside, signed_at)
    return Verification(path, tuple(checks), signer, trusted=signer["status"] in ("trusted", "trial"))


def _beside(path: Path) -> list[Certificate]:
    """Reads the signer's certificates from beside an envelope; what cannot be read helps nobody and harms nothing."""
    found = path.with_name(bundle.SIGNER)
    try:
        return attestation.certificates(found.read_bytes()) if found.is_file() and found.stat().st_size <= SIZE_LIMIT else []
    except (OSError, InputError):
        return []


def _signature(envelope: Envelope, certificate: Certificate | None, known: list[Certificate]) -> Check:
    name = "envelope-signature"
    if certificate is not None:
        return Check(name, "proven", f"made with the key of {subject_name(certificate)}")
    named = {one.keyid for one in envelope.signatures}
    if named & {certificate_fingerprint(one) for one in known}:
        return Check(name, "refuted", "not made with the key that it names: the payload or the signature was changed")
    return Check(name, "not-proven", f"no certificate with the key of {min(named)[:16] or 'its signer'}…; give it with --trust")


def _statement(envelope: Envelope, folder: Path) -> Iterator[Check]:
    name = "statement"
    if envelope.payload_type != intoto.PAYLOAD_TYPE:
        yield Check(name, "not-proven", f"payload of the type {envelope.payload_type[:80]!r}, which is not read here")
        return
    try:
        found = intoto.read(envelope.payload)
    except InputError as error:
        yield Check(name, "refuted", str(error))
        return
    yield Check(name, "proven", shorten(_words(found), WORDS_LIMIT))
    yield _files(dict(_named(found)), folder)


def _words(found: intoto.Statement) -> str:
    first = found.subjects[0]
    digest = ", ".join(f"{name} {value[:12]}" for name, value in first.digest.items())
    more = f" and {len(found.subjects) - 1} more" if len(found.subjects) > 1 else ""
    if found.predicate_type == vsa.PREDICATE_TYPE:
        levels = found.predicate.get("verifiedLevels")
        return f"{found.predicate.get('verificationResult')} {levels} for {first.uri or first.name} ({digest}){more}"
    return f"{found.predicate_type} about {first.name} ({digest}){more}"


def _named(found: intoto.Statement) -> Iterator[tuple[str, str]]:
    """Yields the files that a statement names by their SHA-256: its subjects, and the inputs of a VSA."""
    inputs = found.predicate.get("inputAttestations", [])
    described: list[Any] = [{"uri": one.name, "digest": one.digest} for one in found.subjects]
    for one in [*described, *(inputs if isinstance(inputs, list) else [])]:
        match one:
            case {"uri": str(name), "digest": {"sha256": str(digest)}} if name and "/" not in name and not name.startswith("."):
                yield name, digest


def _files(named: Mapping[str, str], folder: Path) -> Check:
    name = "statement-files"
    present = [one for one in sorted(named) if _is_beside(folder / one)]
    for one in present:
        try:
            with (folder / one).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            return Check(name, "not-proven", f"{one}: {error.strerror}")
        if digest != named[one]:
            return Check(name, "refuted", f"{one}: sha256 {digest[:16]}…; the statement says {named[one][:16]}…")
    missing = sorted(set(named) - set(present))
    if missing or not named:
        return Check(name, "not-proven", f"not beside the envelope: {', '.join(missing)[:200]}" if named else "it names no files")
    return Check(name, "proven", f"{len(present)} files beside it have the digests that it names")


def _is_beside(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is none, such as one of a thousand letters
        return False


def _claimed(envelope: Envelope) -> datetime | None:
    """Returns the time that a VSA says it was made at."""
    from ..times import read_rfc3339

    try:
        return read_rfc3339(str(intoto.read(envelope.payload).predicate.get("timeVerified")))
    except InputError:
        return None


def _signer(trust: TrustStore, certificate: Certificate, chain: list[Certificate], signed_at: datetime | None) -> dict[str, Any]:
    """Judges the signer by the clock of today: an envelope carries no timestamp that could show it to be older."""
    from ..times import now

    judged = judge_signer(trust, certificate, chain=chain)
    status: str = judged.status
    detail = judged.detail
    if status != "unknown" and not certificate.not_valid_before_utc <= now() <= certificate.not_valid_after_utc:
        end = certificate.not_valid_after_utc.isoformat()
        status, detail = "expired", f"the certificate is valid until {end}, and no timestamp shows that the signature is older; {detail}"
    return {
        "status": status,
        "subject": subject_name(certificate),
        "fingerprint": certificate_fingerprint(certificate),
        "signed_at": signed_at.isoformat() if signed_at else None,
        "detail": detail,
    }
