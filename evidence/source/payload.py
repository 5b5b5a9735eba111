"""What the kind says."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from compliance.record import Model, Payload, Private


class Tag(Model):
    """A tag on exactly the commit."""

    name: str
    annotated: bool
    signed: bool
    """The tag object carries a signature; whether it verifies is another question."""


class SourceState(Payload):
    """State of a source tree."""

    commit: str | None
    """Full id of HEAD; None without git, or before the first commit."""
    branch: str | None
    """Branch that is checked out; with a detached HEAD, the only branch (local or remote) that points at the commit, else None."""
    branches: tuple[str, ...] = ()
    """All branches, local and remote, that point at the commit, without the names of remotes."""
    committed_at: datetime | None
    modified: int
    """Tracked files that differ from the commit, staged ones included."""
    untracked: int
    """Files that git neither tracks nor ignores."""
    dirty_files: Annotated[tuple[str, ...], Private("paths")]
    """The first 200 of the modified and untracked files."""
    tags: tuple[Tag, ...]
    commit_signed: bool
    """The commit carries a signature; whether it verifies is another question."""
    shallow: bool
    files: int
    """Production source files that were looked at."""
    languages: dict[str, int]
    """Those files by language, as Pygments names it."""
    markers: int
    """TODO, FIXME, XXX and HACK markers that are not in the baseline."""
    unimplemented: int
    """Functions that only raise NotImplementedError and are not in the baseline."""
    baselined: int
    """Markers and functions that an unexpired entry of the baseline covers."""
    skipped_files: int
    """Production source files that could not be looked at: binary, too large, not readable, not parsable."""
