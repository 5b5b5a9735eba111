"""The schema of the store in PostgreSQL, as recorded steps. A step is never edited once it has been released; a change is a new step.

Each statement is written as the server's catalogs give it back, so that what a database defines can be compared with it.
"""

from __future__ import annotations

from typing import Final

from ...errors import StoreError, TamperedError
from ...record import sha256_hex
from .. import steps
from ..database import Connection
from . import catalogs

_TEXT: Final = 'text COLLATE "C"'
TABLES: Final = {
    "schema_step": ("step bigint NOT NULL", f"name {_TEXT} NOT NULL", f"sha256 {_TEXT} NOT NULL", "PRIMARY KEY (step)"),
    "ledger": ("entry bigint NOT NULL", f"type {_TEXT} NOT NULL", "leaf bytea NOT NULL", "PRIMARY KEY (entry)"),
    "node": ("level bigint NOT NULL", '"position" bigint NOT NULL', "hash bytea NOT NULL", 'PRIMARY KEY (level, "position")'),
    "checkpoint": ("size bigint NOT NULL", f"note {_TEXT} NOT NULL", "PRIMARY KEY (size)"),
    "sealed": (
        *("entry bigint NOT NULL", f"class {_TEXT} NOT NULL", "key bytea NOT NULL", "value bytea NOT NULL"),
        "PRIMARY KEY (entry, class)",
    ),
    "artifact": (f"sha256 {_TEXT} NOT NULL", "size bigint NOT NULL", f"stored {_TEXT} NOT NULL", "PRIMARY KEY (sha256)"),
    "chunk": (f"artifact {_TEXT} NOT NULL", "number bigint NOT NULL", "data bytea NOT NULL", "PRIMARY KEY (artifact, number)"),
    "evidence": (
        *("entry bigint NOT NULL", f"kind {_TEXT} NOT NULL", f"commit {_TEXT}", f"artifact {_TEXT} NOT NULL", "payload bytea NOT NULL"),
        "PRIMARY KEY (entry)",
    ),
    "finding": (
        *("evidence bigint NOT NULL", "number bigint NOT NULL"),
        *(f"{name} {_TEXT}" for name in ("confidence", "fixed_in", "package", "package_version")),
        *(f"{name} {_TEXT} NOT NULL" for name in ("rule", "severity", "state", "fingerprint")),
        *("line bigint", f"path {_TEXT}", f"message {_TEXT}", f"person {_TEXT}"),
        "PRIMARY KEY (evidence, number)",
    ),
    "erased": ("entry bigint NOT NULL", "tombstone bigint NOT NULL", f"artifact {_TEXT}", "PRIMARY KEY (entry)"),
}
_INDEXES: Final = (
    "CREATE INDEX ledger_type ON ledger USING btree (type) WHERE type <> 'evidence'::text",
    "CREATE INDEX evidence_commit ON evidence USING btree (commit, kind)",
    "CREATE INDEX evidence_artifact ON evidence USING btree (artifact)",
    "CREATE INDEX erased_artifact ON erased USING btree (artifact)",
)
_ERASABLE: Final = {"sealed": ("entry", "entry"), "finding": ("entry", "evidence")} | {
    "artifact": ("artifact", "sha256"),
    "chunk": ("artifact", "artifact"),
}
"""Which column of ``erased`` must name which one of a row before it can be deleted."""
_FUNCTIONS: Final = {
    "append_only": """
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
""",
    "next_entry": """
DECLARE expected bigint;
BEGIN
    EXECUTE format('SELECT COALESCE(max(entry) + 1, 0) FROM %I.ledger', TG_TABLE_SCHEMA) INTO expected;
    IF NEW.entry <> expected THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
""",
    "before_evidence": """
DECLARE closed boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.evidence WHERE entry IN (SELECT evidence FROM added))', TG_TABLE_SCHEMA) INTO closed;
    IF closed THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
""",
    "erased_only": """
DECLARE lost boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM gone WHERE %I NOT IN (SELECT %I FROM %I.erased WHERE %I IS NOT NULL))',
        TG_ARGV[1], TG_ARGV[0], TG_TABLE_SCHEMA, TG_ARGV[0]) INTO lost;
    IF lost THEN
        RAISE EXCEPTION '% is append-only: no tombstone names it', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
""",
    "after_tombstone": """
DECLARE named boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.ledger WHERE entry = $1 AND type = ''tombstone'')', TG_TABLE_SCHEMA)
        INTO named USING NEW.tombstone;
    IF NOT named THEN
        RAISE EXCEPTION 'erased follows the tombstones in the ledger' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
""",
}


def _triggers() -> list[str]:
    """Triggers against our own mistakes; a role that owns nothing and was granted INSERT and SELECT only cannot do more anyway."""
    statements = []
    for table in TABLES:
        events = "UPDATE OR TRUNCATE" if table in _ERASABLE else "DELETE OR UPDATE OR TRUNCATE"
        statements.append(f"CREATE TRIGGER append_only BEFORE {events} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION append_only()")
    for table, (named, own) in _ERASABLE.items():
        statements.append(
            f"CREATE TRIGGER erased_only AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone "
            f"FOR EACH STATEMENT EXECUTE FUNCTION erased_only('{named}', '{own}')"
        )
    return [
        *statements,
        "CREATE TRIGGER next_entry BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION next_entry()",
        # Findings are written before their evidence: once that is there, none can be added.
        "CREATE TRIGGER before_evidence AFTER INSERT ON finding REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION before_evidence()",
        "CREATE TRIGGER after_tombstone BEFORE INSERT ON erased FOR EACH ROW EXECUTE FUNCTION after_tombstone()",
    ]


def _version_1() -> tuple[str, ...]:
    tables = [f"CREATE TABLE {name} ({', '.join(parts)})" for name, parts in TABLES.items()]
    functions = [f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$" for name, body in _FUNCTIONS.items()]
    return (*tables, *_INDEXES, *functions, *_triggers())


STEPS: Final = (("tables and triggers of version 1", _version_1()),)


def upgrade(connection: Connection, done: int) -> None:
    """Applies the steps after ``done``, inside the caller's transaction."""
    for statement in (statement for _, statements in STEPS[done:] for statement in statements):
        connection.execute(statement)
    for row in expected_steps()[done:]:
        connection.execute("INSERT INTO schema_step VALUES (?, ?, ?)", row)


def expected_steps() -> list[tuple[int, str, str]]:
    """Returns the rows that ``schema_step`` must hold."""
    return [(number, name, sha256_hex(";\n".join(statements).encode())) for number, (name, statements) in enumerate(STEPS, 1)]


def expected_objects() -> frozenset[tuple[str, str, str]]:
    """Returns (type, name, definition) of everything that a whole store defines."""
    tables = {("table", name, ", ".join(parts)) for name, parts in TABLES.items()}
    functions = {("function", name, body) for name, body in _FUNCTIONS.items()}
    indexes = {("index", sql.split()[2], sql) for sql in _INDEXES}
    return frozenset(tables | functions | indexes | {("trigger", sql.split()[2], sql) for sql in _triggers()})


def applied(connection: Connection) -> int | None:
    """Returns how many steps the store has; None where there is no store.

    Raises:
        StoreError: It comes from a newer version, or its tables are those of another program.
        TamperedError: Its steps or its tables were changed.
    """
    found = {name: (kind, text) for kind, name, text in connection.execute(catalogs.RELATIONS)}
    if "schema_step" not in found:
        if not found.keys() & TABLES.keys():
            return None
        raise StoreError("not a store of compliance-toolkit", hint="give the store a database or a schema of its own")
    expected = {name: (kind, text) for kind, name, text in expected_objects() if kind == "table"}
    for name in found.keys() & expected.keys():
        # Before anything is read from it: the rows of a view may have no end.
        if found[name] != expected[name]:
            raise TamperedError(f"{name} is not the table that this version defines", hint="run `compliance verify` on an older copy of it")
    missing = expected.keys() - found.keys()
    if missing:
        raise TamperedError(f"table {min(missing)} is missing", hint="run `compliance verify` on an older copy of it")
    done = steps.applied(connection.execute(steps.QUERY).fetchall(), expected_steps())
    if not done:
        raise TamperedError("the recorded schema steps are not those of any version")
    return done


def require_empty(connection: Connection) -> None:
    """Refuses to make a store among the tables of other programs.

    Raises:
        StoreError: The schema holds something.
    """
    found = sorted(name for _, name, _ in connection.execute(catalogs.RELATIONS))
    if found:
        raise StoreError(
            f"no store, and its schema holds {found[0]}{f' and {len(found) - 1} more' if found[1:] else ''}",
            hint="give the store a database or a schema of its own",
        )


def checked(connection: Connection) -> str:
    """Checks what a database defines: see `..database.Database.checked_schema`. The server itself holds values to their types."""
    found = {(kind, name, text) for sql in (catalogs.RELATIONS, catalogs.OTHERS) for kind, name, text in connection.execute(sql)}
    known = expected_steps()
    steps.require_defined(found, expected_objects())
    steps.require_all(connection.execute(steps.QUERY).fetchall(), known)
    return f"{len(known)} schema steps; tables, indexes, functions and triggers as defined"
