"""The SQLite side of the store: opening, transactions, and errors that people can act on."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import create_engine
from sqlalchemy.dialects import sqlite as dialect
from sqlalchemy.engine import Engine
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel, insert

from ..errors import StoreError, StoreUnavailableError
from . import schema

_OUTSIDE: Final = ("locked", "busy", "unable to open", "readonly", "full", "disk I/O")
"""Words of driver errors that say nothing about what the store holds."""
WAIT_S: Final = 30.0
"""Seconds that a writer waits for another one."""


class Database:
    """One SQLite file. Queries go through SQLAlchemy, bulk writes through the driver: 2 to 30 times faster than the ORM."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writable: bool, reader: Callable[[], sqlite3.Connection]) -> None:
        self.path = path
        self.connection = connection
        self.writable = writable
        self.engine: Engine = create_engine("sqlite://", creator=reader, poolclass=StaticPool)

    @classmethod
    def open(cls, path: Path, *, write: bool, wait_s: float = WAIT_S) -> Database:
        """Opens an existing store.

        Raises:
            StoreError: No such file, not a store, from a newer version, or not to be opened.
        """
        if not path.exists():
            raise StoreUnavailableError(f"{path}: no store", hint="run `compliance collect` or `compliance ingest` first")
        if path.is_dir():
            raise StoreUnavailableError(
                f"{path}: a folder; expected the file of a store", hint="give the path of an evidence.db with --store"
            )
        with translated(path):
            connection = _connect(path, "rw" if write else "ro", wait_s)
            try:
                _bring_up(connection, path, write)
                # A connection of its own: the pool ends a transaction when a query is done, and would end a writer's with it.
                return cls(path, connection, writable=write, reader=lambda: _connect(path, "ro", wait_s))
            except BaseException:
                connection.close()
                raise

    @classmethod
    def in_memory(cls, name: str) -> Database:
        """Makes an empty database in memory, for queries over what was read from elsewhere.

        It has the tables of a store, not its triggers: what is filled in may be a part of a ledger, in any order.

        Args:
            name: What errors call it.
        """
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        schema.create(connection)
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        return cls(Path(name), connection, writable=False, reader=lambda: connection)

    @staticmethod
    def make(path: Path, begin: Callable[[sqlite3.Connection], None]) -> None:
        """Makes a store where there is none; if another process comes first, its store stands.

        It is made beside its place and put there whole: a kill at any instant leaves a whole store, or none.

        Args:
            path: Where the store shall lie.
            begin: Writes what every store starts with.

        Raises:
            StoreError: The file cannot be created.
        """
        left = [path.with_name(path.name + suffix) for suffix in ("-wal", "-journal")]
        if any(one.exists() for one in left) and not path.exists():
            raise StoreError(
                f"{path}: missing, but {' or '.join(one.name for one in left if one.exists())} of a store that lay there is left",
                hint="restore the store, or move that file away",
            )
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            with translated(path), closing(_connect(temporary, "rwc", WAIT_S)) as connection:
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

    def close(self) -> None:
        """Closes the file."""
        self.engine.dispose()
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Opens a write transaction; everything in it is stored, or nothing is."""
        if not self.writable:
            raise StoreError(f"{self.path}: opened for reading")
        with translated(self.path), immediate(self.connection):
            yield self.connection

    @contextmanager
    def erasing(self) -> Iterator[sqlite3.Connection]:
        """Opens a write transaction whose deleted bytes are overwritten: in the file, and in its write-ahead log.

        Raises:
            StoreUnavailableError: All is done, but another process still reads the file as it was before.
        """
        with translated(self.path):
            self.connection.execute("PRAGMA secure_delete = ON")
        with self.transaction() as connection:
            yield connection
        self.scrub()

    def scrub(self) -> None:
        """Writes the file anew, so that it holds nothing but what the store holds.

        Raises:
            StoreUnavailableError: Another process still reads the file as it was before.
        """
        with translated(self.path):
            # Deleted pages were overwritten with zeros: first in their place, then the file is written without them.
            for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                row = self.connection.execute(statement).fetchone()
                if row is not None and row[0]:
                    raise StoreUnavailableError(
                        f"{self.path}: another process reads the store, so that erased bytes are still in its write-ahead log",
                        hint="end that process, and run `compliance purge` again",
                    )

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Holds one consistent state of the file for several reads."""
        with translated(self.path):
            self.connection.execute("BEGIN")
            try:
                yield
            finally:
                self.connection.execute("ROLLBACK")

    def query(self, statement: Any, parameters: Any = None) -> list[Any]:
        """Runs a SQLAlchemy statement and returns its rows."""
        with translated(self.path), self.engine.connect() as connection:
            return list(connection.execute(statement, parameters or {}))


def insert_sql(table: type[SQLModel]) -> str:
    """Returns the driver's INSERT for a table, with one ``?`` per column in the order of the model's fields."""
    statement = insert(table.__table__)  # type: ignore[attr-defined]
    return str(statement.compile(dialect=dialect.dialect(paramstyle="qmark")))


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


def _connect(path: Path, mode: str, wait_s: float) -> sqlite3.Connection:
    location = f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"
    connection = _try(location, wait_s)
    if connection is None and mode == "ro":
        # A read-only folder cannot hold the shared-memory file that WAL needs. Without a log all there is lies in the file.
        _refuse_unread_log(path)
        connection = _try(f"{location}&immutable=1", wait_s)
    if connection is None:
        raise sqlite3.OperationalError("unable to open database file")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cache_size = -65536")
    return connection


def _refuse_unread_log(path: Path) -> None:
    log, journal = (path.with_name(path.name + suffix) for suffix in ("-wal", "-journal"))
    if log.exists() and log.stat().st_size:
        raise StoreUnavailableError(
            f"{path}: its newest entries lie in {log.name}, which cannot be read in a folder that is read-only",
            hint="copy the store, with that file, to a folder that you can write to",
        )
    if journal.exists() and journal.stat().st_size:
        # The toolkit writes none. Whoever writes next would first bring back the pages in it: other entries than those that were read.
        raise StoreUnavailableError(
            f"{path}: {journal.name}, which another program left beside it, holds pages that would replace those of the store",
            hint="move that file away, or take a copy of the store from before",
        )


def _try(location: str, wait_s: float) -> sqlite3.Connection | None:
    connection = sqlite3.connect(location, uri=True, timeout=wait_s, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if "unable to open" in str(error) or "readonly" in str(error):
            return None
        raise
    except (sqlite3.Error, UnicodeDecodeError):
        connection.close()
        raise
    return connection
