"""Signatures over a payload and its type: the pre-authentication encoding of DSSE (secure-systems-lab/dsse, protocol.md, version 1).

The type is signed with the payload, so that a signature under one sort of document cannot be taken for one under another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import algorithms

if TYPE_CHECKING:
    from .keys import SigningKey


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
