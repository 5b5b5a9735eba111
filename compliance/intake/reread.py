"""Reads kept artifacts again after a parser was upgraded; what it reads now supersedes what was read then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import InputError
from ..kind import Format
from ..project import Project
from ..reading.recognise import guarded
from ..record import Json, Parsed
from ..source import Source
from ..store import EvidenceDraft, Store, StoredEvidence
from ..times import rfc3339
from .binding import Binder, public_summary
from .outcome import Overrides
from .reading import Reader

_STORED = ("after", "artifact", "at", "merged", "part", "payload", "private", "rows", "type", "v")
"""Members of a leaf that belong to the entry or come from the parser."""


@dataclass(frozen=True)
class Reread:
    """What became of a piece of evidence whose parser has another version now."""

    evidence: StoredEvidence
    installed: int | None
    """Version of the installed parser; None when the format is not installed."""
    status: Literal["superseded", "refused", "left"]
    by: tuple[int, ...] = ()
    """Evidence that supersedes it."""
    reason: str | None = None


def reread(project: Project, store: Store) -> Iterator[Reread]:
    """Reads every artifact again whose evidence is by another version of its parser, each in a transaction of its own.

    Args:
        project: Its formats read.
        store: Holds the artifacts, and receives what is read.

    Yields:
        One outcome per piece of evidence; those of equal versions are left alone and not named.
    """
    rereader = _Rereader(Reader(store.mask_key()), Binder(project, store, Overrides(), None), store)
    erased = store.erased()
    for stored in store.evidence():
        body = stored.entry.body
        kind = project.catalog.kinds.get(body["kind"])
        form = next((one for one in kind.formats if one.name == body["format"]), None) if kind else None
        if form is None:
            yield Reread(stored, None, "left", reason=f"format {body['format']} is not installed")
        elif form.parser != body["parser"] and stored.entry.number in erased:
            yield Reread(stored, form.parser, "left", reason=f"purged by entry {erased[stored.entry.number]}")
        elif form.parser < body["parser"]:
            yield Reread(stored, form.parser, "left", reason=f"read by a newer version of the toolkit (parser {body['parser']})")
        elif form.parser > body["parser"]:
            yield rereader.read(stored, form)


@dataclass(frozen=True)
class _Rereader:
    reader: Reader
    binder: Binder
    store: Store

    def read(self, stored: StoredEvidence, form: Format) -> Reread:
        body, paths = stored.entry.body, stored.private.get("paths", {})
        try:
            data = b"".join(self.store.artifact(body["artifact"]["sha256"]))
            source = Source(str(paths.get("name", "")), data, dict(paths.get("facts", {})))
            with guarded(form):
                clean = self.reader.redacted(source, form)
                statements = form.read(clean)
        except InputError as error:
            return Reread(stored, form.parser, "refused", reason=error.reason)
        # One statement may have become several; several are never one again.
        found = [one for one in statements if body.get("part") in (one.part, None)]
        if not found:
            return Reread(stored, form.parser, "refused", reason=f"it no longer states anything of {body['part']}")
        artifact: dict[str, Json] = {name: body["artifact"][name] for name in ("redacted", "original")}
        if clean is not source:
            artifact = {"redacted": True, "original": artifact["original"] or self.reader.original(source)}
        drafts = [
            EvidenceDraft(
                body={**self._body(body, form, one), "artifact": artifact},
                private=stored.private,  # type: ignore[arg-type]
                source=clean,
                payload=one.payload,
                findings=one.findings,
            )
            for one in found
        ]
        return Reread(stored, form.parser, "superseded", tuple(self.store.supersede(stored.entry.number, drafts)))

    def _body(self, old: dict[str, Any], form: Format, parsed: Parsed) -> dict[str, Json]:
        """Returns what the leaf says anew; what did not come from the file stays as it was."""
        body = {name: value for name, value in old.items() if name not in _STORED}
        subject, source = old["subject"], old["source"]
        body["parser"], body["summary"] = form.parser, public_summary(parsed)
        body["subject"] = {**subject, **_commit(subject, parsed), "version": parsed.version}
        body |= _observed(old, parsed)
        collected = source["how"] == "collected"
        if parsed.tool is not None and not (collected and source["tool"]):
            body["source"] = {**source, "tool": parsed.tool.name, "tool_version": parsed.tool.version}
        if not collected and "signature" not in old:
            body["assurance"] = self.binder.of_itself(parsed).value
        if parsed.part is not None:
            body["part"] = parsed.part
        return body


def _commit(subject: dict[str, Any], parsed: Parsed) -> dict[str, Json]:
    if subject["commit_basis"] == "option" or (parsed.commit is None and subject["commit_basis"] != "file"):
        return {}
    return {"commit": parsed.commit, "commit_basis": None if parsed.commit is None else "file"}


def _observed(old: dict[str, Any], parsed: Parsed) -> dict[str, Json]:
    if old["observed_basis"] == "option" or (parsed.observed_at is None and old["observed_basis"] != "file"):
        return {}
    time = None if parsed.observed_at is None else rfc3339(parsed.observed_at)
    return {"observed_at": time, "observed_basis": None if time is None else "file"}
