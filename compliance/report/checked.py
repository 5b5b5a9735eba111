"""What the forms of ``check`` are made from, and what they share: the judgement, and where in the project its places lie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..assessment import Assessment, GateResult, Spot
from ..forecast import Forecast

TOOL: Final = "compliance-toolkit"
"""Name under which results go to other programs; files that bear it are never read as evidence (`recognise`)."""
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
    """Top of its checkout, which other programs take paths from; the same without git."""
    settings: Path | None = None
    """The configuration file, where gates without a place of their own are shown."""
    ahead: Forecast | None = None

    @property
    def red(self) -> list[GateResult]:
        """The gates that stand in the way."""
        return [result for result in self.assessment.gates if result.red]

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
