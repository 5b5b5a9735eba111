"""Whether the samples of a histogram agree: buckets that only grow, one of them ``+Inf``, and as many as are counted."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Final

from compliance.errors import InputError

from .exposition import Sample

SAMPLE_LIMIT: Final = 500_000
"""Samples of one histogram."""


@dataclass
class _Point:
    """The samples of one set of labels and one time."""

    line: int
    buckets: dict[float, float] = field(default_factory=dict)
    count: float | None = None


class Histogram:
    """The samples of one histogram, as they come.

    Args:
        name: Its name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.points: dict[tuple[frozenset[tuple[str, str]], float | None], _Point] = {}
        self.samples = 0

    def add(self, sample: Sample) -> None:
        """Takes a sample; sums are not looked at, since negative observations may lower them."""
        if not sample.name.endswith(("_bucket", "_count", "_gcount")):
            return
        self.samples += 1
        if self.samples > SAMPLE_LIMIT:
            raise InputError(f"more than {SAMPLE_LIMIT} samples of {self.name}", expected="fewer", where=f"line {sample.line}")
        labels = sample.pairs()
        limit = labels.pop("le", "nan")
        point = self.points.setdefault((frozenset(labels.items()), sample.time_s), _Point(sample.line))
        if not sample.name.endswith("_bucket"):
            point.count = sample.value
            return
        try:
            point.buckets[float(limit)] = sample.value
        except ValueError as error:
            raise InputError(f"bucket with le={limit[:40]!r}", expected="a number", where=f"line {sample.line}") from error

    def check(self) -> None:
        """Checks what was taken.

        Raises:
            InputError: Buckets of one set of labels and one time fall, lack ``+Inf``, or are not as many as ``_count`` says.
        """
        for point in self.points.values():
            self._agrees(point)

    def _agrees(self, point: _Point) -> None:
        where = f"line {point.line}"
        limits = sorted(point.buckets)
        if any(limit != limit for limit in limits) or not limits or limits[-1] != float("inf"):
            raise InputError(f'histogram {self.name} without the bucket le="+Inf"', expected="one in each series", where=where)
        values = [point.buckets[limit] for limit in limits]
        if any(later < earlier for earlier, later in itertools.pairwise(values)):
            raise InputError(f"histogram {self.name} whose buckets fall", expected="counts up to each limit", where=where)
        if point.count is not None and point.count != values[-1]:
            found = f"histogram {self.name} with count {point.count:g} and {values[-1]:g} in its last bucket"
            raise InputError(found, expected="the same", where=where)
