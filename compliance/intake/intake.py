"""The way of bytes into the store: recognise, redact, parse, bind to a subject, record.

Collected and ingested evidence take the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..errors import InputError, UnrecognisedError
from ..git.checkout import Checkout
from ..kind import Collected, Format, Kind
from ..project import Project
from ..reading import unpack
from ..reading.recognise import recognise
from ..reading.walk import walk
from ..source import Source
from ..store import EvidenceDraft, Recorded, Store
from ..subject import Subject
from ..times import now
from .binding import Binder, Origin
from .outcome import Outcome, Overrides, Status
from .reading import Reader, Statement
from .signed import Signed, beside, opened


@dataclass(frozen=True)
class _File:
    """One file that is to be recorded."""

    source: Source
    named: bool
    """Named by the user, not met while walking a folder or an archive."""
    path: Path | None
    """Where it lies; None inside an archive, where it has no surroundings."""
    signed: Signed


@dataclass(frozen=True)
class Intake:
    """Records evidence for one project."""

    project: Project
    store: Store
    overrides: Overrides = field(default_factory=Overrides)
    environment: str | None = None
    """Environment of evidence that does not say."""

    @property
    def checkout(self) -> Checkout | None:
        """The project's git checkout."""
        return self._binder.checkout

    @property
    def subject(self) -> Subject:
        """The subject as the project stands now."""
        return self._binder.subject

    @cached_property
    def _binder(self) -> Binder:
        return Binder(self.project, self.store, self.overrides, self.environment)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.store.mask_key())

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
        from ..packet import ingest

        shown = self._shown(path)
        try:
            source = Source.from_path(path, shown)
            if self.overrides.kind is None and ingest.form_of(source) is not None:
                yield from ingest.record(self.store, self.project, source, path, named)
                return
            signed = beside(self.project, path, source)
            if named or unpack.is_named_as_packed(path.name):
                source = unpack.decompressed(source)
            if not unpack.is_archive(source) or not (named or unpack.is_named_as_packed(path.name)):
                inside, around = opened(self.project, source)
                yield _File(inside, named, path, around if inside is not source and signed.public is None else signed)
                return
            for member in unpack.members(source):
                if isinstance(member, InputError):
                    yield Outcome(path=member.source or shown, status="refused", reason=member.reason, named=named)
                else:
                    yield _File(member, False, None, Signed())
        except InputError as error:
            yield Outcome(path=shown, status="refused", reason=error.reason, named=named)

    def _file(self, file: _File, citing: list[_File] | None) -> Sequence[Outcome]:
        shown = file.source.name
        claims: Sequence[tuple[Kind, Format]] = ()
        try:
            claims = recognise(file.source, self.project.catalog.kinds, self.overrides.kind)
            statements = self._reader.statements(claims, file.source, file.path)
            if citing is not None and any(one.parsed.citations for one in statements):
                citing.append(file)
                return ()
            origin = Origin(shown, "ingested", now(), in_tree=self._in_tree(file, claims), signed=file.signed)
            recorded = self._record(statements, origin, once=True)
        except UnrecognisedError as error:
            status: Status = "refused" if file.named else "unrecognised"
            return [Outcome(path=shown, status=status, reason=error.reason, named=file.named)]
        except InputError as error:
            kind = claims[0][0].id if len(claims) == 1 else None
            form = claims[0][1].name if claims else None
            return [Outcome(path=shown, status="refused", reason=error.reason, named=file.named, kind=kind, format=form)]
        return [_outcome(shown, one, done, file.named, file.signed.doubt) for one, done in zip(statements, recorded, strict=True)]

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
        statements = self._reader.statements([(kind, form)], Source(item.name, item.content, item.facts))
        origin = Origin(item.name, "collected", item.finished_at, item, collector)
        recorded = self._record(statements, origin, once=False)
        return [_outcome(item.name, one, done, True) for one, done in zip(statements, recorded, strict=True)]

    def _record(self, statements: Sequence[Statement], origin: Origin, *, once: bool) -> list[Recorded]:
        """Records the statements of one file in one transaction."""
        return self.store.record(
            [
                EvidenceDraft(
                    body=self._binder.body(one, origin),
                    private=self._binder.private(one.source, origin),
                    source=one.source,
                    payload=one.parsed.payload,
                    findings=one.parsed.findings,
                    once=once,
                )
                for one in statements
            ]
        )


def _outcome(path: str, statement: Statement, recorded: Recorded, named: bool, doubt: str | None = None) -> Outcome:
    return Outcome(
        path=path,
        status="duplicate" if recorded.duplicate else "recorded",
        kind=statement.kind.id,
        format=statement.form.name,
        sha256=statement.source.sha256,
        evidence=recorded.number,
        summary=statement.parsed.payload.summary(),
        reason=doubt,
        named=named,
    )
