"""A connection to a SQLite file, and how it is opened."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy.dialects import sqlite as dialect
from sqlmodel import SQLModel, insert

from ...errors import StoreUnavailableError
from ..database import ROWS
from .bulk import insert_rows


class Connection(sqlite3.Connection):
    """The driver's connection, with what `..database.Connection` asks for besides."""

    def stream(self, sql: str, parameters: Sequence[Any] = (), size: int = ROWS, /) -> sqlite3.Cursor:  # noqa: ARG002 (it reads one by one)
        """Runs a query; the driver reads its rows as they are asked for."""
        return self.execute(sql, parameters)

    def insert(self, table: type[SQLModel], rows: Iterable[Sequence[Any]], /) -> None:
        """Inserts rows whose values are in the order of the table's fields."""
        self.executemany(insert_sql(table), rows)

    def insert_columns(self, table: type[SQLModel], same: Mapping[str, int], columns: Mapping[str, Sequence[Any]], /) -> None:
        """Inserts many rows: see `insert_rows`."""
        insert_rows(self, str(table.__tablename__), same, columns)


@cache
def insert_sql(table: type[SQLModel]) -> str:
    """Returns the driver's INSERT for a table, with one ``?`` per column in the order of the model's fields."""
    statement = insert(table.__table__)  # type: ignore[attr-defined]
    return str(statement.compile(dialect=dialect.dialect(paramstyle="qmark")))


def connect(path: Path, mode: str, wait_s: float) -> Connection:
    """Opens a file.

    Args:
        path: The file.
        mode: ``ro``, ``rw``, or ``rwc`` to make it.
        wait_s: Seconds to wait for another writer.
    """
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


def _try(location: str, wait_s: float) -> Connection | None:
    connection = sqlite3.connect(location, uri=True, timeout=wait_s, isolation_level=None, check_same_thread=False, factory=Connection)
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
