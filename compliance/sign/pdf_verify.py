"""Judges a PDF that the toolkit signed, by a policy under which any single changed byte is refuted.

"All signatures are valid" is not a verification: libraries accept bytes appended after the end, a changed title, and digits
changed in the padding of the signature. So the file has to be exactly what `compliance.sign.pdf` writes: two revisions, one
field, one certification over everything but the signature itself, and the signature byte for byte what its parts give.
Whether the signer is someone to trust is another question: `compliance.sign.trust.judge_signer`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cryptography import x509

from compliance.sign._limits import unpacked_size
from compliance.sign.checks import Check
from compliance.sign.keys import certificate_fingerprint, is_trial_certificate, subject_name
from compliance.sign.pdf import FIELD_NAME

if TYPE_CHECKING:
    from datetime import datetime

    from compliance.sign._structure import Structure
    from compliance.sign.cms import CmsParts

__all__ = ["CHECKS", "MAX_BYTES", "SignedPdf", "inspect_pdf"]

MAX_BYTES: Final = 512 * 1024 * 1024
"""Largest file, and most bytes that all its streams together may unpack to, before nothing of it is read."""

CHECKS: Final[dict[str, str]] = {
    "size-limits": "the file and what its streams unpack to is within the limits",
    "signature-present": "the file carries a signature",
    "coverage": "the signature covers the whole file but itself, and nothing follows",
    "signature-encoding": "the signature is byte for byte what its parts give, padded with zeros",
    "document-digest": "the signed digest is that of the file",
    "signature-value": "the signature was made with the certificate's key",
    "structure": "the file is an unsigned document and one update",
    "signature-field": "there is one signature field, with the expected name",
    "certification": "the signature certifies the file and allows no more than filling in forms",
    "certificate": "the certificate allows signing and was valid at the time of signing",
    "attachments": "all attached files can be read",
}
"""Every check by name, in order, with what it proves; `inspect_pdf` reports each of them."""

_BYTE_RANGE: Final = re.compile(rb"/ByteRange \[0 (\d{1,12}) (\d{1,12}) (\d{1,12})\]")
_CONTENTS: Final = b"/Contents "
_FORM_FILLING: Final = 2  # DocMDP level of ISO 32000-1 table 254: filling in forms and signing, nothing else


@dataclass(frozen=True)
class SignedPdf:
    """What a PDF says of itself and what of that was proven.

    All values but ``checks`` come from the file; they mean something only if `intact`.

    Args:
        checks: One outcome per entry of `CHECKS`.
        certificate: The signer's certificate.
        chain: Intermediate certificates carried with it.
        signed_at: Time of the signature, as the signer claims it.
        reason: Why it was signed, in the signer's words.
        unsigned_length: Length of the document before it was signed: ``pdf[:unsigned_length]`` are its exact bytes.
        attachments: Attached files by name.
    """

    checks: tuple[Check, ...]
    certificate: x509.Certificate | None = None
    chain: tuple[x509.Certificate, ...] = ()
    signed_at: datetime | None = None
    reason: str | None = None
    unsigned_length: int | None = None
    attachments: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    @property
    def is_intact(self) -> bool:
        """Whether every check is proven. It says nothing about who signed."""
        return all(check.status == "proven" for check in self.checks)

    @property
    def is_signed(self) -> bool:
        """Whether the file carries anything that looks like the toolkit's signature."""
        return any(check.name == "signature-present" and check.status == "proven" for check in self.checks)

    @property
    def is_trial(self) -> bool:
        """Whether the signer's certificate says that it is a trial."""
        return self.certificate is not None and is_trial_certificate(self.certificate)

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 (hex) of the signer's certificate."""
        return None if self.certificate is None else certificate_fingerprint(self.certificate)

    @property
    def subject(self) -> str | None:
        """Name of the signer."""
        return None if self.certificate is None else subject_name(self.certificate)


def inspect_pdf(pdf: bytes, *, field_name: str = FIELD_NAME, max_bytes: int = MAX_BYTES) -> SignedPdf:
    """Checks a signed PDF; broken input gives refuted checks, never an exception.

    Args:
        pdf: The file.
        field_name: Name of the toolkit's signature field.
        max_bytes: Limit for the file, and for all that its streams unpack to.
    """
    return _Inspection(pdf, field_name, max_bytes).run()


class _RefutedError(Exception):
    """A check found something else than it should."""


@dataclass(frozen=True)
class _Place:
    """Where the signature stands: ``pdf[start:end]`` is ``<hex>``; ``tail`` bytes follow, as the file claims."""

    start: int
    end: int
    tail: int


class _Inspection:
    """One run of all checks; each needs what those before it found, and is ``not-proven`` if they found nothing."""

    def __init__(self, pdf: bytes, field_name: str, max_bytes: int) -> None:
        self._pdf = pdf
        self._field_name = field_name
        self._max_bytes = max_bytes
        self._checks: list[Check] = []
        self._place: _Place | None = None
        self._parts: CmsParts | None = None
        self._certificates: tuple[x509.Certificate, ...] = ()
        self._signed_at: datetime | None = None
        self._reason: str | None = None
        self._unsigned_length: int | None = None
        self._attachments: Mapping[str, bytes] = MappingProxyType({})

    def run(self) -> SignedPdf:
        """Runs every check in the order of `CHECKS`."""
        if self._attempt("size-limits", self._size_limits) and self._attempt("signature-present", self._find):
            self._attempt("coverage", self._coverage)
            if self._attempt("signature-encoding", self._encoding):
                self._attempt("document-digest", self._digest)
                self._attempt("signature-value", self._value)
            self._examine_structure()
        done = {check.name: check for check in self._checks}
        skipped = "an earlier check left nothing to look at"
        return SignedPdf(
            checks=tuple(done.get(name) or Check(name, "not-proven", skipped) for name in CHECKS),
            certificate=self._certificates[0] if self._certificates else None,
            chain=self._certificates[1:],
            signed_at=self._signed_at,
            reason=self._reason,
            unsigned_length=self._unsigned_length,
            attachments=self._attachments,
        )

    def _attempt(self, name: str, check: Callable[[], str]) -> bool:
        try:
            detail = check()
        except _RefutedError as refuted:
            self._checks.append(Check(name, "refuted", str(refuted)))
        except Exception as error:
            # pyHanko and asn1crypto raise a dozen unrelated types on broken input, so every one means the same.
            found = " ".join(str(error).split())[:120]
            self._checks.append(Check(name, "refuted", f"cannot be read: {type(error).__name__}: {found}"))
        else:
            self._checks.append(Check(name, "proven", detail))
            return True
        return False

    def _size_limits(self) -> str:
        if len(self._pdf) > self._max_bytes:
            raise _RefutedError(f"{len(self._pdf)} bytes; at most {self._max_bytes} are read")
        unpacked = unpacked_size(self._pdf, limit=self._max_bytes)
        if unpacked is None:
            raise _RefutedError(f"its streams unpack to more than {self._max_bytes} bytes")
        return f"{len(self._pdf)} bytes, {unpacked} in its streams"

    def _find(self) -> str:
        matches = list(_BYTE_RANGE.finditer(self._pdf))
        if not matches:
            raise _RefutedError("the file carries no signature of this toolkit")
        start, end, tail = (int(number) for number in matches[-1].groups())
        self._place = _Place(start, end, tail)
        return f"found at byte {start}"

    def _coverage(self) -> str:
        place = self._required_place()
        if not 0 < place.start < place.end <= len(self._pdf):
            raise _RefutedError(f"bytes {place.start} to {place.end} are left out, which lie outside of the file")
        if place.end + place.tail != len(self._pdf):
            raise _RefutedError(f"signed up to byte {place.end + place.tail} of {len(self._pdf)}")
        if not self._pdf[: place.start].endswith(_CONTENTS):
            raise _RefutedError("the part left out is not the signature")
        return f"{len(self._pdf) - (place.end - place.start)} of {len(self._pdf)} bytes, all but the signature"

    def _encoding(self) -> str:
        from compliance.sign.cms import build_cms, is_canonical, read_cms

        place = self._required_place()
        gap = self._pdf[place.start : place.end]
        if not re.fullmatch(rb"<(?:[0-9A-F]{2})+>", gap):
            raise _RefutedError("the signature is not a string of upper-case hexadecimal digits")
        padded = bytes.fromhex(gap[1:-1].decode("ascii"))
        parts = read_cms(padded[: _der_length(padded)])
        self._certificates = tuple(x509.load_der_x509_certificate(der) for der in parts.certificates)
        self._parts = parts
        rebuilt = build_cms(parts)
        if not padded.startswith(rebuilt):
            raise _RefutedError("the signature is not built as this toolkit builds it")
        if any(padded[len(rebuilt) :]):
            raise _RefutedError("the signature is followed by something else than zeros")
        if not is_canonical(parts):
            raise _RefutedError("the signature value is not in its canonical form")
        return f"{len(rebuilt)} bytes, and {len(padded) - len(rebuilt)} zeros"

    def _digest(self) -> str:
        from compliance.sign.cms import digest_of

        place, parts = self._required_place(), self._required_parts()
        digest = hashlib.new(digest_of(parts), self._pdf[: place.start])
        digest.update(self._pdf[place.end : place.end + place.tail])
        if digest.digest() != parts.document_digest:
            raise _RefutedError(f"the file has {digest.hexdigest()}, signed was {parts.document_digest.hex()}")
        return f"{digest.name}:{digest.hexdigest()}"

    def _value(self) -> str:
        from compliance.sign.cms import verifies

        verifies(self._required_parts())
        return f"made with the key of {subject_name(self._certificates[0])}"

    def _examine_structure(self) -> None:
        try:
            from compliance.sign._structure import Structure

            structure = Structure(self._pdf)
        except Exception as error:
            detail = f"cannot be read as a PDF: {type(error).__name__}: {' '.join(str(error).split())[:120]}"
            self._checks.append(Check("structure", "refuted", detail))
            return
        self._attempt("structure", lambda: self._revisions(structure))
        if self._attempt("signature-field", lambda: self._field(structure)):
            self._attempt("certification", lambda: self._certification(structure))
            self._attempt("certificate", self._certificate)
        self._attempt("attachments", lambda: self._attached(structure))

    def _revisions(self, structure: Structure) -> str:
        self._unsigned_length = length = structure.unsigned_length()
        return f"{length} bytes of document, {len(self._pdf) - length} bytes of signature"

    def _field(self, structure: Structure) -> str:
        place = self._required_place()
        signature = structure.only_signature(self._field_name)
        self._signed_at, self._reason = signature.signed_at, signature.reason
        if signature.byte_range != (0, place.start, place.end, place.tail):
            raise _RefutedError("the field's signature is not the one that covers the file")
        if b"<%s>" % signature.contents.hex().upper().encode() != self._pdf[place.start : place.end]:
            raise _RefutedError("the field's signature is not the one found in the file")
        return f"{self._field_name}, signed at {signature.signed_at.isoformat()}"

    def _certification(self, structure: Structure) -> str:
        permission = structure.certification(self._field_name)
        if permission != _FORM_FILLING:
            raise _RefutedError(f"the certification allows changes of level {permission}; expected {_FORM_FILLING}")
        return "certified; only form filling and further signatures are allowed"

    def _certificate(self) -> str:
        if not self._certificates or self._signed_at is None:
            raise _RefutedError("there is no certificate")
        certificate = self._certificates[0]
        if not certificate.not_valid_before_utc <= self._signed_at <= certificate.not_valid_after_utc:
            raise _RefutedError(
                f"signed at {self._signed_at.isoformat()}; the certificate is valid from"
                f" {certificate.not_valid_before_utc.isoformat()} to {certificate.not_valid_after_utc.isoformat()}"
            )
        if not _allows_signatures(certificate):
            raise _RefutedError("the certificate's key usage does not allow signatures")
        for link, issuer in zip(self._certificates, self._certificates[1:], strict=False):
            link.verify_directly_issued_by(issuer)
        if certificate.subject == certificate.issuer:
            certificate.verify_directly_issued_by(certificate)
        return f"{subject_name(certificate)}, sha256:{certificate_fingerprint(certificate)}"

    def _attached(self, structure: Structure) -> str:
        self._attachments = MappingProxyType(structure.attachments())
        return f"{len(self._attachments)} files"

    def _required_place(self) -> _Place:
        if self._place is None:
            raise _RefutedError("no signature was found")
        return self._place

    def _required_parts(self) -> CmsParts:
        if self._parts is None:
            raise _RefutedError("the signature could not be read")
        return self._parts


def _allows_signatures(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature or usage.content_commitment


def _der_length(data: bytes) -> int:
    """Length of the DER element at the start of the data, header included (X.690 section 8.1.3)."""
    if len(data) < 2 or data[1] < 0x80:
        return 2 + (data[1] if len(data) > 1 else 0)
    size = data[1] & 0x7F
    return 2 + size + int.from_bytes(data[2 : 2 + size], "big")
