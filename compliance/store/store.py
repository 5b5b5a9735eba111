"""The store: an append-only ledger with a Merkle tree, signed checkpoints, and the artifacts kept whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ..errors import SigningKeyError, StoreError
from ..record import Json
from . import erasing, merging, note
from .database import WAIT_S, Database
from .drafts import Draft, EvidenceDraft, Recorded
from .evidence import REPARSE, EvidenceReader
from .ledger import Sealed
from .merging import Ledger, Merged
from .writer import Prepared, Writer, begin

GITIGNORE: Final = "# made by compliance-toolkit: evidence and keys stay out of version control\n*\n"


class Store(EvidenceReader):
    """One store, open. Use as a context manager; `open` and `create` make it."""

    def __init__(self, database: Database, key_path: Path) -> None:
        self.database = database
        self.key_path = key_path

    @classmethod
    def open(cls, path: Path, *, write: bool = False, wait_s: float = WAIT_S) -> Store:
        """Opens an existing store.

        Raises:
            StoreError: There is none, or it cannot be opened.
        """
        return cls(Database.open(path, write=write, wait_s=wait_s), _key_path(path))

    @classmethod
    def create(cls, path: Path, *, wait_s: float = WAIT_S) -> Store:
        """Opens a store for writing; makes it, its folder and its log key where there is none.

        Raises:
            StoreError: It cannot be made or opened.
            SigningKeyError: Its log key is missing or cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            ignore = path.parent / ".gitignore"
            if path.parent.name == ".compliance" and not (ignore.exists() and ignore.stat().st_size):  # empty after a kill
                ignore.write_text(GITIGNORE)
            exists = path.exists()
        except OSError as error:
            raise StoreError(f"{path.parent}: {error.strerror}", hint="give another --store") from error
        if not exists:
            key = note.LogKey.load(_key_path(path)) or note.LogKey.create(_key_path(path))
            Database.make(path, lambda connection: begin(connection, key))
        return cls.open(path, write=True, wait_s=wait_s)

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
            for source in sources.values():
                stack.enter_context(source.database.reading())
            ledgers = [Ledger(source.database.connection, name) for name, source in sources.items()]
            connection = stack.enter_context(self.database.transaction())
            writer = Writer(connection, key)
            done = merging.merge(writer, ledgers)
            writer.finish()
        return done

    def mask_key(self) -> bytes:
        """Returns the key of the masks that stand for redacted secrets."""
        return self._key().derive("redaction")

    def _key(self) -> note.LogKey:
        key = note.LogKey.load(self.key_path)
        name, public = note.read_verifier_key(self.verifier)
        if key is None:
            raise SigningKeyError(
                f"{self.key_path}: the store's log key is missing",
                hint=f"restore it, or give it in {note.KEY_ENVIRONMENT}; without it nothing can be added",
            )
        if key.public != public:
            raise SigningKeyError(f"the log key is not the one of store {name}", hint="use the key that lies beside the store")
        return key


def _key_path(path: Path) -> Path:
    return path.with_suffix(".key")
