"""What must hold in any load test's numbers, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from compliance.errors import InputError

from . import Over

_SLACK = 1e-9
"""Relative difference of two floating point numbers that still are the same time."""

N = TypeVar("N", int, float)


def in_order(values: Sequence[tuple[str, float | None]], where: str | None, slack: float = _SLACK, slack_ms: float = 0.0) -> None:
    """Checks that each known value is at least the known one before it, as in p50 <= p95 <= p99 <= max.

    Args:
        values: Names and milliseconds.
        where: Place in the file.
        slack: Relative difference that rounding or a sketch of the tool can make.
        slack_ms: The same in milliseconds; both are added.

    Raises:
        InputError: Two values contradict each other; names both.
    """
    known = [(name, value) for name, value in values if value is not None]
    for (lower, low), (upper, high) in pairwise(known):
        if low > high * (1 + slack) + slack_ms:
            raise InputError(f"{lower} {low:g} ms above {upper} {high:g} ms", expected=f"{lower} at most {upper}", where=where)


def error_rate(requests: int | None, failed: int | None) -> float | None:
    """Returns ``failed / requests``, at most 1; None when one of them is unknown or nothing was requested.

    Tools that count failures apart from requests can have more of them, and failures alone when no request was ever finished.
    """
    if requests is None or failed is None or not (requests or failed):
        return None
    return min(failed / requests, 1.0) if requests else 1.0


def over(measured: int | None, requests: int | None, failed: int | None) -> Over | None:
    """Tells which requests some times are over, from how many there were.

    Args:
        measured: Requests whose time was measured.
        requests: All of them.
        failed: Those that failed.
    """
    if not measured or requests is None:
        return None
    if measured == requests:
        return "all"
    return "successful" if failed is not None and measured == requests - failed else None


def nearest_rank(times: Mapping[N, int], percents: Sequence[int]) -> list[N | None]:
    """Returns percentiles by the nearest rank: of n times in order, the one at the place ceil(percent / 100 * n).

    Args:
        times: How often each time was measured.
        percents: 1 to 100, ascending.
    """
    total, seen = sum(times.values()), 0
    ranks = [-(-percent * total // 100) for percent in percents] if total else []
    found: list[N | None] = []
    for time in sorted(times):
        seen += times[time]
        while len(found) < len(ranks) and seen >= ranks[len(found)]:
            found.append(time)
    return found or [None] * len(percents)
