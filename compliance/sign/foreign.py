"""Signatures that other programs made in a PDF, judged by meaning: the digest, the signature value and the certificate's binding.

Unlike `compliance.sign.cms`, whose form is fixed to the last byte, these come in many forms; what is not signed in them, such as a
certificate that nobody needs, may be changed unnoticed. The file's digest in the ledger, or a later signature, covers that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from asn1crypto import cms  # type: ignore[import-untyped]
from cryptography import x509

__all__ = ["ReadSignature", "read_signature"]

_DIGESTS: Final = frozenset({"sha256", "sha384", "sha512"})
_MAX_CERTIFICATES: Final = 32


@dataclass(frozen=True)
class ReadSignature:
    """A signature whose value fits its certificate.

    Args:
        certificate: The signer's certificate.
        others: Further certificates that came with it.
        digest_name: Algorithm of the document's digest.
        document_digest: Digest of the signed bytes, as the signature has it.
        signature: The signature value, which a timestamp is about.
        token: The timestamp token under the signature (DER), if there is one.
    """

    certificate: x509.Certificate
    others: tuple[x509.Certificate, ...]
    digest_name: str
    document_digest: bytes
    signature: bytes
    token: bytes | None


def read_signature(der: bytes) -> ReadSignature:
    """Reads and checks a CMS signature, all but the digest of the document, which is for the caller to compare.

    Raises:
        Exception: It is broken, or its value does not fit; the libraries raise many types.
    """
    from pyhanko.sign.general import extract_signer_info
    from pyhanko.sign.validation.generic_cms import extract_certs_for_validation, validate_sig_integrity

    content = cms.ContentInfo.load(der, strict=True)
    if content["content_type"].native != "signed_data":
        raise ValueError(f"CMS content of the type {content['content_type'].native}, expected signed_data")
    signed_data = content["content"]
    # A signature without signed attributes says nothing about its signer's certificate.
    signer_info = extract_signer_info(signed_data)
    attributes = {one["type"].native: one["values"] for one in signer_info["signed_attrs"]}
    (digest,) = attributes["message_digest"]
    digest_name = signer_info["digest_algorithm"]["algorithm"].native
    if digest_name not in _DIGESTS:
        raise ValueError(f"signed with {digest_name}; expected one of {', '.join(sorted(_DIGESTS))}")
    certificates = extract_certs_for_validation(signed_data)
    if len(certificates.other_certs) > _MAX_CERTIFICATES:
        raise ValueError(f"{len(certificates.other_certs)} certificates; at most {_MAX_CERTIFICATES} are read")
    intact, valid = validate_sig_integrity(signer_info, certificates.signer_cert, "data", digest.native)
    if not (intact and valid):
        raise ValueError("the signature was not made with the key of its certificate")
    return ReadSignature(
        certificate=_certificate(certificates.signer_cert),
        others=tuple(_certificate(one) for one in certificates.other_certs),
        digest_name=digest_name,
        document_digest=bytes(digest.native),
        signature=bytes(signer_info["signature"].native),
        token=_token(signer_info),
    )


def _certificate(certificate: Any) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate.dump())


def _token(signer_info: Any) -> bytes | None:
    for attribute in signer_info["unsigned_attrs"] or ():
        if attribute["type"].native == "signature_time_stamp_token":
            return bytes(attribute["values"][0].dump())
    return None
