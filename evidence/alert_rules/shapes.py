"""Shapes of what stands in a rule file, checked as Go's YAML reader does."""

from __future__ import annotations

import difflib
from typing import Any

from compliance.errors import InputError
from compliance.reading.yamltext import LINE


def where_of(line: int | None) -> str | None:
    """Names a line; None when it is not known."""
    return f"line {line}" if line else None


def mapping_of(value: Any, what: str, line: int | None) -> dict[str, Any]:
    """Returns a mapping; anything else is refused."""
    if not isinstance(value, dict):
        raise InputError(f"{what} is no mapping", expected="a mapping", where=where_of(line))
    return value


def list_of(value: Any, what: str, line: int | None) -> list[Any]:
    """Returns a list; null is an empty one, as for Go."""
    if value is not None and not isinstance(value, list):
        raise InputError(f"{what} is no list", expected="a list", where=where_of(line))
    return value or []


def known_keys(value: dict[str, Any], keys: tuple[str, ...], what: str) -> None:
    """Refuses a key that is not known, with the nearest that is."""
    for key in value:
        if key not in keys and key != LINE:
            near = difflib.get_close_matches(str(key), keys, n=1)
            expected = repr(near[0]) if near else f"one of {', '.join(keys)}"
            raise InputError(f"unknown key {str(key)[:60]!r} in {what}", expected=expected, where=where_of(value.get(LINE)))
