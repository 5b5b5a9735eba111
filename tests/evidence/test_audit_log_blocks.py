"""Events of clouds that are read many lines at a time: to the letter what reading line by line gives."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.reading.jsonrows import RowReader

from . import helpers
from .helpers import format_of

outcome = partial(helpers.outcome, "audit-log")
PACKAGE = format_of("audit-log", "jsonl-log").parse.__module__.rpartition(".")[0]
lines = importlib.import_module(f"{PACKAGE}.lines")

TIMES = ("2025-09-20T10:00:00Z", "2025-09-20T10:00:01.5Z", "2025-09-20T12:00:00+02:00", "2025-09-20T10:00:00", "0001-01-01T00:00:00Z")
ODD = st.sampled_from([None, "", "x", 0, 1, 1.0, True, False, 403, [], {}, ["x"], {"x": "y"}, "someone@example.org", "4111 1111 1111 1111"])
TIME = st.sampled_from([*TIMES, 1758362400, None])


def members(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of the members; a value is now and then of a sort that nobody expects."""
    return st.fixed_dictionaries({}, optional={name: st.one_of(value, value, value, ODD) for name, value in values.items()})


def words(text: str) -> st.SearchStrategy[Any]:
    return st.sampled_from([*text.split(), None])


CLOUDTRAIL = members(
    eventVersion=words("1.08"),
    eventName=words("GetObject CreateRole ConsoleLogin AssumeRole Query"),
    eventSource=words("s3.amazonaws.com iam.amazonaws.com signin.amazonaws.com sts.amazonaws.com"),
    eventType=words("AwsApiCall AwsConsoleSignIn"),
    eventTime=TIME,
    eventCategory=words("Data Management"),
    errorCode=words("AccessDenied NoSuchBucket Client.UnauthorizedOperation"),
    errorMessage=words("denied"),
    readOnly=st.sampled_from([True, False, "true", "false", None]),
    managementEvent=st.sampled_from([True, False, "false", None]),
    userIdentity=members(
        type=words("AssumedRole Root AWSService"),
        arn=words("arn:aws:iam::1:user/a someone@example.org"),
        principalId=words("A"),
        sessionContext=members(sessionIssuer=members(arn=words("arn"))),
    ),
    requestParameters=members(bucketName=words("b"), note=words("someone@example.org 4111111111111111")),
    responseElements=members(ConsoleLogin=words("Success Failure"), CreateRole=words("Failure"), x=words("y")),
    resources=st.sampled_from([[], [{"ARN": "a"}], None]),
    requestID=words("r"),
    eventID=words("e"),
    CloudTrailEvent=st.sampled_from(['{"eventName": "GetObject"}', "{"]),
    message=st.sampled_from(['{"eventName": "GetObject"}', "text"]),
)
KUBERNETES = members(
    kind=words("Event"),
    apiVersion=words("audit.k8s.io/v1"),
    verb=words("get list create delete watch"),
    stage=words("RequestReceived ResponseComplete Panic"),
    auditID=words("a b c d e"),
    stageTimestamp=TIME,
    timestamp=TIME,
    requestReceivedTimestamp=TIME,
    user=members(username=words("admin someone@example.org"), uid=words("u")),
    sourceIPs=st.sampled_from([["10.0.0.1"], ["someone@example.org"], []]),
    objectRef=members(
        resource=words("pods secrets tokenreviews subjectaccessreviews serviceaccounts"),
        subresource=words("exec token status"),
        name=words("x"),
    ),
    requestURI=words("/api /healthz"),
    responseStatus=members(code=st.sampled_from([200, 201, 401, 403, 404, 500, None]), status=words("Success Failure")),
    annotations=members(**{"authorization.k8s.io/decision": words("allow forbid")}),
    category=words("kube-audit other"),
    properties=members(log=st.sampled_from(['{"verb": "get"}', "{"])),
    message=st.sampled_from(['{"verb": "get"}', "text"]),
)
GOOGLE = members(
    insertId=words("i j"),
    logName=words("projects/p/logs/cloudaudit.googleapis.com%2Factivity projects/p/logs/cloudaudit.googleapis.com%2Fdata_access"),
    severity=words("NOTICE ERROR"),
    timestamp=TIME,
    operation=members(id=words("o p"), first=st.booleans()),
    resource=members(type=words("gcs_bucket iam_role"), labels=members(x=words("y"))),
    labels=members(**{"authorization.k8s.io/decision": words("allow forbid")}),
    trace=words("t"),
    protoPayload=members(
        **{"@type": words("type.googleapis.com/google.cloud.audit.AuditLog type.googleapis.com/google.appengine.logging.v1.RequestLog")},
        serviceName=words("storage.googleapis.com login.googleapis.com iam.googleapis.com"),
        methodName=words("storage.objects.get google.iam.admin.v1.CreateRole google.login.LoginService.loginFailure"),
        resourceName=words("projects/_/buckets/b"),
        authenticationInfo=members(principalEmail=words("someone@example.org"), principalSubject=words("user:x")),
        authorizationInfo=st.lists(members(granted=st.booleans(), resource=words("r"), permission=words("p")), max_size=2),
        status=members(code=st.sampled_from([0, 7, 5, None]), message=words("m")),
        requestMetadata=members(callerIp=words("10.0.0.1")),
    ),
    jsonPayload=members(message=words("m")),
    protopayload_auditlog=members(methodName=words("storage.objects.get")),
    proto_payload=members(audit_log=members(method_name=words("storage.objects.get"))),
)
FORMS = {
    "cloudtrail-json": (
        CLOUDTRAIL,
        {"eventVersion": "1.08", "eventName": "GetObject", "userIdentity": {"arn": "a"}, "eventTime": TIMES[0]},
    ),
    "k8s-audit-json": (KUBERNETES, {"verb": "get", "auditID": "a", "user": {"username": "u"}, "stageTimestamp": TIMES[0]}),
    "gcp-audit-json": (GOOGLE, {"insertId": "i", "timestamp": TIMES[0], "protoPayload": {"methodName": "m", "serviceName": "s"}}),
}
BROKEN = (
    "",
    "  ",
    "[1]",
    "{",
    '{"verb": 1} {"verb": 2}',
    '{"verb": 1, "verb": 2}',
    '{"x": NaN}',
    '{"x": "\\ud800"}',
    "\x00",
    '{"x": 1e999}',
)


@st.composite
def files(draw: st.DrawFn, name: str) -> bytes:
    """Lines of which most are of one sort, some of another, and some broken."""
    records, template = FORMS[name]
    if draw(st.booleans()):
        template = draw(records)
    found = []
    for _ in range(draw(st.integers(1, 14))):
        one = template if draw(st.integers(0, 2)) else {**template, **draw(records)}
        text = json.dumps(one, ensure_ascii=draw(st.booleans()), separators=draw(st.sampled_from([None, (",", ":")])))
        found.append(draw(st.sampled_from(BROKEN)) if draw(st.integers(0, 20)) == 0 else text)
    return draw(st.sampled_from(["\n", "\r\n"])).join(found).encode()


@contextmanager
def one_by_one() -> Iterator[None]:
    with patch.object(RowReader, "rows", lambda *_: None):
        yield


@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=400, deadline=None)
@given(data=st.data(), block=st.sampled_from([1, 400, 1 << 17]))
def test_a_file_gives_the_same_in_whatever_blocks_it_is_read(name: str, data: st.DataObject, block: int) -> None:
    held = data.draw(files(name))
    with one_by_one():
        expected = outcome(name, held)
    with patch.object(lines, "_BLOCK", block):
        assert outcome(name, held) == expected


@pytest.mark.parametrize("name", FORMS)
def test_events_of_one_sort_are_told_once(name: str) -> None:
    """Otherwise the test above would compare reading one by one with itself."""
    module = importlib.import_module(format_of("audit-log", name).parse.__module__)
    data = b"".join(json.dumps(FORMS[name][1] | {"x": number}).encode() + b"\n" for number in range(5000))
    with patch.object(module, "_class_of", wraps=module._class_of) as asked:
        payload = outcome(name, data)
    assert payload.events == 5000
    assert asked.call_count < 10


RICH: dict[str, dict[str, Any]] = {
    "cloudtrail-json": {
        "eventVersion": "1.08",
        "eventName": "CreateRole",
        "eventSource": "iam.amazonaws.com",
        "eventType": "AwsApiCall",
        "eventTime": TIMES[0],
        "userIdentity": {"type": "AssumedRole", "arn": "a"},
        "requestParameters": {"a": "b"},
        "responseElements": {"CreateRole": "Success"},
        "requestID": "r",
        "readOnly": False,
        "managementEvent": True,
    },
    "k8s-audit-json": {
        "kind": "Event",
        "verb": "get",
        "stage": "ResponseComplete",
        "auditID": "a",
        "stageTimestamp": TIMES[0],
        "user": {"username": "u", "uid": "i"},
        "objectRef": {"resource": "pods", "subresource": "status"},
        "requestURI": "/api",
        "responseStatus": {"code": 200, "status": "Success"},
        "annotations": {"authorization.k8s.io/decision": "allow"},
    },
    "gcp-audit-json": {
        "insertId": "i",
        "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
        "severity": "NOTICE",
        "timestamp": TIMES[0],
        "operation": {"id": "o"},
        "resource": {"type": "gcs_bucket"},
        "labels": {"authorization.k8s.io/decision": "allow"},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": "storage.googleapis.com",
            "methodName": "storage.objects.get",
            "resourceName": "r",
            "authenticationInfo": {"principalEmail": "someone@example.org"},
            "authorizationInfo": [{"granted": True, "resource": "r"}],
            "status": {"code": 0},
        },
    },
}
"""Events in which every member says something."""
VARIANTS: tuple[Any, ...] = (
    *(None, "", "x", 0, 1, 7, 403, 401, True, False, "true", [], {}, ["x"], {"x": "y"}, [{"granted": False}], TIMES[1], "AccessDenied"),
    *("Data", "GetObject", "ConsoleLogin", "signin.amazonaws.com", "Root", "Failure", "create", "Panic", "secrets", "tokenreviews", "exec"),
    *("forbid", "google.iam.admin.v1.CreateRole", "login.googleapis.com", "iam_role", {"CreateRole": "Failure"}, {"uid": "i"}, {"code": 7}),
    *("projects/p/logs/cloudaudit.googleapis.com%2Fdata_access", "type.googleapis.com/other"),
)


def paths(record: dict[str, Any], *before: str) -> Iterator[tuple[str, ...]]:
    for key, value in record.items():
        yield (*before, key)
        if isinstance(value, dict):
            yield from paths(value, *before, key)


def changed(record: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    if len(path) == 1:
        return {**record, path[0]: value}
    return {**record, path[0]: changed(record[path[0]], path[1:], value)}


MORE = {
    "cloudtrail-json": (("errorCode",), ("errorMessage",), ("eventCategory",), ("eventID",), ("resources",), ("serviceEventDetails",)),
    "k8s-audit-json": (("timestamp",), ("requestReceivedTimestamp",), ("category",), ("apiVersion",)),
    "gcp-audit-json": (("trace",), ("jsonPayload",), ("insertid",), ("logname",), ("protoPayload", "at_sign_type")),
}


@pytest.mark.parametrize("name", RICH)
def test_events_that_differ_in_one_member_are_told_apart(name: str) -> None:
    rich = RICH[name]
    for base in (rich, {key: value for key, value in rich.items() if key not in ("responseStatus", "requestID", "insertId", "readOnly")}):
        for path in (*paths(base), *MORE[name]):
            for value in VARIANTS:
                one, other = (json.dumps(record).encode() for record in (base, changed(base, path, value)))
                data = b"\n".join([one, one, other, one, other, other])
                with one_by_one():
                    expected = outcome(name, data)
                with patch.object(lines, "_BLOCK", 2 * len(one) - 9 if base is rich else 1 << 17):
                    assert outcome(name, data) == expected, (path, value)


@pytest.mark.parametrize("name", RICH)
@pytest.mark.parametrize("text", ["a", r"\u0022\u0022\u0022\u0022", r"\"\"\"\"", r"\u0026\u0022\u0022", r"\\u0022\\u0022\\u0022\\u0022"])
def test_a_key_that_comes_twice_is_found_whatever_quotes_stand_in_texts(name: str, text: str) -> None:
    """It is told by the number of quotes: each of these texts would make up for some of those that are missing, were it counted wrongly."""
    one = json.dumps({**RICH[name], "tags": ["a"]})
    twice = one.replace("{", f'{{"{next(iter(RICH[name]))}": "x", ', 1).replace('["a"]', f'["{text}"]')
    data = "\n".join([one, one, one.replace('["a"]', f'["{text}", 1]'), one, twice, one]).encode()
    with patch.object(lines, "_BLOCK", 2 * len(one) - 9):
        payload = outcome(name, data)
    assert (payload.events, payload.unparsed) == (5, 1)
    with one_by_one():
        assert outcome(name, data) == payload
