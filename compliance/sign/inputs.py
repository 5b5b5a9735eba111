"""Signatures over input files, by whichever way their maker signed: SSH, a DSSE envelope, or a Sigstore bundle.

Each is verified offline against keys that the verifier trusts already. Keyless Sigstore (a certificate of minutes, and a transparency log
that vouches for its time) is not: its certificates have expired, so their holders are unknown signers here.

Sources: OpenSSH PROTOCOL.sshsig; DSSE 1.0 and in-toto Statement 0.1 and 1; ``sigstore_bundle.proto`` and ``sigstore_common.proto`` of
sigstore/protobuf-specs (bundle 0.1 to 0.3, in its JSON form).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from ..errors import ComplianceError, InputError
from ..reading import jsontext
from . import algorithms, dsse, intoto
from .keys import certificate_fingerprint
from .ssh import FILE_NAMESPACE, NAMESPACE, UnknownSignerError, namespace_of, verify_ssh_signature
from .statement import name_of
from .trust import TrustStore, judge_signer

SIZE_LIMIT: Final = 1 << 20
"""Bytes of the largest signature file."""
_MOST: Final = 16
"""Envelopes of one file."""
_BUNDLE: Final = "application/vnd.dev.sigstore.bundle"


@dataclass(frozen=True)
class Voucher:
    """A sound signature by somebody who is trusted."""

    key: str
    """``SHA256:`` and base64 of an SSH key; ``sha256:`` and hexadecimal of a certificate, or of a bare key."""
    signer: str
    """Who, as the verifier knows them."""


@dataclass(frozen=True)
class Trusted:
    """Whose signatures count."""

    allowed: Sequence[Path | str] = ()
    """Lists of allowed SSH signers: files, or texts."""
    certificates: TrustStore = field(default_factory=TrustStore)
    keys: tuple[tuple[str, object], ...] = ()
    """Bare public keys, each with its name."""

    def ssh(self, data: bytes, signature: bytes, at: datetime) -> Voucher:
        """Verifies an armoured SSH signature, made for evidence or for a file.

        Args:
            data: What was signed.
            signature: Content of the signature file.
            at: When the key must have been valid.

        Raises:
            InputError: It does not fit, or is none.
            UnknownSignerError: It is sound, but nobody who is trusted made it.
            SigningKeyError: ``ssh-keygen`` is missing.
        """
        namespace = FILE_NAMESPACE if namespace_of(signature) == FILE_NAMESPACE else NAMESPACE
        found = verify_ssh_signature(data, signature, self.allowed, namespace=namespace, at=at)
        return Voucher(found.key_fingerprint, found.identity)

    def statements(self, data: bytes, envelopes: Sequence[dsse.Envelope], at: datetime) -> Voucher:
        """Verifies envelopes with in-toto statements, those that have the data among their subjects; errors are those of `ssh`."""
        digest = hashlib.sha256(data).hexdigest()
        about = [one for one in envelopes if one.payload_type == intoto.PAYLOAD_TYPE and _is_about(one, digest)]
        if not about:
            raise InputError("no statement about this file", expected=f"an in-toto statement with the subject sha256 {digest[:16]}…")
        unknown = UnknownSignerError("nobody signed")
        for envelope in about:
            try:
                return self.envelope(envelope, at)
            except UnknownSignerError as error:
                unknown = error
        raise unknown

    def envelope(self, envelope: dsse.Envelope, at: datetime) -> Voucher:
        """Verifies the signatures of an envelope, whatever it holds; errors are those of `ssh`."""
        signed = _signed(envelope)
        known = {certificate_fingerprint(one) for one in self.certificates} | {_digest(key) for _, key in self.keys}
        for one in envelope.signatures:
            voucher = self._voucher(signed, one.value, at)
            if voucher is not None:
                return voucher
            if one.keyid in known:
                raise InputError("signature that does not fit the data", expected="one by the key that it names")
        raise UnknownSignerError(f"signed by the key {envelope.signatures[0].keyid[:16] or 'without a name'}, which is not trusted")

    def bundle(self, data: bytes, content: bytes, at: datetime) -> Voucher:
        """Verifies a Sigstore bundle over the data: a message signature, or an envelope; arguments and errors are those of `ssh`."""
        document = _object(jsontext.loads(content))
        if not str(document.get("mediaType", "")).startswith(_BUNDLE):
            raise InputError("no Sigstore bundle", expected=f"mediaType {_BUNDLE}...")
        own = _own_certificate(_object(document.get("verificationMaterial")))
        trusted = self if own is None or not self._trusts(own, at) else Trusted((), TrustStore([*self.certificates, own]), self.keys)
        if "dsseEnvelope" in document:
            envelope = dsse.Envelope.of(document["dsseEnvelope"])
            _require_fit(own, [one.value for one in envelope.signatures], _signed(envelope))
            return trusted.statements(data, [envelope], at)
        value = _message_signature(_object(document.get("messageSignature")), data)
        _require_fit(own, [value], data)
        voucher = trusted._voucher(data, value, at)
        if voucher is None:
            who = "a key" if own is None else name_of(own)
            raise UnknownSignerError(f"signed by {who}, which no trusted key or certificate vouches for")
        return voucher

    def _trusts(self, certificate: x509.Certificate, at: datetime) -> bool:
        return judge_signer(self.certificates, certificate, when=at).status != "unknown"

    def _voucher(self, signed: bytes, value: bytes, at: datetime) -> Voucher | None:
        for certificate in self.certificates:
            if _fits(certificate.public_key(), value, signed):
                _require_usable(certificate, self.certificates, at)
                return Voucher(f"sha256:{certificate_fingerprint(certificate)}", name_of(certificate))
        for name, key in self.keys:
            if _fits(key, value, signed):
                return Voucher(f"sha256:{_digest(key)}", name)
        return None


def read_public_key(data: bytes, where: str) -> object:
    """Reads a bare public key in PEM form, as ``cosign generate-key-pair`` and ``openssl pkey -pubout`` write it.

    Raises:
        InputError: It is none.
    """
    try:
        return serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError("no public key", expected="-----BEGIN PUBLIC KEY-----", source=where) from error


def envelopes(content: bytes) -> Iterator[dsse.Envelope]:
    """Yields the envelopes of a file: one, or one per line.

    Raises:
        InputError: It holds something else.
    """
    lines = [line for line in content.splitlines() if line.strip()]
    if len(lines) > _MOST or not all(line.lstrip().startswith(b"{") and line.rstrip().endswith(b"}") for line in lines):
        lines = [content]
    for line in lines:
        yield dsse.Envelope.read(line)


def _is_about(envelope: dsse.Envelope, sha256: str) -> bool:
    return any(one.digest.get("sha256") == sha256 for one in intoto.read(envelope.payload).subjects)


def _signed(envelope: dsse.Envelope) -> bytes:
    return dsse.pre_authentication_encoding(envelope.payload_type, envelope.payload)


def _require_usable(certificate: x509.Certificate, store: TrustStore, at: datetime) -> None:
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise UnknownSignerError(f"the certificate of {name_of(certificate)} is not valid at {at.isoformat()}")
    judged = judge_signer(store, certificate, when=at)
    if judged.status == "trial":
        raise UnknownSignerError(judged.detail)


def _require_fit(own: x509.Certificate | None, values: Sequence[bytes], signed: bytes) -> None:
    """Refuses a bundle whose own certificate did not sign: that it is not trusted is another matter."""
    if own is not None and not any(_fits(own.public_key(), value, signed) for value in values):
        raise InputError("signature that does not fit the data", expected="one by the bundle's own certificate")


def _fits(key: object, value: bytes, signed: bytes) -> bool:
    try:
        algorithms.verify(key, value, signed)
    except (ComplianceError, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _message_signature(message: dict[str, Any], data: bytes) -> bytes:
    match message:
        case {"messageDigest": {"algorithm": "SHA2_256", "digest": str(digest)}, "signature": str(value)}:
            if _decoded(digest) != hashlib.sha256(data).digest():
                raise InputError("a signature of another file", expected="the digest of this one")
            return _decoded(value)
    raise InputError("no messageSignature", expected="messageDigest (SHA2_256) and signature")


def _own_certificate(material: dict[str, Any]) -> x509.Certificate | None:
    match material:
        case {"certificate": {"rawBytes": str(text)}} | {"x509CertificateChain": {"certificates": [{"rawBytes": str(text)}, *_]}}:
            try:
                return x509.load_der_x509_certificate(_decoded(text))
            except ValueError as error:
                raise InputError("a certificate that cannot be read", expected="base64 of DER", where="/verificationMaterial") from error
    return None


def _digest(key: Any) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, form)).hexdigest()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("broken base64", expected="base64 with padding (RFC 4648, section 4)") from error


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError("no Sigstore bundle", expected="a JSON object")
    return value
