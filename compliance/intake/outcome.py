"""What is said about files, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ..record import Json

Status = Literal["recorded", "duplicate", "refused", "unrecognised"]


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """What the caller says about files, over what they say themselves."""

    kind: str | None = None
    commit: str | None = None
    environment: str | None = None
    observed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one file, or of one of its statements."""

    path: str
    status: Status
    kind: str | None = None
    format: str | None = None
    sha256: str | None = None
    evidence: int | None = None
    summary: Mapping[str, Json] = field(default_factory=dict)
    reason: str | None = None
    named: bool = True
    """Named by the user, not met while walking a folder."""

    @property
    def refused(self) -> bool:
        """Whether the file makes the command end with exit code 2."""
        return self.status == "refused"
