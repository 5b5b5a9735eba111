"""Kubernetes audit events: one per line, EventList, array, Azure Monitor's envelope."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from compliance.errors import InputError

from .helpers import assert_only_refuses, counted, json_mutations, mutations, read, recognised

TIME = datetime(2025, 9, 20, 10, 0, 0, 548299, UTC)


def event(verb: str = "create", resource: str = "pods", **members: Any) -> dict[str, Any]:
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": "55a81824-ab56-46c5-8b02-96336f5e78d7",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/default/pods",
        "verb": verb,
        "user": {"username": "alice@example.com", "groups": ["system:authenticated"]},
        "sourceIPs": ["192.168.64.1"],
        "userAgent": "kubectl/v1.30",
        "objectRef": {"resource": resource, "namespace": "default", "name": "x", "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 201},
        "requestReceivedTimestamp": "2025-09-20T10:00:00.541358Z",
        "stageTimestamp": "2025-09-20T10:00:00.548299Z",
        "annotations": {"authorization.k8s.io/decision": "allow"},
        **members,
    }


def azure(item: dict[str, Any], category: str = "kube-audit") -> dict[str, Any]:
    return {
        "time": "2025-09-20T10:00:05.0000000Z",
        "category": category,
        "operationName": "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read",
        "resourceId": "/SUBSCRIPTIONS/X",
        "properties": {"log": json.dumps(item) + "\n", "stream": "stdout", "pod": "kube-apiserver-1"},
    }


def lines(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in events)


def listed(*events: dict[str, Any]) -> dict[str, Any]:
    items = [{name: value for name, value in item.items() if name not in ("kind", "apiVersion")} for item in events]
    return {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": items}


def layouts(*events: dict[str, Any]) -> dict[str, bytes]:
    return {
        "lines": lines(*events),
        "lines without end": lines(*events).rstrip(),
        "list": json.dumps(listed(*events)).encode(),
        "list, printed": json.dumps(listed(*events), indent=4).encode(),
        "lists in a row": lines(*(listed(item) for item in events)),
        "array": json.dumps(events).encode(),
        "azure": lines(*map(azure, events)),
        "azure, without guests": lines(*(azure(item, "kube-audit-admin") for item in events)),
        "azure, event hub": json.dumps({"records": [azure(item) for item in events]}).encode(),
    }


def parse(*events: dict[str, Any]) -> Any:
    return read("audit-log", "k8s-audit-json", lines(*events)).payload


def class_of(item: dict[str, Any]) -> str | None:
    return counted(parse(item).classes)


def ended(item: dict[str, Any]) -> str | None:
    return counted(parse(item).outcomes)


@pytest.mark.parametrize("layout", layouts().keys())
def test_every_layout_says_the_same(layout: str) -> None:
    data = layouts(event(), event("get", "secrets", auditID="2"), event("list", auditID="3"))[layout]
    assert recognised(data) == ["k8s-audit-json"]
    payload: Any = read("audit-log", "k8s-audit-json", data).payload
    assert (payload.events, payload.unparsed, payload.other_entries, payload.operations) == (3, 0, 0, 3)
    assert payload.first == payload.last == TIME
    assert (payload.with_event, payload.with_trace, payload.with_actor, payload.with_resource, payload.with_outcome) == (3, 3, 3, 3, 3)
    assert (payload.has_levels, payload.with_level, payload.keeps_order, payload.chain) == (False, 0, True, "absent")
    assert (payload.classes.administration, payload.classes.data_access, payload.outcomes.success) == (1, 2, 3)
    assert (payload.personal_data, payload.personal_data_of_actors) == (0, 3)
    assert payload.incomplete is None


def test_one_event_alone_may_be_printed() -> None:
    data = json.dumps(event(), indent=2).encode()
    assert recognised(data) == ["k8s-audit-json"]
    assert read("audit-log", "k8s-audit-json", data).payload.model_dump()["events"] == 1


@pytest.mark.parametrize("api", ["audit.k8s.io/v1", "audit.k8s.io/v1beta1", "audit.k8s.io/v1alpha1", None])
def test_every_version_of_the_api(api: str | None) -> None:
    item = event(apiVersion=api)
    if api is None:
        del item["apiVersion"]
    assert recognised(lines(item)) == ["k8s-audit-json"]
    assert parse(item).events == 1


def test_the_stages_of_a_request_are_events_and_one_operation() -> None:
    received = event(stage="RequestReceived", responseStatus=None)
    started = event(stage="ResponseStarted", responseStatus={"code": 101})
    payload = parse(received, started, event(), event(auditID="other"), event(auditID=None))
    assert (payload.events, payload.operations) == (5, 3)
    assert (payload.with_outcome, payload.outcomes.success) == (4, 4)


@pytest.mark.parametrize(
    ("members", "time"),
    [
        ({}, TIME),
        ({"stageTimestamp": None}, TIME.replace(microsecond=541358)),
        ({"stageTimestamp": None, "timestamp": "2025-09-20T10:00:00Z"}, TIME.replace(microsecond=0)),
        ({"stageTimestamp": "2025-09-20 10:00:00", "requestReceivedTimestamp": ""}, None),
    ],
)
def test_the_time_is_that_of_the_stage(members: dict[str, Any], time: datetime | None) -> None:
    assert parse(event(**members)).first == time


def test_an_envelope_has_a_time_where_the_event_has_none() -> None:
    payload = parse(azure(event(stageTimestamp=None, requestReceivedTimestamp=None)))
    assert payload.first == datetime(2025, 9, 20, 10, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (event(), "success"),
        (event(responseStatus={"code": 403}), "denied"),
        (event(annotations={"authorization.k8s.io/decision": "forbid"}), "denied"),
        (event(responseStatus={"code": 404}), "failure"),
        (event(responseStatus={"code": 500}), "failure"),
        (event(stage="Panic", responseStatus=None), "failure"),
        (event(responseStatus={"code": 101}), "success"),
        (event(responseStatus={"status": "Failure"}), "failure"),
        (event(responseStatus={"status": "Success"}), "success"),
        (event(stage="RequestReceived", responseStatus=None), None),
    ],
)
def test_how_it_ended(item: dict[str, Any], expected: str | None) -> None:
    assert ended(item) == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (event("create"), "administration"),
        (event("deletecollection"), "administration"),
        (event("get", objectRef={"resource": "pods", "subresource": "exec"}), "administration"),
        (event("get", "secrets"), "data_access"),
        (event("watch"), "data_access"),
        (event("get", responseStatus={"code": 403}), "authorisation"),
        (event("create", "subjectaccessreviews"), "authorisation"),
        (event("create", "tokenreviews"), "authentication"),
        (event("create", objectRef={"resource": "serviceaccounts", "subresource": "token"}), "authentication"),
        (event("get", responseStatus={"code": 401}), "authentication"),
        (event("get", objectRef=None, requestURI="/healthz"), "other"),
    ],
)
def test_what_it_is_about(item: dict[str, Any], expected: str) -> None:
    assert class_of(item) == expected


def test_other_categories_of_azure_are_no_events() -> None:
    other = {"category": "Administrative", "properties": None, "operationName": "x"}
    guard = azure({"msg": "x"}, "guard")
    broken = {**azure(event()), "properties": {"log": '{"kind": "Event"'}}
    payload = parse(other, azure(event()), guard, azure(event()), broken, {**azure(event()), "properties": None})
    assert (payload.events, payload.unparsed, payload.other_entries, payload.lines) == (2, 2, 2, 6)


def test_sparse_events_are_events() -> None:
    sparse = {"kind": "Event", "verb": "create", "user": {"username": "x"}, "p_log_type": "Amazon.EKS.Audit"}
    assert recognised(json.dumps([sparse], indent=1).encode()) == ["k8s-audit-json"]
    payload = parse(sparse, {"verb": "get", "requestURI": "/version"}, {"kind": "Event"}, {"p_log_type": "x"})
    assert (payload.events, payload.other_entries, payload.with_trace) == (3, 1, 0)


def test_free_text_is_a_leak() -> None:
    payload = parse(event(requestObject={"metadata": {"annotations": {"owner": "bob@example.org"}}}))
    assert payload.personal_fields == {"requestObject.metadata.annotations.owner": 1}


CORE = {
    "kind": "Event",
    "apiVersion": "v1",
    "involvedObject": {"kind": "Pod"},
    "reason": "Started",
    "firstTimestamp": "2025-09-20T10:00:00Z",
}


@pytest.mark.parametrize(
    "data",
    [
        b'{"kind": 0}',
        b'{"kind": "Event"}',
        json.dumps({"kind": "List", "apiVersion": "v1", "items": [CORE]}).encode(),
        json.dumps({"kind": "EventList", "apiVersion": "v1", "items": [CORE] * 3}, indent=2).encode(),
        lines(CORE, CORE),
        json.dumps({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": []}).encode(),
        lines({"verb": "create"}, {"verb": "get"}),
        lines({"kind": "ClusterRole", "rules": [{"verbs": ["get"]}]}),
        lines({"user": {"username": "x"}, "action": "get", "time": "2025-09-20T10:00:00Z"}),
    ],
)
def test_what_only_looks_alike_is_left_alone(data: bytes) -> None:
    assert "k8s-audit-json" not in recognised(data)


def test_a_degenerate_object_is_no_event() -> None:
    with pytest.raises(InputError, match="no event among 1 entries"):
        parse({"kind": 0})


def test_broken_lines_are_unread_and_broken_lists_refused() -> None:
    data = lines(event()) + b'{"verb": "get", "verb": "list"}\n{"verb": "ge\n\xff\n' + lines(event())
    payload: Any = read("audit-log", "k8s-audit-json", data).payload
    assert (payload.events, payload.unparsed) == (2, 3)
    whole = json.dumps(listed(event(), event())).encode()
    for broken in (whole[:-2], whole[:800], whole.replace(b'"stage"', b'"stage": 1, "stage"')):
        with pytest.raises(InputError):
            read("audit-log", "k8s-audit-json", broken)
        assert recognised(broken) == ["k8s-audit-json"] or b'"stage": 1' in broken


@settings(max_examples=200, deadline=None)
@given(mutations(lines(event(), azure(event()))) | mutations(layouts(event(), event())["list, printed"]))
def test_only_refusals_leave(data: bytes) -> None:
    parsed = assert_only_refuses("audit-log", "k8s-audit-json", data)
    payload: Any = parsed.payload if parsed else None
    assert payload is None or payload.events + payload.unparsed + payload.other_entries == payload.lines


@settings(max_examples=200, deadline=None)
@given(json_mutations(layouts(event())["list"]) | json_mutations(json.dumps([azure(event())]).encode()))
def test_any_value_in_any_field(data: bytes) -> None:
    assert_only_refuses("audit-log", "k8s-audit-json", data)


def test_an_event_that_holds_a_manifest_is_no_manifest() -> None:
    binding = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "b"}, "subjects": []}
    item = event("create", "clusterrolebindings", requestObject=binding)
    del item["apiVersion"]
    for data in (lines(item), json.dumps(item, indent=2).encode(), json.dumps(listed(item)).encode()):
        assert recognised(data) == ["k8s-audit-json"]
