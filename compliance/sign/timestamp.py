"""Asks a timestamp authority (RFC 3161) for tokens."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Literal

from asn1crypto import cms, core, tsp  # type: ignore[import-untyped]
from cryptography import x509

from ..errors import SigningKeyError
from . import fetch
from .keys import certificate_der, subject_name
from .token import Token, normalised, read_token
from .trustpath import Purpose, find_path
from .validation_data import ValidationData, gather

Level = Literal["B-T", "B-LT", "B-LTA"]
LEVELS: Final[tuple[Level, ...]] = ("B-T", "B-LT", "B-LTA")
"""The levels of PAdES with a timestamp (ETSI EN 319 142-1), each with what the one before it has."""
DIGEST: Final = "sha256"
"""What is sent to the authority: a digest, so that it never learns what was signed."""
_ATTEMPTS: Final = 4
"""Some authorities sign with several keys in turn."""


@dataclass(frozen=True)
class TimestampAuthority:
    """An authority that can be reached over HTTP (RFC 3161 section 3.4)."""

    url: str
    timeout_s: float = fetch.TIMEOUT_S

    def stamp(self, digest: bytes) -> Token:
        """Has a SHA-256 digest stamped.

        Returns:
            The token in its normalised form.

        Raises:
            SigningKeyError: The authority cannot be reached, refuses, or answers with something else than a fitting token.
        """
        nonce = secrets.randbits(63)
        answer = fetch.ask(
            self.url, "timestamp", _request(digest, nonce), content_type="application/timestamp-query", timeout_s=self.timeout_s
        )
        try:
            token = read_token(normalised(_granted(answer)))
            token.require_digest(digest)
            if token.nonce != nonce or token.digest_name != DIGEST:
                raise ValueError("the answer belongs to another request")
        except SigningKeyError:
            raise
        except Exception as error:
            # asn1crypto and pyHanko raise many types on what is no token.
            raise SigningKeyError(f"timestamp: the answer of {self.url} cannot be used: {error}") from error
        return token

    def stamp_data(self, data: bytes) -> Token:
        """Has the SHA-256 of data stamped.

        Raises:
            SigningKeyError: As `stamp`.
        """
        return self.stamp(hashlib.new(DIGEST, data).digest())


@dataclass(frozen=True)
class Timestamping:
    """What shall vouch for the time of a signature, and for the certificates once they have expired.

    Args:
        authority: Who is asked.
        level: Of PAdES (ETSI EN 319 142-1): ``B-T`` adds a timestamp to the signature, ``B-LT`` the revocation data of all certificates
            involved, ``B-LTA`` a timestamp over the whole document, which seals that data.
        roots: Certificates of the authorities that the signer and the timestamps lead to; ``B-LT`` and ``B-LTA`` need them.
        skew: Largest difference between the clocks of this machine and of the authority.
    """

    authority: TimestampAuthority
    level: Level = "B-T"
    roots: tuple[x509.Certificate, ...] = ()
    skew: timedelta = timedelta(hours=1)

    def begin(self, when: datetime) -> Stamper:
        """Asks for a first token, to learn how large tokens are and whose certificates are in them.

        Args:
            when: Time of the signature as the signer claims it.

        Raises:
            SigningKeyError: There is none, or the clocks differ.
        """
        sample = self.authority.stamp(secrets.token_bytes(32))
        if abs(sample.time - when) > self.skew:
            raise SigningKeyError(
                f"the signature would say {when.isoformat()}, but the timestamp says {sample.time.isoformat()}",
                hint="check the clock of this machine",
            )
        return Stamper(self, sample)


@dataclass(frozen=True)
class Stamper:
    """An authority whose certificates are known, because they have to be in the document before it is signed.

    Args:
        timestamping: What is wanted.
        sample: A token of the authority.
    """

    timestamping: Timestamping
    sample: Token

    def stamp(self, digest: bytes) -> bytes:
        """Has a SHA-256 digest stamped by the same certificate as the sample.

        Raises:
            SigningKeyError: There is no such token.
        """
        for _ in range(_ATTEMPTS):
            token = self.timestamping.authority.stamp(digest)
            if (token.certificate, token.others) == (self.sample.certificate, self.sample.others):
                return token.der
        raise SigningKeyError(f"timestamp: {self.timestamping.authority.url} answers with another certificate each time")

    def stamp_data(self, data: bytes) -> bytes:
        """Has the SHA-256 of data stamped by the same certificate as the sample.

        Raises:
            SigningKeyError: There is no such token.
        """
        return self.stamp(hashlib.new(DIGEST, data).digest())

    def validation_data(self, signers: Sequence[tuple[x509.Certificate, Sequence[x509.Certificate]]]) -> ValidationData:
        """What must be in the document: the certificates above the authority's own and, for long-term levels, all revocation data.

        Args:
            signers: Certificates whose standing has to be provable, each with those that came with it.

        Raises:
            SigningKeyError: A certificate leads to no trusted root, is revoked, or nobody answers about it.
        """
        above = ValidationData(certificates=tuple(certificate_der(one) for one in self.sample.others))
        if self.timestamping.level == "B-T":
            return above
        asked: list[tuple[x509.Certificate, Sequence[x509.Certificate], Purpose]] = [(*one, "signing") for one in signers]
        asked.append((self.sample.certificate, self.sample.others, "timestamps"))
        for certificate, links, purpose in asked:
            above |= self._gathered(certificate, links, purpose)
        return above

    def _gathered(self, certificate: x509.Certificate, links: Sequence[x509.Certificate], purpose: Purpose) -> ValidationData:
        roots, when = self.timestamping.roots, self.sample.time
        path = find_path(certificate, links, roots, when, purpose=purpose)
        if path.status != "good":
            raise SigningKeyError(
                f"{subject_name(certificate)}: {path.detail}",
                hint=f"the level {self.timestamping.level} needs its root: name it in [sign] trust or timestamp-trust",
            )
        data = gather(path.certificates)
        checked = find_path(certificate, links, roots, when, data=data, purpose=purpose)
        if checked.status != "good" or not checked.is_checked:
            raise SigningKeyError(
                f"{subject_name(certificate)}: {checked.detail if checked.status != 'good' else 'revocation data is stale'}"
            )
        return data


def _request(digest: bytes, nonce: int) -> bytes:
    imprint = {"hash_algorithm": {"algorithm": DIGEST}, "hashed_message": digest}
    return bytes(tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True}).dump())


class _Response(core.Sequence):  # type: ignore[misc]
    """An answer; asn1crypto's own takes one without a token, which is how authorities refuse, for broken."""

    _fields: ClassVar = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]


def _granted(answer: bytes) -> bytes:
    response = _Response.load(answer, strict=True)
    status = response["status"]
    if status["status"].native not in ("granted", "granted_with_mods"):
        words = "; ".join(status["status_string"].native or ()) or ", ".join(sorted(status["fail_info"].native or ())) or "no reason given"
        raise SigningKeyError(f"timestamp: the authority refuses ({status['status'].native}): {words}")
    return bytes(response["time_stamp_token"].dump())
