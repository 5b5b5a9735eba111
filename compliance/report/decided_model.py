"""What a report says of the decisions of people: overrides, approvals, waivers, conditions, and the risks that are left."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ..decision import Word
from ..record import Model


class OverrideRow(Model):
    """An approval in the face of a no-go. It stays on record for good, whatever was judged since."""

    entry: int
    by: str
    role: str
    reason: str
    at: datetime
    release: str
    """Version and commit that it let pass."""
    point: str
    state: Literal["in force", "without effect", "past"]
    """Whether it decides this report's outcome; ``without effect``: it is about this decision, but somebody rejects or is missing."""
    trial: bool
    """Whether it was signed with a trial key."""


class SignatureRow(Model):
    """What somebody decided in a role."""

    entry: int
    by: str
    decision: Word
    override: bool
    reason: str | None
    at: datetime
    expires_at: datetime
    trial: bool
    why_not: str | None
    """Why it does not count; None when it does."""


class RoleRow(Model):
    """How a role stands to the decision."""

    title: str
    required: bool
    standing: Literal["approved", "rejected", "waiting"]
    words: str
    """What it still has to do."""
    signatures: tuple[SignatureRow, ...]
    signatures_more: int


class WaiverRow(Model):
    """A waiver, as it stands."""

    id: str
    target: str
    about: str | None
    """Rule and place of the finding that it is for; None for a gate, and where no evidence holds the finding."""
    state: Literal["active", "unused", "requested", "expired", "revoked", "invalid"]
    why: str
    """Why it does not count, or that nothing needs it; empty when it counts and is needed."""
    reason: str
    controls: str
    requested_by: str
    approved_by: str | None
    expires_at: datetime
    left: str
    """Time until it ends, or since."""
    soon: bool
    """Whether it counts and ends within the time to warn about."""


class ConditionRow(Model):
    """A condition of an earlier approval."""

    id: str
    text: str
    owner: str
    role: str
    """Title of the role that set it."""
    due_at: datetime
    left: str
    """Time until it is due, or since; of one that is met, nothing."""
    closes: str
    """What closes it."""
    state: Literal["open", "lapsed", "met"]
    met_by: int | None


class RiskRow(Model):
    """A risk of the registers."""

    evidence: int
    id: str
    title: str
    likelihood: str | None
    impact: str | None
    residual: str | None
    """Level that is left after the mitigation."""
    owner: str | None
    mitigation: str | None
    status: str | None
    waiver: str | None
    """Id of the waiver that accepts it; None when none that counts does."""
    lacks: tuple[str, ...]
    """What the register does not say of it."""


class Decided(Model):
    """The section on waivers, conditions and risks."""

    overrides: tuple[OverrideRow, ...]
    """The newest ones."""
    overrides_total: int
    roles: tuple[RoleRow, ...]
    waivers: tuple[WaiverRow, ...]
    """Those that count first, then those that do not; cut at a limit."""
    waivers_total: int
    waivers_count: int
    """How many of them count."""
    conditions: tuple[ConditionRow, ...]
    """Lapsed ones first, then open, then met ones; cut at a limit."""
    conditions_total: int
    warn_days: int
    """Days before its end from which on a waiver is warned about."""
    risks: tuple[RiskRow, ...]
    """The highest residual levels first; cut at a limit."""
    risks_total: int
    registered: bool
    """Whether there is a risk register at all."""
