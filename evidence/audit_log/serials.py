"""Serial numbers of the kernel's audit events: they roll over at 2^32, start anew when the system does, and each node has its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from .order import Sequence

ROLL: Final = 2**32
NODES: Final = 1024
"""Nodes whose serials are followed."""
_RESTART: Final = timedelta(seconds=1)
_OTHER_LOG: Final = timedelta(days=1)


class Serials:
    """Follows the serials of a log; what is missing counts within one run of a system, since nobody knows where the next one begins."""

    def __init__(self) -> None:
        self.numbered = 0
        self.scattered = False
        self._runs: dict[bytes, _Run] = {}
        self._over: list[Sequence] = []

    @property
    def gaps(self) -> int:
        """Serials missing between the smallest and the largest of each run."""
        return sum(sequence.gaps for sequence in self._all())

    @property
    def repeated(self) -> int:
        """Events whose serial came before in the same run, at another time."""
        return sum(sequence.repeated for sequence in self._all())

    def add(self, node: bytes, serial: int, time: datetime | None) -> None:
        """Takes the serial of the next event.

        Args:
            node: Name of the system; empty when the log does not say.
            serial: From 0 to 2^32 - 1.
            time: When the event was.
        """
        self.numbered += 1
        run = self._runs.get(node)
        if run is None or run.ends_before(serial, time):
            if run is not None:
                self._close(run.sequence)
            elif len(self._runs) >= NODES:
                self.scattered = True
                return
            run = self._runs[node] = _Run()
        run.add(serial, time)
        self.scattered = self.scattered or run.sequence.scattered

    def _all(self) -> list[Sequence]:
        return [*self._over, *(run.sequence for run in self._runs.values())]

    def _close(self, sequence: Sequence) -> None:
        """Keeps the figures of a run that is over; of many runs only their sum."""
        if len(self._over) == NODES:
            self.scattered = True
            self._over.pop(0)
        self._over.append(sequence)


class _Run:
    """Serials from one start of a system to the next."""

    def __init__(self) -> None:
        self.sequence = Sequence()
        self._base = 0
        self._last: int | None = None
        """The largest serial so far, counted on beyond 2^32."""
        self._at: datetime | None = None

    def ends_before(self, serial: int, time: datetime | None) -> bool:
        """Tells whether an event belongs to a later run: a smaller serial at a later time; or to another log, long before."""
        number = self._unrolled(serial)
        if self._last is None or self._at is None or time is None:
            return False
        return (number <= self._last and time - self._at > _RESTART) or self._at - time > _OTHER_LOG

    def add(self, serial: int, time: datetime | None) -> None:
        """Takes a serial of this run."""
        number = self._unrolled(serial)
        self.sequence.add(number)
        if self._last is None or number > self._last:
            self._last, self._at = number, time
            self._base = number - serial

    def _unrolled(self, serial: int) -> int:
        """Counts on where the serial rolled over; one from just before that may come late."""
        number = serial + self._base
        if self._last is None:
            return number
        if self._last - number > ROLL // 2:
            return number + ROLL
        return number - ROLL if number - self._last > ROLL // 2 and self._base else number
