"""Whom a verifier trusts: certificates given explicitly, never those that a file brings along.

Everything here is offline. Revocation is another question, for the data that a document carries: `compliance.sign.standing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from cryptography import x509

from ..errors import SigningKeyError
from .keys import certificate_der, certificate_fingerprint, is_trial_certificate, subject_name
from .trustpath import find_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

__all__ = ["TIMESTAMPS", "SignerTrust", "Trust", "TrustStore", "judge_signer"]

TIMESTAMPS: Final = "timestamps"
"""Subfolder of the user's trust folder for those who are trusted for timestamps only."""
_SUFFIXES: Final = frozenset({".pem", ".crt", ".cer"})
_PEM_START: Final = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class Trust:
    """Why a certificate is trusted.

    Args:
        how: ``exact`` if the certificate itself is in the store, ``issued`` if it leads to a root in the store.
        anchor: The certificate in the store.
    """

    how: Literal["exact", "issued"]
    anchor: x509.Certificate

    def __str__(self) -> str:
        fingerprint = certificate_fingerprint(self.anchor)
        if self.how == "exact":
            return f"the certificate itself is in the trust store (sha256:{fingerprint})"
        return f"issued under {subject_name(self.anchor)} in the trust store (sha256:{fingerprint})"


@dataclass(frozen=True)
class SignerTrust:
    """Whether the signer is someone the verifier trusts.

    Args:
        status: ``trusted``; ``trial`` for a trial key that is in the store, which still proves nothing to others;
            ``unknown`` for everyone else.
        detail: One line with the reason.
    """

    status: Literal["trusted", "trial", "unknown"]
    detail: str


class TrustStore:
    """A set of trusted certificates.

    Args:
        certificates: The certificates, of signers or of issuing authorities.
        authorities: Authorities that are trusted for timestamps only, because they issue to people who are not trusted here.
    """

    def __init__(self, certificates: Iterable[x509.Certificate] = (), authorities: Iterable[x509.Certificate] = ()) -> None:
        self._certificates = {certificate_der(certificate): certificate for certificate in certificates}
        self._authorities = {certificate_der(certificate): certificate for certificate in authorities}

    @classmethod
    def load(cls, paths: Iterable[Path], *, user_folder: Path | None = None, authorities: Iterable[Path] = ()) -> TrustStore:
        """Reads certificates from PEM files and folders.

        Args:
            paths: Files, and folders whose ``.pem``, ``.crt`` and ``.cer`` files are read, without their subfolders.
            user_folder: The user's own trust folder; it may be missing. Its subfolder `TIMESTAMPS` is for authorities.
            authorities: As ``paths``, of those who are trusted for timestamps only.

        Raises:
            SigningKeyError: A path given explicitly is missing, or a file holds no readable PEM certificate.
        """
        folders = (None, None) if user_folder is None else (user_folder, user_folder / TIMESTAMPS)
        return cls(_read_all(paths, folders[0]), _read_all(authorities, folders[1]))

    def __len__(self) -> int:
        return len(self._certificates)

    def __iter__(self) -> Iterator[x509.Certificate]:
        return iter(self._certificates.values())

    def trusts(
        self, certificate: x509.Certificate, *, chain: Sequence[x509.Certificate] = (), when: datetime | None = None
    ) -> Trust | None:
        """Why the certificate is trusted, or None if it is not.

        Args:
            certificate: The signer's certificate.
            chain: Intermediate certificates that came with it; they are links, never anchors.
            when: Time at which the path must have been valid; the clock if not given.
        """
        if (exact := self._certificates.get(certificate_der(certificate))) is not None:
            return Trust("exact", exact)
        path = find_path(certificate, chain, self.roots, when or datetime.now(UTC))
        return Trust("issued", path.certificates[-1]) if path.status == "good" else None

    def holds(self, certificate: x509.Certificate) -> bool:
        """Whether this very certificate is in the store."""
        return certificate_der(certificate) in self._certificates

    @property
    def timestamp_roots(self) -> tuple[x509.Certificate, ...]:
        """The certificates of authorities that are trusted for timestamps: who may name people may name clocks as well."""
        return (*self.roots, *self._authorities.values())

    @property
    def roots(self) -> tuple[x509.Certificate, ...]:
        """The certificates of authorities."""
        return tuple(candidate for candidate in self._certificates.values() if _may_issue(candidate))


def judge_signer(
    store: TrustStore,
    certificate: x509.Certificate,
    *,
    chain: Sequence[x509.Certificate] = (),
    when: datetime | None = None,
) -> SignerTrust:
    """Says whether a signer is trusted, and that a trial key proves nothing to others.

    Args:
        store: Whom the verifier trusts.
        certificate: The signer's certificate.
        chain: Intermediate certificates that came with it.
        when: Time of the signature; the clock if not given.
    """
    trust = store.trusts(certificate, chain=chain, when=when)
    if is_trial_certificate(certificate):
        if trust is None:
            return SignerTrust("unknown", "trial key that is not in the trust store: proves nothing")
        return SignerTrust("trial", f"trial key: proves nothing to others; {trust}")
    if trust is None:
        path = find_path(certificate, chain, store.roots, when or datetime.now(UTC))
        fingerprint = certificate_fingerprint(certificate)
        missing = f"{subject_name(certificate)} (sha256:{fingerprint}) is not in the trust store"
        return SignerTrust("unknown", path.detail if path.status == "unknown" and path.certificates else missing)
    return SignerTrust("trusted", str(trust))


def _read_all(paths: Iterable[Path], folder: Path | None) -> list[x509.Certificate]:
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise SigningKeyError(f"trust root {path} does not exist")
        files += _certificate_files(path) if path.is_dir() else [path]
    if folder is not None and folder.is_dir():
        files += _certificate_files(folder)
    return [certificate for file in files for certificate in _read_certificates(file)]


def _certificate_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file())


def _read_certificates(path: Path) -> list[x509.Certificate]:
    hint = "trust files hold PEM certificates: -----BEGIN CERTIFICATE-----"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SigningKeyError(f"trust file {path}: {error.strerror}") from error
    if _PEM_START not in content:
        raise SigningKeyError(f"trust file {path}: no PEM certificate found", hint=hint)
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise SigningKeyError(f"trust file {path}: a certificate in it cannot be read: {error}", hint=hint) from error


def _may_issue(certificate: x509.Certificate) -> bool:
    """Whether a trusted certificate is one of an authority.

    RFC 5280 leaves a trust anchor's own extensions unchecked, so a trusted person could otherwise vouch for others.
    """
    try:
        if not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound as missing:
        return missing.oid == x509.KeyUsage.oid
    except ValueError:
        return False
