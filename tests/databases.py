"""The two databases of a store, for tests that must hold in both: made, copied, and changed as their owner could."""

from __future__ import annotations

import itertools
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from compliance.location import Address, Location
from compliance.store.postgres.schema import STEPS, TABLES

from .postgres import OWNER, cluster

KINDS = ("sqlite", "postgres")
_NUMBERS = itertools.count()
_TYPED = re.compile(r"AS TEXT\)(?! AS BLOB)(?!, )|fingerprint AS BLOB|0\.5|SET state = x'|SET key = 'text'")
"""What only SQLite lets happen: a value of another type than its column's."""
_TO_POSTGRES = (
    (r"CAST\(replace\((?:CAST\((\w+) AS TEXT\)|(\w+)), (.*)\) AS BLOB\)", r"convert_to(replace(convert_from(\1\2, 'UTF8'), \3), 'UTF8')"),
    (r"CAST\((.*?) AS BLOB\)", r"CAST(\1 AS bytea)"),
    (r"x'([0-9a-f]*)'", r"'\\x\1'::bytea"),
    (r"zeroblob\((\d+)\)", r"decode(repeat('00', \1), 'hex')"),
    (r"1 << level", "1 << level::int4"),
)


def fresh(kind: str, folder: Path) -> Location:
    """Returns where a store can be made: a path below a folder, or a database of its own."""
    return folder / "evidence.db" if kind == "sqlite" else cluster().address(cluster().database())


def copied(original: Location, folder: Path, name: str = "evidence") -> Location:
    """Copies a store that nobody has open, with the log key that lies beside it."""
    if isinstance(original, Address):
        return _in_another_schema(original)
    settle(original)
    for suffix in (".db", ".key"):
        shutil.copy(original.with_suffix(suffix), folder / f"{name}{suffix}")
    return folder / f"{name}.db"


def _in_another_schema(original: Address) -> Address:
    """A copy of a whole database takes ten times as long."""
    schema = f"copy{next(_NUMBERS)}"
    with cluster().superuser(name_of(original)) as server:
        parts = [f"SET ROLE {OWNER}", f"CREATE SCHEMA {schema}", f"SET search_path = {schema}", *STEPS[0][1], "RESET ROLE"]
        parts += ["SET session_replication_role = replica"]
        parts += [f"INSERT INTO {name} SELECT * FROM {_schema_of(original)}.{name}" for name in TABLES]
        server.execute("; ".join(parts).encode())
    return cluster().address(name_of(original), options=f"-csearch_path={schema}")


def _server(address: Address) -> psycopg.Connection[Any]:
    connection = cluster().superuser(name_of(address))
    connection.execute(f"SET search_path = {_schema_of(address)}".encode())
    return connection


def _schema_of(address: Address) -> str:
    return parse_qs(urlsplit(address.url).query).get("options", ["-csearch_path=public"])[0].removeprefix("-csearch_path=")


def settle(path: Path) -> None:
    """Brings all that was written into the file itself."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def forge(location: Location, *statements: str) -> None:
    """Changes a store as its owner could: without our triggers, and without leaving traces in the schema.

    A statement that the types of PostgreSQL make impossible skips the test.
    """
    if isinstance(location, Address):
        for statement in statements:
            if _TYPED.search(statement):
                pytest.skip("PostgreSQL holds values to the types of their columns")
        with _server(location) as server:
            server.execute("SET session_replication_role = replica")
            for statement in statements:
                server.execute(translated(statement).encode())
        return
    with closing(sqlite3.connect(location)) as connection, connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in triggers:
            connection.execute(sql)


def execute(location: Location, *statements: str) -> None:
    """Runs statements as a program would that holds all rights, with the triggers at work."""
    if isinstance(location, Address):
        with _server(location) as server:
            for statement in statements:
                server.execute(translated(statement).encode())
        return
    with closing(sqlite3.connect(location)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def rows(location: Location, sql: str) -> list[Any]:
    """Returns the rows of a query."""
    if isinstance(location, Address):
        with _server(location) as server:
            return server.execute(translated(sql).encode()).fetchall()
    with closing(sqlite3.connect(location)) as connection:
        return connection.execute(sql).fetchall()


def translated(sql: str) -> str:
    """Returns what a statement for SQLite is in PostgreSQL."""
    for pattern, replacement in _TO_POSTGRES:
        sql = re.sub(pattern, replacement, sql)
    return sql


def word(location: Location) -> str:
    """Returns what a command is given for a store."""
    return location.url if isinstance(location, Address) else str(location)


def name_of(address: Address) -> str:
    """Returns the name of the database."""
    return urlsplit(address.url).path.removeprefix("/")
