"""What the store needs of a database. Two give it, `sqlite` and `postgres`; nothing outside of them knows which one it has."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, Protocol, Self

from sqlmodel import SQLModel

from ..errors import StoreUnavailableError, TamperedError
from ..location import Address, Location
from .note import LogKey

UNREADABLE: Final[tuple[type[Exception], ...]] = (sqlite3.DatabaseError, TamperedError)
"""What reading through the driver raises when rows are not what the store writes."""
ROWS: Final = 1000
"""Rows that are held at a time where they are small."""
WAIT_S: Final = 30.0
"""Seconds that a writer waits for another one."""


class Cursor(Protocol):
    """The rows of one statement, as tuples."""

    def __iter__(self) -> Iterator[Any]: ...

    def fetchone(self) -> Any:
        """Returns the next row, or None."""

    def fetchall(self) -> list[Any]:
        """Returns all rows that are left."""

    def fetchmany(self, size: int, /) -> list[Any]:
        """Returns the next rows; an empty list after the last one."""


class Connection(Protocol):
    """A transaction, through the driver. SQL is what both databases understand, with ``?`` for each parameter."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Runs a statement."""

    def stream(self, sql: str, parameters: Sequence[Any] = (), size: int = ROWS, /) -> Cursor:
        """Runs a query whose rows may be more than fit into memory.

        Args:
            sql: The query.
            parameters: A value for each ``?``.
            size: Rows that may be held at a time; fewer where a row is large.
        """

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> object:
        """Runs a statement once for each row of parameters."""

    def insert(self, table: type[SQLModel], rows: Iterable[Sequence[Any]], /) -> None:
        """Inserts rows whose values are in the order of the table's fields."""

    def insert_columns(self, table: type[SQLModel], same: Mapping[str, int], columns: Mapping[str, Sequence[Any]], /) -> None:
        """Inserts many rows.

        Args:
            table: The table.
            same: Values of the columns in which all rows agree.
            columns: The values of the others, one per row, all of the same length.
        """


class Database(ABC):
    """One database that holds a store, open."""

    location: Location

    @classmethod
    @abstractmethod
    def open(cls, location: Any, *, write: bool, wait_s: float = WAIT_S) -> Self:
        """Opens an existing store.

        Raises:
            StoreError: There is none, it is not a store, from a newer version, or not to be opened.
        """

    @classmethod
    @abstractmethod
    def make(cls, location: Any, begin: Callable[[Connection, LogKey], None]) -> None:
        """Makes a store with its log key where there is none: whole, or not at all. If another process comes first, its store stands.

        Args:
            location: Where the store shall lie.
            begin: Writes what every store starts with.

        Raises:
            StoreError: It cannot be made.
            SigningKeyError: Its log key cannot be read or written.
        """

    @classmethod
    @abstractmethod
    def exists(cls, location: Any) -> bool:
        """Tells whether a store lies there.

        Raises:
            StoreUnavailableError: That cannot be looked at.
        """

    @abstractmethod
    def key_path(self, public: bytes) -> Path:
        """Returns where the log key with this public half lies."""

    @abstractmethod
    def close(self) -> None:
        """Closes the database."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Connection]:
        """Opens a write transaction; everything in it is stored, or nothing is."""

    @abstractmethod
    def erasing(self) -> AbstractContextManager[Connection]:
        """Opens a write transaction after which the bytes that it deleted are gone from the database's files.

        Raises:
            StoreUnavailableError: All is done, but the bytes are still there.
        """

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """Holds one consistent state of the database for several reads."""

    @abstractmethod
    def query(self, statement: Any, parameters: Any = None) -> list[Any]:
        """Runs a SQLAlchemy statement and returns its rows."""

    @abstractmethod
    def chunks(self, statement: Any, size: int) -> Iterator[Sequence[Any]]:
        """Runs a SQLAlchemy statement through the driver, and yields its rows, ``size`` at a time."""

    @abstractmethod
    def checked_schema(self, connection: Connection) -> str:
        """Checks that the database defines what this version does, holds values of no other types, and is not damaged.

        Args:
            connection: Of `reading`.

        Returns:
            What was proven.

        Raises:
            TamperedError: It does not.
        """


def database_of(location: Location) -> type[Database]:
    """Returns the kind of database that a store lies in.

    Raises:
        StoreUnavailableError: Its driver is not installed.
    """
    if isinstance(location, Address):
        try:
            from .postgres.database import PostgresDatabase
        except ImportError as error:
            if (error.name or "").partition(".")[0] != "psycopg":
                raise
            hint = "pip install 'compliance-toolkit[postgres]'"
            raise StoreUnavailableError("the driver of PostgreSQL is not installed", hint=hint) from error
        return PostgresDatabase
    from .sqlite.database import SQLiteDatabase

    return SQLiteDatabase
