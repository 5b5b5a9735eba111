"""Format ``auditd-log``: the log of Linux audit, as auditd writes it (RAW or ENRICHED) and ``ausearch`` prints it.

An event is all records with the same node, time and serial, however they interleave, within 65,536 events in a row; it stands where its
first record does. A record is a line with ``msg=audit(time:serial)`` at its place, after ``node=`` and ``type=`` if they are there, or
behind a prefix of syslog; milliseconds may be missing, as they may for ausearch. Other lines are unread, which is normal where a disk was
full or a line was cut.
The separators of ausearch (``----``, ``time->``) are no lines of the log. ``ausearch -i`` prints local times without zone: none of them
is a time here.

Serials are the sequence: see `serials`. Those of the daemon's own events (DAEMON_START, ...) are random and do not count. Values that are
written in hexadecimal (``proctitle``, ``cmd``, arguments, names) are decoded before they are looked through for personal data.

How it ended: ``success``, ``res`` or ``result``; a call that failed with EPERM or EACCES, and an access vector that was denied, are denied.

Sources: "Audit Event Fields" and ``src/ausearch-lol.c`` of audit-userspace.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.record import Parsed
from compliance.source import Source

from .auditd_types import class_of_types, name_of_type
from .event import ACTION, ACTOR, OUTCOME, RESOURCE, TRACE, Event, Outcome
from .events import word_set
from .serials import ROLL, Serials
from .tally import Tally

WINDOW: Final = 65536
"""Events whose records may still come."""
_FIRST_LINES: Final = 20
_HEADER: Final = re.compile(rb"(?:node=(\S+) +)?(?:type=(\S+) +)?msg=audit\(([^()]{1,64}):(\d{1,10})\) ?:? ?")
_FORWARDED: Final = re.compile(rb"(?:node=(\S+) +)?\btype=(\S+) +(?:msg=)?audit\(([^()]{1,64}):(\d{1,10})\) ?:? ?")
"""A record after a prefix of syslog or of the kernel's own log, which writes no ``msg=``."""
_EPOCH_TIME: Final = re.compile(rb"(\d{1,11})(?:\.(\d{1,3}))?")
_FIELD: Final = re.compile(rb"([A-Za-z_][\w-]*)=(?:\"([^\"]*)\"|([^\s\"'\x1d]*))")
_SEPARATOR: Final = re.compile(rb"-{4}|time->.*")
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNSET: Final = frozenset({b"4294967295", b"-1", b"unset", b"?", b"(none)", b"(null)", b"", b"(unknown)"})
_ENDED: Final[Mapping[bytes, Outcome]] = {
    **dict.fromkeys((b"yes", b"success", b"1", b"true"), "success"),
    **dict.fromkeys((b"no", b"failed", b"fail", b"failure", b"0", b"false"), "failure"),
}
_REFUSED: Final = (b"EPERM", b"EACCES")
_REFUSED_CODES: Final = frozenset({b"-1", b"-13"})
_WHO: Final = (b"auid", b"acct", b"uid", b"AUID", b"UID")
_WHAT: Final = frozenset({b"name", b"exe", b"path", b"unit", b"cmd", b"acct", b"grp", b"file", b"vm", b"dev", b"device", b"table"})
_ACTORS: Final = ("acct", "auid", "uid", "AUID", "UID", "EUID", "SUID", "FSUID", "OAUID", "ID", "id", "sauid", "SAUID", "addr", "hostname")
_HEX_FIELDS: Final = frozenset(
    name.encode()
    for name in word_set("exe comm cmd name proctitle cwd acct key path dir data file device vm ocomm grp new-disk old-disk profile")
)
_ARGUMENT: Final = re.compile(rb"a\d+(?:\[\d+\])?")
_HEX: Final = re.compile(rb"(?:[0-9A-Fa-f]{2})+")


@dataclass(slots=True)
class _Open:
    """An event whose records are being gathered."""

    time: datetime | None
    types: list[str] = field(default_factory=list)
    says: int = TRACE
    ended: Outcome | None = None

    def event(self) -> Event:
        """Returns the event as far as it is known."""
        return Event(self.time, class_of_types(self.types), self.says | (OUTCOME if self.ended else 0), self.ended)


def _recognise(source: Source) -> bool:
    if b"audit(" not in source.head:
        return False
    try:
        first = list(islice(_lines(source), _FIRST_LINES))
    except InputError:
        return False
    return 2 * sum(_header(raw) is not None for _, raw in first) > len(first)


def _header(raw: bytes) -> re.Match[bytes] | None:
    return _HEADER.match(raw) or (_FORWARDED.search(raw) if b"audit(" in raw else None)


def _lines(source: Source) -> Iterator[tuple[int, bytes]]:
    """Yields the lines of the log."""
    for number, raw in source.lines():
        line = raw.strip()
        if line and _SEPARATOR.fullmatch(line) is None:
            yield number, line


class _Reader:
    """Makes events of records."""

    def __init__(self) -> None:
        self.tally = Tally(_ACTORS, has_levels=False)
        self._serials = Serials()
        self.tally.numbers = self._serials
        self._open: dict[tuple[bytes, bytes, bytes], _Open] = {}

    def line(self, number: int, raw: bytes) -> None:
        """Takes a line that is not blank."""
        header = _header(raw)
        if header is None or not self._is_id(header):
            self.tally.unreadable(number, raw)
            return
        kind = name_of_type((header[2] or b"").decode("ascii", "replace"))
        rest = raw[header.end() :]
        fields = _fields(rest)
        found = self._event_of(header, kind)
        if kind:
            found.types.append(kind)
            found.says |= ACTION
        found.says |= _said(fields)
        found.ended = _ended(fields, rest, kind) or found.ended if found.ended != "denied" else "denied"
        texts = dict(_texts(fields, kind))
        self.tally.personal.record(number, b" ".join([raw, *(text.encode() for text in texts.values())]), texts)

    def finish(self) -> Tally:
        """Takes the events that are still open."""
        for event in self._open.values():
            self.tally.add(event.event())
        self._open.clear()
        return self.tally

    def _is_id(self, header: re.Match[bytes]) -> bool:
        """Tells whether time and serial can be those of an event: in an interpreted time there are digits as well."""
        return int(header[4]) < ROLL and header[3][:1].isalnum() and any(48 <= char <= 57 for char in header[3])

    def _event_of(self, header: re.Match[bytes], kind: str) -> _Open:
        key = (header[1] or b"", header[3], header[4])
        found = self._open.get(key)
        if found is None:
            found = self._open[key] = _Open(_time(header[3]))
            if kind.startswith("DAEMON_"):
                self.tally.unnumbered += 1
            else:
                self._serials.add(key[0], int(header[4]), found.time)
            if len(self._open) > WINDOW:
                self.tally.add(self._open.pop(next(iter(self._open))).event())
        return found


def _time(text: bytes) -> datetime | None:
    """Reads seconds since 1970 with milliseconds; an interpreted time states no zone."""
    match = _EPOCH_TIME.fullmatch(text)
    return _START + timedelta(seconds=int(match[1]), milliseconds=int(match[2] or 0)) if match else None


def _fields(text: bytes) -> list[tuple[bytes, bytes, bool]]:
    """Returns names and values, those inside of ``msg='...'`` and those after 0x1d too, and whether the value was quoted."""
    return [(match[1], match[3].rstrip(b"),") if match[2] is None else match[2], match[2] is not None) for match in _FIELD.finditer(text)]


def _said(fields: Iterable[tuple[bytes, bytes, bool]]) -> int:
    said = 0
    for name, value, _ in fields:
        if value not in _UNSET:
            said |= (ACTOR if name in _WHO else 0) | (RESOURCE if name in _WHAT else 0)
    return said


def _ended(fields: Iterable[tuple[bytes, bytes, bool]], text: bytes, kind: str) -> Outcome | None:
    found: Outcome | None = None
    code = b""
    for name, value, _ in fields:
        if name in (b"success", b"res", b"result"):
            found = _ENDED.get(value.lower(), found)
        elif name == b"exit":
            code = value
    if found == "failure" and (code in _REFUSED_CODES or code.startswith(_REFUSED)):
        return "denied"
    if kind in ("AVC", "USER_AVC") and found is None:
        return "denied" if b"denied" in text and b"permissive=1" not in text else None
    return "denied" if kind == "APPARMOR_DENIED" else found


def _texts(fields: Iterable[tuple[bytes, bytes, bool]], kind: str) -> Iterator[tuple[str, str]]:
    """Yields the fields that hold text, decoded; the arguments of a system call are addresses."""
    for name, value, quoted in fields:
        argument = _ARGUMENT.fullmatch(name) is not None
        if argument and kind != "EXECVE":
            continue
        if not quoted and (argument or name in _HEX_FIELDS) and _HEX.fullmatch(value):
            value = bytes.fromhex(value.decode()).replace(b"\0", b" ")
        elif value.isdigit() and not argument:
            continue
        yield name.decode(), value.decode("utf-8", "replace")


def _parse(source: Source) -> Parsed:
    if not source.size:
        raise InputError("empty file", expected="records of Linux audit")
    reader = _Reader()
    lines = 0
    for number, raw in _lines(source):
        lines += 1
        reader.line(number, raw)
    return reader.finish().parsed(lines=lines)


FORMAT = Format(
    name="auditd-log",
    title="Linux audit: auditd's log, raw or enriched, and ausearch's output",
    parser=1,
    recognise=_recognise,
    parse=_parse,
    marks=("type=", "msg=audit("),
)
