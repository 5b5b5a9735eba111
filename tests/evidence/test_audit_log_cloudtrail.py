"""AWS CloudTrail: log files, lookup-events, one event per line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError

from .helpers import assert_only_refuses, counted, json_mutations, mutations, read, recognised

START = datetime(2025, 9, 20, 10, tzinfo=UTC)


def event(name: str = "RunInstances", source: str = "ec2.amazonaws.com", **members: Any) -> dict[str, Any]:
    return {
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLE",
            "arn": "arn:aws:iam::123456789012:user/alice@example.com",
            "accountId": "123456789012",
            "userName": "alice@example.com",
        },
        "eventTime": "2025-09-20T10:00:00Z",
        "eventSource": source,
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "10.0.0.1",
        "userAgent": "aws-cli/2.15",
        "requestParameters": {"instanceType": "t3.micro"},
        "responseElements": None,
        "requestID": "11111111-2222-3333-4444-555555555555",
        "eventID": "66666666-7777-8888-9999-000000000000",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "123456789012",
        "eventCategory": "Management",
        **members,
    }


def looked_up(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "EventId": item["eventID"],
        "EventName": item["eventName"],
        "ReadOnly": "false",
        "EventTime": "2025-09-20T12:00:00+02:00",
        "EventSource": item["eventSource"],
        "Username": "alice@example.com",
        "Resources": [],
        "CloudTrailEvent": json.dumps(item),
    }


def layouts(*events: dict[str, Any]) -> dict[str, bytes]:
    return {
        "log file": json.dumps({"Records": events}).encode(),
        "log file, printed": json.dumps({"Records": events}, indent=2).encode(),
        "log files in a row": b"".join(json.dumps({"Records": [item]}).encode() for item in events),
        "log files, one per line": b"\n".join(json.dumps({"Records": [item]}).encode() for item in events),
        "array": json.dumps(events).encode(),
        "lines": b"\n".join(json.dumps(item).encode() for item in events),
        "lookup-events": json.dumps({"Events": [looked_up(item) for item in events], "NextToken": "x"}, indent=4).encode(),
        "looked up, lines": b"\n".join(json.dumps(looked_up(item)).encode() for item in events) + b"\n",
        "looked up, array": json.dumps([looked_up(item) for item in events]).encode(),
    }


def parse(*events: dict[str, Any]) -> Any:
    return read("audit-log", "cloudtrail-json", json.dumps({"Records": events}).encode()).payload


def class_of(item: dict[str, Any]) -> str | None:
    return counted(parse(item).classes)


def ended(item: dict[str, Any]) -> str | None:
    return counted(parse(item).outcomes)


@pytest.mark.parametrize("layout", layouts().keys())
def test_every_layout_says_the_same(layout: str) -> None:
    data = layouts(event(), event("ConsoleLogin", "signin.amazonaws.com", eventTime="2025-09-20T09:59:00Z"))[layout]
    assert recognised(data) == ["cloudtrail-json"]
    payload: Any = read("audit-log", "cloudtrail-json", data).payload
    assert (payload.events, payload.unparsed, payload.other_entries, payload.operations) == (2, 0, 0, None)
    assert (payload.first, payload.last, payload.out_of_order) == (START.replace(hour=9, minute=59), START, 1)
    assert (payload.with_timestamp, payload.with_event, payload.with_trace, payload.with_actor, payload.with_resource) == (2, 2, 2, 2, 2)
    assert (payload.has_levels, payload.keeps_order, payload.chain, payload.sequenced) == (False, False, "absent", False)
    assert (payload.classes.authentication, payload.classes.administration) == (1, 1)
    assert payload.personal_data == 0
    assert payload.personal_data_of_actors == 4
    assert payload.incomplete is None


@pytest.mark.parametrize(
    ("identity", "known"),
    [
        ({"type": "Root", "accountId": "1"}, 1),
        ({"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "deployer"}}}, 1),
        ({"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}, 1),
        ({"type": "AWSService"}, 1),
        ({"type": "AWSAccount", "principalId": "AIDA", "accountId": "1"}, 1),
        ({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "u"}}, 1),
        ({"type": "Unknown", "userName": ""}, 0),
        ({"type": "AssumedRole", "sessionContext": {}}, 0),
        ({}, 0),
        (None, 0),
    ],
)
def test_who_it_was(identity: object, known: int) -> None:
    assert parse(event(userIdentity=identity)).with_actor == known


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (event(), "success"),
        (event(errorCode=""), "success"),
        (event(errorCode="ThrottlingException"), "failure"),
        (event(errorCode="AccessDenied"), "denied"),
        (event(errorCode="AccessDeniedException"), "denied"),
        (event(errorCode="Client.UnauthorizedOperation"), "denied"),
        (event("ConsoleLogin", responseElements={"ConsoleLogin": "Success"}), "success"),
        (event("ConsoleLogin", responseElements={"ConsoleLogin": "Failure"}, errorMessage="Failed authentication"), "failure"),
        (event("CheckMfa", responseElements={"CheckMfa": "Failure"}), "failure"),
        (event("ConsoleLogin", responseElements={"ConsoleLogin": "Failure"}), "failure"),
    ],
)
def test_how_it_ended(item: dict[str, Any], expected: str) -> None:
    assert ended(item) == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (event("ConsoleLogin", "signin.amazonaws.com"), "authentication"),
        (event("AssumeRole", "sts.amazonaws.com", readOnly=True), "authentication"),
        (event("AssumeRole", "sts.amazonaws.com", errorCode="AccessDenied"), "authentication"),
        (event("GetObject", "s3.amazonaws.com", errorCode="AccessDenied"), "authorisation"),
        (event("CreateUser", "iam.amazonaws.com"), "administration"),
        (event("DescribeInstances", readOnly=True), "data_access"),
        (event("DescribeInstances", readOnly="true"), "data_access"),
        (event("DescribeInstances", readOnly=None, managementEvent=None), "data_access"),
        (event("PutObject", "s3.amazonaws.com", managementEvent=False, eventCategory="Data"), "data_access"),
        (event("PutObject", "s3.amazonaws.com", readOnly=None, managementEvent=None), "data_access"),
        (event("StopLogging", "cloudtrail.amazonaws.com", readOnly=None, managementEvent=None), "administration"),
        (event("", eventType="AwsCloudTrailInsight"), "other"),
    ],
)
def test_what_it_is_about(item: dict[str, Any], expected: str) -> None:
    assert class_of(item) == expected


@pytest.mark.parametrize("time", ["2022-09-27 17:09:18", "2023-01-03 01:52:07.000000000", "", None, 5])
def test_times_without_zone_are_none(time: object) -> None:
    payload = parse(event(eventTime=time))
    assert (payload.first, payload.incomplete) == (None, "no event states its time with a zone")


def test_an_event_without_a_request_has_an_id_of_its_own() -> None:
    assert parse(event(requestID=None)).with_trace == 1
    assert parse(event(requestID=None, eventID="")).with_trace == 0


@pytest.mark.parametrize("text", ["{", "[]", "", '{"a": 1, "a": 2}', '{"eventName": "\\ud800"}'])
def test_a_looked_up_event_that_cannot_be_read_is_unread(text: str) -> None:
    data = json.dumps({"Events": [looked_up(event()), {**looked_up(event()), "CloudTrailEvent": text}]}).encode()
    payload: Any = read("audit-log", "cloudtrail-json", data).payload
    assert (payload.events, payload.unparsed) == (1, 1)


def test_free_text_with_personal_data_is_a_leak() -> None:
    payload = parse(event(requestParameters={"description": "for bob@example.org"}, errorMessage="eve@example.net is unknown"))
    assert payload.personal_fields == {"errorMessage": 1, "requestParameters.description": 1}


def test_sparse_events_are_events() -> None:
    sparse = {"eventName": "DeleteTrail", "awsRegion": "us-east-1"}
    assert recognised(json.dumps({"Records": [sparse]}).encode()) == ["cloudtrail-json"]
    payload = parse(sparse, {"eventName": "x"}, {"p_log_type": "AWS.CloudTrail"})
    assert (payload.events, payload.other_entries) == (2, 1)


def test_an_insight_is_an_event() -> None:
    insight = {"eventVersion": "1.08", "eventTime": "2025-09-20T10:00:00Z", "eventID": "1", "eventType": "AwsCloudTrailInsight"}
    data = json.dumps({"Records": [{**insight, "insightDetails": {"state": "Start"}}]}).encode()
    assert recognised(data) == ["cloudtrail-json"]


S3 = {
    "eventVersion": "2.1",
    "eventSource": "aws:s3",
    "awsRegion": "us-west-2",
    "eventTime": "1970-01-01T00:00:00.000Z",
    "eventName": "ObjectCreated:Put",
    "userIdentity": {"principalId": "x"},
    "requestParameters": {"sourceIPAddress": "127.0.0.1"},
    "s3": {},
}


@pytest.mark.parametrize(
    "data",
    [
        json.dumps({"Records": [S3]}).encode(),
        json.dumps(S3).encode(),
        b'{"Records": []}',
        b'{"Events": []}',
        b"[]",
        json.dumps({"Records": [{"EventSource": "aws:sns", "Sns": {}}]}).encode(),
        json.dumps({"awsAccountId": "1", "digestStartTime": "x", "logFiles": [], "previousDigestSignature": "y"}).encode(),
        json.dumps([{"eventName": "click", "eventTime": "2025-09-20T10:00:00Z"}] * 3).encode(),
    ],
)
def test_what_only_looks_alike_is_left_alone(data: bytes) -> None:
    assert "cloudtrail-json" not in recognised(data)


def test_a_document_that_is_broken_is_refused_by_name() -> None:
    whole = json.dumps({"Records": [event(), event()]}).encode()
    for data in (whole[:-2], whole[:-1], whole[:1000], whole.replace(b"}, {", b"},, {"), whole + b"]"):
        with pytest.raises(InputError):
            read("audit-log", "cloudtrail-json", data)
    for data in (
        whole.replace(b'"awsRegion"', b'"awsRegion": "x", "awsRegion"'),
        whole[:-1] + b', "Records": []}',
        b'{"Records": 1, ' + whole[1:],
    ):
        with pytest.raises(InputError, match="duplicate key"):
            read("audit-log", "cloudtrail-json", data)


VALID = layouts(event(), event("ConsoleLogin", errorCode="AccessDenied"))


@settings(max_examples=200, deadline=None)
@given(mutations(VALID["log file"]) | mutations(VALID["looked up, lines"]) | mutations(VALID["lookup-events"]))
def test_only_refusals_leave(data: bytes) -> None:
    parsed = assert_only_refuses("audit-log", "cloudtrail-json", data)
    payload: Any = parsed.payload if parsed else None
    assert payload is None or payload.events + payload.unparsed + payload.other_entries == payload.lines


@settings(max_examples=200, deadline=None)
@given(json_mutations(VALID["log file"]) | json_mutations(VALID["lookup-events"]))
def test_any_value_in_any_field(data: bytes) -> None:
    assert_only_refuses("audit-log", "cloudtrail-json", data)
