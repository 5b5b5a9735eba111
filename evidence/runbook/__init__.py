"""Kind of evidence: runbook. What an operations runbook holds, and whether what it names is there.

A runbook is judged by what somebody finds in it at night: the seven sections below, each with content of its own, commands that a
shell can read, links and scripts that exist, and the day of its last review.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from compliance.kind import Kind
from compliance.record import Json, Payload, Private
from compliance.subject import Binding


class Runbook(Payload):
    """What the runbook holds."""

    sections: dict[str, bool]
    """By section (``overview``, ``health_checks``, ``alert_response``, ``deployment``, ``rollback``, ``recovery``, ``contacts``): whether
    a heading for it exists and content stands under it."""
    empty_sections: tuple[str, ...] = ()
    """Sections that have a heading and nothing under it but placeholders such as TODO."""
    broken_links: Annotated[tuple[str, ...], Private("paths")] = ()
    """Targets of relative links that do not exist inside the project, and anchors that no heading of the runbook answers."""
    missing_scripts: Annotated[tuple[str, ...], Private("paths")] = ()
    """Scripts that commands call by a relative path and that do not exist inside the project."""
    invalid_commands: Annotated[tuple[str, ...], Private("paths")] = ()
    """Commands that no shell would read: line of the file, reason, and the text."""
    links_checked: bool = False
    """Whether the surroundings of the file were looked at; without that, only anchors can be found broken."""
    reviewed_at: datetime | None = None
    reviewed_basis: Literal["front-matter", "git"] | None = None
    """``front-matter``: the runbook says so itself. ``git``: the last commit that changed it."""
    shell_blocks: int
    words: int
    """Words of the text without its front matter, separated by white space."""
    title: str | None

    def summary(self) -> dict[str, Json]:
        """Returns the keys of CONTRACT.md."""
        return self.model_dump(mode="json", include={"sections", "broken_links", "missing_scripts", "invalid_commands"})


KIND = Kind(id="runbook", title="Operations runbook", binds_to=Binding.COMMIT, payload=Runbook)
