"""Writes tables anew after rows were erased, so that the server's files hold their bytes no longer."""

from __future__ import annotations

import re
from typing import Any, Final

import psycopg
from psycopg.errors import Diagnostic, LockNotAvailable

from ...errors import StoreUnavailableError
from ...location import Address

_TABLES: Final = ("sealed", "finding", "chunk", "artifact")


def rewrite(address: Address, driver: psycopg.Connection[Any], wait_s: float) -> None:
    """Writes the tables anew from which rows are erased.

    Args:
        address: What errors call the store.
        driver: Outside of any transaction.
        wait_s: Seconds to wait for sessions that read a table.

    Raises:
        StoreUnavailableError: All is erased from the tables, but old rows are still in their files.
    """
    details: list[str] = []

    def listen(notice: Diagnostic) -> None:
        details.append(notice.message_detail or "")  # at once: the driver frees the notice

    driver.add_notice_handler(listen)
    try:
        for table in _TABLES:
            if not _is_owner(driver, table):
                raise StoreUnavailableError(
                    f"{address}: all is erased, but its bytes are still in the files of table {table}, which only its owner may write anew",
                    hint=f"have its owner run VACUUM FULL {', '.join(_TABLES)}",
                )
            details.clear()
            if not _vacuumed(driver, table, wait_s):
                raise _still_read(address, table)
            # "DETAIL: 3 dead row versions cannot be removed yet." The number comes first in any language.
            kept = [int(found[0]) for detail in details if (found := re.search(r"\d+", detail))]
            if any(kept):
                raise _still_read(address, table)
    finally:
        driver.remove_notice_handler(listen)


def _vacuumed(driver: psycopg.Connection[Any], table: str, wait_s: float) -> bool:
    """Writes a table anew, unless a session holds it for longer than that."""
    driver.execute(f"SET lock_timeout = {int(wait_s * 1000)}")
    try:
        driver.execute(f"VACUUM (FULL, VERBOSE) {table}")
    except LockNotAvailable:
        return False
    finally:
        driver.execute("RESET lock_timeout")
    return True


def _still_read(address: Address, table: str) -> StoreUnavailableError:
    return StoreUnavailableError(
        f"{address}: another session reads the store, so that erased bytes are still in the files of table {table}",
        hint="end that session, and run `compliance purge` again",
    )


def _is_owner(driver: psycopg.Connection[Any], table: str) -> bool:
    asked = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = %s::regclass"
    row = driver.execute(asked, (table,)).fetchone()
    return bool(row and row[0])
