"""Which fields of a record say what, by the names that loggers give them; and times, read without guessing.

Names are compared without case and without ``_``, ``-``, ``.``, ``@`` and spaces, so that ``request_id``, ``requestId`` and
``Request-ID`` are one. Records with objects inside are read one level deep for the names that the Elastic Common Schema writes with dots
(``event.action``, ``log.level``, ``trace.id``).

Sources: Elastic Common Schema 8, OpenTelemetry log data model, GELF 1.1, Docker's json-file driver, systemd's journal export as JSON,
Serilog's compact format (CLEF), Okta's System Log, the logs of MongoDB, PostgreSQL and nginx, and the defaults of bunyan, pino, winston,
zap, logrus, structlog, loguru, python-json-logger, Monolog and log4j 2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal, TypeVar

from compliance.record import Json
from compliance.source import parse_time

Role = Literal["time", "level", "event", "category", "trace", "sequence", "actor", "resource", "managed", "outcome", "message"]

NAMES: Final[Mapping[Role, tuple[str, ...]]] = {
    "time": (
        *("timestamp", "time", "ts", "datetime", "eventtime", "eventtimestamp", "timegenerated", "creationtime", "createdat"),
        *("occurredat", "loggedat", "logtime", "starttime", "date", "timemillis", "timeunixnano", "realtimetimestamp"),
        *("instant", "published", "timeiso8601", "timelocal", "edgestarttimestamp", "when", "datecreate", "asctime", "created"),
    ),
    "level": ("level", "severity", "loglevel", "levelname", "severitytext", "lvl", "priority", "errorseverity"),
    "event": ("event", "eventname", "eventtype", "action", "eventaction", "actiontype", "operation", "operationname", "activity", "type"),
    "category": ("category", "eventcategory", "eventclass"),
    "trace": (
        *("requestid", "reqid", "xrequestid", "traceid", "xtraceid", "xb3traceid", "trace", "correlationid", "xcorrelationid"),
        *("spanid", "span", "transactionid", "ddtraceid", "logginggoogleapiscom/trace"),
    ),
    "sequence": ("seq", "sequence", "sequencenumber", "seqno", "seqnum", "sequenceno", "n"),
    "actor": ("actor", "user", "userid", "username", "principal", "principalid", "subject", "actorid", "account", "identity", "uid"),
    "resource": ("resource", "resourceid", "resourcename", "target", "targetid", "object", "objectid", "entity", "entityid"),
    "managed": ("resourcetype", "targettype", "objecttype", "entitytype"),
    "outcome": ("outcome", "result", "resultstatus", "status", "statuscode", "success", "decision", "eventoutcome"),
    "message": ("message", "msg", "log", "body", "shortmessage", "messagetemplate"),
}
"""Names by role, the most telling first."""

_ROLES: Final[Mapping[str, tuple[Role, int]]] = {name: (role, rank) for role, names in NAMES.items() for rank, name in enumerate(names)}
_CLEF: Final[Mapping[str, tuple[Role, int]]] = {
    "@t": ("time", 0),
    "@l": ("level", 0),
    "@m": ("message", 0),
    "@mt": ("message", 1),
    "@tr": ("trace", 0),
    "@sp": ("trace", 1),
}
_LETTERS: Final[tuple[tuple[frozenset[str], Mapping[str, tuple[Role, int]]], ...]] = (
    (frozenset("tsc"), {"t": ("time", 99), "s": ("level", 99)}),  # MongoDB; c is its component
    (frozenset("TLM"), {"T": ("time", 99), "L": ("level", 99), "M": ("message", 99)}),  # zap's development encoder
)
"""Names of one letter, which say something only together."""
NESTED: Final[Mapping[str, Mapping[str, tuple[Role, int]]]] = {
    "event": {"action": ("event", 0), "type": ("event", 1), "name": ("event", 0), "category": ("category", 0), "outcome": ("outcome", 0)},
    "log": {"level": ("level", 0)},
    "record": {"time": ("time", 0), "level": ("level", 0), "message": ("message", 0)},  # loguru
    "trace": {"id": ("trace", 0)},
    "span": {"id": ("trace", 1)},
    "transaction": {"id": ("trace", 2)},
    "request": {"id": ("trace", 0)},
    "req": {"id": ("trace", 0)},
    "http": {"requestid": ("trace", 0)},
    "resource": {"type": ("managed", 0)},
    "target": {"type": ("managed", 1)},
}
"""Members of objects inside a record that say something, by the plain name of the object."""
NO_IDS: Final = frozenset(
    {"", "-", "0", "00000000-0000-0000-0000-000000000000", *(sign + "0" * size for sign in ("", "0x") for size in (16, 32))}
)
"""What is written where there is no trace: by nginx, Datadog, OpenTelemetry."""
_NUMBER = re.compile(r"\d{9,19}(?:\.\d{1,9})?")
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""Times from the former and before the latter count."""
_OF_WEB_SERVERS: Final = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})")
_MONTHS: Final = {
    name: number for number, name in enumerate(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1)
}
_UNITS: Final = (1, 1_000, 1_000_000, 1_000_000_000)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


T = TypeVar("T")
Keys = tuple[str, ...]

_LONGEST: Final = 64
"""Characters of the longest name that can mean something, and keys of the largest record whose layout is remembered."""
_LAYOUTS: Final = 1024


def by_keys(work_out: Callable[[Keys], T]) -> Callable[[Keys], T]:
    """Remembers what was worked out for the keys of a record, because most records of a log have the same; within bounds of memory."""
    remembered: dict[Keys, T] = {}

    def wrapper(keys: Keys) -> T:
        found = remembered.get(keys)
        if found is None:
            found = work_out(keys)
            if len(keys) <= _LONGEST and sum(map(len, keys)) <= 32 * _LONGEST:
                if len(remembered) >= _LAYOUTS:
                    remembered.clear()
                remembered[keys] = found
        return found

    return wrapper


def plain(key: str) -> str:
    """Returns a name without case and separators; empty when it is longer than any name that means something."""
    return _plain(key) if len(key) <= _LONGEST else ""


@lru_cache(maxsize=8192)
def _plain(key: str) -> str:
    return re.sub(r"[-_.@ ]", "", key.lower())


def role_of(key: str) -> tuple[Role, int] | None:
    """Returns what a field of this name says and how telling the name is (0 most); None when the name says nothing."""
    return _CLEF.get(key) or _ROLES.get(plain(key))


Found = dict[Role, list[Json]]
"""Values by role, the most telling first."""


@dataclass(frozen=True)
class Layout:
    """What the members of records with the same keys say; worked out once for all of them."""

    roles: Mapping[Role, tuple[str, ...]]
    """The keys of each role, the most telling first."""
    nested: tuple[tuple[str, Mapping[str, tuple[Role, int]]], ...]
    """Keys that may hold an object with telling members, and the roles of those."""


@by_keys
def layout_of(keys: Keys) -> Layout:
    """Returns what records with these keys say."""
    known = [(*said, key) for key in keys if (said := role_of(key)) is not None]
    known += [(*said, key) for marks, letters in _LETTERS if marks <= set(keys) for key, said in letters.items()]
    grouped: dict[Role, tuple[str, ...]] = {}
    for role, _, key in sorted(known, key=lambda entry: entry[1]):
        grouped[role] = (*grouped.get(role, ()), key)
    return Layout(grouped, tuple((key, NESTED[plain(key)]) for key in keys if plain(key) in NESTED))


@by_keys
def letters_in(keys: Keys) -> frozenset[str]:
    """Returns those of the keys that are one letter, and say something because all that belong to them are there."""
    return frozenset().union(*(marks for marks, _ in _LETTERS if marks <= set(keys)))


def roles(record: Mapping[str, Json]) -> Found:
    """Returns the values of a record by role, the most telling first; empty values do not count."""
    layout = layout_of(tuple(record))
    found: Found = {}
    for role, keys in layout.roles.items():
        values = [value for key in keys if (value := record[key]) is not None and value != "" and (role != "trace" or is_id(value))]
        if values:
            found[role] = values
    for key, known in layout.nested:
        value = record[key]
        if isinstance(value, dict):
            for role, item in _inner(value, known):
                if role != "trace" or is_id(item):
                    found.setdefault(role, []).append(item)
    return found


def _inner(value: Mapping[str, Json], known: Mapping[str, tuple[Role, int]]) -> list[tuple[Role, Json]]:
    """Returns the telling members of an object inside a record, the most telling first."""
    ranked = [(known[plain(name)], item) for name, item in value.items() if plain(name) in known and item is not None and item != ""]
    return [(role, item) for (role, _), item in sorted(ranked, key=lambda entry: entry[0][1])]


def is_id(value: Json) -> bool:
    """Tells whether a value is the id of something, or an object that may hold it."""
    if isinstance(value, dict) and "id" in value:
        value = value["id"]
    return value not in NO_IDS if isinstance(value, str) else value is not None and value != 0


def names(values: list[Json] | None) -> list[str]:
    """Returns those values of a role that are names: text, lists of text, or what Azure writes beside its translation (``value``)."""
    found: list[str] = []
    for value in values or ():
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, list):
            found += [item for item in value[:10] if isinstance(item, str) and item]
        elif isinstance(value, dict) and isinstance(named := value.get("value"), str) and named:
            found.append(named)
    return found


def time_of(values: list[Json] | None) -> datetime | None:
    """Returns the first value that is a time with zone, in UTC."""
    for value in values or ():
        time = read_time(value)
        if time is not None:
            return time
    return None


def read_time(value: Json) -> datetime | None:
    """Reads a time: ISO 8601 with its zone, the form of web servers, or a number of seconds, milli-, micro- or nanoseconds since 1970.

    Which unit a number has is told by its size: between 1990 and 2100 the four ranges do not meet. Times outside these years are what
    loggers write when they know none (0, 0001-01-01).
    """
    if isinstance(value, str):
        if value[:4].isdigit() and value[4:5] != "-" and _NUMBER.fullmatch(value):
            return _from_number(Decimal(value) if "." in value else int(value))
        return _within(_aware(value))
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return _from_number(value)
    return _from_object(value) if isinstance(value, dict) else None


def _from_object(value: Mapping[str, Json]) -> datetime | None:
    """Reads the times that log4j 2, MongoDB, loguru and Monolog 1 write as objects."""
    seconds, nanos = value.get("epochSecond"), value.get("nanoOfSecond", 0)
    if isinstance(seconds, int) and isinstance(nanos, int) and 0 <= nanos < _UNITS[-1]:
        return _from_number(seconds * _UNITS[-1] + nanos)
    held, zone = value.get("date"), value.get("timezone")
    if isinstance(held, str) and isinstance(zone, str):
        return _within(_aware(f"{held} {zone}" if zone == "UTC" else held + zone))
    held = value.get("$date", value.get("timestamp"))
    return read_time(held.get("$numberLong") if isinstance(held, dict) else held)


def looks_like_time(value: Json) -> bool:
    """Tells whether a value is a time at all, with or without zone; for recognition."""
    if read_time(value) is not None:
        return True
    if not isinstance(value, str) or len(value) > 64:
        return False
    try:
        datetime.fromisoformat(value.strip())
    except ValueError:
        return False
    return True


def _aware(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return _otherwise_aware(text) if len(text) <= 64 else None
    return time if time.tzinfo is not None else None


def _otherwise_aware(text: str) -> datetime | None:
    if text.endswith((" UTC", " GMT")):
        return parse_time(f"{text[:-4].rstrip()}+00:00")
    if (match := _OF_WEB_SERVERS.fullmatch(text)) and match[2] in _MONTHS:
        day, month, year, clock, zone = match.groups()
        return parse_time(f"{year}-{_MONTHS[month]:02}-{day}T{clock}{zone}")
    return parse_time(text)


def _within(time: datetime | None) -> datetime | None:
    if time is None or time.tzinfo is UTC:  # comparing with another zone takes as long as all the rest
        return time if time is not None and EARLIEST.year <= time.year < LATEST.year else None
    return time.astimezone(UTC) if EARLIEST <= time < LATEST else None


def _from_number(number: float | Decimal) -> datetime | None:
    for unit in _UNITS if 0 < number < 2**63 else ():
        if 631_152_000 <= number / unit < 4_102_444_800:
            micro = round(number / unit * 1_000_000) if isinstance(number, float) else int(number * 1_000_000 // unit)
            return _EPOCH + timedelta(microseconds=micro)
    return None
