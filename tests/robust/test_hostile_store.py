"""Stores that are made to hold the reader up: each is refused at once, whatever would be read from it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import zstandard

from compliance.errors import TamperedError
from compliance.store import artifacts
from tests.cli.run import compliance

from .stores import READING, execute, prepared, refuted, said, store

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
VIEWS = {
    "schema_step": "x AS step, 'a' AS name, 'b' AS sha256",
    "ledger": "x AS entry, 'evidence' AS type, x'00' AS leaf",
    "node": "0 AS level, x AS position, zeroblob(32) AS hash",
    "checkpoint": "x AS size, 'n' AS note",
    "sealed": "x AS entry, 'paths' AS class, zeroblob(32) AS key, x'00' AS value",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return prepared(tmp_path)


@pytest.mark.parametrize("table", VIEWS)
def test_a_view_without_end_in_the_place_of_a_table_is_refused_unread(root: Path, table: str) -> None:
    execute(store(root), f"ALTER TABLE {table} RENAME TO before", f"CREATE VIEW {table} AS {ENDLESS} SELECT {VIEWS[table]} FROM n")
    assert len(refuted(store(root))) == 1
    for words in READING:
        ran = compliance(*words, cwd=root, timeout=60)
        assert ran.code == 4, ran.out + ran.err
        assert f"{table} is not the table that this version defines" in " ".join((ran.out + ran.err).split())


def test_a_column_that_is_computed_when_it_is_read_is_refused_unread(root: Path) -> None:
    computed = "replace(sql, 'leaf BLOB NOT NULL', 'leaf BLOB AS (zeroblob(900000000)) VIRTUAL')"
    execute(store(root), "PRAGMA writable_schema = ON", f"UPDATE sqlite_master SET sql = {computed} WHERE name = 'ledger'")
    ran = compliance("verify", cwd=root)
    assert (ran.code, ran.err) == (4, "")
    assert "ledger is not the table that this version defines" in " ".join(ran.out.split())


def test_what_a_piece_of_an_artifact_unpacks_to_is_never_held_at_once() -> None:
    content = bytes(64 << 20)
    packed = zstandard.ZstdCompressor(level=19).compress(content)
    assert len(packed) < 10_000
    pieces = artifacts.unpack(hashlib.sha256(content).hexdigest(), len(content), [packed])
    assert max(len(piece) for piece in pieces) == artifacts.PIECE
    with pytest.raises(TamperedError, match="not those that were recorded"):
        assert sum(len(piece) for piece in artifacts.unpack("0" * 64, 1000, [packed])) == 0


def test_a_journal_that_another_program_left_beside_a_store_is_never_passed_over(root: Path) -> None:
    """SQLite would bring its pages back before the next thing is written, so that another store is written than was verified."""
    execute(store(root), "PRAGMA journal_mode = DELETE")
    size = store(root).stat().st_size // 4096
    parts = (bytes.fromhex("d9d505f920a163d7"), *(number.to_bytes(4, "big") for number in (1, 0, size, 512, 4096)))
    page = (5).to_bytes(4, "big") + bytes(4096) + bytes(4)
    store(root).with_name("evidence.db-journal").write_bytes(b"".join(parts).ljust(512, b"\0") + page)
    for words in READING:
        said(compliance(*words, cwd=root), 2, "evidence.db-journal, which another program left beside it")
