"""Takes signed packets back: what others signed in them becomes sign-offs in the ledger, each refused or recorded by itself.

The file is kept in the ledger, as it is; whenever a sign-off is judged, its signature and its words are read from that file again.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from .. import decision
from ..decision import Said
from ..errors import ComplianceError, InputError, SigningKeyError
from ..project import Project
from ..record import sha256_hex
from ..report.signing import PACKET
from ..sign.pdf_verify import FieldSignature
from ..sign.statement import Signature, Signer, Signers
from ..store import Draft, Store
from .model import Slot
from .signed import TOLERANCE, SignedPacket, read_packet

if TYPE_CHECKING:
    from ..store.ledger import Entry

RECEIVED: Final = "packet.received"


@dataclass(frozen=True)
class Received:
    """What became of one signature.

    Args:
        field: Name of its field.
        role: Role that it is signed for.
        status: Whether it was recorded, was there already, or is refused.
        entry: Ledger entry of the sign-off.
        said: What it says; None where that is not clear.
        by: Who signed.
        reason: Why it is refused.
    """

    field: str
    role: str
    status: Literal["recorded", "duplicate", "refused"]
    entry: int | None = None
    said: Said | None = None
    by: Signer | None = None
    reason: str | None = None


def receive(store: Store, project: Project, pdf: bytes, signers: Signers, at: datetime) -> list[Received]:
    """Records the signatures in a packet that came back.

    Args:
        store: The store, open for writing.
        project: Its roles decide who may sign what.
        pdf: The file.
        signers: Whose signatures count.
        at: The time now: certificates must be valid still.

    Returns:
        One result per signature, in the order in which they were made.

    Raises:
        InputError: The file is altered, is no packet, was not issued by this store, or nobody has signed it.
    """
    packet = read_packet(pdf)
    issued = _require_issued(store, packet)
    found = list(packet.approvals())
    if not found:
        raise InputError("nobody has signed it", expected="a packet with at least one signature in its fields")
    desk = _Desk(store, project, signers, at, packet, issued)
    return [desk.take(slot, signature) for slot, signature in found]


def _require_issued(store: Store, packet: SignedPacket) -> Entry:
    origin = store.origin
    if packet.packet.log != origin:
        raise InputError(f"a packet of the log {packet.packet.log}", expected=f"one of this store's log {origin}")
    for entry in store.entries(types=[PACKET.signed]):
        if entry.body["sha256"] == packet.certified:
            return entry
    raise InputError(f"packet {packet.packet.id} was not issued by this store", expected="a packet as `compliance packet` wrote it")


@dataclass
class _Desk:
    """Takes the signatures of one packet, one after the other: each sees those before it."""

    store: Store
    project: Project
    signers: Signers
    at: datetime
    packet: SignedPacket
    issued: Entry
    document: int | None = None
    """Ledger entry that keeps the file."""

    def take(self, slot: Slot, signature: FieldSignature) -> Received:
        covered = sha256_hex(self.packet.pdf[: signature.covered])
        known = [one for one in self.store.entries(types=[decision.TYPE]) if one.body.get("covered") == covered]
        if known:
            return Received(slot.name, slot.role, "duplicate", known[0].number)
        said, signer = None, None
        try:
            said = self.packet.said(slot, signature)
            signer = holder(signature, self.signers, self.at)
            self._require_sound(said, signer)
        except ComplianceError as error:
            return Received(slot.name, slot.role, "refused", None, said, signer, str(error))
        numbers = self.store.append(self._drafts(slot, said, signer, covered))
        return Received(slot.name, slot.role, "recorded", numbers[0], said, signer)

    def _require_sound(self, said: Said, signer: Signer) -> None:
        if said.at > self.at + TOLERANCE:
            raise InputError(f"signed at {said.at.isoformat()}, which has not come yet")
        role = next((one for one in self.project.roles if one.id == said.role), None)
        if role is None:
            raise InputError(f"there is no role {said.role} any more", expected="a packet of the roles in compliance.toml")
        others, _ = decision.read(self.store, self.project.document.project.name, self.project.roles, self.signers)
        decision.require_sound(said, role, self.packet.packet.evidence_outcome, others, signer, self.project.roles)

    def _drafts(self, slot: Slot, said: Said, signer: Signer, covered: str) -> Sequence[Draft]:
        if self.document is None:
            (self.document,) = self.store.append([_kept(self.packet, self.issued)])
        place = {"document": self.document, "field": slot.name, "covered": covered}
        return decision.drafts(said, Signature("pdf", slot.name), signer.name, self.issued.body["subject"], place)


def _kept(packet: SignedPacket, issued: Entry) -> Draft:
    body = {
        "packet": packet.packet.id,
        "issued": issued.number,
        "sha256": sha256_hex(packet.pdf),
        "fields": [slot.name for slot, _ in packet.approvals()],
        "subject": issued.body["subject"],
    }
    return Draft(type=RECEIVED, body=body, private={"people": {"pdf": base64.b64encode(packet.pdf).decode()}})


def holder(signature: FieldSignature, signers: Signers, at: datetime) -> Signer:
    """Returns who made a signature in a packet: the certificate must have been valid when it was made, and still be when it is recorded.

    Whoever signs says when; a certificate that has expired could claim any earlier time.

    Raises:
        SigningKeyError: It was not, or nobody whose signature counts made it.
    """
    if signature.signed_at is None:
        raise SigningKeyError("the signature does not say when it was made")
    signers.holder(signature.certificate, signature.chain, signature.signed_at)
    return signers.holder(signature.certificate, signature.chain, at)


def kept_pdf(store: Store, number: int) -> bytes:
    """Returns a packet that the ledger keeps: as it was issued, or as it came back.

    Raises:
        InputError: There is none, or it was erased.
    """
    entry = store.entry(number)
    text = store.private(number).get("people", {}).get("pdf") if entry.type in (PACKET.signed, RECEIVED) else None
    if text is None:
        raise InputError(f"entry {number} keeps no packet, or it was erased")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise InputError(f"entry {number}: the packet that it keeps is broken") from error


def _longest(store: Store, number: int) -> bytes:
    """Returns the newest file that continues a kept packet: one reading serves all signatures in it, each for its own part of the file."""
    pdf, issued = kept_pdf(store, number), store.entry(number).body.get("issued")
    later = [one.number for one in store.entries(types=[RECEIVED]) if one.number > number and one.body["issued"] == issued]
    longer = (store.private(one).get("people", {}).get("pdf") for one in reversed(later))
    start = base64.b64encode(pdf[: len(pdf) // 3 * 3]).decode()
    found = next((text for text in longer if isinstance(text, str) and text.startswith(start)), None)
    continued = pdf if found is None else base64.b64decode(found)
    return continued if continued.startswith(pdf) else pdf


def verify_again(store: Store, entry: Entry, said: Said, signers: Signers) -> Signer:
    """Verifies a recorded sign-off against the packet that holds its signature.

    Raises:
        ComplianceError: The packet is not there any more, or says something else, or nobody whose signature counts signed it.
    """
    body: dict[str, Any] = entry.body
    if body["document"] >= entry.number:
        raise InputError(f"entry {body['document']}, which should hold its signature, came later")
    packet = read_packet(_longest(store, body["document"]))
    if packet.packet.log != store.origin:
        raise InputError(f"signed in a packet of the log {packet.packet.log}")
    for slot, signature in packet.approvals():
        if slot.name == body["field"]:
            if packet.said(slot, signature) != said:
                raise InputError("the signed packet says something else")
            return holder(signature, signers, entry.at)
    raise InputError(f"the packet of entry {body['document']} has no signature in the field {body['field']}")
