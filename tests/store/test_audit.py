"""Changing any stored column of any row, or removing or adding rows, is found, and the first bad entry is named."""

from __future__ import annotations

import base64
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlmodel import SQLModel

from compliance.location import Address, Location
from compliance.record import Finding, Payload
from compliance.sign.checks import Check
from compliance.source import Source
from compliance.store import Draft, EvidenceDraft, Store
from compliance.store.audit import audit
from compliance.store.walk import BLOCK
from compliance.verification.verify import verify_store
from tests.databases import KINDS, copied, execute, forge, fresh, rows

KEYS = {
    "schema_step": "step", "ledger": "entry", "node": "level", "checkpoint": "size", "sealed": "entry", "artifact": "size",
    "chunk": "number", "evidence": "entry", "finding": "number", "erased": "entry",
}  # fmt: skip
"""A column of each table."""


class Said(Payload):
    number: int


def draft(number: int, findings: int = 3) -> EvidenceDraft:
    subject = {"project": "p", "version": None, "commit": "c" * 40, "commit_basis": None, "dirty": None, "environment": None}
    body = {"kind": "scan", "format": "sarif", "parser": 1, "subject": subject, "assurance": "imported", "observed_at": None}
    return EvidenceDraft(
        body=body,
        private={"paths": {"name": f"{number}.sarif", "command": [], "facts": {}}, "people": {"host": "h"}},
        source=Source(f"{number}.sarif", f"artifact {number}".encode() * 400),
        payload=Said(number=number),
        findings=[
            Finding(
                rule=f"R{n}", severity="high", fingerprint=f"{n:032x}", path=f"{n}.py", line=n, message=f"m{n}",
                confidence="high", fixed_in="2", package="pkg", package_version="1", person="somebody",
            )
            for n in range(findings)
        ],
    )  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Log keys of stores in PostgreSQL lie there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPLIANCE_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module", params=KINDS)
def original(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Location:
    path = fresh(request.param, tmp_path_factory.mktemp("store"))
    with Store.create(path) as store:
        for number in range(4):
            store.record([draft(number)])
        store.record([draft(10), draft(11, 0)])
        store.append([Draft(type="assessment", body={"outcome": "no-go"}, private={"paths": {"message": "a.py"}})])
        (last,) = store.record([draft(20)])
        store.erase([last.number], {})
    return path


@pytest.fixture
def path(original: Location, tmp_path: Path) -> Location:
    return copied(original, tmp_path)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Location:
    path = fresh("postgres", tmp_path_factory.mktemp("store"))
    Store.create(path).close()
    return path


def refuted(path: Location) -> list[Check]:
    return [check for check in verify_store(path) if check.status == "refuted"]


def columns() -> Iterator[tuple[str, str]]:
    connection = sqlite3.connect(":memory:")
    from compliance.store.sqlite import schema

    schema.create(connection)
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
        for column in connection.execute(f"PRAGMA table_info({table})").fetchall():
            yield table, column[1]


def test_an_honest_store_verifies(path: Location) -> None:
    checks = list(verify_store(path))
    assert [check.name for check in checks if check.status != "proven"] == ["purged"]
    assert {check.name for check in checks} >= {"ledger", "tree", "checkpoints", "evidence", "findings", "artifacts"}


def key_columns(table: str) -> list[str]:
    (model,) = (one for one in SQLModel.metadata.tables.values() if one.name == table)
    return [f'"{column.name}"' for column in model.primary_key]


def condition(names: list[str], values: tuple[object, ...]) -> str:
    return " AND ".join(f"{name} = {literal(value)}" for name, value in zip(names, values, strict=True))


@pytest.mark.parametrize(("table", "column"), list(columns()))
def test_any_changed_column_is_found(original: Location, tmp_path: Path, table: str, column: str) -> None:
    names = key_columns(table)
    found = sorted(rows(original, f'SELECT "{column}", {", ".join(names)} FROM {table}'), key=repr)
    value, *key = random.Random(f"{table}.{column}").choice(found)
    where = condition(names, tuple(key))
    for number, changed in enumerate(alterations(value)):
        if isinstance(original, Address) and type(changed) is not type(value) and value is not None:
            continue  # PostgreSQL holds values to the types of their columns
        target = copied(original, tmp_path, str(number))
        forge(target, f'UPDATE {table} SET "{column}" = {literal(changed)} WHERE {where}')
        assert refuted(target), f"{table}.{column}: {value!r} -> {changed!r} at {where}"


def literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def alterations(value: object) -> list[object]:
    """Other values that the column could hold without breaking a constraint."""
    if isinstance(value, int):
        return [value + 1000]
    if isinstance(value, bytes):
        flipped = bytearray(value)
        flipped[len(value) // 2] ^= 1
        return [bytes(flipped), value + b"\0", value[:-1]]
    if isinstance(value, str):
        return [value + "x", value.swapcase() + " ", value.encode()]
    return ["something"]


@pytest.mark.parametrize("table", sorted({table for table, _ in columns()}))
@pytest.mark.parametrize("which", ["MIN", "MAX"])
def test_a_removed_row_is_found(path: Location, table: str, which: str) -> None:
    names = key_columns(table)
    order = ", ".join(name + (" DESC" if which == "MAX" else "") for name in names)
    (row,) = rows(path, f"SELECT {', '.join(names)} FROM {table} ORDER BY {order} LIMIT 1")
    where = condition(names, row)
    forge(path, f"DELETE FROM {table} WHERE {where}")
    assert refuted(path)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ledger SELECT entry + 1, type, leaf FROM ledger ORDER BY entry DESC LIMIT 1",
        "INSERT INTO node VALUES (9, 0, x'00')",
        "INSERT INTO node VALUES (-1, 0, x'00')",
        "INSERT INTO node VALUES (0, 99, x'00')",
        "INSERT INTO node VALUES (0.5, 0, x'00')",
        "UPDATE finding SET fingerprint = CAST(fingerprint AS BLOB)",
        "INSERT INTO checkpoint SELECT 1000, note FROM checkpoint LIMIT 1",
        "INSERT INTO sealed VALUES (0, 'paths', x'00', x'00')",
        "INSERT INTO artifact VALUES ('ab', 1, 'cd')",
        "INSERT INTO chunk SELECT sha256, 99, x'00' FROM artifact LIMIT 1",
        "INSERT INTO chunk VALUES ('zz', 0, x'00')",
        'INSERT INTO evidence SELECT 99, kind, "commit", artifact, payload FROM evidence LIMIT 1',
        "INSERT INTO finding (evidence, number, rule, severity, state, fingerprint) VALUES (1, 99, 'r', 'low', 'open', 'f')",
        "INSERT INTO finding (evidence, number, rule, severity, state, fingerprint) VALUES (99, 0, 'r', 'low', 'open', 'f')",
        "INSERT INTO schema_step VALUES (0, 'x', 'y')",
        "CREATE TABLE extra (x TEXT)",
        "DELETE FROM checkpoint",
        "DELETE FROM finding",
    ],
)
def test_added_rows_and_objects_are_found(path: Location, statement: str) -> None:
    forge(path, statement)
    assert refuted(path)


def test_a_blob_that_hashes_like_its_base64_text_is_found(path: Location) -> None:
    """msgspec writes bytes as base64 text: ``open`` and the three bytes that it decodes to would give the same leaf."""
    forge(path, f"UPDATE finding SET state = x'{base64.b64decode('open').hex()}'")
    assert [check.name for check in refuted(path)][:1] == ["schema"]


def test_a_dropped_trigger_is_found(path: Location) -> None:
    execute(path, "DROP TRIGGER append_only ON ledger" if isinstance(path, Address) else "DROP TRIGGER ledger_no_update")
    assert [check.name for check in refuted(path)] == ["schema"]


def test_swapped_entries_are_found_and_the_first_is_named(path: Location) -> None:
    forge(
        path,
        "UPDATE ledger SET entry = 1000 WHERE entry = 1",
        "UPDATE ledger SET entry = 1 WHERE entry = 2",
        "UPDATE ledger SET entry = 2 WHERE entry = 1000",
    )
    found = refuted(path)
    assert any("entry 1" in check.detail for check in found)


@pytest.fixture(scope="module", params=KINDS)
def long_original(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Location:
    """Entries of several blocks of the walk, in transactions of other sizes."""
    path = fresh(request.param, tmp_path_factory.mktemp("long"))
    with Store.create(path) as store:
        for first in range(0, 3 * BLOCK, 100):
            names = range(first, first + 100)
            store.append([Draft(type="collection", body={"number": n}, private={"paths": {"n": n}, "code": {"c": n}}) for n in names])
    return path


def test_a_ledger_of_several_blocks_verifies(long_original: Location) -> None:
    assert not [check for check in verify_store(long_original) if check.status != "proven"]


PLACES = [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 3 * BLOCK]


@pytest.mark.parametrize("number", PLACES)
@pytest.mark.parametrize(
    ("statement", "check", "said"),
    [
        ("UPDATE ledger SET leaf = CAST(replace(leaf, ',', ', ') AS BLOB) WHERE entry = ?", "ledger", "entry ?: its leaf is not canonical"),
        ("UPDATE ledger SET leaf = CAST(leaf AS TEXT) WHERE entry = ?", "ledger", "entry ?: its leaf is not bytes"),
        ("UPDATE ledger SET leaf = x'5b315d' WHERE entry = ?", "ledger", "entry ?: its leaf is not JSON"),
        ("UPDATE ledger SET leaf = x'7b7d' WHERE entry = ?", "ledger", "entry ?: type 'collection'"),
        ("DELETE FROM ledger WHERE entry = ?", "ledger", "entry ? is missing"),
        ("UPDATE node SET hash = zeroblob(32) WHERE level = 0 AND position = ?", "tree", "node 0/? does not fit"),
        ("UPDATE node SET hash = CAST(hash || x'00' AS BLOB) WHERE level = 0 AND position = ?", "tree", "node 0/? does not fit"),
        ("DELETE FROM node WHERE level = 0 AND position = ?", "tree", "node 0/? does not fit"),
        ("DELETE FROM sealed WHERE entry = ? AND class = 'code'", "private-values", "entry ?: private values of class code are missing"),
        ("UPDATE sealed SET value = x'7b7d' WHERE entry = ? AND class = 'code'", "private-values", "entry ?: private values of class code"),
        ("UPDATE sealed SET key = CAST(key || x'00' AS BLOB) WHERE entry = ?", "private-values", "entry ?: private values of class code"),
        ("UPDATE sealed SET key = 'text' WHERE entry = ?", "private-values", "entry ?: private values of class code"),
        ("UPDATE sealed SET key = CAST(x'ff' AS TEXT) WHERE entry = ?", "private-values", "entry ?: its private values cannot be read"),
        ("INSERT INTO sealed VALUES (?, 'people', zeroblob(32), x'7b7d')", "private-values", "values of entry ?, class people, that"),
    ],
)  # fmt: skip
def test_in_whatever_block_it_stands_the_first_bad_entry_is_named(
    long_original: Location, tmp_path: Path, number: int, statement: str, check: str, said: str
) -> None:
    path = copied(long_original, tmp_path)
    forge(path, statement.replace("?", str(number)))
    details = [one.detail for one in refuted(path) if one.name == check]
    assert len(details) == 1
    assert said.replace("?", str(number)) in details[0]


def test_private_values_behind_the_last_entry_and_before_the_first_are_found(long_original: Location, tmp_path: Path) -> None:
    for number in (-1, 4 * BLOCK):
        path = copied(long_original, tmp_path, str(number))
        forge(path, f"INSERT INTO sealed VALUES ({number}, 'paths', zeroblob(32), x'7b7d')")
        (found,) = refuted(path)
        assert f"private values of entry {number}, class paths, that the ledger does not know" in found.detail


@pytest.mark.parametrize("kind", KINDS)
def test_private_values_that_come_back_after_they_were_erased_are_found(kind: str, tmp_path: Path) -> None:
    path = fresh(kind, tmp_path)
    with Store.create(path) as store:
        (erased,) = store.record([draft(1)])
        values = rows(path, "SELECT * FROM sealed")
        store.erase([erased.number], {})
    forge(path, *(f"INSERT INTO sealed VALUES ({', '.join(map(literal, row))})" for row in values))
    assert [check.detail for check in refuted(path)] == ["private values of entry 1, class code, that the ledger does not know"]


@pytest.mark.parametrize(
    "statement",
    [
        *(f"UPDATE {table} SET {column} = {column}" for table, column in KEYS.items()),
        *(f"DELETE FROM {table}" for table in KEYS),
        "INSERT INTO ledger SELECT entry + 2, type, leaf FROM ledger ORDER BY entry DESC LIMIT 1",
        "INSERT INTO finding (evidence, number, rule, severity, state, fingerprint) VALUES (1, 99, 'r', 'low', 'open', 'f')",
        "INSERT INTO erased VALUES (1, 1, NULL)",
    ],
)
def test_the_triggers_refuse_what_our_own_code_could_do_wrong(path: Location, statement: str) -> None:
    with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError), match=r"append-only|follows the tombstones"):
        execute(path, statement)


def test_a_row_does_not_take_the_place_of_another(path: Location) -> None:
    into = "INSERT INTO {0} SELECT * FROM {0} WHERE true LIMIT 1"
    for table, key in KEYS.items():
        if table == "erased" and isinstance(path, Path):
            continue  # what it may hold follows from the tombstones
        replacing = f" ON CONFLICT ({', '.join(key_columns(table))}) DO UPDATE SET {key} = 0" if isinstance(path, Address) else ""
        statement = into.format(table) + replacing if replacing else into.format(table).replace("INSERT", "INSERT OR REPLACE")
        with pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError), match=r"append-only|follows"):
            execute(path, statement)


@pytest.mark.parametrize("table", KEYS)
def test_a_table_of_postgresql_cannot_be_truncated(postgres: Location, table: str) -> None:
    with pytest.raises(psycopg.IntegrityError, match="append-only"):
        execute(postgres, f"TRUNCATE {table}")


def test_random_bytes_of_the_file_never_pass_as_another_content(path: Location) -> None:
    """A flipped byte is refuted, or it lies where SQLite keeps nothing (free space): then all content is still the same."""
    if isinstance(path, Address):
        pytest.skip("PostgreSQL's files are the server's")
    data = path.read_bytes()
    chance = random.Random(20260131)
    baseline = dump(path)
    for number in range(60):
        flipped = bytearray(data)
        flipped[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        target = path.with_name(f"flip{number}.db")
        target.write_bytes(bytes(flipped))
        if not refuted(target):
            assert dump(target) == baseline
        target.unlink()


def dump(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def test_replay_without_the_format_is_not_proven(path: Location) -> None:
    with Store.open(path) as store:
        checks = [check for check in audit(store, {}) if check.name == "replay"]
    assert {check.status for check in checks} == {"not-proven", "proven"}
