"""What a gate may see: pieces of evidence, and what else its verdict may rest on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..decision import Condition
from ..record import Assurance, Finding, Json
from ..stand import Stand
from ..subject import Subject

if TYPE_CHECKING:
    from ..assessment import GateResult


@dataclass(frozen=True, kw_only=True)
class Item:
    """One piece of evidence, as a gate sees it."""

    entry: int
    """Number of its ledger entry: the evidence's number everywhere."""
    kind: str
    format: str
    subject: Subject
    payload: Any
    """The kind's payload model."""
    assurance: Assurance
    observed_at: datetime | None
    collected_at: datetime
    recorded_at: datetime
    tool: str | None = None
    tool_version: str | None = None
    collected: bool = False
    """Made by a collector, not ingested."""
    of_project: bool = False
    """Of a kind that is bound to the project as a whole: it counts whichever commit it was recorded at."""
    scope: Mapping[str, Json] = field(default_factory=dict)
    """What the collector asked the tool to look at (see `kind.Collected.scope`)."""
    name: str = ""
    """What the artifact is called: a file name or a collector."""
    artifact: str = ""
    """SHA-256 of the artifact in hexadecimal."""
    worst: Callable[[int], Sequence[Finding]] = field(default=lambda _: (), compare=False)
    """``worst(n)``: the n worst open findings."""

    def age(self, at: datetime) -> timedelta | None:
        """Returns the age at a time, None when the evidence does not say when it was made."""
        return None if self.observed_at is None else at - self.observed_at


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Everything that a gate may look at."""

    subject: Subject
    point: str
    as_of: datetime
    items: Mapping[str, tuple[Item, ...]]
    """Evidence by kind, newest first; only the kinds that the gate reads."""
    project: Mapping[str, Json] = field(default_factory=dict)
    """Facts of the configuration that gates may need: ``release_branch``, ``environments``."""
    verdicts: Mapping[str, GateResult] = field(default_factory=dict)
    """Verdicts of the other gates by id; only for a gate that reads `VERDICT`, which is judged after them."""
    beside: Mapping[str, tuple[Item, ...]] = field(default_factory=dict)
    """Likewise: evidence of this commit and project of all other kinds, the newest of each slot, whatever it may decide elsewhere."""
    conditions: tuple[Condition, ...] = ()
    """For gates that read `CONDITION`: the conditions of earlier approvals, with what closed them."""
    roles: tuple[Stand, ...] = ()
    """For gates that read `SIGN_OFF`: how each role stands to the decision that is judged."""
    evidence_outcome: str | None = None
    """Likewise: the outcome of all other gates."""

    def of(self, kind: str) -> tuple[Item, ...]:
        """Returns the evidence of one kind, newest first."""
        return self.items.get(kind, ())
