"""What a certificate's standing is judged by: further certificates, OCSP answers and revocation lists, as a PDF carries them (DSS).

Gathered from the authorities when a document is signed, so that it can be verified years later and offline.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from ..errors import SigningKeyError
from . import fetch
from .keys import subject_name

__all__ = ["ValidationData", "gather", "names_authorities"]

_OCSP: Final = "application/ocsp-request"


@dataclass(frozen=True)
class ValidationData:
    """DER objects; none of them is trusted: each is signed by an authority, and is checked when it is used.

    Args:
        certificates: Certificates.
        ocsps: OCSP responses (RFC 6960).
        crls: Certificate revocation lists (RFC 5280).
    """

    certificates: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()

    def __or__(self, other: ValidationData) -> ValidationData:
        """Both together, each object once."""
        return ValidationData(_once(self.certificates, other.certificates), _once(self.ocsps, other.ocsps), _once(self.crls, other.crls))

    def revocations(self, certificate: x509.Certificate) -> Iterator[datetime]:
        """When answers and lists say that a certificate was revoked, whoever signed them and however old they are."""
        for der in self.ocsps:
            with suppress(ValueError):
                answer = ocsp.load_der_ocsp_response(der)
                for one in answer.responses if answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL else ():
                    if one.serial_number == certificate.serial_number and one.revocation_time_utc is not None:
                        yield one.revocation_time_utc
        for der in self.crls:
            with suppress(ValueError):
                found = x509.load_der_x509_crl(der)
                entry = found.get_revoked_certificate_by_serial_number(certificate.serial_number)
                if entry is not None and found.issuer == certificate.issuer:
                    yield entry.revocation_date_utc


def gather(path: Sequence[x509.Certificate]) -> ValidationData:
    """Asks the authorities about each certificate of a path but its root: by OCSP, else for a revocation list.

    Args:
        path: From the signer's certificate up to the root.

    Raises:
        SigningKeyError: Nobody answers about one of them, or the certificate does not say who can be asked.
    """
    made = ValidationData(certificates=tuple(one.public_bytes(Encoding.DER) for one in path))
    for certificate, issuer in pairwise(path):
        made |= _about(certificate, issuer)
    return made


def names_authorities(path: Sequence[x509.Certificate]) -> bool:
    """Tells whether each certificate of a path but its root says who can be asked about it."""
    return all(any(True for find in (_ocsp_addresses, _list_addresses) for _ in find(one)) for one in path[:-1])


def _about(certificate: x509.Certificate, issuer: x509.Certificate) -> ValidationData:
    name = subject_name(certificate)
    failed: list[str] = []
    for url in _ocsp_addresses(certificate):
        try:
            return ValidationData(ocsps=(_answered(url, certificate, issuer, name),))
        except SigningKeyError as error:
            failed.append(error.message)
    for url in _list_addresses(certificate):
        try:
            return ValidationData(crls=(_listed(url, name),))
        except SigningKeyError as error:
            failed.append(error.message)
    if failed:
        raise SigningKeyError(failed[0], hint='sign again later, or without revocation data: [sign] level = "B-T"')
    raise SigningKeyError(
        f"the certificate of {name} does not say who can be asked whether it is revoked",
        hint='use a certificate of an authority with OCSP or revocation lists, or [sign] level = "B-T"',
    )


def _answered(url: str, certificate: x509.Certificate, issuer: x509.Certificate, name: str) -> bytes:
    # SHA-1 names the issuer here and protects nothing; many responders know no other digest (RFC 5019 section 2.1.1).
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1()).build()  # noqa: S303
    what = f"revocation of {name}"
    answer = fetch.ask(url, what, request.public_bytes(Encoding.DER), content_type=_OCSP)
    try:
        status = ocsp.load_der_ocsp_response(answer).response_status
    except ValueError as error:
        raise SigningKeyError(f"{what}: {url} did not send an OCSP answer") from error
    if status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise SigningKeyError(f"{what}: {url} answered {status.name}")
    return answer


def _listed(url: str, name: str) -> bytes:
    what = f"revocation list about {name}"
    found = fetch.ask(url, what)
    try:
        read = x509.load_pem_x509_crl(found) if found.startswith(b"-----") else x509.load_der_x509_crl(found)
    except ValueError as error:
        raise SigningKeyError(f"{what}: {url} did not send a revocation list") from error
    return read.public_bytes(Encoding.DER)


def _ocsp_addresses(certificate: x509.Certificate) -> Iterator[str]:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return
    for one in access:
        if one.access_method == AuthorityInformationAccessOID.OCSP and isinstance(one.access_location, x509.UniformResourceIdentifier):
            yield one.access_location.value


def _list_addresses(certificate: x509.Certificate) -> Iterator[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return
    for point in points:
        for name in point.full_name or ():
            if isinstance(name, x509.UniformResourceIdentifier) and name.value.startswith(("http://", "https://")):
                yield name.value


def _once(first: tuple[bytes, ...], second: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys((*first, *second)))
