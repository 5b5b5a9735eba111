"""What is proven of the people's signatures in a packet, and of a final packet with everything that it carries. Offline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from ..errors import ComplianceError, InputError, SigningKeyError, first_line
from ..reading import jsontext
from ..record import sha256_hex
from ..report import bundle_check, bundle_files, page_check
from ..report.pdf import Attachment, renderer_fingerprint
from ..role import same_person
from ..sign.checks import Check
from ..sign.keys import certificate_fingerprint
from ..sign.pdf_verify import inspect_pdf
from ..sign.standing import stand
from ..sign.statement import Signature, Signers, key_of, name_of
from . import check, decisionfile
from .final import DECISIONS, RECORD, REPORT, attachment, render, wording
from .final_model import Decided, DecisionRecord, DecisionsFile, SignedDecision
from .model import Slot
from .signed import TOLERANCE, SignedPacket, read_packet

if TYPE_CHECKING:
    from ..decision import Said
    from ..sign.pdf_verify import FieldSignature
    from ..sign.trust import TrustStore

_LIMIT: Final = 16 << 20
Judging = Callable[[Mapping[str, bytes], Sequence[Check]], Iterable[Check]]
"""Judges again what a report carries, given its files and what was found of them."""


def signatures(packet: SignedPacket, trust: TrustStore) -> Iterator[Check]:
    """Checks what people signed in an intact packet: who, what, and whether the packet names them for the field.

    Args:
        packet: The packet.
        trust: Whose certificates the verifier trusts.
    """
    done: list[tuple[Slot, FieldSignature]] = []
    twice: list[str] = []
    for slot, signature in packet.approvals():
        yield _signature(packet, slot, signature, trust)
        twice += (
            f"{name_of(signature.certificate)} signed {one.name} and {slot.name}" for one, other in done if _same_signer(other, signature)
        )
        done.append((slot, signature))
    open_ = [slot.name for slot in packet.packet.slots if slot.name not in {one.name for one, _ in done}]
    waits = f"; open: {', '.join(open_)}" if open_ else ""
    # Whether one person may decide in two roles stands in the project, not in the packet.
    again = f"; {twice[0]}, which counts once unless the project lets the roles be shared" if twice else ""
    yield Check(
        "decisions", "not-proven" if twice else "proven", f"{len(done)} of {len(packet.packet.slots)} fields are signed{waits}{again}"
    )


def _same_signer(one: FieldSignature, other: FieldSignature) -> bool:
    return one.fingerprint == other.fingerprint or same_person(name_of(one.certificate), name_of(other.certificate))


def _signature(packet: SignedPacket, slot: Slot, signature: FieldSignature, trust: TrustStore) -> Check:
    name = f"decision-{slot.name}"
    who, key = name_of(signature.certificate), f"sha256:{signature.fingerprint}"
    try:
        said = packet.said(slot, signature)
    except ComplianceError as error:
        return Check(name, "refuted", f"{who}: {error}")
    if key not in slot.people and not any(same_person(one, who) for one in slot.people):
        return Check(name, "refuted", f"{who} is not named in the packet for the role {slot.role}; a delegation would stand in the ledger")
    standing = stand(packet.signed, signature, trust)
    refuted = next((one.detail for one in standing.checks if one.status == "refuted"), None)
    if refuted is not None:
        return Check(name, "refuted", f"{_words(said)} by {who}: {refuted}")
    holds = standing.status in ("trusted", "trial")
    return Check(name, "proven" if holds else "not-proven", f"{_words(said)} by {who}: {standing.detail}")


def _words(said: Said) -> str:
    over = " (override of a no-go)" if said.override else ""
    return f"{said.decision}{over}" + (f", {len(said.conditions)} conditions" if said.conditions else "")


def is_final(attachments: Mapping[str, bytes]) -> bool:
    """Tells whether the attachments are those of a final packet."""
    return RECORD in attachments


def final(
    attachments: Mapping[str, bytes], unsigned: bytes, trust: TrustStore, allowed: Sequence[Path] = (), judge: Judging | None = None
) -> Iterator[Check]:
    """Checks a final packet, and each document that it carries by its own rules.

    Args:
        attachments: Its files by name.
        unsigned: The document as it was rendered.
        trust: Whose certificates the verifier trusts.
        allowed: Lists of the SSH signers that the verifier trusts.
        judge: Judges the evidence in the report again; nothing is said of that when None.
    """
    try:
        record = read_record(attachments)
        decisions = DecisionsFile.model_validate(jsontext.loads(attachments[DECISIONS]))
    except (ComplianceError, ValidationError, KeyError) as error:
        yield Check("record-model", "refuted", f"the decision record cannot be read: {first_line(error)}")
        return
    yield Check("record-model", "proven", f"decision record {record.id} of compliance-toolkit {record.toolkit}")
    yield _digests(record, attachments)
    yield _page(record, attachments, unsigned)
    packets: dict[str, SignedPacket] = {}
    for name in sorted(attachments):
        if name.startswith("packet") and name.endswith(".pdf"):
            yield from _packet(name, attachments[name], trust, record, packets)
    yield from _report(attachments.get(REPORT, b""), record, judge)
    yield from _decided(record, packets, decisions, Signers(allowed, trust))


def read_record(attachments: Mapping[str, bytes]) -> DecisionRecord:
    """Returns the record of a final packet.

    Raises:
        InputError: It is missing or none.
    """
    content = attachments.get(RECORD, b"")
    if len(content) > _LIMIT:
        raise InputError(f"{len(content)} bytes", expected=f"at most {_LIMIT} bytes", where=RECORD)
    try:
        return DecisionRecord.model_validate(jsontext.loads(content))
    except ValidationError as error:
        raise InputError(str(error.errors()[0]["msg"]), expected="a decision record", where=RECORD) from error


def _digests(record: DecisionRecord, attachments: Mapping[str, bytes]) -> Check:
    listed = {row.name: row.sha256 for row in record.attachments}
    found = {name: sha256_hex(content) for name, content in attachments.items() if name != RECORD}
    wrong = sorted(name for name in {*listed, *found} if listed.get(name) != found.get(name))
    if wrong:
        return Check("record-attachments", "refuted", f"{wrong[0]}: not the file that the record lists")
    return Check("record-attachments", "proven", f"{len(found)} attached files have the digests that the record prints")


def _page(record: DecisionRecord, attachments: Mapping[str, bytes], unsigned: bytes) -> Check:
    name, here = "page-render", renderer_fingerprint()
    if here != record.renderer:
        return Check(name, "not-proven", "rendered with other versions of the renderer or its fonts, so the bytes cannot be compared")
    described = {row.name: row for row in record.attachments}
    try:
        files = [
            attachment(record) if file == RECORD else Attachment(file, described[file].media_type, described[file].description, content)
            for file, content in sorted(attachments.items())
        ]
        same = render(record, files).content == unsigned
    except ComplianceError as error:
        return Check(name, "not-proven", f"the pages cannot be rendered here: {error}")
    except (KeyError, ValueError) as error:
        return Check(name, "refuted", f"the attached record cannot be rendered: {type(error).__name__}")
    if not same:
        return Check(name, "refuted", "the pages are not those that the attached record gives")
    return Check(name, "proven", "rendering the attached record again gives the same bytes")


def _packet(name: str, pdf: bytes, trust: TrustStore, record: DecisionRecord, packets: dict[str, SignedPacket]) -> Iterator[Check]:
    try:
        packet = packets[name] = read_packet(pdf)
    except ComplianceError as error:
        yield Check(f"{name}: intact", "refuted", str(error))
        return
    if packet.packet.decision_digest != record.decision_digest:
        yield Check(f"{name}: decision", "refuted", "it is about another decision than the record")
    yield from _named(name, packet.signed.checks)
    yield from _named(name, check.verify(packet.signed.attachments, pdf[: packet.signed.unsigned_length]))
    yield from _named(name, signatures(packet, trust))


def _report(pdf: bytes, record: DecisionRecord, judge: Judging | None) -> Iterator[Check]:
    signed = inspect_pdf(pdf)
    yield from _named(REPORT, signed.checks)
    if not signed.is_intact:
        return
    content = bundle_check.verify(signed.attachments)
    yield from _named(REPORT, content)
    yield _named_one(REPORT, page_check.verify_page(signed.attachments, pdf[: signed.unsigned_length]))
    if judge is not None:
        yield from _named(REPORT, judge(signed.attachments, content))
    try:
        assessment = bundle_files.model_of(signed.attachments).assessment
    except ComplianceError as error:
        yield Check(f"{REPORT}: decision", "refuted", str(error))
        return
    same = (assessment.decision_digest, assessment.outcome, assessment.evidence_outcome) == (
        record.decision_digest,
        record.outcome,
        record.evidence_outcome,
    )
    words = "decision digest and outcome are those of the record"
    yield Check(f"{REPORT}: decision", "proven" if same else "refuted", words if same else f"it is not so that {words}")


def _named(name: str, checks: Iterable[Check]) -> Iterator[Check]:
    yield from (_named_one(name, one) for one in checks)


def _named_one(name: str, one: Check) -> Check:
    return Check(f"{name}: {one.name}", one.status, one.detail)


def _decided(record: DecisionRecord, packets: Mapping[str, SignedPacket], decisions: DecisionsFile, signers: Signers) -> Iterator[Check]:
    """Compares each decision that the record counts with the signature that it rests on."""
    texts = {one.entry: one for one in decisions.decisions}
    for role in record.roles:
        for one in role.decided:
            name = f"record-entry-{one.entry}"
            if one.method == "pdf":
                found = packets.get(one.document or "")
                held = found is not None and any(
                    slot.role == role.role
                    and f"sha256:{certificate_fingerprint(signature.certificate)}" == one.key
                    and _says(found, slot, signature, one)
                    for slot, signature in found.approvals()
                )
                words = f"{one.decision} of {role.role} is signed in {one.document}"
                yield Check(name, "proven" if held else "refuted", words if held else f"it is not so that {words}")
            elif one.defect is None:
                yield _outside(name, record, role.role, one, texts.get(one.entry), signers)


def _says(packet: SignedPacket, slot: Slot, signature: FieldSignature, decided: Decided) -> bool:
    try:
        return _same(packet.said(slot, signature), decided)
    except ComplianceError:
        return False


def _same(said: Said, decided: Decided) -> bool:
    return all(getattr(decided, name) == value for name, value in wording(said).items())


def _outside(name: str, record: DecisionRecord, role: str, decided: Decided, signed: SignedDecision | None, signers: Signers) -> Check:
    """Checks a decision that was signed outside of a PDF: what it says, that a key signed it, and who holds that key for the verifier."""
    if signed is None:
        return Check(name, "refuted", f"the record counts entry {decided.entry}, but {DECISIONS} does not hold it")
    data = signed.statement.encode()
    try:
        log, said = decisionfile.read(data)
        signature = Signature.read(signed.signature)
        key = key_of(data, signature)
    except SigningKeyError as error:
        return Check(name, "not-proven", str(error))
    except ComplianceError as error:
        return Check(name, "refuted", f"the decision of entry {decided.entry}: {error}")
    if said.at > record.made_at + TOLERANCE:
        return Check(name, "refuted", f"the statement of entry {decided.entry} is of {said.at.isoformat()}, later than the record")
    if (log, said.decision_digest, said.point) != (record.log, record.decision_digest, record.point):
        return Check(name, "refuted", f"the statement of entry {decided.entry} is about another decision than the record")
    if said.role != role or not _same(said, decided):
        return Check(name, "refuted", f"the statement of entry {decided.entry} says something else than the record")
    if key != decided.key:
        return Check(name, "refuted", f"entry {decided.entry} is signed by the key {key}, not by {decided.key}, which the record names")
    try:
        signer = signers.verify(data, signature, said.at)
    except ComplianceError as error:
        return Check(name, "not-proven", f"{_words(said)} for {role} is signed by the key {key}, an unknown signer: {error}")
    if not same_person(signer.name, decided.by):
        return Check(name, "not-proven", f"the key {key} is that of {signer.name} here; the record names {decided.by}")
    trial = ", a trial key" if signer.trial else ""
    return Check(name, "proven", f"{_words(said)} for {role} by {signer.name}, signed by the key {key}{trial}")
