"""Signatures in PDFs: the toolkit certifies a document, people sign the fields that were prepared in it.

Each step appends one update to the bytes before it, which stay as they are:

1. `prepare_fields` adds tagged, empty signature fields, one per role;
2. `sign_pdf` certifies the document (DocMDP, only filling in forms allowed): from now on no field can be added;
3. `sign_field` signs a prepared field, in any order, without breaking a signature before it.

4. `close_pdf` puts a document timestamp over everything.

Every signature is PAdES in the profile of `compliance.sign.cms`, with a timestamp if there is an authority for it. Other programs may
sign the prepared fields as well.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ..errors import SigningKeyError

if TYPE_CHECKING:
    from datetime import datetime

    from ..report.pdf import Box
    from .form import TextField, TickField
    from .keys import SigningKey
    from .timestamp import Timestamping
    from .validation_data import ValidationData

__all__ = ["FIELD_NAME", "TIMESTAMP_FIELD", "SignatureField", "close_pdf", "prepare_fields", "sign_field", "sign_pdf"]

FIELD_NAME: Final = "Toolkit"
"""Name of the field that holds the toolkit's signature."""

TIMESTAMP_FIELD: Final = "Timestamp"
"""Name of the field that is prepared for the document timestamp at the level B-LTA."""

_FIELD_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class SignatureField:
    """A place for a signature.

    Args:
        name: Name of the field: a letter, then letters, digits, ``_`` or ``-``.
        description: What a screen reader says, such as ``Signature of security``.
        box: Where it is shown, such as ``rendered.boxes["sig-security"]``; None for a field without a visible place.
        locks: Names of the fields to fill in that must not change once it is signed.
    """

    name: str
    description: str
    box: Box | None = None
    locks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuses a name that PDF programs take for a path, or that differs from program to program."""
        if not _FIELD_NAME.fullmatch(self.name):
            raise SigningKeyError(f"signature field name {self.name!r}; expected a letter, then letters, digits, _ or -")


def prepare_fields(pdf: bytes, wanted: Sequence[SignatureField | TickField | TextField]) -> bytes:
    """Adds empty fields to a PDF made by `compliance.report.pdf.render_pdf`; it stays PDF/A-3a and PDF/UA-1.

    Args:
        pdf: The file, without any signature.
        wanted: The fields, in the order in which they are read.

    Returns:
        The file with the fields; it starts with exactly the bytes of ``pdf``.

    Raises:
        SigningKeyError: A field of that name exists, the file is signed already, or it cannot be read.
        RenderError: The font of the fields cannot be read.
    """
    from . import _increments

    stream = io.BytesIO(pdf)
    _increments.prepare(stream, wanted)
    return stream.getvalue()


def sign_pdf(
    pdf: bytes,
    key: SigningKey,
    *,
    box: Box | None,
    field_name: str = FIELD_NAME,
    reason: str,
    when: datetime,
    timestamping: Timestamping | None = None,
) -> bytes:
    """Certifies a PDF made by `compliance.report.pdf.render_pdf`; it stays PDF/A-3a and PDF/UA-1.

    Args:
        pdf: The file, without any signature; fields may be prepared in it.
        key: Who signs.
        box: Where the signature is shown, such as ``rendered.boxes["sig-toolkit"]``; None shows nothing. The field is made, unless
            it is one of those that are prepared.
        field_name: Name of the signature field.
        reason: Why it is signed, in a few words for people.
        when: Time of the signature as the signer claims it, with a zone.
        timestamping: What shall vouch for the time. At the level ``B-LTA`` a field is prepared for the document timestamp, which
            `close_pdf` adds; until then `inspect_pdf` says that it is missing.

    Returns:
        The signed file; it starts with exactly the bytes of ``pdf``.

    Raises:
        SigningKeyError: The certificate is not valid at ``when``, the file cannot be signed, or there is no timestamp.
        RenderError: The stamp cannot be rendered.
    """
    from . import _increments

    _require_time(key, when)
    field = SignatureField(field_name, f"Signature of {key.subject}", box)
    stream = io.BytesIO(pdf)
    _increments.certify(stream, field, _increments.Signing(key, reason, when, timestamping=timestamping))
    return stream.getvalue()


def sign_field(
    pdf: bytes,
    field_name: str,
    key: SigningKey,
    *,
    reason: str,
    when: datetime,
    note: str | None = None,
    values: Mapping[str, str] = MappingProxyType({}),
    timestamping: Timestamping | None = None,
) -> bytes:
    """Signs a prepared field of a certified document; the signatures that it has stay valid.

    What is signed is the whole file as it stands: verify it first (`compliance.sign.pdf_verify.inspect_pdf`).

    Args:
        pdf: The file.
        field_name: Name of the field.
        key: Who signs.
        reason: Why, in a few words for people, such as ``Approve``.
        when: Time of the signature as the signer claims it, with a zone.
        note: A line that is shown in the field besides name and time, such as the decision.
        values: What is filled in before, by name of the field.
        timestamping: What shall vouch for the time.

    Returns:
        The signed file; it starts with exactly the bytes of ``pdf``.

    Raises:
        SigningKeyError: There is no such field, it is signed, the certificate is not valid at ``when``, or the file cannot be signed.
        RenderError: The stamp cannot be rendered.
    """
    from . import _increments

    _require_time(key, when)
    stream = io.BytesIO(pdf)
    _increments.fill(stream, field_name, _increments.Signing(key, reason, when, note, values, timestamping))
    return stream.getvalue()


def close_pdf(pdf: bytes, timestamping: Timestamping, when: datetime, data: ValidationData | None = None) -> bytes:
    """Puts a document timestamp over a certified document and all its signatures, which stay valid.

    It shows that all of it existed at that time, also when certificates have expired. Before the certificate of the timestamp itself
    expires, `compliance.sign.prolong` adds a further one.

    Args:
        pdf: The file.
        timestamping: Who is asked; at the levels ``B-LT`` and ``B-LTA`` the revocation data of the authority is added.
        when: The time now, with a zone.
        data: What is added besides, under the timestamp, to judge the certificates of others by.

    Returns:
        The file with the timestamp; it starts with exactly the bytes of ``pdf``.

    Raises:
        SigningKeyError: There is no timestamp, or the file cannot be read.
    """
    from . import _increments
    from .validation_data import ValidationData

    stream = io.BytesIO(pdf)
    _increments.close(stream, timestamping, when, data or ValidationData())
    return stream.getvalue()


def _require_time(key: SigningKey, when: datetime) -> None:
    if when.tzinfo is None:
        raise SigningKeyError(f"the time of the signature {when.isoformat()} has no time zone")
    key.require_valid(when)
