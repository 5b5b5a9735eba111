"""Time stamps of JMeter: milliseconds since 1970, or a formatted date.

``jmeter.save.saveservice.timestamp_format`` is ``ms`` or a Java date format. Those read here are the ones that JMeter's own reader tries
(``CSVSaveService.DATE_FORMAT_STRINGS``), and ISO 8601. Dates that do not begin with the year have their parts in an order that cannot be
told, so they count only for as long as the date does not change. A date without zone is no time; two of them still have a distance.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from compliance.source import parse_time

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = re.compile(r"[0-9]{12,14}")
"""Milliseconds from 1973 to 5138: other numbers are no milliseconds."""
_DATE: Final = re.compile(r"(\d{4})([-/])(\d\d)\2(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6}))?")
_UNSURE: Final = re.compile(r"(\d{1,2}[./-]\d{1,2}[./-]\d{2,4})[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6}))?")

Clock = str
"""What a stamp counts from: only stamps of one clock can be compared."""
EPOCH_CLOCK: Final[Clock] = "epoch"
_LOCAL_CLOCK: Final[Clock] = "local"


@dataclass(frozen=True)
class Stamp:
    """One time stamp."""

    clock: Clock
    ms: int


@lru_cache(maxsize=4096)
def stamp(text: str) -> Stamp | None:
    """Reads a time stamp; None when it is none."""
    if _MS.fullmatch(text):
        return Stamp(EPOCH_CLOCK, int(text))
    try:
        return _local(text) or _zoned(text)
    except ValueError:
        return None


def _local(text: str) -> Stamp | None:
    if date := _DATE.fullmatch(text):
        year, _, month, day, hour, minute, second, fraction = date.groups()
        when = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        return Stamp(_LOCAL_CLOCK, _milliseconds(when) + _fraction(fraction))
    if unsure := _UNSURE.fullmatch(text):
        day, hour, minute, second, fraction = unsure.groups()
        when = datetime(1970, 1, 1, int(hour), int(minute), int(second), tzinfo=UTC)
        return Stamp(day, _milliseconds(when) + _fraction(fraction))
    return None


def _zoned(text: str) -> Stamp | None:
    when = parse_time(text)
    return None if when is None else Stamp(EPOCH_CLOCK, _milliseconds(when))


def _milliseconds(when: datetime) -> int:
    return (when - _EPOCH) // timedelta(milliseconds=1)


def _fraction(digits: str | None) -> int:
    return int((digits or "0").ljust(3, "0")[:3])


@dataclass
class Span:
    """From the first start to the last end of a file's samples."""

    clock: Clock | None = None
    first: int = 0
    last: int = 0
    unknown: bool = False
    """A sample has no time stamp that can be read, or two have stamps of different clocks."""

    def add(self, clock: Clock, first: int, last: int) -> None:
        """Adds the first start and the last end of some samples, in milliseconds of a clock."""
        if self.clock is None:
            self.clock, self.first, self.last = clock, first, last
        elif self.clock != clock:
            self.unknown = True
        self.first, self.last = min(self.first, first), max(self.last, last)

    def add_text(self, text: str, elapsed: int) -> None:
        """Adds one sample by its time stamp."""
        read = None if self.unknown else stamp(text)
        if read is None:
            self.unknown = True
        else:
            self.add(read.clock, read.ms, read.ms + elapsed)

    @property
    def seconds(self) -> float | None:
        """Length of the span; None when it is not known."""
        return None if self.clock is None or self.unknown else (self.last - self.first) / 1000

    @property
    def end(self) -> datetime | None:
        """The last end as a point in time; None when the stamps have no zone, or it lies beyond the year 9999."""
        if self.seconds is None or self.clock != EPOCH_CLOCK:
            return None
        try:
            return _EPOCH + timedelta(milliseconds=self.last)
        except OverflowError:
            return None
