"""Judges a signed PDF, by a policy under which any single changed byte is refuted.

"All signatures are valid" is not a verification: libraries accept bytes appended after the end, a changed title, and digits
changed in the padding of the signature. So the toolkit's own certification has to be exactly what `compliance.sign.pdf` writes,
byte for byte what its parts give; and every update after it has to be one that is allowed by name: a signature in a prepared
field, a document timestamp, data for later validation. Signatures of other programs are judged by meaning
(`compliance.sign.foreign`). Whether the signers are those to trust is another question: `compliance.sign.trust.judge_signer`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from .checks import Check
from .keys import Holder
from .pdf import FIELD_NAME
from .validation_data import ValidationData

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography import x509

    from .token import Token

__all__ = ["CHECKS", "MAX_BYTES", "FieldSignature", "SignedPdf", "Update", "inspect_pdf"]

MAX_BYTES: Final = 512 * 1024 * 1024
"""Largest file, and most bytes that all its streams together may unpack to, before nothing of it is read."""

CHECKS: Final[dict[str, str]] = {
    "size-limits": "the file and what its streams unpack to is within the limits",
    "signature-present": "the file carries a signature",
    "structure": "the file is a document and its updates, one behind the other",
    "signature-field": "the first signature is the toolkit's, in its field",
    "coverage": "each signature covers the file as it was then but itself, and nothing follows the last",
    "signature-encoding": "the toolkit's signature is byte for byte what its parts give, padded with zeros",
    "document-digest": "the signed digest is that of the file",
    "signature-value": "the signature was made with the certificate's key",
    "signature-level": "the timestamps that the signature promises are there",
    "certification": "the signature certifies the file and allows no more than filling in forms",
    "certificate": "the certificate allows signing and was valid at the time of signing",
    "later-revisions": "what was added since is allowed: signatures in prepared fields, timestamps, data for validation",
    "later-signatures": "the signatures in the other fields are intact",
    "attachments": "all attached files can be read",
}
"""Every check by name, in order, with what it proves; `inspect_pdf` reports each of them."""


@dataclass(frozen=True)
class FieldSignature(Holder):
    """A signature in a field, whose digest and value fit.

    Args:
        field: Name of the field.
        kind: The toolkit's certification, the approval of a person, or a document timestamp.
        certificate: The signer's certificate.
        chain: Further certificates that came with it; links, never anchors.
        signed_at: Time of the signature, as the signer claims it.
        reason: Why it was signed, in the signer's words.
        covered: The signature is about the first so many bytes of the file.
        is_own: This toolkit made it, in its strict form.
        token: The timestamp under the signature, or the document timestamp itself; whether its authority is trusted is not known yet.
    """

    field: str
    kind: Literal["certification", "approval", "timestamp"]
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    signed_at: datetime | None
    reason: str | None
    covered: int
    is_own: bool
    token: Token | None = None


@dataclass(frozen=True)
class Update:
    """An allowed update of a certified document.

    Args:
        revision: Number of the revision, from 0.
        end: The first so many bytes of the file are the document with this update.
        kind: A signature in a prepared field, a document timestamp, data for later validation (DSS), or form fields filled in.
        fields: The fields that were signed or filled in.
    """

    revision: int
    end: int
    kind: Literal["signature", "timestamp", "validation-data", "form"]
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = {
            "signature": "signature in the prepared field",
            "timestamp": "document timestamp in the field",
            "validation-data": "data for later validation",
            "form": "filled in:",
        }
        return " ".join([f"revision {self.revision + 1}: {words[self.kind]}", ", ".join(self.fields)]).rstrip()


@dataclass(frozen=True)
class SignedPdf:
    """What a PDF says of itself and what of that was proven.

    All values but ``checks`` come from the file; they mean something only if `is_intact`.

    Args:
        checks: One outcome per entry of `CHECKS`.
        certification: The toolkit's signature.
        later: The signatures after it, in the order in which they were made.
        updates: What each revision after the certification is.
        prepared: Names of the signature fields, signed or not, that were there when the document was certified, but the toolkit's own.
        unsigned_length: Length of the document as it was rendered: ``pdf[:unsigned_length]`` are its exact bytes.
        certified_length: Length of the document as the toolkit certified it.
        attachments: Attached files by name.
        validation_data: What the document carries to judge certificates by.
    """

    checks: tuple[Check, ...]
    certification: FieldSignature | None = None
    later: tuple[FieldSignature, ...] = ()
    updates: tuple[Update, ...] = ()
    prepared: tuple[str, ...] = ()
    unsigned_length: int | None = None
    certified_length: int | None = None
    attachments: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    validation_data: ValidationData = field(default_factory=ValidationData, repr=False)

    @property
    def is_intact(self) -> bool:
        """Whether every check is proven, or waits for the document timestamp only. It says nothing about who signed."""
        waiting = {"signature-level"} if self.prepared else set()
        return all(check.status == "proven" or (check.status == "not-proven" and check.name in waiting) for check in self.checks)

    @property
    def is_signed(self) -> bool:
        """Whether the file carries anything that looks like a signature."""
        return any(check.name == "signature-present" and check.status == "proven" for check in self.checks)

    @property
    def certificate(self) -> x509.Certificate | None:
        """Certificate of the toolkit's signature."""
        return None if self.certification is None else self.certification.certificate

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """Intermediate certificates carried with it."""
        return () if self.certification is None else self.certification.chain

    @property
    def signed_at(self) -> datetime | None:
        """Time of the toolkit's signature, as the signer claims it."""
        return None if self.certification is None else self.certification.signed_at

    @property
    def reason(self) -> str | None:
        """Why the toolkit signed, in the signer's words."""
        return None if self.certification is None else self.certification.reason

    @property
    def is_trial(self) -> bool:
        """Whether the certificate of the toolkit's signature says that it is a trial."""
        return self.certification is not None and self.certification.is_trial

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 (hex) of that certificate."""
        return None if self.certification is None else self.certification.fingerprint

    @property
    def subject(self) -> str | None:
        """Name of its holder."""
        return None if self.certification is None else self.certification.subject

    @property
    def open_fields(self) -> tuple[str, ...]:
        """The prepared fields that nobody has signed."""
        signed = {one.field for one in self.later}
        return tuple(name for name in self.prepared if name not in signed)


def inspect_pdf(pdf: bytes, *, field_name: str = FIELD_NAME, max_bytes: int = MAX_BYTES) -> SignedPdf:
    """Checks a signed PDF; broken input gives refuted checks, never an exception.

    Args:
        pdf: The file.
        field_name: Name of the toolkit's signature field.
        max_bytes: Limit for the file, and for all that its streams unpack to.
    """
    from ._inspection import Inspection

    return Inspection(pdf, field_name, max_bytes).run()
