"""What changed between two assessments: gates, thresholds, evidence, waivers, findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, cast

from ..assessment import Assessment, GateResult
from ..record import Finding, Json, Model
from ..verdict import Reason

if TYPE_CHECKING:
    from ..store import Store

What = Literal["subject", "profile", "outcome", "gate", "threshold", "evidence", "waiver", "policy"]


class Change(Model):
    """One difference."""

    what: What
    name: str
    before: Json
    after: Json
    decides: bool
    """Whether it changes what an approval is bound to."""

    @property
    def text(self) -> str:
        """The change in words."""
        return f"{self.what} {self.name}: {_shown(self.before)} -> {_shown(self.after)}"


def compare(before: Assessment, after: Assessment) -> list[Change]:
    """Returns the differences, those that decide first within each sort."""
    return [
        *_fields(before, after),
        *_gates(before, after),
        *_named("threshold", _thresholds(before), _thresholds(after), decides=True),
        *_named("waiver", _waivers(before), _waivers(after), decides=True),
        *_evidence(before, after),
    ]


def findings_between(store: Store, before: Assessment, after: Assessment) -> tuple[list[Finding], list[Finding]]:
    """Returns the findings that were opened and those that were closed, by their fingerprints.

    Only evidence of kinds and formats that both assessments rest on is compared: a scanner that did not run closes nothing.
    """
    sides = [_evidence_of(store, one) for one in (before, after)]
    both = sides[0].keys() & sides[1].keys()
    one, other = ({found.fingerprint: found for key in both for found in _open(store, side[key])} for side in sides)
    opened = [finding for name, finding in other.items() if name not in one]
    closed = [finding for name, finding in one.items() if name not in other]
    return opened, closed


def _open(store: Store, numbers: Sequence[int]) -> Iterator[Finding]:
    for number in numbers:
        yield from store.findings(number, open_only=True)


def _evidence_of(store: Store, assessment: Assessment) -> dict[tuple[str, ...], list[int]]:
    found: dict[tuple[str, ...], list[int]] = {}
    for number in sorted({entry for gate in assessment.gates for entry in gate.evidence}):
        body = store.entry(number).body
        if _of_another(body, number, assessment):
            continue
        key = tuple(str(part) for part in (body["kind"], body["format"], body["source"]["tool"], body.get("part")))
        found.setdefault(key, []).append(number)
    return found


def _of_another(body: Mapping[str, Json], number: int, assessment: Assessment) -> bool:
    """Tells whether evidence is of another commit and counted for no gate: it says nothing of what was judged."""
    commit = cast(Mapping[str, Json], body["subject"])["commit"]
    reasons = [gate.reason for gate in assessment.gates if number in gate.evidence]
    return commit != assessment.subject.commit and all(reason is Reason.FOREIGN for reason in reasons)


def _fields(before: Assessment, after: Assessment) -> Iterator[Change]:
    one, other = (entry.subject.model_dump(mode="json") for entry in (before, after))
    for name in one:
        if one[name] != other[name]:
            yield Change(what="subject", name=name, before=one[name], after=other[name], decides=True)
    for name, what in (("profile", "profile"), ("evidence_outcome", "outcome"), ("outcome", "outcome")):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            decides = name != "outcome"
            yield Change(what=what, name=name.replace("_", " "), before=old, after=new, decides=decides)  # type: ignore[arg-type]
    if before.policy_digest != after.policy_digest:
        old, new = before.policy_digest[:12], after.policy_digest[:12]
        yield Change(what="policy", name="code, parameters and versions", before=old, after=new, decides=True)


def _gates(before: Assessment, after: Assessment) -> Iterator[Change]:
    one, other = ({gate.id: gate for gate in entry.gates} for entry in (before, after))
    for name in {**one, **other}:
        old, new = _verdict(one.get(name)), _verdict(other.get(name))
        if old != new:
            yield Change(what="gate", name=name, before=old, after=new, decides=True)
        elif name in one and name in other and one[name].observed != other[name].observed:
            yield Change(what="gate", name=f"{name} observed", before=one[name].observed, after=other[name].observed, decides=True)


def _verdict(result: GateResult | None) -> str | None:
    if result is None:
        return None
    return result.verdict.value + (f" ({result.reason.value})" if result.reason else "")


def _thresholds(entry: Assessment) -> dict[str, Json]:
    return {f"{change.gate} {change.what}": change.value for change in entry.changed}


def _waivers(entry: Assessment) -> dict[str, Json]:
    return {f"{one.id} for {one.target}": one.expires_at.isoformat() for one in entry.waivers if one.active}


def _named(what: What, before: Mapping[str, Json], after: Mapping[str, Json], *, decides: bool) -> Iterator[Change]:
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            yield Change(what=what, name=name, before=before.get(name), after=after.get(name), decides=decides)


def _evidence(before: Assessment, after: Assessment) -> Iterator[Change]:
    one, other = ({entry for gate in half.gates for entry in gate.evidence} for half in (before, after))
    for number in sorted(one ^ other):
        held = number in one
        yield Change(what="evidence", name=f"#{number}", before=held or None, after=None if held else True, decides=False)


def _shown(value: Json) -> str:
    """Writes a value in words; evidence that is used is True."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {_shown(one)}" for name, one in value.items()) or "nothing"
    if isinstance(value, (list, tuple)):
        return f"({', '.join(map(_shown, value))})"
    return "nothing" if value is None else "used" if value is True else str(value)
