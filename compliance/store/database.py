"""The SQLite side of the store: opening, transactions, and errors that people can act on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import create_engine
from sqlalchemy.dialects import sqlite as dialect
from sqlalchemy.engine import Engine
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel, insert

from ..errors import StoreError
from . import schema

WAIT_S: Final = 30.0
"""Seconds that a writer waits for another one."""


class Database:
    """One SQLite file. Queries go through SQLAlchemy, bulk writes through the driver: 2 to 30 times faster than the ORM."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writable: bool, wait_s: float = WAIT_S) -> None:
        self.path = path
        self.connection = connection
        self.writable = writable
        # A connection of its own: the pool ends a transaction when a query is done, and would end a writer's with it.
        self.engine: Engine = create_engine("sqlite://", creator=lambda: _connect(path, "ro", wait_s), poolclass=StaticPool)

    @classmethod
    def open(cls, path: Path, *, write: bool, wait_s: float = WAIT_S) -> Database:
        """Opens an existing store.

        Raises:
            StoreError: No such file, not a store, from a newer version, or not to be opened.
        """
        if not path.exists():
            raise StoreError(f"{path}: no store", hint="run `compliance collect` or `compliance ingest` first")
        with translated(path):
            connection = _connect(path, "rw" if write else "ro", wait_s)
            done = schema.applied(connection)
            if write and done < len(schema.STEPS):
                with immediate(connection):
                    schema.upgrade(connection, schema.applied(connection))
            elif done < len(schema.STEPS):
                raise StoreError(f"{path}: written by an older version", hint="run any writing command once to upgrade it")
        return cls(path, connection, writable=write, wait_s=wait_s)

    @classmethod
    def create(cls, path: Path, *, wait_s: float = WAIT_S) -> Database:
        """Opens a store for writing and creates it first where there is none.

        Raises:
            StoreError: The file cannot be created or is not a store.
        """
        with translated(path):
            connection = _connect(path, "rwc", wait_s)
            connection.execute("PRAGMA journal_mode = WAL")
            with immediate(connection):
                if not schema.objects(connection):
                    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
                    schema.create(connection)
        connection.close()
        return cls.open(path, write=True, wait_s=wait_s)

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
        raise StoreError(f"{path}: {_reason(str(origin))}", hint=_hint(str(origin))) from error
    except UnicodeDecodeError as error:  # the driver's, for text that is not UTF-8
        raise StoreError(f"{path}: damaged ({error})", hint=_hint("malformed")) from error


def _reason(text: str) -> str:
    if "locked" in text or "busy" in text:
        return "locked by another process"
    return text


def _hint(text: str) -> str | None:
    hints = {
        "locked": "wait for the other process, or stop it",
        "full": "free some space; everything recorded so far is kept",
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
    location = f"file:{quote(str(path.absolute()))}?mode={mode}"
    connection = _try(location, wait_s)
    if connection is None and mode == "ro":
        # A read-only folder cannot hold the shared-memory file that WAL needs; nobody can write there either.
        connection = _try(f"{location}&immutable=1", wait_s)
    if connection is None:
        raise sqlite3.OperationalError("unable to open database file")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cache_size = -65536")
    return connection


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
