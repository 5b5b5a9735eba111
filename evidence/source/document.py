"""The collector's own format, ``compliance/source/v1``: what it saw, before any counting.

::

    {"schema": "compliance/source/v1",
     "observed_at": "2025-01-31T12:00:00Z",
     "git": {"commit": "<40 or 64 hexadecimal digits>" | null, "branch": str | null, "branches": [str], "committed_at": time | null,
             "commit_signed": bool, "shallow": bool, "tags": [{"name": str, "annotated": bool, "signed": bool}],
             "modified": int, "untracked": int, "dirty_files": [path]} | null,
     "scope": {"production": [glob], "exclude": [glob]},
     "files": int, "languages": {language: int}, "skipped": {reason: int},
     "found": [{"rule": "todo" | "fixme" | "xxx" | "hack" | "not-implemented", "path": path, "line": int, "text": str,
                "baseline": {"reason": str, "expires": "2026-03-31"} | null}],
     "not_listed": int}

``git`` is null for a tree without git. ``found`` holds at most 100,000 entries; ``not_listed`` counts those beyond. Paths are
relative to the project.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from compliance.reading.jsonmodel import Count, Document, Part, Rows, Time, refuse

SCHEMA: Final = "compliance/source/v1"
FOUND_LIMIT: Final = 100_000
"""Entries of ``found``."""
FOUND_BYTES: Final = 24 << 20
"""Bytes of ``found``, roughly; what is beyond is counted but not listed."""
DIRTY_LIMIT: Final = 200
Text = Annotated[str, Field(max_length=4096)]
Commit = Annotated[str, Field(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]
Rule = Literal["todo", "fixme", "xxx", "hack", "not-implemented"]


class TagEntry(Part):
    """A tag on exactly the commit."""

    name: Text
    annotated: bool
    signed: bool


class Git(Part):
    """What git says."""

    commit: Commit | None
    branch: Text | None
    branches: Rows[Text]
    committed_at: Time | None
    commit_signed: bool
    shallow: bool
    tags: Rows[TagEntry]
    modified: Count
    untracked: Count
    dirty_files: Rows[Text] = Field(max_length=DIRTY_LIMIT)

    @model_validator(mode="after")
    def _counts_agree(self) -> Self:
        if len(self.dirty_files) > self.modified + self.untracked:
            raise refuse(f"{len(self.dirty_files)} dirty_files", f"at most the {self.modified + self.untracked} that are counted")
        if self.commit is None and (self.tags or self.branches or self.committed_at):
            raise refuse("tags, branches or a time without a commit", "a commit")
        return self


class Scope(Part):
    """Which files count."""

    production: Rows[Text]
    exclude: Rows[Text]


class Baseline(Part):
    """Why an entry may stay, and its last day (UTC)."""

    reason: Text
    expires: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]

    @model_validator(mode="after")
    def _is_a_day(self) -> Self:
        try:
            date.fromisoformat(self.expires)
        except ValueError as error:
            raise refuse(repr(self.expires), "a date such as 2026-03-31") from error
        return self


class Found(Part):
    """Unfinished work."""

    rule: Rule
    path: Text
    line: Annotated[int, Field(ge=1, le=2**53 - 1)]
    text: Text
    baseline: Baseline | None = None


class SourceDocument(Document):
    """The document, as it is written."""

    schema_id: Literal["compliance/source/v1"] = Field(alias="schema")
    observed_at: Time
    git: Git | None
    scope: Scope
    files: Count
    languages: dict[Text, Count]
    skipped: dict[Text, Count]
    found: Rows[Found] = Field(max_length=FOUND_LIMIT)
    not_listed: Count

    @model_validator(mode="after")
    def _files_agree(self) -> Self:
        by_language = sum(self.languages.values())
        if by_language != self.files:
            raise refuse(f"{by_language} files by language", f"as many as files, {self.files}")
        return self
