"""Licence expressions (SPDX 2.3, annex D), taken apart into the ways to comply with them."""

from __future__ import annotations

from itertools import product
from typing import Any, Final

from compliance.record import shorten

_ALTERNATIVES: Final = 16
_LICENCES: Final = 50
_LENGTH: Final = 2000
"""Characters of the longest expression that is taken apart."""
_DEPTH: Final = 50

Ways = tuple[tuple[str, ...], ...]


def alternatives(text: str) -> Ways:
    """Returns the sets of licences each of which complies with an expression; words that are no expression are one licence.

    Of an expression with more than 16 alternatives all licences together are returned: whoever accepts them all accepts the expression.
    """
    from boolean.boolean import ParseError  # type: ignore[import-untyped]
    from license_expression import ExpressionError, Licensing  # type: ignore[import-untyped]

    try:
        tree = Licensing().parse(text) if len(text) <= _LENGTH and text.count("(") <= _DEPTH else None
    except (ExpressionError, ParseError, RecursionError):
        tree = None
    if tree is None:
        return ((shorten(text, 300),),)
    ways = _ways(tree)
    return tuple(ways) if ways is not None else (_distinct(shorten(str(one), 300) for one in tree.symbols)[:_LICENCES],)


def _ways(tree: Any) -> list[tuple[str, ...]] | None:
    """Multiplies an expression out; None when it has too many alternatives."""
    operator = getattr(tree, "operator", None)
    if operator is None:
        return [(shorten(str(tree), 300),)]
    parts = [_ways(part) for part in tree.args]
    found: list[tuple[str, ...]] = []
    for many in ([part] for part in parts) if operator.strip() == "OR" else [parts]:
        known = [part for part in many if part is not None]
        size = 1
        for part in known:
            size *= len(part)
        if len(known) < len(many) or len(found) + size > _ALTERNATIVES:
            return None
        found += [_distinct(name for one in chosen for name in one) for chosen in product(*known)]
    return list(dict.fromkeys(found))


def _distinct(names: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
