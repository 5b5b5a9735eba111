"""Time order, silences and sequence numbers of a stream of events, exactly and in bounded memory."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence as Many
from datetime import datetime, timedelta
from operator import gt, sub
from typing import Final

from compliance.record import Json

SILENCES: Final = 512
"""Longest silences that are kept while reading."""
RANGES: Final = 100_000
"""Runs of sequence numbers that are kept while reading."""
_LARGEST: Final = 2**53 - 1
_NONE: Final = timedelta(0)


class Times:
    """Order of the events' times, and the longest time without one.

    A late event may fall into a silence that was seen before it and then cuts it in two, so the longest ones are kept until the end; of
    the others only the length of the longest is. Where late events cut all that is kept, the result is an upper bound.
    """

    def __init__(self) -> None:
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.count = 0
        self.out_of_order = 0
        self._step_back = _NONE
        self._before: datetime | None = None
        self._starts: list[datetime] = []
        self._ends: dict[datetime, datetime] = {}
        self._shortest = _NONE
        self._dropped = _NONE

    def add(self, time: datetime) -> None:
        """Takes the time of the next event, in UTC."""
        self.count += 1
        before, self._before = self._before, time
        if before is None or self.first is None or self.last is None:
            self.first = self.last = time
            return
        if time < before:
            self.out_of_order += 1
        if time > self.last:
            self._silence(self.last, time)
            self.last = time
            return
        self._step_back = max(self._step_back, self.last - time)
        if time < self.first:
            self._silence(time, self.first)
            self.first = time
        else:
            self._cut(time)

    def add_all(self, times: Many[datetime]) -> None:
        """Takes the times of the next events, one after the other; in order, as most are, that takes less."""
        if not times or self.last is None or times[0] < self.last or any(map(gt, times, times[1:])):
            for time in times:
                self.add(time)
            return
        before = [self.last, *times[:-1]]
        silences = list(map(sub, times, before))
        if (longest := max(silences)) > self._shortest:
            for start, end, silence in zip(before, times, silences, strict=True):
                if silence > self._dropped:
                    self._silence(start, end)
        elif longest > self._dropped:
            self._dropped = longest
        self.count += len(times)
        self.last = self._before = times[-1]

    @property
    def longest_silence_s(self) -> float | None:
        """Seconds; None with fewer than two times."""
        if self.count < 2:
            return None
        kept = max((self._ends[start] - start for start in self._starts), default=_NONE)
        return max(kept, self._dropped).total_seconds()

    @property
    def step_back_s(self) -> float:
        """Seconds by which an event is at most earlier than the latest one before it."""
        return self._step_back.total_seconds()

    def _silence(self, start: datetime, end: datetime) -> None:
        silence = end - start
        if silence <= self._shortest:
            self._dropped = max(self._dropped, silence)
            return
        insort(self._starts, start)
        self._ends[start] = end
        if len(self._starts) > 2 * SILENCES:
            self._drop()

    def _drop(self) -> None:
        """Keeps the longest half."""
        lengths = sorted(self._ends[start] - start for start in self._starts)
        self._shortest = lengths[-SILENCES]
        for start in [start for start in self._starts if self._ends[start] - start <= self._shortest]:
            self._dropped = max(self._dropped, self._ends.pop(start) - start)
        self._starts = sorted(self._ends)

    def _cut(self, time: datetime) -> None:
        index = bisect_right(self._starts, time) - 1
        if index < 0:
            return
        start = self._starts[index]
        end = self._ends[start]
        if start < time < end:
            del self._starts[index]
            del self._ends[start]
            self._silence(start, time)
            self._silence(time, end)


class Sequence:
    """Sequence numbers, in whatever order they come: kept as runs without holes."""

    def __init__(self) -> None:
        self.numbered = 0
        self.repeated = 0
        self.scattered = False
        """The numbers form more than `RANGES` runs: no sequence; they are not looked at any more."""
        self._starts: list[int] = []
        self._ends: dict[int, int] = {}
        self._current = -1
        self._following = _LARGEST + 2

    def add(self, number: int) -> None:
        """Takes the number of the next event."""
        self.numbered += 1
        end = self._ends.get(self._current, -2)
        if number == end + 1 and number + 1 < self._following:
            self._ends[self._current] = number
        elif not self.scattered:
            self._place(number)
            self.scattered = len(self._starts) > RANGES

    @property
    def gaps(self) -> int:
        """Numbers missing between the smallest and the largest."""
        if not self._starts:
            return 0
        held = sum(end - start + 1 for start, end in self._ends.items())
        return self._ends[self._starts[-1]] - self._starts[0] + 1 - held

    def _place(self, number: int) -> None:
        index = bisect_right(self._starts, number) - 1
        before = self._ends[self._starts[index]] if index >= 0 else -2
        if number <= before:
            self.repeated += 1
            return
        if before < number - 1:
            index += 1
            self._starts.insert(index, number)
        start = self._starts[index]
        self._ends[start] = number
        if index + 1 < len(self._starts) and self._starts[index + 1] == number + 1:
            self._ends[start] = self._ends.pop(self._starts.pop(index + 1))
        self._current = start
        self._following = self._starts[index + 1] if index + 1 < len(self._starts) else _LARGEST + 2


def number_of(value: Json) -> int | None:
    """Reads a sequence number: a whole number from 0 to 2^53 - 1, as a number or as digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 16:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST else None
