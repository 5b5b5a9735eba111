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
    commit: str | None = None
    commit_basis: CommitBasis | None = None
    dirty: bool | None = None
    """Whether tracked files differed from the commit when the evidence was made."""
    environment: str | None = None


class Binding(StrEnum):
    """What the evidence of a kind is bound to; evidence of anything else is foreign."""

    COMMIT = "commit"
    ENVIRONMENT = "commit and environment"
    PROJECT = "project"
