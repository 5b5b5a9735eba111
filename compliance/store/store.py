"""The store: an append-only ledger with a Merkle tree, signed checkpoints, and the artifacts kept whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from ..errors import SigningKeyError
from ..location import Location
from ..record import Json
from . import erasing, merging, note
from .database import WAIT_S, Database, database_of
from .drafts import Draft, EvidenceDraft, Recorded
from .evidence import REPARSE, EvidenceReader
from .ledger import Sealed
from .merging import Ledger, Merged
from .writer import Prepared, Writer, begin


class Store(EvidenceReader):
    """One store, open. Use as a context manager; `open` and `create` make it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, location: Location, *, write: bool = False, wait_s: float = WAIT_S) -> Store:
        """Opens an existing store.

        Raises:
            StoreError: There is none, or it cannot be opened.
        """
        return cls(database_of(location).open(location, write=write, wait_s=wait_s))

    @classmethod
    def create(cls, location: Location, *, wait_s: float = WAIT_S) -> Store:
        """Opens a store for writing; makes it, its folder and its log key where there is none.

        Raises:
            StoreError: It cannot be made or opened.
            SigningKeyError: Its log key is missing or cannot be written.
        """
        database_of(location).make(location, begin)
        return cls.open(location, write=True, wait_s=wait_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the store."""
        self.database.close()

    def append(self, drafts: Sequence[Draft]) -> list[int]:
        """Appends entries in one transaction and signs a checkpoint over them.

        Returns:
            Their numbers.
        """
        with self.database.transaction() as connection:
            writer = Writer(connection, self._key())
            numbers = [
                writer.append(draft.type, draft.body, {name: Sealed.of(value) for name, value in draft.private.items()}) for draft in drafts
            ]
            writer.finish()
        return numbers

    def record(self, drafts: Sequence[EvidenceDraft]) -> list[Recorded]:
        """Records pieces of evidence, all of them or none, and signs a checkpoint over them.

        Returns:
            Their numbers, in the order of the drafts.
        """
        key = self._key()
        prepared = [Prepared.of(draft) for draft in drafts]
        with self.database.transaction() as connection:
            writer = Writer(connection, key)
            recorded = []
            for draft, ready in zip(drafts, prepared, strict=True):
                name = draft.private.get("paths", {}).get("name")
                known = writer.duplicate_of(draft.body, draft.source.sha256, name) if draft.once else None
                number = writer.evidence(draft, ready) if known is None else known
                recorded.append(Recorded(number, known is not None))
            writer.finish()
        return recorded

    def supersede(self, number: int, drafts: Sequence[EvidenceDraft]) -> list[int]:
        """Records what a newer parser read of an artifact, in place of a piece of evidence.

        Returns:
            The numbers of what supersedes it, in the order of the drafts.
        """
        key = self._key()
        prepared = [Prepared.of(draft) for draft in drafts]
        with self.database.transaction() as connection:
            writer = Writer(connection, key)
            numbers = [writer.evidence(draft, ready) for draft, ready in zip(drafts, prepared, strict=True)]
            writer.append(REPARSE, {"superseded": [{"entry": number, "by": list(numbers)}]}, {})
            writer.finish()
        return numbers

    def erase(self, numbers: Sequence[int], rule: Mapping[str, Json]) -> int | None:
        """Erases the private values, findings and artifacts of entries, under a tombstone that is signed first.

        Args:
            numbers: Evidence and merges; those that were erased before are left out.
            rule: Why, for the tombstone.

        Returns:
            The number of the tombstone; None when all of them were erased before.

        Raises:
            StoreUnavailableError: All is done, but another process still reads the file as it was before.
        """
        key = self._key()
        with self.database.erasing() as connection:
            left = sorted(set(numbers) - {number for (number,) in connection.execute("SELECT entry FROM erased")})
            return erasing.erase(Writer(connection, key), left, rule) if left else None

    def merge(self, sources: Mapping[str, Store]) -> list[Merged]:
        """Appends what other stores hold, all of it or nothing, and signs a checkpoint over it.

        Args:
            sources: By name; each sound, as `audit` finds it.

        Returns:
            What became of each, in their order.

        Raises:
            InputError: A source was itself merged or purged.
            TamperedError: A source contradicts itself.
        """
        key = self._key()
        with ExitStack() as stack:
            ledgers = [Ledger(stack.enter_context(source.database.reading()), name) for name, source in sources.items()]
            connection = stack.enter_context(self.database.transaction())
            writer = Writer(connection, key)
            done = merging.merge(writer, ledgers)
            writer.finish()
        return done

    def mask_key(self) -> bytes:
        """Returns the key of the masks that stand for redacted secrets."""
        return self._key().derive("redaction")

    def _key(self) -> note.LogKey:
        name, public = note.read_verifier_key(self.verifier)
        path = self.database.key_path(public)
        key = note.LogKey.load(path)
        if key is None:
            raise SigningKeyError(
                f"{path}: the store's log key is missing",
                hint=f"restore it, or give it in {note.KEY_ENVIRONMENT}; without it nothing can be added",
            )
        if key.public != public:
            raise SigningKeyError(f"the log key is not the one of store {name}", hint="use the key that lies beside the store")
        return key
