"""What would turn a gate green: the smallest change to the evidence at hand, found by judging again what could be there. Pure.

No gate is asked for its conditions: they are derived. Evidence that is there but does not count is thought to be made again (now, for this
commit and environment, with enough assurance), findings are thought to be gone, and the gate is judged on that as on anything else. The
smallest such change that makes it pass is what is needed. Where none does, evidence has to be supplied that is not there yet, and its
thresholds are those of the gate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final, Literal

from pydantic import Field

from ..assessment import GateResult
from ..gate import VIEWS, Item, Params, Reason, Status, bound_of
from ..project import GateSetting
from ..record import Assurance, Finding, Json, Model
from ..subject import Binding
from ..times import show_span
from .judge import Judge, without_findings
from .view import Unreadable, newest_per_slot

_GOOD: Final = (Status.PASS, Status.WAIVED, Status.NOT_APPLICABLE)
_PIECES: Final = 5
"""Newest pieces of evidence whose repetition is tried: 31 sets of them."""
_FINDINGS: Final = 1000
"""Worst findings of a piece of evidence that are looked at."""
_PRUNED: Final = 100
"""Findings up to which each is tried on its own whether it may stay."""

Action = Literal["supply", "repeat", "correct", "decide", "wait"]


class NeededFinding(Model):
    """A finding that has to go, or to be waived."""

    evidence: int
    severity: str
    rule: str
    where: str
    fingerprint: str


class Need(Model):
    """One thing that has to happen."""

    action: Action
    """``supply`` evidence that is not there; ``repeat`` what made a piece; ``correct`` what it found and repeat it; ``decide``: people have
    to; ``wait``: no evidence helps in this version."""
    text: str
    """In words."""
    kinds: tuple[str, ...] = ()
    """One of these kinds of evidence."""
    formats: tuple[str, ...] = ()
    """In one of these formats; of a repeated piece its own."""
    evidence: int | None = None
    """The piece that is repeated or replaced."""
    reason: Reason | None = None
    """Why that one does not count; None where it counts and breaks a limit."""
    commit: str | None = None
    """The evidence must be of this commit; None for kinds that are bound to the project."""
    environment: str | None = None
    """Likewise."""
    max_age: str | None = None
    assurance: Assurance | None = None
    """At least."""
    limits: dict[str, Json] = Field(default_factory=dict)
    """Thresholds of the gate: each with ``at-least``, ``at-most``, ``less-than`` or ``is``."""
    findings: tuple[NeededFinding, ...] = ()


def needs(judge: Judge, setting: GateSetting, result: GateResult) -> tuple[Need, ...]:
    """Returns what turns a gate green, all of it together; nothing when it is green.

    Args:
        judge: Judges on the present evidence.
        setting: The gate.
        result: What it says now.
    """
    gate = setting.gate
    if result.verdict in _GOOD:
        return ()
    if gate.judge is None or result.reason is Reason.UNREADABLE:
        return (Need(action="wait", text=result.fix),)
    if all(name in VIEWS for name in gate.reads):
        return (Need(action="decide", text=f"{result.message}. {result.fix}"),)
    return _Search(judge, setting, result.message).found() or tuple(_supply(judge, setting, result))


class _Search:
    """Looks for the smallest change that makes a gate pass."""

    def __init__(self, judge: Judge, setting: GateSetting, says: str) -> None:
        self.judge, self.setting, self.says = judge, setting, says
        self.seen = judge.seen(setting.gate)
        counted = judge.admission.sort(setting, self.seen)
        self.counting = counted.admissible
        reasons = {item.entry: reason for item, reason in (*counted.bad_news_only, *counted.undecisive)}
        known = [item for item in self.seen if item.entry in reasons and not isinstance(item.payload, Unreadable)]
        uncounted = [(item, reasons[item.entry]) for item in newest_per_slot(known)]
        self.pieces: list[tuple[Item, Reason | None]] = [*uncounted, *((item, None) for item in self.counting)][:_PIECES]

    def found(self) -> tuple[Need, ...]:
        """Returns the smallest change: of what is made again alone, else of that and of findings that go."""
        sets = [chosen for size in range(len(self.pieces) + 1) for chosen in combinations(self.pieces, size)]
        for chosen in sets:
            if self._passes(self._again(chosen), frozenset()):
                return tuple(self._repeat(item, reason) for item, reason in chosen)
        for chosen in sets:
            gone = self._to_go(self._again(chosen))
            if gone:
                corrected = {entry for entry, _ in gone}
                return (*self._correct(gone), *(self._repeat(item, reason) for item, reason in chosen if item.entry not in corrected))
        return ()

    def _again(self, chosen: Sequence[tuple[Item, Reason | None]]) -> dict[int, Item]:
        """Returns each piece as it would be if it were made again, by the number of the piece."""
        first = max((one.entry for one in self.seen), default=0) + 1
        return {item.entry: self._made_again(item, first + number) for number, (item, _) in enumerate(chosen)}

    def _made_again(self, item: Item, entry: int) -> Item:
        """Returns a piece of evidence as it would be if it were made again now, in the right place, and said enough."""
        judge, gate = self.judge, self.setting.gate
        subject = item.subject.model_copy(update={"dirty": False})
        if not item.of_project:
            where = judge.subject.environment if self._bound(item.kind) is Binding.ENVIRONMENT else subject.environment
            update = {"commit": judge.subject.commit, "version": judge.subject.version, "environment": where}
            subject = subject.model_copy(update=update)
        return replace(
            item,
            entry=entry,
            subject=subject,
            observed_at=judge.as_of,
            assurance=max(item.assurance, gate.min_assurance, key=lambda one: one.rank),
            payload=item.payload.model_copy(update={"incomplete": None}),
        )

    def _bound(self, kind: str) -> Binding:
        return self.judge.kinds[kind].binds_to

    def _passes(self, again: Mapping[int, Item], gone: frozenset[tuple[int, str]]) -> bool:
        """Judges what is there and what was made again, without some findings, each named with the number of its piece."""
        there = [self._without(item, item.entry, gone) for item in self.seen]
        made = [self._without(item, entry, gone) for entry, item in again.items()]
        verdict, _ = self.judge.verdict(self.setting, [*there, *made])
        return verdict.status is Status.PASS

    def _without(self, item: Item, entry: int, gone: frozenset[tuple[int, str]]) -> Item:
        names = {name for number, name in gone if number == entry}
        found = [one for one in item.worst(_FINDINGS) if one.fingerprint in names] if names else []
        return without_findings(self.judge.kinds[item.kind], item, found)

    def _to_go(self, again: Mapping[int, Item]) -> tuple[tuple[int, Finding], ...]:
        """Returns the fewest findings without which the gate passes, with the number of the piece that holds each; none if it does not."""
        held = {item.entry: item for item in self.counting} | dict(again)
        pool = [(entry, one) for entry, item in held.items() if self.judge.kinds[item.kind].without for one in item.worst(_FINDINGS)]
        names = [(entry, one.fingerprint) for entry, one in pool]
        if not names or not self._passes(again, frozenset(names)):
            return ()
        left = _fewest(names, lambda some: self._passes(again, frozenset(some)))
        return tuple((entry, one) for entry, one in pool if (entry, one.fingerprint) in left)

    def _correct(self, gone: Sequence[tuple[int, Finding]]) -> Iterator[Need]:
        for entry in sorted({number for number, _ in gone}):
            item = next(one for one in self.seen if one.entry == entry)
            found = tuple(_needed(entry, one) for number, one in gone if number == entry)
            many = f"{len(found)} findings" if len(found) > 1 else "1 finding"
            waived = ", or have each waived," if self.setting.gate.waivable else ""
            text = f"correct {many} of evidence {entry}{waived} and {self._words(item)}"
            yield _of(self.judge, self.setting, item, "correct", text, None).model_copy(update={"findings": found})

    def _repeat(self, item: Item, reason: Reason | None) -> Need:
        why = self.says if reason is None else self.judge.admission.why(item, reason, self.setting)
        text = f"{self._words(item)}: {why}"
        return _of(self.judge, self.setting, item, "repeat", text, reason)

    def _words(self, item: Item) -> str:
        title = self.judge.kinds[item.kind].title.lower()
        return f"make the {title} of {_made_by(item)} again{_where(self.judge, self.setting, (item.kind,))}"


def _fewest(names: Sequence[tuple[int, str]], passes: Callable[[Sequence[tuple[int, str]]], bool]) -> set[tuple[int, str]]:
    """Returns a smallest set of which none can be left out: first the shortest beginning that is enough, then without what may stay."""
    low, high = 1, len(names)
    while low < high:
        middle = (low + high) // 2
        if passes(names[:middle]):
            high = middle
        else:
            low = middle + 1
    left = list(names[:low])
    if not passes(left):
        left = list(names)
    for name in left[:] if len(left) <= _PRUNED else ():
        rest = [one for one in left if one != name]
        if rest and passes(rest):
            left = rest
    return set(left)


def _supply(judge: Judge, setting: GateSetting, result: GateResult) -> Iterator[Need]:
    """Yields the evidence that has to come: in the place of that which breaks a limit, or of the kinds that are not there."""
    seen = {item.entry: item for item in judge.seen(setting.gate)}
    used = [seen[entry] for entry in result.evidence if entry in seen]
    there = {item.kind for item in used}
    kinds = tuple(kind for kind in setting.gate.reads if kind in judge.kinds and (kind in there or not there))
    replaced = [] if result.reason is Reason.MISSING else used
    place = f" in place of evidence {', '.join(str(item.entry) for item in replaced)}" if replaced else ""
    names = " or ".join(judge.kinds[kind].title.lower() for kind in kinds)
    limits = limits_of(setting.params)
    words = f", with {'; '.join(_limit(name, limit) for name, limit in limits.items())}" if limits else ""
    text = f"supply evidence of {names}{_where(judge, setting, kinds)}{place}{words}: {result.message}. {setting.gate.doc.evidence}"
    yield Need(
        action="supply",
        text=text,
        kinds=kinds,
        formats=tuple(form.name for kind in kinds for form in judge.kinds[kind].formats),
        evidence=replaced[0].entry if len(replaced) == 1 else None,
        limits=limits,
        **_conditions(judge, setting, kinds),
    )


def limits_of(params: Params) -> dict[str, Json]:
    """Returns the thresholds of a gate, each with ``at-least``, ``at-most``, ``less-than`` or, for what is none of them, ``is``."""
    values = params.model_dump(mode="json", by_alias=True)
    limits: dict[str, Json] = {}
    for name, info in type(params).model_fields.items():
        bound = bound_of(info.metadata)
        word = bound.words.replace(" ", "-") if bound else "is"
        value = values[info.alias or name]
        if value not in (None, [], {}, ""):
            limits[info.alias or name] = {word: value}
    return limits


def _limit(name: str, limit: dict[str, Json]) -> str:
    ((word, value),) = limit.items()
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{name.replace('-', ' ')} {word.replace('-', ' ')} {shown}"


def _of(judge: Judge, setting: GateSetting, item: Item, action: Action, text: str, reason: Reason | None) -> Need:
    conditions = _conditions(judge, setting, (item.kind,))
    return Need(action=action, text=text, kinds=(item.kind,), formats=(item.format,), evidence=item.entry, reason=reason, **conditions)


def _conditions(judge: Judge, setting: GateSetting, kinds: Sequence[str]) -> dict[str, Json]:
    bound = {judge.kinds[kind].binds_to for kind in kinds}
    return {
        "commit": None if bound == {Binding.PROJECT} else judge.subject.commit,
        "environment": judge.subject.environment if Binding.ENVIRONMENT in bound else None,
        "max_age": show_span(setting.max_age) if setting.max_age else None,
        "assurance": setting.gate.min_assurance,
    }


def _where(judge: Judge, setting: GateSetting, kinds: Sequence[str]) -> str:
    found = _conditions(judge, setting, kinds)
    parts = [f"of commit {found['commit'][:12]}" if found["commit"] else ""]
    parts.append(f"in environment {found['environment']}" if found["environment"] else "")
    parts.append(f"at most {found['max_age']} old" if found["max_age"] else "")
    parts.append(f"at least {found['assurance']}" if found["assurance"] is not Assurance.STATED else "")
    return "".join(f", {part}" for part in parts if part)


def _needed(entry: int, one: Finding) -> NeededFinding:
    place = one.path or one.package or ""
    where = place if one.line is None else f"{place}:{one.line}"
    return NeededFinding(evidence=entry, severity=one.severity, rule=one.rule, where=where, fingerprint=one.fingerprint)


def _made_by(item: Item) -> str:
    return item.name or item.tool or item.format
