"""A store in a SQLite file: opening, transactions, and errors that people can act on."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, Self

from sqlalchemy import create_engine
from sqlalchemy.dialects import sqlite as dialect
from sqlalchemy.engine import Engine
from sqlalchemy.pool import StaticPool

from ...errors import StoreError, StoreUnavailableError
from .. import database
from ..database import WAIT_S, Database
from ..note import LogKey
from . import checking, schema
from .connection import Connection, connect

GITIGNORE: Final = "# made by compliance-toolkit: evidence and keys stay out of version control\n*\n"
_OUTSIDE: Final = ("locked", "busy", "unable to open", "readonly", "full", "disk I/O")
"""Words of driver errors that say nothing about what the store holds."""


class SQLiteDatabase(Database):
    """One SQLite file. Queries go through SQLAlchemy, bulk writes through the driver: 2 to 30 times faster than the ORM."""

    location: Path

    def __init__(self, path: Path, connection: Connection, *, writable: bool, reader: Callable[[], sqlite3.Connection]) -> None:
        self.location = path
        self.connection = connection
        self.writable = writable
        self.engine: Engine = create_engine("sqlite://", creator=reader, poolclass=StaticPool)

    @classmethod
    def open(cls, location: Path, *, write: bool, wait_s: float = WAIT_S) -> Self:
        """Opens an existing store: see `Database.open`."""
        if not location.exists():
            raise StoreUnavailableError(f"{location}: no store", hint="run `compliance collect` or `compliance ingest` first")
        if location.is_dir():
            raise StoreUnavailableError(
                f"{location}: a folder; expected the file of a store", hint="give the path of an evidence.db with --store"
            )
        with translated(location):
            connection = connect(location, "rw" if write else "ro", wait_s)
            try:
                _bring_up(connection, location, write)
                # A connection of its own: the pool ends a transaction when a query is done, and would end a writer's with it.
                return cls(location, connection, writable=write, reader=lambda: connect(location, "ro", wait_s))
            except BaseException:
                connection.close()
                raise

    @classmethod
    def in_memory(cls, name: str) -> Self:
        """Makes an empty database in memory, for queries over what was read from elsewhere.

        It has the tables of a store, not its triggers: what is filled in may be a part of a ledger, in any order.

        Args:
            name: What errors call it.
        """
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, factory=Connection)
        schema.create(connection)
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        return cls(Path(name), connection, writable=True, reader=lambda: connection)

    @classmethod
    def make(cls, location: Path, begin: Callable[[database.Connection, LogKey], None]) -> None:
        """Makes a store where there is none: see `Database.make`.

        It is made beside its place and put there whole: a kill at any instant leaves a whole store, or none.
        """
        try:
            location.parent.mkdir(parents=True, exist_ok=True)
            ignore = location.parent / ".gitignore"
            if location.parent.name == ".compliance" and not (ignore.exists() and ignore.stat().st_size):  # empty after a kill
                ignore.write_text(GITIGNORE)
            exists = location.exists()
        except OSError as error:
            raise StoreError(f"{location.parent}: {error.strerror}", hint="give another --store") from error
        if not exists:
            path = key_path(location)
            key = LogKey.load(path) or LogKey.create(path)
            _make(location, lambda connection: begin(connection, key))

    @classmethod
    def exists(cls, location: Path) -> bool:
        """Tells whether there is a file."""
        return location.exists()

    def key_path(self, public: bytes) -> Path:  # noqa: ARG002 (one store, one key beside it)
        """Returns where the log key lies: beside the store."""
        return key_path(self.location)

    def close(self) -> None:
        """Closes the file."""
        self.engine.dispose()
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Opens a write transaction; everything in it is stored, or nothing is."""
        if not self.writable:
            raise StoreError(f"{self.location}: opened for reading")
        with translated(self.location), immediate(self.connection):
            yield self.connection

    @contextmanager
    def erasing(self) -> Iterator[Connection]:
        """Opens a write transaction whose deleted bytes are overwritten: in the file, and in its write-ahead log.

        Raises:
            StoreUnavailableError: All is done, but another process still reads the file as it was before.
        """
        with translated(self.location):
            self.connection.execute("PRAGMA secure_delete = ON")
        with self.transaction() as connection:
            yield connection
        self.scrub()

    def scrub(self) -> None:
        """Writes the file anew, so that it holds nothing but what the store holds.

        Raises:
            StoreUnavailableError: Another process still reads the file as it was before.
        """
        with translated(self.location):
            # Deleted pages were overwritten with zeros: first in their place, then the file is written without them.
            for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                row = self.connection.execute(statement).fetchone()
                if row is not None and row[0]:
                    raise StoreUnavailableError(
                        f"{self.location}: another process reads the store, so that erased bytes are still in its write-ahead log",
                        hint="end that process, and run `compliance purge` again",
                    )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Holds one consistent state of the file for several reads."""
        with translated(self.location):
            self.connection.execute("BEGIN")
            try:
                yield self.connection
            finally:
                self.connection.execute("ROLLBACK")

    def query(self, statement: Any, parameters: Any = None) -> list[Any]:
        """Runs a SQLAlchemy statement and returns its rows."""
        with translated(self.location), self.engine.connect() as connection:
            return list(connection.execute(statement, parameters or {}))

    def chunks(self, statement: Any, size: int) -> Iterator[Sequence[Any]]:
        """Runs a SQLAlchemy statement through the driver: 100,000 rows in 0.2 s instead of 0.45 s."""
        compiled = statement.compile(dialect=dialect.dialect(paramstyle="named"))
        with translated(self.location):
            cursor = self.connection.execute(str(compiled), compiled.params)
            while chunk := cursor.fetchmany(size):
                yield chunk

    def checked_schema(self, connection: database.Connection) -> str:
        """Checks that the file defines what this version does, with values of no other types: see `Database.checked_schema`."""
        return checking.checked(connection)


def key_path(path: Path) -> Path:
    """Returns where the log key of a store lies."""
    return path.with_suffix(".key")


def _make(path: Path, begin: Callable[[Connection], None]) -> None:
    left = [path.with_name(path.name + suffix) for suffix in ("-wal", "-journal")]
    if any(one.exists() for one in left) and not path.exists():
        raise StoreError(
            f"{path}: missing, but {' or '.join(one.name for one in left if one.exists())} of a store that lay there is left",
            hint="restore the store, or move that file away",
        )
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with translated(path), closing(connect(temporary, "rwc", WAIT_S)) as connection:
            with immediate(connection):
                connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
                schema.create(connection)
                begin(connection)
            connection.execute("PRAGMA journal_mode = WAL")  # last: all that was written lies in the file itself
        os.link(temporary, path)
        _sync_folder(path.parent)
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}", hint="give another --store") from error
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            temporary.with_name(temporary.name + suffix).unlink(missing_ok=True)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns the driver's errors into ours."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        origin = error.orig if isinstance(error, DBAPIError) else error
        kind = StoreUnavailableError if any(word in str(origin) for word in _OUTSIDE) else StoreError
        raise kind(f"{path}: {_reason(str(origin))}", hint=_hint(str(origin))) from error
    except UnicodeDecodeError as error:  # the driver's, for text that is not UTF-8
        raise StoreError(f"{path}: damaged ({error})", hint=_hint("malformed")) from error


def _bring_up(connection: sqlite3.Connection, path: Path, write: bool) -> None:
    """Brings an older store up to this version; what is no store, or a newer one, is refused."""
    try:
        done = schema.applied(connection)
    except StoreError as error:
        raise type(error)(f"{path}: {error.message}", hint=error.hint) from error
    if write and done < len(schema.STEPS):
        with immediate(connection):
            schema.upgrade(connection, schema.applied(connection))
    elif done < len(schema.STEPS):
        raise StoreError(f"{path}: written by an older version", hint="run any writing command once to upgrade it")


def _sync_folder(folder: Path) -> None:
    """Makes a new name in a folder last through a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _reason(text: str) -> str:
    if "locked" in text or "busy" in text:
        return "locked by another process"
    return text


def _hint(text: str) -> str | None:
    hints = {
        "locked": "wait for the other process, or stop it",
        "full": "free some space; everything recorded so far is kept",
        "disk I/O": "the disk fails, or a limit of it is reached; everything recorded so far is kept",
        "readonly": "make the file and its folder writable, or give another --store",
        "unable to open": "make the folder exist and writable, or give another --store",
        "not a database": "this file is no store: give the path of an evidence.db with --store",
        "malformed": "the file is damaged: restore a copy, and run `compliance verify` on it",
    }
    return next((hint for word, hint in hints.items() if word in text), None)


@contextmanager
def immediate(connection: sqlite3.Connection) -> Iterator[None]:
    """Holds the write lock from the start, so that no transaction has to give up half-way."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
