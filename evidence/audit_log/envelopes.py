"""Envelopes in which a cloud's events travel: what is inside is the event, with its own time; the envelope's time is when it was carried.

=========================  ===========================================================================================
EventBridge                ``{"detail-type": ..., "detail": {event}}``
CloudEvents                ``{"specversion": "1.0", "data": {event}}``
CloudWatch Logs            ``{"timestamp": ..., "message": "event"}``, as its commands and subscriptions list them
CloudWatch Logs Insights   ``{"@message": "event"}``
Filebeat                   ``{"@timestamp": ..., "message": "event"}``
Pub/Sub                    ``{"message": {"data": "event in Base64", "messageId": ...}}``
Splunk, export             ``{"preview": ..., "result": {"_raw": "event"}}``
Splunk, collector          ``{"sourcetype": ..., "event": {event}}``
Docker's json-file driver  ``{"log": "event", "stream": ...}``
Fluent Bit, Fluentd        ``{"date": ..., "log": "event"}``, ``{"kubernetes": ..., "log": "event"}``
Loki's logcli              ``{"timestamp": ..., "line": "event"}``
Elasticsearch, exported    ``{"_source": {event}}``
Azure Log Analytics        ``{"log_s": "event"}``
SQS                        ``{"MessageId": ..., "Body": "event"}``, for functions ``{"messageId": ..., "body": "event"}``
SNS                        ``{"TopicArn": ..., "Message": "event"}``
CloudTrail Lake            ``{"eventCategory": "ActivityAuditLog", "eventData": {event}}``
=========================  ===========================================================================================

Text is opened where it begins as an object does. Text of another sort is a message of its own, and its envelope stays closed.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Final, NamedTuple

from compliance.errors import InputError
from compliance.reading import jsontext
from compliance.record import Json

_NESTED: Final = 4
"""Envelopes inside each other that are opened."""


class Inside(NamedTuple):
    """What an envelope holds."""

    value: dict[str, Json] | None
    """The event; None when its text cannot be read."""
    raw: bytes | None
    """Its bytes, where they stand in the envelope as text."""


class _Form(NamedTuple):
    marks: frozenset[str]
    """Members that such an envelope has."""
    path: tuple[str, ...]
    """Where in it the event stands."""
    encoded: bool = False
    """In Base64."""


_FORMS: Final = tuple(
    _Form(frozenset(marks.split()), tuple(path.split("/")), encoded)
    for marks, path, encoded in (
        ("detail-type detail", "detail", False),
        ("specversion data", "data", False),
        ("timestamp message", "message", False),
        ("@timestamp message", "message", False),
        ("@message", "@message", False),
        ("message", "message/data", True),
        ("preview result", "result/_raw", False),
        ("sourcetype event", "event", False),
        ("log stream", "log", False),
        ("date log", "log", False),
        ("kubernetes log", "log", False),
        ("line timestamp", "line", False),
        ("_source", "_source", False),
        ("log_s", "log_s", False),
        ("MessageId Body", "Body", False),
        ("messageId body", "body", False),
        ("TopicArn Message", "Message", False),
        ("eventCategory eventData", "eventData", False),
    )
)
_MARKS: Final = frozenset().union(*(form.marks for form in _FORMS))


def may_be_opened(keys: Iterable[str]) -> bool:
    """Tells whether an object that has no other keys may be an envelope."""
    held = set(keys)
    return any(form.marks <= held for form in _FORMS)


def opened(record: dict[str, Json]) -> Inside:
    """Returns what stands inside all envelopes around an event; the record itself where there is none."""
    inside = Inside(record, None)
    for _ in range(_NESTED):
        further = None if inside.value is None else _opened(inside.value)
        if further is None:
            break
        inside = Inside(further.value, further.raw or inside.raw)
    return inside


def _opened(record: dict[str, Json]) -> Inside | None:
    if _MARKS.isdisjoint(record):
        return None
    for form in _FORMS:
        if form.marks <= record.keys():
            held: Json = record
            for name in form.path:
                held = held.get(name) if isinstance(held, dict) else None
            if isinstance(held, dict):
                return None if form.encoded else Inside(held, None)
            if isinstance(held, str) and (text := _text(held, form)) is not None:
                return _read(text)
    return None


def _text(held: str, form: _Form) -> bytes | None:
    """Returns the text of an object; None for text of another sort."""
    try:
        text = base64.b64decode(held, validate=True) if form.encoded else held.encode()
    except (binascii.Error, ValueError):
        return None
    return text if text.lstrip()[:1] == b"{" else None


def _read(text: bytes) -> Inside:
    try:
        value = jsontext.loads(text)
    except InputError:
        return Inside(None, text)
    return Inside(value if isinstance(value, dict) else None, text)
