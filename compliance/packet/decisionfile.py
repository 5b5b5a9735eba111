"""Decisions as files: what is to be signed is written out, signed elsewhere with ``ssh-keygen -Y sign``, and comes back with its signature.

The file is the canonical JSON of the statement (`compliance.decision.Said.statement`); the signature lies beside it, as ``FILE.sig``.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final, get_args

from pydantic import ValidationError

from .. import decision
from ..decision import Promise, Said, Word
from ..errors import ComplianceError, InputError
from ..project import Project
from ..reading import jsontext
from ..reading.walk import SIGNATURE_SUFFIX
from ..record import canonical
from ..sign.statement import Signature, Signers
from ..source import Source
from ..store import Store
from ..store.ledger import Entry
from ..times import read_rfc3339
from .receive import Received
from .signed import TOLERANCE

LIMIT: Final = 64 << 10
"""Bytes of the largest statement and of the largest signature."""


def read(data: bytes) -> tuple[str, Said]:
    """Reads a statement.

    Returns:
        Name of the log that it is for, and what it says.

    Raises:
        InputError: It is none, or not in its canonical form, which alone can be verified again later.
    """
    try:
        value = jsontext.loads(data)
        said = Said(
            role=str(value["role"]),
            decision=_word(value["decision"]),
            assessment=int(value["assessment"]),
            point=str(value["point"]),
            decision_digest=str(value["decision_digest"]),
            packet=value["packet"],
            override=value["override"],
            reason=value["reason"],
            to=value["to"],
            conditions=tuple(Promise.model_validate({**one, "due_at": read_rfc3339(one["due_at"])}) for one in value["conditions"]),
            at=read_rfc3339(value["at"]),
            expires_at=read_rfc3339(value["expires_at"]),
        )
        log, same = str(value["log"]), canonical(said.statement(str(value["log"]))) == data
    except (ComplianceError, KeyError, TypeError, ValueError, AttributeError, ValidationError) as error:
        raise InputError(f"no decision: {error}", expected="a file of `compliance sign --statement`") from error
    if not same:
        raise InputError("the statement was written anew, or edited", expected="the file of `compliance sign --statement`, byte for byte")
    return log, said


def _word(value: object) -> Word:
    found: Word | None = next((word for word in get_args(Word) if word == value), None)
    if found is None:
        raise ValueError(f"decision {value!r}")
    return found


def receive(store: Store, project: Project, source: Source, path: Path, signers: Signers, at: datetime) -> list[Received]:
    """Records a decision that was signed elsewhere.

    Args:
        store: The store, open for writing.
        project: Its roles decide who may sign what.
        source: The statement.
        path: Where it lies; its signature lies beside it.
        signers: Whose signatures count.
        at: The time now: keys must be valid still.

    Raises:
        ComplianceError: It is not signed, not by somebody who may, or about something that this store did not judge.
    """
    data = bytes(source.data)
    log, said = read(data)
    if log != (origin := store.origin):
        raise InputError(f"a decision for the log {log}", expected=f"one for this store's log {origin}")
    judged = _judged(store, said, at)
    signature = Signature("sshsig", _beside(path))
    known = [
        one.number
        for one in store.entries(types=[decision.TYPE])
        if store.private(one.number).get("people", {}).get("signature") == signature.json
    ]
    if known:
        return [Received(path.name, said.role, "duplicate", known[0], said)]
    signer = signers.verify(data, signature, at)
    role = next((one for one in project.roles if one.id == said.role), None)
    if role is None:
        raise InputError(f"there is no role {said.role}", expected="a role of compliance.toml")
    others, _ = decision.read(store, project.document.project.name, project.roles, signers)
    decision.require_sound(said, role, judged.body["evidence_outcome"], others, signer, project.roles)
    numbers = store.append(decision.drafts(said, signature, signer.name, judged.body["subject"]))
    return [Received(path.name, said.role, "recorded", numbers[0], said, signer)]


def _judged(store: Store, said: Said, at: datetime) -> Entry:
    """Returns the entry of the assessment that was decided on."""
    judged = store.entry(said.assessment) if 0 <= said.assessment < store.size else None
    about = (said.point, said.decision_digest)
    if judged is None or judged.type != "assessment" or (judged.body["point"], judged.body["decision_digest"]) != about:
        raise InputError(f"entry {said.assessment} is not the assessment of this decision", expected="a decision on what this store judged")
    if not judged.at - TOLERANCE <= said.at <= at + TOLERANCE:
        raise InputError(f"made at {said.at.isoformat()}, before it was judged or after now")
    return judged


def _beside(path: Path) -> str:
    beside = path.with_name(path.name + SIGNATURE_SUFFIX)
    if not beside.is_file():
        raise InputError(f"not signed: there is no {beside.name}", expected="the signature that `ssh-keygen -Y sign` writes")
    if beside.stat().st_size > LIMIT:
        raise InputError(f"{beside.name}: {beside.stat().st_size} bytes", expected=f"at most {LIMIT} bytes")
    return beside.read_bytes().decode("utf-8", "replace")
