"""What must hold in any load test's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from compliance.errors import InputError

_SLACK = 1e-9
"""Relative difference of two floating point numbers that still are the same time."""


def in_order(values: Sequence[tuple[str, float | None]], where: str) -> None:
    """Checks that each known value is at least the known one before it, as in p50 <= p95 <= p99 <= max.

    Raises:
        InputError: Two values contradict each other; names both.
    """
    known = [(name, value) for name, value in values if value is not None]
    for (lower, low), (upper, high) in pairwise(known):
        if low > high * (1 + _SLACK):
            raise InputError(f"{lower} {low:g} ms above {upper} {high:g} ms", expected=f"{lower} at most {upper}", where=where)


def error_rate(requests: int | None, failed: int | None) -> float | None:
    """Returns ``failed / requests``; None when one of them is unknown or nothing was requested."""
    return failed / requests if requests and failed is not None else None
