"""Inventories of secrets and the lists of cloud secret managers: what is certain about the age of a value, and never the value."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from compliance.errors import InputError
from compliance.record import Assurance, Json, split_private

from .helpers import assert_only_refuses, json_mutations, mutations, read, recognised

AWS: Json = {
    "SecretList": [
        {
            "ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-a1b2c3",
            "Name": "db",
            "RotationEnabled": True,
            "RotationRules": {"AutomaticallyAfterDays": 30},
            "LastRotatedDate": "2025-08-18T09:05:31.710000+02:00",
            "LastChangedDate": "2025-08-19T09:05:31.710000+02:00",
            "LastAccessedDate": "2025-09-18T02:00:00+02:00",
            "Tags": [{"Key": "Owner", "Value": "payments"}],
            "SecretVersionsToStages": {"EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE": ["AWSCURRENT"]},
            "CreatedDate": "2024-01-18T09:05:31.710000+02:00",
        },
        {"Name": "old", "LastChangedDate": 1523477145.713, "CreatedDate": 1523477145.713},
        {"Name": "managed", "OwningService": "rds", "CreatedDate": 1758000000, "Tags": []},
        {"Name": "gone", "CreatedDate": 1523477145.713, "DeletedDate": 1523477146.5},
    ]
}
GCLOUD: Json = [
    {
        "createTime": "2023-05-01T10:00:00.123456Z",
        "etag": '"15c0"',
        "labels": {"owner": "payments"},
        "name": "projects/123456/secrets/oauth",
        "replication": {"automatic": {}},
        "rotation": {"nextRotationTime": "2025-10-01T00:00:00Z", "rotationPeriod": "7776000s"},
    },
    {"createTime": "2023-05-02T10:00:00Z", "expireTime": "2026-01-01T00:00:00Z", "name": "projects/123456/secrets/api", "replication": {}},
]
VERSIONS: Json = [
    {"createTime": "2025-09-01T10:00:00Z", "name": "projects/123456/secrets/oauth/versions/4", "state": "DISABLED"},
    {"createTime": "2025-08-01T10:00:00Z", "name": "projects/123456/secrets/oauth/versions/3", "state": "ENABLED"},
    {"createTime": "2024-08-01T10:00:00Z", "name": "projects/123456/secrets/oauth/versions/2", "state": "ENABLED"},
    {"createTime": "2023-08-01T10:00:00Z", "name": "projects/123456/secrets/api/versions/1", "state": "DESTROYED"},
]
AZURE: Json = [
    {
        "attributes": {
            "created": "2025-07-01T08:00:00+00:00",
            "enabled": True,
            "expires": "2026-07-01T08:00:00+00:00",
            "notBefore": None,
            "recoverableDays": 90,
            "recoveryLevel": "Recoverable+Purgeable",
            "updated": "2025-07-02T08:00:00+00:00",
        },
        "contentType": None,
        "id": "https://demo.vault.azure.net/secrets/smtp",
        "managed": None,
        "name": "smtp",
        "tags": {"team": "mail"},
    },
    {
        "attributes": {"created": "2020-07-01T08:00:00+00:00", "enabled": False},
        "id": "https://demo.vault.azure.net/secrets/off",
        "name": "off",
    },
]
RECORD = b"""\
schema: compliance/secret-rotation/v1
recorded-at: 2025-09-20T09:00:00Z
secrets:
  - name: firebase-admin-key
    owner: jane@example.org
    created-at: 2024-11-02T09:00:00Z
    rotated-at: 2025-08-01T09:00:00Z
    expires-at: 2026-08-01T09:00:00Z
  - {name: projects/demo/secrets/oauth, owner: ops}
  - {name: lonely, created-at: 2025-01-01T00:00:00Z}
"""
LISTS = {"aws-secrets-json": AWS, "gcloud-secrets-json": GCLOUD, "azure-secrets-json": AZURE}


def listed(name: str, value: Json) -> Any:
    return read("secret-rotation", name, json.dumps(value).encode()).payload


def at(year: int, month: int, day: int, *time: int) -> datetime:
    hour, minute, second, microsecond = (*time, 0, 0, 0, 0)[:4]
    return datetime(year, month, day, hour, minute, second, microsecond, UTC)


@pytest.mark.parametrize(("name", "value"), [*LISTS.items(), ("gcloud-secrets-json", VERSIONS)])
def test_a_list_is_claimed_by_its_format_alone(name: str, value: Json) -> None:
    assert recognised(json.dumps(value).encode()) == [name]
    assert recognised(json.dumps(value, indent=2).encode()) == [name]
    assert read("secret-rotation", name, json.dumps(value).encode()).assurance is Assurance.IMPORTED


def test_aws_tells_rotation_last_change_and_owner() -> None:
    payload = listed("aws-secrets-json", AWS)
    db, old, managed = payload.secrets
    assert (db.owned, db.owner, db.set_at, db.set_by) == (
        True,
        "payments",
        at(2025, 8, 18, 7, 5, 31, 710000),
        at(2025, 8, 19, 7, 5, 31, 710000),
    )
    assert (old.owned, old.set_at, old.set_by) == (False, at(2018, 4, 11, 20, 5, 45, 713000), at(2018, 4, 11, 20, 5, 45, 713000))
    assert (managed.owned, managed.owner) == (True, "rds")
    assert payload.left_out == 1
    assert payload.summary() == {
        "origin": "aws",
        "secrets": 3,
        "left_out": 1,
        "without_owner": 1,
        "dated": 3,
        "oldest_set_at": "2018-04-11T20:05:45.713000Z",
    }
    assert listed("aws-secrets-json", {**AWS, "NextToken": "x"}).incomplete == "the list goes on (NextToken)"
    assert listed("aws-secrets-json", {"SecretList": []}).incomplete == "no secret in the list"


def test_gcloud_tells_the_creation_of_a_secret_and_nothing_of_its_value() -> None:
    oauth, api = listed("gcloud-secrets-json", GCLOUD).secrets
    assert (oauth.name, oauth.owned, oauth.set_at, oauth.set_by) == (
        "projects/123456/secrets/oauth",
        True,
        at(2023, 5, 1, 10, 0, 0, 123456),
        None,
    )
    assert (api.owned, api.expires_at) == (False, at(2026, 1, 1))


def test_the_newest_enabled_version_is_the_value() -> None:
    payload = listed("gcloud-secrets-json", VERSIONS)
    (oauth,) = payload.secrets
    assert (oauth.name, oauth.owned) == ("projects/123456/secrets/oauth", None)
    assert oauth.set_at == oauth.set_by == at(2025, 8, 1, 10)
    assert payload.left_out == 1, "api has no enabled version"


def test_azure_tells_the_newest_version() -> None:
    payload = listed("azure-secrets-json", AZURE)
    (smtp,) = payload.secrets
    assert (smtp.owned, smtp.set_at, smtp.set_by, smtp.expires_at) == (True, at(2025, 7, 1, 8), at(2025, 7, 1, 8), at(2026, 7, 1, 8))
    assert payload.left_out == 1


def test_an_inventory_is_read() -> None:
    parsed = read("secret-rotation", "record-yaml", RECORD)
    payload: Any = parsed.payload
    assert recognised(RECORD) == ["record-yaml"]
    key, oauth, lonely = payload.secrets
    assert (key.set_at, key.set_by, key.expires_at) == (at(2025, 8, 1, 9), at(2025, 8, 1, 9), at(2026, 8, 1, 9))
    assert (oauth.owned, oauth.set_at, lonely.owned, lonely.set_at) == (True, None, False, at(2025, 1, 1))
    assert parsed.assurance is Assurance.STATED
    assert [citation.step for citation in parsed.citations] == ["firebase-admin-key", "lonely"]


def test_names_and_owners_are_private() -> None:
    public, private = split_private(read("secret-rotation", "record-yaml", RECORD).payload)
    assert "firebase" not in str(public)
    assert "jane" not in str(public)
    assert private["paths"]["/secrets/0/name"] == "firebase-admin-key"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("aws-secrets-json", {"SecretList": [{"Name": "a", "SecretString": "hunter2"}]}),
        ("gcloud-secrets-json", [{**VERSIONS[1], "payload": {"data": "aHVudGVyMg=="}}]),
        ("azure-secrets-json", [{**AZURE[0], "value": "hunter2"}]),
    ],
)
def test_a_file_with_a_value_is_refused_before_it_is_kept(name: str, value: Json) -> None:
    with pytest.raises(InputError) as caught:
        listed(name, value)
    assert "the value of a secret" in caught.value.found
    assert "hunter2" not in str(caught.value)


REFUSED: dict[str, tuple[str, Json]] = {
    "a list that is none": ("aws-secrets-json", {"SecretList": {}}),
    "an entry that is none": ("aws-secrets-json", {"SecretList": [1]}),
    "no name": ("aws-secrets-json", {"SecretList": [{"CreatedDate": 1}]}),
    "a time without zone": ("aws-secrets-json", {"SecretList": [{"Name": "a", "CreatedDate": "2025-01-01T00:00:00"}]}),
    "a time beyond the calendar": ("aws-secrets-json", {"SecretList": [{"Name": "a", "CreatedDate": 1e300}]}),
    "a time that is true": ("aws-secrets-json", {"SecretList": [{"Name": "a", "CreatedDate": True}]}),
    "tags that are text": ("aws-secrets-json", {"SecretList": [{"Name": "a", "Tags": "x"}]}),
    "secrets and versions": ("gcloud-secrets-json", [GCLOUD[0], VERSIONS[0]]),
    "another resource": ("gcloud-secrets-json", [GCLOUD[0], {"name": "projects/1/topics/x", "createTime": "2025-01-01T00:00:00Z"}]),
    "a time that is none": ("gcloud-secrets-json", [{"name": "projects/1/secrets/x", "createTime": "now"}]),
    "no attributes": ("azure-secrets-json", [AZURE[0], {"id": "https://demo.vault.azure.net/secrets/x"}]),
    "another address": ("azure-secrets-json", [AZURE[0], {"id": "x", "attributes": {}}]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_understood_is_refused(case: str) -> None:
    with pytest.raises(InputError) as caught:
        listed(*REFUSED[case])
    assert caught.value.reason


@pytest.mark.parametrize(
    "data", [b"[]", b"[1]", b'{"Secrets": []}', b'[{"name": "a", "createTime": 1}]', b'[{"id": "a", "attributes": {}}]', b"[" * 5000]
)
def test_look_alikes_are_not_claimed(data: bytes) -> None:
    assert not {name for name in recognised(data) if name.endswith("secrets-json")}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("name: lonely", "name: firebase-admin-key", "secret 'firebase-admin-key' twice"),
        ("rotated-at: 2025", "rotated-at: 2023", "/secrets/0: rotated-at 2023-08-01T09:00:00Z; expected a time not before created-at"),
        ("owner: ops", "value: hunter2", "/secrets/1: unknown key 'value'"),
        ("name: lonely", "name: two words", "/secrets/2/name"),
    ],
)
def test_refusals_of_an_inventory_say_where(old: str, new: str, reason: str) -> None:
    assert old.encode() in RECORD
    with pytest.raises(InputError) as caught:
        read("secret-rotation", "record-yaml", RECORD.replace(old.encode(), new.encode()))
    assert reason in caught.value.reason


@settings(max_examples=150, deadline=None)
@given(json_mutations(json.dumps(AWS).encode()))
def test_reshaped_aws_lists_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("secret-rotation", "aws-secrets-json", data)


@settings(max_examples=150, deadline=None)
@given(json_mutations(json.dumps([*GCLOUD]).encode()))
def test_reshaped_gcloud_lists_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("secret-rotation", "gcloud-secrets-json", data)


@settings(max_examples=150, deadline=None)
@given(json_mutations(json.dumps(AZURE).encode()))
def test_reshaped_azure_lists_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("secret-rotation", "azure-secrets-json", data)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutations(RECORD))
def test_mutated_inventories_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("secret-rotation", "record-yaml", data)
