"""What is known of JSON objects that stand in the same place, and the structure of msgspec that it makes (see `jsonrows`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Annotated, Any, Final, Literal

import msgspec

_CHANGES: Final = 4
"""Times that an inner structure changes before its objects are taken as they come."""
_MOST: Final = 128
"""Keys of the largest object that becomes a structure."""
_WRITTEN: Final = 8
"""Members that are written to count their quotes; with more it takes less time to write all."""
_LEVELS: Final = 4
"""Objects inside of one another that become structures."""
_UNNAMED: Final = frozenset('"\\')
"""Characters that msgspec takes in no name of an attribute."""
_TEXT: Final = Annotated[str, msgspec.Meta(min_length=1)]
_BARE: Final = int | float | bool | None
_BARE_KINDS: Final = {int, float, bool, type(None)}
_PLAIN_KINDS: Final = {str, *_BARE_KINDS}
_FLAT: Final = list[str | int | float | bool | dict[str, str | int | float | bool | None] | None]

Kind = Literal["text", "object"]
"""What each object has under a key: a text that is not empty, or an object with a member that is never missing."""


class Form:
    """What is known of the objects in one place: their keys, and of which values that they are always texts, objects or the like."""

    def __init__(self, level: int = 1) -> None:
        self.names: dict[str, str] = {}
        """The attribute for each key."""
        self.optional: set[str] = set()
        self.inner: dict[str, Form] = {}
        self._texts: set[str] = set()
        self._bare: set[str] = set()
        """Keys of numbers, truth values and nulls."""
        self._flat: set[str] = set()
        """Keys of lists with nothing inside but plain values, and objects of such."""
        self._level = level
        self.changes = 0
        """How often it was not what it had been."""

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys that an object may have; one object need not have all."""
        return tuple(self.names)

    @property
    def fits(self) -> bool:
        """Whether msgspec can make a structure of it."""
        return len(self.names) <= _MOST and all(key.isprintable() and _UNNAMED.isdisjoint(key) for key in self.names)

    def kind(self, path: Sequence[str]) -> Kind | None:
        """Returns what each object has under a key, or under keys inside of one another; None when that is not known."""
        key, *names = path
        if key in self.optional:
            return None
        if key in self._texts:
            return None if names else "text"
        if (form := self.inner.get(key)) is None:
            return None
        if names:
            return form.kind(names)
        return "object" if len(form.optional) < len(form.names) else None

    def learn(self, objects: Sequence[dict[str, Any]]) -> None:
        """Takes objects besides those before them."""
        sets = set(map(tuple, objects))
        known, optional = set(self.names), len(self.optional)
        for key in dict.fromkeys(chain.from_iterable(sets)):
            values = [one[key] for one in objects if key in one]
            self.names.setdefault(key, f"value{len(self.names)}")
            self._learn_value(key, values, new=key not in known)
            if known and key not in known:
                self.optional.add(key)
        self.optional |= {key for one in sets if len(one) < len(self.names) for key in self.names if key not in one}
        self.changes += (len(self.names), len(self.optional)) != (len(known), optional)

    def _learn_value(self, key: str, values: Sequence[Any], *, new: bool) -> None:
        kinds = set(map(type, values))
        if kinds == {dict} and self._level < _LEVELS and (new or key in self.inner):
            form = self.inner.setdefault(key, Form(self._level + 1))
            form.learn(values)
            if form.changes > _CHANGES or not form.fits:
                del self.inner[key]
        else:
            self.inner.pop(key, None)
        for keys, holds in (
            (self._texts, kinds == {str} and all(values)),
            (self._bare, kinds <= _BARE_KINDS),
            (self._flat, kinds == {list} and all(map(_is_flat, values))),
        ):
            if not holds:
                keys.discard(key)
            elif new:
                keys.add(key)

    def settle(self) -> None:
        """Expects nothing of values any more."""
        self.inner.clear()
        self._texts.clear()
        self._bare.clear()
        self._flat.clear()

    def names_with(self, sign: str) -> list[str] | None:
        """Returns the keys that hold a sign and are never missing; None where one may be missing."""
        found = [key for key in self.names if sign in key]
        if not self.optional.isdisjoint(found):
            return None
        for key, form in self.inner.items():
            inside = form.names_with(sign)
            if inside is None or (inside and key in self.optional):
                return None
            found += inside
        return found

    def quotes(self, before: str = "") -> tuple[int, list[str]]:
        """Returns how many quotes each object has around keys and texts that are always there, and the attributes of all other members."""
        always, others = 0, []
        for key, name in self.names.items():
            if key in self.optional or not (key in self._texts or key in self._bare or key in self.inner):
                others.append(before + name)
                continue
            always += 4 if key in self._texts else 2
            if key in self.inner:
                inside, more = self.inner[key].quotes(f"{before}{name}.")
                always += inside
                others += more
        return always, others

    @property
    def is_shallow(self) -> bool:
        """Whether nothing can stand in the objects that is nested further: then no text need be looked at for that."""
        known = len(self._texts) + len(self._bare) + len(self._flat) + len(self.inner)
        return known == len(self.names) and all(form.is_shallow for form in self.inner.values())

    def structure(self) -> Any:
        """Makes the structure."""
        fields = []
        for key, name in self.names.items():
            kind = self._kind(key)
            if key in self.optional:
                fields.append((name, kind | msgspec.UnsetType, msgspec.field(name=key, default=msgspec.UNSET)))
            else:
                fields.append((name, kind, msgspec.field(name=key)))
        return msgspec.defstruct("Row", fields, forbid_unknown_fields=True, kw_only=True, gc=False)

    def _kind(self, key: str) -> Any:
        if key in self.inner:
            return self.inner[key].structure()
        return _TEXT if key in self._texts else _BARE if key in self._bare else _FLAT if key in self._flat else Any


def counting_quotes(form: Form) -> Callable[[list[Any]], int] | None:
    """Returns what counts the quotes of rows; only those members are written that differ from row to row. None when they are too many."""
    always, others = form.quotes()
    members = list(map(attrgetter, others))

    def count(rows: list[Any]) -> int:
        held = [[value for value in map(member, rows) if value is not msgspec.UNSET] for member in members]
        return always * len(rows) + sum(2 * len(values) for values in held) + msgspec.json.encode(held).count(b'"')

    return count if len(members) <= _WRITTEN else None


def _is_flat(values: Iterable[Any]) -> bool:
    """Tells whether a list holds plain values, and objects of such."""
    inside = chain.from_iterable(value.values() if value.__class__ is dict else (value,) for value in values)
    return _PLAIN_KINDS.issuperset(map(type, inside))
