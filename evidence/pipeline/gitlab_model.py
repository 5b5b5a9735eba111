"""A GitLab CI file as values: jobs with all that they inherit, rules, filters."""

from __future__ import annotations

from dataclasses import dataclass

from .nodes import Text


@dataclass(frozen=True, kw_only=True)
class Rule:
    """An entry of ``rules``."""

    line: int
    condition: str | None
    """``if``."""
    narrowed: bool
    """It also asks for changed or existing files, which the file does not tell."""
    when: str | None
    allow_failure: bool | None
    allow_line: int


@dataclass(frozen=True, kw_only=True)
class Filter:
    """``only`` or ``except``."""

    refs: tuple[str, ...] | None
    variables: tuple[str, ...]
    narrowed: bool
    """It also asks for changed files or a cluster."""


@dataclass(frozen=True, kw_only=True)
class GitlabJob:
    """A job, with all that it inherits."""

    id: str
    line: int
    last_line: int
    stage: str
    needs: tuple[str, ...] | None
    """Jobs that it waits for; None: those of all earlier stages."""
    unknown_needs: int
    """Needs of jobs that the file does not hold, optional ones and those of other pipelines left out."""
    script: Text | None
    after_script: Text | None
    allow_failure: str | None
    """``true``, ``false``, or ``some`` for exit codes."""
    allow_line: int
    when: str | None
    when_line: int
    rules: tuple[Rule, ...] | None
    only: Filter | None
    besides: Filter | None
    """``except``."""
    environment: Text | None
    action: str | None
    """What the job does with its environment: ``start``, ``stop`` ..."""
    tier: str | None
    tags: str
    trigger: Text | None
    """Project or file that a trigger job starts."""
    release: Text | None
    pages: bool
    variables: dict[str, str]
    source: str
    missing: tuple[str, ...]
    """What it extends or refers to and the file does not hold."""


@dataclass(frozen=True, kw_only=True)
class GitlabFile:
    """A GitLab CI file."""

    text: str
    jobs: dict[str, GitlabJob]
    stages: tuple[str, ...]
    includes: tuple[Text, ...]
    rules: tuple[Rule, ...] | None
    """``workflow: rules``."""
    variables: dict[str, str]
    scalar_lines: frozenset[int]
