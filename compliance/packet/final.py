"""Assembles the final packet: one archive PDF whose pages are the decision record, and which carries everything as it was signed.

A signed PDF keeps its signatures only as long as not a byte before them changes, so the packets and the report are attached as they are;
merging their pages into one file would break every signature in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from .. import __version__, decision
from ..assessment import Assessment
from ..decision import Said, SignOff
from ..errors import UsageError
from ..judgement.judging import Judged
from ..record import Json, canonical
from ..report import audit, html, signing
from ..report.bundle import pretty, rows_of
from ..report.gates import WORDS
from ..report.pdf import Attachment, RenderedPdf, render_pdf, renderer_fingerprint
from ..report.proof import checkpoint_at
from ..report.signing import Signing
from ..report.words import cut, plain
from ..stand import missing
from ..store import Store
from .build import question
from .final_model import ConditionRecord, Decided, DecisionRecord, DecisionsFile, Promised, RoleRecord, SignedDecision
from .receive import RECEIVED, kept_pdf

RECORD: Final = "decision-record.json"
DECISIONS: Final = "decisions.json"
REPORT: Final = "report.pdf"
_PACKETS: Final = 20
"""Packets that one archive carries."""
_TITLE, _TEXT = 120, 2000


@dataclass(frozen=True)
class FinalPacket:
    """An archive.

    Args:
        pdf: The file.
        record: What its pages say.
        attachments: The files inside.
    """

    pdf: bytes
    record: DecisionRecord
    attachments: tuple[Attachment, ...]


def assemble(judged: Judged, by: Signing) -> FinalPacket:
    """Makes a report on the decision as it stands, and the archive that carries it, the packets and the other decisions.

    Args:
        judged: The assessment, with what people decided, and a store that is open for writing.
        by: Who signs the record, and when.

    Raises:
        UsageError: No packet about this decision was issued.
        ComplianceError: As for a report.
    """
    store, assessment = judged.store, judged.assessment
    packets = _packets(store, assessment.decision_digest)
    if not packets:
        raise UsageError(
            "no packet about this decision was issued", hint="write one with `compliance packet`; a changed decision needs a new one"
        )
    made = audit.make(judged, by)
    files = [
        *(_attached(name, pdf, "Sign-off packet with the signatures in it, unchanged") for name, pdf in packets.items()),
        _attached(REPORT, made.pdf, "Audit report of the decision as it stands, signed"),
        _others(judged),
    ]
    record = _record(judged, made.entries[0], by, packets, files)
    files = sorted([*files, attachment(record)], key=lambda one: one.name)
    unsigned = render(record, files)
    about: dict[str, Json] = {
        "record": record.id,
        "assessment": record.assessment,
        "decision_digest": record.decision_digest,
        "subject": assessment.subject.model_dump(mode="json"),
    }
    signed = signing.sign(store, signing.FINAL, unsigned, by, about, renderer=record.renderer)
    return FinalPacket(signed.pdf, record, tuple(files))


def _attached(name: str, content: bytes, description: str) -> Attachment:
    return Attachment(name, "application/pdf", description, content)


def attachment(record: DecisionRecord) -> Attachment:
    """Returns ``decision-record.json``."""
    return Attachment(RECORD, "application/json", "Everything that the pages show", pretty(record.model_dump(mode="json")), "Source")


def render(record: DecisionRecord, files: Sequence[Attachment]) -> RenderedPdf:
    """Renders the pages: equal records and attachments give equal bytes under the same renderer."""
    page = (
        html.environment()
        .get_template("packet/final.html")
        .render(
            record=record,
            styles=[html.style_sheet("audit/report.css"), html.style_sheet("packet/packet.css")],
            signature_box=html.SIGNATURE_BOX,
            words=_WORDS,
            methods=_METHODS,
        )
    )
    return render_pdf(page, when=record.made_at, attachments=files, signature_box_id=html.SIGNATURE_BOX)


_WORDS: Final = {
    "approve": "Approved",
    "approve-with-conditions": "Approved with conditions",
    "reject": "Rejected",
    "delegate": "Delegated",
}
_METHODS: Final = {"pdf": "in the packet", "sshsig": "with an SSH key", "x509": "with a certificate’s key", None: "unknown"}


def _packets(store: Store, decision_digest: str) -> dict[str, bytes]:
    """Returns the packets about a decision by name: each as it came back with most signatures, else as it was issued."""
    issued = [one.number for one in store.entries(types=[signing.PACKET.signed]) if one.body["decision_digest"] == decision_digest]
    received: dict[int, list[int]] = {}
    for one in store.entries(types=[RECEIVED]):
        received.setdefault(one.body["issued"], []).append(one.number)
    # Files of two people who signed copies of their own do not continue each other; both are kept.
    files: list[bytes] = []
    for number in issued[-_PACKETS:]:
        for pdf in sorted((kept_pdf(store, one) for one in received.get(number, [number])), key=len, reverse=True):
            if not any(other.startswith(pdf) for other in files):
                files.append(pdf)
    return {"packet.pdf" if number == 1 else f"packet-{number}.pdf": pdf for number, pdf in enumerate(files[:_PACKETS], 1)}


def _others(judged: Judged) -> Attachment:
    store, decisions = judged.store, []
    for one in judged.view.sign_offs:
        if one.method != "pdf":
            said, signature = decision.recorded(store, one.entry)
            text = canonical(said.statement(store.origin)).decode()
            decisions.append(SignedDecision(entry=one.entry, statement=text, signature=signature))
    content = pretty(DecisionsFile(decisions=tuple(decisions)).model_dump(mode="json"))
    return Attachment(DECISIONS, "application/json", "Decisions signed outside of a PDF: text, signature, key or certificate", content)


def _record(judged: Judged, entry: int, by: Signing, packets: Mapping[str, bytes], files: Sequence[Attachment]) -> DecisionRecord:
    store, project, assessment = judged.store, judged.project, judged.assessment
    table = project.document.report
    checkpoint = checkpoint_at(store, entry + 1)
    return DecisionRecord(
        id=f"D{entry}-{checkpoint.root[:8]}",
        log=store.origin,
        made_at=by.when,
        title=None if table.title is None else cut(table.title, _TITLE),
        organisation=None if table.organisation is None else cut(table.organisation, _TITLE),
        page=cast(Any, table.page),
        toolkit=__version__,
        subject=assessment.subject,
        point=assessment.point,
        question=question(project, assessment),
        assessment=entry,
        decision_digest=assessment.decision_digest,
        evidence_outcome=assessment.evidence_outcome,
        outcome=assessment.outcome,
        word=WORDS[assessment.outcome],
        because=plain(assessment.because),
        overridden=assessment.overridden,
        roles=tuple(_roles(store, assessment, packets)),
        conditions=tuple(
            ConditionRecord(
                id=one.id,
                role=one.role,
                text=cut(one.text, _TEXT),
                owner=one.owner,
                due_at=one.due_at,
                closed_by=one.waits_for,
                met_by=one.met_by,
                lapsed=one.met_by is None and one.due_at <= assessment.as_of,
            )
            for one in assessment.conditions
        ),
        checkpoint=checkpoint,
        signer=by.signer,
        renderer=dict(renderer_fingerprint()),
        attachments=rows_of(files),
    )


def _roles(store: Store, assessment: Assessment, packets: Mapping[str, bytes]) -> Iterator[RoleRecord]:
    for one in assessment.roles:
        said = sorted((*one.approvals, *one.rejections, *one.void), key=lambda each: each.entry)
        yield RoleRecord(
            role=one.role,
            title=one.title,
            required=one.required,
            quorum=one.quorum,
            stands=missing(one),
            decided=tuple(_decided(store, each, packets) for each in said),
        )


def _decided(store: Store, one: SignOff, packets: Mapping[str, bytes]) -> Decided:
    held = None if one.document is None else kept_pdf(store, one.document)
    return Decided(
        entry=one.entry,
        by=cut(one.by, _TITLE),
        key=one.key,
        method=one.method,
        document=None if held is None else next((name for name, pdf in packets.items() if pdf.startswith(held)), None),
        defect=one.defect,
        **wording(one),
    )


def wording(one: SignOff | Said) -> dict[str, Any]:
    """Returns what somebody decided, as the record words it: fields of `Decided`."""
    promised = tuple(
        Promised(
            text=cut(each.text, _TEXT),
            owner=cut(each.owner, _TITLE),
            due_at=each.due_at,
            closed_by=f"gate {each.gate}" if each.gate else f"kind {each.kind}",
        )
        for each in one.conditions
    )
    return {
        "decision": one.decision,
        "override": one.override,
        "reason": None if one.reason is None else cut(one.reason, _TEXT),
        "conditions": promised,
        "at": one.at,
        "expires_at": one.expires_at,
    }
