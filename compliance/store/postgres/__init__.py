"""The store in a PostgreSQL database. Its driver is an extra: what imports this says so where it is missing."""

from __future__ import annotations

from ...errors import StoreUnavailableError

try:
    from .database import PostgresDatabase, exists
except ImportError as error:
    if error.name is not None and error.name.split(".")[0] not in ("psycopg", "psycopg_binary", "psycopg_c"):
        raise
    raise StoreUnavailableError("the driver of PostgreSQL is not installed", hint="pip install 'compliance-toolkit[postgres]'") from error

__all__ = ["PostgresDatabase", "exists"]
