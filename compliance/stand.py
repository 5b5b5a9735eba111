"""How each role stands to a decision: whose words count, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from .decision import SignOff
from .record import Model
from .role import Role, person_of
from .times import rfc3339


class Stand(Model):
    """How a role stands to a decision."""

    role: str
    title: str
    required: bool
    may_override: bool
    quorum: int
    approvals: tuple[SignOff, ...]
    """Those that count."""
    rejections: tuple[SignOff, ...]
    void: tuple[SignOff, ...]
    """Approvals of the same point that do not count, each with its ``defect``."""

    @property
    def approved(self) -> bool:
        """Whether enough of its people approved, and nobody rejected."""
        return len(self.approvals) >= self.quorum and not self.rejections


def stands(signed: Iterable[SignOff], roles: Sequence[Role], point: str, decision_digest: str, at: datetime) -> tuple[Stand, ...]:
    """Returns how each role stands to a decision. Of each person's words in a role the last counts.

    Args:
        signed: Sign-offs, in the order of the ledger.
        roles: The roles.
        point: Decision point.
        decision_digest: The decision.
        at: Time of the judgement.
    """
    return tuple(_stand(role, [one for one in signed if one.role == role.id and one.point == point], decision_digest, at) for role in roles)


def _stand(role: Role, signed: Sequence[SignOff], decision_digest: str, at: datetime) -> Stand:
    last: dict[str, SignOff] = {}
    for one in sorted((one for one in signed if one.decision != "delegate"), key=lambda one: one.at):
        person = person_of(one.by)
        # What does not count takes nothing back: anybody could write it in the name of somebody else.
        if one.defect is None or last.get(person, one).defect is not None:
            last[person] = one
    judged = [one if one.defect else one.model_copy(update={"defect": _void(one, decision_digest, at)}) for one in last.values()]
    return Stand(
        role=role.id,
        title=role.title,
        required=role.table.required,
        may_override=role.table.override,
        quorum=role.table.quorum,
        approvals=tuple(one for one in judged if one.approves and one.defect is None),
        rejections=tuple(one for one in judged if one.decision == "reject" and one.defect is None),
        void=tuple(one for one in judged if one.defect),
    )


def _void(one: SignOff, decision_digest: str, at: datetime) -> str | None:
    if one.decision_digest != decision_digest:
        return f"void, because the decision has changed since (#{one.assessment})"
    if at >= one.expires_at:
        return f"expired at {rfc3339(one.expires_at)}"
    return None


def missing(stand: Stand) -> str:
    """Says what a role still has to do."""
    if stand.rejections:
        return f"rejected by {', '.join(one.by for one in stand.rejections)}"
    left = stand.quorum - len(stand.approvals)
    if left <= 0:
        return "approved"
    return f"waits for {left} of {stand.quorum} approvals" if stand.quorum > 1 else "waits for an approval"


def is_overridden(stands: Iterable[Stand]) -> bool:
    """Tells whether every role that may override did, with its quorum, and nobody who must approve rejected."""
    stands = tuple(stands)
    may = [one for one in stands if one.may_override]
    rejected = any(one.rejections for one in stands if one.required or one.may_override)
    return bool(may) and not rejected and all(sum(approval.override for approval in one.approvals) >= one.quorum for one in may)
