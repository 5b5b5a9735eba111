"""Signatures over a payload and its type, and envelopes that hold both: DSSE (secure-systems-lab/dsse, protocol.md, version 1).

The type is signed with the payload, so that a signature under one sort of document cannot be taken for one under another.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import UnsupportedAlgorithm

from ..errors import InputError
from ..reading import jsontext
from ..record import Json, canonical
from . import algorithms

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from .keys import SigningKey

MEDIA_TYPE: Final = "application/vnd.dsse.envelope.v1+json"
SIZE_LIMIT: Final = 16 << 20
"""Bytes of the largest envelope that is read."""
_MOST: Final = 16
"""Signatures of one envelope."""


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """Returns the bytes that are signed: ``DSSEv1``, then length and bytes of type and payload, separated by spaces."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(key: SigningKey, payload_type: str, payload: bytes) -> bytes:
    """Signs with any kind of key: ECDSA with SHA-256 (P-256) or SHA-384 (P-384) in DER form, RSA with PKCS #1 v1.5 and SHA-256.

    Raises:
        SigningKeyError: The key cannot be used.
    """
    return key.sign(pre_authentication_encoding(payload_type, payload))


def verify(public_key: object, signature: bytes, payload_type: str, payload: bytes) -> None:
    """Verifies a signature made by `sign`, or one by an Ed25519 key.

    Raises:
        InputError: It does not fit, or the key is of another kind.
    """
    algorithms.verify(public_key, signature, pre_authentication_encoding(payload_type, payload))


@dataclass(frozen=True)
class EnvelopeSignature:
    """One signature of an envelope."""

    keyid: str
    """A hint at the key, never proof of it: here the SHA-256 of the signer's certificate in hexadecimal."""
    value: bytes

    @property
    def json(self) -> dict[str, Json]:
        """The signature as a JSON object."""
        return {"keyid": self.keyid, "sig": base64.b64encode(self.value).decode()}


@dataclass(frozen=True)
class Envelope:
    """A payload with its type and the signatures over both (envelope.md of DSSE)."""

    payload_type: str
    payload: bytes
    signatures: tuple[EnvelopeSignature, ...]

    @classmethod
    def made(cls, key: SigningKey, payload_type: str, payload: bytes) -> Envelope:
        """Signs a payload.

        Raises:
            SigningKeyError: The key cannot be used.
        """
        return cls(payload_type, payload, (EnvelopeSignature(key.fingerprint, sign(key, payload_type, payload)),))

    @classmethod
    def read(cls, data: bytes) -> Envelope:
        """Reads an envelope; base64 is read strictly, so that one payload has one form.

        Raises:
            InputError: It is none.
        """
        if len(data) > SIZE_LIMIT:
            raise InputError(f"{len(data)} bytes", expected=f"a DSSE envelope of at most {SIZE_LIMIT} bytes")
        return cls.of(jsontext.loads(data))

    @classmethod
    def of(cls, document: Any) -> Envelope:
        """Reads an envelope from its JSON object.

        Raises:
            InputError: It is none.
        """
        match document:
            case {"payloadType": str(kind), "payload": str(payload), "signatures": list(signatures)} if 0 < len(signatures) <= _MOST:
                return cls(kind, _decoded(payload, "/payload"), tuple(_signature(one, n) for n, one in enumerate(signatures)))
        raise InputError("no DSSE envelope", expected=f"payloadType, payload, and 1 to {_MOST} signatures")

    def write(self) -> bytes:
        """Returns the envelope as JSON, equal bytes for equal envelopes."""
        signatures = [one.json for one in self.signatures]
        document = {"payload": base64.b64encode(self.payload).decode(), "payloadType": self.payload_type, "signatures": signatures}
        return canonical(document) + b"\n"

    def signed_by(self, certificates: Iterable[Certificate]) -> Certificate | None:
        """Returns the first of some certificates whose key made one of the signatures, None when none did."""
        for certificate in certificates:
            if any(self._fits(certificate, one) for one in self.signatures):
                return certificate
        return None

    def _fits(self, certificate: Certificate, signature: EnvelopeSignature) -> bool:
        try:
            verify(certificate.public_key(), signature.value, self.payload_type, self.payload)
        except (InputError, ValueError, UnsupportedAlgorithm):
            return False
        return True


def _signature(value: Any, number: int) -> EnvelopeSignature:
    match value:
        case {"sig": str(text)}:
            keyid = value.get("keyid", "")
            return EnvelopeSignature(keyid if isinstance(keyid, str) else "", _decoded(text, f"/signatures/{number}/sig"))
    raise InputError("no signature", expected="an object with sig and keyid", where=f"/signatures/{number}")


def _decoded(text: str, where: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("broken base64", expected="base64 with padding (RFC 4648, section 4)", where=where) from error
