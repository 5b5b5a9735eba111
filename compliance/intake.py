"""The way of bytes into the store: recognise, redact, parse, bind to a subject, record.

Collected and ingested evidence take the same way.
"""

from __future__ import annotations

import getpass
import hmac
import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

from . import ci, mapping, unpack
from .checkout import Checkout, subject_of
from .errors import ComplianceError, InputError, UnrecognisedError
from .kind import Collected, Format, Kind
from .project import Project
from .recognise import guarded, recognise
from .record import Assurance, Citation, Json, Parsed, PrivacyClass
from .source import Source
from .store import EvidenceDraft, Recorded, Store
from .subject import CommitBasis, Subject
from .times import now, optional_rfc3339, rfc3339
from .walk import SIGNATURE_SUFFIX, walk

Status = Literal["recorded", "duplicate", "refused", "unrecognised"]

CITATION_TOLERANCE: Final = timedelta(minutes=15)
"""How far the time of a cited artifact may lie from the step that cites it."""


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """What the caller says about files, over what they say themselves."""

    kind: str | None = None
    commit: str | None = None
    environment: str | None = None
    observed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one file, or of one of its statements."""

    path: str
    status: Status
    kind: str | None = None
    format: str | None = None
    sha256: str | None = None
    evidence: int | None = None
    summary: Mapping[str, Json] = field(default_factory=dict)
    reason: str | None = None
    named: bool = True
    """Named by the user, not met while walking a folder."""

    @property
    def refused(self) -> bool:
        """Whether the file makes the command end with exit code 2."""
        return self.status == "refused"


@dataclass(frozen=True)
class _Origin:
    """Where an artifact comes from."""

    name: str
    how: Literal["ingested", "collected"]
    collected_at: datetime
    collected: Collected | None = None
    collector: str | None = None
    in_tree: bool = False
    """Whether the commit that is checked out holds just these bytes under the file's path."""
    signature: Mapping[str, Json] | None = None
    signer: str | None = None


@dataclass(frozen=True)
class _File:
    """One file that is to be recorded."""

    source: Source
    named: bool
    """Named by the user, not met while walking a folder or an archive."""
    path: Path | None
    """Where it lies; None inside an archive, where it has no surroundings."""
    signature: Mapping[str, Json]
    """What is known of a signature over it: the members ``signature`` and ``signer`` of `_Origin`."""


@dataclass(frozen=True)
class _Statement:
    """One statement of a file, and how it was read."""

    kind: Kind
    form: Format
    source: Source
    parsed: Parsed
    original: str | None
    """Keyed digest of the bytes before redaction, if anything was redacted."""


@dataclass(frozen=True)
class Intake:
    """Records evidence for one project."""

    project: Project
    store: Store
    overrides: Overrides = field(default_factory=Overrides)
    environment: str | None = None
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

    @cached_property
    def _mask_key(self) -> bytes:
        return self.store.mask_key()

    # Files

    def paths(self, paths: Iterable[Path]) -> Iterator[Outcome]:
        """Records files, and the files of folders and archives.

        Every file that can be read is recorded at once, each in a transaction of its own; one that cannot is reported and the next one
        is read. Records that cite artifacts come last, so that what they cite is there.
        """
        citing: list[_File] = []
        for path, named in walk(paths):
            for file in self._files(path, named):
                yield from [file] if isinstance(file, Outcome) else self._file(file, citing)
        for file in citing:
            yield from self._file(file, None)

    def _files(self, path: Path, named: bool) -> Iterator[_File | Outcome]:
        """Yields the file, or what an archive holds; compressed ones are unpacked."""
        shown = self._shown(path)
        try:
            source = Source.from_path(path, shown)
            signature = self._signature(path, source)
            if named or unpack.is_named_as_packed(path.name):
                source = unpack.decompressed(source)
            if not unpack.is_archive(source) or not (named or unpack.is_named_as_packed(path.name)):
                yield _File(source, named, path, signature)
                return
            for member in unpack.members(source):
                if isinstance(member, InputError):
                    yield Outcome(path=member.source or shown, status="refused", reason=member.reason, named=named)
                else:
                    yield _File(member, False, None, signature)
        except InputError as error:
            yield Outcome(path=shown, status="refused", reason=error.reason, named=named)

    def _file(self, file: _File, citing: list[_File] | None) -> Sequence[Outcome]:
        shown = file.source.name
        claims: Sequence[tuple[Kind, Format]] = ()
        try:
            claims = recognise(file.source, self.project.catalog.kinds, self.overrides.kind)
            statements = self._statements(claims, file.source, file.path)
            if citing is not None and any(one.parsed.citations for one in statements):
                citing.append(file)
                return ()
            origin = _Origin(shown, "ingested", now(), in_tree=self._in_tree(file, claims), **file.signature)
            recorded = self._record(statements, origin, once=True)
        except UnrecognisedError as error:
            status: Status = "refused" if file.named else "unrecognised"
            return [Outcome(path=shown, status=status, reason=error.reason, named=file.named)]
        except InputError as error:
            kind = claims[0][0].id if len(claims) == 1 else None
            form = claims[0][1].name if claims else None
            return [Outcome(path=shown, status="refused", reason=error.reason, named=file.named, kind=kind, format=form)]
        return [_outcome(shown, one, done, file.named) for one, done in zip(statements, recorded, strict=True)]

    def _in_tree(self, file: _File, claims: Sequence[tuple[Kind, Format]]) -> bool:
        if self.checkout is None or file.path is None or not any(form.of_tree for _, form in claims):
            return False
        return self.checkout.holds(file.path, bytes(file.source.data))

    def _shown(self, path: Path) -> str:
        """Returns the path as listings show it: relative to the project where it lies inside; bytes that are no UTF-8 spelled out."""
        absolute = path.absolute()
        shown = str(absolute.relative_to(self.project.root)) if absolute.is_relative_to(self.project.root) else str(path)
        return shown.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

    # Collectors

    def collected(self, kind: Kind, item: Collected, collector: str) -> list[Outcome]:
        """Records what a collector made: one outcome per statement of its artifact.

        Raises:
            InputError: The artifact is not what its format promises.
        """
        form = next(form for form in kind.formats if form.name == item.format)
        statements = self._statements([(kind, form)], Source(item.name, item.content, item.facts))
        origin = _Origin(item.name, "collected", item.finished_at, item, collector)
        recorded = self._record(statements, origin, once=False)
        return [_outcome(item.name, one, done, True) for one, done in zip(statements, recorded, strict=True)]

    # Steps

    def _statements(self, claims: Sequence[tuple[Kind, Format]], source: Source, path: Path | None = None) -> list[_Statement]:
        """Reads all that a file states. Whatever one of its readers would mask is masked for all of them, before anything is parsed."""
        clean, original = source, None
        for _, form in claims:
            with guarded(form):
                clean = self._redacted(clean, form)
        if clean is not source:
            original = hmac.new(self._mask_key, bytes(source.data), "sha256").hexdigest()
        statements = []
        for kind, form in claims:
            with guarded(form):
                around = form.attend(source, path) if path is not None and form.attend is not None else {}
                facts = {**source.facts, **form.facts, **around}
                seen = clean if facts == clean.facts else Source(clean.name, clean.data, facts)
                statements += [_Statement(kind, form, seen, parsed, original) for parsed in self._parse(seen, form)]
        return statements

    def _redacted(self, source: Source, form: Format) -> Source:
        """Returns the source without its secrets."""
        if form.redact is None:
            return source
        key = self._mask_key
        clean = form.redact(source, lambda secret: "REDACTED:" + hmac.new(key, secret.encode(), "sha256").hexdigest()[:16])
        return source if clean is None else Source(source.name, clean, source.facts)

    def _parse(self, source: Source, form: Format) -> tuple[Parsed, ...]:
        try:
            return form.read(source)
        except InputError as error:
            error.source = error.source or source.name
            raise

    def _signature(self, path: Path, source: Source) -> dict[str, Json]:
        """Checks a detached SSH signature that lies beside the file."""
        beside = path.with_name(path.name + SIGNATURE_SUFFIX)
        if not beside.is_file():
            return {}
        from .sign.ssh import NAMESPACE, verify_ssh_signature

        trusted = [self.project.beside(name) for name in self.project.document.sign.trust if not name.endswith((".pem", ".crt"))]
        if not trusted:
            raise InputError(f"signed ({beside.name}), but no key is trusted", hint="name an allowed_signers file in [sign] trust")
        try:
            signature = Source.from_path(beside).document
            signer = verify_ssh_signature(bytes(source.data), signature, trusted, namespace=NAMESPACE, at=now())
        except ComplianceError as error:
            raise InputError(f"signature {beside.name}: {error}", expected="a signature by a trusted key") from error
        public = {"method": "sshsig", "key": signer.key_fingerprint, "sha256": Source(beside.name, signature).sha256}
        return {"signature": public, "signer": signer.identity}

    def _record(self, statements: Sequence[_Statement], origin: _Origin, *, once: bool) -> list[Recorded]:
        """Records the statements of one file in one transaction."""
        return self.store.record(
            [
                EvidenceDraft(
                    body=self._body(one, origin),
                    private=_private(one.source, origin, self.run),
                    source=one.source,
                    payload=one.parsed.payload,
                    findings=one.parsed.findings,
                    once=once,
                )
                for one in statements
            ]
        )

    def _body(self, statement: _Statement, origin: _Origin) -> dict[str, Json]:
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
        if origin.signature is not None:
            body["signature"] = dict(origin.signature)
        if self.run is not None:
            body["source"] = {**dict(body["source"]), "ci": {"service": self.run.service, "commit": self.run.commit}}
        return body

    def _observed(self, parsed: Parsed, item: Collected | None) -> tuple[datetime | None, str | None]:
        if self.overrides.observed_at is not None:
            return self.overrides.observed_at, "option"
        if parsed.observed_at is not None:
            return parsed.observed_at, "file"
        return (item.started_at, "collector") if item else (None, None)

    def _subject_of(self, statement: _Statement, origin: _Origin, observed: datetime | None) -> Subject:
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

    def _commit(self, statement: _Statement, origin: _Origin, observed: datetime | None) -> tuple[str | None, CommitBasis | None]:
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

    def _assurance(self, parsed: Parsed, origin: _Origin) -> Assurance:
        if origin.signature is not None:
            return Assurance.VERIFIED
        if origin.collected is not None:
            return origin.collected.assurance
        if parsed.assurance is Assurance.STATED and parsed.citations and all(map(self._holds, parsed.citations)):
            return Assurance.IMPORTED
        return parsed.assurance

    def _holds(self, citation: Citation) -> bool:
        """Tells whether a cited artifact is kept, and its own time agrees with the step that cites it."""
        if citation.artifact is None:
            return False
        times = self.store.observed_times(citation.artifact)
        return any(abs(time - citation.at) <= CITATION_TOLERANCE for time in times)


def _outcome(path: str, statement: _Statement, recorded: Recorded, named: bool) -> Outcome:
    return Outcome(
        path=path,
        status="duplicate" if recorded.duplicate else "recorded",
        kind=statement.kind.id,
        format=statement.form.name,
        sha256=statement.source.sha256,
        evidence=recorded.number,
        summary=statement.parsed.payload.summary(),
        named=named,
    )


def public_summary(parsed: Parsed) -> dict[str, Json]:
    """Returns what the leaf keeps of a summary: numbers, words and maps of them; lists stay in the payload."""
    from .record import split_private

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


def _private(source: Source, origin: _Origin, run: ci.Run | None) -> dict[PrivacyClass, dict[str, Json]]:
    command = list(origin.collected.command) if origin.collected else []
    paths: dict[str, Json] = {"name": origin.name, "command": command, "facts": dict(source.facts)}
    people: dict[str, Json] = {"host": platform.node(), "user": _user()}
    if origin.signer is not None:
        people["signer"] = origin.signer
    if run is not None:
        paths["ci"] = {"branch": run.branch, "run": run.url, "change": run.change}
        people["actor"] = run.actor
    return {"paths": paths, "people": people}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
