"""What the ledger says of a statement: what it is about, when it was observed, and what it is worth."""

from __future__ import annotations

import getpass
import os
import platform
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final, Literal

from .. import ci
from ..git.checkout import Checkout, subject_of
from ..kind import Collected
from ..project import Project
from ..reading import mapping
from ..record import Assurance, Citation, Json, Parsed, PrivacyClass, split_private
from ..source import Source
from ..store import Store
from ..subject import CommitBasis, Subject
from ..times import optional_rfc3339, rfc3339
from .outcome import Overrides
from .reading import Statement
from .signed import Signed

CITATION_TOLERANCE: Final = timedelta(minutes=15)
"""How far the time of a cited artifact may lie from the step that cites it."""


@dataclass(frozen=True)
class Origin:
    """Where an artifact comes from."""

    name: str
    how: Literal["ingested", "collected"]
    collected_at: datetime
    collected: Collected | None = None
    collector: str | None = None
    in_tree: bool = False
    """Whether the commit that is checked out holds just these bytes under the file's path."""
    signed: Signed = field(default_factory=Signed)


@dataclass(frozen=True)
class Binder:
    """Binds statements to the project as it stands."""

    project: Project
    store: Store
    overrides: Overrides
    environment: str | None
    """Environment of evidence that does not say."""

    @cached_property
    def checkout(self) -> Checkout | None:
        """The project's git checkout."""
        return Checkout.find(self.project.root)

    @cached_property
    def subject(self) -> Subject:
        """The subject as the project stands now."""
        return subject_of(self.project, self.checkout)

    @cached_property
    def run(self) -> ci.Run | None:
        """The run of a CI service in which this happens."""
        return ci.detect()

    def body(self, statement: Statement, origin: Origin) -> dict[str, Json]:
        """Returns the public members of the leaf, but those that the store adds."""
        kind, form, parsed = statement.kind, statement.form, statement.parsed
        item = origin.collected
        tool = (item.tool if item else None) or parsed.tool
        observed, basis = self._observed(parsed, item)
        body: dict[str, Json] = {
            "kind": kind.id,
            "format": form.name,
            "parser": form.parser,
            "subject": self._subject_of(statement, origin, observed).model_dump(mode="json"),
            "source": {
                "how": origin.how,
                "collector": origin.collector,
                "tool": tool.name if tool else None,
                "tool_version": tool.version if tool else None,
                "exit_code": item.exit_code if item else None,
                "scope": dict(item.scope) if item else {},
            },
            "observed_at": optional_rfc3339(observed),
            "observed_basis": basis,
            "collected_at": rfc3339(origin.collected_at),
            "assurance": self._assurance(parsed, origin).value,
            "artifact": {"redacted": statement.original is not None, "original": statement.original},
            "summary": public_summary(parsed),
        }
        if parsed.part is not None:
            body["part"] = parsed.part
        if (table := mapping.digest_of(statement.source.facts)) is not None:
            body["mapping"] = table
        if origin.signed.public is not None:
            # What was masked or unpacked is not what was signed: nobody can verify the signature over what is kept.
            repeatable = statement.original is None and statement.source.sha256 == origin.signed.over
            body["signature"] = {**origin.signed.public, "repeatable": repeatable}
        if self.run is not None:
            body["source"] = {**dict(body["source"]), "ci": {"service": self.run.service, "commit": self.run.commit}}
        return body

    def private(self, source: Source, origin: Origin) -> dict[PrivacyClass, dict[str, Json]]:
        """Returns the private values of a source by class."""
        command = list(origin.collected.command) if origin.collected else []
        paths: dict[str, Json] = {"name": origin.name, "command": command, "facts": dict(source.facts)}
        people: dict[str, Json] = {"host": platform.node(), "user": _user(), **origin.signed.people}
        if self.run is not None:
            paths["ci"] = {"branch": self.run.branch, "run": self.run.url, "change": self.run.change}
            people["actor"] = self.run.actor
        return {"paths": paths, "people": people}

    def _observed(self, parsed: Parsed, item: Collected | None) -> tuple[datetime | None, str | None]:
        if self.overrides.observed_at is not None:
            return self.overrides.observed_at, "option"
        if parsed.observed_at is not None:
            return parsed.observed_at, "file"
        return (item.started_at, "collector") if item else (None, None)

    def _subject_of(self, statement: Statement, origin: Origin, observed: datetime | None) -> Subject:
        parsed, item, here = statement.parsed, origin.collected, self.subject
        commit, basis = self._commit(statement, origin, observed)
        environment = self.overrides.environment or (item.environment if item else None) or parsed.environment or self.environment
        same = commit is not None and commit == here.commit
        dirty = self._dirty() if same and here.commit_basis is CommitBasis.HEAD else None
        return Subject(
            project=here.project,
            version=parsed.version,
            commit=commit,
            commit_basis=basis,
            dirty=dirty,
            environment=environment,
        )

    def _dirty(self) -> bool:
        """Tells whether the tree differed from the commit when this intake began, or does so now."""
        now_there = Checkout.find(self.project.root)
        return self.checkout is None or now_there is None or self.checkout.dirty or now_there != self.checkout or now_there.dirty

    def _commit(self, statement: Statement, origin: Origin, observed: datetime | None) -> tuple[str | None, CommitBasis | None]:
        parsed, item = statement.parsed, origin.collected
        if self.overrides.commit is not None:
            return self.overrides.commit, CommitBasis.OPTION
        if parsed.commit is not None:
            return parsed.commit, CommitBasis.FILE
        here = self.subject
        if item is not None or here.commit_basis is CommitBasis.CONFIGURED:
            return here.commit, here.commit_basis
        checkout = self.checkout
        if checkout is not None and origin.in_tree and statement.form.of_tree:
            return checkout.commit, CommitBasis.TREE
        if checkout is None or observed is None or observed <= checkout.committed_at or checkout.dirty:
            return None, None
        return checkout.commit, CommitBasis.ASSUMED

    def _assurance(self, parsed: Parsed, origin: Origin) -> Assurance:
        if origin.signed.public is not None:
            return Assurance.VERIFIED
        if origin.collected is not None:
            return origin.collected.assurance
        return self.of_itself(parsed)

    def of_itself(self, parsed: Parsed) -> Assurance:
        """Returns what a statement is worth that nobody signed and no collector made."""
        if parsed.assurance is Assurance.STATED and parsed.citations and all(map(self._holds, parsed.citations)):
            return Assurance.IMPORTED
        return parsed.assurance

    def _holds(self, citation: Citation) -> bool:
        """Tells whether a cited artifact is kept, and its own time agrees with the step that cites it."""
        if citation.artifact is None:
            return False
        times = self.store.observed_times(citation.artifact)
        return any(abs(time - citation.at) <= CITATION_TOLERANCE for time in times)


def public_summary(parsed: Parsed) -> dict[str, Json]:
    """Returns what the leaf keeps of a summary: numbers, words and maps of them; lists stay in the payload."""
    public, _ = split_private(parsed.payload)
    summary = parsed.payload.summary()
    return {
        name: value
        for name, value in summary.items()
        if (name in public or name not in type(parsed.payload).model_fields) and _plain(value)
    }


def _plain(value: Json) -> bool:
    if isinstance(value, dict):
        return all(item is None or isinstance(item, (bool, int, float, str)) for item in value.values())
    return value is None or isinstance(value, (bool, int, float, str))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
