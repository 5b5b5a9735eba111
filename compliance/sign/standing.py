"""Whom a signature comes from and since when it exists: certificate paths, revocation, and what vouches for the time.

The newest timestamp has to hold today; what it covers existed at its time, so that older ones and the signatures themselves are
judged at that time, although their certificates have expired since. Offline: revocation is judged by what the document carries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from .checks import Check
from .keys import is_trial_certificate, subject_name
from .trust import judge_signer
from .trustpath import TrustPath, find_path

if TYPE_CHECKING:
    from cryptography import x509

    from .pdf_verify import FieldSignature, SignedPdf
    from .token import Token
    from .trust import TrustStore

__all__ = ["STANDING_CHECKS", "Standing", "judge_standing", "stand"]

STANDING_CHECKS: Final = {
    "signing-time": "a timestamp of a trusted authority shows that the signature existed at its time",
    "revocation": "the certificate had not been revoked then, by the answers of its authority that the file carries",
}
"""What is checked besides trust, by name, with what it proves."""

Status = Literal["trusted", "trial", "unknown", "expired", "revoked"]
_TOLERANCE: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Standing:
    """What is known of a signature's signer and time.

    Args:
        status: ``trusted``; ``trial`` for a trial key that is trusted here; ``unknown``; ``expired`` or ``revoked`` for a certificate that
            is trusted, but held no longer when the signature can first be shown to have existed.
        detail: One line with the reason.
        time: Check of what vouches for the time.
        revocation: Check of whether the certificate was revoked.
        proven_at: When the signature existed at the latest, by a trusted timestamp.
    """

    status: Status
    detail: str
    time: Check
    revocation: Check
    proven_at: datetime | None = None

    @property
    def checks(self) -> tuple[Check, ...]:
        """One outcome per entry of `STANDING_CHECKS`."""
        return self.time, self.revocation


@dataclass(frozen=True)
class _Stamp:
    """A timestamp and what is known of it."""

    token: Token
    trusted: bool
    detail: str
    covered: int | None = None


def judge_standing(signed: SignedPdf, trust: TrustStore, *, now: datetime | None = None) -> Standing | None:
    """Judges the signer of the toolkit's signature; None if there is none.

    Args:
        signed: The document, which should be intact: of a broken one nothing is known.
        trust: Whose certificates and timestamps are trusted.
        now: Time of the verification; the clock if not given.
    """
    if signed.certification is None:
        return None
    return stand(signed, signed.certification, trust, now=now)


def stand(signed: SignedPdf, signature: FieldSignature, trust: TrustStore, *, now: datetime | None = None) -> Standing:
    """Judges the signer of one of the signatures of a document; arguments as for `judge_standing`."""
    moment = now or datetime.now(UTC)
    stamps = _Stamps(signed, trust.timestamp_roots, moment)
    time = stamps.time_of(signature)
    proven = time.token.time if time is not None and time.trusted else None
    claimed = signature.signed_at
    when = proven or claimed or moment
    path = find_path(signature.certificate, signature.chain, trust.roots, when, data=signed.validation_data)
    status, detail = _status(signature, trust, path, when, proven, moment)
    return Standing(status, detail, _time_check(time, claimed), _revocation_check(path, signature, proven), proven)


class _Stamps:
    """The timestamps of a document, judged from the newest to the oldest."""

    def __init__(self, signed: SignedPdf, roots: tuple[x509.Certificate, ...], now: datetime) -> None:
        self._roots = roots
        self._data = signed.validation_data
        self._known = now
        self._documents = list(self._judged(signed, now))

    def _judged(self, signed: SignedPdf, now: datetime) -> Iterator[_Stamp]:
        known = now
        for one in reversed(signed.later):
            if one.kind == "timestamp" and one.token is not None:
                stamp = self._judge(one.token, known, one.covered)
                if stamp.trusted:
                    known = stamp.token.time
                yield stamp

    def time_of(self, signature: FieldSignature) -> _Stamp | None:
        """What vouches best for the time of a signature: its own timestamp, else the oldest of those that cover it."""
        covering = [one for one in self._documents if (one.covered or 0) > signature.covered]
        known = min((one.token.time for one in covering if one.trusted), default=self._known)
        own = None if signature.token is None else self._judge(signature.token, known)
        found = [one for one in (own, *reversed(covering)) if one is not None]
        return next((one for one in found if one.trusted), found[0] if found else None)

    def _judge(self, token: Token, known: datetime, covered: int | None = None) -> _Stamp:
        """Judges a timestamp that is known to have existed at a time."""
        name = subject_name(token.certificate)
        path = find_path(token.certificate, token.others, self._roots, known, purpose="timestamps")
        revoked = find_path(token.certificate, token.others, self._roots, token.time, data=self._data, purpose="timestamps")
        if revoked.status == "revoked":
            return _Stamp(token, False, f"timestamp of {name}, whose certificate was {revoked.detail}", covered)
        if path.status == "expired":
            return _Stamp(token, False, f"timestamp of {name}, whose certificate has expired, and no later one covers it", covered)
        if path.status != "good":
            return _Stamp(token, False, f"timestamp of {name}, who is not trusted for timestamps here", covered)
        return _Stamp(token, True, f"timestamp of {name}, {path.detail}", covered)


def _status(
    signature: FieldSignature, trust: TrustStore, path: TrustPath, when: datetime, proven: datetime | None, now: datetime
) -> tuple[Status, str]:
    judged = judge_signer(trust, signature.certificate, chain=signature.chain, when=when)
    if path.status == "revoked":
        return "revoked", f"the certificate of {signature.subject} was {path.detail}"
    if proven is None and when > now + _TOLERANCE:
        return "unknown", f"signed at {when.isoformat()}, which has not come yet: the signer's clock is wrong, or the one here"
    if judged.status == "unknown" and (path.status != "expired" or is_trial_certificate(signature.certificate)):
        return "unknown", judged.detail
    shown = proven or now
    if not signature.certificate.not_valid_before_utc <= shown <= signature.certificate.not_valid_after_utc:
        end = signature.certificate.not_valid_after_utc.isoformat()
        first = "the signature was made later" if proven else "no trusted timestamp shows that the signature is older"
        return "expired", f"the certificate expired at {end}, and {first}"
    if judged.status == "unknown":
        return "expired", f"the path to a trusted certificate did not hold at {when.isoformat()}: {path.detail}"
    return judged.status, judged.detail


def _time_check(stamp: _Stamp | None, claimed: datetime | None) -> Check:
    said = "at no time" if claimed is None else f"at {claimed.isoformat()}"
    if stamp is None:
        return Check("signing-time", "not-proven", f"signed {said} by the signer's own clock; there is no timestamp")
    at = stamp.token.time.isoformat()
    if claimed is not None and claimed > stamp.token.time + _TOLERANCE:
        return Check("signing-time", "refuted", f"the signer says {said}, but a timestamp of {at} is about the signature: {stamp.detail}")
    if not stamp.trusted:
        return Check("signing-time", "not-proven", f"signed {said} by the signer's own clock; {at}: {stamp.detail}")
    return Check("signing-time", "proven", f"existed at {at}: {stamp.detail}")


def _revocation_check(path: TrustPath, signature: FieldSignature, proven: datetime | None) -> Check:
    if path.status == "revoked":
        found = f"the certificate of {signature.subject} was {path.detail}"
        if proven is not None:
            return Check("revocation", "refuted", f"{found}, before the signature existed")
        return Check("revocation", "not-proven", f"{found}; no trusted timestamp shows that the signature is older")
    if path.status == "good" and path.is_checked:
        return Check("revocation", "proven", "not revoked, by the answers of its authority that the file carries")
    return Check("revocation", "not-proven", "the file carries no fresh answer of a trusted authority about the certificate")
