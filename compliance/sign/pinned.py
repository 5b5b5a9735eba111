"""Whose signature stands in which field: a PDF program says that a signature is valid, not that the right person signed.

A valid signature of somebody else, under the same authority, is the oldest way around a sign-off; so each field is pinned to the people
or keys that may sign it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .statement import Signer, name_of
from .trust import judge_signer

if TYPE_CHECKING:
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
            a certificate that is not trusted; ``stranger``: by somebody known who may not; ``open``: by nobody; ``missing``: there is
            no such field; ``unexpected``: nobody is named who may sign it.
        detail: One line.
        signer: Who signed.
        signature: The signature.
    """

    field: str
    status: Literal["signed", "trial", "unknown", "stranger", "open", "missing", "unexpected"]
    detail: str
    signer: Signer | None = None
    signature: FieldSignature | None = None

    @property
    def counts(self) -> bool:
        """Whether somebody who may sign the field did."""
        return self.status in ("signed", "trial")


def judge_fields(signed: SignedPdf, pinned: Mapping[str, Admits], trust: TrustStore) -> tuple[FieldVerdict, ...]:
    """Judges the signatures in the prepared fields of an intact document; their order does not matter.

    Args:
        signed: The document, which must be intact: of a broken one nothing is known.
        pinned: Who may sign, by name of the field. A field that is not there was cut off or never prepared.
        trust: Whose certificates are trusted.

    Returns:
        One verdict per pinned field, in that order, then one per other field that is signed.
    """
    approvals = {one.field: one for one in signed.later if one.kind == "approval"}
    verdicts = [_judged(signed, name, approvals.get(name), admits, trust) for name, admits in pinned.items()]
    others = [name for name in approvals if name not in pinned]
    return (*verdicts, *(FieldVerdict(name, "unexpected", f"nobody may sign the field {name}", None, approvals[name]) for name in others))


def _judged(signed: SignedPdf, name: str, signature: FieldSignature | None, admits: Admits, trust: TrustStore) -> FieldVerdict:
    if signature is None:
        if name not in signed.prepared:
            return FieldVerdict(name, "missing", f"the document has no field {name}")
        return FieldVerdict(name, "open", "nobody has signed")
    judged = judge_signer(trust, signature.certificate, chain=signature.chain, when=signature.signed_at)
    signer = Signer(name_of(signature.certificate), f"sha256:{signature.fingerprint}", judged.status == "trial")
    if judged.status == "unknown":
        return FieldVerdict(name, "unknown", judged.detail, signer, signature)
    if not admits(signer.name, signer.key):
        return FieldVerdict(name, "stranger", f"{signer.name} ({signer.key}) may not sign the field {name}", signer, signature)
    status: Literal["signed", "trial"] = "trial" if judged.status == "trial" else "signed"
    return FieldVerdict(name, status, f"{signer.name}; {judged.detail}", signer, signature)
