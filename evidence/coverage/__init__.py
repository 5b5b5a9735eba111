"""Kind of evidence: coverage. Which lines and branches the tests ran.

Lines and branches stay apart, as counts; a percentage over both (``percent_covered`` of coverage.py) is neither. The counts are
added up from the files of the report; where its own totals differ, the evidence is ``incomplete`` and names both.
"""

from __future__ import annotations

from typing import Annotated

from compliance.kind import Kind
from compliance.record import Json, Model, Payload, Private
from compliance.subject import Binding


class PackageCoverage(Model):
    """Coverage of the files that lie directly in one folder."""

    name: Annotated[str, Private("paths")]
    """Folder as the report names it, with ``/``; ``.`` for the top."""
    lines_covered: int
    lines_total: int
    branches_covered: int | None
    branches_total: int | None


class Coverage(Payload):
    """What was covered."""

    lines_covered: int
    lines_total: int
    """Executable lines (statements), without excluded ones."""
    branches_covered: int | None
    branches_total: int | None
    """None when branches were not measured."""
    files: int
    packages: tuple[PackageCoverage, ...] = ()
    """By name; the largest `_files.PACKAGE_LIMIT` when there are more."""

    def summary(self) -> dict[str, Json]:
        """Returns the four counts."""
        return self.model_dump(mode="json", include={"lines_covered", "lines_total", "branches_covered", "branches_total"})


kind = Kind(id="coverage", title="Test coverage", binds_to=Binding.COMMIT, payload=Coverage)
