"""``compliance sign``: records what somebody decides in a role."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .session import Session, read_time

if TYPE_CHECKING:
    from ..decision import Promise, Word
    from ..project import Project
    from ..role import Role

Condition = Annotated[
    list[str] | None,
    typer.Option("--condition", help="TEXT; owner=NAME; due=TIME; gate=ID (or kind=KIND), which closes it (repeatable)."),
]


def run(
    session: Session,
    role: Annotated[str, typer.Option(help="Role that is signed for.", show_default=False)],
    key: Annotated[Path, typer.Option(help="Your SSH key, a PKCS#12 or PEM file, or a pkcs11: URI.", show_default=False)],
    approve: Annotated[bool, typer.Option("--approve", help="Yes.")] = False,
    approve_with_conditions: Annotated[bool, typer.Option("--approve-with-conditions", help="Yes, but something must follow.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="No, for a reason.")] = False,
    delegate: Annotated[str | None, typer.Option(help="Let this person sign for the role until --expires.")] = None,
    condition: Condition = None,
    reason: Annotated[str | None, typer.Option(help="Why; a rejection and an override must say.")] = None,
    override: Annotated[bool, typer.Option("--override", help="Approve although the evidence says no-go, if the role may.")] = False,
    point: Annotated[str, typer.Option(envvar="COMPLIANCE_POINT", help="Decision point.")] = "production",
    expires: Annotated[str | None, typer.Option(help="When it ends to count.", show_default="as the role says")] = None,
) -> int:
    """Record a role's decision on the release as it stands, with your signature."""
    from .. import decision, home
    from ..judging import judge, judged_before
    from ..record import canonical
    from ..sign import statement
    from ..times import now
    from .signing import statement_key

    word = _word(approve, approve_with_conditions, reject, delegate)
    holder, at = _role(session.project, role), now()
    with session.writing() as store:
        assessment, seen = judge(session.project, store, point)
        said = decision.Said(
            role=role,
            decision=word,
            assessment=judged_before(store, assessment),
            point=point,
            decision_digest=assessment.decision_digest,
            at=at,
            expires_at=_expiry(expires, at, holder),
            override=override,
            reason=reason,
            to=delegate,
            conditions=tuple(_condition(session.project, text) for text in condition or ()),
        )
        origin = store.entry(0).body["origin"]
        signature = statement.sign(said.statement(origin), statement_key(key))
        signer = home.signers(session.project).verify(canonical(said.statement(origin)), signature, now())
        decision.require_sound(said, holder, assessment.evidence_outcome, seen.sign_offs, signer, session.project.roles)
        numbers = store.append(decision.drafts(said, signature, signer.name, decision.drawn(assessment)))
    print(f"#{numbers[0]}  {word} for {holder.title} as {signer.name}, decision {assessment.decision_digest[:12]}")
    for number, promise in zip(numbers[1:], said.conditions, strict=True):
        print(f"C{number}  {promise.text}; {promise.owner}, due {promise.due_at:%Y-%m-%d}")
    if signer.trial:
        session.say("signed with a trial key: it proves nothing to others")
    session.say("compliance status shows who is still missing")
    return 0


def _word(approve: bool, approve_with_conditions: bool, reject: bool, delegate: str | None) -> Word:
    from ..errors import UsageError

    words: dict[Word, bool] = {
        "approve": approve,
        "approve-with-conditions": approve_with_conditions,
        "reject": reject,
        "delegate": delegate is not None,
    }
    chosen = [word for word, given in words.items() if given]
    if len(chosen) != 1:
        raise UsageError(f"{len(chosen)} decisions", hint="give one of --approve, --approve-with-conditions, --reject and --delegate NAME")
    return chosen[0]


def _role(project: Project, name: str) -> Role:
    from ..errors import UsageError
    from ..project import near

    known = {one.id: one for one in project.roles}
    if name not in known:
        raise UsageError(f"--role {name!r}: no such role{near(name, known)}", hint="roles stand in [roles.NAME] of compliance.toml")
    return known[name]


def _expiry(text: str | None, at: datetime, role: Role) -> datetime:
    from ..errors import InputError
    from ..times import read_span

    if text is None:
        return at + role.validity
    try:
        return at + read_span(text)
    except InputError:
        return read_time("--expires", text) or at


def _condition(project: Project, text: str) -> Promise:
    """Reads ``TEXT; owner=NAME; due=TIME; gate=ID``."""
    from ..decision import Promise
    from ..errors import UsageError
    from ..project import near

    what, *rest = [part.strip() for part in text.split(";")]
    words = dict(part.partition("=")[::2] for part in rest)
    unknown = words.keys() - {"owner", "due", "gate", "kind"}
    if unknown or not what or not words.get("owner") or not words.get("due") or ("gate" in words) == ("kind" in words):
        raise UsageError(f"--condition {text!r}", hint='write it as "TEXT; owner=NAME; due=TIME; gate=ID", or kind=KIND')
    for name, known in (("gate", project.gates), ("kind", project.catalog.kinds)):
        if name in words and words[name] not in known:
            raise UsageError(f"--condition: no {name} {words[name]!r}{near(words[name], list(known))}")
    due = read_time("--condition due=", words["due"])
    if due is None:
        raise UsageError(f"--condition {text!r}: without due date")
    return Promise(text=what, owner=words["owner"], due_at=due, gate=words.get("gate"), kind=words.get("kind"))
