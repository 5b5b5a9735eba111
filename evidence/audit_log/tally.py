"""Adds up the events of a log, of whatever format, in bounded memory: a format only turns bytes into events."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, Protocol

from compliance.errors import InputError
from compliance.record import Json, Parsed

from . import AuditLog, Classes, Outcomes
from .chain import Chain
from .event import ACTION, ACTOR, LEVEL, OUTCOME, RESOURCE, TRACE, Event
from .order import Sequence, Times
from .personal_data import Finder

OPERATIONS: Final = 65536
"""Ids of operations that are remembered, to count each once."""


class Numbers(Protocol):
    """What is known of the events' sequence numbers."""

    @property
    def numbered(self) -> int:
        """Events with a number."""

    @property
    def repeated(self) -> int:
        """Events whose number came before."""

    @property
    def scattered(self) -> bool:
        """Whether the numbers are no sequence."""

    @property
    def gaps(self) -> int:
        """Numbers that are missing."""


class Tally:
    """Takes the events one after the other and keeps figures only.

    Args:
        actors: Fields of the format for who acted (see `Finder`).
        has_levels: The format gives its events a level.
        keeps_order: The format promises its events in order of time.
    """

    def __init__(self, actors: tuple[str, ...] = (), *, has_levels: bool = True, keeps_order: bool = True) -> None:
        self.events = self.unparsed = self.others = self.claims = self.unnumbered = 0
        self.chain = Chain()
        self.personal = Finder(actors)
        self.numbers: Numbers | None = None
        self._has_levels = has_levels
        self._keeps_order = keeps_order
        self._times = Times()
        self._classes: dict[str, int] = defaultdict(int)
        self._ended: dict[str | None, int] = defaultdict(int)
        self._said: dict[int, int] = defaultdict(int)
        """Events by the sum of what they say."""
        self._alone = self._begun = 0
        """Events that belong to no operation, and operations."""
        self._recent: OrderedDict[str, None] = OrderedDict()  # a dictionary looks for its first key ever longer

    @property
    def said_anything(self) -> bool:
        """Whether anything was found that a log would say."""
        return bool(self._times.count or any(said & (LEVEL | ACTION | TRACE) for said in self._said))

    def event(self, line: int, raw: bytes, record: Json, event: Event) -> None:
        """Takes an event and the record in which it stands, with the record's line and bytes."""
        self.add(event)
        self.personal.record(line, raw, record)

    def add(self, event: Event) -> None:
        """Takes an event whose records are looked through elsewhere."""
        time, event_class, said, ended, operation = event
        self.events += 1
        if time is not None:
            self._times.add(time)
        self._classes[event_class] += 1
        self._said[said] += 1
        self._ended[ended] += 1
        if operation is None:
            self._alone += 1
        elif operation not in self._recent:
            self._begin(operation)

    def add_all(self, times: Iterable[datetime | None], events: Mapping[Event, int], operations: list[str | None] | None = None) -> None:
        """Takes many events whose records are looked through elsewhere.

        Args:
            times: Their times, in their order.
            events: The events without times and operations, counted.
            operations: The operations to which they belong, in their order; None where they belong to none.
        """
        self._times.add_all([time for time in times if time is not None])
        self._alone += sum(events.values()) if operations is None else operations.count(None)
        for operation in operations or ():
            if operation is not None and operation not in self._recent:
                self._begin(operation)
        for event, count in events.items():
            self.events += count
            self._classes[event.event_class] += count
            self._said[event.says] += count
            self._ended[event.ended] += count

    def unreadable(self, line: int, raw: bytes) -> None:
        """Takes a line that is no event."""
        self.unparsed += 1
        self.personal.unparsed(line, raw)

    def other(self, line: int, raw: bytes, record: Json) -> None:
        """Takes an entry of another sort: no event, but personal data in it stands in this file."""
        self.others += 1
        self.personal.record(line, raw, record)

    def _begin(self, operation: str) -> None:
        self._begun += 1
        self._recent[operation] = None
        if len(self._recent) > OPERATIONS:
            self._recent.popitem(last=False)

    def parsed(self, *, lines: int | None = None, operations: bool = False) -> Parsed:
        """Returns the evidence, as of the last event.

        Args:
            lines: Lines that are not blank, where that is not what was taken.
            operations: The format says which events belong to one operation.

        Raises:
            InputError: There was no event.
        """
        taken = self.events + self.unparsed + self.others
        if not self.events:
            raise InputError(f"no event among {taken} entries" if taken else "no entry", expected="events of an audit log")
        payload = self._payload(taken if lines is None else lines, self._alone + self._begun if operations else None)
        return Parsed(payload=payload, observed_at=payload.last)

    def _payload(self, lines: int, operations: int | None) -> AuditLog:
        self.personal.finish()
        numbers: Numbers = self.numbers or Sequence()
        numbered = numbers.numbered >= self.events - self.unnumbered
        return AuditLog(
            lines=lines,
            events=self.events,
            unparsed=self.unparsed,
            other_entries=self.others,
            operations=operations,
            first=self._times.first,
            last=self._times.last,
            out_of_order=self._times.out_of_order,
            keeps_order=self._keeps_order,
            largest_step_back_s=self._times.step_back_s,
            gaps=numbers.gaps,
            sequenced=numbers.numbered > 0 and numbered and not numbers.repeated and not numbers.scattered,
            repeated=numbers.repeated,
            longest_silence_s=self._times.longest_silence_s,
            with_timestamp=self._times.count,
            with_level=self._saying(LEVEL),
            has_levels=self._has_levels,
            with_event=self._saying(ACTION),
            with_trace=self._saying(TRACE),
            with_actor=self._saying(ACTOR),
            with_resource=self._saying(RESOURCE),
            with_outcome=self._saying(OUTCOME),
            classes=Classes(**self._classes),
            outcomes=Outcomes(**{word: count for word, count in self._ended.items() if word is not None}),
            chain=self.chain.status,
            chain_broken_at=self.chain.broken_at,
            chain_from_start=self.chain.from_start,
            claims_immutable=self.claims,
            personal_data=self.personal.total,
            personal_data_of_actors=self.personal.of_actors,
            personal_fields=dict(sorted(self.personal.fields.items())),
            personal_samples=self.personal.samples,
            incomplete=self._incomplete(numbers),
        )

    def _saying(self, what: int) -> int:
        return sum(count for said, count in self._said.items() if said & what)

    def _incomplete(self, numbers: Numbers) -> str | None:
        if not self._times.count:
            return "no event states its time with a zone"
        return "the sequence numbers are scattered; missing ones are not counted" if numbers.scattered else None
