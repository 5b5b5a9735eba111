"""What a verification says: one line per check, and never more than was proven."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Check", "Status"]

Status = Literal["proven", "refuted", "not-proven"]
"""``not-proven`` is a check that could not be made; it counts neither for nor against."""


@dataclass(frozen=True)
class Check:
    """The outcome of one check.

    Args:
        name: Stable id, such as ``document-digest``.
        status: What is known now.
        detail: One line: what was found and, if refuted, what was expected.
    """

    name: str
    status: Status
    detail: str
