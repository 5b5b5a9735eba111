"""Format ``jsonl-log``: structured logs and audit trails with one JSON object per line.

Read line by line in bounded memory. An event is a line that is a JSON object, read strictly (a duplicate key makes the line unreadable);
blank lines do not count. Which fields say what is told by their names: see `fields`.

A file is such a log when most of its first lines are objects with a time, or with a level and a name or message. Other kinds of
JSON lines (Google Cloud audit logs, CloudTrail, Kubernetes audit events, points of k6 and vegeta, ``go test -json``) are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from compliance import jsontext
from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Json, Parsed
from compliance.source import Source

from . import AuditLog, Classes
from .chain import Chain
from .events import classify
from .fields import Found, Keys, by_keys, looks_like_time, names, plain, roles, time_of
from .order import Sequence, Times, number_of
from .personal_data import Finder

_FIRST_LINES: Final = 20
_LONG_LINE: Final = 1 << 20
_SINGLE: Final = 65536
"""Bytes of the largest log of a single line that is recognised."""

_CLAIMS: Final = frozenset({"immutable", "isimmutable", "tamperproof", "tamperevident", "writeonce", "appendonly"})

_FOREIGN_KEYS: Final = frozenset(
    (
        *("protopayload", "cloudtrailevent", "objectref", "auditid", "bomformat", "spdxversion", "openapi", "swagger", "schemaversion"),
        *("runs", "vulnerabilities", "matches", "aggregate", "dependencies", "testsuites"),
    )
)
"""Names that the members of other documents have; a log's event could hold them only by chance."""
_FOREIGN_SETS: Final = tuple(
    frozenset(keys.split())
    for keys in (
        "eventversion eventsource",  # CloudTrail
        "logname insertid",  # Google Cloud
        "logname jsonpayload",
        "logname textpayload",
        "kind verb user",  # Kubernetes
        "metric data type",  # k6
        "attack code latency",  # vegeta
        "time action package",  # go test -json
        "results errors",
        "results generatedat",
        "latencies requests",
    )
)


def _recognise(source: Source) -> bool:
    if b"{" not in source.head or b"\0" in source.head[:4]:
        return False
    seen = good = timed = 0
    try:
        for _, raw in source.lines():
            if not raw.strip():
                continue
            if seen == _FIRST_LINES or len(raw) > _LONG_LINE:
                break
            seen += 1
            record = _object(raw)
            if record is None:
                continue
            if _is_foreign(record):
                return False
            found = roles(record)
            has_time = any(looks_like_time(value) for value in found.get("time", ()))
            says = bool(found.keys() & {"level", "event", "message", "trace"})
            good += has_time or ("level" in found and bool(found.keys() & {"event", "message"}))
            timed += has_time and says
    except InputError:
        return False
    if seen == 1:
        return timed == 1 and source.size <= _SINGLE
    return 2 * good > seen


def _object(raw: bytes) -> dict[str, Json] | None:
    if raw.lstrip()[:1] != b"{":
        return None
    try:
        value = jsontext.loads(raw)
    except InputError:
        return None
    return value if isinstance(value, dict) else None


def _is_foreign(record: Mapping[str, Json]) -> bool:
    keys = {plain(key) for key in record}
    schema = record.get("schema")
    if isinstance(schema, str) and schema.startswith("compliance/"):
        return True
    if record.get("category") in ("kube-audit", "kube-audit-admin") or str(record.get("apiVersion", "")).startswith("audit.k8s.io"):
        return True
    return bool(keys & _FOREIGN_KEYS) or any(keys >= foreign for foreign in _FOREIGN_SETS)


@by_keys
def _claims_of(keys: Keys) -> tuple[str, ...]:
    return tuple(key for key in keys if plain(key) in _CLAIMS)


class _Reader:
    """Takes the lines of a log one after the other and keeps figures only."""

    def __init__(self) -> None:
        self.lines = self.events = self.claims = self.headers = 0
        self.counts: dict[str, int] = {}
        self.classes: dict[str, int] = {}
        self.times = Times()
        self.sequence = Sequence()
        self.chain = Chain()
        self.personal = Finder()
        self._sequence_key: str | None = None
        self._waiting: tuple[str, int] | None = None

    def line(self, number: int, raw: bytes) -> None:
        """Takes one line that is not blank."""
        self.lines += 1
        record = _object(raw)
        if record is None:
            self.personal.unparsed(number, raw)
            return
        self.events += 1
        found = roles(record)
        time = time_of(found.get("time"))
        if time is not None:
            self.times.add(time)
        for role in ("level", "trace", "actor", "resource", "outcome"):
            if role in found:
                self.counts[role] = self.counts.get(role, 0) + 1
        self._name(found)
        header = self.lines == 1 and not found.keys() & {"time", "level", "event"}
        self.headers += header
        self._number(record, found)
        self.chain.add(number, raw, record, header)
        self.claims += any(record[key] in (True, "true") for key in _claims_of(tuple(record)))
        self.personal.record(number, raw, record)

    def _name(self, found: Found) -> None:
        events, categories = names(found.get("event")), names(found.get("category"))
        if events:
            self.counts["event"] = self.counts.get("event", 0) + 1
        managed = next(iter(names(found.get("managed"))), "")
        if not managed:
            managed = next((re.split(r"[:/]", text, maxsplit=1)[0] for text in names(found.get("resource"))), "")
        event_class = classify([*events, *categories], managed)
        self.classes[event_class] = self.classes.get(event_class, 0) + 1

    def _number(self, record: Mapping[str, Json], found: Found) -> None:
        """Follows the sequence; its field is the first of `fields.NAMES` that a record holds.

        ``n`` alone is a poor name, so it counts only when the second record that holds it goes on from the first.
        """
        if self._sequence_key is None:
            self._find_sequence(record, found)
            return
        number = number_of(record.get(self._sequence_key))
        if number is not None:
            self.sequence.add(number)

    def _find_sequence(self, record: Mapping[str, Json], found: Found) -> None:
        for key in record if "sequence" in found else ():
            number = number_of(record[key])
            if plain(key) not in _SEQUENCE or number is None:
                continue
            if plain(key) != "n":
                self._sequence_key = key
            elif self._waiting == (key, number - 1):
                self._sequence_key = key
                self.sequence.add(number - 1)
            else:
                self._waiting = (key, number)
                continue
            self.sequence.add(number)
            return

    def result(self) -> AuditLog:
        """Returns the figures."""
        events = self.events
        numbered = self.sequence.numbered
        return AuditLog(
            lines=self.lines,
            events=events,
            unparsed=self.lines - events,
            first=self.times.first,
            last=self.times.last,
            out_of_order=self.times.out_of_order,
            largest_step_back_s=self.times.step_back_s,
            gaps=self.sequence.gaps,
            sequenced=0 < numbered >= events - self.headers and not self.sequence.repeated and not self.sequence.scattered,
            repeated=self.sequence.repeated,
            longest_silence_s=self.times.longest_silence_s,
            with_timestamp=self.times.count,
            with_level=self.counts.get("level", 0),
            with_event=self.counts.get("event", 0),
            with_trace=self.counts.get("trace", 0),
            with_actor=self.counts.get("actor", 0),
            with_resource=self.counts.get("resource", 0),
            with_outcome=self.counts.get("outcome", 0),
            classes=Classes(**self.classes),
            chain=self.chain.status,
            chain_broken_at=self.chain.broken_at,
            chain_from_start=self.chain.from_start,
            claims_immutable=self.claims,
            personal_data=self.personal.total,
            personal_fields=dict(sorted(self.personal.fields.items())),
            personal_samples=self.personal.samples,
            incomplete=self._incomplete(),
        )

    def _incomplete(self) -> str | None:
        if not self.times.count:
            return "no event states its time with a zone"
        return "the sequence numbers are scattered; missing ones are not counted" if self.sequence.scattered else None

    @property
    def is_log(self) -> bool:
        """Whether anything was found that a log would say."""
        return bool(self.times.count or self.counts.keys() & {"level", "event", "trace"})


_SEQUENCE: Final = frozenset({"seq", "sequence", "sequencenumber", "seqno", "seqnum", "sequenceno", "n"})


def _parse(source: Source) -> Parsed:
    if not source.size:
        raise InputError("empty file", expected="JSON objects, one per line")
    reader = _Reader()
    for number, raw in source.lines():
        if raw.strip():
            reader.line(number, raw)
    if not reader.events:
        raise InputError("no event" if reader.lines else "blank lines only", expected="JSON objects, one per line")
    if not reader.is_log:
        raise InputError("objects without time, level, event or trace", expected="events of a log, one per line")
    payload = reader.result()
    return Parsed(payload=payload, observed_at=payload.last)


FORMAT = Format(name="jsonl-log", title="Structured log with one JSON object per line", parser=1, recognise=_recognise, parse=_parse)
