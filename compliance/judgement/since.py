"""What a change makes worse: the gates that are red because of it, with its new findings separated from old ones.

A finding is old if the merge base had it. Where the store holds evidence of the merge base from the same tool, its findings are those
that the base had, by fingerprint. Where it does not, a finding is old if it lies in a file that the base holds and the change does not
touch; one that names no such file cannot be told from a new one and counts as new.

A gate that is red now is judged again on the evidence without its old findings. If then nothing fails any more, it was red before.
Otherwise it is worse if it was green at the base, has new findings, or observes a number further beyond its threshold than before. A
gate that is red for another reason, and of which the store knows nothing at the base, cannot be compared and counts as worse: nothing
passes by absence. Gates that read only what people decided are never made worse by a change. Waivers do not count for the base: one
that ended is not the change's doing.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from ..assessment import Assessment, GateResult
from ..documents.judging import DiffFinding
from ..errors import NothingToJudgeError
from ..gate import VIEWS, Item, Status
from ..record import Finding, Json, Model
from . import view
from .judge import without_findings

if TYPE_CHECKING:
    from ..git.revision import Revision
    from ..store import Store
    from .judging import StoredCase

SHOWN: Final = 20
"""New findings of a gate that are listed."""
UNKNOWN: Final = "nothing of the base to compare with"
_RED: Final = (Status.FAIL, Status.NOT_ASSESSED)


class Worse(Model):
    """A gate that this change makes red, or redder."""

    gate: str
    required: bool
    why: str
    compared: bool
    """False: there is nothing of the base to compare it with."""
    findings: tuple[DiffFinding, ...]
    """The worst, at most `SHOWN`."""
    findings_total: int


class Comparison(Model):
    """A check beside the merge base."""

    ref: str
    commit: str
    """The merge base."""
    basis: Literal["evidence", "files"]
    """Whether the store holds evidence of the merge base."""
    worse: tuple[Worse, ...]
    as_before: tuple[str, ...]
    """Gates that are red for what was there before."""
    old_findings: int
    """Open findings of red gates that the base had."""
    new_findings: int

    @property
    def fails(self) -> bool:
        """Whether the change makes a required gate worse."""
        return any(one.required for one in self.worse)


@dataclass(frozen=True)
class _Base:
    """The merge base: its evidence, its verdicts and its files."""

    revision: Revision
    root: Path
    touched: frozenset[str]
    results: Mapping[str, GateResult]
    fingerprints: Mapping[tuple[str, ...], frozenset[str]]
    """Of its open findings, by what a scan of the same thing shares."""

    def has(self, item: Item, finding: Finding) -> bool:
        known = self.fingerprints.get(_key(item))
        if known is not None:
            return finding.fingerprint in known
        place = self._path(finding.path)
        return place is not None and place in self.revision.files and place not in self.touched

    def _path(self, name: str | None) -> str | None:
        """Returns a finding's path relative to the top of the repository: tools write it relative to the project."""
        if not name:
            return None
        absolute = posixpath.normpath(name if posixpath.isabs(name) else posixpath.join(self._root, name))
        return absolute.removeprefix(f"{self._top}/") if absolute.startswith(f"{self._top}/") else None

    @cached_property
    def _root(self) -> str:
        return self.root.resolve().as_posix()

    @cached_property
    def _top(self) -> str:
        return self.revision.top.as_posix()


def compare(case: StoredCase, store: Store, assessment: Assessment, revision: Revision) -> tuple[Comparison, dict[str, GateResult]]:
    """Compares a check with what was there before.

    Args:
        case: What was judged.
        store: Where from.
        assessment: Its judgement.
        revision: The revision to compare with; its merge base with the checkout is what counts.

    Returns:
        The comparison, and the verdicts of the gates that are worse, on the evidence without old findings.
    """
    base = _base(case, store, assessment, revision.merge_base())
    red = [result for result in assessment.gates if result.verdict in _RED]
    items = {item.entry: item for many in case.view.items.values() for item in many}
    held = {number for result in red for number in result.evidence}
    found = {number: _Sorted.of(base, items[number], store.findings(number, open_only=True)) for number in held if number in items}
    alone = _without_old(case, found, assessment)
    worse = [one for result in red if (one := _worse(case, base, result, alone[result.id], found)) is not None]
    names = {one.gate for one in worse}
    return Comparison(
        ref=revision.name,
        commit=base.revision.commit,
        basis="evidence" if base.fingerprints or base.results else "files",
        worse=tuple(worse),
        as_before=tuple(result.id for result in red if result.id not in names),
        old_findings=sum(len(one.old) for one in found.values()),
        new_findings=sum(len(one.new) for one in found.values()),
    ), {result.id: alone[result.id] if alone[result.id].verdict in _RED else result for result in red if result.id in names}


@dataclass(frozen=True)
class _Sorted:
    """The open findings of a piece of evidence."""

    old: Sequence[Finding]
    new: Sequence[Finding]

    @classmethod
    def of(cls, base: _Base, item: Item, findings: Sequence[Finding]) -> _Sorted:
        known = [base.has(item, finding) for finding in findings]
        return cls(
            [one for one, old in zip(findings, known, strict=True) if old],
            [one for one, old in zip(findings, known, strict=True) if not old],
        )


def _key(item: Item) -> tuple[str, ...]:
    return (item.kind, item.format, str(item.tool), str(getattr(item.payload, "category", None)))


def _base(case: StoredCase, store: Store, assessment: Assessment, revision: Revision) -> _Base:
    subject = case.subject.model_copy(update={"commit": revision.commit, "version": None})
    seen = view.build(store, case.project.catalog.kinds, subject, upto=case.state.size)
    own = [item for many in seen.newest.values() for item in many if item.subject.commit == revision.commit]
    if revision.commit == case.subject.commit:  # the change is not committed: evidence of the two cannot be told apart
        own = []
    fingerprints: dict[tuple[str, ...], frozenset[str]] = {}
    for item in own:
        known = fingerprints.get(_key(item), frozenset())
        fingerprints[_key(item)] = known | {one.fingerprint for one in store.findings(item.entry, open_only=True)}
    results: Mapping[str, GateResult] = {}
    if own:
        then = max(_made(item) for item in own)
        asked = [result.id for result in assessment.gates]
        results = _results(replace(case, view=seen, subject=subject), then, asked)
    return _Base(revision, case.project.root, revision.changed(), results, fingerprints)


def _made(item: Item) -> datetime:
    return max(filter(None, (item.observed_at, item.collected_at)))


def _results(case: StoredCase, at: datetime, gates: Sequence[str]) -> dict[str, GateResult]:
    try:
        return {result.id: result for result in case.judge(at, gates).gates}
    except NothingToJudgeError:
        return {}


def _without_old(case: StoredCase, found: Mapping[int, _Sorted], assessment: Assessment) -> dict[str, GateResult]:
    """Judges on the evidence without its old findings."""
    kinds = case.project.catalog.kinds
    items = {
        kind: tuple(without_findings(kinds[kind], item, found[item.entry].old) if item.entry in found else item for item in many)
        for kind, many in case.view.items.items()
    }
    return _results(replace(case, view=replace(case.view, items=items)), assessment.as_of, [result.id for result in assessment.gates])


def _worse(case: StoredCase, base: _Base, now: GateResult, alone: GateResult, found: Mapping[int, _Sorted]) -> Worse | None:
    """Returns how a red gate got worse, None if it is red for what was there before."""
    reads, before = case.project.gates[now.id].gate.reads, base.results.get(now.id)
    new = [finding for number in now.evidence if number in found for finding in found[number].new]
    if before is not None and before.verdict not in _RED:
        why = f"{before.verdict.value.replace('-', ' ')} before this change"
    elif _for_old(now, alone) or all(name in VIEWS for name in reads):
        return None
    elif new:
        why = f"{len(new)} new finding{'' if len(new) == 1 else 's'}"
    elif before is None:
        why = "" if _only_old(case, now, found) else UNKNOWN
    elif before.verdict is not now.verdict:
        why = f"{before.verdict.value.replace('-', ' ')} before this change"
    else:
        why = next(_moved(before, now), "")
    shown = tuple(DiffFinding.of(finding) for finding in new[:SHOWN])
    known = why != UNKNOWN
    return Worse(gate=now.id, required=now.required, why=why, compared=known, findings=shown, findings_total=len(new)) if why else None


def _for_old(now: GateResult, alone: GateResult) -> bool:
    """Tells whether a gate is red for old findings: without them it is green, or nothing is left that fails."""
    return alone.verdict not in _RED or (now.verdict is Status.FAIL and alone.verdict is not Status.FAIL)


def _only_old(case: StoredCase, now: GateResult, found: Mapping[int, _Sorted]) -> bool:
    """Tells whether a gate is red for old findings of kinds that cannot be judged without them."""
    kinds = {item.entry: item.kind for many in case.view.items.values() for item in many}
    return any(
        found[number].old and case.project.catalog.kinds[kinds[number]].without is None for number in now.evidence if number in found
    )


def _moved(before: GateResult, now: GateResult) -> Iterator[str]:
    """Yields the observed numbers that lie on the wrong side of their threshold, and further from it than before."""
    limits = now.threshold if isinstance(now.threshold, Mapping) else {}
    for name, limit in limits.items():
        was, values = _numbers(before.observed, name), _numbers(now.observed, name)
        if not isinstance(limit, (int, float)) or not was or not values:
            continue
        if min(values) < min(limit, *was):
            yield f"{name.replace('_', ' ')} {min(was):.6g} -> {min(values):.6g}"
        elif max(values) > max(limit, *was):
            yield f"{name.replace('_', ' ')} {max(was):.6g} -> {max(values):.6g}"


def _numbers(observed: Json, name: str) -> list[float]:
    """Returns the numbers of a name in what a gate observed: one, or one for each of several pieces of evidence."""
    parts = observed if isinstance(observed, list) else [observed]
    found = [part.get(name) for part in parts if isinstance(part, Mapping)]
    return [float(number) for number in found if isinstance(number, (int, float)) and not isinstance(number, bool)]
