"""Checks what a SQLite file defines, and the types of its values."""

from __future__ import annotations

from ...errors import TamperedError
from .. import steps
from ..database import Connection
from . import schema


def checked(connection: Connection) -> str:
    """Checks a file: see `..database.Database.checked_schema`."""
    expected, known = schema.expected_objects(), schema.expected_steps()
    steps.require_defined(schema.objects(connection), expected)
    steps.require_all(connection.execute(steps.QUERY), known)
    for table in sorted(name for kind, name, _ in expected if kind == "table"):
        _require_types(connection, table)
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != schema.APPLICATION_ID:
        raise TamperedError(f"application id {application:#x}; expected {schema.APPLICATION_ID:#x}")
    damage = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if damage != "ok":
        raise TamperedError(f"the database file is damaged: {damage}")
    return f"{len(known)} schema steps; tables, indexes and triggers as defined"


def _require_types(connection: Connection, table: str) -> None:
    """Refuses values of another type than their column's: SQLite would keep them, and a hash may not tell them apart."""
    wrong = []
    for _, column, declared, required, _, key in connection.execute(f"PRAGMA table_info({table})"):
        allowed = f"'{str(declared).lower()}'" + ("" if required or key else ", 'null'")
        wrong.append(f'typeof("{column}") NOT IN ({allowed})')
    found = connection.execute(f"SELECT count(*) FROM {table} WHERE {' OR '.join(wrong)}").fetchone()[0]  # noqa: S608 (our names)
    if found:
        raise TamperedError(f"{table}: {found} row(s) with a value of another type than its column")
