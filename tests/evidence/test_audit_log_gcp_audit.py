"""Google Cloud Audit Logs: LogEntry with an AuditLog inside, as array or one per line."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError

from .helpers import assert_only_refuses, counted, json_mutations, mutations, read, recognised

TYPE = "type.googleapis.com/google.cloud.audit.AuditLog"


def entry(method: str = "storage.objects.get", log: str = "data_access", **payload: Any) -> dict[str, Any]:
    return {
        "insertId": "1a2b3c",
        "logName": f"projects/shop/logs/cloudaudit.googleapis.com%2F{log}",
        "protoPayload": {
            "@type": TYPE,
            "authenticationInfo": {"principalEmail": "ops@example.com"},
            "authorizationInfo": [{"granted": True, "permission": "storage.objects.get", "resource": "projects/_/buckets/b"}],
            "methodName": method,
            "requestMetadata": {"callerIp": "10.0.0.1"},
            "resourceName": "projects/_/buckets/b/objects/o",
            "serviceName": "storage.googleapis.com",
            "status": {},
            **payload,
        },
        "receiveTimestamp": "2025-09-20T10:00:01.500000001Z",
        "resource": {"labels": {"project_id": "shop"}, "type": "gcs_bucket"},
        "severity": "INFO",
        "timestamp": "2025-09-20T10:00:00.123456789Z",
    }


def lines(*entries: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in entries)


def parse(data: bytes) -> Any:
    return read("audit-log", "gcp-audit-json", data).payload


def one(**changes: Any) -> Any:
    return parse(lines({**entry(), **changes}))


def class_of(item: dict[str, Any]) -> str | None:
    return counted(parse(lines(item)).classes)


def ended(item: dict[str, Any]) -> str | None:
    return counted(parse(lines(item)).outcomes)


def snake(value: Any) -> Any:
    if isinstance(value, list):
        return list(map(snake, value))
    return {re.sub("[A-Z]", r"_\g<0>", name).lower(): snake(item) for name, item in value.items()} if isinstance(value, dict) else value


def in_bigquery(item: dict[str, Any]) -> dict[str, Any]:
    payload = {name: value for name, value in item["protoPayload"].items() if name != "@type"}
    others = {name: value for name, value in item.items() if name != "protoPayload"}
    return {**others, "protopayload_auditlog": {**payload, "requestJson": "{}"}, "timestamp": "2025-09-20 10:00:00.123456 UTC"}


def in_log_analytics(item: dict[str, Any]) -> dict[str, Any]:
    item = snake(item)
    return {**item, "proto_payload": {"type": TYPE, "audit_log": {k: v for k, v in item["proto_payload"].items() if k != "@type"}}}


def layouts(*entries: dict[str, Any]) -> dict[str, bytes]:
    return {
        "lines": lines(*entries),
        "array": json.dumps(entries).encode(),
        "printed": json.dumps(entries, indent=2).encode(),
        "entries.list": json.dumps({"entries": entries, "nextPageToken": "x"}, indent=1).encode(),
        "with a mark": b"\xef\xbb\xbf" + json.dumps(entries, indent=2).encode(),
        "BigQuery": lines(*map(in_bigquery, entries)),
        "Log Analytics": json.dumps(list(map(in_log_analytics, entries))).encode(),
        "names of protocol buffers": lines(*map(snake, entries)),
        "crlf": lines(*entries).replace(b"\n", b"\r\n"),
    }


@pytest.mark.parametrize("layout", layouts().keys())
def test_every_layout_says_the_same(layout: str) -> None:
    data = layouts(entry(), entry("v1.compute.firewalls.insert", "activity"), entry())[layout]
    payload = parse(data)
    assert recognised(data) == ["gcp-audit-json"]
    assert (payload.events, payload.unparsed, payload.other_entries, payload.lines, payload.operations) == (3, 0, 0, 3, 3)
    assert payload.first == payload.last == datetime(2025, 9, 20, 10, 0, 0, 123456, UTC)
    assert (payload.with_timestamp, payload.with_level, payload.with_event, payload.with_trace) == (3, 3, 3, 3)
    assert (payload.with_actor, payload.with_resource, payload.with_outcome) == (3, 3, 3)
    assert (payload.classes.data_access, payload.classes.administration) == (2, 1)
    assert payload.chain == "absent"
    assert not payload.keeps_order
    assert payload.incomplete is None


def test_a_printed_document_names_the_line_of_an_entry() -> None:
    data = json.dumps([entry(), entry(request={"note": "bob@example.org"})], indent=2).encode()
    line = data[: data.index(b"bob@")].count(b"\n") + 1
    (sample,) = parse(data).personal_samples
    assert sample.field == "protoPayload.request.note"
    assert 2 < sample.line < line


def test_a_mixed_export_counts_its_audit_entries() -> None:
    message = {"insertId": "2", "logName": "projects/shop/logs/stdout", "textPayload": "x", "timestamp": "2025-09-20T10:00:00Z"}
    request = {**entry(), "protoPayload": {"@type": "type.googleapis.com/google.appengine.logging.v1.RequestLog", "method": "GET"}}
    payload = parse(lines(message, entry(), request, {**message, "jsonPayload": {}}, entry()))
    assert (payload.events, payload.unparsed, payload.other_entries, payload.lines) == (2, 0, 3, 5)
    assert recognised(lines(*[message] * 5, entry())) == ["gcp-audit-json"]
    assert recognised(lines(*[message] * 5)) == []


def test_an_export_without_audit_entries_is_refused() -> None:
    with pytest.raises(InputError, match="no event among 1 entries"):
        parse(lines({"insertId": "2", "logName": "l", "textPayload": "x"}))


def test_a_long_running_operation_is_two_events_and_one_operation() -> None:
    begun = {**entry(), "operation": {"id": "operation-1", "first": True}}
    over = {**entry(), "operation": {"id": "operation-1", "last": True}}
    other = {**entry(), "operation": {"id": "operation-2", "first": True, "last": True}}
    for items in ([begun, over, other, entry()], [entry(), over, other, begun]):
        payload = parse(lines(*items))
        assert (payload.events, payload.operations) == (4, 3)


def test_pipelines_that_rename_members_are_read() -> None:
    renamed = entry()
    renamed["protoPayload"]["at_sign_type"] = renamed["protoPayload"].pop("@type")
    renamed["insertid"], renamed["logname"] = renamed.pop("insertId"), renamed.pop("logName").replace("data_access", "activity")
    payload = parse(lines({**renamed, "p_log_type": "GCP.AuditLog"}))
    assert (payload.events, payload.with_trace, payload.classes.administration) == (1, 1, 1)
    assert recognised(lines(renamed)) == ["gcp-audit-json"]


def test_a_payload_that_does_not_say_its_type_counts() -> None:
    item = {"protoPayload": {"methodName": "compute.instances.list"}, "resource": {"type": "gce_instance"}}
    assert recognised(lines(item)) == ["gcp-audit-json"]
    payload = parse(lines(item))
    assert (payload.events, payload.with_actor, payload.with_level, payload.with_timestamp) == (1, 0, 0, 0)
    assert payload.incomplete == "no event states its time with a zone"


def test_a_payload_in_another_case_is_none() -> None:
    item = {name.lower(): value for name, value in entry().items()}
    assert recognised(lines(item, item)) == []


@pytest.mark.parametrize("time", ["2024-02-02 09:44:26.029835000", "", None, 7, "yesterday"])
def test_times_without_zone_are_none(time: object) -> None:
    payload = one(timestamp=time)
    assert (payload.first, payload.with_timestamp) == (None, 0)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"status": {}}, "success"),
        ({"status": None}, "success"),
        ({"status": {"code": 0, "message": "OK"}}, "success"),
        ({"status": {"message": "OK"}}, "success"),
        ({"status": {"code": 7}}, "denied"),
        ({"status": {"code": 6}}, "failure"),
        ({"status": {"code": 16}}, "failure"),
        ({"authorizationInfo": [{"permission": "a"}, {"permission": "b"}]}, "denied"),
        ({"authorizationInfo": [{"permission": "a", "granted": False}]}, "denied"),
        ({"authorizationInfo": [{"permission": "a"}, {"permission": "b", "granted": True}]}, "success"),
        ({"authorizationInfo": []}, "success"),
        ({"authorizationInfo": [{"permission": "a"}], "status": {"code": 3}}, "failure"),
    ],
)
def test_how_it_ended(payload: dict[str, Any], expected: str) -> None:
    assert ended(entry(**payload)) == expected


def test_gke_says_that_it_was_forbidden() -> None:
    assert ended({**entry("io.k8s.core.v1.pods.create", "activity"), "labels": {"authorization.k8s.io/decision": "forbid"}}) == "denied"


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (entry("storage.objects.get", "data_access"), "data_access"),
        (entry("storage.objects.delete", "activity"), "administration"),
        (entry("compute.instances.hostError", "system_event"), "administration"),
        (entry("storage.objects.get", "policy"), "authorisation"),
        (entry("storage.objects.get", "data_access", status={"code": 7}), "authorisation"),
        (entry("SignJwt", "data_access", serviceName="iamcredentials.googleapis.com"), "authentication"),
        (entry("google.login.LoginService.loginSuccess", "data_access"), "authentication"),
        ({**entry("google.iam.admin.v1.CreateServiceAccountKey"), "logName": None}, "administration"),
        ({**entry("storage.objects.get"), "logName": None}, "data_access"),
        ({**entry("v1.things.frobnicate"), "logName": 5}, "other"),
    ],
)
def test_what_it_is_about(item: dict[str, Any], expected: str) -> None:
    assert class_of(item) == expected


def test_who_acted_is_no_leak_and_free_text_is() -> None:
    payload = parse(
        lines(entry(), entry(request={"description": "call bob@example.org"}, status={"message": "no such user: eve@example.net"}))
    )
    assert payload.personal_data_of_actors == 2
    assert payload.personal_fields == {"protoPayload.request.description": 1, "protoPayload.status.message": 1}
    assert "example" not in payload.model_dump_json()


def test_a_broken_line_is_unread_and_a_broken_document_refused() -> None:
    payload = parse(lines(entry()) + b'{"protoPayload": \n' + b'{"insertId": "1", "insertId": "2"}\n' + lines(entry()))
    assert (payload.events, payload.unparsed) == (2, 2)
    whole = json.dumps([entry(), entry()]).encode()
    for data in (whole[:-1], whole[:900], whole.replace(b"}, {", b"} {"), whole + b"x"):
        with pytest.raises(InputError):
            parse(data)
        assert recognised(data) == ["gcp-audit-json"]
    twice = whole.replace(b'"severity": "INFO"', b'"severity": "INFO", "severity": "ERROR"')
    with pytest.raises(InputError, match="duplicate key"):
        parse(twice)


def test_entries_that_are_no_objects_are_unread() -> None:
    payload = parse(json.dumps([entry(), None, 5, "x", [], entry()]).encode())
    assert (payload.events, payload.unparsed, payload.lines) == (2, 4, 6)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"null", b"[", b'{"entries": []}', b"\0", b"\n \n", b"[1, 2]"])
def test_what_holds_no_entry_is_neither_recognised_nor_read(data: bytes) -> None:
    assert recognised(data) == []
    with pytest.raises(InputError):
        parse(data)


VALID = lines(entry(), {**entry("SetIamPolicy", "activity"), "operation": {"id": "o", "first": True}}, entry(status={"code": 7}))


@settings(max_examples=150, deadline=None)
@given(mutations(VALID) | mutations(json.dumps([entry(), entry()], indent=1).encode()))
def test_only_refusals_leave(data: bytes) -> None:
    parsed = assert_only_refuses("audit-log", "gcp-audit-json", data)
    payload: Any = parsed.payload if parsed else None
    assert payload is None or payload.events + payload.unparsed + payload.other_entries == payload.lines
    assert payload is None or sum(payload.classes.model_dump().values()) == payload.events


@settings(max_examples=150, deadline=None)
@given(json_mutations(json.dumps([{**entry(), "operation": {"id": "o", "first": True}}]).encode()))
def test_any_value_in_any_field(data: bytes) -> None:
    assert_only_refuses("audit-log", "gcp-audit-json", data)
