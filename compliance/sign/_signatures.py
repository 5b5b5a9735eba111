"""Reads the signatures of a PDF: the toolkit's own in their strict form, those of other programs by meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography import x509

from .cms import CmsParts, build_cms, digest_of, is_canonical, read_cms, verifies
from .foreign import read_signature
from .keys import certificate_der, certificate_fingerprint, subject_name
from .pdf_verify import FieldSignature
from .token import Token, normalised, read_token

if TYPE_CHECKING:
    from typing import Literal

    from ._container import Container
    from ._structure import FoundSignature
    from .validation_data import ValidationData

_SUB_FILTERS: Final = frozenset({"/ETSI.CAdES.detached", "/adbe.pkcs7.detached"})


def read_own(content: bytes) -> CmsParts:
    """Takes a CMS signature of this toolkit apart; put together again, the parts must give the same bytes.

    Raises:
        Exception: They do not, or it cannot be read.
    """
    parts = read_cms(content)
    if build_cms(parts) != content:
        raise ValueError("the signature is not built as this toolkit builds it")
    if not is_canonical(parts):
        raise ValueError("the signature value is not in its canonical form")
    return parts


def own_signature(
    found: FoundSignature, container: Container, parts: CmsParts, kind: Literal["certification", "approval"] = "certification"
) -> FieldSignature:
    """The signature with these parts."""
    certificate, *chain = (x509.load_der_x509_certificate(der) for der in parts.certificates)
    token = None if parts.token is None else read_token(parts.token)
    place = (found.signed_at, found.reason, container.covered)
    return FieldSignature(found.field, kind, certificate, tuple(chain), *place, is_own=True, token=token)


def require_own_token(token: Token, data: ValidationData) -> None:
    """Checks that a timestamp is in the form that this toolkit gives it, and that every byte of it is bound.

    The certificates above the authority's own are signed by nobody in the token; so they have to be in the document as well, where
    the signature that the token is about, or the token itself, covers them.

    Args:
        token: The timestamp.
        data: Validation data of the revision that it came with.

    Raises:
        ValueError: It is not.
    """
    if normalised(token.der) != token.der:
        raise ValueError("the timestamp is not in the form that this toolkit gives it")
    if any(certificate_der(one) not in data.certificates for one in token.others):
        raise ValueError("a certificate of the timestamp is not among those that the document vouches for")


def read_later(pdf: bytes, found: FoundSignature, container: Container, data: ValidationData) -> FieldSignature:
    """Reads and checks a signature or timestamp after the certification.

    Args:
        pdf: The file.
        found: What its field holds.
        container: Where it stands.
        data: Validation data of its revision.

    Raises:
        Exception: It is broken, with the name of its field.
    """
    try:
        if found.is_timestamp:
            return _later_timestamp(pdf, found, container, data)
        if found.sub_filter not in _SUB_FILTERS:
            raise ValueError(f"signature of the kind {found.sub_filter}")
        made = _later_own(pdf, found, container, data) if found.level is not None else _later_foreign(pdf, found, container)
        require_usable(made)
    except Exception as error:
        raise ValueError(f"field {found.field}: {error or type(error).__name__}") from error
    return made


def _later_timestamp(pdf: bytes, found: FoundSignature, container: Container, data: ValidationData) -> FieldSignature:
    if found.sub_filter != "/ETSI.RFC3161":
        raise ValueError(f"timestamp of the kind {found.sub_filter}")
    token = read_token(container.content(pdf))
    token.require_digest(container.digest(pdf, token.digest_name))
    own = found.level is not None
    if own:
        require_own_token(token, data)
    place = (token.time, None, container.covered)
    return FieldSignature(found.field, "timestamp", token.certificate, token.others, *place, is_own=own, token=token)


def require_usable(signature: FieldSignature) -> str:
    """Checks that a certificate may sign, was valid when it signed as the signer says, and fits those that came with it.

    Returns:
        Name and fingerprint of the certificate.

    Raises:
        ValueError: It does not.
    """
    certificate, when = signature.certificate, signature.signed_at
    if when is None:
        raise ValueError("the signature does not say when it was made")
    if not certificate.not_valid_before_utc <= when <= certificate.not_valid_after_utc:
        validity = f"from {certificate.not_valid_before_utc.isoformat()} to {certificate.not_valid_after_utc.isoformat()}"
        raise ValueError(f"signed at {when.isoformat()}; the certificate is valid {validity}")
    if not _allows_signatures(certificate):
        raise ValueError("the certificate's key usage does not allow signatures")
    if signature.is_own:
        for link, issuer in zip((certificate, *signature.chain), signature.chain, strict=False):
            link.verify_directly_issued_by(issuer)
    if certificate.subject == certificate.issuer:
        certificate.verify_directly_issued_by(certificate)
    return f"{subject_name(certificate)}, sha256:{certificate_fingerprint(certificate)}"


def _later_own(pdf: bytes, found: FoundSignature, container: Container, data: ValidationData) -> FieldSignature:
    parts = read_own(container.content(pdf))
    verifies(parts)
    _require_digest(container.digest(pdf, digest_of(parts)), parts.document_digest)
    made = own_signature(found, container, parts, "approval")
    if (found.level == "/B-B") != (made.token is None):
        raise ValueError(f"the signature promises the level {found.level}, which does not fit its timestamp")
    if made.token is not None:
        made.token.require(parts.signature)
        require_own_token(made.token, data)
    return made


def _later_foreign(pdf: bytes, found: FoundSignature, container: Container) -> FieldSignature:
    read = read_signature(container.content(pdf))
    _require_digest(container.digest(pdf, read.digest_name), read.document_digest)
    token = None if read.token is None else read_token(read.token)
    if token is not None:
        token.require(read.signature)
    place = (found.signed_at, found.reason, container.covered)
    return FieldSignature(found.field, "approval", read.certificate, read.others, *place, is_own=False, token=token)


def _require_digest(found: bytes, signed: bytes) -> None:
    if found != signed:
        raise ValueError(f"the file has {found.hex()}, signed was {signed.hex()}")


def _allows_signatures(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature or usage.content_commitment
