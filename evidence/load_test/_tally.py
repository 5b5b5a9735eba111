"""Counts single requests: per name and time, exactly, in bounded memory.

A time is whole milliseconds, so that a count per different time is all that percentiles need. The counts of requests and failures are
never cut. What is given up first, for every name at once so that the order of the rows does not matter, are the percentiles of the names,
and then their list.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from compliance.errors import InputError
from compliance.record import shorten

from . import Endpoint
from ._check import error_rate, nearest_rank

TIMES_LIMIT: Final = 1 << 20
"""Different times of a file: every one of the first 17 minutes."""
PAIRS_LIMIT: Final = 1 << 20
"""Different times of all names together, about 100 bytes each."""
NAMES_LIMIT: Final = 100_000
NAMES_SIZE_LIMIT: Final = 32 << 20
"""Characters of all names together."""
LISTED: Final = 1000
"""Endpoints that are listed: those with failures first, then those with most requests."""
_NAME_LIMIT: Final = 500


@dataclass
class _Name:
    """Running counts of the requests of one name."""

    requests: int = 0
    failed: int = 0
    times: dict[int, int] = field(default_factory=dict)


@dataclass
class Tally:
    """Running counts of a file's requests."""

    requests: int = 0
    failed: int = 0
    untimed: int = 0
    """Requests without a time."""
    times: dict[int, int] = field(default_factory=dict)
    names: dict[str, _Name] | None = field(default_factory=dict)
    """By name; None once there were too many."""
    pairs: int | None = 0
    """Different times of all names together; None once there were too many."""
    _name_size: int = 0

    def add(self, name: str | None, ms: int | None, success: bool | None, count: int = 1) -> None:
        """Counts requests of one name, time and outcome.

        Args:
            name: What was requested; None when the file does not say.
            ms: How long each took.
            success: Whether they succeeded; None when the file does not say.
            count: How many there were.

        Raises:
            InputError: The file holds too many different times.
        """
        failed = count if success is False else 0
        self.requests += count
        self.failed += failed
        if ms is None:
            self.untimed += count
        else:
            self.times[ms] = self.times.get(ms, 0) + count
            if len(self.times) > TIMES_LIMIT:
                raise InputError(f"more than {TIMES_LIMIT} different times", expected="times in whole milliseconds")
        if name is not None and self.names is not None:
            self._add_name(name, ms, failed, count)

    def _add_name(self, text: str, ms: int | None, failed: int, count: int) -> None:
        names = self.names or {}
        name = names.get(text)
        if name is None:
            self._name_size += len(text)
            if len(names) == NAMES_LIMIT or self._name_size > NAMES_SIZE_LIMIT:
                self.names = None
                return
            names[text] = name = _Name()
            self.names = names
        name.requests += count
        name.failed += failed
        if ms is not None and self.pairs is not None:
            before = name.times.get(ms, 0)
            name.times[ms] = before + count
            self.pairs += not before
            if self.pairs > PAIRS_LIMIT:
                self._forget_times()

    def _forget_times(self) -> None:
        self.pairs = None
        for name in (self.names or {}).values():
            name.times.clear()

    def measures(self) -> dict[str, Any]:
        """Returns what the requests say of a payload: counts, percentiles by the nearest rank, mean, most, endpoints.

        The times are left out when some requests have none.
        """
        timed = bool(self.times) and not self.untimed
        p50, p95, p99 = nearest_rank(self.times if timed else {}, (50, 95, 99))
        return {
            "requests": self.requests,
            "failed": self.failed,
            "error_rate": error_rate(self.requests, self.failed),
            "p50_ms": p50,
            "p95_ms": p95,
            "p99_ms": p99,
            "max_ms": max(self.times) if timed else None,
            "mean_ms": sum(ms * count for ms, count in self.times.items()) / self.requests if timed else None,
            "percentiles_over": "all" if timed else None,
            "endpoints": self._endpoints(timed),
        }

    def _endpoints(self, timed: bool) -> tuple[Endpoint, ...]:
        order = sorted((self.names or {}).items(), key=lambda item: (not item[1].failed, -item[1].requests, item[0]))
        found = []
        for text, name in order[:LISTED]:
            p95, p99 = nearest_rank(name.times if timed else {}, (95, 99))
            found.append(Endpoint(name=shorten(text, _NAME_LIMIT), requests=name.requests, failed=name.failed, p95_ms=p95, p99_ms=p99))
        return tuple(found)
