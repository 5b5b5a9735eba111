"""Reads back what people decided in a packet: from the fields as each signature covers them, whichever program filled in and signed them.

A ticked box is the decision; a signature without one decides nothing, whatever its reason says. What is unclear is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ..decision import Promise, Said, Word
from ..errors import InputError
from ..record import sha256_hex
from ..sign.form import TICKED, filled_in
from ..sign.pdf_verify import FieldSignature, SignedPdf, inspect_pdf
from ..times import read_due, read_span, rfc3339
from .check import is_packet, read
from .model import CONDITIONS, PacketModel, Slot

if TYPE_CHECKING:
    from ..report.model import ReportModel

WORDS: Final[dict[str, Word]] = {"approve": "approve", "conditions": "approve-with-conditions", "reject": "reject"}
"""What each box means, by its part."""
TOLERANCE: Final = timedelta(minutes=5)
"""How far the clocks of a signer and of the issuer may lie apart."""
_PROMISE: Final = ("condition", "owner", "due", "closed-by")


@dataclass(frozen=True)
class SignedPacket:
    """An intact packet, with whatever was signed in it.

    Args:
        pdf: The file.
        signed: What is proven of it.
        packet: What it says.
        report: What the report in it says.
    """

    pdf: bytes
    signed: SignedPdf
    packet: PacketModel
    report: ReportModel

    @property
    def rendered(self) -> str:
        """SHA-256 of the document as it was rendered, which approvals bind to."""
        return sha256_hex(self.pdf[: self.signed.unsigned_length])

    @property
    def certified(self) -> str:
        """SHA-256 of the file as it was issued."""
        return sha256_hex(self.pdf[: self.signed.certified_length])

    def approvals(self) -> Iterator[tuple[Slot, FieldSignature]]:
        """Yields the signatures of people, in the order in which they were made."""
        for one in self.signed.later:
            slot = self.packet.slot(one.field)
            if one.kind == "approval" and slot is not None:
                yield slot, one

    def said(self, slot: Slot, signature: FieldSignature) -> Said:
        """Returns what a signature says.

        Raises:
            InputError: It decides nothing, or not clearly.
        """
        values = filled_in(self.pdf[: signature.covered])
        own = {part: values[slot.field(part)] for part in slot.parts() if slot.field(part) in values}
        word = WORDS[_ticked(slot, own)]
        at = _time(self.packet, signature)
        return Said(
            role=slot.role,
            decision=word,
            assessment=self.packet.assessment,
            point=self.packet.point,
            decision_digest=self.packet.decision_digest,
            packet=self.rendered,
            override=slot.override and word != "reject",
            reason=own.get("reason"),
            conditions=tuple(_promises(self.packet, own)),
            at=at,
            expires_at=at + read_span(slot.validity),
        )


@lru_cache(maxsize=4)
def read_packet(pdf: bytes) -> SignedPacket:
    """Reads a packet, signed or not.

    Raises:
        InputError: It is broken or altered, and which check says so; or it is no packet.
    """
    return packet_of(pdf, inspect_pdf(pdf))


def packet_of(pdf: bytes, signed: SignedPdf) -> SignedPacket:
    """Reads a packet of which it is known what the file says.

    Args:
        pdf: The file.
        signed: What `inspect_pdf` found in it.

    Raises:
        InputError: It is broken or altered, and which check says so; or it is no packet.
    """
    wrong = next((one for one in signed.checks if one.status != "proven"), None)
    if wrong is not None:
        raise InputError(
            f"altered or broken: {wrong.name}: {wrong.detail}", expected="a packet as it was issued, with signatures in its fields"
        )
    if not is_packet(signed.attachments):
        raise InputError("no sign-off packet: it carries no packet.json", expected="a packet as it was issued")
    packet = SignedPacket(pdf, signed, *read(signed.attachments))
    _require_locked(packet)
    return packet


def _require_locked(packet: SignedPacket) -> None:
    """Checks that nothing in a block changed once it was signed."""
    slots = {slot.field(part): slot.name for slot in packet.packet.slots for part in slot.parts()}
    done: set[str] = set()
    for update in packet.signed.updates:
        late = next((name for name in update.fields if slots.get(name) in done), None)
        if late is not None:
            raise InputError(f"altered: {late} was changed after {slots[late]} was signed", expected="a block as it was signed")
        done |= {name for name in update.fields if packet.packet.slot(name)}


def _ticked(slot: Slot, own: Mapping[str, str]) -> str:
    ticked = [part for part in slot.words if own.get(part) == TICKED]
    if not ticked:
        raise InputError("signed without a decision: no box is ticked", expected="exactly one ticked box")
    if len(ticked) > 1:
        raise InputError(f"signed with {len(ticked)} boxes ticked ({', '.join(ticked)})", expected="exactly one ticked box")
    return ticked[0]


def _time(packet: PacketModel, signature: FieldSignature) -> datetime:
    if signature.signed_at is None:
        raise InputError("the signature does not say when it was made")
    at = signature.signed_at.replace(microsecond=0)
    if at < packet.made_at - TOLERANCE:
        raise InputError(f"signed at {rfc3339(at)}, before the packet was made ({rfc3339(packet.made_at)})")
    return at


def _promises(packet: PacketModel, own: Mapping[str, str]) -> Iterator[Promise]:
    for number in range(1, CONDITIONS + 1):
        cells = {part: own.get(f"{part}-{number}", "") for part in _PROMISE}
        if not any(cells.values()):
            continue
        empty = next((part for part, text in cells.items() if not text), None)
        if empty is not None:
            raise InputError(f"condition {number} is without {empty.replace('-', ' ')}", expected="all four cells of a condition")
        if cells["closed-by"] not in packet.closers:
            raise InputError(f"condition {number} is closed by {cells['closed-by']!r}", expected="one of those that the packet offers")
        what, _, name = cells["closed-by"].partition(" ")
        yield Promise(text=cells["condition"], owner=cells["owner"], due_at=_due(cells["due"], number), **{what: name})


def _due(text: str, number: int) -> datetime:
    try:
        return read_due(text)
    except InputError as error:
        raise InputError(f"condition {number} is due {error.reason}") from error
