"""Statements that people sign: approvals, rejections, waivers. Canonical JSON under an SSH key or a key with a certificate.

Both ways mean the same: whoever holds the key said this. Who that is comes from the verifier's own lists (allowed signers, trusted
certificates), never from the signature.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from ..errors import InputError, SigningKeyError
from ..record import Json, canonical

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from .keys import SigningKey
    from .trust import TrustStore

PAYLOAD_TYPE: Final = "application/vnd.compliance-toolkit.statement+json"
"""Type of a statement under a certificate's key (see `dsse`)."""
_SSH_KEY: Final = (b"-----BEGIN OPENSSH PRIVATE KEY-----", b"ssh-", b"ecdsa-sha2-", b"sk-ssh-", b"sk-ecdsa-")
_CHAIN_LIMIT: Final = 10


@dataclass(frozen=True)
class Signature:
    """A signature under a statement, as it is stored and as it travels."""

    method: Literal["sshsig", "x509", "pdf"]
    value: str
    """The armoured SSH signature, or base64 of the raw one; of a PDF the name of the field, which holds signature and statement."""
    certificates: tuple[str, ...] = ()
    """Base64 DER: the signer's certificate, then those above it. Links, never anchors."""

    @property
    def json(self) -> dict[str, Json]:
        """The signature as a JSON object."""
        return {"method": self.method, "value": self.value, "certificates": list(self.certificates)}

    @classmethod
    def read(cls, value: Json) -> Signature:
        """Reads such an object.

        Raises:
            InputError: It is none.
        """
        match value:
            case {"method": "sshsig" | "x509" | "pdf" as method, "value": str(text), "certificates": list(certificates)} if len(value) == 3:
                if all(isinstance(one, str) for one in certificates) and len(certificates) <= _CHAIN_LIMIT:
                    return cls(method, text, tuple(certificates))
        raise InputError("no signature", expected="an object with method (sshsig or x509), value and certificates", where="/signature")


@dataclass(frozen=True)
class Signer:
    """Who signed, as the verifier knows them."""

    name: str
    """Principal of the allowed signers, or the certificate's e-mail address, else its common name."""
    key: str
    """``SHA256:`` and base64 for SSH keys, ``sha256:`` and hexadecimal digits of the certificate otherwise."""
    trial: bool = False
    """The key is one for trying out: it proves nothing to others."""


@dataclass(frozen=True)
class Signers:
    """Whose signatures count."""

    allowed: Sequence[Path | str] = ()
    """Lists of allowed SSH signers: files, or texts."""
    trust: TrustStore | None = field(default=None)

    def verify(self, statement: bytes, signature: Signature, at: datetime) -> Signer:
        """Verifies a signature under a statement.

        Args:
            statement: Canonical JSON.
            signature: What was made of it.
            at: When the key must have been valid: the time at which the signature was recorded.

        Raises:
            InputError: The signature does not fit, or is none.
            SigningKeyError: Nobody whose signature counts made it.
        """
        if signature.method == "sshsig":
            return self._ssh(statement, signature.value.encode("utf-8", "replace"), at)
        return self._x509(statement, signature, at)

    def _ssh(self, statement: bytes, armoured: bytes, at: datetime) -> Signer:
        from .ssh import DECISION_NAMESPACE, verify_ssh_signature

        if not self.allowed:
            raise SigningKeyError("signed with an SSH key, but no key is trusted", hint="name an allowed_signers file in [sign] trust")
        found = verify_ssh_signature(statement, armoured, self.allowed, namespace=DECISION_NAMESPACE, at=at)
        return Signer(found.identity, found.key_fingerprint)

    def _x509(self, statement: bytes, signature: Signature, at: datetime) -> Signer:
        certificate, *chain = _fitting(statement, signature)
        return self.holder(certificate, chain, at)

    def holder(self, certificate: Certificate, chain: Sequence[Certificate], at: datetime) -> Signer:
        """Returns who signs with a certificate.

        Args:
            certificate: Whose key made a signature; that is for the caller to verify.
            chain: Certificates that came with it. Links, never anchors.
            at: When it must have been valid.

        Raises:
            SigningKeyError: It was not valid then, or nobody whose signature counts holds it.
        """
        from .keys import certificate_fingerprint
        from .trust import judge_signer

        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            raise SigningKeyError(f"the certificate of {name_of(certificate)} was not valid at {at.isoformat()}")
        if self.trust is None:
            raise SigningKeyError("signed under a certificate, but none is trusted", hint="name it in [sign] trust")
        judged = judge_signer(self.trust, certificate, chain=chain, when=at)
        if judged.status == "unknown":
            raise SigningKeyError(judged.detail, hint="compare the certificate with its owner, then name it in [sign] trust")
        return Signer(name_of(certificate), f"sha256:{certificate_fingerprint(certificate)}", judged.status == "trial")


def key_of(statement: bytes, signature: Signature) -> str:
    """Returns the key that made a signature under a statement, whoever holds it; written as in `Signer`.

    Args:
        statement: Canonical JSON.
        signature: What was made of it, by an SSH key or one with a certificate.

    Raises:
        InputError: The signature does not fit, or is none.
        SigningKeyError: ``ssh-keygen`` is missing.
    """
    if signature.method == "sshsig":
        from .ssh import DECISION_NAMESPACE, ssh_key_of

        return ssh_key_of(statement, signature.value.encode("utf-8", "replace"), namespace=DECISION_NAMESPACE)
    from .keys import certificate_fingerprint

    return f"sha256:{certificate_fingerprint(_fitting(statement, signature)[0])}"


def sign(statement: Mapping[str, Json], key: Path | SigningKey) -> Signature:
    """Signs a statement.

    Args:
        statement: Signed as canonical JSON.
        key: An SSH key file (see `is_ssh_key`), or a key with its certificate.

    Raises:
        SigningKeyError: The key cannot be used.
    """
    data = canonical(dict(statement))
    if isinstance(key, Path):
        from .ssh import DECISION_NAMESPACE, sign_with_ssh

        return Signature("sshsig", sign_with_ssh(data, key, namespace=DECISION_NAMESPACE).decode())
    from . import dsse
    from .keys import certificate_der

    value = base64.b64encode(dsse.sign(key, PAYLOAD_TYPE, data)).decode()
    chain = tuple(base64.b64encode(certificate_der(one)).decode() for one in (key.certificate, *key.chain))
    return Signature("x509", value, chain)


def is_ssh_key(path: Path) -> bool:
    """Tells whether a file is an SSH key, private or public, and not one with a certificate.

    Raises:
        SigningKeyError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(64).lstrip().startswith(_SSH_KEY)
    except OSError as error:
        raise SigningKeyError(f"key {path}: {error.strerror}") from error


def name_of(certificate: Certificate) -> str:
    """Returns the e-mail address that a certificate is made out to, else the common name of its subject."""
    from cryptography import x509

    from .keys import subject_name

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        emails = names.get_values_for_type(x509.RFC822Name)
    except (x509.ExtensionNotFound, ValueError):
        emails = []
    return str(emails[0]) if emails else subject_name(certificate)


def _fitting(statement: bytes, signature: Signature) -> list[Certificate]:
    """Returns the certificate whose key made a signature, then those above it."""
    from . import dsse

    certificates = _certificates(signature)
    try:
        raw = base64.b64decode(signature.value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("broken base64", expected="a signature", where="/signature/value") from error
    dsse.verify(certificates[0].public_key(), raw, PAYLOAD_TYPE, statement)
    return certificates


def _certificates(signature: Signature) -> list[Certificate]:
    from cryptography import x509

    try:
        found = [x509.load_der_x509_certificate(base64.b64decode(one, validate=True)) for one in signature.certificates]
    except (binascii.Error, ValueError) as error:
        raise InputError("a certificate that cannot be read", expected="base64 of DER", where="/signature/certificates") from error
    if not found:
        raise InputError("no certificate", expected="the signer's", where="/signature/certificates")
    return found
