"""Decisions: what people in their roles said about a release, and the conditions that they tied to it.

Each sign-off is a ledger entry: role, decision, and what it is bound to (the digest of the decision that was judged, the packet that was
read), under the signer's own signature. What an approval is worth is judged anew each time: it must be sound, by somebody who holds the
role, about this very decision, not expired, and not taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from .errors import ComplianceError, UsageError
from .record import Json, Model, canonical
from .role import Role, same_person
from .times import read_rfc3339, rfc3339

if TYPE_CHECKING:
    from .assessment import Assessment
    from .sign.statement import Signature, Signer, Signers
    from .store import Draft, Store
    from .store.ledger import Entry

TYPE: Final = "sign-off"
"""Type of the ledger entries."""
CONDITION_TYPE: Final = "condition"
STATEMENT: Final = "compliance/decision/v1"

Word = Literal["approve", "approve-with-conditions", "reject", "delegate"]


class Promise(Model):
    """A condition as a signer writes it."""

    text: str
    owner: str
    due_at: datetime
    gate: str | None = None
    """Id of the gate that closes it by passing."""
    kind: str | None = None
    """Kind of evidence that closes it, once there is a newer piece of it."""


class Condition(Promise):
    """A condition of an earlier approval, as it stands."""

    id: str
    """``C`` and the number of its ledger entry."""
    role: str
    opened_at: datetime
    met_by: int | None = None
    """Entry that closed it."""

    @property
    def waits_for(self) -> str:
        """What closes it, in words."""
        return f"gate {self.gate}" if self.gate else f"evidence of kind {self.kind}"


class SignOff(Model):
    """What somebody decided in a role."""

    entry: int
    role: str
    decision: Word
    by: str
    """Verified name of the signer."""
    key: str
    trial: bool
    point: str
    decision_digest: str
    packet: str | None
    """SHA-256 of the packet that was signed; None where the assessment itself was."""
    assessment: int
    """Entry of the assessment that the signer saw."""
    override: bool
    """An approval in the face of a no-go."""
    reason: str | None
    at: datetime
    expires_at: datetime
    to: str | None = None
    """Of a delegation: who may sign instead."""
    conditions: tuple[Promise, ...] = ()
    method: Literal["sshsig", "x509", "pdf"] | None = None
    """How it was signed."""
    document: int | None = None
    """Ledger entry of the signed packet that holds the signature, if it stands in one."""
    defect: str | None = None
    """Why it does not count, as far as signature and role are concerned."""

    @property
    def approves(self) -> bool:
        """Whether it is a yes."""
        return self.decision in ("approve", "approve-with-conditions")


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is about to be signed."""

    role: str
    decision: Word
    assessment: int
    point: str
    decision_digest: str
    at: datetime
    expires_at: datetime
    packet: str | None = None
    override: bool = False
    reason: str | None = None
    to: str | None = None
    conditions: tuple[Promise, ...] = field(default=())

    def statement(self, origin: str) -> dict[str, Json]:
        """Returns the JSON object that the signer signs.

        Args:
            origin: Name of the log, from its first entry.
        """
        return {
            "schema": STATEMENT,
            "log": origin,
            "role": self.role,
            "decision": self.decision,
            "assessment": self.assessment,
            "point": self.point,
            "decision_digest": self.decision_digest,
            "packet": self.packet,
            "override": self.override,
            "reason": self.reason,
            "to": self.to,
            "conditions": [one.model_dump(mode="json") for one in self.conditions],
            "at": rfc3339(self.at),
            "expires_at": rfc3339(self.expires_at),
        }


def require_clear(said: Said, role: Role, evidence_outcome: str) -> None:
    """Checks what a decision says, whoever makes it.

    Args:
        said: What is signed.
        role: The role that it is signed for.
        evidence_outcome: Of the assessment that the signer saw.

    Raises:
        UsageError: Something speaks against it.
    """
    if said.decision == "reject" and not (said.reason or "").strip():
        raise UsageError("a rejection without reason", hint="say why with --reason")
    if said.decision == "approve-with-conditions" and not said.conditions:
        raise UsageError("an approval with conditions, but without any", hint="give --condition, or approve without")
    if said.conditions and said.decision != "approve-with-conditions":
        raise UsageError(f"conditions with {said.decision}", hint="use --approve-with-conditions")
    if said.expires_at <= said.at or any(one.due_at <= said.at for one in said.conditions):
        raise UsageError("a date that has passed already")
    approves = said.decision in ("approve", "approve-with-conditions")
    if said.override and not (approves and role.table.override and (said.reason or "").strip()):
        why = (
            f"by role {role.id}, which may not override"
            if not role.table.override
            else "without reason"
            if approves
            else "that is no approval"
        )
        raise UsageError(f"an override {why}", hint="only roles with override = true may, and must say why")
    if approves and evidence_outcome == "no-go" and not said.override:
        raise UsageError("the evidence says no-go", hint="reject, or override with --override and a reason if your role may")


def require_sound(said: Said, role: Role, evidence_outcome: str, others: Iterable[SignOff], signer: Signer, roles: Sequence[Role]) -> None:
    """Checks a decision before it is recorded.

    Args:
        said: What is signed.
        role: The role that it is signed for.
        evidence_outcome: Of the assessment that the signer saw.
        others: Sign-offs that were recorded before.
        signer: Whose signature it bears.
        roles: All roles of the project.

    Raises:
        UsageError: Something speaks against it.
    """
    require_clear(said, role, evidence_outcome)
    if defect := _role_defect(said, role, signer, list(others), roles):
        raise UsageError(defect)


def _role_defect(said: Said, role: Role, signer: Signer, others: Sequence[SignOff], roles: Sequence[Role]) -> str | None:
    """Says why somebody may not sign for a role; None when they may."""
    sound = [one for one in others if one.defect is None]
    if not role.admits(signer.name, signer.key):
        given = [one for one in sound if one.decision == "delegate" and one.role == role.id and one.to]
        if not any(same_person(one.to or "", signer.name) and one.at <= said.at < one.expires_at for one in given):
            return f"{signer.name} does not hold the role {role.id}, and nobody who does delegated it"
        if said.decision == "delegate":
            return f"{signer.name} signs for {role.id} by delegation, and cannot delegate it again"
    shared = {one.id for one in roles if one.table.shared}
    for one in sound:
        same = same_person(one.by, signer.name) or one.key == signer.key
        about_this = one.decision_digest == said.decision_digest and one.decision != "delegate" and said.decision != "delegate"
        if same and about_this and one.role != role.id and not {one.role, role.id} & shared:
            return f"{signer.name} signed for {one.role} already"
    return None


def drafts(said: Said, signature: Signature, by: str, subject: Mapping[str, Json], place: Mapping[str, Json] | None = None) -> list[Draft]:
    """Returns the ledger entries of a signed decision: the sign-off, then one for each condition.

    Args:
        said: What was signed.
        signature: The signature.
        by: Verified name of the signer.
        subject: What was decided on.
        place: Where a signature in a document stands: ``document``, ``field`` and ``covered``.
    """
    from .store import Draft

    whole = said.statement("")
    public = ("role", "decision", "assessment", "point", "decision_digest", "packet", "override", "expires_at")
    body = {**{name: whole[name] for name in public}, "signed_at": whole["at"], "method": signature.method, "subject": dict(subject)}
    body |= place or {}
    private: dict[Any, Json] = {
        "people": {"by": by, "to": said.to, "signature": signature.json, "owners": [one.owner for one in said.conditions]},
        "code": {"reason": said.reason, "conditions": [one.text for one in said.conditions]},
    }
    body["conditions"] = [{"due_at": rfc3339(one.due_at), "gate": one.gate, "kind": one.kind} for one in said.conditions]
    opened = [
        Draft(
            type=CONDITION_TYPE,
            body={"action": "opened", "role": said.role, "number": number, "signed_at": whole["at"], "subject": dict(subject)},
        )
        for number in range(len(said.conditions))
    ]
    return [Draft(type=TYPE, body=body, private=private), *opened]


def met(condition: Condition, by: int, subject: Mapping[str, Json]) -> Draft:
    """Returns the ledger entry that closes a condition.

    Args:
        condition: The condition.
        by: Entry of the evidence or assessment that closes it.
        subject: What was judged then.
    """
    from .store import Draft

    return Draft(type=CONDITION_TYPE, body={"action": "met", "condition": int(condition.id[1:]), "by": by, "subject": dict(subject)})


def read(
    store: Store, project: str, roles: Sequence[Role], signers: Signers, *, upto: int | None = None
) -> tuple[list[SignOff], list[Condition]]:
    """Reads the sign-offs and conditions of a project; signatures and roles are verified again.

    Args:
        store: The store.
        project: Name of the project.
        roles: Its roles.
        signers: Whose signatures count.
        upto: Entries that are seen; all when None.
    """
    signed: list[SignOff] = []
    conditions: dict[int, Condition] = {}
    origin = ""
    for entry in store.entries(types=["store", TYPE, CONDITION_TYPE], upto=upto):
        if entry.type == "store":
            origin = str(entry.body["origin"])
        elif entry.body["subject"]["project"] != project:
            continue
        elif entry.type == TYPE:
            signed.append(_sign_off(store, entry, origin, roles, signers, signed))
        elif entry.body["action"] == "opened" and signed and signed[-1].defect is None:
            promise = signed[-1].conditions[entry.body["number"]]
            conditions[entry.number] = Condition(**promise.model_dump(), id=f"C{entry.number}", role=signed[-1].role, opened_at=entry.at)
        elif entry.body["action"] == "met" and entry.body["condition"] in conditions:
            number = entry.body["condition"]
            conditions[number] = conditions[number].model_copy(update={"met_by": entry.body["by"]})
    return signed, list(conditions.values())


def recorded(store: Store, number: int) -> tuple[Said, Json]:
    """Returns what a sign-off in the ledger says, and the signature under it; erased parts are empty."""
    entry, private = store.entry(number), store.private(number)
    body, people, code = entry.body, private.get("people", {}), private.get("code", {})
    promises = tuple(
        Promise(text=text, owner=owner, **{**one, "due_at": read_rfc3339(one["due_at"])})
        for one, text, owner in zip(body["conditions"], code.get("conditions", ()), people.get("owners", ()), strict=False)
    )
    said = Said(
        role=body["role"],
        decision=body["decision"],
        assessment=body["assessment"],
        point=body["point"],
        decision_digest=body["decision_digest"],
        packet=body["packet"],
        override=body["override"],
        reason=code.get("reason"),
        to=people.get("to"),
        conditions=promises,
        at=read_rfc3339(body["signed_at"]),
        expires_at=read_rfc3339(body["expires_at"]),
    )
    return said, people.get("signature")


def _sign_off(store: Store, entry: Entry, origin: str, roles: Sequence[Role], signers: Signers, before: Sequence[SignOff]) -> SignOff:
    from .sign.statement import Signer

    said, signature = recorded(store, entry.number)
    signer, defect = Signer(str(store.private(entry.number).get("people", {}).get("by", "(erased)")), ""), None
    try:
        signer = _signer(store, entry, said, origin, signature, signers)
    except ComplianceError as error:
        defect = f"not validly signed ({error})"
    role = next((one for one in roles if one.id == said.role), None)
    if defect is None:
        defect = f"there is no role {said.role}" if role is None else _role_defect(said, role, signer, before, roles)
    return SignOff(
        entry=entry.number,
        by=signer.name,
        key=signer.key,
        trial=signer.trial,
        defect=defect,
        method=entry.body["method"],
        document=entry.body.get("document"),
        **{name: getattr(said, name) for name in SignOff.model_fields if hasattr(said, name)},
    )


def _signer(store: Store, entry: Entry, said: Said, origin: str, signature: Json, signers: Signers) -> Signer:
    """Verifies the signature under a decision again, wherever it stands."""
    from .sign.statement import Signature

    if entry.body["method"] == "pdf":
        from .packet.receive import verify_again

        return verify_again(store, entry, said, signers)
    return signers.verify(canonical(said.statement(origin)), Signature.read(signature), entry.at)


def drawn(assessment: Assessment) -> dict[str, Json]:
    """Returns the subject of a decision's entries."""
    return dict(assessment.subject.model_dump(mode="json"))
