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
from typing import Any, Final

import msgspec

from .jsonform import Form, Kind, counting_quotes
from .jsonlines import LineReader, read_together

_LESSONS: Final = 64
"""Times that the structure is made anew before it is given up: the objects are too different."""
_SETTLED: Final = 32
"""Lessons that are left when no more is expected of values: only keys are learned."""


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

    def __init__(self, form: Form, rows: Sequence[Any]) -> None:
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
        unset, first, *names = msgspec.UNSET, *attributes
        values = list(map(attrgetter(first), self._objects))
        for get in map(attrgetter, names):
            values = [value if value is unset else get(value) for value in values]
        return [None if value is unset else value for value in values]

    def inside(self, *path: str) -> Iterable[str]:
        form: Form | None = self._form
        for key in path:
            form = form.inner.get(key) if form else None
        return super().inside(*path) if form is None else form.keys

    def object(self, place: int) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(self._objects[place])
        return found


class RowReader:
    """Reads the JSON texts of one writer, as strictly as `jsontext.loads`."""

    def __init__(self) -> None:
        self._line = LineReader()
        self._form = Form()
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
        self._quotes, self._is_shallow = counting_quotes(form), form.is_shallow
        self._decode = msgspec.json.Decoder(form.structure()).decode if form.fits and self._lessons else None
        if self._decode is None:
            self._lessons = 0
