"""What a gate says: verdicts, the reasons of those that are none, places and claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from .record import Json


class Status(StrEnum):
    """What a gate's verdict can be."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    WAIVED = "waived"
    NOT_APPLICABLE = "not-applicable"
    NOT_ASSESSED = "not-assessed"


class Reason(StrEnum):
    """Why a gate is not assessed or not applicable, or which weakness a failing piece of evidence has."""

    MISSING = "missing"
    STALE = "stale"
    FOREIGN = "foreign"
    WEAK = "weak"
    UNREADABLE = "unreadable"
    INCOMPLETE = "incomplete"
    PROFILE = "profile"
    DECLARED = "declared"


@dataclass(frozen=True)
class Place:
    """Where to look: a file and line, an endpoint, a step."""

    where: str
    what: str = ""


class Standing(StrEnum):
    """What the evidence says about a claim."""

    CONTRADICTED = "contradicted"
    UNSUPPORTED = "unsupported"
    """It could be checked, but there is no evidence that does."""
    CONFIRMED = "confirmed"
    NOT_CHECKABLE = "not-checkable"
    """No evidence could decide it: a plan, a target, an opinion, a decision of people."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim of a document beside what the evidence says."""

    text: str
    """The claim in the document's words."""
    where: str
    """Document and line."""
    standing: Standing
    found: str
    """What the evidence says, or why nothing does."""
    evidence: tuple[int, ...] = ()
    """Ledger entries that it was compared with."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a gate says. Make it with `passed`, `failed` or `not_assessed`."""

    status: Status
    message: str
    """One sentence: what was observed, against what."""
    observed: Json = None
    threshold: Json = None
    reason: Reason | None = None
    places: tuple[Place, ...] = ()
    claims: tuple[Claim, ...] = ()
    """Of a gate that checks what documents say: each claim beside the evidence."""
    fix: str | None = None
    """Overrides the gate's general advice when the verdict knows better."""


def passed(message: str, *, observed: Json = None, threshold: Json = None) -> Verdict:
    """The evidence keeps the limit."""
    return Verdict(status=Status.PASS, message=message, observed=observed, threshold=threshold)


def failed(message: str, *, observed: Json = None, threshold: Json = None, places: Sequence[Place] = (), fix: str | None = None) -> Verdict:
    """The evidence breaks the limit."""
    return Verdict(status=Status.FAIL, message=message, observed=observed, threshold=threshold, places=tuple(places), fix=fix)


def not_assessed(reason: Reason, message: str, *, observed: Json = None, threshold: Json = None, places: Sequence[Place] = ()) -> Verdict:
    """The evidence says too little to decide (``missing``, ``incomplete``, ``stale`` or ``unreadable``)."""
    return Verdict(status=Status.NOT_ASSESSED, reason=reason, message=message, observed=observed, threshold=threshold, places=tuple(places))
