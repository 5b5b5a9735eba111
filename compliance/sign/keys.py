"""Keys that sign PDFs: ECDSA P-256 and P-384, RSA from 3072 bits, with their certificates, from PKCS#12 files.

Ed25519 is refused on purpose: pdfsig, mutool and OpenSSL 3.0 report PDF signatures made with it as broken.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID, ObjectIdentifier

from compliance.errors import SigningKeyError

__all__ = [
    "TRIAL_ORGANISATION",
    "PrivateKey",
    "SigningKey",
    "certificate_der",
    "certificate_fingerprint",
    "create_trial_key",
    "is_trial_certificate",
    "load_pkcs12",
    "subject_name",
]

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
"""The kinds of private key that PDF readers accept signatures of."""

TRIAL_ORGANISATION: Final = "compliance-toolkit trial key - proves nothing to others"
"""Organisation in the subject of every trial certificate (64 characters at most, RFC 5280 appendix A)."""

TRIAL_MARKER: Final = ObjectIdentifier("2.25.42221588024285752249991595624360183612")
"""Extension that marks a trial certificate; an OID under the UUID arc (ITU-T X.667), so nobody had to be asked."""

TRIAL_LIFETIME: Final = timedelta(days=730)
MINIMUM_RSA_BITS: Final = 3072

_MARKER_VALUE: Final = b"\x0c\x05trial"  # DER: UTF8String "trial"
_CLOCK_SKEW: Final = timedelta(hours=1)


@dataclass(frozen=True)
class SigningKey:
    """A private key with the certificate that names its holder.

    Args:
        private_key: The key; it is never shown.
        certificate: Certificate of the key.
        chain: Intermediate certificates from the issuer of ``certificate`` upwards, without the root.
    """

    private_key: PrivateKey = field(repr=False)
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def is_trial(self) -> bool:
        """Whether this is a key that proves nothing to others."""
        return is_trial_certificate(self.certificate)

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the certificate's DER form."""
        return certificate_fingerprint(self.certificate)

    @property
    def subject(self) -> str:
        """The holder's name, as `subject_name` gives it."""
        return subject_name(self.certificate)

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


def create_trial_key(directory: Path, name: str, *, passphrase: str | None = None, now: datetime | None = None) -> SigningKey:
    """Makes an ECDSA P-256 key with a self-signed certificate that says it is a trial.

    Writes ``<directory>/<name>.p12`` (mode 0600) and the certificate alone as ``<directory>/<name>.pem``.

    Args:
        directory: Folder of the files; made with mode 0700 if it does not exist.
        name: Name of the holder; letters outside ``A-Za-z0-9._-`` become ``-`` in the file names.
        passphrase: Protects the PKCS#12 file; without one the file's mode is the only protection.
        now: Start of validity; the clock if not given.

    Raises:
        SigningKeyError: The name is unusable, a file of that name exists (it is never overwritten) or cannot be written.
    """
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")
    if not stem or len(name) > 64:
        raise SigningKeyError(f"key name {name!r}; expected 1 to 64 characters with a letter or digit")
    private_key = ec.generate_private_key(ec.SECP256R1())
    key = SigningKey(private_key, _trial_certificate(private_key, name, now or datetime.now(UTC)))
    encryption = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    bundle = pkcs12.serialize_key_and_certificates(name.encode(), private_key, key.certificate, None, encryption)
    pem = key.certificate.public_bytes(serialization.Encoding.PEM)
    _write_new({directory / f"{stem}.p12": (bundle, 0o600), directory / f"{stem}.pem": (pem, 0o644)})
    return key


def load_pkcs12(path: Path, passphrase: str | None = None, *, now: datetime | None = None) -> SigningKey:
    """Reads a signing key from a PKCS#12 file.

    Args:
        path: The file.
        passphrase: Its passphrase, if it has one.
        now: Time at which the certificate must be valid; the clock if not given.

    Raises:
        SigningKeyError: The file cannot be read, the passphrase is wrong, key and certificate do not fit, the kind of key
            is not usable for PDFs, the certificate does not allow signing or is not valid now.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SigningKeyError(f"signing key {path}: {error.strerror}", hint="compliance keys create makes a trial key") from error
    try:
        bundle = pkcs12.load_pkcs12(data, passphrase.encode() if passphrase else None)
    except ValueError as error:
        raise SigningKeyError(
            f"signing key {path}: wrong passphrase, or not a PKCS#12 file", hint="check the passphrase and the file"
        ) from error
    if bundle.key is None or bundle.cert is None:
        raise SigningKeyError(f"signing key {path}: the file holds no private key with its certificate")
    certificate = bundle.cert.certificate
    others = [extra.certificate for extra in bundle.additional_certs]
    key = SigningKey(_supported(bundle.key, path), certificate, _chain(certificate, others))
    _require_signing_certificate(key, path)
    key.require_valid(now or datetime.now(UTC))
    return key


def _trial_certificate(private_key: ec.EllipticCurvePrivateKey, name: str, now: datetime) -> x509.Certificate:
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
        .sign(private_key, hashes.SHA256())
    )


def _supported(private_key: object, path: Path) -> PrivateKey:
    if isinstance(private_key, rsa.RSAPrivateKey):
        if private_key.key_size >= MINIMUM_RSA_BITS:
            return private_key
        found = f"RSA with {private_key.key_size} bits"
    elif isinstance(private_key, ec.EllipticCurvePrivateKey):
        if isinstance(private_key.curve, ec.SECP256R1 | ec.SECP384R1):
            return private_key
        found = f"an elliptic curve key on {private_key.curve.name}"
    else:
        kind = type(private_key).__name__.removesuffix("PrivateKey")
        found = f"a key of the kind {kind}, whose signatures PDF readers reject"
    raise SigningKeyError(f"signing key {path}: {found}; expected ECDSA P-256 or P-384, or RSA of {MINIMUM_RSA_BITS} bits or more")


def _chain(certificate: x509.Certificate, others: list[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Orders the intermediates from the signer upwards and leaves out roots and whatever does not belong."""
    chain: list[x509.Certificate] = []
    current = certificate
    while (issuer := _issuer(current, others)) is not None and issuer not in chain:
        chain.append(issuer)
        current = issuer
    return tuple(chain)


def _issuer(certificate: x509.Certificate, others: list[x509.Certificate]) -> x509.Certificate | None:
    for other in others:
        if other.subject == other.issuer or other == certificate:
            continue
        try:
            certificate.verify_directly_issued_by(other)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return other
    return None


def _require_signing_certificate(key: SigningKey, path: Path) -> None:
    spki = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if key.certificate.public_key().public_bytes(*spki) != key.private_key.public_key().public_bytes(*spki):
        raise SigningKeyError(f"signing key {path}: the certificate belongs to another key")
    try:
        usage = key.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise SigningKeyError(f"signing key {path}: the certificate's key usage does not allow signatures")


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
