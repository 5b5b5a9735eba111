"""What the forms of ``check`` are made from, and what they share: the judgement, and where in the project its places lie."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ..assessment import Assessment, GateResult, Spot
from ..judgement.forecast import Forecast
from ..judgement.since import Comparison
from ..project import BaseRules
from ..waiver import WaiversTable
from .words import listed

TOOL: Final = "compliance-toolkit"
"""Name under which results go to other programs; files that bear it are never read as evidence (`recognise`)."""
_NOT_HONOURED: Final = 20
_LINE: Final = re.compile(r"(?P<path>.+?):(?P<line>[1-9][0-9]{0,8})(?::[0-9]+)?")


@dataclass(frozen=True)
class FilePlace:
    """A place in a file of the project."""

    path: str
    """Relative to the top of the checkout, with slashes."""
    line: int | None
    what: str


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A check that was made."""

    assessment: Assessment
    root: Path
    """Folder of the project; places of findings are relative to it."""
    top: Path
    """Top of its checkout, from which other programs take paths; the same without git."""
    configuration: Path
    """The configuration file, at which gates without a place of their own are shown, whether or not there is one."""
    waivers: WaiversTable = field(default_factory=WaiversTable)
    """When a waiver that ends is warned about."""
    ahead: Forecast | None = None
    base: BaseRules | None = None
    """Of a check of a change: where its rules come from."""
    change: Comparison | None = None
    """What a change makes worse; then nothing else is shown as red."""
    worse: Mapping[str, GateResult] = field(default_factory=dict)
    """Of the gates that are worse: their verdicts on the evidence without old findings."""

    @property
    def gates(self) -> tuple[GateResult, ...]:
        """All gates; those that are worse as this change makes them."""
        return tuple(self.worse.get(result.id, result) for result in self.assessment.gates)

    @property
    def before(self) -> frozenset[str]:
        """Gates that are red for what was there before the change."""
        return frozenset(self.change.as_before if self.change else ())

    @property
    def red(self) -> list[GateResult]:
        """The gates that stand in the way."""
        return [result for result in self.gates if result.red and result.id not in self.before]

    def why(self, result: GateResult) -> str:
        """Says why a gate is worse than before; empty where nothing is compared."""
        return next((one.why for one in self.change.worse if one.gate == result.id), "") if self.change else ""

    @property
    def said_of_base(self) -> list[str]:
        """Where the rules come from, and what of the change's own is not honoured: one sentence, then one line each."""
        if self.base is None:
            return []
        lines = [one.text for one in self.base.not_honoured]
        more = len(lines) - _NOT_HONOURED
        return [self.base.sentence, *lines[:_NOT_HONOURED], *([f"{more} more"] if more > 0 else [])]

    @property
    def change_word(self) -> str:
        """What a comparison came to, in a word or two."""
        if self.change is None or not self.change.fails:
            return "NOT WORSE"
        return "WORSE" if any(one.required and one.compared for one in self.change.worse) else "NOT COMPARED"

    @property
    def said_of_change(self) -> list[str]:
        """What a comparison came to, in sentences; the first says it all."""
        if self.change is None:
            return []
        change = self.change
        worse = [one.gate for one in change.worse if one.required and one.compared]
        unknown = [one.gate for one in change.worse if one.required and not one.compared]
        by = "its evidence in the store" if change.basis == "evidence" else "the files that the change touches"
        made = f"{_gates(worse)} worse ({listed(worse)})" if worse else "no required gate worse"
        rest = f"; {_gates(unknown)} cannot be compared with the base ({listed(unknown)}), which fails as well" if unknown else ""
        before = f"; red as before: {', '.join(change.as_before)}" if change.as_before else ""
        return [
            f"This change makes {made}{rest}.",
            f"Compared with {change.commit[:12]}, the merge base with {change.ref}, by {by}: "
            f"{change.new_findings} new and {change.old_findings} old findings{before}.",
        ]

    def places(self, result: GateResult) -> Iterator[FilePlace]:
        """Yields the places of a gate that are files of the project; a place may also be an endpoint, a test or a package."""
        for spot in result.places:
            place = self._place(spot)
            if place is not None:
                yield place

    def shown(self, path: Path) -> str | None:
        """Returns a path relative to the top of the checkout, None outside of it."""
        try:
            return path.resolve().relative_to(self.top.resolve()).as_posix()
        except (ValueError, OSError):
            return None

    def _place(self, spot: Spot) -> FilePlace | None:
        found = _LINE.fullmatch(spot.where)
        for name, line in ((found["path"], int(found["line"])) if found else (spot.where, None), (spot.where, None)):
            try:
                path = self.root / name
                shown = self.shown(path) if path.is_file() else None
            except (ValueError, OSError):  # no name of a file: it holds NUL, or is too long
                continue
            if shown is not None:
                return FilePlace(shown, line, spot.what)
        return None


def _gates(names: list[str]) -> str:
    return f"{len(names)} required gate{'' if len(names) == 1 else 's'}"
