"""What a piece of evidence may do for a gate: decide, only fail it, or neither. Pure.

The rule behind all of it: good news needs admissible evidence, bad news does not. A pass comes only from fresh evidence of this commit
and environment with enough assurance that says enough; evidence of this commit that is of another environment or version, weak or
incomplete still fails a gate when it breaks the limit; stale evidence and evidence of another commit never decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ..gate import Item, Reason
from ..kind import Kind
from ..project import GateSetting
from ..subject import Binding, Subject, other_version
from ..times import show_span
from .view import Unreadable, slot, when

SKEW: Final = timedelta(minutes=5)
"""How far clocks may differ before evidence counts as dated after the judgement."""

_NEVER: Final = (Reason.STALE, Reason.UNREADABLE)
"""Reasons for which evidence never decides, like another commit."""


@dataclass(frozen=True)
class Sorted:
    """The evidence that a gate reads, by what it may do."""

    admissible: tuple[Item, ...]
    bad_news_only: tuple[tuple[Item, Reason], ...]
    """Evidence of this commit that is weak, incomplete, or of another environment, another version or a changed tree."""
    undecisive: tuple[tuple[Item, Reason], ...]
    """Stale or unreadable evidence, and evidence of other commits."""


@dataclass(frozen=True)
class Admission:
    """Sorts evidence for one subject at one time."""

    kinds: Mapping[str, Kind]
    subject: Subject
    as_of: datetime

    def sort(self, setting: GateSetting, items: Sequence[Item]) -> Sorted:
        """Sorts evidence by what it may do. Within a slot admissible evidence replaces all that is older, and nothing else replaces."""
        bad, undecisive = [], []
        admissible: dict[tuple[str, tuple[Any, ...]], Item] = {}
        for item in sorted(items, key=when, reverse=True):
            place = (item.kind, slot(item))
            if place in admissible:
                continue
            reason, of_this_commit = self.weakness(setting, item)
            if reason is None:
                admissible[place] = item
            elif of_this_commit and reason not in _NEVER:
                bad.append((item, reason))
            else:
                undecisive.append((item, reason))
        return Sorted(tuple(admissible.values()), tuple(bad), tuple(undecisive))

    def settles(self, settings: Iterable[GateSetting], item: Item) -> bool:
        """Tells whether an item counts in full for every gate that reads its kind, so that it replaces all that is older of its slot."""
        reading = [setting for setting in settings if item.kind in setting.gate.reads]
        return bool(reading) and all(self.weakness(setting, item)[0] is None for setting in reading)

    def weakness(self, setting: GateSetting, item: Item) -> tuple[Reason | None, bool]:
        """Returns why an item does not count in full, and whether it is of this commit."""
        binding = self.kinds[item.kind].binds_to
        if binding is not Binding.PROJECT and (item.subject.commit is None or item.subject.commit != self.subject.commit):
            return Reason.FOREIGN, False
        if isinstance(item.payload, Unreadable):
            return Reason.UNREADABLE, True
        age = item.age(self.as_of)
        if (age is not None and age < -SKEW) or (setting.max_age is not None and (age is None or age > setting.max_age)):
            return Reason.STALE, True
        if self._of_changed_tree(item):
            return Reason.FOREIGN, True
        if binding is not Binding.PROJECT and other_version(item.subject.version, self.subject.version):
            return Reason.FOREIGN, True
        if binding is Binding.ENVIRONMENT and item.subject.environment != self.subject.environment:
            return Reason.FOREIGN, True
        if item.assurance.rank < setting.gate.min_assurance.rank:
            return Reason.WEAK, True
        return (Reason.INCOMPLETE if item.payload.incomplete else None), True

    def _of_changed_tree(self, item: Item) -> bool:
        """Tells whether an item was made from a tree that differs from its commit, unless it is about just that."""
        kind = self.kinds[item.kind]
        return bool(item.subject.dirty) and kind.binds_to is not Binding.PROJECT and not kind.judges_tree

    def why(self, item: Item, reason: Reason, setting: GateSetting) -> str:
        """Says in words why an item does not count."""
        name = f"evidence {item.entry}"
        if reason is Reason.FOREIGN:
            if item.subject.commit != self.subject.commit and self.kinds[item.kind].binds_to is not Binding.PROJECT:
                ours = (self.subject.commit or "none")[:12]
                theirs = f"is of commit {item.subject.commit[:12]}" if item.subject.commit else "does not say of which commit it is"
                return f"{name} {theirs}; expected {ours}"
            if self._of_changed_tree(item):
                return f"{name} was made from a tree with uncommitted changes; expected the commit itself"
            if other_version(item.subject.version, self.subject.version):
                return f"{name} is of version {item.subject.version}; expected {self.subject.version}"
            where = item.subject.environment or "unknown"
            return f"{name} is of environment {where}; expected {self.subject.environment or 'none'}"
        if reason is Reason.STALE:
            age = item.age(self.as_of)
            if age is None:
                return f"{name} does not say when it was made"
            if age < -SKEW:
                return f"{name} is dated {show_span(-age)} after this judgement"
            limit = show_span(setting.max_age) if setting.max_age else "none"
            return f"{name} is {show_span(age)} old; expected at most {limit}"
        if reason is Reason.WEAK:
            return f"{name} is only {item.assurance}; expected {setting.gate.min_assurance}"
        if reason is Reason.UNREADABLE:
            return f"{name} cannot be read by this version ({item.payload.why}); run `compliance verify --replay`"
        return f"{name} says too little: {item.payload.incomplete}"
