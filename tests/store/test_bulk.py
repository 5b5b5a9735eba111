"""Rows that are written several at a time are the rows that were given, in their order."""

from __future__ import annotations

import sqlite3

import pytest

from compliance.store.bulk import ROWS, insert_rows


@pytest.mark.parametrize("count", [0, 1, ROWS - 1, ROWS, ROWS + 1, 3 * ROWS, 3 * ROWS + 5])
def test_all_rows_are_written_once(count: int) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (number INTEGER PRIMARY KEY, text TEXT)")
    insert_rows(connection, "INSERT INTO t (number, text) VALUES (?, ?)", ((n, str(n)) for n in range(count)))
    assert connection.execute("SELECT number, text FROM t ORDER BY number").fetchall() == [(n, str(n)) for n in range(count)]


def test_the_widest_table_stays_within_the_parameters_of_every_sqlite() -> None:
    from compliance.store.tables import FindingRow

    assert ROWS * len(FindingRow.model_fields) <= 999
