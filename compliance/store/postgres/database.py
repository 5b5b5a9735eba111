"""A store in a PostgreSQL database: opening, making, transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import create_engine
from sqlalchemy.dialects.postgresql import psycopg as dialect
from sqlalchemy.pool import StaticPool

from ... import home
from ...errors import ComplianceError, SigningKeyError, StoreError, StoreUnavailableError
from ...location import Address
from .. import database
from ..database import WAIT_S, Database
from ..note import KEY_ENVIRONMENT, LogKey
from . import schema
from .connecting import connect
from .connection import Connection
from .errors import translated
from .vacuum import rewrite

_LOCK: Final = 0x434D504C
"""``CMPL``: the first half of the lock that writers of a store hold; the second half is its schema."""


class PostgresDatabase(Database):
    """One schema of a PostgreSQL database."""

    location: Address

    def __init__(self, address: Address, driver: psycopg.Connection[Any], *, writable: bool, wait_s: float) -> None:
        self.location = address
        self.writable = writable
        self.wait_s = wait_s
        self._driver = driver
        self._connection = Connection(address, driver)
        # A connection of its own, opened when it is needed: what it reads is no part of the writer's transaction.
        self._engine = create_engine(
            "postgresql+psycopg://", creator=lambda: connect(address), poolclass=StaticPool, use_native_hstore=False
        )

    @classmethod
    def open(cls, location: Address, *, write: bool, wait_s: float = WAIT_S) -> Self:
        """Opens an existing store: see `Database.open`."""
        driver = connect(location)
        try:
            opened = cls(location, driver, writable=write, wait_s=wait_s)
            done = opened._applied()
            if done is None:
                raise StoreUnavailableError(f"{location}: no store", hint="run `compliance collect` or `compliance ingest` first")
            if write and done < len(schema.STEPS):
                with opened.transaction() as connection:
                    schema.upgrade(connection, opened._applied() or done)
            elif done < len(schema.STEPS):
                raise StoreError(f"{location}: written by an older version", hint="run any writing command once to upgrade it")
        except BaseException:
            driver.close()
            raise
        return opened

    @classmethod
    def make(cls, location: Address, begin: Callable[[database.Connection, LogKey], None]) -> None:
        """Makes a store where there is none: see `Database.make`. All of it is one transaction."""
        with closing(cls(location, connect(location), writable=True, wait_s=WAIT_S)) as made:
            if made._applied() is not None:
                return
            with made.transaction() as connection:
                if made._applied() is not None:  # another process came first, while this one waited for the lock
                    return
                with _named(location):
                    schema.require_empty(connection)
                key = LogKey.given() or LogKey.generate()
                schema.upgrade(connection, 0)
                begin(connection, key)
                if LogKey.given() is None:
                    # Before the store is there: a key without a store does no harm, a store without its key takes no entries.
                    _save(key)

    @classmethod
    def exists(cls, location: Address) -> bool:
        """Tells whether a store lies at an address: see `Database.exists`."""
        with closing(connect(location)) as driver, _named(location):
            return schema.applied(Connection(location, driver)) is not None

    def key_path(self, public: bytes) -> Path:
        """Returns where the log key with this public half lies: in the user's own folder."""
        return key_path(public)

    def close(self) -> None:
        """Closes the connections."""
        self._engine.dispose()
        self._driver.close()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Opens a write transaction, once no other writer holds the lock of this store."""
        if not self.writable:
            raise StoreError(f"{self.location}: opened for reading")
        wait = f"SET LOCAL lock_timeout = {int(self.wait_s * 1000)}"
        lock = f"SELECT pg_advisory_xact_lock({_LOCK}, current_schema()::regnamespace::oid::int4)"
        # Each statement sees what the writer before has left: under REPEATABLE READ the state would be that of before the waiting.
        with self._within("BEGIN ISOLATION LEVEL READ COMMITTED", wait, lock, end="COMMIT") as connection:
            yield connection

    @contextmanager
    def erasing(self) -> Iterator[Connection]:
        """Opens a write transaction after which the tables are written anew: see `Database.erasing`."""
        with self.transaction() as connection:
            yield connection
        with translated(self.location):
            rewrite(self.location, self._driver, self.wait_s)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Holds one consistent state of the database for several reads."""
        with self._within("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", end="ROLLBACK") as connection:
            yield connection

    @contextmanager
    def _within(self, *begin: str, end: str) -> Iterator[Connection]:
        if self._driver.info.transaction_status is TransactionStatus.INTRANS:
            raise RuntimeError("one transaction within another: its end would be that of both")
        try:
            with translated(self.location):
                self._driver.execute("; ".join(begin))
            yield self._connection
            self._connection.release()
            with translated(self.location):
                self._driver.execute(end)
        except BaseException:
            self._connection.release()
            with suppress(psycopg.Error):  # a lost connection has ended its transaction
                self._driver.execute("ROLLBACK")
            raise

    def query(self, statement: Any, parameters: Any = None) -> list[Any]:
        """Runs a SQLAlchemy statement and returns its rows."""
        with translated(self.location), self._engine.connect() as connection:
            return list(connection.execute(statement, parameters or {}))

    def chunks(self, statement: Any, size: int) -> Iterator[Sequence[Any]]:
        """Runs a SQLAlchemy statement whose rows stay on the server until they are asked for."""
        compiled = statement.compile(dialect=dialect.dialect())  # type: ignore[no-untyped-call]
        rows = self._connection.stream_named(str(compiled), compiled.params, size, hold=True)
        try:
            while chunk := rows.fetchmany(size):
                yield chunk
        finally:
            rows.close()

    def checked_schema(self, connection: database.Connection) -> str:
        """Checks that the schema is what this version defines: see `Database.checked_schema`."""
        return schema.checked(connection)

    def _applied(self) -> int | None:
        with _named(self.location):
            return schema.applied(self._connection)


def key_path(public: bytes) -> Path:
    """Returns where the log key of a store lies: named after its public half, since a server may be called by several names."""
    return home.folder() / "logs" / f"{public.hex()[:16]}.key"


def _save(key: LogKey) -> None:
    path = key_path(key.public)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SigningKeyError(f"{path.parent}: cannot be made ({error.strerror})", hint=f"give the log key in {KEY_ENVIRONMENT}") from error
    key.save(path)


@contextmanager
def _named(address: Address) -> Iterator[None]:
    """Says of which store an error about its schema speaks."""
    try:
        yield
    except ComplianceError as error:
        if not error.message.startswith(str(address)):
            raise type(error)(f"{address}: {error.message}", hint=error.hint) from error
        raise
