"""The project's git checkout, as far as the engine needs it: which commit, since when, and whether the tree is clean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from ..errors import ConfigError
from ..project import Project
from ..subject import CommitBasis, Subject


@dataclass(frozen=True)
class Checkout:
    """A working tree with git."""

    root: Path
    commit: str
    committed_at: datetime

    @classmethod
    def find(cls, folder: Path) -> Checkout | None:
        """Returns the checkout that a folder belongs to, None without git, without a working tree or without any commit."""
        from dulwich.errors import NotGitRepository
        from dulwich.objects import Commit
        from dulwich.repo import Repo

        try:
            with Repo.discover(str(folder)) as repo:
                head = repo[repo.head()]
                if repo.bare or not isinstance(head, Commit):
                    return None
                return cls(Path(repo.path), head.id.decode(), datetime.fromtimestamp(head.commit_time, UTC))
        except (NotGitRepository, KeyError, OSError, ValueError):
            return None

    @cached_property
    def dirty(self) -> bool:
        """Whether tracked files differ from the commit, or files are staged."""
        from dulwich.repo import Repo

        from .worktree import modified

        with Repo(str(self.root)) as repo:
            return bool(modified(repo))

    def holds(self, path: Path, content: bytes) -> bool:
        """Tells whether the commit holds a file with just this content, line ends aside that git converts.

        Args:
            path: Of the file in the working tree.
            content: Its bytes, as they were read.
        """
        from dulwich.object_store import tree_lookup_path
        from dulwich.objects import Blob, Commit
        from dulwich.repo import Repo

        try:
            name = (path.parent.resolve() / path.name).relative_to(self.root.resolve()).as_posix().encode()
            with Repo(str(self.root)) as repo:
                commit = repo[self.commit.encode()]
                if not isinstance(commit, Commit):
                    return False
                _, kept = tree_lookup_path(repo.object_store.__getitem__, commit.tree, name)
                blob = Blob.from_string(content)
                normalizer = repo.get_blob_normalizer()
                return kept in (blob.id, normalizer.checkin_normalize(blob, name).id)
        except (KeyError, ValueError, OSError):
            return False

    @cached_property
    def tag(self) -> str | None:
        """The tag on exactly this commit: the last by name when there are several."""
        from dulwich.objects import Tag
        from dulwich.refs import Ref
        from dulwich.repo import Repo

        with Repo(str(self.root)) as repo:
            names = []
            for name, target in repo.refs.as_dict(Ref(b"refs/tags")).items():
                try:
                    item = repo[target]
                except KeyError:
                    continue
                pointed = item.object[1] if isinstance(item, Tag) else target
                if pointed.decode() == self.commit:
                    names.append(name.decode("utf-8", "replace"))
            return max(names, default=None)


def subject_of(project: Project, checkout: Checkout | None, environment: str | None = None) -> Subject:
    """Returns the subject that is judged now: the configured commit where there is no git, else HEAD.

    Raises:
        ConfigError: A commit is configured although the project is a git checkout of another one.
    """
    table = project.document.project
    commit, basis = None, None
    if table.commit is not None:
        if checkout is not None and checkout.root.resolve() == project.root.resolve() and checkout.commit != table.commit:
            raise ConfigError(
                f"[project] commit is {table.commit[:12]}, but git is at {checkout.commit[:12]}; expected no commit where there is git",
                hint="remove commit from compliance.toml",
            )
        commit, basis = table.commit, CommitBasis.CONFIGURED
    elif checkout is not None:
        commit, basis = checkout.commit, CommitBasis.HEAD
    version = table.version
    if version == "git-tag":
        version = checkout.tag if checkout is not None else None
    return Subject(project=table.name, version=version, commit=commit, commit_basis=basis, environment=environment)
