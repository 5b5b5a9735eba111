"""Keys that sign, with the certificates that name their holders: in a file, on a token, or behind a command.

`SigningKey.sign` is the one way to a signature, wherever the key lies. Ed25519 is refused on purpose: pdfsig, mutool and OpenSSL 3.0
report PDF signatures made with it as broken.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, Protocol, get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID, ObjectIdentifier

from ..errors import InputError, SigningKeyError
from . import algorithms
from .algorithms import DigestName, PrivateKey, PublicKey

__all__ = [
    "TRIAL_ORGANISATION",
    "Algorithm",
    "Holder",
    "PrivateKey",
    "RemoteKey",
    "SigningKey",
    "certificate_der",
    "certificate_fingerprint",
    "create_trial_key",
    "file_stem",
    "is_trial_certificate",
    "subject_name",
]

Algorithm = Literal["p256", "p384", "rsa3072", "rsa4096"]
"""Kinds of key that can be made."""

TRIAL_ORGANISATION: Final = "compliance-toolkit trial key - proves nothing to others"
"""Organisation in the subject of every trial certificate (64 characters at most, RFC 5280 appendix A)."""

TRIAL_MARKER: Final = ObjectIdentifier("2.25.42221588024285752249991595624360183612")
"""Extension that marks a trial certificate; an OID under the UUID arc (ITU-T X.667), so nobody had to be asked."""

TRIAL_LIFETIME: Final = timedelta(days=730)

_MARKER_VALUE: Final = b"\x0c\x05trial"  # DER: UTF8String "trial"
_CLOCK_SKEW: Final = timedelta(hours=1)


class RemoteKey(Protocol):
    """A private key that never leaves its place, such as a token or a key service."""

    def sign(self, data: bytes) -> bytes:
        """Signs data with the algorithm that belongs to the kind of key (see `algorithms`): DER for ECDSA.

        Raises:
            SigningKeyError: The key cannot be used.
        """
        ...


class _Certified(Protocol):
    @property
    def certificate(self) -> x509.Certificate: ...


class Holder:
    """What the certificate of something says of whoever holds its key."""

    @property
    def is_trial(self: _Certified) -> bool:
        """Whether this is a key that proves nothing to others."""
        return is_trial_certificate(self.certificate)

    @property
    def fingerprint(self: _Certified) -> str:
        """SHA-256 (hex) of the certificate's DER form."""
        return certificate_fingerprint(self.certificate)

    @property
    def subject(self: _Certified) -> str:
        """The holder's name, as `subject_name` gives it."""
        return subject_name(self.certificate)


@dataclass(frozen=True)
class SigningKey(Holder):
    """A private key with the certificate that names its holder.

    Args:
        private_key: The key, or the way to it; it is never shown.
        certificate: Certificate of the key.
        chain: Intermediate certificates from the issuer of ``certificate`` upwards, without the root.
    """

    private_key: PrivateKey | RemoteKey = field(repr=False)
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    def sign(self, data: bytes) -> bytes:
        """Signs data: ECDSA with SHA-256 (P-256) or SHA-384 (P-384), RSA with PKCS #1 v1.5 and SHA-256.

        Returns:
            The signature value in its canonical form: DER with the lower ``s`` for ECDSA.

        Raises:
            SigningKeyError: The key cannot be used, or made a signature that does not fit the certificate.
        """
        public_key = self.public_key
        if isinstance(self.private_key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            return algorithms.canonical_form(public_key, algorithms.sign(self.private_key, data))
        value = self.private_key.sign(data)
        try:
            algorithms.verify(public_key, value, data)
            return algorithms.canonical_form(public_key, value)
        except (InputError, ValueError) as error:
            found = "ECDSA" if isinstance(public_key, ec.EllipticCurvePublicKey) else "RSA (PKCS #1 v1.5)"
            raise SigningKeyError(
                f"the key of {self.subject} made a signature that its certificate does not verify",
                hint=f"expected {found} with {self.digest_name.upper()}; check that key and certificate belong together",
            ) from error

    @property
    def public_key(self) -> PublicKey:
        """The public half.

        Raises:
            SigningKeyError: The certificate is one of a key that is not used here.
        """
        return algorithms.require_supported(self.certificate.public_key(), f"certificate of {self.subject}")

    @property
    def digest_name(self) -> DigestName:
        """The digest that belongs to the key."""
        return algorithms.digest_name(self.certificate.public_key())

    @property
    def not_before(self) -> datetime:
        """Start of the certificate's validity, UTC."""
        return self.certificate.not_valid_before_utc

    @property
    def not_after(self) -> datetime:
        """End of the certificate's validity, UTC."""
        return self.certificate.not_valid_after_utc

    def require_valid(self, when: datetime) -> None:
        """Refuses to be used at a time outside of the certificate's validity.

        Raises:
            SigningKeyError: The certificate is expired or not yet valid.
        """
        if when > self.not_after:
            raise SigningKeyError(
                f"the certificate of {self.subject} expired at {self.not_after.isoformat()}",
                hint="sign with a renewed certificate",
            )
        if when < self.not_before:
            raise SigningKeyError(
                f"the certificate of {self.subject} is valid from {self.not_before.isoformat()}, not at {when.isoformat()}",
                hint="check the clock of this machine",
            )


def certificate_der(certificate: x509.Certificate) -> bytes:
    """The certificate in DER form."""
    return certificate.public_bytes(serialization.Encoding.DER)


def certificate_fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 (hex) of the certificate's DER form."""
    return hashlib.sha256(certificate_der(certificate)).hexdigest()


def is_trial_certificate(certificate: x509.Certificate) -> bool:
    """Whether the certificate says of itself that it is a trial; marker or organisation suffices."""
    organisations = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    marked = any(extension.oid == TRIAL_MARKER for extension in certificate.extensions)
    return marked or any(attribute.value == TRIAL_ORGANISATION for attribute in organisations)


def subject_name(certificate: x509.Certificate) -> str:
    """The common name of the subject, or the whole subject (RFC 4514) if it has none."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def create_trial_key(
    directory: Path, name: str, *, algorithm: Algorithm = "p256", passphrase: str | None = None, now: datetime | None = None
) -> SigningKey:
    """Makes a key with a self-signed certificate that says it is a trial.

    Writes ``<directory>/<name>.p12`` (mode 0600) and the certificate alone as ``<directory>/<name>.pem``.

    Args:
        directory: Folder of the files; made with mode 0700 if it does not exist.
        name: Name of the holder; `file_stem` makes the file names of it.
        algorithm: Kind of the key.
        passphrase: Protects the PKCS#12 file; without one the file's mode is the only protection.
        now: Start of validity; the clock if not given.

    Raises:
        SigningKeyError: The name is unusable, a file of that name exists (it is never overwritten) or cannot be written.
    """
    stem = file_stem(name)
    private_key = _generate(algorithm)
    key = SigningKey(private_key, _trial_certificate(private_key, name, now or datetime.now(UTC)))
    encryption = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    bundle = pkcs12.serialize_key_and_certificates(name.encode(), private_key, key.certificate, None, encryption)
    pem = key.certificate.public_bytes(serialization.Encoding.PEM)
    _write_new({directory / f"{stem}.p12": (bundle, 0o600), directory / f"{stem}.pem": (pem, 0o644)})
    return key


def file_stem(name: str) -> str:
    """The name of a key's files: letters outside ``A-Za-z0-9._-`` become ``-``.

    Raises:
        SigningKeyError: Nothing is left of it, or it is longer than a common name may be.
    """
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")
    if not stem or len(name) > 64:
        raise SigningKeyError(f"key name {name!r}; expected 1 to 64 characters with a letter or digit")
    return stem


def _generate(algorithm: Algorithm) -> PrivateKey:
    if algorithm not in get_args(Algorithm):
        raise SigningKeyError(f"key algorithm {algorithm!r}; expected one of {', '.join(get_args(Algorithm))}")
    if algorithm.startswith("rsa"):
        return rsa.generate_private_key(65537, int(algorithm.removeprefix("rsa")))
    return ec.generate_private_key(ec.SECP384R1() if algorithm == "p384" else ec.SECP256R1())


def _trial_certificate(private_key: PrivateKey, name: str, now: datetime) -> x509.Certificate:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, TRIAL_ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    start = now.astimezone(UTC).replace(microsecond=0)
    public_key = private_key.public_key()
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        # A machine whose clock is slightly behind must be able to verify at once.
        .not_valid_before(start - _CLOCK_SKEW)
        .not_valid_after(start + TRIAL_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.UnrecognizedExtension(TRIAL_MARKER, _MARKER_VALUE), critical=False)
        .sign(private_key, hashes.SHA384() if algorithms.digest_name(public_key) == "sha384" else hashes.SHA256())
    )


def _write_new(contents: dict[Path, tuple[bytes, int]]) -> None:
    """Writes all files or none; a reader never sees half a file, and an existing file stays as it is."""
    written: list[Path] = []
    try:
        for path, (content, mode) in contents.items():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _link_new(path, content, mode)
            written.append(path)
    except OSError as error:
        for done in written:
            done.unlink(missing_ok=True)
        if isinstance(error, FileExistsError) and path.parent.is_dir():
            raise SigningKeyError(f"{path} exists and is never overwritten", hint="choose another name, or move the file away") from error
        raise SigningKeyError(f"cannot write {path}: {error.strerror}") from error


def _link_new(path: Path, content: bytes, mode: int) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(mode)
        # A hard link, unlike a rename, fails if the name is taken.
        path.hardlink_to(temporary)
    finally:
        Path(temporary).unlink()
