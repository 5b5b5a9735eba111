"""What git holds of the project at another revision, read with dulwich: no program is started and nothing is checked out."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import UsageError

if TYPE_CHECKING:
    from dulwich.objects import Commit, ObjectID
    from dulwich.repo import Repo

_FETCH: Final = "fetch it first, with enough history: `fetch-depth: 0` for actions/checkout, GIT_DEPTH: 0 in GitLab"
_ANCESTOR: Final = re.compile(r"(?P<start>.+?)(?P<steps>(?:\^|~[0-9]*)+)")
"""``HEAD~2``, ``main^``: first parents, which dulwich 1.2 does not follow."""


@dataclass(frozen=True)
class Revision:
    """A commit of the repository that the project lies in."""

    top: Path
    """Top of the working tree."""
    name: str
    """As it was asked for."""
    commit: str
    tree: str

    @classmethod
    def find(cls, folder: Path, names: Sequence[str]) -> Revision:
        """Returns the first of some revisions that the repository of a folder holds.

        Args:
            folder: The project's folder.
            names: Branches, tags or commits, as git names them.

        Raises:
            UsageError: There is no repository, or it holds none of them.
        """
        from dulwich.errors import NotGitRepository
        from dulwich.repo import Repo

        try:
            with Repo.discover(str(folder)) as repo:
                for name in names:
                    found = _commit(repo, name)
                    if found is not None:
                        return cls(Path(repo.path).resolve(), name, found.id.decode(), found.tree.decode())
        except (NotGitRepository, OSError) as error:
            raise UsageError(f"{folder}: no git repository that can be read; expected one that holds {names[0]}") from error
        raise UsageError(f"revision {' or '.join(names)} is not in this clone", hint=_FETCH)

    def merge_base(self) -> Revision:
        """Returns the commit from which the checkout and this revision went apart.

        Raises:
            UsageError: This clone does not hold it.
        """
        from dulwich.graph import find_merge_base

        with self._repo() as repo:
            try:
                found = find_merge_base(repo, [repo.head(), _id(self.commit)])
            except KeyError:  # the clone is shallow
                found = []
            if not found:
                raise UsageError(f"the checkout and {self.name} have no common commit in this clone", hint=_FETCH)
            commit = found[0].decode()
        return Revision.find(self.top, [commit])

    @cached_property
    def files(self) -> frozenset[str]:
        """Paths of all files, relative to the top; bytes that are no UTF-8 as surrogates."""
        with self._repo() as repo:
            return frozenset(name for name, _ in _entries(repo, self.tree))

    def changed(self) -> frozenset[str]:
        """Returns the files that differ between this revision and the working tree, on either side.

        Raises:
            CollectorError: The working tree cannot be read.
        """
        from dulwich.diff_tree import tree_changes
        from dulwich.objects import Commit

        from .worktree import modified, untracked

        with self._repo() as repo:
            head = repo[repo.head()]
            if not isinstance(head, Commit):
                return frozenset()
            changes = tree_changes(repo.object_store, _id(self.tree), head.tree)
            paths = {side.path for change in changes for side in (change.old, change.new) if side is not None and side.path}
            return frozenset(map(os.fsdecode, paths | modified(repo))) | frozenset(untracked(repo))

    def read(self, path: str) -> bytes | None:
        """Returns the content of a regular file, None where the revision holds nothing of that name.

        Raises:
            UsageError: What it holds there is no regular file, or this clone lacks it: it is never taken for absent.
        """
        from dulwich.objects import Blob, Tree

        with self._repo() as repo:
            found: object = _object(repo, _id(self.tree), self.name)
            for part in map(os.fsencode, path.split("/")):
                if isinstance(found, Blob) or (isinstance(found, Tree) and part not in found):
                    return None
                mode, name = found[part] if isinstance(found, Tree) else (stat.S_IFLNK, None)
                link = name is None or stat.S_IFMT(mode) not in (stat.S_IFREG, stat.S_IFDIR)
                found = None if link or name is None else _object(repo, name, self.name)
        if isinstance(found, Tree):
            return None
        if not isinstance(found, Blob):
            raise UsageError(f"{path} is no regular file at {self.name}", hint="keep the file itself there, not a link")
        return found.data

    def below(self, folder: str) -> dict[str, bytes]:
        """Returns the regular files below a folder, by their path relative to the top."""
        from dulwich.objects import Blob

        prefix = folder.rstrip("/") + "/"
        with self._repo() as repo:
            found = {name: _object(repo, blob, self.name) for name, blob in _entries(repo, self.tree) if name.startswith(prefix)}
        return {name: item.data for name, item in found.items() if isinstance(item, Blob)}

    def _repo(self) -> Repo:
        from dulwich.repo import Repo

        return Repo(str(self.top))


def _commit(repo: Repo, name: str) -> Commit | None:
    from dulwich.objects import Commit
    from dulwich.objectspec import parse_commit

    ancestor = _ANCESTOR.fullmatch(name)
    try:
        found: object = parse_commit(repo, ancestor["start"] if ancestor else name)
        for step in re.findall(r"\^|~[0-9]*", ancestor["steps"]) if ancestor else ():
            for _ in range(int(step[1:] or 1)):
                found = repo[found.parents[0]] if isinstance(found, Commit) else None
    except (KeyError, ValueError, IndexError, AttributeError):  # what dulwich 1.2 makes of names that are no commit
        return None
    return found if isinstance(found, Commit) else None


def _object(repo: Repo, name: ObjectID, revision: str) -> object:
    try:
        return repo[name]
    except KeyError as error:  # a partial clone, or a damaged one
        raise UsageError(f"this clone does not hold all of {revision}", hint="clone without --filter, or fetch it whole") from error


def _id(commit: str) -> ObjectID:
    from dulwich.objects import ObjectID

    return ObjectID(commit.encode())


def _entries(repo: Repo, tree: str) -> Iterator[tuple[str, ObjectID]]:
    from dulwich.object_store import iter_tree_contents

    for entry in iter_tree_contents(repo.object_store, _id(tree)):
        if entry.path and entry.sha and entry.mode is not None and stat.S_ISREG(entry.mode):
            yield os.fsdecode(entry.path), entry.sha
