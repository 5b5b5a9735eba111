"""Typed reading of other programs' JSON."""

from __future__ import annotations

import msgspec
import pytest

from compliance.errors import InputError
from compliance.reading.jsonshape import checked, each, optional, shaped
from compliance.reading.jsontext import members


class Thing(msgspec.Struct):
    name: str
    size: float | None = None


def test_unknown_members_are_left_out() -> None:
    assert shaped({"name": "a", "colour": 1}, Thing) == Thing("a")


def test_what_is_not_there_is_none() -> None:
    assert optional(None, Thing) is None
    assert optional({"name": "a"}, Thing) == Thing("a")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "/x: array; expected object"),
        ({}, "/x: Object missing required field `name`"),
        ({"name": 1}, "/x/name: int; expected str"),
        ({"name": "a", "size": "1"}, "/x/size: str; expected float | null"),
    ],
)
def test_refusals_name_place_found_and_expected(value: object, message: str) -> None:
    with pytest.raises(InputError) as caught:
        shaped(value, Thing, "/x")
    assert caught.value.reason == message


def test_elements_are_read_one_by_one() -> None:
    things = each(b'[{"name": "a"}, {"name": "b", "size": 1}, {"name": 3}]', Thing, "/things")
    assert [next(things), next(things)] == [Thing("a"), Thing("b", 1.0)]
    with pytest.raises(InputError, match="/things/2/name: int; expected str"):
        next(things)
    assert list(each(b"null", Thing, "/things")) == list(each(b"[]", Thing, "/things")) == []


@pytest.mark.parametrize(
    "text", [b"{}", b'[{"name": "a", "name": "b"}]', b'[{"name": "\\ud800"}]', b'[{"name": "a", "size": 1e999}]', b"[1"]
)
def test_elements_are_read_strictly(text: bytes) -> None:
    with pytest.raises(InputError):
        list(each(text, Thing, "/things"))


def test_members_that_nobody_wants_are_read_strictly_all_the_same() -> None:
    found = members(b'{"a": 1, "b": [{"x": 1}], "c": {"y": 2}, "d": [1]}')
    assert checked(found, ("a", "zz"), ("d",)) == {"a": 1}
    for text in (b'{"b": [{"x": 1, "x": 2}]}', b'{"c": {"y": 1, "y": 2}}', b'{"a": {"z": 1, "z": 2}}', b'{"b": [1e999]}'):
        with pytest.raises(InputError):
            checked(members(text), ("a",), ())
