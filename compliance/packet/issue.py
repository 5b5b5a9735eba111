"""Issues a packet: as an audit report is made, and with fields for the people who decide.

The assessment is appended; the pages are rendered, and their digest is appended: it is what approvals bind to. Then the fields are
prepared and the file is certified, after which only the fields can change; its digest and the file itself are appended, so that whatever
comes back signed can be compared with what was issued.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..judgement.judging import Judged
from ..record import Json
from ..report import signing
from ..report.build import build as build_report
from ..report.bundle import MODEL, pretty
from ..report.html import SIGNATURE_BOX
from ..report.model import ReportModel
from ..report.pdf import Attachment, RenderedPdf, render_pdf
from ..report.signing import PACKET, Signing
from ..store import Store
from . import html, slots
from .build import build
from .model import PacketModel

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE: Final = "packet.json"
"""Name of the attachment that holds the packet's model."""
PACKAGE: Final = "compliance.packet"
"""What makes the pages of a packet, besides what makes those of a report."""


@dataclass(frozen=True)
class IssuedPacket:
    """A packet that waits for signatures.

    Args:
        pdf: The file.
        sha256: Digest of the file as it was rendered, which approvals bind to.
        entries: Ledger entries: the assessment, the rendering, the issue.
        packet: What it says.
        report: What the report in it says.
        attachments: The files inside.
    """

    pdf: bytes
    sha256: str
    entries: tuple[int, int, int]
    packet: PacketModel
    report: ReportModel
    attachments: tuple[Attachment, ...]


def issue(judged: Judged, by: Signing) -> IssuedPacket:
    """Records an assessment and issues the packet on it.

    Args:
        judged: The assessment, and a store that is open for writing.
        by: Who certifies, and when.

    Raises:
        ConfigError: The roles need more signatures than a packet has room for.
        RenderError: The document cannot be rendered on this machine.
        SigningKeyError: The key cannot be used, there is no timestamp, or the store's log key is missing.
        StoreError: The ledger cannot be written.
    """
    assessment = judged.assessment
    slots.slots_of(judged.project.roles, assessment.evidence_outcome)
    basis = signing.basis(judged, by, packages=[PACKAGE])
    report, files = build_report(basis)
    report_json = next(one.content for one in files if one.name == MODEL)
    packet = build(basis, report, report_json, f"P{basis.entry}-{report.proof.checkpoint.root[:8]}")
    files = sorted([*files, attachment(packet)], key=lambda one: one.name)
    unsigned = render(packet, report, files)
    about: dict[str, Json] = {
        "packet": packet.id,
        "assessment": basis.entry,
        "point": assessment.point,
        "decision_digest": assessment.decision_digest,
        "subject": assessment.subject.model_dump(mode="json"),
    }
    fields = list(slots.fields(packet, unsigned))
    made = signing.sign(judged.store, PACKET, unsigned, by, about, renderer=basis.renderer, fields=fields)
    return IssuedPacket(made.pdf, made.sha256, (basis.entry, made.rendered, made.signed), packet, report, tuple(files))


def newest(store: Store, decision_digest: str) -> str | None:
    """Returns what an approval of a decision binds to: SHA-256 of the newest packet about it as it was rendered; None without a packet."""
    about = [one.body["sha256"] for one in store.entries(types=[PACKET.rendered]) if one.body["decision_digest"] == decision_digest]
    return str(about[-1]) if about else None


def attachment(packet: PacketModel) -> Attachment:
    """Returns ``packet.json``."""
    content = pretty(packet.model_dump(mode="json"))
    return Attachment(FILE, "application/json", "What is decided, by whom, and what each field to fill in means", content, "Source")


def render(packet: PacketModel, report: ReportModel, files: Sequence[Attachment]) -> RenderedPdf:
    """Renders the file without fields: equal models and attachments give equal bytes under the same renderer."""
    return render_pdf(html.render(packet, report), when=packet.made_at, attachments=files, signature_box_id=SIGNATURE_BOX)
