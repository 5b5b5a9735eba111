"""What git says about a working tree, read with dulwich: no program is started."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from compliance.errors import CollectorError
from compliance.git.worktree import modified, shown, untracked

from .document import DIRTY_LIMIT
from .payload import Tag

if TYPE_CHECKING:
    from dulwich.repo import Repo

_PEEL_LIMIT: Final = 10
"""Tags of tags that are followed."""


@dataclass(frozen=True)
class GitState:
    """State of a checkout."""

    root: Path
    """Top of the working tree."""
    tracked: tuple[str, ...]
    """Regular files in the index, relative to ``root``; bytes that are no UTF-8 are kept as surrogates, so that they can be opened."""
    commit: str | None = None
    branch: str | None = None
    branches: tuple[str, ...] = ()
    committed_at: datetime | None = None
    commit_signed: bool = False
    shallow: bool = False
    tags: tuple[Tag, ...] = ()
    modified: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()

    @property
    def dirty_files(self) -> tuple[str, ...]:
        """The first modified and untracked files."""
        return (*self.modified, *self.untracked)[:DIRTY_LIMIT]


def read(folder: Path) -> GitState | None:
    """Reads the state of the checkout that a folder belongs to.

    Returns:
        None when the folder belongs to no repository.

    Raises:
        CollectorError: The repository cannot be read.
    """
    from dulwich.errors import NotGitRepository
    from dulwich.repo import Repo

    try:
        repo = Repo.discover(str(folder))
    except NotGitRepository:
        return None
    except Exception as error:
        raise _unreadable(error) from error
    with repo:
        if repo.bare:
            raise CollectorError("a bare repository; expected a working tree", hint="collect from a checkout")
        try:
            return _state(repo)
        except CollectorError:
            raise
        except Exception as error:
            raise _unreadable(error) from error


def _unreadable(error: Exception) -> CollectorError:
    text = str(error).strip().splitlines()
    reason = f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
    return CollectorError(f"the git repository cannot be read ({reason})", hint="check it with `git fsck` and `git status`")


def _state(repo: Repo) -> GitState:
    names, head = repo.refs.follow(b"HEAD")  # type: ignore[arg-type]
    index = repo.open_index()
    tracked = sorted(name for name, entry in index.iteritems() if stat.S_ISREG(getattr(entry, "mode", stat.S_IFREG)))
    state = GitState(
        root=Path(repo.path),
        tracked=tuple(os.fsdecode(name) for name in tracked),
        branch=_branch_name(names[-1]),
        modified=tuple(shown(os.fsdecode(path)) for path in sorted(modified(repo))),
        untracked=tuple(sorted(untracked(repo))),
    )
    return state if head is None else _at_commit(state, repo, head)


def _at_commit(state: GitState, repo: Repo, head: bytes) -> GitState:
    commit: Any = repo[head]
    branches = tuple(_branches(repo, head))
    return replace(
        state,
        commit=commit.id.decode(),
        branch=state.branch or (branches[0] if len(branches) == 1 else None),
        branches=branches,
        committed_at=datetime.fromtimestamp(commit.commit_time, UTC),
        commit_signed=bool(commit.gpgsig),
        shallow=bool(repo.get_shallow()),
        tags=tuple(_tags(repo, head)),
    )


def _branch_name(name: bytes) -> str | None:
    return name.removeprefix(b"refs/heads/").decode("utf-8", "replace") if name.startswith(b"refs/heads/") else None


def _branches(repo: Repo, head: bytes) -> list[str]:
    """Names of the branches at a commit, sorted; ``origin/main`` counts as ``main``."""
    found = set()
    for name, target in repo.get_refs().items():
        if target != head:
            continue
        if name.startswith(b"refs/heads/"):
            found.add(name.removeprefix(b"refs/heads/"))
        elif name.startswith(b"refs/remotes/") and not name.endswith(b"/HEAD"):
            found.add(name.split(b"/", 3)[-1])
    return sorted(name.decode("utf-8", "replace") for name in found)


def _tags(repo: Repo, head: bytes) -> Iterator[Tag]:
    """Tags that point at a commit, over tag objects if need be; a tag whose object is missing points nowhere that is known."""
    from dulwich.objects import Tag as TagObject

    for name, target in sorted(repo.get_refs().items()):
        if not name.startswith(b"refs/tags/"):
            continue
        annotated = signed = False
        for _ in range(_PEEL_LIMIT):
            item = repo[target] if target in repo.object_store else None
            if not isinstance(item, TagObject):
                break
            annotated, signed = True, signed or bool(item.signature)
            target = item.object[1]
        if target == head:
            yield Tag(name=name.removeprefix(b"refs/tags/").decode("utf-8", "replace"), annotated=annotated, signed=signed)
