"""Certificate paths to trusted roots, at a time and with the revocation data at hand. Nothing is fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from .keys import certificate_der, subject_name
from .validation_data import ValidationData

__all__ = ["Purpose", "TrustPath", "find_path"]

Purpose = Literal["signing", "timestamps"]

_TOLERANCE: Final = timedelta(minutes=5)
"""How far the clocks of authorities may differ."""
_MOST_LINKS: Final = 6
"""Certificates that may lie between a certificate and a root, on all ways together.

The library walks every way: between 8 certificates that each issued the others it does so for 20 s, between 10 for an hour.
"""
_SIGNING: Final = frozenset(
    map(
        x509.ObjectIdentifier,
        (
            "2.5.29.37.0",  # any purpose
            "1.3.6.1.5.5.7.3.3",  # signing of code
            "1.3.6.1.5.5.7.3.4",  # protection of e-mail
            "1.3.6.1.5.5.7.3.36",  # signing of documents (RFC 9336)
            "1.2.840.113583.1.1.5",  # Adobe: authentic documents
            "1.3.6.1.4.1.311.10.3.12",  # Microsoft: signing of documents
        ),
    )
)
"""Purposes (extended key usage) of which a certificate that names any must have one, to sign what people read."""


@dataclass(frozen=True)
class TrustPath:
    """Where a certificate leads to.

    Args:
        status: ``good``: to a trusted root, and nothing says that it was revoked; ``revoked`` and ``expired`` (or not yet valid): it leads
            there, but did not hold at that time; ``unknown``: it does not lead there, or is not made for this.
        certificates: From the certificate up to the root; empty if it leads to none.
        is_checked: Whether fresh revocation data about every certificate of the path was at hand.
        detail: One line.
    """

    status: Literal["good", "revoked", "expired", "unknown"]
    detail: str
    certificates: tuple[x509.Certificate, ...] = ()
    is_checked: bool = False


def find_path(
    certificate: x509.Certificate,
    links: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    when: datetime,
    *,
    data: ValidationData | None = None,
    purpose: Purpose = "signing",
) -> TrustPath:
    """Finds the path of a certificate to a trusted root.

    Args:
        certificate: Where it begins.
        links: Certificates that may stand between; they are never anchors.
        roots: Certificates of authorities that are trusted.
        when: Time at which it must hold.
        data: Revocation data, and further links.
        purpose: What the certificate must be made for.
    """
    # Without roots the library would fall back to the operating system's list.
    if not roots:
        return TrustPath("unknown", f"{subject_name(certificate)} leads to no trusted root")
    known = data or ValidationData()
    between = _links(certificate, [*links, *_read(known.certificates)], roots)
    if between is None:
        return TrustPath("unknown", f"more than {_MOST_LINKS} certificates may lie between {subject_name(certificate)} and a trusted root")
    found = _Search(certificate, between, roots, when, purpose).held(known)
    return _unsuited(found) if found.status == "good" and purpose == "signing" else found


def _unsuited(found: TrustPath) -> TrustPath:
    """Returns a path, or why it is none: an authority that certifies servers or clocks does not say who may sign."""
    for one in found.certificates[:-1]:
        try:
            purposes = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except x509.ExtensionNotFound:
            continue
        if not _SIGNING & set(purposes):
            named = ", ".join(purpose.dotted_string for purpose in purposes)
            return TrustPath("unknown", f"{subject_name(one)} is certified for other purposes than signing ({named})", found.certificates)
    return found


def _links(
    certificate: x509.Certificate, given: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]
) -> list[x509.Certificate] | None:
    """Returns those certificates that may lie on a way to a root; None if there are too many to look at each way."""
    left = {certificate_der(one): one for one in given}
    for one in (certificate, *roots):
        left.pop(certificate_der(one), None)
    found: list[x509.Certificate] = []
    waiting = [certificate]
    while waiting:
        below = waiting.pop()
        for der, one in [*left.items()]:
            if below.issuer == one.subject and _issued(below, one):
                found.append(left.pop(der))
                waiting.append(one)
                if len(found) > _MOST_LINKS:
                    return None
    return found


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _read(certificates: Iterable[bytes]) -> Iterator[x509.Certificate]:
    for der in certificates:
        with suppress(ValueError):
            yield x509.load_der_x509_certificate(der)


@dataclass(frozen=True)
class _Search:
    """The search for the path of one certificate, in the library's hands."""

    certificate: x509.Certificate
    links: Sequence[x509.Certificate]
    roots: Sequence[x509.Certificate]
    when: datetime
    purpose: Purpose

    def held(self, known: ValidationData) -> TrustPath:
        """Returns where the certificate led to at that time, by what is known of revocations."""
        if known.ocsps or known.crls:
            found = self._validated(known, "require")
            if found.status in ("good", "revoked"):
                return found
        # Missing or stale revocation data is no reason against a path; that it was not checked is said. Bad news does not go stale.
        found = self._validated(ValidationData(), "soft-fail")
        at = next((at for one in found.certificates for at in known.revocations(one) if at <= self.when), None)
        return found if at is None else TrustPath("revoked", f"revoked at {at.isoformat()}", found.certificates)

    def _validated(self, data: ValidationData, mode: Literal["require", "soft-fail"]) -> TrustPath:
        from pyhanko_certvalidator.errors import ExpiredError, NotYetValidError, RevokedError

        try:
            # The library is asynchronous; a thread of its own keeps this callable from inside a running event loop.
            with ThreadPoolExecutor(max_workers=1) as executor:
                path = executor.submit(lambda: asyncio.run(self._path(data, mode))).result()
        except RevokedError as error:
            at = error.revocation_dt.astimezone(UTC)
            return TrustPath("revoked", f"revoked at {at.isoformat()}")
        except (ExpiredError, NotYetValidError) as error:
            return TrustPath("expired", " ".join(str(error).split()))
        except Exception as error:
            # Certificates come from the file under test; whatever they break in the library, they are not trusted.
            words = " ".join(str(error).split())[:200]
            return TrustPath("unknown", f"{subject_name(self.certificate)} leads to no trusted root: {words}")
        root = next(one for one in self.roots if certificate_der(one) == path[-1])
        made = (*(x509.load_der_x509_certificate(der) for der in path[:-1]), root)
        return TrustPath("good", f"issued under {subject_name(root)}", made, is_checked=mode == "require")

    async def _path(self, data: ValidationData, mode: str) -> list[bytes]:
        from asn1crypto import crl, ocsp  # type: ignore[import-untyped]
        from asn1crypto import x509 as asn1
        from pyhanko_certvalidator import CertificateValidator, ValidationContext

        def parsed(source: x509.Certificate) -> Any:
            return asn1.Certificate.load(certificate_der(source))

        context = ValidationContext(
            trust_roots=[parsed(root) for root in self.roots],
            other_certs=[parsed(link) for link in self.links],
            moment=self.when,
            allow_fetching=False,
            ocsps=[ocsp.OCSPResponse.load(der) for der in data.ocsps],
            crls=[crl.CertificateList.load(der) for der in data.crls],
            revocation_mode=mode,
            # An answer that was given after the signature speaks about the time before it as well.
            retroactive_revinfo=True,
            time_tolerance=_TOLERANCE,
        )
        validator = CertificateValidator(parsed(self.certificate), validation_context=context)
        if self.purpose == "timestamps":
            found = await validator.async_validate_usage(set(), extended_key_usage={"time_stamping"}, extended_optional=False)  # type: ignore[no-untyped-call]
        else:
            found = await validator.async_validate_path()
        return [bytes(one.dump()) for one in reversed(list(found.iter_certs(include_root=True)))]
