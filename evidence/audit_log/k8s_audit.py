"""Format ``k8s-audit-json``: audit events of Kubernetes (``audit.k8s.io``), v1 and v1beta1, with or without their ``apiVersion``.

Layouts: one event per line (the log backend), an EventList (the webhook backend), an array; and Azure Monitor's envelope, where an entry
of the category ``kube-audit`` or ``kube-audit-admin`` holds the event as JSON text in ``properties.log``. Entries of Azure's other
categories are of another sort. GKE writes its events as Google Cloud audit logs: see `gcp_audit`. Events are
also taken out of what carries them: CloudWatch Logs (EKS), the logs of containers, Fluent Bit, Splunk, and others (see `envelopes`), and
from behind the name of a node (``oc adm node-logs``).

Each event is counted as it is listed. A request writes one for each stage that its policy keeps (RequestReceived, ResponseStarted,
ResponseComplete, Panic) with the same ``auditID``: several events, one operation. The time of an event is that of its stage.

How it ended: the code 403, or the authoriser's decision ``forbid``, is denied; 400 and more, or a panic, failure; a request that was only
received has not ended. Changes through the API are administration, reading is data access, access reviews are authorisation, tokens and
token reviews authentication. The ``level`` says how much is recorded and is no severity.

Sources: k8s.io/apiserver/pkg/apis/audit/v1/types.go; "Auditing" of the Kubernetes documentation; "Monitoring AKS data reference".
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
from .events import EventClass, word_set
from .fields import read_time
from .lines import Block
from .tally import Tally
from .together import times_of

_GROUP: Final = "audit.k8s.io/"
_CATEGORIES: Final = ("kube-audit", "kube-audit-admin")
_OWN: Final = frozenset({"verb", "auditID", "stage", "objectRef", "requestURI"})
_ACTORS: Final = ("user", "impersonatedUser", "sourceIPs")
_REVIEWS: Final = word_set(
    "subjectaccessreviews selfsubjectaccessreviews localsubjectaccessreviews selfsubjectrulesreviews subjectrulesreviews"
)
_TOKENS: Final = frozenset({"tokenreviews", "selfsubjectreviews"})
_TIMES: Final = ("stageTimestamp", "timestamp", "requestReceivedTimestamp")
_WORDS: Final = (
    *(("verb",), ("stage",), ("objectRef", "resource"), ("objectRef", "subresource"), ("responseStatus", "code")),
    *(("responseStatus", "status"), ("annotations", "authorization.k8s.io/decision")),
)
"""Members of which it matters what they say."""
_READS: Final = frozenset({"get", "list", "watch"})
_ALWAYS_CHANGE: Final = frozenset({"exec", "attach", "portforward", "proxy"})
"""Subresources that act on what runs, even by a ``get`` that is upgraded to a stream."""


def is_event(record: Mapping[str, Json]) -> bool:
    """Tells whether an object is an audit event, or Azure's envelope of one; the events of ``kubectl get events`` are none."""
    api, verb = record.get("apiVersion"), record.get("verb")
    if record.get("category") in _CATEGORIES or (isinstance(api, str) and api.startswith(_GROUP)):
        return True
    user = record.get("user")
    named = isinstance(user, dict) and "username" in user
    return isinstance(verb, str) and (named or bool(record.keys() & (_OWN - {"verb"})))


def _recognise(source: Source) -> bool:
    found = first_entries(source)
    return 2 * sum(map(is_event, found)) > len(found)


class _Other(Exception):  # noqa: N818
    """An entry of another sort."""


def _unwrapped(entry: Entry) -> tuple[Mapping[str, Json] | None, Json]:
    """Returns the event of an entry (None when it cannot be read), and the time of its envelope.

    Raises:
        _Other: It is none.
    """
    record = entry.value
    if record is None:
        return None, None
    properties = record.get("properties")
    if record.get("category") in _CATEGORIES:
        log = properties.get("log") if isinstance(properties, dict) else None
        try:
            event = jsontext.loads(log.encode()) if isinstance(log, str) else None
        except (InputError, UnicodeEncodeError):
            event = None
        return (event if isinstance(event, dict) else None), record.get("time")
    listed = str(entry.around.get("apiVersion", "")).startswith(_GROUP)
    bare = record.get("kind") == "Event" and "involvedObject" not in record and "category" not in record
    if not (listed or bare or record.keys() & _OWN):
        raise _Other
    return record, None


def _event(record: Mapping[str, Json], received: Json) -> Event:
    ended = _ended(record)
    times = (*map(record.get, _TIMES), received)
    audit_id = record.get("auditID")
    return Event(
        time=next((time for value in times if value is not None and (time := read_time(value)) is not None), None),
        event_class=_class_of(record, ended),
        says=says(
            action=record.get("verb"),
            actor=_actor(record.get("user")),
            resource=record.get("objectRef") or record.get("requestURI"),
            outcome=ended,
            trace=audit_id,
        ),
        ended=ended,
        operation=audit_id if isinstance(audit_id, str) and audit_id else None,
    )


def _actor(user: Json) -> Json:
    return user.get("username") or user.get("uid") if isinstance(user, dict) else None


def _ended(record: Mapping[str, Json]) -> Outcome | None:
    status, notes = record.get("responseStatus"), record.get("annotations")
    code = status.get("code") if isinstance(status, dict) else None
    if code == 403 or (isinstance(notes, dict) and notes.get("authorization.k8s.io/decision") == "forbid"):
        return "denied"
    if record.get("stage") == "Panic":
        return "failure"
    if not isinstance(code, int) or isinstance(code, bool):
        said = status.get("status") if isinstance(status, dict) else None
        return {"Success": "success", "Failure": "failure"}.get(said) if isinstance(said, str) else None  # type: ignore[return-value]
    return "failure" if code >= 400 else "success"


def _class_of(record: Mapping[str, Json], ended: Outcome | None) -> EventClass:
    at, status = record.get("objectRef"), record.get("responseStatus")
    table: Mapping[str, Json] = at if isinstance(at, dict) else {}
    resource, inner = str(table.get("resource")), str(table.get("subresource"))
    refused = isinstance(status, dict) and status.get("code") == 401
    if refused or resource in _TOKENS or (resource == "serviceaccounts" and inner == "token"):
        return "authentication"
    if ended == "denied" or resource in _REVIEWS:
        return "authorisation"
    verb = record.get("verb")
    if not isinstance(verb, str) or not table:
        return "other"  # /healthz, /version and other addresses that are no resources
    return "data_access" if verb in _READS and inner not in _ALWAYS_CHANGE else "administration"


class _Reader:
    """Makes events of the entries of a file."""

    def __init__(self) -> None:
        self.tally = Tally(_ACTORS, has_levels=False)
        self._combinations = Combinations(lambda record: _event(record, None))

    def one(self, entry: Entry) -> None:
        """Takes an entry."""
        try:
            record, received = _unwrapped(entry)
        except _Other:
            self.tally.other(entry.line, entry.raw, entry.value)
            return
        if record is None:
            self.tally.unreadable(entry.line, entry.raw)
        else:
            self.tally.event(entry.line, entry.raw, record, _event(record, received))

    def many(self, block: Block, rows: Rows) -> bool:
        """Takes the events of many lines; false where they are not all plain events."""
        if "category" in rows.keys or not any(map(rows.always, _OWN)) or (told := _columns(rows)) is None:
            return False
        ids = [value if isinstance(value, str) and value else None for value in rows.column("auditID")]
        self.tally.add_all(times_of(list(map(rows.column, _TIMES)), len(rows)), self._combinations.count(rows, told), ids)
        self.tally.personal.block(block, rows)
        return True


def _columns(rows: Rows) -> Columns | None:
    """Returns what `_event` asks of events but times and ids; None where words are lists or objects."""
    told = all_words({path: rows.column(*path) for path in _WORDS})
    if told is None:
        return None
    if rows.kind("objectRef") != "object":
        about = rows.column("objectRef")
        told["objectRef",] = [isinstance(value, dict) and bool(value) for value in about]
        told |= presence(("resource",), [one or other for one, other in zip(about, rows.column("requestURI"), strict=True)])
    if rows.kind("user", "username") != "text":
        told |= presence(("actor",), list(map(_actor, rows.column("user"))))
    return told | presence(("auditID",), rows.column("auditID"))


def _parse(source: Source) -> Parsed:
    reader = _Reader()
    take(source, reader.one, reader.many)
    return reader.tally.parsed(operations=True)


FORMAT = Format(
    name="k8s-audit-json",
    title="Kubernetes audit events: one per line, EventList, array, Azure Monitor",
    parser=2,
    recognise=_recognise,
    parse=_parse,
    marks=('"auditID"', '"verb"', '"stage"', "audit.k8s.io/"),
)
