"""Signing keys from files: PKCS#12, or PEM with an encrypted PKCS#8 key and the certificates beside or above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from ..errors import SigningKeyError
from .algorithms import PrivateKey, require_supported
from .keys import RemoteKey, SigningKey

Ask = Callable[[str], str | None]
"""Asks for a passphrase; returns None when nobody can be asked."""

_T = TypeVar("_T")
_PEM: Final = b"-----BEGIN "
_PEM_KEYS: Final = (b"PRIVATE KEY-----", b"RSA PRIVATE KEY-----", b"EC PRIVATE KEY-----", b"ENCRYPTED PRIVATE KEY-----")
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"
_FILE_LIMIT: Final = 1 << 20


def load_key_file(path: Path, ask: Ask | str | None = None, *, certificates: Path | None = None, now: datetime | None = None) -> SigningKey:
    """Reads a signing key from a file, whose content says of which form it is.

    Args:
        path: A PKCS#12 file, or a PEM file with the private key and, unless they lie elsewhere, its certificates.
        ask: The passphrase, or a function that asks for it; it is called only if the file needs one.
        certificates: PEM file with the key's certificate and those above it.
        now: Time at which the certificate must be valid; the clock if not given.

    Raises:
        SigningKeyError: The file cannot be read, the passphrase is missing or wrong, key and certificate do not fit, the kind of
            key is not usable for PDFs, the certificate does not allow signing or is not valid now.
    """
    data = _read(path)
    beside = [] if certificates is None else read_certificates(certificates)
    read = _read_pem if _PEM in data else _read_pkcs12
    private_key, found = read(data, path, ask)
    return signing_key(private_key, [*beside, *found], f"signing key {path}", now=now)


def signing_key(
    private_key: PrivateKey | RemoteKey, certificates: Sequence[x509.Certificate], where: str, *, now: datetime | None = None
) -> SigningKey:
    """Puts a key and its certificates together.

    Args:
        private_key: The key, or the way to it.
        certificates: The key's own is found by its public key; for a remote key it is the first. Roots and strangers are left out.
        where: What the key is, for messages.
        now: Time at which the certificate must be valid; the clock if not given.

    Raises:
        SigningKeyError: None of the certificates belongs to the key, or it may not sign or is not valid now.
    """
    if isinstance(private_key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        own = [one for one in certificates if one.public_key() == private_key.public_key()]
        if certificates and not own:
            raise SigningKeyError(f"{where}: the certificate belongs to another key")
    else:
        own = list(certificates)
    if not own:
        raise SigningKeyError(f"{where}: no certificate", hint="name the file with the key's certificate in [sign] certificate")
    require_supported(own[0].public_key(), where)
    key = SigningKey(private_key, own[0], _chain(own[0], certificates))
    _require_signing_certificate(key, where)
    key.require_valid(now or datetime.now(UTC))
    return key


def read_certificates(path: Path) -> list[x509.Certificate]:
    """Reads the certificates of a PEM file.

    Raises:
        SigningKeyError: The file cannot be read, or holds none.
    """
    data = _read(path)
    if _CERTIFICATE not in data:
        raise SigningKeyError(f"{path}: no PEM certificate found", hint="expected -----BEGIN CERTIFICATE-----")
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise SigningKeyError(f"{path}: a certificate in it cannot be read: {error}") from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_LIMIT + 1)
    except OSError as error:
        raise SigningKeyError(f"signing key {path}: {error.strerror}", hint="compliance keys create makes a trial key") from error
    if len(data) > _FILE_LIMIT:
        raise SigningKeyError(f"signing key {path}: more than {_FILE_LIMIT} bytes, so it is no key")
    return data


def _read_pkcs12(data: bytes, path: Path, ask: Ask | str | None) -> tuple[PrivateKey, list[x509.Certificate]]:
    # What is no DER sequence is no PKCS#12 file, and nobody is asked for its passphrase.
    asked = ask if data.startswith(b"\x30") or not callable(ask) else None
    bundle = _unlock(lambda secret: pkcs12.load_pkcs12(data, secret), path, asked, "not a PKCS#12 file")
    if bundle.key is None or bundle.cert is None:
        raise SigningKeyError(f"signing key {path}: the file holds no private key with its certificate")
    others = [extra.certificate for extra in bundle.additional_certs]
    return _supported(bundle.key, path), [bundle.cert.certificate, *others]


def _read_pem(data: bytes, path: Path, ask: Ask | str | None) -> tuple[PrivateKey, list[x509.Certificate]]:
    if not any(_PEM + kind in data for kind in _PEM_KEYS):
        raise SigningKeyError(
            f"signing key {path}: the PEM file holds no private key", hint="expected -----BEGIN ENCRYPTED PRIVATE KEY-----"
        )
    # The library reads the first key only when it comes first; certificates often do.
    start = min(data.index(_PEM + kind) for kind in _PEM_KEYS if _PEM + kind in data)
    key = _unlock(lambda secret: serialization.load_pem_private_key(data[start:], secret), path, ask, "not a PKCS#8 key")
    return _supported(key, path), x509.load_pem_x509_certificates(data) if _CERTIFICATE in data else []


def _unlock(load: Callable[[bytes | None], _T], path: Path, ask: Ask | str | None, otherwise: str) -> _T:
    """Opens a key without a passphrase if that suffices, else with the one that is given or asked for."""
    try:
        return load(None)
    except (ValueError, TypeError):
        # TypeError is the library's word for "encrypted"; for PKCS#12 it cannot tell that from a broken file.
        pass
    except UnsupportedAlgorithm as error:
        raise SigningKeyError(f"signing key {path}: {error}") from error
    secret = ask(f"Passphrase of {path.name}") if callable(ask) else ask
    if secret is None:
        hint = "give it in COMPLIANCE_SIGN_PASSPHRASE, or on a file descriptor named in COMPLIANCE_SIGN_PASSPHRASE_FD"
        raise SigningKeyError(f"signing key {path}: needs a passphrase, or is {otherwise}", hint=hint)
    try:
        return load(secret.encode())
    except (ValueError, TypeError) as error:
        message = f"signing key {path}: wrong passphrase, or {otherwise}"
        raise SigningKeyError(message, hint="check the passphrase and the file") from error


def _supported(private_key: object, path: Path) -> PrivateKey:
    where = f"signing key {path}"
    public_key = private_key.public_key() if hasattr(private_key, "public_key") else private_key
    require_supported(public_key, where)
    assert isinstance(private_key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)  # noqa: S101 (follows from the line above)
    return private_key


def _chain(certificate: x509.Certificate, others: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Orders the intermediates from the signer upwards and leaves out roots and whatever does not belong."""
    chain: list[x509.Certificate] = []
    current = certificate
    while (issuer := _issuer(current, others)) is not None and issuer not in chain:
        chain.append(issuer)
        current = issuer
    return tuple(chain)


def _issuer(certificate: x509.Certificate, others: Sequence[x509.Certificate]) -> x509.Certificate | None:
    for other in others:
        if other.subject == other.issuer or other == certificate:
            continue
        try:
            certificate.verify_directly_issued_by(other)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return other
    return None


def _require_signing_certificate(key: SigningKey, where: str) -> None:
    try:
        usage = key.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise SigningKeyError(f"{where}: the certificate's key usage does not allow signatures")
