"""Connects to the server. What an address may say besides, such as ``sslmode``, ``service`` or ``options``, is libpq's business."""

from __future__ import annotations

import os
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from ...errors import StoreUnavailableError, UsageError
from ...location import Address
from . import text
from .errors import refused, translated

CONNECT_S: Final = 10
"""Seconds to wait for the server, where neither the address nor the environment says how long."""
OLDEST: Final = 13
"""Oldest version of the server whose catalogs are known to be read right."""
_SET: Final = """
SELECT current_setting('server_encoding'), current_setting('server_version_num')::int8 / 10000, current_schema()::text,
    set_config('search_path', quote_ident(current_schema()) || ', pg_temp', false),
    set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') = 'off' THEN 'on'
        ELSE current_setting('synchronous_commit') END, false),
    set_config('row_security', 'off', false), set_config('quote_all_identifiers', 'off', false)
"""
"""The first schema of the search path is the store's, and no other is looked at. What is acknowledged is on disk. Rows that a policy
hides are an error, not an empty answer."""


def connect(address: Address) -> psycopg.Connection[Any]:
    """Opens a connection whose statements stand for themselves, unless a transaction is begun.

    Raises:
        StoreUnavailableError: The server cannot be reached, lets nobody in, or cannot hold a store.
        UsageError: The address holds an option that libpq does not know.
    """
    try:
        known = conninfo_to_dict(address.url)
    except psycopg.ProgrammingError as error:
        raise UsageError(f"{address}: {' '.join(str(error).split())}", hint="docs/store.md shows what an address looks like") from error
    options: dict[str, Any] = (
        {} if known.keys() & {"connect_timeout", "service"} or "PGCONNECT_TIMEOUT" in os.environ else {"connect_timeout": CONNECT_S}
    )
    try:
        connection: psycopg.Connection[Any] = psycopg.connect(
            address.url, autocommit=True, client_encoding="utf8", fallback_application_name="compliance-toolkit", **options
        )
    except psycopg.Error as error:
        raise refused(address, error) from error
    try:
        with translated(address):
            _prepare(address, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(address: Address, connection: psycopg.Connection[Any]) -> None:
    row = connection.execute(_SET).fetchone()
    encoding, version, schema, *_ = row or ("", 0, None)
    if version < OLDEST:
        raise StoreUnavailableError(f"{address}: PostgreSQL {version}; expected {OLDEST} or newer", hint="give a newer server")
    if encoding != "UTF8":
        raise StoreUnavailableError(
            f"{address}: a database in encoding {encoding}; expected UTF8", hint="have one made: CREATE DATABASE … ENCODING 'UTF8'"
        )
    if schema is None:
        raise StoreUnavailableError(
            f"{address}: none of the schemas in its search path is there for this user",
            hint="have the schema made and USAGE on it granted, or name another one: ?options=-csearch_path%3DNAME",
        )
    text.adapt(connection)
