"""What is judged: one version of one project, at one commit, in one environment."""

from __future__ import annotations

from enum import StrEnum

from .record import Model


class CommitBasis(StrEnum):
    """Where the commit of a piece of evidence comes from."""

    FILE = "file"
    """The file itself names it."""
    OPTION = "option"
    """``--commit``."""
    CONFIGURED = "configured"
    """``[project] commit``, for trees without git."""
    HEAD = "head"
    """A collector ran on this checkout now."""
    TREE = "tree"
    """HEAD holds just these bytes under the file's path."""
    ASSUMED = "assumed"
    """HEAD of a clean tree, and the file's own time is later than the commit's."""


class Subject(Model):
    """What a piece of evidence or an assessment is about; None where nothing says so."""

    project: str
    version: str | None = None
    """For evidence the version that the file itself names: the same commit may be released as another one."""
    commit: str | None = None
    commit_basis: CommitBasis | None = None
    dirty: bool | None = None
    """Whether tracked files differed from the commit when the evidence was made."""
    environment: str | None = None


def other_version(stated: str | None, judged: str | None) -> bool:
    """Tells whether evidence names another version than the one that is judged: ``v1.8`` is ``1.8``, and who names none says nothing."""
    return stated is not None and judged is not None and _bare(stated) != _bare(judged)


def _bare(version: str) -> str:
    return version[1:] if version[:1] in ("v", "V") and version[1:2].isdigit() else version


class Binding(StrEnum):
    """What the evidence of a kind is bound to; evidence of anything else is foreign."""

    COMMIT = "commit"
    ENVIRONMENT = "commit and environment"
    PROJECT = "project"
