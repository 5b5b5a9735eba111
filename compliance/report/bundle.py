"""The files that a report carries, so that its reader can check it without the store: see `bundle_check.verify`.

Full reports carry the keys of the salted commitments of their evidence; without them nobody could recompute the leaves. A copy for others
leaves them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Final

import msgspec
from sqlmodel import col, select

from ..assessment import Assessment
from ..gate import Item
from ..record import Json, PrivacyClass, sha256_hex
from ..sign import dsse
from ..sign.checks import Check
from ..store import Store, merkle
from ..store.tables import Evidence, Ledger, SealedValue
from . import findings
from .bundle_model import Consistency, EvidenceBundle, Inclusion, KeptEntry, ProofsDocument, SealedText, TreeState
from .finding_files import FINDINGS_CSV as FINDINGS_CSV
from .finding_files import FINDINGS_JSON as FINDINGS_JSON
from .finding_files import Hiding, findings_files
from .json import check_document
from .model import AttachmentRow, PreviousReport, Proof, ReportModel
from .pdf import Attachment

ASSESSMENT: Final = "assessment.json"
CHECKPOINT: Final = "checkpoint.txt"
EVIDENCE: Final = "evidence.json"
PROOFS: Final = "proofs.json"
MODEL: Final = "report.json"
SIGNER: Final = "signer.pem"
VSA: Final = "vsa.dsse.json"

_DESCRIPTIONS: Final = {
    ASSESSMENT: "The judgement, gate by gate, as check --format json prints it",
    CHECKPOINT: "Signed checkpoint C1 of the ledger (C2SP signed note)",
    EVIDENCE: "Ledger entries of the evidence, their payloads, and the keys of their commitments",
    FINDINGS_CSV: "All findings; a cell that a spreadsheet could take for a formula begins with an apostrophe",
    FINDINGS_JSON: "All findings, row by row, as the ledger's row roots cover them",
    PROOFS: "Inclusion proofs of the ledger entries against C1; consistency with the report before",
    MODEL: "The report's model: everything that the pages show",
    SIGNER: "Certificate of the signer, and those above it; trust it only if you have it from elsewhere too",
    VSA: "The decision as a signed statement on the commit (SLSA VSA v1, in-toto, DSSE); names the other files by digest",
}
_MEDIA_TYPES: Final = {"csv": "text/csv", "txt": "text/plain", "json": "application/json", "pem": "application/pem-certificate-chain"}
_PRETTY: Final = 2


def attachments(
    store: Store,
    assessment: Assessment,
    items: Mapping[int, Item],
    counted: Sequence[int],
    proof: Proof,
    redacted: Set[PrivacyClass] = frozenset(),
) -> list[Attachment]:
    """Returns every attached file but the model, sorted by name.

    Args:
        store: The store.
        assessment: The judgement.
        items: The registered evidence by number.
        counted: Numbers of the evidence whose findings are listed.
        proof: What the report is anchored in.
        redacted: Privacy classes that the copy leaves out; the judgement is redacted already.
    """
    erased = store.erased()
    tombstones = {erased[number] for number in items if erased.get(number, proof.checkpoint.size) < proof.checkpoint.size}
    entries = sorted({0, *items, *tombstones, proof.assessment_entry})
    contents = {
        ASSESSMENT: pretty(check_document(assessment)),
        CHECKPOINT: proof.checkpoint.note.encode(),
        EVIDENCE: evidence_json(store, entries, redacted),
        PROOFS: proofs_json(store, entries, proof),
        **findings_files(findings.rows(store, sorted(counted)), Hiding(store, redacted) if redacted else None),
    }
    return [attachment(name, content) for name, content in sorted(contents.items())]


def attachment(name: str, content: bytes) -> Attachment:
    """Returns one of the bundle's files as an attachment."""
    media_type = dsse.MEDIA_TYPE if name == VSA else _MEDIA_TYPES[name.rpartition(".")[2]]
    relationship = {MODEL: "Source", SIGNER: "Supplement", VSA: "Supplement"}.get(name, "Data")
    return Attachment(name, media_type, _DESCRIPTIONS[name], content, relationship)


def rows_of(files: Iterable[Attachment]) -> tuple[AttachmentRow, ...]:
    """Returns the table of attachments: names, sizes, digests."""
    return tuple(
        AttachmentRow(
            name=one.name, media_type=one.media_type, size=len(one.content), sha256=sha256_hex(one.content), description=one.description
        )
        for one in files
    )


def model_json(model: ReportModel) -> bytes:
    """Returns ``report.json``."""
    return pretty(model.model_dump(mode="json"))


def pretty(document: Json) -> bytes:
    """Writes a JSON document for programs and for people."""
    return msgspec.json.format(msgspec.json.encode(document), indent=_PRETTY) + b"\n"


def evidence_json(store: Store, entries: Sequence[int], redacted: Set[PrivacyClass] = frozenset()) -> bytes:
    """Returns ``evidence.json``: for each entry the leaf as it was hashed, the public payload, and the private values with their keys.

    Leaves, payloads and values are texts, exactly the bytes that the digests cover. A redacted copy lacks the values and keys of its
    classes; of the assessment, whose texts may quote any class, it lacks all.
    """
    numbers = col(Ledger.entry).in_(entries)
    leaves = store.database.query(select(Ledger.entry, Ledger.leaf).where(numbers).order_by(col(Ledger.entry)))
    payloads = dict(map(tuple, store.database.query(select(Evidence.entry, Evidence.payload).where(col(Evidence.entry).in_(entries)))))
    sealed: dict[int, dict[PrivacyClass, SealedText]] = {}
    query = select(SealedValue.entry, SealedValue.privacy_class, SealedValue.key, SealedValue.value).order_by(
        col(SealedValue.privacy_class)
    )
    for number, name, key, value in store.database.query(query.where(col(SealedValue.entry).in_(entries))):
        if name in redacted or (redacted and number not in payloads):
            continue
        sealed.setdefault(number, {})[name] = SealedText(key=key.hex(), value=value.decode())
    kept = tuple(
        KeptEntry(
            number=number,
            leaf=leaf.decode(),
            payload_public=payloads[number].decode() if number in payloads else None,
            sealed=sealed.get(number, {}),
        )
        for number, leaf in leaves
    )
    return pretty(EvidenceBundle(entries=kept).model_dump(mode="json", exclude_none=True))


def proofs_json(store: Store, entries: Sequence[int], proof: Proof) -> bytes:
    """Returns ``proofs.json``."""
    size = proof.checkpoint.size
    paths = ((number, merkle.inclusion_proof(number, size, store.node)) for number in entries)
    document = ProofsDocument(
        checkpoint=TreeState(size=size, root=proof.checkpoint.root),
        inclusion=tuple(Inclusion(entry=number, proof=tuple(one.hex() for one in path)) for number, path in paths),
        consistency=None if proof.previous is None else consistency_of(proof.previous),
    )
    return pretty(document.model_dump(mode="json"))


def consistency_of(previous: PreviousReport) -> Consistency:
    """Returns what ``proofs.json`` says about the report before."""
    return Consistency.model_validate({"report": previous.id, "from": previous.checkpoint, "proof": previous.proof})


def verify(attachments: Mapping[str, bytes]) -> list[Check]:
    """Checks the files of a report: see `bundle_check.verify`."""
    from . import bundle_check

    return bundle_check.verify(attachments)


def model_of(attachments: Mapping[str, bytes]) -> ReportModel:
    """Reads the model among a report's files.

    Raises:
        InputError: It is missing, or no model.
    """
    from . import bundle_files

    return bundle_files.model_of(attachments)


def verify_signer(attachments: Mapping[str, bytes], fingerprint: str | None) -> Check:
    """Compares the certificate of the file's signature with the printed one: see `bundle_check.verify_signer`."""
    from . import bundle_check

    return bundle_check.verify_signer(attachments, fingerprint)


def verify_page(attachments: Mapping[str, bytes], unsigned: bytes) -> Check:
    """Renders the pages again and compares: see `page_check.verify_page`."""
    from . import page_check

    return page_check.verify_page(attachments, unsigned)


def checkpoint(attachments: Mapping[str, bytes]) -> str:
    """Returns the attached checkpoint C1: see `bundle_check.checkpoint`."""
    from . import bundle_check

    return bundle_check.checkpoint(attachments)
