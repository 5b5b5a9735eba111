"""Signature algorithms, one per kind of key, so that a signature needs no parameter beside its key.

RSA signs with PKCS #1 v1.5 and SHA-256, ECDSA on P-256 with SHA-256 and on P-384 with SHA-384: what PDF readers, OpenSSL and the key
services of the large clouds all do. Ed25519 is verified only, for payloads that others signed.
"""

from __future__ import annotations

from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from ..errors import InputError, SigningKeyError

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
"""The kinds of private key that PDF readers accept signatures of."""
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
"""Their public halves."""
DigestName = Literal["sha256", "sha384"]

MINIMUM_RSA_BITS: Final = 3072
ORDERS: Final = {
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": int("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16),
}
"""Group orders of the curves, SP 800-186 section 3.2.1."""


def require_supported(public_key: object, where: str) -> PublicKey:
    """Returns a public key, or refuses one whose signatures PDF readers reject.

    Args:
        public_key: The key.
        where: What it belongs to, for the message.

    Raises:
        SigningKeyError: It is of another kind, or too short.
    """
    if isinstance(public_key, rsa.RSAPublicKey):
        if public_key.key_size >= MINIMUM_RSA_BITS:
            return public_key
        found = f"RSA with {public_key.key_size} bits"
    elif isinstance(public_key, ec.EllipticCurvePublicKey):
        if public_key.curve.name in ORDERS:
            return public_key
        found = f"an elliptic curve key on {public_key.curve.name}"
    else:
        kind = type(public_key).__name__.removesuffix("PublicKey")
        found = f"a key of the kind {kind}, whose signatures PDF readers reject"
    raise SigningKeyError(f"{where}: {found}; expected ECDSA P-256 or P-384, or RSA of {MINIMUM_RSA_BITS} bits or more")


def digest_name(public_key: object) -> DigestName:
    """The digest that belongs to a key."""
    return "sha384" if isinstance(public_key, ec.EllipticCurvePublicKey) and public_key.curve.name == "secp384r1" else "sha256"


def sign(private_key: PrivateKey, data: bytes) -> bytes:
    """The signature of a key over data: DER for ECDSA."""
    digest = _hash_of(private_key.public_key())
    if isinstance(private_key, rsa.RSAPrivateKey):
        return private_key.sign(data, padding.PKCS1v15(), digest)
    return private_key.sign(data, ec.ECDSA(digest))


def verify(public_key: object, signature: bytes, data: bytes) -> None:
    """Checks a signature made by `sign`, or one by an Ed25519 key.

    Raises:
        InputError: It does not fit, or the key is of another kind.
    """
    try:
        if isinstance(public_key, rsa.RSAPublicKey):
            public_key.verify(signature, data, padding.PKCS1v15(), _hash_of(public_key))
        elif isinstance(public_key, ec.EllipticCurvePublicKey):
            public_key.verify(signature, data, ec.ECDSA(_hash_of(public_key)))
        elif isinstance(public_key, ed25519.Ed25519PublicKey):
            public_key.verify(signature, data)
        else:
            raise InputError(f"a key of type {type(public_key).__name__}", expected="ECDSA, RSA or Ed25519")
    except InvalidSignature as error:
        raise InputError("signature that does not fit the data", expected="the data exactly as it was signed") from error


def canonical_form(public_key: PublicKey, signature: bytes) -> bytes:
    """The one permitted form of a signature value: for ECDSA, the lower of the two possible ``s``.

    Anyone can turn an ECDSA signature (r, s) into the equally valid (r, n - s) without the key.

    Raises:
        ValueError: The value is not the DER form of an ECDSA signature.
    """
    if isinstance(public_key, rsa.RSAPublicKey):
        return signature
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, min(s, ORDERS[public_key.curve.name] - s))


def size_limit(public_key: PublicKey) -> int:
    """Most bytes that a signature in its canonical form can take."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return (public_key.key_size + 7) // 8
    top = ORDERS[public_key.curve.name] - 1
    return len(encode_dss_signature(top, top // 2))


def _hash_of(public_key: object) -> hashes.HashAlgorithm:
    return hashes.SHA384() if digest_name(public_key) == "sha384" else hashes.SHA256()
