"""What a report's signer signs besides the PDF: the statement inside the report, and the list of the files outside of it.

`inside` gives the files that a report carries: the statement (`vsa`) in a DSSE envelope, and the signer's certificate. `seal` gives the one
that lies in a bundle's folder only: an envelope over the digests of all its files, the report's model among them, which nothing inside the
report can name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from .. import __version__
from ..assessment import Assessment
from ..errors import InputError
from ..record import sha256_hex
from ..sign import algorithms, intoto
from ..sign.dsse import Envelope, EnvelopeSignature
from . import bundle, vsa
from .model import ReportModel, Signer
from .pdf import Attachment

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from ..sign.keys import SigningKey

SEAL: Final = "bundle.dsse.json"
"""Name of the envelope over all files of a bundle's folder."""
FILES_TYPE: Final = f"{vsa.VERIFIER}#report-files/v1"
"""Predicate type of its statement: the subjects are the files of a report."""
_OWN: Final = frozenset({bundle.MODEL, bundle.SIGNER, bundle.VSA})
"""Files that the statement inside the report cannot name, or need not."""


def inside(key: SigningKey, assessment: Assessment, when: datetime) -> Callable[[Sequence[Attachment]], list[Attachment]]:
    """Returns what makes the signed attachments of a report from the others (see `build.Basis.attest`).

    Args:
        key: Who signs.
        assessment: The judgement.
        when: Time of the report.
    """

    def made(files: Sequence[Attachment]) -> list[Attachment]:
        signed = [bundle.attachment(bundle.SIGNER, pem(key))]
        statement = vsa.statement(assessment, when, __version__, inputs({one.name: one.content for one in files}))
        if statement is not None:
            signed.append(bundle.attachment(bundle.VSA, Envelope.made(key, intoto.PAYLOAD_TYPE, statement).write()))
        return signed

    return made


def inputs(files: Mapping[str, bytes]) -> dict[str, str]:
    """Returns the digests of the files that the statement inside a report names."""
    return {name: sha256_hex(content) for name, content in files.items() if name not in _OWN}


def pem(key: SigningKey) -> bytes:
    """Returns the signer's certificate and those above it, as ``signer.pem``."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return b"".join(one.public_bytes(Encoding.PEM) for one in (key.certificate, *key.chain))


def seal(key: SigningKey, report: str, files: Mapping[str, bytes]) -> bytes:
    """Returns the envelope over the digests of the files of a bundle's folder.

    Args:
        key: Who signs.
        report: The report's id.
        files: The files by name.

    Raises:
        SigningKeyError: The key cannot be used.
    """
    subjects = [intoto.Subject(name, {"sha256": sha256_hex(content)}) for name, content in sorted(files.items())]
    return Envelope.made(key, intoto.PAYLOAD_TYPE, intoto.write(subjects, FILES_TYPE, {"report": report})).write()


def certificates(data: bytes) -> list[Certificate]:
    """Reads ``signer.pem``: the signer's certificate, then those above it.

    Raises:
        InputError: It holds none.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        found = x509.load_pem_x509_certificates(data)
        for one in found:  # they are read when they are asked: a broken one must not surprise whoever asks later
            _ = one.subject, one.issuer, one.extensions, one.public_key(), one.not_valid_before_utc, one.not_valid_after_utc
        return found
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError("no certificate that can be read", expected="PEM certificates", source=bundle.SIGNER) from error


def check_statement(model: ReportModel, files: Mapping[str, bytes]) -> str:
    """Checks that the attached certificate is the printed one, and that its key signed a statement of this very decision.

    Raises:
        InputError: It is not.
    """
    certificate = certificates(files[bundle.SIGNER])[0]
    if not _is_of(model.signer, certificate):
        raise InputError("another certificate than the one that the report prints", source=bundle.SIGNER)
    expected = vsa.statement(model.assessment, model.made_at, model.toolkit, inputs(files))
    if expected is None:
        return f"the certificate of {model.signer.subject}; no commit was judged, so that there is no statement"
    envelope = _opened(bundle.VSA, files[bundle.VSA], certificate)
    if (envelope.payload_type, envelope.payload) != (intoto.PAYLOAD_TYPE, expected):
        raise InputError("a statement that the judgement in the report does not give", source=bundle.VSA)
    return f"{model.signer.subject} signed the statement on commit {(model.assessment.subject.commit or '')[:12]}: {_result(expected)}"


def _opened(name: str, data: bytes, certificate: Certificate) -> Envelope:
    """Reads an envelope that the signer made: in its one form, so that no byte of it can change unnoticed."""
    from ..sign.keys import certificate_fingerprint

    envelope = Envelope.read(data)
    if envelope.signed_by([certificate]) is None:
        raise InputError(f"not signed with the key of the certificate in {bundle.SIGNER}", source=name)
    value = envelope.signatures[0].value
    public_key = algorithms.require_supported(certificate.public_key(), bundle.SIGNER)
    exact = EnvelopeSignature(certificate_fingerprint(certificate), algorithms.canonical_form(public_key, value))
    if Envelope(envelope.payload_type, envelope.payload, (exact,)).write() != data:
        raise InputError("another form of the envelope than this toolkit writes", source=name)
    return envelope


def _is_of(signer: Signer, certificate: Certificate) -> bool:
    from ..sign.keys import certificate_fingerprint, is_trial_certificate, subject_name

    found = subject_name(certificate), certificate_fingerprint(certificate), is_trial_certificate(certificate)
    return (*found, certificate.not_valid_after_utc) == (signer.subject, signer.fingerprint, signer.trial, signer.not_after)


def _result(statement: bytes) -> str:
    return str(intoto.read(statement).predicate["verificationResult"])


def check_seal(data: bytes, certificate: Certificate, report: str, files: Mapping[str, bytes]) -> str:
    """Checks that the files of a folder are those that its envelope lists, all of them and no other.

    Raises:
        InputError: They are not, or the certificate's key did not sign.
    """
    envelope = _opened(SEAL, data, certificate)
    found = intoto.read(envelope.payload)
    if (envelope.payload_type, found.predicate_type, found.predicate) != (intoto.PAYLOAD_TYPE, FILES_TYPE, {"report": report}):
        raise InputError("no list of this report's files", source=SEAL)
    listed = {one.name: one.digest.get("sha256") for one in found.subjects}
    here = {name: sha256_hex(content) for name, content in files.items()}
    if listed != here:
        name = min(one for one in {*listed, *here} if listed.get(one) != here.get(one))
        raise InputError("not the file that was signed" if name in here and name in listed else "signed or here, but not both", source=name)
    return f"{len(here)} files are those that were signed"
