"""What a database says of its own schema, compared with what this version defines: the same comparison for each kind of database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from ..errors import StoreUnavailableError, TamperedError

QUERY: Final = "SELECT step, name, sha256 FROM schema_step ORDER BY step"
Step = tuple[int, str, str]
"""Number, name, and SHA-256 of its statements."""
Defined = tuple[str, str, str]
"""Type, name and definition."""


def applied(rows: Iterable[Sequence[Any]], expected: Sequence[Step]) -> int:
    """Returns how many steps a store has.

    Args:
        rows: Its rows of `QUERY`.
        expected: The steps that this version knows.

    Raises:
        TamperedError: They are not those of any version.
        StoreUnavailableError: It comes from a newer version.
    """
    found = [tuple(row) for row in rows]
    common = min(len(found), len(expected))
    if found[:common] != list(expected[:common]):
        raise TamperedError("the recorded schema steps are not those of any version")
    if len(found) > len(expected):
        raise StoreUnavailableError(
            f"from a newer version: it has schema step {len(found)}, this version knows {len(expected)}",
            hint="install a newer compliance-toolkit",
        )
    return len(found)


def require_defined(found: AbstractSet[Defined], expected: AbstractSet[Defined]) -> None:
    """Refuses a database that defines anything more, less or else.

    Raises:
        TamperedError: It does.
    """
    if found != expected:
        raise TamperedError(f"{min(found ^ expected)[1]} is not as this version defines it")


def require_all(rows: Iterable[Sequence[Any]], expected: Sequence[Step]) -> None:
    """Refuses a store whose steps are not exactly those of this version.

    Raises:
        TamperedError: They are others.
    """
    if [tuple(row) for row in rows] != list(expected):
        raise TamperedError("the recorded schema steps are not those of this version")
