"""What a hand-written access policy says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from compliance.errors import InputError
from compliance.record import Assurance, split_private

from .helpers import assert_only_refuses, mutations, read, recognised

ACCESS_POLICY = f"""\
schema: compliance/access-policy/v1
environment: production
reviewed-at: 2025-09-20T09:00:00Z
artifact: sha256:{"0a" * 32}
default: deny
roles:
  - {{name: admin, permissions: [users.read, users.write]}}
  - {{name: auditor, permissions: [users.read]}}
endpoints:
  - {{method: GET, path: /api/health, auth: public, reason: probed by the load balancer}}
  - {{method: GET, path: /api/me, auth: owner}}
  - {{method: GET, path: /api/users, auth: role, roles: [admin, auditor]}}
  - {{method: POST, path: /api/jobs, auth: authenticated}}
user-data: scoped
""".encode()


def parse(data: bytes) -> Any:
    return read("access-policy", "record-yaml", data)


def test_a_record_names_roles_endpoints_and_the_default() -> None:
    parsed = parse(ACCESS_POLICY)
    payload = parsed.payload
    assert (payload.default, payload.roles, payload.user_data) == ("deny", ("admin", "auditor"), "scoped")
    assert [(one.where, one.access, one.reason) for one in payload.endpoints] == [
        ("GET /api/health", "public", "probed by the load balancer"),
        ("GET /api/me", "authenticated", None),
        ("GET /api/users", "authenticated", None),
        ("POST /api/jobs", "authenticated", None),
    ]
    assert [(rule.where, rule.access, rule.roles) for rule in payload.rules] == [
        ("/api/me", "owner", ()),
        ("/api/users", "role", ("admin", "auditor")),
    ]
    assert parsed.observed_at == datetime(2025, 9, 20, 9, tzinfo=UTC)


def test_a_record_is_worth_what_it_cites() -> None:
    parsed = parse(ACCESS_POLICY)
    assert parsed.assurance is Assurance.STATED
    assert [(one.at, one.artifact) for one in parsed.citations] == [(parsed.observed_at, "0a" * 32)]


def test_paths_and_reasons_are_private() -> None:
    assert "/api" not in str(split_private(parse(ACCESS_POLICY).payload)[0])


def test_a_record_may_be_about_roles_alone() -> None:
    text = ACCESS_POLICY.decode()
    payload = parse((text[: text.index("endpoints:")]).encode()).payload
    assert (payload.endpoints, payload.user_data, payload.incomplete) == (None, None, None)
    bare = text[: text.index("roles:")]
    assert parse(bare.encode()).payload.incomplete is not None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"roles: [admin, auditor]", b"roles: [root]", "a role that is declared"),
        (b"auth: role, roles: [admin, auditor]", b"auth: role", "roles exactly where"),
        (b"auth: owner", b"auth: owner, roles: [admin]", "roles exactly where"),
        (b"auth: owner", b"auth: owner, reason: why not", "a reason only where"),
        (b"name: auditor", b"name: admin", "each role once"),
        (b"/api/me", b"/api/health", "each endpoint once"),
        (b"auth: owner", b"auth: none", "'public', 'authenticated', 'owner' or 'role'"),
        (b"default: deny", b"default: maybe", "'deny' or 'allow'"),
        (b"method: POST", b"method: post", "pattern"),
        (b"path: /api/me", b"path: api/me", "pattern"),
        (b"permissions: [users.read]", b"permissions: []", "at least 1"),
        (b"user-data: scoped", b"user-data: yes", "'scoped', 'unscoped' or 'none'"),
        (b"reviewed-at: 2025-09-20T09:00:00Z", b"reviewed-at: 2025-09-20", "RFC 3339"),
    ],
)
def test_what_contradicts_itself_is_refused(old: bytes, new: bytes, words: str) -> None:
    assert old in ACCESS_POLICY
    with pytest.raises(InputError) as caught:
        parse(ACCESS_POLICY.replace(old, new, 1))
    assert words in caught.value.reason


def test_recognises_its_own() -> None:
    assert recognised(ACCESS_POLICY) == ["record-yaml"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutations(ACCESS_POLICY))
def test_mutated_records_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("access-policy", "record-yaml", data)
