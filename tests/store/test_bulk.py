"""Rows that are written several at a time are the rows that were given, in their order."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.store.sqlite.bulk import PARAMETERS, insert_rows

MOST = PARAMETERS // 2


def written(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (part INTEGER, number INTEGER, text TEXT, word TEXT, PRIMARY KEY (part, number))")
    insert_rows(connection, "t", {"part": 7}, dict(zip(("number", "text", "word"), zip(*rows, strict=True), strict=bool(rows))))
    found = connection.execute("SELECT * FROM t ORDER BY number").fetchall()
    assert all(row[0] == 7 for row in found)
    return [row[1:] for row in found]


@pytest.mark.parametrize("count", [0, 1, MOST - 1, MOST, MOST + 1, 3 * MOST, 3 * MOST + 5])
def test_all_rows_are_written_once(count: int) -> None:
    rows = [(number, str(number), None) for number in range(count)]
    assert written(rows) == rows


@given(st.lists(st.tuples(st.none() | st.text(max_size=2), st.none() | st.text(max_size=2)), max_size=12))
def test_values_that_are_not_there_are_null(values: list[tuple[Any, ...]]) -> None:
    rows = [(number, *value) for number, value in enumerate(values)]
    assert written(rows) == rows


def test_the_widest_row_takes_fewer_parameters_than_a_statement_has() -> None:
    from compliance.store.tables import FindingRow

    assert len(FindingRow.model_fields) < PARAMETERS
