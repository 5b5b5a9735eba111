"""Conditions of both dialects over values that the file does not determine."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from evidence.pipeline import expressions, gitlab_conditions

Says = Callable[[str], bool | None]


def github(text: str) -> bool | None:
    return expressions.holds(text.replace("T", "true").replace("F", "false").replace("U", "github.unknown"), {})


def gitlab(text: str) -> bool | None:
    return gitlab_conditions.holds(text.replace("T", "$yes").replace("F", "$no").replace("U", "$unknown"), {"yes": "y", "no": None})


KNOWN = {"T": True, "F": False, "U": None}


@pytest.mark.parametrize("says", [github, gitlab])
def test_an_unknown_operand_decides_nothing_and_a_known_one_what_it_can(says: Says) -> None:
    for left, right in product("TFU", repeat=2):
        sides = (KNOWN[left], KNOWN[right])
        either = True if True in sides else None if None in sides else False
        both = False if False in sides else None if None in sides else True
        assert (says(f"{left} || {right}"), says(f"{left} && {right}")) == (either, both), (left, right)


@pytest.mark.parametrize("says", [github, gitlab])
@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("(U || 'x') == 'x'", None),
        ("'x' == (U || 'x')", None),
        ("(U && F) == 'x'", None),
        ("(T && 'x') == 'x'", True),
        ("(F || 'x') == 'y'", False),
        ("(U || 'x')", True),
        ("((U || 'x') && T) == 'x'", None),
        ("(U || 'x') && 'y' == 'y'", True),
    ],
)
def test_where_one_of_two_decides_their_value_is_not_known(says: Says, text: str, holds: bool | None) -> None:
    assert says(text) is holds


@pytest.mark.parametrize("says", [github, gitlab])
@pytest.mark.parametrize("text", ["(T", "T)", "T ||", "|| T", "()", "(" * 60 + "T" + ")" * 60])
def test_what_is_no_condition_cannot_be_told(says: Says, text: str) -> None:
    assert says(text) is None
