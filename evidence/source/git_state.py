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

from .document import DIRTY_LIMIT
from .payload import Tag

if TYPE_CHECKING:
    from dulwich.repo import Repo

UNTRACKED_LIMIT: Final = 100_000
"""Untracked files that are counted at most."""
_GITLINK: Final = 0o160000
_SUBMODULE_DEPTH: Final = 5
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
        modified=tuple(shown(os.fsdecode(path)) for path in sorted(_modified(repo, index))),
        untracked=tuple(sorted(_untracked(repo, index))),
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


def _modified(repo: Repo, index: Any, depth: int = 0) -> set[bytes]:
    """Paths that differ between commit and index, or between index and working tree."""
    from dulwich.index import get_unstaged_changes
    from dulwich.porcelain import get_tree_changes

    staged = get_tree_changes(repo, index)
    found = {os.fsencode(path) for paths in staged.values() for path in paths}
    normalizer: Any = repo.get_blob_normalizer()
    modules = {name: entry for name, entry in index.iteritems() if stat.S_IFMT(getattr(entry, "mode", 0)) == _GITLINK}
    changed = get_unstaged_changes(index, repo.path, normalizer.checkin_normalize if normalizer is not None else None)
    # dulwich 1.2 looks for submodules in the current folder of the process and calls all of them changed (index._has_directory_changed)
    found.update(name for name in changed if name not in modules)
    found.update(name for name, entry in modules.items() if _submodule_changed(repo, name, entry.sha, depth))
    if repo.get_config_stack().get_boolean(b"core", b"filemode", True):
        found.update(_changed_modes(repo, index))
    return found


def _submodule_changed(repo: Repo, name: bytes, expected: bytes, depth: int) -> bool:
    """Whether a submodule is at another commit or has changes of its own; one that is not checked out has none."""
    from dulwich.repo import Repo as Opened

    folder = os.path.join(os.fsencode(repo.path), name)  # noqa: PTH118 (bytes)
    if not os.path.isdir(folder):  # noqa: PTH112 (bytes)
        return True
    if not os.path.exists(os.path.join(folder, b".git")):  # noqa: PTH110, PTH118 (bytes)
        return False
    if depth >= _SUBMODULE_DEPTH:
        raise CollectorError(f"submodules inside each other, more than {_SUBMODULE_DEPTH} deep")
    with Opened(os.fsdecode(folder)) as inner:
        index = inner.open_index()
        return inner.head() != expected or bool(_modified(inner, index, depth + 1)) or any(True for _ in _untracked(inner, index))


def _changed_modes(repo: Repo, index: Any) -> Iterator[bytes]:
    """Files whose type or executable bit changed, which dulwich does not look at."""
    root = os.fsencode(repo.path)
    for name, entry in index.iteritems():
        mode = getattr(entry, "mode", None)
        if mode is None or stat.S_IFMT(mode) not in (stat.S_IFREG, stat.S_IFLNK) or entry.skip_worktree:
            continue
        try:
            actual = os.lstat(os.path.join(root, name)).st_mode  # noqa: PTH118 (bytes)
        except OSError:
            continue
        if stat.S_IFMT(actual) != stat.S_IFMT(mode) or (stat.S_ISREG(mode) and bool(actual & 0o100) != bool(mode & 0o100)):
            yield name


def _untracked(repo: Repo, index: Any) -> Iterator[str]:
    """Files that git would list as untracked; a repository inside the tree counts as one, ``folder/``.

    dulwich's own walk (``porcelain.get_untracked_paths``, 1.2) goes on into the folders of submodules, and takes twice as long.
    """
    from dulwich.ignore import IgnoreFilterManager

    ignores = IgnoreFilterManager.from_repo(repo, config=repo.get_config_stack())
    known = {bytes(name) for name in index}
    stack = [""]
    count = 0
    while stack and count < UNTRACKED_LIMIT:
        prefix = stack.pop()
        for entry in _entries(repo.path, prefix):
            path = prefix + entry.name
            if entry.name == ".git" or os.fsencode(path) in known:
                continue
            if not entry.is_dir(follow_symlinks=False):
                found = None if ignores.is_ignored(path) else path
            elif os.path.lexists(os.path.join(entry.path, ".git")):  # noqa: PTH118 (one of very many)
                found = None if ignores.is_ignored(path + "/") else path + "/"
            else:
                found = None
                if not ignores.may_prune_directory(path + "/"):
                    stack.append(path + "/")
            if found is not None:
                count += 1
                yield shown(found)


def _entries(root: str, prefix: str) -> list[os.DirEntry[str]]:
    """Entries of a folder; one that cannot be read is empty for git, too."""
    try:
        with os.scandir(os.path.join(root, prefix)) as entries:  # noqa: PTH118 (one of very many)
            return list(entries)
    except OSError:
        return []


def shown(path: str) -> str:
    """Returns a path as text that JSON can hold; bytes that are no UTF-8 are shown as replacements."""
    return os.fsencode(path).decode("utf-8", "replace").replace(os.sep, "/")
