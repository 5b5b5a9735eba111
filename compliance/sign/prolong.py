"""Prolongs a signed document: a further timestamp over all of it, before the certificate of the last one expires.

Under the timestamp lie fresh answers about every certificate before it, so that the older ones can be judged when their authorities no
longer answer (PAdES B-LTA, ETSI EN 319 142-1; what RFC 4998 section 5.2 calls timestamp renewal).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ..errors import SigningKeyError
from .keys import subject_name
from .pdf import close_pdf
from .pdf_verify import SignedPdf, inspect_pdf
from .standing import judge_standing
from .trustpath import Purpose, find_path
from .validation_data import ValidationData, gather, names_authorities

if TYPE_CHECKING:
    from cryptography import x509

    from .timestamp import Timestamping
    from .trust import TrustStore

__all__ = ["Prolonged", "prolong"]

_TRUST: Final = (
    "compare the certificate of its root with the authority over another channel, and trust it: compliance keys trust --timestamps"
)


@dataclass(frozen=True)
class Prolonged:
    """A document with a further timestamp.

    Args:
        pdf: The file; it starts with exactly the bytes that it had.
        at: Time of the timestamp.
        authority: Who gave it.
        until: When the first certificate on the authority's path expires: until then it can be prolonged again.
    """

    pdf: bytes
    at: datetime
    authority: str
    until: datetime


def prolong(pdf: bytes, timestamping: Timestamping, trust: TrustStore, now: datetime) -> Prolonged:
    """Adds a timestamp over a document, which does not change what is in it.

    Args:
        pdf: A signed document, in which nothing is refuted.
        timestamping: Who is asked; at the levels ``B-LT`` and ``B-LTA`` so are the authorities of the certificates in the document.
        trust: Whose timestamps are trusted.
        now: The time now, with a zone.

    Raises:
        SigningKeyError: It is not intact; what it proves today is lost already, and no timestamp brings it back; there is no timestamp;
            or its authority is not trusted.
    """
    signed = inspect_pdf(pdf)
    if not signed.is_intact:
        raise SigningKeyError("the document is not intact", hint="look at it with `compliance verify`")
    _require_in_time(signed, trust, now)
    made = close_pdf(pdf, timestamping, now, _answers(signed, timestamping, now))
    found = inspect_pdf(made)
    token = found.later[-1].token if found.is_intact and found.later else None
    if token is None:
        raise SigningKeyError("the document would not be intact with a further timestamp")
    path = find_path(token.certificate, token.others, trust.timestamp_roots, token.time, purpose="timestamps")
    if path.status != "good":
        raise SigningKeyError(f"the authority that is asked is not trusted for timestamps here: {path.detail}", hint=_TRUST)
    return Prolonged(made, token.time, subject_name(token.certificate), min(one.not_valid_after_utc for one in path.certificates))


def _require_in_time(signed: SignedPdf, trust: TrustStore, now: datetime) -> None:
    """A timestamp carries on what holds when it is given; what has ended before cannot be shown any more."""
    standing = judge_standing(signed, trust, now=now)
    if standing is None or signed.certification is None:
        raise SigningKeyError("the document is not signed")
    stamped = signed.certification.token is not None or any(one.kind == "timestamp" for one in signed.later)
    if stamped and standing.time.status != "proven":
        raise SigningKeyError(f"its last timestamp does not hold: {standing.time.detail}", hint=_TRUST)
    if standing.status in ("expired", "revoked"):
        raise SigningKeyError(f"its signature does not hold, and a timestamp would not change that: {standing.detail}")


def _answers(signed: SignedPdf, timestamping: Timestamping, now: datetime) -> ValidationData:
    """Asks about every certificate in a document that leads to a trusted root and says who can be asked."""
    data = ValidationData()
    if timestamping.level == "B-T":
        return data
    for certificate, links, purpose in dict.fromkeys(_certificates(signed)):
        path = find_path(certificate, links, timestamping.roots, now, data=signed.validation_data, purpose=purpose)
        if path.status == "good" and names_authorities(path.certificates):
            data |= gather(path.certificates)
    return data


def _certificates(signed: SignedPdf) -> Iterator[tuple[x509.Certificate, tuple[x509.Certificate, ...], Purpose]]:
    for one in (signed.certification, *signed.later):
        if one is None:
            continue
        if one.kind != "timestamp":
            yield one.certificate, tuple(one.chain), "signing"
        if one.token is not None:
            yield one.token.certificate, tuple(one.token.others), "timestamps"
