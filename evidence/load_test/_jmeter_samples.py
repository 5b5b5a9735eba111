"""Samples of a JTL, of either form, counted as rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import add
from typing import Final

from compliance.record import shorten

from ._csv import Row
from ._jmeter_layout import Layout
from ._jmeter_time import EPOCH_CLOCK, Span
from ._tally import Tally

ELAPSED: Final = re.compile(r"[0-9]{1,12}")
EPOCH_DIGITS: Final = range(12, 15)
"""Digits of a time stamp in milliseconds since 1970."""
FLAGS: Final = {"true": True, "false": False, "True": True, "False": False, "TRUE": True, "FALSE": False}
TRANSACTION: Final = "Number of samples in transaction : "
"""How the response message of a transaction controller's sample begins (``TransactionController``)."""
_USERS: Final = re.compile(r"[0-9]{1,9}")


@dataclass
class Samples:
    """What was counted of a JTL."""

    tally: Tally = field(default_factory=Tally)
    span: Span = field(default_factory=Span)
    users: int | None = 0
    """Most simultaneous threads; None when that is not known of every sample."""
    transactions: int = 0
    unjudged: int = 0
    """Samples of which it is not known whether they succeeded."""

    def add_users(self, texts: Iterable[str]) -> None:
        """Adds numbers of threads."""
        for text in texts:
            if self.users is None or not _USERS.fullmatch(text):
                self.users = None
                return
            self.users = max(self.users, int(text))


def count_rows(found: Sequence[Row], layout: Layout, samples: Samples) -> bool:
    """Counts rows; False, and nothing is counted, when one of them is not as it should be."""
    try:
        columns = list(zip(*found, strict=True))
    except ValueError:
        return False
    if len(columns) != layout.width or (layout.samples is not None and set(columns[layout.samples]) != {"1"}):
        return False
    nothing: Iterable[None] = repeat(None)
    labels, flags = (nothing if place is None else columns[place] for place in (layout.label, layout.success))
    counts = Counter(zip(labels, columns[layout.elapsed], flags, strict=False))
    times = {text: int(text) for text in set(columns[layout.elapsed]) if ELAPSED.fullmatch(text)}
    if any(text not in times or (flag is not None and flag not in FLAGS) for _, text, flag in counts):
        return False
    for (label, text, flag), count in counts.items():
        samples.tally.add(label, times[text], FLAGS.get(flag or ""), count)
    if layout.stamp is not None:
        _span(columns[layout.stamp], [times[text] for text in columns[layout.elapsed]], samples.span)
    if layout.users is not None:
        samples.add_users(set(columns[layout.users]))
    if layout.message is not None:
        samples.transactions += sum(text.startswith(TRANSACTION) for text in columns[layout.message])
    return True


def _span(stamps: Sequence[str], elapsed: Sequence[int], span: Span) -> None:
    joined = "".join(stamps)
    if joined.isascii() and joined.isdigit() and all(digits in EPOCH_DIGITS for digits in set(map(len, stamps))):
        starts = list(map(int, stamps))
        span.add(EPOCH_CLOCK, min(starts), max(map(add, starts, elapsed)))
        return
    for text, ms in zip(stamps, elapsed, strict=True):
        span.add_text(text, ms)


def defect_of(row: Row, layout: Layout) -> tuple[str, str] | None:
    """Returns what is wrong with a row, and what was expected; None when nothing is."""
    if len(row) != layout.width:
        return f"{len(row)} fields", f"{layout.width} fields, as in the first line"
    if not ELAPSED.fullmatch(row[layout.elapsed]):
        return f"elapsed {shorten(repr(row[layout.elapsed]), 40)}", "whole milliseconds"
    if layout.success is not None and row[layout.success] not in FLAGS:
        return f"success {shorten(repr(row[layout.success]), 40)}", "true or false"
    if layout.samples is not None and row[layout.samples] != "1":
        return f"SampleCount {shorten(repr(row[layout.samples]), 40)}", "1: a row of several samples holds the sum of their times"
    return None
