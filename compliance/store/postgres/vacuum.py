"""Writes tables anew after rows were erased, so that the server's files hold their bytes no longer."""

from __future__ import annotations

import re
from typing import Any, Final

import psycopg
from psycopg.errors import Diagnostic

from ...errors import StoreUnavailableError
from ...location import Address

_TABLES: Final = ("sealed", "finding", "chunk", "artifact")


def rewrite(address: Address, driver: psycopg.Connection[Any]) -> None:
    """Writes the tables anew from which rows are erased.

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
            driver.execute(f"VACUUM (FULL, VERBOSE) {table}")
            # "DETAIL: 3 dead row versions cannot be removed yet." The number comes first in any language.
            kept = [int(found[0]) for detail in details if (found := re.search(r"\d+", detail))]
            if any(kept):
                raise StoreUnavailableError(
                    f"{address}: another session reads the store, so that erased bytes are still in the files of table {table}",
                    hint="end that session, and run `compliance purge` again",
                )
    finally:
        driver.remove_notice_handler(listen)


def _is_owner(driver: psycopg.Connection[Any], table: str) -> bool:
    asked = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = %s::regclass"
    row = driver.execute(asked, (table,)).fetchone()
    return bool(row and row[0])
