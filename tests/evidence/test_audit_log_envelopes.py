"""Envelopes around the events of clouds: what is inside counts, whichever format it is of."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from . import test_audit_log_cloudtrail as cloudtrail
from . import test_audit_log_gcp_audit as gcp
from . import test_audit_log_k8s_audit as kubernetes
from .helpers import assert_only_refuses, json_mutations, mutations, read, recognised

Json = dict[str, Any]

EVENTS: dict[str, Callable[..., Json]] = {
    "cloudtrail-json": cloudtrail.event,
    "gcp-audit-json": gcp.entry,
    "k8s-audit-json": kubernetes.event,
}
LATER = "2031-01-01T00:00:00Z"
"""When the envelopes were sent; never the time of an event."""

ENVELOPES: dict[str, Callable[[Json], Json]] = {
    "EventBridge": lambda item: {"version": "0", "id": "1", "detail-type": "AWS API Call via CloudTrail", "time": LATER, "detail": item},
    "CloudEvents": lambda item: {"specversion": "1.0", "type": "x", "source": "y", "id": "1", "time": LATER, "data": item},
    "CloudWatch": lambda item: {"timestamp": 1925000000000, "message": json.dumps(item), "ingestionTime": 1925000000001},
    "Insights, console": lambda item: {"@timestamp": "2031-01-01 00:00:00.000", "@message": item},
    "Filebeat": lambda item: {"@timestamp": LATER, "message": json.dumps(item), "agent": {"type": "filebeat"}},
    "Pub/Sub": lambda item: {"message": {"data": base64.b64encode(json.dumps(item).encode()).decode(), "messageId": "1"}},
    "Splunk": lambda item: {"preview": False, "result": {"_raw": json.dumps(item), "_time": LATER}},
    "Splunk's collector": lambda item: {"time": 1925000000, "sourcetype": "audit", "event": item},
    "Docker": lambda item: {"log": json.dumps(item) + "\n", "stream": "stdout", "time": LATER},
    "Fluent Bit": lambda item: {"date": 1925000000.5, "log": json.dumps(item)},
    "Fluentd": lambda item: {"log": json.dumps(item), "kubernetes": {"pod_name": "p"}, "@timestamp": LATER},
    "logcli": lambda item: {"labels": {}, "line": json.dumps(item), "timestamp": LATER},
    "Elasticsearch": lambda item: {"_index": "audit", "_id": "1", "_source": item},
    "SQS": lambda item: {"MessageId": "1", "ReceiptHandle": "r", "Body": json.dumps(item)},
    "SQS, for a function": lambda item: {"messageId": "1", "body": json.dumps(item), "eventSource": "aws:sqs", "awsRegion": "x"},
    "SNS": lambda item: {"Type": "Notification", "TopicArn": "a", "Message": json.dumps(item), "Timestamp": LATER},
    "CloudTrail Lake": lambda item: {"eventCategory": "ActivityAuditLog", "eventTime": LATER, "eventData": item},
    "Log Analytics": lambda item: {"TimeGenerated": LATER, "Category": "kube-audit", "log_s": json.dumps(item)},
}


def lines(*items: Json) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


def whole(*items: Json) -> dict[str, bytes]:
    """The same events in the documents and logs that hold many."""
    found = list(map(ENVELOPES["CloudWatch"], items))
    rows = [
        [{"field": "@timestamp", "value": "2031-01-01 00:00:00.000"}, {"field": "@message", "value": json.dumps(item)}] for item in items
    ]
    subscribed = {"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s", "logEvents": found}
    return {
        "filter-log-events": json.dumps({"events": found, "searchedLogStreams": [], "nextToken": "n"}, indent=4).encode(),
        "get-log-events": json.dumps({"nextForwardToken": "f", "events": found, "nextBackwardToken": "b"}).encode(),
        "subscription": json.dumps(subscribed).encode(),
        "subscription through Firehose": b"".join(json.dumps({**subscribed, "logEvents": [event]}).encode() for event in found),
        "get-query-results": json.dumps({"results": rows, "statistics": {"recordsMatched": 2.0}, "status": "Complete"}, indent=4).encode(),
        "export to S3": b"".join(b"2031-01-01T00:00:00.123Z " + line + b"\n" for line in lines(*items).splitlines()),
        "behind a node's name": b"".join(b"master-0.example.com " + line + b"\n" for line in lines(*items).splitlines()),
        "of a container": b"".join(b"2031-01-01T00:00:00.123456789Z stdout F " + line + b"\n" for line in lines(*items).splitlines()),
    }


def assert_same(form: str, data: bytes, plain: Any) -> None:
    assert recognised(data) == [form]
    payload: Any = read("audit-log", form, data).payload
    assert payload.model_copy(update={"lines": plain.lines}) == plain


@pytest.mark.parametrize("form", EVENTS)
@pytest.mark.parametrize("envelope", ENVELOPES)
def test_an_event_in_an_envelope_says_what_it_says_without(form: str, envelope: str) -> None:
    event, close = EVENTS[form](), ENVELOPES[envelope]
    plain: Any = read("audit-log", form, lines(event, event)).payload
    for data in (lines(close(event), close(event)), json.dumps([close(event), close(event)], indent=2).encode()):
        assert_same(form, data, plain)
    assert_same(form, json.dumps(close(event), indent=2).encode(), read("audit-log", form, lines(event)).payload)


@pytest.mark.parametrize("form", EVENTS)
@pytest.mark.parametrize("layout", whole())
def test_documents_of_many_envelopes(form: str, layout: str) -> None:
    event = EVENTS[form]()
    assert_same(form, whole(event, event)[layout], read("audit-log", form, lines(event, event)).payload)


def test_envelopes_in_envelopes() -> None:
    event = cloudtrail.event()
    for name in ENVELOPES:
        data = lines(ENVELOPES[name](ENVELOPES["EventBridge"](event)))
        assert_same("cloudtrail-json", data, read("audit-log", "cloudtrail-json", lines(event)).payload)


def test_other_messages_are_no_events_and_broken_ones_are_unread() -> None:
    close = ENVELOPES["CloudWatch"]
    texts = [
        {**close({}), "message": text} for text in ("START RequestId: 1", '{"eventName": "x"', '{"a": 1, "a": 2}', '{"level": "info"}')
    ]
    data = json.dumps({"events": [close(cloudtrail.event()), *texts, close(cloudtrail.event())]}).encode()
    payload: Any = read("audit-log", "cloudtrail-json", data).payload
    assert (payload.events, payload.unparsed, payload.other_entries) == (2, 2, 2)


def test_personal_data_is_found_in_what_is_encoded() -> None:
    event = cloudtrail.event(requestParameters={"note": "for bob@example.org"})
    payload: Any = read("audit-log", "cloudtrail-json", lines(ENVELOPES["Pub/Sub"](event))).payload
    assert payload.personal_fields == {"requestParameters.note": 1}


def test_a_line_without_its_object_is_unread() -> None:
    data = whole(kubernetes.event(), kubernetes.event())["behind a node's name"] + b"master-0.example.com\nI0920 10:00:00 x.go:1] started\n"
    payload: Any = read("audit-log", "k8s-audit-json", data).payload
    assert (payload.events, payload.unparsed) == (2, 2)


@pytest.mark.parametrize(
    "event",
    [
        {"detail-type": "GuardDuty Finding", "detail": {"severity": 8}, "time": LATER, "source": "aws.guardduty"},
        {"timestamp": 1925000000000, "level": "info", "message": '{"a": 1}'},
        {"log": "started\n", "stream": "stdout", "time": LATER},
    ],
)
def test_envelopes_around_something_else_are_a_log(event: Json) -> None:
    assert recognised(lines(event, event)) == ["jsonl-log"]


FILES = whole(kubernetes.event(), kubernetes.event())
VALID = [*FILES.values(), *(lines(close(gcp.entry())) for close in ENVELOPES.values())]
SHAPES = json_mutations(FILES["filter-log-events"]) | json_mutations(FILES["get-query-results"])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(range(len(VALID))).flatmap(lambda number: mutations(VALID[number])) | SHAPES, st.sampled_from(sorted(EVENTS)))
def test_only_refusals_leave(data: bytes, form: str) -> None:
    parsed = assert_only_refuses("audit-log", form, data)
    payload: Any = parsed.payload if parsed else None
    assert payload is None or payload.events + payload.unparsed + payload.other_entries == payload.lines
