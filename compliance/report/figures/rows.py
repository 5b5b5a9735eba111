"""What figures with rows have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ...gate import Item
from ..words import count

ROWS: Final = 14
"""Rows of a figure."""
NAME: Final = 90
"""Characters of a name, before the picture fits it to its column."""


def left_out(rows: Sequence[Any], noun: str) -> str | None:
    """Says how many rows are in the evidence beyond those that are shown."""
    return f"{count(len(rows) - ROWS, f'more {noun}')} in the evidence." if len(rows) > ROWS else None


def entries(items: Sequence[Item]) -> tuple[int, ...]:
    """Returns the ledger entries of the evidence that a figure is made from."""
    return tuple(sorted(one.entry for one in items))[:8]
