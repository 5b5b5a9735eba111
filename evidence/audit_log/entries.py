"""The entries of a file of JSON events, whichever way they are laid out, one after the other and in bounded memory.

=========  ==================================================================================================================
lines      one object per line; a line that cannot be read is an entry without value
array      ``[{...}, {...}]``, on one line or printed over many
list       an object with the array in one member: ``{"Records": [...]}``, ``{"kind": "EventList", "items": [...]}``; several in a row
object     one event alone, printed over many lines
prefixed   one object per line behind a time, a host or a stream: CloudWatch's export to S3, ``oc adm node-logs``, containers' logs
=========  ==================================================================================================================

Lines are read as logs are: what is broken costs one line. The others are documents and must be well-formed from end to end. What stands in
an envelope is taken out of it (see `envelopes`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Final

from compliance.errors import InputError
from compliance.reading.jsonlines import LineReader
from compliance.reading.jsonrows import Rows
from compliance.record import Json
from compliance.source import LINE_LIMIT, Source

from .documents import LISTS, Document, Entry
from .envelopes import may_be_opened, opened
from .lines import Block, blocks

FIRST: Final = 20
"""Entries that are looked at for recognition."""
_LONG: Final = 4 << 20
"""Characters of the longest entry that is looked at for recognition."""
_HINTS: Final = (
    b"protoPayload",
    b"protopayload_auditlog",
    b"proto_payload",
    b"insertId",
    b"eventName",
    b"eventVersion",
    b"CloudTrailEvent",
    b"audit.k8s.io",
    b'"verb"',
    b'\\"verb\\"',
    b"kube-audit",
    b'"messageId"',
)
"""What the first 64 KiB of a file of such events hold; of other documents no more is read."""
_PREFIX: Final = re.compile(rb"[^{\[\"\r\n][^{\"\r\n]{0,511}(?=\{)")
"""What stands before the object of a line."""


def first_entries(source: Source) -> list[dict[str, Json]]:
    """Returns the objects among the first entries of a file; empty when it holds none. For recognition."""
    return source.once(_first_entries)


def _first_entries(source: Source) -> list[dict[str, Json]]:
    found: list[dict[str, Json]] = []
    head = source.head.lstrip()
    if (head[:1] in (b"{", b"[") or _PREFIX.match(head)) and any(hint in head for hint in _HINTS):
        with suppress(InputError):  # a document that is cut off further on is refused by name, once it is known what it is
            found.extend(entry.value for entry in islice(entries(source, _LONG), FIRST) if entry.value is not None)
    return found


def take(source: Source, one: Callable[[Entry], None], many: Callable[[Block, Rows], bool]) -> None:
    """Hands over the entries of a file, in their order.

    Args:
        source: The file.
        one: Takes an entry.
        many: Takes the entries of lines that each hold an object that is no envelope; false when it must have them one by one.

    Raises:
        InputError: As `entries`.
    """
    if not source.size or _is_prefixed(source) or not _is_lines(source):
        for entry in entries(source):
            one(entry)
        return
    for block in blocks(source):
        if block.rows is None or may_be_opened(block.rows.keys) or not many(block, block.rows):
            for number, raw, record in block.each():
                one(_unwrapped(Entry(number, raw, record, {})))


def entries(source: Source, limit: int = LINE_LIMIT) -> Iterator[Entry]:
    """Yields the entries of a file.

    Args:
        source: The file.
        limit: Characters of the longest entry of a document.

    Raises:
        InputError: Empty; or a document that is cut off, malformed, has a duplicate key, or an entry longer than the limit.
    """
    if not source.size:
        raise InputError("empty file", expected="JSON")
    if _is_prefixed(source):
        return map(_unwrapped, _prefixed(source))
    return map(_unwrapped, _lines(source) if _is_lines(source) else Document(source, limit).entries())


def _is_prefixed(source: Source) -> bool:
    return _PREFIX.match(source.head.lstrip()) is not None


def _unwrapped(entry: Entry) -> Entry:
    if entry.value is None:
        return entry
    inside = opened(entry.value)
    return entry if inside.value is entry.value else entry._replace(raw=inside.raw or entry.raw, value=inside.value)


def _is_lines(source: Source) -> bool:
    """Tells whether each line is an object for itself: the first one is and holds no list, or the second one is."""
    read = LineReader()
    lines = (raw for _, raw in source.lines() if raw.strip())
    try:
        for place, raw in enumerate(islice(lines, 2)):
            if raw.lstrip()[:1] == b"[" and not place:
                return False
            value = read.object(raw)
            if value is not None:
                return place > 0 or not any(isinstance(value.get(name), list) for name in LISTS)
    except InputError:  # a line that is too long for a log may be a whole document
        return False
    return False


def _lines(source: Source) -> Iterator[Entry]:
    read = LineReader()
    for number, raw in source.lines():
        if raw.strip():
            yield Entry(number, raw, read.object(raw), {})


def _prefixed(source: Source) -> Iterator[Entry]:
    read = LineReader()
    for number, raw in source.lines():
        if raw.strip():
            prefix = _PREFIX.match(raw)
            yield Entry(number, raw, read.object(raw[prefix.end() if prefix else 0 :]), {})
