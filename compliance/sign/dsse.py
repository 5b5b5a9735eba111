"""Signatures over a payload and its type: the pre-authentication encoding of DSSE (secure-systems-lab/dsse, protocol.md, version 1).

The type is signed with the payload, so that a signature under one sort of document cannot be taken for one under another.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from ..errors import InputError
from .keys import PrivateKey


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """Returns the bytes that are signed: ``DSSEv1``, then length and bytes of type and payload, separated by spaces."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(private_key: PrivateKey, payload_type: str, payload: bytes) -> bytes:
    """Signs: ECDSA with SHA-256 (P-256) or SHA-384 (P-384) in DER form, RSA with PKCS #1 v1.5 and SHA-256."""
    data = pre_authentication_encoding(payload_type, payload)
    if isinstance(private_key, rsa.RSAPrivateKey):
        return private_key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return private_key.sign(data, ec.ECDSA(_hash_of(private_key.curve)))


def verify(public_key: PublicKeyTypes, signature: bytes, payload_type: str, payload: bytes) -> None:
    """Verifies a signature made by `sign`, or one by an Ed25519 key.

    Raises:
        InputError: It does not fit, or the key is of another kind.
    """
    data = pre_authentication_encoding(payload_type, payload)
    try:
        if isinstance(public_key, rsa.RSAPublicKey):
            public_key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(public_key, ec.EllipticCurvePublicKey):
            public_key.verify(signature, data, ec.ECDSA(_hash_of(public_key.curve)))
        elif isinstance(public_key, ed25519.Ed25519PublicKey):
            public_key.verify(signature, data)
        else:
            raise InputError(f"a key of type {type(public_key).__name__}", expected="ECDSA, RSA or Ed25519")
    except InvalidSignature as error:
        raise InputError("signature that does not fit the data", expected="the data exactly as it was signed") from error


def _hash_of(curve: ec.EllipticCurve) -> hashes.HashAlgorithm:
    return hashes.SHA384() if isinstance(curve, ec.SECP384R1) else hashes.SHA256()
