"""Counts the events of many records by the few values that tell them apart.

What an event says but its time is told by few values, of which most records of a log hold the same: so one record of each combination
is asked for its event, and the others are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from compliance.reading.jsonrows import Rows
from compliance.record import Json

from .event import Event, says_something
from .fields import Keys

_REMEMBERED: Final = 4096
"""Combinations of which the event is remembered."""
_NULL: Final = frozenset({type(None)})
_PLAIN: Final = frozenset({str, int, float, bool}) | _NULL

Column = Sequence[Any]
Label = tuple[str, ...]
"""What a column is; the first word tells its role."""
Columns = dict[Label, Column]
"""All that events depend on but their times."""


class Combinations:
    """Asks for the event of each combination once.

    Args:
        event_of: Returns the event of a record. It must depend on nothing but its time and what stands in the columns.
    """

    def __init__(self, event_of: Callable[[Mapping[str, Json]], Event]) -> None:
        self._event_of = event_of
        self._remembered: dict[tuple[Keys, tuple[Label, ...], Any, Any], Event] = {}

    def count(self, rows: Rows, columns: Columns) -> Mapping[Event, int]:
        """Returns the events of records without times and operations, counted."""
        labels, combinations = tuple(columns), combined(columns, len(rows))
        counts: Counter[Event] = Counter()
        for combination, count in Counter(combinations).items():
            kinds = tuple(map(type, combination)) if combination.__class__ is tuple else type(combination)  # true is equal to 1
            key = (rows.keys, labels, combination, kinds)
            event = self._remembered.get(key)
            if event is None:
                event = self._event_of(rows.object(combinations.index(combination)))._replace(time=None, operation=None)
                if len(self._remembered) >= _REMEMBERED:
                    self._remembered.clear()
                self._remembered[key] = event
            counts[event] += count
        return counts


def combined(columns: Columns, count: int) -> Column:
    """Returns the combination of values of each record: the value itself where there is only one column."""
    if len(columns) == 1:
        return next(iter(columns.values()))
    return list(zip(*columns.values(), strict=True)) if columns else [()] * count


def types_of(label: Label, values: Column) -> Columns:
    """Returns the types of values as a column more, where they differ: 1, 1.0 and true are equal, and say different things."""
    kinds = set(map(type, values)) - _NULL
    return {(*label, "type"): list(map(type, values))} if len(kinds) > 1 else {}


def words(label: Label, values: Column) -> Columns | None:
    """Returns a column of values that tell something by what they are; None where there are lists or objects among them.

    There is none where all are null: that says what a value says that is not there.
    """
    kinds = set(map(type, values))
    if not kinds <= _PLAIN:
        return None
    if kinds == _NULL:
        return {}
    return {label: values, (*label, "type"): list(map(type, values))} if len(kinds - _NULL) > 1 else {label: values}


def all_words(columns: Mapping[Label, Column]) -> Columns | None:
    """Returns columns of values that tell something by what they are; None where there are lists or objects among them."""
    told: Columns = {}
    for label, values in columns.items():
        if (found := words(label, values)) is None:
            return None
        told |= found
    return told


def presence(label: Label, values: Column) -> Columns:
    """Returns a column that tells whether there is a value that says something; none where all do."""
    return {} if all(values) else {label: list(map(says_something, values))}
