"""Makes the events of many JSON records at once: the same as `records.event_of` of each, in a fraction of the time.

`records.event_of` is asked for one record of each combination of the values that tell something (see `combinations`). A key that a record
lacks says what null says: nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import repeat
from operator import attrgetter
from typing import Any, Final

from compliance.reading.jsonrows import Rows
from compliance.record import Json

from .combinations import Column, Columns, Combinations, Label, combined, types_of, words
from .event import Event
from .events import depends_on_managed
from .fields import EARLIEST, LATEST, NO_IDS, Keys, Role, by_keys, is_id, layout_of, letters_in, plain, read_time, role_of
from .records import event_of

_NAMES: Final[tuple[Role, ...]] = ("event", "category")
_WORDS: Final[tuple[Role, ...]] = (*_NAMES, "outcome")
"""Roles whose values tell the class of an event and how it ended."""
_MANAGED: Final[tuple[Role, ...]] = ("managed", "resource")
"""Roles whose values are asked only where a name depends on what it was done to."""
_PRESENT: Final[tuple[Role, ...]] = ("actor", "level", "trace", *_MANAGED)
"""Roles of which it matters whether there is a value."""
_NAMED: Final = 200
"""Characters of a name that are read (see `events`)."""
_TRANSLATED: Final = "value"
"""Name under which Azure writes a word beside its translation."""
_TEXT: Final = {str}
_ZONE: Final = attrgetter("tzinfo")
_IN_UTC: Final = {UTC}

Times = Sequence[datetime | None]
_OUTER: Final = 2
"""Length of the label of a column that is not inside of objects: a role and a key."""


class Teller:
    """Makes events of the records of one log, many at a time."""

    def __init__(self) -> None:
        self._combinations = Combinations(event_of)

    def events_of(self, rows: Rows) -> tuple[Times, Mapping[Event, int]] | None:
        """Returns the times of records, in their order, and their events without the time, counted; None when each must be asked."""
        if is_ambiguous(rows.keys) or not all(map(rows.always, letters_in(rows.keys))):
            return None
        if not all(is_clear(rows, key, known) for key, known in layout_of(rows.keys).nested):
            return None
        told = _telling(rows, _WORDS) | _presence(rows)
        if any(map(depends_on_managed, _names_in(told, len(rows)))):
            told |= _telling(rows, _MANAGED)
        columns = [column() for _, column in _columns(rows, ("time",))]
        return times_of(columns, len(rows)), self._combinations.count(rows, told)


@by_keys
def is_ambiguous(keys: Keys) -> bool:
    """Tells whether two keys are equally telling, so that their order in a record counts."""
    said = [role for key in keys if (role := role_of(key)) is not None]
    return len(set(said)) < len(said)


def is_clear(rows: Rows, key: str, known: Mapping[str, tuple[Role, int]]) -> bool:
    """Tells whether no two members of the objects under a key are equally telling."""
    if rows.kind(key) == "text":
        return True
    said = [known[plain(name)] for name in rows.inside(key) if plain(name) in known]
    return len(set(said)) == len(said)


def _columns(rows: Rows, roles: Sequence[Role]) -> Iterator[tuple[Label, Callable[[], Column]]]:
    """Yields what returns the values that records have for some roles, those inside of objects included; known to be there or not."""
    layout = layout_of(rows.keys)
    for role in roles:
        for key in layout.roles.get(role, ()):
            yield (role, key), partial(rows.column, key)
    for key, known in layout.nested:
        if rows.kind(key) == "text":
            continue
        telling = [(known[plain(name)], name) for name in rows.inside(key) if plain(name) in known]
        for (role, _), name in sorted(telling):
            if role in roles:
                yield (role, key, name), partial(rows.column, key, name)


def _telling(rows: Rows, roles: Sequence[Role]) -> Columns:
    """Returns the columns of roles whose values tell something; values that are equal say the same."""
    told: Columns = {}
    for label, column in _columns(rows, roles):
        kind = rows.kind(label[1]) if len(label) == _OUTER else None
        values = rows.column(label[1], _TRANSLATED) if kind == "object" else column()
        if kind == "text":
            told[label] = values
        elif kind == "object":
            told[label] = [_plain_of({_TRANSLATED: value}) for value in values]
        elif (found := words(label, values)) is not None:
            told |= found
        else:
            told |= {label: list(map(_plain_of, values)), **types_of(label, values)}
    return told


def _plain_of(value: Json) -> Any:
    """Returns what stands for a value among others: of a list the names, of an object the word that Azure translates."""
    if isinstance(value, list):
        return list, *(item if isinstance(item, str) else None for item in value[:10])
    if isinstance(value, dict):
        return dict, held if isinstance(held := value.get(_TRANSLATED), str) else None
    return value


def _presence(rows: Rows) -> Columns:
    """Returns for each column of which only that matters whether there are values, where some are missing."""
    told: Columns = {}
    for label, column in _columns(rows, _PRESENT):
        if label[0] == "trace":
            values = column()
            known = len(label) == _OUTER and rows.kind(label[1]) == "text"
            if not (known and NO_IDS.isdisjoint(values)):
                told[*label, "present"] = list(map(is_id, values))
        elif len(label) > _OUTER or rows.kind(label[1]) is None:
            values = column()
            # Of what stands inside objects it is also told that it is always there: in other lines there may be no such object.
            if len(label) > _OUTER or not all(values):
                told[*label, "present"] = [value is not None and value != "" for value in values]
    return told


def _names_in(told: Columns, count: int) -> Iterator[str]:
    """Yields the names of events in different combinations of values, as far as they are read."""
    named = {label: values for label, values in told.items() if label[0] in _NAMES and label[-1] != "type"}
    for combination in set(combined(named, count)):
        for value in (combination,) if len(named) == 1 else combination:
            for name in value if isinstance(value, tuple) else (value,):
                if isinstance(name, str):
                    yield name[:_NAMED]


def times_of(columns: Sequence[Column], count: int) -> Times:
    """Returns the first time that each record states, as `fields.time_of` does.

    Args:
        columns: The values that may be times, the most telling first.
        count: Number of records.
    """
    if not columns:
        return list(repeat(None, count))
    if (times := _of_one_form(columns[0])) is not None:
        return times
    return [
        next((time for value in values if value is not None and (time := read_time(value)) is not None), None)
        for values in zip(*columns, strict=True)
    ]


def _of_one_form(values: Column) -> Sequence[datetime] | None:
    """Reads ISO 8601 in UTC, the form of most logs; None when not all are that."""
    if set(map(type, values)) != _TEXT:
        return None
    try:
        times = list(map(datetime.fromisoformat, values))
    except ValueError:
        return None
    if set(map(_ZONE, times)) != _IN_UTC or min(times) < EARLIEST or max(times) >= LATEST:
        return None
    return times
