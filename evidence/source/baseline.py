"""The baseline: unfinished work that may stay for a while, each entry with a reason and a last day.

A YAML file in the project, named by the option ``baseline``::

    - fingerprint: 3f1c0a5b7d9e8f60112233445566778a   # as `compliance show` lists it
      reason: waits for the new billing API
      expires: 2026-03-31                             # the last day (UTC) on which it counts
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from compliance.errors import InputError
from compliance.source import Source

_KEYS: Final = frozenset({"fingerprint", "reason", "expires"})


@dataclass(frozen=True)
class Allowed:
    """An entry of the baseline."""

    fingerprint: str
    reason: str
    expires: date


def read(path: Path) -> list[Allowed]:
    """Reads a baseline.

    Raises:
        InputError: The file cannot be read or is no baseline.
    """
    source = Source.from_path(path)
    try:
        entries = source.yaml
        if not isinstance(entries, list):
            raise InputError("no list", expected="a list of fingerprint, reason and expires")
        allowed = [_entry(item, number) for number, item in enumerate(entries, 1)]
    except InputError as error:
        raise InputError(error.found, expected=error.expected, where=error.where, source=str(path), hint=error.hint) from error
    if len({item.fingerprint for item in allowed}) < len(allowed):
        raise InputError("a fingerprint twice", expected="each fingerprint once", source=str(path))
    return allowed


def _entry(item: Any, number: int) -> Allowed:
    where = f"entry {number}"
    if not isinstance(item, dict) or item.keys() != _KEYS:
        raise InputError(
            f"keys {', '.join(map(str, item)) if isinstance(item, dict) else 'none'}", expected="fingerprint, reason, expires", where=where
        )
    fingerprint, reason, expires = (item[key] for key in ("fingerprint", "reason", "expires"))
    if not isinstance(fingerprint, str) or not re.fullmatch(r"[0-9a-f]{32}", fingerprint):
        raise InputError(
            f"fingerprint {str(fingerprint)[:40]!r}", expected="32 hexadecimal digits, quoted if they are all digits", where=where
        )
    if not isinstance(reason, str) or not reason.strip():
        raise InputError("no reason", expected="why this may stay", where=where)
    try:
        return Allowed(fingerprint, reason.strip(), date.fromisoformat(str(expires)))
    except ValueError as error:
        raise InputError(f"expires {str(expires)[:40]!r}", expected="a date such as 2026-03-31", where=where) from error
