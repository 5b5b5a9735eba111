"""Counts the rows of a JTL with polars, the extra ``fast``: the same numbers in a fifth of the time.

Polars' reader is lenient: it fills rows that are too short, and drops fields that are too many where it does not read the last column. So
it only gets rows without quotes, and they count only if the last field of each is there and there are as many delimiters as there have to
be: then none can be too long either. Every different value of a column that matters is checked by the same rules as row by row.
"""

from __future__ import annotations

from typing import Final

import polars as pl
from polars.exceptions import PolarsError

from ._jmeter_csv import ELAPSED, EPOCH_DIGITS, FLAGS, TRANSACTION, Samples
from ._jmeter_layout import Layout
from ._jmeter_time import EPOCH_CLOCK

_GROUPS_LIMIT: Final = 200_000
"""Groups of name, time and outcome that are held before they are added up."""
_KEYS: Final = ("label", "elapsed", "success")


class Counting:
    """Counts rows of one layout."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._names = [f"column {number}" for number in range(layout.width)]
        self._groups: list[pl.DataFrame] = []

    def count(self, plain: bytes, samples: Samples) -> bool:
        """Counts rows; False, and nothing is counted, when something about them is unusual."""
        layout = self._layout
        if layout.samples is not None:
            return False
        try:
            frame = self._frame(plain)
            if frame is None:
                return False
            span = self._span(frame)
        except PolarsError:
            return False
        if span is None:
            return False
        samples.span.add(EPOCH_CLOCK, *span)
        if layout.users is not None:
            samples.add_users(frame["users"].unique().fill_null("").to_list())
        if layout.message is not None and TRANSACTION.encode() in plain:
            samples.transactions += int(frame["message"].str.starts_with(TRANSACTION).sum())
        self._add(frame, samples)
        return True

    def finish(self, samples: Samples) -> None:
        """Adds what was counted to the tally."""
        if not self._groups:
            return
        for label, ms, flag, count in _merged(self._groups).iter_rows():
            samples.tally.add(label, ms, FLAGS.get(flag or ""), count)
        self._groups.clear()

    def _frame(self, plain: bytes) -> pl.DataFrame | None:
        """Reads the columns that matter; None unless every row is of the right length and every value is one."""
        layout, names = self._layout, self._names
        lines = plain.count(b"\n") + (not plain.endswith(b"\n"))
        if plain.count(layout.delimiter.encode()) != lines * (layout.width - 1):
            return None
        places = {"label": layout.label, "elapsed": layout.elapsed, "success": layout.success, "stamp": layout.stamp}
        places |= {"users": layout.users, "message": layout.message if TRANSACTION.encode() in plain else None}
        wanted = sorted({place for place in places.values() if place is not None} | {layout.width - 1})
        read = pl.read_csv(
            plain,
            has_header=False,
            columns=wanted,
            schema=dict.fromkeys(names, pl.String),
            separator=layout.delimiter,
            quote_char=None,
        )
        if read.height != lines or read[names[-1]].null_count():
            return None
        columns = [_column(name, place, names) for name, place in places.items()]
        frame = read.select(columns)
        flags = frame["success"].unique().to_list()
        times = frame["elapsed"].unique().fill_null("").to_list()
        if not all(map(ELAPSED.fullmatch, times)) or (layout.success is not None and not FLAGS.keys() >= set(flags)):
            return None
        return frame.with_columns(pl.col("elapsed").cast(pl.Int64))

    def _span(self, frame: pl.DataFrame) -> tuple[int, int] | None:
        """Returns the first start and the last end, None unless all stamps are milliseconds since 1970."""
        length, stamp = frame["stamp"].str.len_bytes(), frame["stamp"].cast(pl.Int64, strict=False)
        shortest, longest = length.min(), length.max()
        if stamp.null_count() or shortest not in EPOCH_DIGITS or longest not in EPOCH_DIGITS:
            return None
        # A number as long as its text has no sign: the least one of 12 digits is 10 ** 11.
        last = (stamp + frame["elapsed"]).max()
        least = (length == stamp.cast(pl.String).str.len_bytes()).all() and bool((stamp >= 10 ** (EPOCH_DIGITS.start - 1)).all())
        return (int(stamp.min()), int(last)) if least else None  # type: ignore[arg-type]

    def _add(self, frame: pl.DataFrame, samples: Samples) -> None:
        self._groups.append(frame.group_by(_KEYS).len())
        if sum(group.height for group in self._groups) > _GROUPS_LIMIT:
            self._groups = [_merged(self._groups)]
        if self._groups[0].height > _GROUPS_LIMIT // 2:
            self.finish(samples)


def _column(name: str, place: int | None, names: list[str]) -> pl.Expr:
    if place is None:
        return pl.lit(None, dtype=pl.String).alias(name)
    column = pl.col(names[place]).alias(name)
    return column.fill_null("") if name in ("label", "message") else column


def _merged(groups: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(groups).group_by(_KEYS).agg(pl.col("len").sum())
