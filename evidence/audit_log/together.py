"""Makes the events of many JSON records at once: the same as `records.event_of` of each, in a fraction of the time.

What an event says but its time is told by few values, of which most records of a log hold the same: so `records.event_of` is asked of
one record for each combination of these, and the others are counted. A key that a record lacks says what null says: nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import repeat
from operator import attrgetter
from typing import Any, Final

from compliance.reading.jsonrows import Rows
from compliance.record import Json

from .event import Event
from .events import depends_on_managed
from .fields import EARLIEST, LATEST, Keys, Role, by_keys, layout_of, plain, read_time, role_of
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
_REMEMBERED: Final = 4096
"""Combinations of which the event is remembered."""
_TEXT: Final = {str}
_ZONE: Final = attrgetter("tzinfo")
_IN_UTC: Final = {UTC}

Times = Sequence[datetime | None]
Column = Sequence[Any]
Label = tuple[str, ...]
"""What a column is: a role, a key, perhaps a key inside, and whether only the presence of a value counts."""
_OUTER: Final = 2
"""Length of the label of a column that is not inside of objects."""


class Teller:
    """Makes events of the records of one log, many at a time; remembers what combinations of values told."""

    def __init__(self) -> None:
        self._remembered: dict[tuple[Keys, tuple[Label, ...], Any], Event] = {}

    def events_of(self, rows: Rows) -> tuple[Times, Mapping[Event, int]] | None:
        """Returns the times of records, in their order, and their events without the time, counted; None when each must be asked."""
        if is_ambiguous(rows.keys):
            return None
        told = _telling(rows, _WORDS) | _presence(rows)
        combinations = _combined(told, len(rows))
        if any(map(depends_on_managed, _names_in(told, combinations))):
            told |= _telling(rows, _MANAGED)
            combinations = _combined(told, len(rows))
        columns = [rows.column(key) for key in layout_of(rows.keys).roles.get("time", ())]
        return times_of(columns, len(rows)), self._counted(rows, tuple(told), combinations)

    def _counted(self, rows: Rows, labels: tuple[Label, ...], combinations: Column) -> Mapping[Event, int]:
        counts: Counter[Event] = Counter()
        for combination, count in Counter(combinations).items():
            key = (rows.keys, labels, combination)
            event = self._remembered.get(key)
            if event is None:
                event = event_of(rows.object(combinations.index(combination)))._replace(time=None)
                if len(self._remembered) >= _REMEMBERED:
                    self._remembered.clear()
                self._remembered[key] = event
            counts[event] += count
        return counts


@by_keys
def is_ambiguous(keys: Keys) -> bool:
    """Tells whether two keys are equally telling, so that their order in a record counts."""
    said = [role for key in keys if (role := role_of(key)) is not None]
    return len(set(said)) < len(said)


def _columns(rows: Rows, roles: Sequence[Role]) -> Iterator[tuple[Label, Callable[[], Column]]]:
    """Yields what returns the values that records have for some roles, those inside of objects included; known to be there or not."""
    layout = layout_of(rows.keys)
    for role in roles:
        for key in layout.roles.get(role, ()):
            yield (role, key), partial(rows.column, key)
    for key, known in layout.nested:
        if rows.kind(key) == "text":
            continue
        for name in sorted(rows.inside(key)):
            if plain(name) in known and known[plain(name)][0] in roles:
                yield (known[plain(name)][0], key, name), partial(rows.inner, key, name)


def _telling(rows: Rows, roles: Sequence[Role]) -> dict[Label, Column]:
    """Returns the columns of roles whose values tell something; values that are equal say the same."""
    told: dict[Label, Column] = {}
    for label, column in _columns(rows, roles):
        kind = rows.kind(label[1]) if len(label) == _OUTER else None
        if kind == "object":
            continue
        values = column()
        kinds = {str} if kind == "text" else set(map(type, values))
        told[label] = [_plain_of(value) for value in values] if kinds & {dict, list} else values
        if len(kinds - {type(None)}) > 1:
            told[*label, "type"] = list(map(type, values))  # 1, 1.0 and true are equal, and say different things
    return told


def _plain_of(value: Json) -> Any:
    """Returns what stands for a value among others: of a list the names, of an object that it is one."""
    if isinstance(value, list):
        return tuple(item if isinstance(item, str) else None for item in value[:10])
    return dict if isinstance(value, dict) else value


def _presence(rows: Rows) -> dict[Label, Column]:
    """Returns for each column of which only that matters whether there are values, where some are missing."""
    told: dict[Label, Column] = {}
    for label, column in _columns(rows, _PRESENT):
        if len(label) > _OUTER or rows.kind(label[1]) is None:
            values = column()
            if not all(values):
                told[*label, "present"] = [value is not None and value != "" for value in values]
    return told


def _combined(told: Mapping[Label, Column], count: int) -> Column:
    if len(told) == 1:
        return next(iter(told.values()))
    return list(zip(*told.values(), strict=True)) if told else [()] * count


def _names_in(told: Mapping[Label, Column], combinations: Column) -> Iterator[str]:
    """Yields the names of events in combinations of values, as far as they are read."""
    different = set(combinations)
    for place, label in enumerate(told):
        for value in {one if len(told) == 1 else one[place] for one in different} if label[0] in _NAMES else ():
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
