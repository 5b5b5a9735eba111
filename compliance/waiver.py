"""Waivers: somebody who may accepts, for a time and for a reason, that a gate, a finding or a baseline of findings stays as it is.

A waiver is a request in the ledger, and what others decided on it since: approvals, renewals, revocations, each signed. It counts only as
long as nothing speaks against it; every other one is shown with what does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from .errors import ComplianceError, UsageError
from .gate import Gate
from .record import Json, Model, Table, canonical, sha256_hex
from .role import Role, may_approve_waivers, same_person
from .times import optional_rfc3339, read_rfc3339, rfc3339

if TYPE_CHECKING:
    from .sign.statement import Signature, Signer, Signers
    from .store import Draft, Store
    from .store.ledger import Entry

TYPE: Final = "waiver"
"""Type of the ledger entries."""
STATEMENT: Final = "compliance/waiver-decision/v1"
DAY: Final = timedelta(days=1)


class WaiversTable(Table):
    """``[waivers]``."""

    most: int = Field(default=10, ge=0)
    """Waivers that count at the same time, at most."""
    longest: int = Field(default=90, ge=1)
    """Days that one waiver may last, from its approval or renewal."""
    total_days: int = Field(default=365, ge=0)
    """Days of all waivers that count, added up, at most."""
    warn_before: int = Field(default=14, ge=0)
    """Days before its expiry from which on a waiver is warned about."""


class State(StrEnum):
    """How a waiver stands."""

    ACTIVE = "active"
    REQUESTED = "requested"
    EXPIRED = "expired"
    REVOKED = "revoked"
    INVALID = "invalid"
    """Something speaks against it: its signature, its approver, the gate, the budget."""


class Waiver(Model):
    """A waiver, as it stands at a time."""

    id: str
    """``W`` and the number of the request's ledger entry."""
    gate: str | None
    finding: str | None
    """Fingerprint of the one finding that it is for."""
    findings: tuple[str, ...] = ()
    """Fingerprints of a baseline: the findings that there were when it was written, and no others."""
    reason: str
    controls: str
    """What compensates for it meanwhile."""
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    """Of the last approval or renewal."""
    revoked_by: str | None = None
    defect: str | None = None
    """Why its approval does not count, as far as signatures and people are concerned."""
    state: State = State.REQUESTED
    why: str = ""
    """Why it does not count; empty when it does."""

    @property
    def active(self) -> bool:
        """Whether it counts."""
        return self.state is State.ACTIVE

    @property
    def target(self) -> str:
        """What it is for, in words."""
        if self.findings:
            return f"a baseline of {len(self.findings)} findings"
        return self.gate or f"finding {(self.finding or '')[:12]}"


def request(
    *,
    project: str,
    gate: str | None,
    finding: str | None,
    reason: str,
    controls: str,
    by: str,
    expires_at: datetime,
    findings: Sequence[str] = (),
) -> Draft:
    """Returns the ledger entry of a request, for a gate, for one finding or for a baseline of findings.

    Raises:
        UsageError: It names nothing or two things to waive, or says too little.
    """
    from .store import Draft

    if sum((gate is not None, finding is not None, bool(findings))) != 1:
        raise UsageError("a waiver is for one gate or for one finding", hint="give --gate ID or --finding FINGERPRINT")
    for name, text in (("reason", reason), ("compensating controls", controls), ("requester", by)):
        if not text.strip():
            raise UsageError(f"a waiver without {name}", hint="say why, and what protects you meanwhile")
    body = {"action": "request", "subject": {"project": project}, "gate": gate, "expires_at": rfc3339(expires_at)}
    paths: dict[str, Json] = {"findings": sorted(set(findings))} if findings else {"finding": finding}
    private: dict[Any, Json] = {"people": {"by": by}, "code": {"reason": reason, "controls": controls}, "paths": paths}
    return Draft(type=TYPE, body=body, private=private)


def statement(store: Store, number: int, action: str, expires_at: datetime | None, reason: str | None) -> dict[str, Json]:
    """Returns what somebody signs who decides on a waiver.

    It names the request by the digest of its leaf, which commits to all that was asked, and the entry that it follows: an approval cannot
    be used again after a revocation.

    Args:
        store: The store.
        number: Entry of the request.
        action: ``approve``, ``renew`` or ``revoke``.
        expires_at: New end, for a renewal.
        reason: Why, if anything is said.

    Raises:
        UsageError: There is no such waiver.
    """
    entry = store.entry(number)
    if entry.type != TYPE or entry.body["action"] != "request":
        raise UsageError(f"W{number}: no such waiver", hint="`compliance waive list` lists them")
    history = [one.number for one in store.entries(types=[TYPE]) if one.body.get("waiver") == number]
    return _statement(store.origin, entry, history[-1] if history else number, action, expires_at, reason)


def _statement(origin: str, entry: Entry, previous: int, action: str, expires_at: datetime | None, reason: str | None) -> dict[str, Json]:
    return {
        "schema": STATEMENT,
        "log": origin,
        "action": action,
        "waiver": entry.number,
        "request": sha256_hex(entry.data),
        "previous": previous,
        "expires_at": optional_rfc3339(expires_at),
        "reason": reason,
    }


def decision(said: Mapping[str, Json], signature: Signature, by: str, project: str) -> Draft:
    """Returns the ledger entry of a signed decision on a waiver."""
    from .store import Draft

    body = {name: said[name] for name in ("action", "waiver", "previous", "expires_at")}
    private: dict[Any, Json] = {"people": {"by": by, "signature": signature.json}, "code": {"reason": said["reason"]}}
    return Draft(type=TYPE, body={**body, "subject": {"project": project}, "method": signature.method}, private=private)


def read(store: Store, project: str, roles: Sequence[Role], signers: Signers, *, upto: int | None = None) -> list[Waiver]:
    """Reads the waivers of a project, with what signatures and people make of them; `standing` judges the rest.

    Args:
        store: The store.
        project: Name of the project.
        roles: Roles of the project; whoever approves must hold one that may.
        signers: Whose signatures count.
        upto: Entries that are seen; all when None.
    """
    found: dict[int, tuple[Waiver, Entry, int]] = {}
    origin = ""
    for entry in store.entries(types=[TYPE, "store"], upto=upto):
        if entry.type == "store":
            origin = str(entry.body["origin"])
        elif entry.body["subject"]["project"] != project:
            continue
        elif entry.body["action"] == "request":
            found[entry.number] = (_requested(entry, store.private(entry.number)), entry, entry.number)
        elif entry.body["waiver"] in found:
            waiver, asked, previous = found[entry.body["waiver"]]
            decided = _decided(waiver, entry, store.private(entry.number), _Check(origin, asked, previous, roles, signers))
            found[entry.body["waiver"]] = (decided, asked, entry.number)
    return [waiver for waiver, _, _ in found.values()]


def _requested(entry: Entry, private: Mapping[str, Any]) -> Waiver:
    said = private.get("code", {})
    return Waiver(
        id=f"W{entry.number}",
        gate=entry.body["gate"],
        finding=private.get("paths", {}).get("finding"),
        findings=tuple(private.get("paths", {}).get("findings", ())),
        reason=str(said.get("reason", "(erased)")),
        controls=str(said.get("controls", "(erased)")),
        requested_by=str(private.get("people", {}).get("by", "(erased)")),
        requested_at=entry.at,
        expires_at=read_rfc3339(entry.body["expires_at"]),
    )


@dataclass(frozen=True)
class _Check:
    """What a decision on a waiver is checked against."""

    origin: str
    asked: Entry
    previous: int
    """The entry that it must follow."""
    roles: Sequence[Role]
    signers: Signers

    def signer(self, waiver: Waiver, entry: Entry, private: Mapping[str, Any], expires_at: datetime | None) -> Signer:
        """Returns who decided.

        Raises:
            ComplianceError: Something speaks against the decision.
        """
        from .sign.statement import Signature

        body = entry.body
        reason = private.get("code", {}).get("reason")
        said = _statement(self.origin, self.asked, self.previous, body["action"], expires_at, reason)
        signature = Signature.read(private.get("people", {}).get("signature"))
        signer = self.signers.verify(canonical(said), signature, entry.at)
        if body["action"] != "revoke":
            allow(waiver, signer, self.roles)
        return signer


def allow(waiver: Waiver, signer: Signer, roles: Sequence[Role]) -> None:
    """Checks that somebody may approve a waiver.

    Raises:
        UsageError: It is the requester, or holds no role that may.
    """
    if same_person(signer.name, waiver.requested_by):
        raise UsageError(f"requested and approved by the same person ({signer.name})", hint="ask somebody else to approve it")
    if not may_approve_waivers(roles, signer):
        raise UsageError(f"{signer.name} holds no role that may approve waivers", hint="name the person in [roles.NAME] people")


def _decided(waiver: Waiver, entry: Entry, private: Mapping[str, Any], check: _Check) -> Waiver:
    """Returns a waiver after one more decision. What is not valid changes nothing, but that an approval was tried is kept."""
    body = entry.body
    expires_at = read_rfc3339(body["expires_at"]) if body["expires_at"] else None
    try:
        signer = check.signer(waiver, entry, private, expires_at)
    except ComplianceError as error:
        approved = waiver.approved_by is not None and waiver.defect is None
        return waiver if approved else waiver.model_copy(update={"defect": f"{body['action']} does not count: {error}"})
    if body["action"] == "revoke":
        return waiver.model_copy(update={"revoked_by": signer.name})
    changed = {"approved_by": signer.name, "approved_at": entry.at, "revoked_by": None, "defect": None}
    return waiver.model_copy(update={**changed, "expires_at": expires_at or waiver.expires_at})


def standing(waivers: Sequence[Waiver], gates: Mapping[str, Gate], table: WaiversTable, at: datetime) -> tuple[Waiver, ...]:
    """Returns the waivers as they stand at a time: which of them count, and why the others do not.

    The budget is spent in the order of the approvals, so that a later waiver never takes an earlier one's place.

    Args:
        waivers: As `read` returns them.
        gates: The gates that are installed.
        table: Limits.
        at: The time.
    """
    states = {waiver.id: _state(waiver, gates, table, at) for waiver in waivers}
    count, days = 0, 0.0
    for waiver in sorted(waivers, key=lambda one: (one.approved_at or one.requested_at, one.id)):
        if states[waiver.id][0] is not State.ACTIVE:
            continue
        span = _days(waiver)
        if count + 1 > table.most:
            states[waiver.id] = (State.INVALID, f"over the budget of {table.most} waivers")
        elif days + span > table.total_days:
            states[waiver.id] = (State.INVALID, f"over the budget of {table.total_days} days: {days:.0f} are taken, it wants {span:.0f}")
        else:
            count, days = count + 1, days + span
    return tuple(waiver.model_copy(update=dict(zip(("state", "why"), states[waiver.id], strict=True))) for waiver in waivers)


def _state(waiver: Waiver, gates: Mapping[str, Gate], table: WaiversTable, at: datetime) -> tuple[State, str]:
    gate = gates.get(waiver.gate) if waiver.gate else None
    if waiver.gate and gate is None:
        return State.INVALID, f"there is no gate {waiver.gate}"
    if gate is not None and not gate.waivable:
        return State.INVALID, f"{gate.id} can never be waived"
    if waiver.revoked_by:
        return State.REVOKED, f"revoked by {waiver.revoked_by}"
    if waiver.approved_by is None:
        return (State.INVALID, waiver.defect) if waiver.defect else (State.REQUESTED, "nobody approved it")
    if at >= waiver.expires_at:
        return State.EXPIRED, f"expired at {rfc3339(waiver.expires_at)}"
    if _days(waiver) > table.longest:
        return State.INVALID, f"lasts {_days(waiver):.0f} days; at most {table.longest} are allowed"
    return State.ACTIVE, ""


def _days(waiver: Waiver) -> float:
    return (waiver.expires_at - (waiver.approved_at or waiver.requested_at)) / DAY


def for_gate(waivers: Iterable[Waiver], gate: str) -> Iterator[Waiver]:
    """Yields the waivers that count and are for a gate."""
    return (one for one in waivers if one.active and one.gate == gate)


def for_findings(waivers: Iterable[Waiver]) -> dict[str, Waiver]:
    """Returns the waivers that count and are for findings, by fingerprint."""
    return {fingerprint: one for one in waivers if one.active for fingerprint in named(one)}


def named(one: Waiver) -> tuple[str, ...]:
    """Returns the fingerprints of the findings that a waiver is for."""
    return (one.finding,) if one.finding else one.findings


def ends_soon(waiver: Waiver, table: WaiversTable, at: datetime) -> bool:
    """Tells whether a waiver that counts is to be warned about."""
    return waiver.active and waiver.expires_at - at <= table.warn_before * DAY
