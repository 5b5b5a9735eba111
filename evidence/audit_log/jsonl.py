"""Format ``jsonl-log``: structured logs and audit trails with one JSON object per line.

Read line by line in bounded memory. An event is a line that is a JSON object, read strictly (a duplicate key makes the line unreadable);
blank lines do not count. Which fields say what is told by their names: see `fields`.

A file is such a log when most of its first lines are objects with a time, or with a level and a name or message. Other kinds of
JSON lines (Google Cloud audit logs, CloudTrail, Kubernetes audit events, points of k6 and vegeta, ``go test -json``) are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading.jsonlines import LineReader
from compliance.reading.jsonrows import Rows
from compliance.record import Json, Parsed
from compliance.source import Source

from .cloudtrail import is_event as is_cloudtrail
from .envelopes import opened
from .fields import Keys, by_keys, layout_of, looks_like_time, plain, roles
from .gcp_audit import is_log_entry
from .k8s_audit import is_event as is_kubernetes
from .lines import Block, blocks
from .order import Sequence as Numbers
from .order import number_of
from .records import event_of
from .tally import Tally
from .together import Teller

_FIRST_LINES: Final = 20
_LONG_LINE: Final = 1 << 20
_SINGLE: Final = 65536
"""Bytes of the largest log of a single line that is recognised."""

_WEAK: Final = ("body", "type")
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
        "time action test",  # go tool test2json without a package
        "templateid info type",  # findings of Nuclei
        "results errors",
        "results generatedat",
        "latencies requests",
    )
)


def _recognise(source: Source) -> bool:
    if b"{" not in source.head or b"\0" in source.head[:4]:
        return False
    seen = good = timed = 0
    read = LineReader()
    try:
        for _, raw in source.lines():
            if not raw.strip():
                continue
            if seen == _FIRST_LINES or len(raw) > _LONG_LINE:
                break
            seen += 1
            record = read.object(raw)
            if record is None:
                continue
            if _is_foreign(record):
                return False
            found = roles(record)
            has_time = any(looks_like_time(value) for value in found.get("time", ()))
            good += has_time or ("level" in found and bool(found.keys() & {"event", "message"}))
            timed += has_time and (bool(found.keys() & {"level", "trace"}) or _says_what(record))
    except InputError:
        return False
    if seen == 1:
        return timed == 1 and source.size <= _SINGLE
    return 2 * good > seen


def _says_what(record: dict[str, Json]) -> bool:
    """Tells whether a record has a message or names what happened; a body or a type alone have articles, accounts and packages as well."""
    roles_of = layout_of(tuple(record)).roles
    return any(record[key] and plain(key) not in _WEAK for role in ("event", "message") for key in roles_of.get(role, ()))


def _is_foreign(record: dict[str, Json]) -> bool:
    keys = {plain(key) for key in record if not key.startswith("_")}  # with "_" begin those of the journal, and what GELF adds
    schema = record.get("schema")
    if isinstance(schema, str) and schema.startswith("compliance/"):
        return True
    inside = opened(record).value or record
    if is_log_entry(inside) or is_cloudtrail(inside) or is_kubernetes(inside):
        return True
    return bool(keys & _FOREIGN_KEYS) or any(keys >= foreign for foreign in _FOREIGN_SETS)


@by_keys
def _claims_of(keys: Keys) -> tuple[str, ...]:
    return tuple(key for key in keys if plain(key) in _CLAIMS)


class _Reader:
    """Makes events of the lines of a log."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._teller = Teller()
        self._numbers = Numbers()
        self.tally.numbers = self._numbers
        self._sequence_key: str | None = None
        self._waiting: tuple[str, int] | None = None

    def read(self, source: Source) -> None:
        """Takes all lines of a file."""
        for block in blocks(source):
            if block.rows is None or self._is_header(block.rows.object(0)) or not self._together(block, block.rows):
                for number, raw, record in block.each():
                    self.line(number, raw, record)

    def _together(self, block: Block, rows: Rows) -> bool:
        """Takes lines that each hold an object, where nothing but a sequence must be followed from line to line."""
        sequenced = "sequence" in layout_of(rows.keys).roles
        if (sequenced and self._sequence_key is None) or _claims_of(rows.keys):
            return False
        if not self.tally.chain.passes_over(block.first, [rows.keys]) or (told := self._teller.events_of(rows)) is None:
            return False
        self.tally.add_all(*told)
        for value in rows.column(self._sequence_key) if self._sequence_key else ():
            self._next_number(value)
        self.tally.personal.block(block, rows)
        return True

    def _is_header(self, record: Mapping[str, Json]) -> bool:
        """Tells whether the next record is the first one and tells no event."""
        return not self.tally.events and not self.tally.unparsed and not roles(record).keys() & {"time", "level", "event"}

    def line(self, number: int, raw: bytes, record: dict[str, Json] | None) -> None:
        """Takes one line that is not blank."""
        tally = self.tally
        if record is None:
            tally.unreadable(number, raw)
            return
        header = self._is_header(record)
        tally.unnumbered += header
        keys = tuple(record)
        self._number(record, keys)
        tally.chain.add(number, raw, record, header)
        for key in _claims_of(keys):
            if record[key] in (True, "true"):
                tally.claims += 1
                break
        tally.event(number, raw, record, event_of(record))

    def _number(self, record: Mapping[str, Json], keys: Keys) -> None:
        """Follows the sequence; its field is the first of `fields.NAMES` that a record holds.

        ``n`` alone is a poor name, so it counts only when the second record that holds it goes on from the first.
        """
        if self._sequence_key is None:
            self._find_sequence(record, keys)
            return
        self._next_number(record.get(self._sequence_key))

    def _next_number(self, value: Json) -> None:
        number = number_of(value)
        if number is not None:
            self._numbers.add(number)

    def _find_sequence(self, record: Mapping[str, Json], keys: Keys) -> None:
        for key in layout_of(keys).roles.get("sequence", ()):
            number = number_of(record[key])
            if number is None:
                continue
            if plain(key) != "n":
                self._sequence_key = key
            elif self._waiting == (key, number - 1):
                self._sequence_key = key
                self._numbers.add(number - 1)
            else:
                self._waiting = (key, number)
                continue
            self._numbers.add(number)
            return


def _parse(source: Source) -> Parsed:
    if not source.size:
        raise InputError("empty file", expected="JSON objects, one per line")
    reader = _Reader()
    reader.read(source)
    if reader.tally.events and not reader.tally.said_anything:
        raise InputError("objects without time, level, event or trace", expected="events of a log, one per line")
    return reader.tally.parsed()


FORMAT = Format(name="jsonl-log", title="Structured log with one JSON object per line", parser=3, recognise=_recognise, parse=_parse)
