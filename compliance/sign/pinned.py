"""Whose signature stands in which field: a PDF program says that a signature is valid, not that the right person signed.

A valid signature of somebody else, under the same authority, is the oldest way around a sign-off; so each field is pinned to the people
or keys that may sign it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .standing import Standing, stand
from .statement import Signer, name_of

if TYPE_CHECKING:
    from datetime import datetime

    from .pdf_verify import FieldSignature, SignedPdf
    from .trust import TrustStore

__all__ = ["Admits", "FieldVerdict", "judge_fields"]

Admits = Callable[[str, str], bool]
"""Whether somebody may sign a field: given a name and ``sha256:`` with the fingerprint of a certificate, such as `Role.admits`."""


@dataclass(frozen=True)
class FieldVerdict:
    """Who signed a field, and whether it counts.

    Args:
        field: Name of the field.
        status: ``signed`` by somebody who may; ``trial``: by somebody who may, with a trial key that is trusted here; ``unknown``: under
            a certificate that is not trusted; ``expired`` or ``revoked``: under one that held no longer; ``stranger``: by somebody
            known who may not; ``open``: by nobody; ``missing``: there is no such field; ``unexpected``: nobody is named who may sign it.
        detail: One line.
        signer: Who signed.
        signature: The signature.
        standing: What is known of its signer and time.
    """

    field: str
    status: Literal["signed", "trial", "unknown", "expired", "revoked", "stranger", "open", "missing", "unexpected"]
    detail: str
    signer: Signer | None = None
    signature: FieldSignature | None = None
    standing: Standing | None = None

    @property
    def counts(self) -> bool:
        """Whether somebody who may sign the field did."""
        return self.status in ("signed", "trial")


def judge_fields(
    signed: SignedPdf, pinned: Mapping[str, Admits], trust: TrustStore, *, now: datetime | None = None
) -> tuple[FieldVerdict, ...]:
    """Judges the signatures in the prepared fields of an intact document; their order does not matter.

    Args:
        signed: The document, which must be intact: of a broken one nothing is known.
        pinned: Who may sign, by name of the field. A field that is not there was cut off or never prepared.
        trust: Whose certificates and timestamps are trusted.
        now: Time of the verification; the clock if not given.

    Returns:
        One verdict per pinned field, in that order, then one per other field that is signed.
    """
    approvals = {one.field: one for one in signed.later if one.kind == "approval"}
    verdicts = [_judged(signed, name, approvals.get(name), admits, trust, now) for name, admits in pinned.items()]
    others = [name for name in approvals if name not in pinned]
    return (*verdicts, *(FieldVerdict(name, "unexpected", f"nobody may sign the field {name}", None, approvals[name]) for name in others))


def _judged(
    signed: SignedPdf, name: str, signature: FieldSignature | None, admits: Admits, trust: TrustStore, now: datetime | None
) -> FieldVerdict:
    if signature is None:
        if name not in signed.prepared:
            return FieldVerdict(name, "missing", f"the document has no field {name}")
        return FieldVerdict(name, "open", "nobody has signed")
    standing = stand(signed, signature, trust, now=now)
    signer = Signer(name_of(signature.certificate), f"sha256:{signature.fingerprint}", signature.is_trial)
    found = (signer, signature, standing)
    if standing.status == "unknown":
        return FieldVerdict(name, "unknown", standing.detail, *found)
    if not admits(signer.name, signer.key):
        return FieldVerdict(name, "stranger", f"{signer.name} ({signer.key}) may not sign the field {name}", *found)
    status = "signed" if standing.status == "trusted" else standing.status
    return FieldVerdict(name, status, f"{signer.name}; {standing.detail}", *found)
