"""What the server and its driver report, as errors that people can act on. No message holds a password: the address masks it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError

from ...errors import StoreError, StoreUnavailableError
from ...location import Address

_KEPT: Final = "everything recorded so far is kept"
_AGAIN: Final = f"run the command again when the server can be reached; {_KEPT}"
_ADMINISTRATOR: Final = "docs/store.md lists the rights that a role needs; the tables' owner can grant them"
_STATES: Final = {
    "55P03": ("locked by another process", "wait for the other process, or stop it"),
    "42501": (None, _ADMINISTRATOR),
    "53100": (None, f"free some space on the server; {_KEPT}"),
    "53": (None, f"the server lacks room or connections: tell its administrator; {_KEPT}"),
    "08": (None, _AGAIN),
    "57": (None, _AGAIN),
    "58": (None, f"the server's disk fails, or a limit of it is reached; {_KEPT}"),
    "25006": (None, "this server takes no writes: give the address of the primary"),
    "0A000": (None, "this server cannot do what the store needs: docs/store.md says which one can"),
    "XX": (None, "the database is damaged: restore a copy, and run `compliance verify` on it"),
}
"""By SQLSTATE, or the class that it begins with: what is said instead of the server's words, and what to do next."""
_DAMAGED: Final = ("XX",)
_CONNECTING: Final = {
    "password": "give the password in PGPASSWORD or ~/.pgpass",
    "authentication": "look at the user's name and at the server's pg_hba.conf",
    "database": "give the name of a database that exists, or have it made",
    "role": "give a user that the server knows",
    "resolve": "look at the server's name",
    "refused": "start the server, or look at its name and port",
    "No such file": "start the server, or look at its name and port",
    "certificate": "look at sslmode and sslrootcert",
    "service": "look at pg_service.conf",
}
"""Words of messages that come while connecting, which have no SQLSTATE. A server may speak another language: then `_REACH` is the hint."""
_REACH: Final = "look at the address, and whether the server can be reached from here"


@contextmanager
def translated(address: Address) -> Iterator[None]:
    """Turns the driver's errors into ours."""
    try:
        yield
    except psycopg.Error as error:
        raise translation(address, error) from error
    except DBAPIError as error:
        origin = error.orig
        raise translation(address, origin if isinstance(origin, psycopg.Error) else psycopg.Error(str(origin))) from error


def translation(address: Address, error: psycopg.Error) -> StoreError:
    """Returns what an error of the driver says, in one line, with what to do next."""
    text = " ".join((error.diag.message_primary or str(error)).split())
    state = error.sqlstate
    if state is None and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return StoreUnavailableError(f"{address}: {text or 'the connection was lost'}", hint=_AGAIN)
    code = next((code for code in _STATES if (state or "").startswith(code)), None)
    said, hint = (None, None) if code is None else _STATES[code]
    kind = StoreError if code is None or code in _DAMAGED else StoreUnavailableError
    return kind(f"{address}: {said or text}", hint=hint)


def refused(address: Address, error: psycopg.Error) -> StoreUnavailableError:
    """Returns why there is no connection, in one line, with what to do next."""
    text = " ".join(str(error).split()).removeprefix("connection failed: ").removeprefix("connection is bad: ")
    hint = next((hint for word, hint in _CONNECTING.items() if word in text), _REACH)
    return StoreUnavailableError(f"{address}: {text}", hint=hint)
