"""Makes a signed audit report, in the one order in which nothing has to contain its own digest.

The ledger's prefix is frozen and judged; the assessment is appended, which gives checkpoint C1; the pages are rendered with C1 and proofs
against it; the digest of these bytes is appended; they are signed, which only adds bytes after them; the digest of the file is appended,
which gives checkpoint C2: it stands beside the file, and in the next report.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from ..judgement.judging import Judged
from ..record import Json, PrivacyClass
from . import html, signing
from .build import build
from .model import ReportModel
from .pdf import Attachment, RenderedPdf, render_pdf
from .signing import Signing


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


def make(judged: Judged, by: Signing, *, redact: Set[PrivacyClass] = frozenset()) -> MadeReport:
    """Records an assessment and makes the signed report on it.

    Args:
        judged: The assessment, and a store that is open for writing.
        by: Who signs, and when.
        redact: Privacy classes that the copy leaves out; the ledger says so too.

    Raises:
        RenderError: The document cannot be rendered on this machine.
        SigningKeyError: The key cannot be used, there is no timestamp, or the store's log key is missing.
        StoreError: The ledger cannot be written.
    """
    basis = signing.basis(judged, by, redact=redact)
    model, files = build(basis)
    unsigned = render(model, files)
    about: dict[str, Json] = {"report": model.id, "assessment": basis.entry, "subject": judged.assessment.subject.model_dump(mode="json")}
    if redact:
        about["redacted"] = list(model.redacted)
    made = signing.sign(judged.store, signing.REPORT, unsigned, by, about, renderer=model.renderer)
    return MadeReport(
        pdf=made.pdf,
        id=model.id,
        entries=(basis.entry, made.rendered, made.signed),
        checkpoint=judged.store.checkpoint_note(made.signed + 1),
        model=model,
        attachments=tuple(files),
        rendered=len(unsigned.content),
    )


def render(model: ReportModel, files: Sequence[Attachment]) -> RenderedPdf:
    """Renders the unsigned file from the model and its attachments: equal ones give equal bytes under the same renderer."""
    return render_pdf(html.render(model), when=model.made_at, attachments=files, signature_box_id=html.SIGNATURE_BOX)
