"""The places for signatures in a packet: one per person that a role needs, with what is filled in before signing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from ..decision import Promise
from ..errors import ConfigError
from ..report.pdf import RenderedPdf
from ..role import Role
from ..sign.form import TICKED, TextField, TickField
from ..sign.pdf import FIELD_NAME, SignatureField
from ..times import last_day, rfc3339
from .model import CONDITIONS, PacketModel, Slot

MOST_PER_ROLE: Final = 8
"""Places of one role; more people sign with `compliance sign`."""
MOST: Final = 40
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_LABELS: Final = {"condition": "what must follow", "owner": "who answers for it", "due": "due date", "closed-by": "what closes it"}


def slots_of(roles: Sequence[Role], evidence_outcome: str) -> tuple[Slot, ...]:
    """Returns the places for the signatures of all roles.

    Raises:
        ConfigError: There are too many for one document.
    """
    counted = [(role, number) for role in roles for number in range(1, min(role.table.quorum, MOST_PER_ROLE) + 1)]
    if len(counted) > MOST:
        raise ConfigError(f"[roles]: {len(counted)} signatures are needed; a packet has room for {MOST}")
    names = [role.id if number == 1 else f"{role.id}-{number}" for role, number in counted]
    if not _usable(names):
        names = [f"signature{position}" for position in range(1, len(counted) + 1)]
    red = evidence_outcome == "no-go"
    return tuple(
        Slot(
            name=name,
            role=role.id,
            title=role.title,
            number=number,
            of=role.table.quorum,
            people=(*role.table.people, *role.table.keys),
            required=role.table.required,
            may_approve=not red or role.table.override,
            override=red and role.table.override,
            validity=role.table.validity,
        )
        for name, (role, number) in zip(names, counted, strict=True)
    )


def _usable(names: Sequence[str]) -> bool:
    """Tells whether names can be those of fields: none is another one's beginning, since the parts of a block begin with its name."""
    fit = all(_NAME.fullmatch(name) and name != FIELD_NAME.lower() for name in names)
    return fit and not any(one != other and re.fullmatch(re.escape(one) + "-.*[a-z].*", other) for one in names for other in names)


def fields(packet: PacketModel, rendered: RenderedPdf) -> Iterator[SignatureField | TickField | TextField]:
    """Yields the fields of a rendered packet, in the order in which they are read."""
    for slot in packet.slots:
        who = slot.title if slot.of == 1 else f"{slot.title}, {slot.number} of {slot.of}"
        for part in slot.parts():
            yield _field(packet, slot, part, who, rendered)
        # pyHanko takes texts that are locked for changed as soon as somebody else signs; `signed.read_packet` looks after all of them.
        locks = tuple(slot.field(part) for part in slot.words)
        yield SignatureField(slot.name, f"Signature of {who}", rendered.boxes[slot.box()], locks)


def _field(packet: PacketModel, slot: Slot, part: str, who: str, rendered: RenderedPdf) -> TickField | TextField:
    name, box = slot.field(part), rendered.boxes[slot.box(part)]
    if part in slot.words:
        return TickField(name, f"{who}: {slot.words[part]}", box)
    if part == "reason":
        return TextField(name, f"{who}: reason or comment", box, multiline=True)
    kind, _, number = part.rpartition("-")
    label = f"{who}, condition {number}: {_LABELS[kind]}"
    if kind == "due":
        return TextField(name, label, box, choices=packet.dues)
    if kind == "closed-by":
        return TextField(name, label, box, choices=packet.closers, free=False)
    return TextField(name, label, box)


def filling(slot: Slot, word: str, reason: str | None, conditions: Sequence[Promise]) -> dict[str, str]:
    """Returns what is filled in for a decision, by name of the field.

    Args:
        slot: The place.
        word: Part of the box to tick: ``approve``, ``conditions`` or ``reject``.
        reason: Why, or a comment.
        conditions: At most `CONDITIONS`.
    """
    values = {word: TICKED, "reason": reason or ""}
    for number, one in enumerate(conditions[:CONDITIONS], 1):
        values[f"condition-{number}"] = one.text
        values[f"owner-{number}"] = one.owner
        values[f"due-{number}"] = _due(one.due_at)
        values[f"closed-by-{number}"] = f"gate {one.gate}" if one.gate else f"kind {one.kind}"
    return {slot.field(part): value for part, value in values.items() if value}


def _due(at: datetime) -> str:
    """Writes a due date: the day that ends with it, if one does, as people write it."""
    return str(last_day(at) or rfc3339(at))
