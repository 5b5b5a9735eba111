"""A connection to PostgreSQL, as the store uses it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from itertools import count, repeat
from typing import Any, Final

import psycopg
from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import SQLModel

from ...location import Address
from .. import tables
from ..database import ROWS
from .errors import translated

_BULK: Final = (tables.FindingRow, tables.Chunk)
"""Tables whose rows are many or large: those go through COPY, without being held by the driver all at once."""


class Connection:
    """A connection, as `..database.Connection` describes it.

    Args:
        address: What errors call it.
        driver: The driver's connection.
    """

    def __init__(self, address: Address, driver: psycopg.Connection[Any]) -> None:
        self.driver = driver
        self._address = address
        self._names = count()
        self._open: list[psycopg.ServerCursor[Any]] = []

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> psycopg.Cursor[Any]:
        """Runs a statement."""
        with translated(self._address):
            return self.driver.cursor(binary=True).execute(driver_sql(sql), parameters or None)

    def stream(self, sql: str, parameters: Sequence[Any] = (), size: int = ROWS, /) -> Stream:
        """Runs a query whose rows stay on the server until they are asked for."""
        return self.stream_named(driver_sql(sql), parameters, size)

    def stream_named(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any], size: int, *, hold: bool = False) -> Stream:
        """Runs a query with the driver's own placeholders.

        Args:
            sql: The query.
            parameters: Their values.
            size: Rows that are fetched at a time.
            hold: Go on when the transaction ends; needed where there is none.
        """
        with translated(self._address):
            cursor = self.driver.cursor(f"rows_{next(self._names)}", withhold=hold)
            self._open = [*(one for one in self._open if not one.closed), cursor]
            return Stream(self._address, cursor.execute(sql, parameters or None, binary=True), size)

    def release(self) -> None:
        """Ends the queries whose rows nobody asks for any more."""
        with suppress(psycopg.Error):  # a lost connection has ended them
            for cursor in self._open:
                cursor.close()
        self._open = []

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> None:
        """Runs a statement once for each row of parameters."""
        with translated(self._address):
            self.driver.cursor().executemany(driver_sql(sql), parameters)

    def insert(self, table: type[SQLModel], rows: Iterable[Sequence[Any]], /) -> None:
        """Inserts rows whose values are in the order of the table's fields."""
        columns = tuple(_types(table))
        if table in _BULK:
            self._copy(table, columns, rows)
            return
        names = ", ".join(f'"{name}"' for name in columns)
        sql = f"INSERT INTO {table.__tablename__} ({names}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 (names of the tables)
        self.executemany(sql, rows)

    def insert_columns(self, table: type[SQLModel], same: Mapping[str, int], columns: Mapping[str, Sequence[Any]], /) -> None:
        """Inserts many rows: see `..database.Connection`."""
        held = {name: values for name, values in columns.items() if any(value is not None for value in values)}
        if held:
            self._copy(table, (*same, *held), zip(*map(repeat, same.values()), *held.values(), strict=False))

    def _copy(self, table: type[SQLModel], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        names = ", ".join(f'"{name}"' for name in columns)
        types = _types(table)
        sql = f"COPY {table.__tablename__} ({names}) FROM STDIN (FORMAT BINARY)"
        with translated(self._address), self.driver.cursor() as cursor, cursor.copy(sql) as copy:
            copy.set_types([types[name] for name in columns])
            for row in rows:
                copy.write_row(row)


class Stream:
    """Rows of a query, fetched as they are asked for."""

    def __init__(self, address: Address, cursor: psycopg.ServerCursor[Any], size: int) -> None:
        self._address = address
        self._cursor = cursor
        self._size = size

    def fetchone(self) -> Any:
        """Returns the next row, or None."""
        with translated(self._address):
            return self._cursor.fetchone()

    def fetchmany(self, size: int, /) -> list[Any]:
        """Returns the next rows; an empty list after the last one."""
        if self._cursor.closed:
            return []
        with translated(self._address):
            found = self._cursor.fetchmany(size)
            if len(found) < size:
                self._cursor.close()  # nothing is left of it on the server either
        return found

    def fetchall(self) -> list[Any]:
        """Returns all rows that are left."""
        return list(self)

    def close(self) -> None:
        """Ends the query."""
        with suppress(psycopg.Error):  # a lost connection has ended it
            self._cursor.close()

    def __iter__(self) -> Iterator[Any]:
        while found := self.fetchmany(self._size):
            yield from found


@cache
def driver_sql(sql: str) -> str:
    """Returns a statement with the driver's placeholders; no statement of ours holds a ``?`` or ``%`` of its own."""
    return sql.replace("?", "%s")


@cache
def _types(table: type[SQLModel]) -> dict[str, str]:
    """Returns PostgreSQL's types of a table by column, in the order of its fields."""
    columns = table.__table__.columns  # type: ignore[attr-defined]
    kinds = {BigInteger: "int8", LargeBinary: "bytea"}
    return {column.name: next((name for kind, name in kinds.items() if isinstance(column.type, kind)), "text") for column in columns}
