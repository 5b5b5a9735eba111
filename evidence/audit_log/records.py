"""Makes an event of a JSON record whose fields are told by their names (see `fields`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from compliance.record import Json

from .event import ACTION, ACTOR, LEVEL, OUTCOME, RESOURCE, TRACE, Event, ended
from .events import EventClass, classify
from .fields import Found, Keys, Role, by_keys, is_id, layout_of, names, read_time, roles, time_of

_SAID: Final[Mapping[Role, int]] = {"actor": ACTOR, "resource": RESOURCE, "outcome": OUTCOME, "level": LEVEL, "trace": TRACE}
_NAMED: Final = 200
"""Characters of a resource's name that are read."""


def event_of(record: Mapping[str, Json]) -> Event:
    """Returns the event that a record tells."""
    plan = _plan_of(tuple(record))
    for key in plan.nested:
        if record[key].__class__ is dict:
            return _by_roles(roles(record))
    return _by_plan(record, plan)


def _by_roles(found: Found) -> Event:
    said = sum(what for role, what in _SAID.items() if role in found)
    events = names(found.get("event"))
    outcome = found.get("outcome", [None])[0]

    def managed() -> str:
        return next((_kind_of(text) for text in names(found.get("resource"))), "")

    told = names(found.get("managed"))
    about = classify([*events, *names(found.get("category"))], (lambda: told[0]) if told else managed)
    return Event(time_of(found.get("time")), about, said + ACTION * bool(events), None if outcome is None else ended(outcome))


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where records with the same keys say what: the same as `roles`, for the many that hold no telling objects, in a third of the time."""

    nested: tuple[str, ...]
    times: tuple[str, ...]
    said: tuple[tuple[str, int], ...]
    outcomes: tuple[str, ...]
    events: tuple[str, ...]
    categories: tuple[str, ...]
    managed: tuple[str, ...]
    resources: tuple[str, ...]


@by_keys
def _plan_of(keys: Keys) -> _Plan:
    layout = layout_of(keys)
    kept = layout.roles
    return _Plan(
        nested=tuple(key for key, _ in layout.nested),
        times=kept.get("time", ()),
        said=tuple((key, what) for role, what in _SAID.items() for key in kept.get(role, ())),
        outcomes=kept.get("outcome", ()),
        events=kept.get("event", ()),
        categories=kept.get("category", ()),
        managed=kept.get("managed", ()),
        resources=kept.get("resource", ()),
    )


def _by_plan(record: Mapping[str, Json], plan: _Plan) -> Event:
    said = 0
    for key, what in plan.said:
        value = record[key]
        if value is not None and value != "" and (what != TRACE or is_id(value)):
            said |= what
    time = None
    for key in plan.times:
        value = record[key]
        if value is not None and (time := read_time(value)) is not None:
            break
    for key in plan.outcomes:
        value = record[key]
        if value is not None and value != "":
            how = ended(value)
            break
    else:
        how = None
    return Event(time, _class_of(record, plan), said | (ACTION if _has_name(record, plan.events) else 0), how)


def _has_name(record: Mapping[str, Json], keys: tuple[str, ...]) -> bool:
    for key in keys:
        value = record[key]
        if value.__class__ is str:
            if value:
                return True
        elif names([value]):
            return True
    return False


def _class_of(record: Mapping[str, Json], plan: _Plan) -> EventClass:
    def managed() -> str:
        told = _names(record, plan.managed)
        return next(told, "") or next((_kind_of(text) for text in _names(record, plan.resources)), "")

    if len(plan.events) == 1 and not plan.categories:
        value = record[plan.events[0]]
        return classify((value,) if value.__class__ is str else names([value]), managed)
    return classify([*_names(record, plan.events), *_names(record, plan.categories)], managed)


def _names(record: Mapping[str, Json], keys: tuple[str, ...]) -> Iterator[str]:
    for key in keys:
        yield from names([record[key]])


def _kind_of(resource: str) -> str:
    """Returns what sort of thing a name such as ``users/17`` names."""
    return _first_part(resource[:_NAMED])


@lru_cache(maxsize=1024)
def _first_part(text: str) -> str:
    return re.split(r"[:/]", text, maxsplit=1)[0]
