"""What differs between a commit and its working tree, read with dulwich: no program is started."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import CollectorError

if TYPE_CHECKING:
    from dulwich.repo import Repo

UNTRACKED_LIMIT: Final = 100_000
"""Untracked files that are counted at most."""
_GITLINK: Final = 0o160000
_SUBMODULE_DEPTH: Final = 5


def tracked(folder: Path) -> list[str] | None:
    """Returns the files below a folder that git tracks, relative to it and sorted; links and submodules are left out.

    Returns:
        None when the folder belongs to no checkout. Bytes that are no UTF-8 are kept as surrogates, so that the files can be opened.

    Raises:
        CollectorError: The repository cannot be read.
    """
    from dulwich.errors import NotGitRepository
    from dulwich.repo import Repo

    try:
        with Repo.discover(str(folder)) as repo:
            if repo.bare:
                return None
            names = [name for name, entry in repo.open_index().iteritems() if stat.S_ISREG(getattr(entry, "mode", stat.S_IFREG))]
            top = Path(os.fsdecode(repo.path)).resolve()
    except NotGitRepository:
        return None
    except Exception as error:  # whatever dulwich makes of a damaged repository
        raise CollectorError(f"the git repository cannot be read ({type(error).__name__})", hint="check it with `git fsck`") from error
    inside = folder.resolve().relative_to(top).as_posix()
    prefix = "" if inside == "." else f"{inside}/"
    return [name.removeprefix(prefix) for name in sorted(map(os.fsdecode, names)) if name.startswith(prefix)]


def modified(repo: Repo, depth: int = 0) -> set[bytes]:
    """Returns the paths that differ between commit and index, or between index and working tree.

    Args:
        repo: The repository.
        depth: How many submodules the repository lies in.

    Raises:
        CollectorError: Submodules lie too deep inside each other.
    """
    from dulwich.index import get_unstaged_changes
    from dulwich.porcelain import get_tree_changes

    index = repo.open_index()
    staged = get_tree_changes(repo, index)
    found = {os.fsencode(path) for paths in staged.values() for path in paths}
    normalizer: Any = repo.get_blob_normalizer()
    modules = {name: entry for name, entry in index.iteritems() if stat.S_IFMT(getattr(entry, "mode", 0)) == _GITLINK}
    changed = get_unstaged_changes(index, repo.path, normalizer.checkin_normalize if normalizer is not None else None)
    # dulwich 1.2 looks for submodules in the current folder of the process and calls all of them changed (index._has_directory_changed)
    found.update(name for name in changed if name not in modules)
    found.update(name for name, entry in modules.items() if _submodule_changed(repo, name, getattr(entry, "sha", b""), depth))
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
        return inner.head() != expected or bool(modified(inner, depth + 1)) or any(True for _ in untracked(inner))


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


def untracked(repo: Repo) -> Iterator[str]:
    """Yields the files that git would list as untracked; a repository inside the tree counts as one, ``folder/``.

    dulwich's own walk (``porcelain.get_untracked_paths``, 1.2) goes on into the folders of submodules, and takes twice as long.
    """
    from dulwich.ignore import IgnoreFilterManager

    ignores = IgnoreFilterManager.from_repo(repo, config=repo.get_config_stack())
    known = {bytes(name) for name in repo.open_index()}
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
