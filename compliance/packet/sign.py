"""Signs a packet for a role: fills in its block and signs its field, as any other program would."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ..configuration import near
from ..decision import Promise, Said, Word
from ..errors import UsageError
from ..sign.pdf import sign_field
from ..times import read_span
from .model import CONDITIONS, Slot
from .signed import WORDS, SignedPacket, read_packet
from .slots import filling

if TYPE_CHECKING:
    from ..sign.keys import SigningKey
    from ..sign.timestamp import Timestamping

_PARTS: Final = {word: part for part, word in WORDS.items()}


def open_slot(packet: SignedPacket, role: str) -> Slot:
    """Returns the first place of a role that nobody has signed.

    Raises:
        UsageError: There is none.
    """
    own = [slot for slot in packet.packet.slots if slot.role == role]
    if not own:
        raise UsageError(
            f"packet {packet.packet.id} has no field for the role {role}{near(role, [one.role for one in packet.packet.slots])}"
        )
    free = [slot for slot in own if slot.name in packet.signed.open_fields]
    if not free:
        raise UsageError(f"every field of the role {role} is signed", hint="sign without --pdf, or have a new packet written")
    return free[0]


def decide(
    packet: SignedPacket, slot: Slot, word: Word, at: datetime, *, override: bool, reason: str | None, conditions: Sequence[Promise]
) -> Said:
    """Returns what a signature in a field will say.

    Raises:
        UsageError: The block has no place for it.
    """
    if len(conditions) > CONDITIONS:
        raise UsageError(f"{len(conditions)} conditions; a block has room for {CONDITIONS}", hint="sign without --pdf")
    if word not in _PARTS:
        raise UsageError(f"{word} with --pdf", hint="sign without --pdf")
    return Said(
        role=slot.role,
        decision=word,
        assessment=packet.packet.assessment,
        point=packet.packet.point,
        decision_digest=packet.packet.decision_digest,
        packet=packet.rendered,
        override=override,
        reason=(reason or "").strip() or None,
        conditions=tuple(conditions),
        at=at,
        expires_at=at + read_span(slot.validity),
    )


def sign(packet: SignedPacket, slot: Slot, said: Said, key: SigningKey, *, timestamping: Timestamping | None = None) -> bytes:
    """Returns the packet with a decision in its block, signed.

    Args:
        packet: The packet.
        slot: The place.
        said: What is signed; see `decide`.
        key: Who signs.
        timestamping: What shall vouch for the time.

    Raises:
        InputError: What the file says then is not what was meant.
        RenderError: The signature cannot be drawn.
        SigningKeyError: The key cannot be used, there is no timestamp, or the file cannot be signed.
        UsageError: The block has no box for the decision.
    """
    part = _PARTS[said.decision]
    if part not in slot.words:
        raise UsageError(
            f"the evidence says no-go, and the role {slot.role} may not override it", hint="reject, or have the evidence changed"
        )
    words = slot.words[part]
    values = filling(slot, part, said.reason, said.conditions)
    pdf = sign_field(packet.pdf, slot.name, key, reason=words, when=said.at, note=words, values=values, timestamping=timestamping)
    made = read_packet(pdf)
    found = {one.name: made.said(one, signature) for one, signature in made.approvals()}
    if found[slot.name] != said:
        raise UsageError(
            "what is written in the block is read as something else", hint="use plain text without tabs in reason and conditions"
        )
    return pdf
