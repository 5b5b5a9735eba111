"""The files that a report carries, so that its reader can check it without the store: see `bundle_check.verify`.

Full reports carry the keys of the salted commitments of their evidence; without them nobody could recompute the leaves. A copy for others
leaves them out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, Final

import msgspec
from sqlmodel import col, select

from ..assessment import Assessment
from ..gate import Item
from ..record import PRIVACY_CLASSES, Finding, Json, PrivacyClass, sha256_hex
from ..sign import dsse
from ..sign.checks import Check
from ..store import Store, merkle
from ..store.ledger import RowHasher
from ..store.tables import Evidence, Ledger, SealedValue
from . import findings
from .bundle_model import FINDINGS_SCHEMA, Consistency, EvidenceBundle, Inclusion, KeptEntry, ProofsDocument, SealedText, TreeState
from .json import check_document
from .model import AttachmentRow, PreviousReport, Proof, ReportModel
from .pdf import Attachment
from .redact import MARK

ASSESSMENT: Final = "assessment.json"
CHECKPOINT: Final = "checkpoint.txt"
EVIDENCE: Final = "evidence.json"
FINDINGS_CSV: Final = "findings.csv"
FINDINGS_JSON: Final = "findings.json"
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
_FORMULA: Final = frozenset("=+-@\t\r\n")
_COLUMNS: Final = findings.COLUMNS
_PRETTY: Final = 2
PRIVATE_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "paths": ("fingerprint", "line", "path"),
    "people": ("person",),
    "code": ("message",),
}
"""What of a finding belongs to each privacy class."""


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
    entries = sorted({0, *items, proof.assessment_entry})
    contents = {
        ASSESSMENT: pretty(check_document(assessment)),
        CHECKPOINT: proof.checkpoint.note.encode(),
        EVIDENCE: evidence_json(store, entries, redacted),
        PROOFS: proofs_json(store, entries, proof),
        **findings_files(findings.rows(store, sorted(counted)), _Hiding(store, redacted) if redacted else None),
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


class FindingLine(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One finding in ``findings.json``; fields in the order of the store's columns, None left out."""

    evidence: int
    number: int
    confidence: str | None = None
    fixed_in: str | None = None
    package: str | None = None
    package_version: str | None = None
    rule: str = ""
    severity: str = ""
    state: str = ""
    fingerprint: str = ""
    line: int | None = None
    path: str | None = None
    message: str | None = None
    person: str | None = None
    commitments: dict[str, str] | None = None
    """In a redacted copy: the row's commitments to what is left out, in hexadecimal by class."""


class FindingsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The document ``findings.json``."""

    schema: str
    findings: list[FindingLine]


_HEAD: Final = b'{"schema":"' + FINDINGS_SCHEMA.encode() + b'","findings":[\n'


def findings_files(chunks: Iterable[Sequence[Sequence[Any]]], hiding: _Hiding | None = None) -> dict[str, bytes]:
    """Returns ``findings.json`` and ``findings.csv`` from rows in the order of `findings.COLUMNS`.

    Args:
        chunks: The rows.
        hiding: Leaves out what a redacted copy must not hold.
    """
    encoder = msgspec.json.Encoder()
    lines, table = bytearray(), _Table()
    for chunk in chunks:
        listed = [FindingLine(*row) for row in chunk]
        if hiding is not None:
            listed = [hiding.line(one) for one in listed]
        lines += encoder.encode_lines(listed).replace(b"\n", b",\n")
        table.write(chunk if hiding is None else map(_cells, listed))
    return {FINDINGS_JSON: _HEAD + bytes(lines).removesuffix(b",\n") + b"\n]}\n", FINDINGS_CSV: table.content()}


def findings_csv(lines: Iterable[FindingLine]) -> bytes:
    """Returns ``findings.csv`` for the findings of a ``findings.json``."""
    table = _Table()
    table.write(map(_cells, lines))
    return table.content()


class _Hiding:
    """Replaces what a redacted copy leaves out of its findings by the commitments of their rows.

    Args:
        store: Holds the keys.
        classes: Privacy classes that are left out.
    """

    def __init__(self, store: Store, classes: Set[PrivacyClass]) -> None:
        self._store = store
        self._classes = [name for name in PRIVACY_CLASSES if name in classes]
        hidden = (column for name in self._classes for column in PRIVATE_COLUMNS[name])
        self._hidden: dict[str, str | None] = {column: "" if column == "fingerprint" else None for column in hidden}
        self._hashers: dict[int, RowHasher] = {}

    def line(self, line: FindingLine) -> FindingLine:
        """Returns a finding without what is left out."""
        if line.evidence not in self._hashers:
            self._hashers = {line.evidence: RowHasher(self._store.keys(line.evidence))}
        made = self._hashers[line.evidence].commitments(line.number, finding_of(line))
        given = {name: made[name].hex() for name in self._classes}
        return msgspec.structs.replace(line, **self._hidden, commitments=given)


def finding_of(line: FindingLine) -> Finding:
    """Returns the row that a line lists."""
    return Finding(**{name: getattr(line, name) for name in Finding.__struct_fields__})


def _cells(line: FindingLine) -> tuple[Any, ...]:
    """Returns the cells of a finding in the order of the columns, with a mark for each value that is left out."""
    *cells, commitments = msgspec.structs.astuple(line)
    for name, digest in (commitments or {}).items():
        if digest.strip("0"):
            for column in PRIVATE_COLUMNS[name]:
                cells[_COLUMNS.index(column)] = MARK
    return tuple(cells)


class _Table:
    """A CSV file (RFC 4180) that a spreadsheet can open without running anything."""

    def __init__(self) -> None:
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self._writer.writerow(_COLUMNS)

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Writes rows; column by column, the guard costs a tenth of what it does cell by cell."""
        columns = [guarded(column) for column in zip(*rows, strict=True)]
        self._writer.writerows(zip(*columns, strict=True))

    def content(self) -> bytes:
        return self._text.getvalue().encode()


def guarded(column: Sequence[Any]) -> list[Any]:
    """Keeps a spreadsheet from taking cells for formulas (OWASP, CSV injection): puts an apostrophe before what could start one."""
    return [f"'{cell}" if cell.__class__ is str and cell[:1] in _FORMULA else cell for cell in column]


def verify(attachments: Mapping[str, bytes]) -> list[Check]:
    """Checks the files of a report: see `bundle_check.verify`."""
    from . import bundle_check

    return bundle_check.verify(attachments)


def model_of(attachments: Mapping[str, bytes]) -> ReportModel:
    """Reads the model among a report's files.

    Raises:
        InputError: It is missing, or no model.
    """
    from . import bundle_check

    return bundle_check.model_of(attachments)


def verify_signer(attachments: Mapping[str, bytes], fingerprint: str | None) -> Check:
    """Compares the certificate of the file's signature with the printed one: see `bundle_check.verify_signer`."""
    from . import bundle_check

    return bundle_check.verify_signer(attachments, fingerprint)


def verify_page(attachments: Mapping[str, bytes], unsigned: bytes) -> Check:
    """Renders the pages again and compares: see `bundle_check.verify_page`."""
    from . import bundle_check

    return bundle_check.verify_page(attachments, unsigned)


def checkpoint(attachments: Mapping[str, bytes]) -> str:
    """Returns the attached checkpoint C1: see `bundle_check.checkpoint`."""
    from . import bundle_check

    return bundle_check.checkpoint(attachments)
