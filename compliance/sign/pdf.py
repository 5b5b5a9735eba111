"""The toolkit's own signature on a report: it certifies the file and seals it.

One increment after the unsigned bytes, which stay as they are: a tagged signature field, its appearance, and a certification
signature (DocMDP, only form filling and further signatures allowed) in the profile of `compliance.sign.cms`.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Final

from compliance.errors import SigningKeyError

if TYPE_CHECKING:
    from datetime import datetime

    from compliance.report.pdf import Box
    from compliance.sign.keys import SigningKey

__all__ = ["FIELD_NAME", "sign_pdf"]

FIELD_NAME: Final = "Toolkit"
"""Name of the field that holds the toolkit's signature."""

_FIELD_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


def sign_pdf(
    pdf: bytes,
    key: SigningKey,
    *,
    box: Box | None,
    field_name: str = FIELD_NAME,
    reason: str,
    when: datetime,
) -> bytes:
    """Certifies a PDF made by `compliance.report.pdf.render_pdf`; it stays PDF/A-3a and PDF/UA-1.

    Args:
        pdf: The unsigned file.
        key: Who signs.
        box: Where the signature is shown, such as ``rendered.boxes["sig-toolkit"]``; None shows nothing.
        field_name: Name of the signature field.
        reason: Why it is signed, in a few words for people.
        when: Time of the signature as the signer claims it, with a zone.

    Returns:
        The signed file; it starts with exactly the bytes of ``pdf``.

    Raises:
        SigningKeyError: The certificate is not valid at ``when``, or the file cannot be signed.
        RenderError: The stamp cannot be rendered.
    """
    from compliance.sign import _certify

    if when.tzinfo is None:
        raise SigningKeyError(f"the time of the signature {when.isoformat()} has no time zone")
    if not _FIELD_NAME.fullmatch(field_name):
        raise SigningKeyError(f"signature field name {field_name!r}; expected a letter, then letters, digits, _ or -")
    key.require_valid(when)
    stream = io.BytesIO(pdf)
    _certify.certify(stream, key, box=box, field_name=field_name, reason=reason, when=when)
    return stream.getvalue()
