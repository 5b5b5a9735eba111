"""Signatures that come with a file."""

from __future__ import annotations

from pathlib import Path

from ..errors import ComplianceError, InputError
from ..project import Project
from ..record import Json
from ..source import Source
from ..times import now
from ..walk import SIGNATURE_SUFFIX


def detached(project: Project, path: Path, source: Source) -> dict[str, Json]:
    """Checks a detached SSH signature that lies beside a file.

    Returns:
        The members ``signature`` and ``signer`` of `binding.Origin`; empty when there is no signature.

    Raises:
        InputError: It is no signature of the file by a trusted key.
    """
    beside = path.with_name(path.name + SIGNATURE_SUFFIX)
    if not beside.is_file():
        return {}
    from ..sign.ssh import NAMESPACE, verify_ssh_signature

    trusted = [project.beside(name) for name in project.document.sign.trust if not name.endswith((".pem", ".crt"))]
    if not trusted:
        raise InputError(f"signed ({beside.name}), but no key is trusted", hint="name an allowed_signers file in [sign] trust")
    try:
        signature = Source.from_path(beside).document
        signer = verify_ssh_signature(bytes(source.data), signature, trusted, namespace=NAMESPACE, at=now())
    except ComplianceError as error:
        raise InputError(f"signature {beside.name}: {error}", expected="a signature by a trusted key") from error
    public = {"method": "sshsig", "key": signer.key_fingerprint, "sha256": Source(beside.name, signature).sha256}
    return {"signature": public, "signer": signer.identity}
