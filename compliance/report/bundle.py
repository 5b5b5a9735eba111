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
from ..judgement.rules import rules_of
from ..judgement.view import collections_read, entries_read
from ..project import Project
from ..record import Json, PrivacyClass, sha256_hex
from ..sign import dsse
from ..store import Store, merkle
from ..store.ledger import Entry
from ..store.tables import Evidence, Ledger, SealedValue
from . import findings
from .bundle_model import (
    Consistency,
    EvidenceBundle,
    Inclusion,
    KeptEntry,
    LedgerDocument,
    LedgerEntry,
    ProofsDocument,
    SealedText,
    TreeState,
)
from .finding_files import FINDINGS_CSV, FINDINGS_JSON, Hiding, findings_files
from .json import check_document
from .model import AttachmentRow, PreviousReport, Proof, ReportModel
from .pdf import Attachment

ASSESSMENT: Final = "assessment.json"
CHECKPOINT: Final = "checkpoint.txt"
EVIDENCE: Final = "evidence.json"
LEDGER: Final = "ledger.json"
PROOFS: Final = "proofs.json"
MODEL: Final = "report.json"
RULES: Final = "rules.json"
SIGNER: Final = "signer.pem"
VSA: Final = "vsa.dsse.json"

_DESCRIPTIONS: Final = {
    ASSESSMENT: "The judgement, gate by gate, as check --format json prints it",
    CHECKPOINT: "Signed checkpoint C1 of the ledger (C2SP signed note)",
    EVIDENCE: "Ledger entries of the evidence, their payloads, and the keys of their commitments",
    FINDINGS_CSV: "All findings; a cell that a spreadsheet could take for a formula begins with an apostrophe",
    FINDINGS_JSON: "All findings, row by row, as the ledger's row roots cover them",
    LEDGER: "All other ledger entries: none was left out",
    PROOFS: "Inclusion proofs of the ledger entries against C1; consistency with the report before",
    MODEL: "The report's model: everything that the pages show",
    RULES: "What judged: thresholds, decision point, roles, and digests of the code",
    SIGNER: "Certificate of the signer, and those above it; trust it only if you have it from elsewhere too",
    VSA: "The decision as a signed statement on the commit (SLSA VSA v1, in-toto, DSSE)",
}
_MEDIA_TYPES: Final = {"csv": "text/csv", "txt": "text/plain", "json": "application/json", "pem": "application/pem-certificate-chain"}
_PRETTY: Final = 2
LEDGER_LIMIT: Final = 4_000
"""Entries of the largest ledger that a report carries whole: some 0.3 kB each in the file."""


def attachments(
    store: Store,
    project: Project,
    assessment: Assessment,
    items: Mapping[int, Item],
    counted: Sequence[int],
    proof: Proof,
    redacted: Set[PrivacyClass] = frozenset(),
) -> list[Attachment]:
    """Returns every attached file but the model, sorted by name.

    Args:
        store: The store.
        project: Whose rules judged.
        assessment: The judgement; of a redacted copy it is redacted already.
        items: The registered evidence by number.
        counted: Numbers of the evidence whose findings are listed.
        proof: What the report is anchored in.
        redacted: Privacy classes that the copy leaves out. What only judging again needs is left out with them, since it needs all.
    """
    erased, size = store.erased(), proof.checkpoint.size
    whole, seen = not redacted and size <= LEDGER_LIMIT, assessment.store.size
    read = entries_read(store, project.catalog.kinds, assessment.subject, seen) if whole else collections_read(store, seen)
    kept = {0, *items, *(() if redacted else read), proof.assessment_entry}
    entries = sorted(kept | {erased[number] for number in kept if erased.get(number, size) < size})
    contents = {
        ASSESSMENT: pretty(check_document(assessment)),
        CHECKPOINT: proof.checkpoint.note.encode(),
        EVIDENCE: evidence_json(store, entries, redacted),
        PROOFS: proofs_json(store, entries, proof),
        **findings_files(findings.rows(store, sorted(counted)), Hiding(store, redacted) if redacted else None),
    }
    if not redacted:
        contents[RULES] = pretty(rules_of(project, assessment.point).model_dump(mode="json"))
    if whole:
        contents[LEDGER] = ledger_json(store, entries, size, assessment.subject.project)
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


def ledger_json(store: Store, entries: Sequence[int], size: int, project: str) -> bytes:
    """Returns ``ledger.json``: every entry that ``evidence.json`` does not hold, one that names another project by its hash alone.

    Args:
        store: The store.
        entries: What ``evidence.json`` holds.
        size: Entries under the report's checkpoint.
        project: Name of the project.
    """
    held = set(entries)
    others = [_listed(entry, project) for entry in store.entries(upto=size) if entry.number not in held]
    return pretty(LedgerDocument(entries=tuple(others)).model_dump(mode="json", exclude_none=True))


def _listed(entry: Entry, project: str) -> LedgerEntry:
    subject = entry.body.get("subject")
    if subject is not None and subject["project"] != project:
        return LedgerEntry(number=entry.number, hash=merkle.leaf_hash(entry.data).hex())
    return LedgerEntry(number=entry.number, leaf=entry.data.decode())


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
