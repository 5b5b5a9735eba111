"""Format ``gcp-audit-json``: Google Cloud Audit Logs, as ``gcloud logging read --format=json``, the console and sinks write them.

Layouts: an array, one entry per line, ``entries.list`` (``{"entries": [...]}``). An event is a LogEntry with a ``protoPayload`` of the type
AuditLog; a payload that does not say its type counts, one of another type (App Engine's request log) does not. The messages of
applications (``jsonPayload``, ``textPayload``) in a mixed export are entries of another sort, neither events nor unread. A long-running
operation writes two entries with the same ``operation.id``: two events, one operation. Exports are not in order of time.

How it ended: ``status`` absent, ``{}`` or code 0 is success, 7 (PERMISSION_DENIED) denied, another code failure. ``granted`` is left out
when it is false, so an event whose permissions were none of them granted was denied as well. Its id is ``insertId``; its sort is told
by the log (activity, data_access, system_event, policy) and by the method.

Pipelines that cannot keep ``@type`` rename it (``at_sign_type``), and write some names in lower case (``insertid``). Tables of BigQuery
hold the AuditLog as ``protopayload_auditlog``; Log Analytics, and clients that keep the names of the protocol buffers, write
``proto_payload`` and ``method_name``. Entries are also taken out of what carries them: Pub/Sub, CloudEvents, and others (see `envelopes`).

Sources: google.logging.v2.LogEntry, google.cloud.audit.AuditLog, google.rpc.Code; "Audit logs and log entries" of the Cloud documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from compliance.kind import Format
from compliance.reading.jsonrows import Rows
from compliance.record import Json, Parsed
from compliance.source import Source

from .combinations import Columns, Combinations, all_words, presence
from .documents import Entry
from .entries import first_entries, take
from .event import Event, Outcome, says
from .events import EventClass, class_of_name, word_set
from .fields import read_time
from .lines import Block
from .tally import Tally
from .together import times_of

_TYPE: Final = "google.cloud.audit.AuditLog"
_OTHER_PAYLOADS: Final = frozenset({"jsonPayload", "textPayload", "jsonpayload", "textpayload", "httpRequest"})
_PERMISSION_DENIED: Final = 7
_ACTORS: Final = ("protoPayload.authenticationInfo", "protoPayload.requestMetadata.callerIp")
_SIGN_IN: Final = word_set("login.googleapis.com iamcredentials.googleapis.com sts.googleapis.com identitytoolkit.googleapis.com")
_BY_LOG: Final[Mapping[str, EventClass]] = {
    "activity": "administration",
    "system_event": "administration",
    "data_access": "data_access",
    "policy": "authorisation",
}


_IN_BIGQUERY: Final = "protopayload_auditlog"
_IN_BUFFERS: Final = "proto_payload"
_OTHER_NAMES: Final = frozenset({_IN_BIGQUERY, _IN_BUFFERS, "logname", "insertid"})
_WORDS: Final = (
    *(("protoPayload", "methodName"), ("protoPayload", "serviceName"), ("protoPayload", "status", "code"), ("resource", "type")),
    *(("logName",), ("labels", "authorization.k8s.io/decision")),
)
"""Members of which it matters what they say."""
_TEXTS: Final = frozenset({str, type(None)})


def entry_of(record: Mapping[str, Json]) -> Mapping[str, Json]:
    """Returns an entry with its AuditLog in ``protoPayload``, and members named as in JSON."""
    if isinstance(table := record.get(_IN_BIGQUERY), dict):
        return {**record, "protoPayload": table}
    payload = record.get(_IN_BUFFERS)
    if not isinstance(payload, dict):
        return record
    held = payload.get("audit_log", payload if "@type" in payload else None)
    return {**_camel(record, 2), "protoPayload": _camel(held, 4)} if isinstance(held, dict) else record


def _camel(value: Any, levels: int) -> Any:
    """Returns objects with their members named in camel case, down to as many levels as are read here."""
    if isinstance(value, list):
        return [_camel(item, levels) for item in value]
    if not isinstance(value, dict) or not levels:
        return value
    return {_camel_name(name): _camel(item, levels - 1) for name, item in value.items()}


@lru_cache(maxsize=1024)
def _camel_name(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def is_log_entry(record: Mapping[str, Json]) -> bool:
    """Tells whether an object is an entry of Google Cloud's logging, whatever its payload."""
    if isinstance(entry_of(record).get("protoPayload"), dict):
        return True
    named = isinstance(record.get("logName", record.get("logname")), str)
    return named and bool(record.keys() & _OTHER_PAYLOADS or {"insertId", "insertid"} & record.keys())


def audit_of(record: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """Returns the AuditLog of an entry; None when it holds none."""
    payload = record.get("protoPayload")
    if not isinstance(payload, dict):
        return None
    named = payload.get("@type", payload.get("at_sign_type"))
    return payload if named is None or (isinstance(named, str) and named.endswith(_TYPE)) else None


def _recognise(source: Source) -> bool:
    found = [entry_of(record) for record in first_entries(source)]
    audits = [audit for entry in found if (audit := audit_of(entry))]
    return any("@type" in audit or "at_sign_type" in audit for audit in audits) or 2 * len(audits) > len(found)


def _event(entry: Mapping[str, Json], audit: Mapping[str, Json]) -> Event:
    who, operation = _table(audit, "authenticationInfo"), _table(entry, "operation")
    ended = _ended(entry, audit)
    return Event(
        time=read_time(entry.get("timestamp")),
        event_class=_class_of(entry, audit, ended),
        says=says(
            action=audit.get("methodName"),
            actor=_principal(who),
            resource=audit.get("resourceName") or _resources(_permissions(audit.get("authorizationInfo"))),
            outcome=ended,
            level=entry.get("severity"),
            trace=entry.get("insertId") or entry.get("insertid") or operation.get("id") or entry.get("trace"),
        ),
        ended=ended,
        operation=_text(operation.get("id")) or None,
    )


def _ended(entry: Mapping[str, Json], audit: Mapping[str, Json]) -> Outcome:
    code = _table(audit, "status").get("code")
    if code == _PERMISSION_DENIED or _table(entry, "labels").get("authorization.k8s.io/decision") == "forbid":
        return "denied"
    if code not in (None, 0):
        return "failure"
    return "denied" if _granted(audit.get("authorizationInfo")) is False else "success"


def _class_of(entry: Mapping[str, Json], audit: Mapping[str, Json], ended: Outcome) -> EventClass:
    method, service = _text(audit.get("methodName")), _text(audit.get("serviceName"))
    named = class_of_name(method.rpartition(".")[2][:200], _text(_table(entry, "resource").get("type"))[:200])
    if service in _SIGN_IN or named == "authentication":
        return "authentication"
    if ended == "denied":
        return "authorisation"
    log = _text(entry.get("logName", entry.get("logname"))).replace("%2F", "/").rpartition("/")[2]
    return _BY_LOG.get(log) or named


def _principal(who: Mapping[str, Json]) -> Json:
    return who.get("principalEmail") or who.get("principalSubject") or who.get("serviceAccountDelegationInfo")


def _resources(permissions: list[Mapping[str, Json]]) -> Json:
    return [True for item in permissions if item.get("resource")]


def _granted(asked: Json) -> bool | None:
    """Returns whether any permission was granted; None when none was asked for."""
    found = None
    for item in asked if isinstance(asked, list) else ():
        if isinstance(item, dict):
            if item.get("granted") is True:
                return True
            found = False
    return found


def _permissions(asked: Json) -> list[Mapping[str, Json]]:
    return [item for item in asked if isinstance(item, dict)] if isinstance(asked, list) else []


def _table(record: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


class _Reader:
    """Makes events of the entries of a file."""

    def __init__(self) -> None:
        self.tally = Tally(_ACTORS, keeps_order=False)
        self._combinations = Combinations(lambda record: _event(record, audit_of(record) or {}))

    def one(self, entry: Entry) -> None:
        """Takes an entry."""
        if entry.value is None:
            self.tally.unreadable(entry.line, entry.raw)
            return
        record = entry_of(entry.value)
        if (audit := audit_of(record)) is None:
            self.tally.other(entry.line, entry.raw, entry.value)
        else:
            self.tally.event(entry.line, entry.raw, record, _event(record, audit))

    def many(self, block: Block, rows: Rows) -> bool:
        """Takes the events of many lines; false where they are not all audit events, or use names for which there are others."""
        if not _are_audits(rows) or (told := _columns(rows)) is None:
            return False
        ids = [value if isinstance(value, str) and value else None for value in rows.column("operation", "id")]
        self.tally.add_all(times_of([rows.column("timestamp")], len(rows)), self._combinations.count(rows, told), ids)
        self.tally.personal.block(block, rows)
        return True


def _are_audits(rows: Rows) -> bool:
    if not _OTHER_NAMES.isdisjoint(rows.keys) or "at_sign_type" in rows.inside("protoPayload"):
        return False
    if rows.kind("protoPayload") != "object" and not all(isinstance(value, dict) for value in rows.column("protoPayload")):
        return False
    named = rows.column("protoPayload", "@type")
    return _TEXTS.issuperset(map(type, named)) and all(one is None or one.endswith(_TYPE) for one in set(named))


def _columns(rows: Rows) -> Columns | None:
    """Returns what `_event` asks of events but times and operations; None where words are lists or objects."""
    told = all_words({path: rows.column(*path) for path in _WORDS})
    if told is None:
        return None
    asked = rows.column("protoPayload", "authorizationInfo")
    told["granted",] = list(map(_granted, asked))
    if rows.kind("protoPayload", "resourceName") != "text":
        named = rows.column("protoPayload", "resourceName")
        told |= presence(("resource",), [name or _resources(_permissions(one)) for name, one in zip(named, asked, strict=True)])
    if rows.kind("protoPayload", "authenticationInfo", "principalEmail") != "text":
        who = rows.column("protoPayload", "authenticationInfo")
        told |= presence(("actor",), [_principal(one) if isinstance(one, dict) else None for one in who])
    if rows.kind("insertId") != "text":
        ids = zip(rows.column("insertId"), rows.column("operation", "id"), rows.column("trace"), strict=True)
        told |= presence(("id",), [one or other or last for one, other, last in ids])
    return told | presence(("severity",), rows.column("severity"))


def _parse(source: Source) -> Parsed:
    reader = _Reader()
    take(source, reader.one, reader.many)
    return reader.tally.parsed(operations=True)


FORMAT = Format(
    name="gcp-audit-json",
    title="Google Cloud Audit Logs, as array or one entry per line",
    parser=2,
    recognise=_recognise,
    parse=_parse,
    marks=('"protoPayload"', '"logName"', '"insertId"'),
)
