"""Format ``cloudtrail-json``: AWS CloudTrail, in the ways in which its events leave AWS.

1. log files: ``{"Records": [...]}``;
2. ``aws cloudtrail lookup-events``: ``{"Events": [{"CloudTrailEvent": "..."}]}``, where the event is JSON inside a text;
3. events, or looked-up events, in an array or one per line.

They are also taken out of what carries them: EventBridge, CloudWatch Logs (what its commands, subscriptions, Insights and exports give),
SQS, SNS, Lake's activity events, Splunk, and others (see `envelopes`).

An event is each object of the list that has any of CloudTrail's members; a looked-up event whose text is no JSON object is unread. Events
of a log file are in no order ("not an ordered stack trace"). CloudTrail proves its files by digests that lie beside them and are not in
the log, so no chain is found here.

How it ended: an ``errorCode`` is a failure, or a denial when it says so (AccessDenied, UnauthorizedOperation, ...); signing in fails by
``responseElements.ConsoleLogin: "Failure"``, without code. Its id is ``requestID``, else ``eventID``. What only reads, or is a data event,
is data access; other calls are administration. ``readOnly`` may be missing or a text.

Sources: "CloudTrail record contents" and "CloudTrail userIdentity element" of the AWS documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from compliance.errors import InputError
from compliance.kind import Format
from compliance.reading import jsontext
from compliance.reading.jsonrows import Rows
from compliance.record import Json, Parsed
from compliance.source import Source

from .combinations import Columns, Combinations, all_words, presence
from .documents import Entry
from .entries import first_entries, take
from .event import Event, Outcome, says
from .events import EventClass, class_of_name, word_set, words_of
from .fields import read_time
from .lines import Block
from .tally import Tally
from .together import times_of

_OWN: Final = word_set(
    """eventVersion userIdentity awsRegion eventID recipientAccountId sourceIPAddress requestParameters responseElements
    eventTime eventType userAgent errorCode requestID"""
)
_DISTINCT: Final = word_set("userIdentity awsRegion recipientAccountId sourceIPAddress requestParameters responseElements")
_NAMES: Final = frozenset({"eventName", "eventSource"})
_IDENTITY: Final = ("arn", "userName", "principalId", "invokedBy", "accountId", "identityProvider")
_ACTORS: Final = ("userIdentity", "sourceIPAddress")
_WORDS: Final = ("eventName", "eventType", "eventSource", "errorCode", "readOnly", "managementEvent", "eventCategory")
"""Members of which it matters what they say."""
_SIGN_IN: Final = frozenset({"signin", "sts", "sso-oauth"})
_DENIED: Final = ("accessdenied", "unauthorized", "notauthorized", "forbidden")
_READS: Final = word_set("get list describe head lookup search select scan query batch view test check count estimate")


def is_event(record: Mapping[str, Json]) -> bool:
    """Tells whether an object is an event of CloudTrail; the notifications of S3 and of queues (``aws:s3``) look like one and are none."""
    if isinstance(record.get("CloudTrailEvent"), str):
        return True
    source, name, kind = record.get("eventSource"), record.get("eventName"), record.get("eventType")
    if isinstance(source, str) and source.startswith("aws:"):
        return False
    if isinstance(source, str) and isinstance(name, str):
        return bool(record.keys() & _OWN)
    if isinstance(source, str) or isinstance(name, str):
        return bool(record.keys() & _DISTINCT)
    return isinstance(kind, str) and kind.startswith("Aws") and {"eventVersion", "eventID"} <= record.keys()


def _recognise(source: Source) -> bool:
    found = first_entries(source)
    return 2 * sum(map(is_event, found)) > len(found)


def _looked_up(record: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """Returns the event inside a looked-up one; None when it cannot be read."""
    text = record["CloudTrailEvent"]
    try:
        event = jsontext.loads(text.encode()) if isinstance(text, str) else None
    except (InputError, UnicodeEncodeError):
        return None
    return event if isinstance(event, dict) else None


def _event(record: Mapping[str, Json]) -> Event:
    ended = _ended(record)
    return Event(
        time=read_time(record.get("eventTime")),
        event_class=_class_of(record, ended),
        says=says(
            action=record.get("eventName") or record.get("eventType"),
            actor=_actor(record.get("userIdentity")),
            resource=record.get("resources") or record.get("requestParameters") or record.get("serviceEventDetails"),
            outcome=ended,
            trace=record.get("requestID") or record.get("eventID"),
        ),
        ended=ended,
    )


def _actor(identity: Json) -> Json:
    """Returns who it was: a role is named by its session's issuer, a service by what invoked it."""
    if not isinstance(identity, dict):
        return identity
    session = identity.get("sessionContext")
    issuer = session.get("sessionIssuer") if isinstance(session, dict) else None
    delegate = identity.get("onBehalfOf")
    found = [identity.get(name) for name in _IDENTITY]
    for more in (issuer, delegate):
        found += [more.get(name) for name in ("arn", "userName", "principalId", "userId")] if isinstance(more, dict) else []
    service = identity.get("type") if identity.get("type") in ("AWSService", "Root") else None
    return next(filter(None, found), service)


def _ended(record: Mapping[str, Json]) -> Outcome:
    code = record.get("errorCode")
    if code is not None and code != "":
        plain = str(code).lower().replace(" ", "")
        return "denied" if any(word in plain for word in _DENIED) else "failure"
    response, name = record.get("responseElements"), record.get("eventName")
    said = response.get(name) if isinstance(response, dict) and isinstance(name, str) else None
    return "failure" if said == "Failure" or record.get("errorMessage") else "success"


def _class_of(record: Mapping[str, Json], ended: Outcome) -> EventClass:
    name = record.get("eventName")
    source = record.get("eventSource")
    service = source.partition(".")[0] if isinstance(source, str) else ""
    if service in _SIGN_IN or name in ("ConsoleLogin", "UserAuthentication"):
        return "authentication"
    if ended == "denied":
        return "authorisation"
    if not isinstance(name, str) or not name:
        return "other"
    only_reads, management = record.get("readOnly"), record.get("managementEvent")
    if only_reads in (True, "true") or management in (False, "false") or record.get("eventCategory") == "Data":
        return "data_access"
    if only_reads is None and management is None:
        words = words_of(name[:200])
        if (words and words[0] in _READS) or class_of_name(name[:200]) == "data_access":
            return "data_access"
    return "administration"


class _Reader:
    """Makes events of the entries of a file."""

    def __init__(self) -> None:
        self.tally = Tally(_ACTORS, has_levels=False, keeps_order=False)
        self._combinations = Combinations(_event)

    def one(self, entry: Entry) -> None:
        """Takes an entry."""
        record: Mapping[str, Json] | None = entry.value
        if record is not None and "CloudTrailEvent" in record:
            record = _looked_up(record)
        if record is None:
            self.tally.unreadable(entry.line, entry.raw)
        elif not record.keys() & (_OWN | _NAMES):
            self.tally.other(entry.line, entry.raw, record)
        else:
            self.tally.event(entry.line, entry.raw, record, _event(record))

    def many(self, block: Block, rows: Rows) -> bool:
        """Takes the events of many lines; false where they are not all plain events."""
        if "CloudTrailEvent" in rows.keys or not any(map(rows.always, _OWN | _NAMES)):
            return False
        told = _columns(rows)
        if told is None:
            return False
        self.tally.add_all(times_of([rows.column("eventTime")], len(rows)), self._combinations.count(rows, told))
        self.tally.personal.block(block, rows)
        return True


def _columns(rows: Rows) -> Columns | None:
    """Returns what `_event` asks of events but their times; None where words are lists or objects."""
    told = all_words({(name,): rows.column(name) for name in _WORDS})
    if told is None:
        return None
    if any(messages := rows.column("errorMessage")):
        told["errorMessage",] = list(map(bool, messages))
    told |= _resources(rows) | _actors(rows) | _signed_in(rows, set(told.get(("eventName",), ())))
    if rows.kind("requestID") != "text":
        told |= presence(("id",), [one or other for one, other in zip(rows.column("requestID"), rows.column("eventID"), strict=True)])
    return told


def _resources(rows: Rows) -> Columns:
    if any(map(rows.kind, ("resources", "requestParameters"))):
        return {}
    values = zip(*map(rows.column, ("resources", "requestParameters", "serviceEventDetails")), strict=True)
    return presence(("resource",), [one or other or last for one, other, last in values])


def _actors(rows: Rows) -> Columns:
    if any(rows.kind("userIdentity", name) == "text" for name in _IDENTITY):
        return {}
    return presence(("actor",), list(map(_actor, rows.column("userIdentity"))))


def _signed_in(rows: Rows, names: set[Json]) -> Columns:
    """Returns whether the response says under the event's own name that it failed, where responses have such a member."""
    if names.isdisjoint(rows.inside("responseElements")):
        return {}
    said = zip(rows.column("responseElements"), rows.column("eventName"), strict=True)
    return {("failed",): [isinstance(value, dict) and value.get(name) == "Failure" for value, name in said]}


def _parse(source: Source) -> Parsed:
    reader = _Reader()
    take(source, reader.one, reader.many)
    return reader.tally.parsed()


FORMAT = Format(
    name="cloudtrail-json",
    title="AWS CloudTrail: log files, lookup-events, one event per line",
    parser=2,
    recognise=_recognise,
    parse=_parse,
    marks=('"eventVersion"', '"eventSource"', '"eventName"', '"userIdentity"'),
)
