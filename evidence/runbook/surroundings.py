"""What lies around an ingested runbook: the files that it names, and its last commit. The only code of this kind that touches files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from compliance.errors import InputError
from compliance.record import Json
from compliance.source import Source

from .._markdown import front_matter, links, places, reading
from . import commands

if TYPE_CHECKING:
    from dulwich.objects import Commit
    from dulwich.repo import Repo

COMMIT_LIMIT = 5000
"""Commits that are looked through for the last one that changed the file."""


def attend(source: Source, path: Path) -> Mapping[str, Json]:
    """Looks at the surroundings of a runbook.

    Returns:
        ``links`` and ``scripts``: target as the runbook writes it -> whether it exists inside the project. ``reviewed``: time of the last
        commit that changed the file (RFC 3339), None without history. Nothing for a file that is no runbook.
    """
    try:
        split = front_matter.split(source.text)
        read = reading.read(split.body)
    except InputError:
        return {}
    folder = path.absolute().parent
    root = places.root(folder)
    own = (folder,)
    both = (folder, root) if root else own
    return {
        "links": places.existing(links.relative(read), own, root, folder),
        "scripts": places.existing(commands.scripts(read)[: links.TARGET_LIMIT], both, root, folder),
        "reviewed": _last_commit(path),
    }


def _last_commit(path: Path) -> str | None:
    """Returns when the last commit that changed a file was made; None when no history can say."""
    from dulwich.repo import Repo

    try:
        with Repo.discover(str(path.absolute().parent)) as repository:
            name = path.resolve().relative_to(Path(repository.path).resolve()).as_posix().encode()
            commit = _changing(repository, name)
    except Exception:  # a missing, damaged or foreign repository must not keep the runbook from being read
        return None
    if commit is None:
        return None
    zone = timezone(timedelta(seconds=commit.commit_timezone))
    return datetime.fromtimestamp(commit.commit_time, UTC).astimezone(zone).isoformat()


def _changing(repository: Repo, name: bytes) -> Commit | None:
    """Returns the newest commit in which a file differs from all parents of the commit.

    The oldest commit of a shallow clone seems to add every file; what it says is not known, so None.
    """
    shallow = repository.get_shallow()
    for entry in repository.get_walker(max_entries=COMMIT_LIMIT):
        commit = entry.commit
        blob = _blob(repository, commit, name)
        if blob is None:
            return None
        if all(_blob(repository, parent, name) != blob for parent in _parents(repository, commit)):
            return None if commit.id in shallow else commit
    return None


def _parents(repository: Repo, commit: Commit) -> list[Commit]:
    from dulwich.objects import Commit as CommitObject

    known = (repository.object_store[parent] for parent in commit.parents if parent in repository.object_store)
    return [parent for parent in known if isinstance(parent, CommitObject)]


def _blob(repository: Repo, commit: Commit, name: bytes) -> bytes | None:
    from dulwich.object_store import tree_lookup_path

    try:
        return tree_lookup_path(repository.object_store.__getitem__, commit.tree, name)[1]
    except KeyError:
        return None
