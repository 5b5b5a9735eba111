"""JSON objects of one writer, such as the lines of a log, as rows: column by column, in half of the time that dictionaries take.

The objects of one writer have much the same keys. Those that were seen make a structure of msgspec with one attribute for each, which has
no room for others: so it is known of each row which keys it holds, and what msgspec would write from the rows has as many quotes as their
texts. Had a key come twice, at whatever depth, there would be fewer. What does not fit is read as dictionaries (see
`jsonlines.LineReader`), and the structure is made anew.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Annotated, Any, Final, Literal

import msgspec

from .jsonlines import LineReader, read_together

_LESSONS: Final = 64
"""Times that the structure is made anew before it is given up: the objects are too different."""
_SETTLED: Final = 32
"""Lessons that are left when no more is expected of values: only keys are learned."""
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
"""What each row has under a key: a text that is not empty, or an object with a member that is never missing."""


class Rows:
    """Objects that follow each other, read as dictionaries."""

    def __init__(self, objects: Sequence[dict[str, Any]]) -> None:
        self._sets = dict.fromkeys(map(tuple, objects))
        self.keys = tuple(dict.fromkeys(chain.from_iterable(self._sets)))
        """All keys that a row may have; one row need not have all."""
        self._objects: Sequence[Any] = objects

    def __len__(self) -> int:
        return len(self._objects)

    def kind(self, *path: str) -> Kind | None:  # noqa: ARG002
        """Returns what is known of a column without looking at it."""
        return None

    def always(self, key: str) -> bool:
        """Tells whether each row has a key."""
        return all(key in one for one in self._sets)

    def column(self, *path: str) -> list[Any]:
        """Returns the value of each row under a key, or under keys inside of one another; None where there is none."""
        key, *names = path
        try:
            values = list(map(itemgetter(key), self._objects))
        except KeyError:
            values = [one.get(key) for one in self._objects]
        return _below(values, names)

    def inside(self, *path: str) -> Iterable[str]:
        """Returns all keys of the objects in a column."""
        return dict.fromkeys(chain.from_iterable(value for value in self.column(*path) if value.__class__ is dict))

    def written(self, *path: str) -> bytes:
        """Returns the values of a column as JSON."""
        return msgspec.json.encode(self.column(*path))

    def names_with(self, sign: str) -> list[str] | None:  # noqa: ARG002
        """Returns the keys, at all depths, that hold a sign and that each row has, as far as is known; None where some may lack one."""
        return None

    def object(self, place: int) -> dict[str, Any]:
        """Returns one row as a dictionary; its keys may be in another order than in the text."""
        found: dict[str, Any] = self._objects[place]
        return found


def _below(values: list[Any], names: Iterable[str]) -> list[Any]:
    for name in names:
        values = [value.get(name) if value.__class__ is dict else None for value in values]
    return values


class _Structures(Rows):
    """Rows that were read as structures."""

    def __init__(self, form: _Form, rows: Sequence[Any]) -> None:
        self.keys = form.keys
        self._form = form
        self._objects = rows

    def kind(self, *path: str) -> Kind | None:
        return self._form.kind(path)

    def always(self, key: str) -> bool:
        return key in self._form.names and key not in self._form.optional

    def column(self, *path: str) -> list[Any]:
        values, is_opened = self._held(path)
        return list(map(msgspec.to_builtins, values)) if is_opened else values

    def written(self, *path: str) -> bytes:
        return msgspec.json.encode(self._held(path)[0])

    def names_with(self, sign: str) -> list[str] | None:
        return self._form.names_with(sign)

    def _held(self, path: Sequence[str]) -> tuple[list[Any], bool]:
        """Returns the values at a path, and whether they are structures."""
        attributes, missing, form = [], False, self._form
        for depth, key in enumerate(path, 1):
            if key not in form.names:
                return [None] * len(self), False
            attributes.append(form.names[key])
            missing = missing or key in form.optional
            if key not in form.inner:
                return _below(self._values(attributes, missing=missing), path[depth:]), False
            form = form.inner[key]
        return self._values(attributes, missing=missing), True

    def _values(self, attributes: Sequence[str], *, missing: bool) -> list[Any]:
        if not missing:
            return list(map(attrgetter(".".join(attributes)), self._objects))
        values = self._objects
        for name in attributes:
            values = [getattr(value, name, None) for value in values]
        return [None if value is msgspec.UNSET else value for value in values]

    def inside(self, *path: str) -> Iterable[str]:
        form: _Form | None = self._form
        for key in path:
            form = form.inner.get(key) if form else None
        return super().inside(*path) if form is None else form.keys

    def object(self, place: int) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(self._objects[place])
        return found


class _Form:
    """What is known of the objects in one place: their keys, and of which values that they are always texts or objects."""

    def __init__(self, level: int = 1) -> None:
        self.names: dict[str, str] = {}
        """The attribute for each key."""
        self.optional: set[str] = set()
        self.inner: dict[str, _Form] = {}
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
        return tuple(self.names)

    @property
    def fits(self) -> bool:
        """Whether msgspec can make a structure of it."""
        return len(self.names) <= _MOST and all(key.isprintable() and _UNNAMED.isdisjoint(key) for key in self.names)

    def kind(self, path: Sequence[str]) -> Kind | None:
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
            form = self.inner.setdefault(key, _Form(self._level + 1))
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


def _count_of(form: _Form) -> Callable[[list[Any]], int] | None:
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


class RowReader:
    """Reads the JSON texts of one writer, as strictly as `jsontext.loads`."""

    def __init__(self) -> None:
        self._line = LineReader()
        self._form = _Form()
        self._decode: Callable[[bytes], Any] | None = None
        self._quotes: Callable[[list[Any]], int] | None = None
        self._is_shallow = False
        self._lessons = _LESSONS

    def object(self, text: bytes) -> dict[str, Any] | None:
        """Returns the object that a text is; None when it is none, or is refused."""
        return self._line.object(text)

    def rows(self, data: bytes, texts: Sequence[bytes]) -> Rows | None:
        """Returns what `object` returns of each text; None when it has to be asked text by text.

        Args:
            data: The texts, each on a line of its own.
            texts: Each of them.
        """
        if self._decode is not None:
            rows = read_together(self._decode, data, texts, self._quotes, is_shallow=self._is_shallow)
            if rows is not None:
                return _Structures(self._form, rows)
        found = self._line.objects(data, texts)
        if found is None:
            return None
        if self._lessons:
            self._learn(found)
        return Rows(found)

    def _learn(self, objects: Sequence[dict[str, Any]]) -> None:
        self._lessons -= 1
        form = copy.deepcopy(self._form)  # rows that were read before keep theirs
        form.learn(objects)
        if self._lessons <= _SETTLED:
            form.settle()
        self._form = form
        self._quotes, self._is_shallow = _count_of(form), form.is_shallow
        self._decode = msgspec.json.Decoder(form.structure()).decode if form.fits and self._lessons else None
        if self._decode is None:
            self._lessons = 0
