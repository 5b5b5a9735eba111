"""Events of records: the quick way and the way through all roles say the same; how events end, in words."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

fields = importlib.import_module("compliance.evidence.audit_log.fields")
records = importlib.import_module("compliance.evidence.audit_log.records")
ended = importlib.import_module("compliance.evidence.audit_log.event").ended

NAMED = sorted(
    {name for names in fields.NAMES.values() for name in names} | {"requestId", "log.level", "event.action", "@timestamp", "other"}
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(0, 2**61),
    st.sampled_from(["", "2025-09-20T10:00:00Z", "user.created", "delete", "users/17", "denied", "ok", "x", "200"]),
    st.lists(st.sampled_from(["login", "", "group"]), max_size=2),
)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMED), VALUES, max_size=8))
def test_both_ways_say_the_same(record: dict[str, object]) -> None:
    assert records._by_plan(record, records._plan_of(tuple(record))) == records._by_roles(fields.roles(record))


ENDED: dict[str | None, list[object]] = {
    "success": ["success", "OK", "Succeeded", "allowed", "true", True, 200, "201", 302],
    "failure": ["failure", "FAILED", "error", "false", False, 500, "404", "timeout"],
    "denied": ["denied", "AccessDenied", "FORBIDDEN", "unauthorized", 403, "403"],
    None: ["PartiallySucceeded", "not allowed", "pending", "", "x" * 100, 0, 1, 7, -1, 1000, None, [], {}, 1.5],
}


@pytest.mark.parametrize(("value", "expected"), [(value, word) for word, values in ENDED.items() for value in values])
def test_how_an_event_ended(value: object, expected: str | None) -> None:
    assert ended(value) == expected
