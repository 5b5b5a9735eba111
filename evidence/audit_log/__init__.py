"""Kind of evidence: audit log. What a log records, how completely, and whether it can be changed unseen.

Events are counted, never kept: the payload holds figures, times, and the names of fields, but no value of any field.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from compliance.kind import Kind
from compliance.record import Json, Model, Payload
from compliance.subject import Binding


class Classes(Model):
    """Events by what they are about (see `events`); each event counts once."""

    authentication: int = 0
    authorisation: int = 0
    administration: int = 0
    data_access: int = 0
    other: int = 0


class Outcomes(Model):
    """Events by how they ended; events that do not say so are in none of these."""

    success: int = 0
    failure: int = 0
    denied: int = 0
    """Refused because somebody was not allowed to."""


class PersonalDatum(Model):
    """A place where something like personal data stands; the value itself is never kept."""

    rule: str
    """``email``, ``token``, ``card`` or ``national-id`` (see `personal_data`)."""
    line: int
    field: str
    """Path of the field: names joined by dots, ``[]`` for the elements of a list."""


class AuditLog(Payload):
    """What the log holds."""

    lines: int
    """Lines that are not blank; in a JSON document, the entries of its list."""
    events: int
    """What counts as one is said in the module of each format."""
    unparsed: int
    """Lines (or entries) that cannot be read as what the format says they are."""
    other_entries: int = 0
    """Entries of another sort, such as an application's messages in an export of Google Cloud; they are no events."""
    operations: int | None = None
    """Things that were done: the entries of a long-running operation count once, and so do the stages of a request, within 65,536
    operations in a row. None where the format has no such parts."""
    first: datetime | None
    """Earliest time of an event, in UTC. Times that do not state their zone do not count."""
    last: datetime | None
    """Latest time of an event, in UTC."""
    out_of_order: int
    """Events whose time is earlier than that of the event before."""
    keeps_order: bool = True
    """Whether the format promises its events in order of time; exports of clouds do not, so that there is no disorder to be found."""
    largest_step_back_s: float = 0.0
    """Seconds by which an event is at most earlier than the latest event before it."""
    gaps: int
    """Sequence numbers missing between the smallest and the largest; 0 when there is no sequence."""
    sequenced: bool
    """Whether every event (a header in the first line aside) carries a sequence number of its own."""
    repeated: int = 0
    """Events whose sequence number came before: several writers, or a restart; the gaps then say little."""
    longest_silence_s: float | None
    """Seconds of the longest time without an event; None with fewer than two times."""
    with_timestamp: int
    """Events with a time that states its zone."""
    with_level: int
    has_levels: bool = True
    """Whether the format gives its events a level (severity) at all."""
    with_event: int
    """Events that name what happened (an event, action, operation or type; free text is no name)."""
    with_trace: int
    """Events with the id of a request, trace or span, or with an id of their own by which other logs name them."""
    with_actor: int = 0
    with_resource: int = 0
    with_outcome: int = 0
    classes: Classes
    outcomes: Outcomes = Outcomes()
    chain: Literal["verified", "broken", "absent"]
    """``verified``: each record's hash was recomputed and each record names the hash of the one before. ``broken``: a chain is there, but a
    record does not recompute or does not link, or the way in which it was made is not known."""
    chain_broken_at: int | None = None
    """Line of the first record that does not recompute or link."""
    chain_from_start: bool | None = None
    """Whether the first record says that none came before it; None without a chain."""
    claims_immutable: int = 0
    """Records that merely say that they cannot be changed."""
    retention_locked: bool = False
    """Whether the store from which the log comes is known to have a write-once lock; a file alone cannot show that."""
    personal_data: int
    """Places of personal data: each record, field and rule once."""
    personal_data_of_actors: int = 0
    """Places of personal data in the fields that the format has for who acted: what an audit log is for, and not among the others."""
    personal_fields: dict[str, int]
    """The same by field; what stands in more than 200 different fields is summed up under ``(other fields)``."""
    personal_samples: tuple[PersonalDatum, ...] = ()
    """The first places, at most 20; new fields and rules are preferred."""

    def summary(self) -> dict[str, Json]:
        """Returns the keys of CONTRACT.md."""
        keys = {"events", "unparsed", "first", "last", "out_of_order", "gaps", "chain"}
        return self.model_dump(mode="json", include=keys)


KIND = Kind(id="audit-log", title="Audit log", binds_to=Binding.ENVIRONMENT, payload=AuditLog)
