"""Names of events and what they are about."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .helpers import read


def class_of(**members: Any) -> str:
    record = {"timestamp": "2025-09-20T10:00:00Z", **members}
    classes: dict[str, int] = read("audit-log", "jsonl-log", json.dumps(record).encode()).payload.model_dump()["classes"]
    return next(name for name, number in classes.items() if number)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("user.login", "authentication"),
        ("UserLoggedIn", "authentication"),
        ("login.denied", "authentication"),
        ("SIGN_IN_FAILED", "authentication"),
        ("auth", "authentication"),
        ("auth.failure", "authentication"),
        ("token.refresh", "authentication"),
        ("password-reset", "authentication"),
        ("mfa:challenge", "authentication"),
        ("permission.denied", "authorisation"),
        ("auth.permission.denied", "authorisation"),
        ("ACCESS_DENIED", "authorisation"),
        ("accessGranted", "authorisation"),
        ("unauthorized_request", "authorisation"),
        ("role.assigned", "administration"),
        ("user.created", "administration"),
        ("ConfigChanged", "administration"),
        ("api_key.rotated", "administration"),
        ("Install-DefaultSharingPolicy", "administration"),
        ("admin.action", "administration"),
        ("document.read", "data_access"),
        ("DataExported", "data_access"),
        ("file.deleted", "data_access"),
        ("record:update", "data_access"),
        ("http.request", "other"),
        ("heartbeat", "other"),
        ("authored", "other"),
        ("listener.ready", "other"),
        ("blogger.greeting", "other"),
        ("readiness", "other"),
        ("", "other"),
        ("éàü", "other"),
    ],
)
def test_whole_words_decide(name: str, expected: str) -> None:
    assert class_of(event=name) == expected


def test_what_it_was_done_to_counts() -> None:
    assert class_of(action="delete") == "data_access"
    assert class_of(action="delete", resource="user:12") == "administration"
    assert class_of(action="update", resource_type="role") == "administration"
    assert class_of(action="delete", resource="document/7") == "data_access"
    assert class_of(action="update", resource={"type": "group"}) == "administration"


def test_the_first_field_that_says_something_decides() -> None:
    assert class_of(type="audit", action="login") == "authentication"
    assert class_of(event="audit", category="authentication") == "authentication"
    assert class_of(event={"action": "ssh", "category": ["network", "authentication"]}) == "authentication"


def test_an_event_counts_once() -> None:
    assert class_of(event="login", action="document.read") == "authentication"
