"""Licence expressions and the ways to comply with them."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

expressions: Any = importlib.import_module("compliance.evidence.sbom.expressions")
alternatives, ALTERNATIVES = expressions.alternatives, expressions.ALTERNATIVES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MIT", (("MIT",),)),
        (" MIT ", (("MIT",),)),
        ("MIT OR Apache-2.0", (("MIT",), ("Apache-2.0",))),
        ("MIT or Apache-2.0", (("MIT",), ("Apache-2.0",))),
        ("MIT AND ISC", (("MIT", "ISC"),)),
        ("MIT AND ISC OR Zlib", (("MIT", "ISC"), ("Zlib",))),
        ("MIT AND (ISC OR Zlib)", (("MIT", "ISC"), ("MIT", "Zlib"))),
        ("((MIT))", (("MIT",),)),
        ("(MIT)AND(ISC)", (("MIT", "ISC"),)),
        ("GPL-2.0-or-later WITH Classpath-exception-2.0", (("GPL-2.0-or-later WITH Classpath-exception-2.0",),)),
        ("GPL-2.0+ OR MIT", (("GPL-2.0+",), ("MIT",))),
        ("DocumentRef-a:LicenseRef-b", (("DocumentRef-a:LicenseRef-b",),)),
        ("MIT OR MIT", (("MIT",),)),
        ("MIT AND MIT", (("MIT",),)),
    ],
)
def test_expressions_are_taken_apart(text: str, expected: tuple[tuple[str, ...], ...]) -> None:
    assert alternatives(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Apache License 2.0",
        "MIT/X11",
        "Public Domain, per Creative Commons CC0",
        "(MIT",
        "MIT)",
        "MIT AND",
        "OR MIT",
        "MIT Or ISC",
        "MIT ISC",
        "MIT WITH",
        "MIT WITH (ISC)",
        "()",
        "é",
        "(" * 60 + "MIT" + ")" * 60,
    ],
)
def test_what_is_no_expression_is_one_licence(text: str) -> None:
    assert alternatives(text) == ((text,),)


def test_of_too_many_alternatives_all_licences_are_needed() -> None:
    few = " OR ".join(f"L{number}" for number in range(ALTERNATIVES))
    assert len(alternatives(few)) == ALTERNATIVES
    assert alternatives(f"{few} OR X") == ((*(f"L{number}" for number in range(ALTERNATIVES)), "X"),)
    hostile = " AND ".join(f"(A{number} OR B{number})" for number in range(40))
    (names,) = alternatives(hostile)
    assert names[:4] == ("A0", "B0", "A1", "B1")
    assert len(names) == 50


def test_a_text_without_end_is_cut() -> None:
    ((name,),) = alternatives("MIT OR " * 10_000)
    assert len(name) == 300


_WORDS = st.sampled_from(["MIT", "ISC", "AND", "OR", "WITH", "and", "or", "(", ")", "a/b", "+", " ", "é", ","])


@given(st.lists(_WORDS, min_size=1, max_size=12).map(" ".join))
def test_any_words_give_at_least_one_way(text: str) -> None:
    ways = alternatives(text)
    assert 1 <= len(ways) <= ALTERNATIVES
    assert all(ways)
