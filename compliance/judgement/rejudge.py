"""Judges again what a ledger recorded as judged: the same evidence, the same policies and the same clock must give the same verdicts.

The ledger is a store, or what a report carries of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..assessment import Assessment
from ..decision import SignOff
from ..errors import ComplianceError, StoreUnavailableError
from ..project import Project
from ..sign.checks import Check
from ..store import Store
from ..waiver import named
from . import view
from .assessing import Case, assess
from .judging import recorded_assessment
from .view import View

if TYPE_CHECKING:
    from ..sign.statement import Signers

NAME: Final = "assessment-derived"
_PEOPLE: Final = ("waivers", "conditions", "roles")
"""What of an assessment rests on signatures of people."""
_FOLLOWS: Final = ("outcome", "evidence_outcome", "because", "score", "decision_digest", "overridden", *_PEOPLE)
"""What else of an assessment follows from the ledger and the rules."""


def rejudged(store: Store, project: Project, entry: int, signers: Callable[[], Signers], *, whole: bool = True) -> Check:
    """Judges the evidence of a recorded assessment again, and compares.

    Args:
        store: The store that holds assessment and evidence.
        project: The policies: they must be those that judged, or nothing is said.
        entry: Number of the assessment's entry.
        signers: Gives those whose signatures under decisions count; asked only where there are decisions.
        whole: Whether the store holds every entry up to the assessment.

    Raises:
        StoreUnavailableError: The store cannot be looked at.
    """
    try:
        found = _rejudged(store, project, entry, signers, whole)
    except StoreUnavailableError:
        raise
    except ComplianceError as error:
        return Check(NAME, "not-proven", f"cannot be judged again here: {error}")
    erased = [number for number in store.erased() if number < entry]
    if found.status == "refuted" and erased:
        return Check(NAME, "not-proven", f"evidence {min(erased)} was erased since, so that it cannot be judged again")
    return found


def _rejudged(store: Store, project: Project, entry: int, signers: Callable[[], Signers], whole: bool) -> Check:
    recorded = recorded_assessment(store, entry)
    size = recorded.store.size
    if whole and store.root_at(size).hex() != recorded.store.root:
        return Check(NAME, "refuted", f"the first {size} entries of the ledger are not those that the judgement names")
    seen = view.build(store, project.catalog.kinds, recorded.subject, roles=project.roles, signers=signers, upto=size)
    again = _again(project, seen, recorded)
    if again.policy_digest != recorded.policy_digest:
        detail = f"judged by the policy {recorded.policy_digest[:12]}; the one of this project and version is {again.policy_digest[:12]}"
        return Check(NAME, "not-proven", detail)
    if again.profile_by != recorded.profile_by:
        detail = f"the profile was confirmed by {recorded.profile_by or 'nobody'}; the configuration says {again.profile_by or 'nobody'}"
        return Check(NAME, "not-proven", detail)
    if first := _difference(recorded, again):
        if not _differ(recorded, again, _PEOPLE):
            return _refuted(first)
        if whole and (invented := next(_invented(store, recorded, again), None)):
            return _refuted(invented)
        # The decisions of people as the judgement read them: whoever signed them, all the rest must follow.
        if other := _difference(recorded, _again(project, _as_decided(store, seen, recorded), recorded)):
            return _refuted(other)
        return Check(NAME, "not-proven", _people(recorded, again, first))
    if whole and (late := _late(store, recorded, entry)) is not None:
        return Check(NAME, "not-proven", f"entry {late} was recorded by the time of the judgement, which did not see it")
    return Check(NAME, "proven", f"judging the evidence of entries 0 to {size - 1} again gives the same {len(again.gates)} verdicts")


def _refuted(what: str) -> Check:
    return Check(NAME, "refuted", f"{what} is not what the recorded evidence gives")


def _people(recorded: Assessment, again: Assessment, first: str) -> str:
    read = " and ".join("sign-offs" if name == "roles" else name for name in _differ(recorded, again, _PEOPLE))
    return (
        f"the evidence gives the same verdicts if people decided what the judgement read; their {read} cannot be shown here, since other "
        f"signers are trusted or a signed packet is not at hand: {first}"
    )


def _again(project: Project, seen: View, recorded: Assessment) -> Assessment:
    case = Case(project, seen, recorded.subject, project.point(recorded.point), recorded.store)
    again = assess(case, recorded.as_of, judged_at=recorded.judged_at)
    return Assessment.unsealed(again.sealed())  # as the ledger would give it back: a gate may use tuples where JSON has lists


def _as_decided(store: Store, seen: View, recorded: Assessment) -> View:
    fingerprints = sorted({name for one in recorded.waivers for name in named(one)})
    items = [item for many in seen.items.values() for item in many]
    held = {item.entry: tuple(store.findings_named(item.entry, fingerprints)) for item in items}
    return replace(
        seen,
        waivers=recorded.waivers,
        waived={entry: findings for entry, findings in held.items() if findings},
        sign_offs=tuple(sorted(_signed(recorded), key=lambda one: one.entry)),
        conditions=recorded.conditions,
    )


def _signed(recorded: Assessment) -> Iterator[SignOff]:
    for role in recorded.roles:
        yield from (*role.approvals, *role.rejections, *role.void)


def _invented(store: Store, recorded: Assessment, again: Assessment) -> Iterator[str]:
    """Yields decisions of people that are not those in the ledger, whoever signed them."""
    known = {one.id: (one.gate, one.finding, one.findings, one.requested_at) for one in again.waivers}
    for one in recorded.waivers:
        if known.pop(one.id, None) != (one.gate, one.finding, one.findings, one.requested_at):
            yield f"waiver {one.id}"
    yield from (f"the absence of waiver {name}" for name in known)
    for said in _signed(recorded):
        body: dict[str, Any] = store.entry(said.entry).body
        if (said.role, said.decision, said.decision_digest) != tuple(body.get(name) for name in ("role", "decision", "decision_digest")):
            yield f"sign-off {said.entry}"


def _late(store: Store, recorded: Assessment, entry: int) -> int | None:
    """Returns the first entry that was recorded by the clock of a judgement, and before it, but lies outside of what it saw."""
    between = (store.entry(number) for number in range(recorded.store.size, entry))
    return next((one.number for one in between if one.at <= recorded.as_of), None)


def _difference(recorded: Assessment, again: Assessment) -> str | None:
    """Names what of two judgements differs first."""
    gates = {one.id: one for one in again.gates}
    if first := next((one for one in recorded.gates if one != gates.get(one.id)), None):
        other = gates.get(first.id)
        instead = f" ({first.verdict} instead of {other.verdict})" if other is not None and other.verdict != first.verdict else ""
        return f"gate {first.id}{instead}"
    if missing := next((name for name in gates if name not in {one.id for one in recorded.gates}), None):
        return f"the absence of gate {missing}"
    if recorded.outcome != again.outcome:
        return f"the outcome ({recorded.outcome} instead of {again.outcome})"
    if _changes(recorded) != _changes(again):
        return "what it says of changed thresholds"
    return next((name.replace("_", " ") for name in _differ(recorded, again, _FOLLOWS)), None)


def _differ(recorded: Assessment, again: Assessment, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if getattr(recorded, name) != getattr(again, name)]


def _changes(judged: Assessment) -> list[dict[str, Any]]:
    """Returns the changed thresholds without the words that a configuration may put otherwise since."""
    return [one.model_dump(mode="json", exclude={"reason", "by"}) for one in judged.changed]
