"""Makes the events of many JSON records at once: the same as `records.event_of` of each, in a fraction of the time.

Records with the same keys form a group. What an event says but its time is told by few values, of which most records of a log hold the
same: so `records.event_of` is asked of one record for each combination of these, and the others are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import repeat
from operator import attrgetter, itemgetter
from typing import Any, Final

from compliance.record import Json

from .event import Event
from .events import depends_on_managed
from .fields import EARLIEST, LATEST, NESTED, Keys, Role, by_keys, layout_of, plain, read_time
from .records import event_of

_WORDS: Final[tuple[Role, ...]] = ("event", "category", "outcome")
"""Roles whose values tell the class of an event and how it ended."""
_MANAGED: Final[tuple[Role, ...]] = ("managed", "resource")
"""Roles whose values are asked only where a name depends on what it was done to."""
_PRESENT: Final[tuple[Role, ...]] = ("actor", "level", "trace", *_MANAGED)
"""Roles of which it matters whether there is a value."""
_PLAIN: Final = (str, int, float, bool)
_NAMED: Final = 200
"""Characters of a name that are read (see `events`)."""
_TEXT: Final = {str}
_FIFTH: Final = itemgetter(4)
_HYPHEN: Final = {"-"}
_ZONE: Final = attrgetter("tzinfo")
_IN_UTC: Final = {UTC}

Record = Mapping[str, Json]
Times = list[datetime | None]


def events_of(records: Sequence[Record], keys: Sequence[Keys]) -> tuple[Times, Mapping[Event, int]]:
    """Returns the times of records, in their order, and their events without the time, counted.

    Args:
        records: What was read.
        keys: The keys of each.
    """
    times: Times = [None] * len(records)
    counts: Counter[Event] = Counter()
    for group, places in _groups(keys):
        held = records if len(places) == len(records) else [records[place] for place in places]
        found, events = _of_group(group, held)
        counts.update(events)
        if held is records:
            return found, counts
        for place, time in zip(places, found, strict=True):
            times[place] = time
    return times, counts


def _groups(keys: Sequence[Keys]) -> list[tuple[Keys, Sequence[int]]]:
    different = set(keys)
    if len(different) == 1:
        return [(keys[0], range(len(keys)))]
    places: dict[Keys, list[int]] = {one: [] for one in different}
    for place, one in enumerate(keys):
        places[one].append(place)
    return list(places.items())


def _of_group(keys: Keys, records: Sequence[Record]) -> tuple[Times, Mapping[Event, int]]:
    told = _telling(keys, records)
    if told is None:
        events = [event_of(record) for record in records]
        return [event.time for event in events], Counter(event._replace(time=None) for event in events)
    times = [column(records, key) for key in layout_of(keys).roles.get("time", ())]
    combinations = list(zip(*told, strict=True)) if told else [()] * len(records)
    one_of = dict(zip(combinations, records, strict=True))
    counts: Counter[Event] = Counter()
    for combination, count in Counter(combinations).items():
        counts[event_of(one_of[combination])._replace(time=None)] += count
    return _times(times, len(records)), counts


def column(records: Sequence[Record], key: str) -> list[Any]:
    """Returns one value of each record."""
    return list(map(itemgetter(key), records))


def _telling(keys: Keys, records: Sequence[Record]) -> list[Sequence[Any]] | None:
    """Returns all values on which an event but its time depends, column by column; None when that cannot be said of these records."""
    roles = layout_of(keys).roles
    told: list[Sequence[Any]] = []
    for key in _telling_inside(keys):
        if not _says_nothing_inside(told, key, column(records, key)):
            return None
    words = [column(records, key) for role in _WORDS for key in roles.get(role, ())]
    depends = _may_depend([column(records, key) for role in ("event", "category") for key in roles.get(role, ())])
    if depends is None:
        return None
    words += [column(records, key) for role in _MANAGED for key in roles.get(role, ()) if depends]
    for values in words:
        if not _are_alike(values):
            return None
        told.append(values)
    present = [column(records, key) for role in _PRESENT for key in roles.get(role, ())]
    told += [[value is not None and value != "" for value in values] for values in present if None in values or "" in values]
    return told


@by_keys
def _telling_inside(keys: Keys) -> Keys:
    return tuple(key for key, _ in layout_of(keys).nested)


def _says_nothing_inside(told: list[Sequence[Any]], key: str, values: Sequence[Any]) -> bool:
    """Tells whether no object under a key has a member that says something; adds a column where only some values are objects."""
    kinds = set(map(type, values))
    if dict not in kinds:
        return True
    if len(kinds) > 1:
        told.append([value.__class__ is dict for value in values])
    known = NESTED[plain(key)]
    inside = set(map(tuple, values if len(kinds) == 1 else (value for value in values if value.__class__ is dict)))
    return not any(plain(name) in known for names in inside for name in names)


def _are_alike(values: Sequence[Any]) -> bool:
    """Tells whether equal values say the same: ``1``, ``1.0`` and ``true`` are equal, and say different things."""
    kinds = set(map(type, values)) - {type(None)}
    return not kinds or (len(kinds) == 1 and kinds.pop() in _PLAIN)


def _may_depend(columns: Sequence[Sequence[Any]]) -> bool | None:
    """Tells whether the class of a name may depend on what it was done to; None where values are no names."""
    if not all(map(_are_alike, columns)):
        return None
    return any(depends_on_managed(name[:_NAMED]) for values in columns for name in set(values) if isinstance(name, str))


def _times(columns: Sequence[Sequence[Any]], count: int) -> Times:
    """Returns the first time that each record states, as `fields.time_of` does."""
    if not columns:
        return list(repeat(None, count))
    if (times := _of_one_form(columns[0])) is not None:
        return list(times)
    found: Times = []
    for values in zip(*columns, strict=True):
        found.append(next((time for value in values if value is not None and (time := read_time(value)) is not None), None))
    return found


def _of_one_form(values: Sequence[Any]) -> Sequence[datetime] | None:
    """Reads ISO 8601 in UTC, the form of most logs; None when not all are that."""
    if set(map(type, values)) != _TEXT:
        return None
    try:
        if set(map(_FIFTH, values)) != _HYPHEN:
            return None
        times = list(map(datetime.fromisoformat, values))
    except (IndexError, ValueError):
        return None
    if set(map(_ZONE, times)) != _IN_UTC or min(times) < EARLIEST or max(times) >= LATEST:
        return None
    return times
