"""What every signed document has in common: an assessment is recorded, the rendering is recorded, it is signed, the file is recorded.

A document never contains its own digest: what is signed is in the ledger before the signature, and the signed file after it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from ..judgement.judging import Judged, record_assessment
from ..record import Json, PrivacyClass, sha256_hex
from ..store import Draft, Store
from . import attestation, html
from .build import Basis
from .model import Signer
from .pdf import RenderedPdf, renderer_fingerprint

if TYPE_CHECKING:
    from ..sign.form import TextField, TickField
    from ..sign.keys import SigningKey
    from ..sign.pdf import SignatureField
    from ..sign.timestamp import Timestamping


@dataclass(frozen=True)
class Signing:
    """Who signs a document, when, and what vouches for the time.

    Args:
        key: Who signs.
        when: Time of the document and of its signature, with a zone.
        timestamping: What shall vouch for the time.

    Raises:
        SigningKeyError: The certificate is not valid at that time.
    """

    key: SigningKey
    when: datetime
    timestamping: Timestamping | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "when", self.when.replace(microsecond=0))
        self.key.require_valid(self.when)

    @property
    def signer(self) -> Signer:
        """What the pages say about the signature."""
        return signer_of(self.key, self.timestamping)


@dataclass(frozen=True)
class DocumentType:
    """A type of document.

    Args:
        rendered: Type of the ledger entry with the digest of the rendered bytes.
        signed: Type of the one with the digest of the signed file.
        reason: What the signature says.
    """

    rendered: str
    signed: str
    reason: str


@dataclass(frozen=True)
class SignedDocument:
    """A signed document.

    Args:
        pdf: The file.
        sha256: Digest of the bytes as they were rendered.
        rendered: Ledger entry of the rendering.
        signed: Ledger entry of the signed file.
    """

    pdf: bytes
    sha256: str
    rendered: int
    signed: int


REPORT: Final = DocumentType("report.rendered", "report.signed", "Audit report, as rendered by compliance-toolkit")
PACKET: Final = DocumentType("packet.rendered", "packet.issued", "Sign-off packet, as issued by compliance-toolkit")
FINAL: Final = DocumentType("final.rendered", "final.signed", "Decision record, as rendered by compliance-toolkit")


def basis(judged: Judged, by: Signing, *, packages: Sequence[str] = (), redact: Set[PrivacyClass] = frozenset()) -> Basis:
    """Records an assessment, and returns what a report on it is made from.

    Args:
        judged: The assessment, and a store that is open for writing.
        by: Who signs, and when.
        packages: What makes pages besides the report.
        redact: Privacy classes that the copy leaves out.
    """
    return Basis(
        judged=judged,
        entry=record_assessment(judged.store, judged.assessment),
        made_at=by.when,
        signer=by.signer,
        renderer=fingerprint(*packages),
        attest=attestation.inside(by.key, judged.assessment, by.when),
        redact=frozenset(redact),
    )


def sign(
    store: Store,
    document: DocumentType,
    unsigned: RenderedPdf,
    by: Signing,
    about: Mapping[str, Json],
    *,
    renderer: Mapping[str, str],
    fields: Sequence[SignatureField | TickField | TextField] = (),
) -> SignedDocument:
    """Signs a rendered document; its digest is recorded before, that of the file after.

    Args:
        store: The store, open for writing.
        document: Which type of document.
        unsigned: The document.
        by: Who signs, and when.
        about: What both entries say of it.
        renderer: What its bytes depend on.
        fields: Form fields for others to sign. With them the file itself is kept, for comparison with what comes back, and no last
            timestamp closes it: nobody could sign after that.

    Raises:
        SigningKeyError: The key cannot be used, there is no timestamp, or the store's log key is missing.
        StoreError: The ledger cannot be written.
    """
    from ..sign.pdf import close_pdf, prepare_fields, sign_pdf

    digest = sha256_hex(unsigned.content)
    rendered = _append(store, document.rendered, {**about, "sha256": digest, "renderer": dict(renderer)})
    prepared = prepare_fields(unsigned.content, list(fields)) if fields else unsigned.content
    box = unsigned.boxes[html.SIGNATURE_BOX]
    pdf = sign_pdf(prepared, by.key, box=box, reason=document.reason, when=by.when, timestamping=by.timestamping)
    if by.timestamping is not None and by.timestamping.level == "B-LTA" and not fields:
        pdf = close_pdf(pdf, by.timestamping, by.when)
    certificate: Json = {"sha256": by.key.fingerprint, "trial": by.key.is_trial}
    body = {**about, "sha256": sha256_hex(pdf), "certificate": certificate}
    kept = {"people": {"pdf": base64.b64encode(pdf).decode()}} if fields else {}
    signed = _append(store, document.signed, {**body, "rendered": digest} if fields else body, kept)
    return SignedDocument(pdf, digest, rendered, signed)


def fingerprint(*packages: str) -> dict[str, str]:
    """Returns what the bytes of the unsigned file depend on besides model and attachments: renderer, fonts, and the code of the pages.

    Args:
        *packages: Those that make pages besides the report's.
    """
    return {**renderer_fingerprint(), "pages": html.code_digest(*packages)[:16]}


def signer_of(key: SigningKey, timestamping: Timestamping | None = None) -> Signer:
    """Returns what a document says about its signature."""
    made = Signer(subject=key.subject, fingerprint=key.fingerprint, trial=key.is_trial, not_after=key.not_after)
    if timestamping is None:
        return made
    return made.model_copy(update={"timestamp": timestamping.authority.url, "level": timestamping.level})


def _append(store: Store, kind: str, body: Mapping[str, Json], private: Mapping[Any, Json] | None = None) -> int:
    return store.append([Draft(type=kind, body=body, private=private or {})])[0]
