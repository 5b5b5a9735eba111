"""Format ``auditd-log``: the log of Linux audit, as auditd writes it (RAW or ENRICHED) and ``ausearch`` prints it.

An event is all records with the same node, time and serial, however they interleave, within 65,536 events in a row; it stands where its
first record does. A record is a line with ``msg=audit(time:serial)`` at its place, after ``node=`` and ``type=`` if they are there, or
behind a prefix of syslog, or with nothing before ``audit(``, as the kernel sends it; milliseconds may be missing, as they may for
ausearch. Other lines are unread, which is normal where a disk was full or a line was cut.
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
_HEADER: Final = re.compile(rb"(?:node=(\S+) +)?(?:type=(\S+) +)?(?:msg=)?audit\(([^()]{1,64}):(\d{1,10})\) ?:? ?")
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
_WHO_OR_WHAT: Final[Mapping[bytes, int]] = {
    **dict.fromkeys((b"name", b"exe", b"path", b"unit", b"cmd", b"grp", b"file", b"vm", b"dev", b"device", b"table"), RESOURCE),
    **dict.fromkeys((b"auid", b"uid", b"AUID", b"UID"), ACTOR),
    b"acct": ACTOR | RESOURCE,
}
_HOW: Final = frozenset({b"success", b"res", b"result"})
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

    def take(self, fields: Iterable[tuple[bytes, bytes, bytes]], raw: bytes, kind: str) -> list[bytes]:
        """Takes a record: names with their quoted and their bare values.

        Returns:
            What stands in it in hexadecimal, decoded.
        """
        how: Outcome | None = None
        code = b""
        decoded = []
        for name, quoted, bare in fields:
            value = quoted or bare
            if name in _WHO_OR_WHAT and value not in _UNSET:
                self.says |= _WHO_OR_WHAT[name]
            elif name in _HOW:
                how = _ENDED.get(value.rstrip(b"),").lower(), how)
            elif name == b"exit":
                code = value
            if bare and _is_hex(name, bare, kind):
                decoded.append(_decoded(bare))
        if how == "failure" and (code in _REFUSED_CODES or code.startswith(_REFUSED)):
            how = "denied"
        if kind == "APPARMOR_DENIED" or (how is None and kind in ("AVC", "USER_AVC") and _was_denied(raw)):
            how = "denied"
        if how is not None and self.ended != "denied":
            self.ended = how
        return decoded

    def event(self) -> Event:
        """Returns the event as far as it is known."""
        return Event(self.time, class_of_types(self.types), self.says | (OUTCOME if self.ended else 0), self.ended)


def _was_denied(raw: bytes) -> bool:
    return b"denied" in raw and b"permissive=1" not in raw


def _recognise(source: Source) -> bool:
    if b"audit(" not in source.head:
        return False
    try:
        first = list(islice(_lines(source), _FIRST_LINES))
    except InputError:
        return False
    # Records that were cut off count: they are told by what is left of them.
    return any(_header(raw) for _, raw in first) and 2 * sum(b"audit(" in raw for _, raw in first) > len(first)


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
        found = None if header is None else self._event_of(header)
        if header is None or found is None:
            self.tally.unreadable(number, raw)
            return
        kind = name_of_type(header[2].decode("ascii", "replace")) if header[2] else ""
        if kind:
            found.types.append(kind)
            found.says |= ACTION
        fields = _FIELD.findall(raw, header.end())
        decoded = found.take(fields, raw, kind)
        self.tally.personal.record(number, b" ".join([raw, *decoded]) if decoded else raw, lambda: dict(_texts(fields, kind)))

    def finish(self) -> Tally:
        """Takes the events that are still open."""
        for event in self._open.values():
            self.tally.add(event.event())
        self._open.clear()
        return self.tally

    def _event_of(self, header: re.Match[bytes]) -> _Open | None:
        """Returns the event of a record; None when time or serial cannot be those of one."""
        node, time, serial = key = (header[1] or b"", header[3], header[4])
        found = self._open.get(key)
        if found is not None:
            return found
        number = int(serial)
        if number >= ROLL or not time[:1].isalnum() or not any(48 <= char <= 57 for char in time):
            return None
        found = self._open[key] = _Open(_time(time))
        if (header[2] or b"").startswith(b"DAEMON_"):
            self.tally.unnumbered += 1
        else:
            self._serials.add(node, number, found.time)
        if len(self._open) > WINDOW:
            self.tally.add(self._open.pop(next(iter(self._open))).event())
        return found


def _time(text: bytes) -> datetime | None:
    """Reads seconds since 1970 with milliseconds; an interpreted time states no zone."""
    match = _EPOCH_TIME.fullmatch(text)
    return _START + timedelta(seconds=int(match[1]), milliseconds=int(match[2] or 0)) if match else None


def _is_hex(name: bytes, value: bytes, kind: str) -> bool:
    """Tells whether an unquoted value is a text in hexadecimal; the arguments of a system call are addresses."""
    may_be = name in _HEX_FIELDS or (kind == "EXECVE" and _ARGUMENT.fullmatch(name) is not None)
    return may_be and _HEX.fullmatch(value) is not None


def _decoded(value: bytes) -> bytes:
    return bytes.fromhex(value.decode()).replace(b"\0", b" ")


def _texts(fields: Iterable[tuple[bytes, bytes, bytes]], kind: str) -> Iterator[tuple[str, str]]:
    """Yields the fields that hold text, decoded."""
    for name, quoted, bare in fields:
        if kind != "EXECVE" and _ARGUMENT.fullmatch(name):
            continue
        if bare and _is_hex(name, bare, kind):
            yield name.decode(), _decoded(bare).decode("utf-8", "replace")
        elif not bare.isdigit():
            yield name.decode(), (quoted or bare).decode("utf-8", "replace")


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
    parser=2,
    recognise=_recognise,
    parse=_parse,
    marks=("type=", "msg=audit("),
)
