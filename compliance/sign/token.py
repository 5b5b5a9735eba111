"""Timestamp tokens (RFC 3161), in one form: what the authority did not sign in them is written as this project writes it.

A token is a CMS signature of a timestamp authority over a digest and a time. Like every CMS object it has parts that nobody signs:
versions, lists of algorithms, certificates that no path needs. `normalised` keeps what the authority signed, byte for byte, and decides
the rest, so that a verifier who normalises again finds every changed byte. Other programs read the result as before.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from asn1crypto import algos, cms, tsp  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from .algorithms import ORDERS, canonical_form

__all__ = ["Token", "normalised", "read_token"]

DIGESTS: Final = frozenset({"sha256", "sha384", "sha512"})
_MAX_CERTIFICATES: Final = 16


@dataclass(frozen=True)
class Token:
    """A timestamp token whose signature fits the certificate in it.

    Args:
        der: The token.
        time: When the authority says that it saw the digest.
        digest_name: Algorithm of the digest.
        digest: What was stamped.
        certificate: Certificate of the authority's signing key.
        others: Further certificates that came with it; links, never anchors.
        nonce: The number of the request, repeated.
    """

    der: bytes
    time: datetime
    digest_name: str
    digest: bytes
    certificate: x509.Certificate
    others: tuple[x509.Certificate, ...]
    nonce: int | None

    def require(self, data: bytes) -> None:
        """Checks that the token is about this data.

        Raises:
            ValueError: It is about something else.
        """
        self.require_digest(hashlib.new(self.digest_name, data).digest())

    def require_digest(self, digest: bytes) -> None:
        """Checks that the token is about data of this digest.

        Raises:
            ValueError: It is about something else.
        """
        if digest != self.digest:
            raise ValueError(f"the timestamp is about {self.digest_name}:{self.digest.hex()}, found {digest.hex()}")


def read_token(der: bytes) -> Token:
    """Reads a token and checks its signature value; whether its authority is to be trusted is another question.

    Raises:
        Exception: It is broken; asn1crypto and pyHanko raise many types.
    """
    from pyhanko.sign.general import find_unique_cms_attribute
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity

    signed_data, signer_info = _opened(der)
    content = signed_data["encap_content_info"]["content"]
    stamped = content.parsed
    imprint = stamped["message_imprint"]
    digest_name = imprint["hash_algorithm"]["algorithm"].native
    signer = _signer(signed_data, signer_info)
    signed_digest = signer_info["digest_algorithm"]["algorithm"].native
    if {digest_name, signed_digest} - DIGESTS:
        raise ValueError(f"timestamp with {digest_name} and {signed_digest}; expected {', '.join(sorted(DIGESTS))}")
    find_unique_cms_attribute(signer_info["signed_attrs"], _binding(signer_info))
    found = hashlib.new(signed_digest, content.contents).digest()
    if validate_sig_integrity(signer_info, signer, "tst_info", found) != (True, True):
        raise ValueError("the timestamp was not made with the key of its certificate")
    nonce = stamped["nonce"].native
    return Token(
        der=der,
        time=stamped["gen_time"].native,
        digest_name=digest_name,
        digest=bytes(imprint["hashed_message"].native),
        certificate=_certificate(signer),
        others=tuple(_certificate(one) for one in _others(signed_data, signer)),
        nonce=None if nonce is None else int(nonce),
    )


def normalised(der: bytes) -> bytes:
    """The token with every part decided that its authority did not sign: normalising twice changes nothing.

    Raises:
        Exception: It cannot be read.
    """
    signed_data, signer_info = _opened(der)
    signer = _signer(signed_data, signer_info)
    digest, signature_algorithm = _algorithms(signer_info)
    path = _path(_certificate(signer), [_certificate(one) for one in _others(signed_data, signer)])
    kept = [cms.CertificateChoices.load(one.public_bytes(Encoding.DER)) for one in path]
    public_key = path[0].public_key()
    signature = bytes(signer_info["signature"].native)
    if isinstance(public_key, ec.EllipticCurvePublicKey) and public_key.curve.name in ORDERS:
        signature = canonical_form(public_key, signature)
    made = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [digest],
            "encap_content_info": {
                "content_type": "tst_info",
                "content": cms.ParsableOctetString(signed_data["encap_content_info"]["content"].contents),
            },
            "certificates": kept,
            "signer_infos": [
                {
                    "version": "v1",
                    "sid": {"issuer_and_serial_number": {"issuer": signer.issuer, "serial_number": signer.serial_number}},
                    "digest_algorithm": digest,
                    "signed_attrs": signer_info["signed_attrs"],
                    "signature_algorithm": signature_algorithm,
                    "signature": signature,
                }
            ],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": made}).dump())


def _opened(der: bytes) -> tuple[Any, Any]:
    content = cms.ContentInfo.load(der, strict=True)
    if content["content_type"].native != "signed_data":
        raise ValueError("the timestamp is not signed data")
    signed_data = content["content"]
    if signed_data["encap_content_info"]["content_type"].native != "tst_info":
        raise ValueError("the signed data is no timestamp")
    (signer_info,) = signed_data["signer_infos"]
    if len(signed_data["certificates"] or ()) > _MAX_CERTIFICATES:
        raise ValueError(f"more than {_MAX_CERTIFICATES} certificates in a timestamp")
    return signed_data, signer_info


def _signer(signed_data: Any, signer_info: Any) -> Any:
    """The certificate that the signed attributes name by its digest, whichever other name is given for it."""
    bound = _bound(signer_info)
    for choice in signed_data["certificates"] or ():
        if choice.name == "certificate" and bound(choice.chosen.dump()):
            return choice.chosen
    raise ValueError("the timestamp does not carry the certificate of its key")


def _others(signed_data: Any, signer: Any) -> list[Any]:
    chosen = [choice.chosen for choice in signed_data["certificates"] if choice.name == "certificate"]
    return [one for one in chosen if one.dump() != signer.dump()]


def _binding(signer_info: Any) -> str:
    names = {attribute["type"].native for attribute in signer_info["signed_attrs"]}
    return "signing_certificate_v2" if "signing_certificate_v2" in names else "signing_certificate"


def _bound(signer_info: Any) -> Any:
    name = _binding(signer_info)
    ((attribute,),) = (one["values"] for one in signer_info["signed_attrs"] if one["type"].native == name)
    entry = attribute["certs"][0]
    algorithm = entry["hash_algorithm"]["algorithm"].native if isinstance(entry, tsp.ESSCertIDv2) else "sha1"
    expected = bytes(entry["cert_hash"].native)
    # RFC 3161 names the certificate by SHA-1, RFC 5816 by better digests; no signature rests on it.
    return lambda der: hashlib.new(algorithm, der, usedforsecurity=False).digest() == expected


def _algorithms(signer_info: Any) -> tuple[Any, Any]:
    """Digest and signature algorithm as they are written: as the signed attributes have them, else in their usual form."""
    for attribute in signer_info["signed_attrs"]:
        if attribute["type"].native == "cms_algorithm_protection":
            (protected,) = attribute["values"]
            return protected["digest_algorithm"].untag(), protected["signature_algorithm"].untag()
    digest = signer_info["digest_algorithm"]["algorithm"].native
    kind = signer_info["signature_algorithm"]["algorithm"].native
    if kind == "rsassa_pss":
        return {"algorithm": digest}, signer_info["signature_algorithm"]
    usual = {"rsassa_pkcs1v15": f"{digest}_rsa", "ecdsa": f"{digest}_ecdsa"}.get(kind, kind)
    return {"algorithm": digest}, algos.SignedDigestAlgorithm({"algorithm": usual})


def _path(certificate: x509.Certificate, others: list[x509.Certificate]) -> list[x509.Certificate]:
    """The certificate and those above it, each issued by the next; a root stays, because its signature binds its own bytes."""
    path = [certificate]
    while path[-1].subject != path[-1].issuer:
        above = next((one for one in others if one not in path and _issued(path[-1], one)), None)
        if above is None:
            break
        path.append(above)
    if path[-1].subject == path[-1].issuer:
        path[-1].verify_directly_issued_by(path[-1])
    return path


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _certificate(certificate: Any) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate.dump())
