"""The one form of CMS signature that this project writes: PAdES B-B with every byte decided.

A profile of RFC 5652 and ETSI EN 319 142-1: the digest that belongs to the key (see `algorithms`), detached, the signer's
certificate and its intermediates and nothing else, three signed attributes (content type, message digest, ESS
signing-certificate-v2 over *all* certificates carried, so that none can be altered), no unsigned attribute but a timestamp in its
own fixed form, DER throughout, ECDSA with the lower of the two possible ``s``. `build_cms` is a function of certificates, digest,
signature value and timestamp; a verifier takes these from a signature, builds it anew and compares, and so finds every changed
byte, also where no hash reaches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from asn1crypto import cms, tsp  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1
from cryptography import x509

from .algorithms import DigestName, canonical_form, digest_name, require_supported, size_limit, verify
from .keys import SigningKey, certificate_der

__all__ = ["TOKEN_GROWTH", "CmsParts", "build_cms", "cms_size_limit", "digest_of", "is_canonical", "read_cms", "sign_document", "verifies"]


TOKEN_GROWTH: Final = 64
"""By how many bytes two tokens of one authority differ: serial number, nonce, fractions of a second, the DER form of ECDSA."""


@dataclass(frozen=True)
class CmsParts:
    """All that varies between two signatures of this profile.

    Args:
        certificates: DER certificates, the signer's first, then its intermediates upwards.
        document_digest: Digest of the signed byte ranges, with the algorithm that belongs to the key.
        signature: The signature value.
        token: Timestamp over the signature value (DER, see `token`), the only unsigned attribute there may be.
    """

    certificates: tuple[bytes, ...]
    document_digest: bytes
    signature: bytes
    token: bytes | None = None


def sign_document(key: SigningKey, document_digest: bytes, stamp: Callable[[bytes], bytes] | None = None) -> bytes:
    """The CMS signature of a key over a document's digest, made with ``key.digest_name``.

    Args:
        key: Who signs.
        document_digest: The digest.
        stamp: Returns a timestamp token over the signature value that it is given.

    Raises:
        SigningKeyError: The key cannot be used, or there is no timestamp.
    """
    certificates = _certificates(key)
    signature = key.sign(_signed_attributes(certificates, document_digest).dump())
    return build_cms(CmsParts(certificates, document_digest, signature, None if stamp is None else stamp(signature)))


def cms_size_limit(key: SigningKey, token: bytes | None = None) -> int:
    """Most bytes that a signature of this key can take; the DER form of an ECDSA signature varies in length.

    Args:
        key: Who signs.
        token: A timestamp token of the authority that will be asked; the next one may be somewhat longer.
    """
    digest = bytes(hashlib.new(key.digest_name).digest_size)
    room = 0 if token is None else TOKEN_GROWTH
    return room + len(build_cms(CmsParts(_certificates(key), digest, bytes(size_limit(key.public_key)), token)))


def build_cms(parts: CmsParts) -> bytes:
    """The DER bytes of the signature with these parts."""
    signer = asn1.Certificate.load(parts.certificates[0], strict=True)
    digest = digest_name(_public_key(parts))
    kind = f"{digest}_{'rsa' if signer.public_key.algorithm == 'rsa' else 'ecdsa'}"
    signer_info = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": {"issuer": signer.issuer, "serial_number": signer.serial_number}},
        "digest_algorithm": {"algorithm": digest},
        "signed_attrs": _signed_attributes(parts.certificates, parts.document_digest),
        "signature_algorithm": {"algorithm": kind},
        "signature": parts.signature,
    }
    if parts.token is not None:
        token = cms.ContentInfo.load(parts.token, strict=True)
        signer_info["unsigned_attrs"] = [{"type": "signature_time_stamp_token", "values": [token]}]
    signed_data = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": digest}],
        "encap_content_info": {"content_type": "data"},
        "certificates": [asn1.Certificate.load(der, strict=True) for der in parts.certificates],
        "signer_infos": [signer_info],
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed_data)}).dump())


def read_cms(der: bytes) -> CmsParts:
    """Takes the parts out of a signature; whether it is built as it must be is for the caller to compare.

    Raises:
        Exception: The bytes are not such a signature; asn1crypto raises ValueError, KeyError, TypeError and more.
    """
    signed_data = cms.ContentInfo.load(der, strict=True)["content"]
    (signer_info,) = signed_data["signer_infos"]
    attributes = {attribute["type"].native: attribute["values"][0] for attribute in signer_info["signed_attrs"]}
    by_digest = {hashlib.sha256(choice.chosen.dump()).digest(): choice.chosen.dump() for choice in signed_data["certificates"]}
    order = [bytes(entry["cert_hash"].native) for entry in attributes["signing_certificate_v2"]["certs"]]
    if any(digest not in by_digest for digest in order):
        raise ValueError("the signed hash of a certificate matches none of the certificates carried")
    tokens = [one["values"][0].dump() for one in signer_info["unsigned_attrs"] or () if one["type"].native == "signature_time_stamp_token"]
    return CmsParts(
        certificates=tuple(by_digest[digest] for digest in order),
        document_digest=bytes(attributes["message_digest"].native),
        signature=bytes(signer_info["signature"].native),
        token=bytes(tokens[0]) if tokens else None,
    )


def digest_of(parts: CmsParts) -> DigestName:
    """The algorithm of the document's digest."""
    return digest_name(_public_key(parts))


def is_canonical(parts: CmsParts) -> bool:
    """Whether the signature value is in its one permitted form: strict DER and, for ECDSA, the lower ``s``."""
    return canonical_form(require_supported(_public_key(parts), "certificate"), parts.signature) == parts.signature


def verifies(parts: CmsParts) -> None:
    """Checks the signature value against the certificate's key.

    Raises:
        ComplianceError: It does not verify, or the key is of a kind not used here.
    """
    public_key = require_supported(_public_key(parts), "certificate")
    verify(public_key, parts.signature, _signed_attributes(parts.certificates, parts.document_digest).dump())


def _public_key(parts: CmsParts) -> object:
    return x509.load_der_x509_certificate(parts.certificates[0]).public_key()


def _certificates(key: SigningKey) -> tuple[bytes, ...]:
    return tuple(certificate_der(certificate) for certificate in (key.certificate, *key.chain))


def _signed_attributes(certificates: tuple[bytes, ...], document_digest: bytes) -> Any:
    # The default hash of ESSCertIDv2 is SHA-256 (RFC 5035 section 4), which DER leaves out.
    hashed = [tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(der).digest()}) for der in certificates]
    return cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [document_digest]}),
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": hashed})]}),
        ]
    )
