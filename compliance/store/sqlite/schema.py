"""The schema of the store in SQLite, as recorded steps. A step is never edited once it has been released; a change is a new step.

`..tables` describes the same tables for queries; a test holds the two together.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import Final

from ...errors import StoreError, TamperedError
from ...record import sha256_hex
from .. import steps
from ..database import Connection

APPLICATION_ID: Final = 0x434D504C
"""``CMPL`` in the file's header."""

_TABLES: Final = """
CREATE TABLE schema_step (
    step INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL
);
CREATE TABLE ledger (entry INTEGER NOT NULL PRIMARY KEY, type TEXT NOT NULL, leaf BLOB NOT NULL);
CREATE TABLE node (
    level INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (level, position)
) WITHOUT ROWID;
CREATE TABLE checkpoint (size INTEGER NOT NULL PRIMARY KEY, note TEXT NOT NULL);
CREATE TABLE sealed (
    entry INTEGER NOT NULL, class TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (entry, class)
) WITHOUT ROWID;
CREATE TABLE artifact (sha256 TEXT NOT NULL PRIMARY KEY, size INTEGER NOT NULL, stored TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE chunk (
    artifact TEXT NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (artifact, number)
);
CREATE TABLE evidence (
    entry INTEGER NOT NULL PRIMARY KEY, kind TEXT NOT NULL, "commit" TEXT, artifact TEXT NOT NULL, payload BLOB NOT NULL
);
CREATE TABLE finding (
    evidence INTEGER NOT NULL, number INTEGER NOT NULL,
    confidence TEXT, fixed_in TEXT, package TEXT, package_version TEXT,
    rule TEXT NOT NULL, severity TEXT NOT NULL, state TEXT NOT NULL,
    fingerprint TEXT NOT NULL, line INTEGER, path TEXT, message TEXT, person TEXT,
    PRIMARY KEY (evidence, number)
) WITHOUT ROWID;
CREATE INDEX ledger_type ON ledger (type) WHERE type <> 'evidence';
CREATE INDEX evidence_commit ON evidence ("commit", kind);
CREATE INDEX evidence_artifact ON evidence (artifact);
"""
_KEYS: Final = {
    "schema_step": ("step",),
    "ledger": ("entry",),
    "node": ("level", "position"),
    "checkpoint": ("size",),
    "sealed": ("entry", "class"),
    "artifact": ("sha256",),
    "chunk": ("artifact", "number"),
    "evidence": ("entry",),
    "finding": ("evidence", "number"),
}


def _append_only() -> str:
    """Triggers against our own mistakes; ``INSERT OR REPLACE`` would walk through those on UPDATE and DELETE alone."""
    statements = []
    for table, key in _KEYS.items():
        statements += [
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;"
            for event in ("UPDATE", "DELETE")
        ]
        same = " AND ".join(f"{column} = NEW.{column}" for column in key)
        time, condition = "BEFORE", f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 (names from the table above)
        if table == "ledger":
            condition = "NEW.entry <> (SELECT COALESCE(MAX(entry) + 1, 0) FROM ledger)"
        if table == "finding":
            # Findings are written before their evidence: once that is there, none can be replaced or added. In half of the time.
            time, condition = "AFTER", "EXISTS (SELECT 1 FROM evidence WHERE entry = NEW.evidence)"
        statements.append(
            f"CREATE TRIGGER {table}_no_replace {time} INSERT ON {table} WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;"
        )
    return "\n".join(statements)


_ERASABLE: Final = {"sealed": "entry = OLD.entry", "finding": "entry = OLD.evidence"} | {
    "artifact": "artifact = OLD.sha256",
    "chunk": "artifact = OLD.artifact",
}
"""What `erased` must name before a row can be deleted."""


def _erasing() -> str:
    """What may no longer be kept can be deleted once a tombstone in the ledger names it."""
    statements = [
        "CREATE TABLE erased (entry INTEGER NOT NULL PRIMARY KEY, tombstone INTEGER NOT NULL, artifact TEXT);",
        "CREATE INDEX erased_artifact ON erased (artifact);",
    ]
    for table, named in _ERASABLE.items():
        statements += [
            f"DROP TRIGGER {table}_no_delete;",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} WHEN NOT EXISTS (SELECT 1 FROM erased WHERE {named}) "  # noqa: S608
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: no tombstone names it'); END;",
        ]
    for event, condition in (
        ("UPDATE", ""),
        ("DELETE", ""),
        ("INSERT", "WHEN NOT EXISTS (SELECT 1 FROM ledger WHERE entry = NEW.tombstone AND type = 'tombstone') "),
    ):
        statements.append(
            f"CREATE TRIGGER erased_no_{event.lower()} BEFORE {event} ON erased {condition}"
            "BEGIN SELECT RAISE(ABORT, 'erased follows the tombstones in the ledger'); END;"
        )
    return "\n".join(statements)


STEPS: Final = (("tables of version 1", _TABLES), ("append-only triggers", _append_only()), ("erasing under a tombstone", _erasing()))


def create(connection: sqlite3.Connection) -> None:
    """Applies all steps to an empty database, inside the caller's transaction."""
    upgrade(connection, 0)


def upgrade(connection: sqlite3.Connection, done: int) -> None:
    """Applies the steps after ``done``, inside the caller's transaction."""
    for number, (name, sql) in enumerate(STEPS[done:], done + 1):
        for statement in _statements(sql):
            connection.execute(statement)
        connection.execute("INSERT INTO schema_step VALUES (?, ?, ?)", (number, name, sha256_hex(sql.encode())))


def applied(connection: sqlite3.Connection) -> int:
    """Returns how many steps the database has.

    Raises:
        StoreError: It comes from a newer version, or is not a store.
        TamperedError: Its steps or its tables were changed.
    """
    _require_tables(connection, "schema_step")
    try:
        rows = connection.execute(steps.QUERY).fetchall()
    except sqlite3.OperationalError as error:
        if "no such" not in str(error):
            raise
        raise StoreError("not a store of compliance-toolkit", hint="give the path of an evidence.db with --store") from error
    done = steps.applied(rows, expected_steps())
    _require_tables(connection)
    return done


def _require_tables(connection: sqlite3.Connection, *names: str) -> None:
    """Refuses what only looks like a table, before anything is read from it: the rows of a view, or a computed column, may have no end."""
    tables = {name: sql for kind, name, sql in expected_objects() if kind == "table" and (not names or name in names)}
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'view')"):
        if (kind, sql) != ("table", tables.get(name, sql)):
            raise TamperedError(f"{name} is not the table that this version defines", hint="run `compliance verify` on an older copy of it")


@cache
def expected_objects() -> frozenset[tuple[str, str, str]]:
    """Returns (type, name, SQL) of everything that a whole database defines."""
    connection = sqlite3.connect(":memory:")
    try:
        create(connection)
        return frozenset(objects(connection))
    finally:
        connection.close()


def objects(connection: Connection | sqlite3.Connection) -> set[tuple[str, str, str]]:
    """Returns (type, name, SQL) of everything that a database defines."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {(kind, name, sql) for kind, name, sql in rows}


def expected_steps() -> list[tuple[int, str, str]]:
    """Returns the rows that ``schema_step`` must hold."""
    return [(number, name, sha256_hex(sql.encode())) for number, (name, sql) in enumerate(STEPS, 1)]


def _statements(sql: str) -> list[str]:
    statements, text = [], ""
    for line in sql.strip().splitlines():
        text += line + "\n"
        if sqlite3.complete_statement(text):
            statements.append(text.strip())
            text = ""
    return statements
