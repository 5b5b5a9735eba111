"""Makes a signed audit report, in the one order in which nothing has to contain its own digest.

The ledger's prefix is frozen and judged; the assessment is appended, which gives checkpoint C1; the pages are rendered with C1 and proofs
against it; the digest of these bytes is appended; they are signed, which only adds bytes after them; the digest of the file is appended,
which gives checkpoint C2: it stands beside the file, and in the next report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from ..assessment import Assessment
from ..judgement.judging import record_assessment
from ..judgement.view import View
from ..project import Project
from ..record import PrivacyClass, sha256_hex
from ..store import Draft, Store
from . import attestation, html
from .build import Basis, build
from .model import ReportModel, Signer
from .pdf import Attachment, RenderedPdf, render_pdf, renderer_fingerprint

if TYPE_CHECKING:
    from ..sign.keys import SigningKey
    from ..sign.timestamp import Timestamping

REASON: Final = "Audit report, as rendered by compliance-toolkit"
RENDERED: Final = "report.rendered"
SIGNED: Final = "report.signed"


@dataclass(frozen=True)
class MadeReport:
    """A signed report.

    Args:
        pdf: The file.
        id: The report's id.
        entries: Ledger entries: the assessment, the rendering, the signature.
        checkpoint: C2, the signed note that belongs beside the file.
        model: What the pages say.
        attachments: The files inside, ``report.json`` among them.
        rendered: Bytes of the unsigned file, which the signed one begins with.
    """

    pdf: bytes
    id: str
    entries: tuple[int, int, int]
    checkpoint: str
    model: ReportModel
    attachments: tuple[Attachment, ...]
    rendered: int


def make(
    store: Store,
    project: Project,
    assessment: Assessment,
    view: View,
    key: SigningKey,
    when: datetime,
    *,
    timestamping: Timestamping | None = None,
    redact: Set[PrivacyClass] = frozenset(),
) -> MadeReport:
    """Records an assessment and makes the signed report on it.

    Args:
        store: The store, open for writing.
        project: The project's settings and catalog.
        assessment: The judgement; its ``store`` names the frozen prefix.
        view: The evidence of that prefix.
        key: Who signs.
        when: Time of the report and of its signature, with a zone.
        timestamping: What shall vouch for the time.
        redact: Privacy classes that the copy leaves out; the ledger says so too.

    Raises:
        RenderError: The document cannot be rendered on this machine.
        SigningKeyError: The key cannot be used, there is no timestamp, or the store's log key is missing.
        StoreError: The ledger cannot be written.
    """
    from ..sign.pdf import close_pdf, sign_pdf

    when = when.replace(microsecond=0)
    key.require_valid(when)
    entry = record_assessment(store, assessment)
    basis = Basis(
        store=store,
        project=project,
        assessment=assessment,
        view=view,
        entry=entry,
        made_at=when,
        signer=signer_of(key, timestamping),
        renderer=fingerprint(),
        attest=attestation.inside(key, assessment, when),
        redact=frozenset(redact),
    )
    model, files = build(basis)
    unsigned = render(model, files)
    about: dict[str, Any] = {"report": model.id, "assessment": entry, "subject": assessment.subject.model_dump(mode="json")}
    if redact:
        about["redacted"] = list(model.redacted)
    rendered = _append(store, RENDERED, {**about, "sha256": sha256_hex(unsigned.content), "renderer": model.renderer})
    box = unsigned.boxes[html.SIGNATURE_BOX]
    pdf = sign_pdf(unsigned.content, key, box=box, reason=REASON, when=when, timestamping=timestamping)
    if timestamping is not None and timestamping.level == "B-LTA":
        pdf = close_pdf(pdf, timestamping, when)
    certificate = {"sha256": key.fingerprint, "trial": key.is_trial}
    signed = _append(store, SIGNED, {**about, "sha256": sha256_hex(pdf), "certificate": certificate})
    return MadeReport(
        pdf=pdf,
        id=model.id,
        entries=(entry, rendered, signed),
        checkpoint=store.checkpoint_note(signed + 1),
        model=model,
        attachments=tuple(files),
        rendered=len(unsigned.content),
    )


def render(model: ReportModel, files: Sequence[Attachment]) -> RenderedPdf:
    """Renders the unsigned file from the model and its attachments: equal ones give equal bytes under the same renderer."""
    return render_pdf(html.render(model), when=model.made_at, attachments=files, signature_box_id=html.SIGNATURE_BOX)


def fingerprint(*packages: str) -> dict[str, str]:
    """Returns what the bytes of the unsigned file depend on besides model and attachments: renderer, fonts, and the code of the pages.

    Args:
        *packages: Those that make pages besides this one.
    """
    return {**renderer_fingerprint(), "pages": html.code_digest(*packages)[:16]}


def signer_of(key: SigningKey, timestamping: Timestamping | None = None) -> Signer:
    """Returns what a report says about its signature."""
    made = Signer(subject=key.subject, fingerprint=key.fingerprint, trial=key.is_trial, not_after=key.not_after)
    if timestamping is None:
        return made
    return made.model_copy(update={"timestamp": timestamping.authority.url, "level": timestamping.level})


def _append(store: Store, kind: str, body: Mapping[str, Any]) -> int:
    return store.append([Draft(type=kind, body=body)])[0]
