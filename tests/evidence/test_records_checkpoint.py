"""What a checkpoint record says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from compliance.errors import InputError
from compliance.record import Assurance, Parsed, split_private

from .helpers import assert_only_refuses, mutations, read, recognised

BACKUP, LOG, TEST = "01" * 32, "02" * 32, "03" * 32
CHECKPOINT = f"""\
schema: compliance/checkpoint/v1
environment: production
version: "1.8"
commit: {"0f" * 20}
deployed-at: 2025-09-20T12:00:00Z
operator: jane@example.org
items:
  - what: data
    taken-at: 2025-09-20T11:30:00Z
    digest: sha256:{BACKUP}
    location: gs://backups/2025-09-20T11-30
    artifact: sha256:{LOG}
    restore-test: {{tested-at: 2025-09-18T09:00:00Z, artifact: "sha256:{TEST}"}}
  - what: configuration
    taken-at: 2025-09-20T11:35:00Z
  - what: version
    taken-at: 2025-09-20T11:36:00Z
    location: v1.7.3
""".encode()


def parse(data: bytes) -> Parsed:
    return read("checkpoint", "record-yaml", data)


def at(day: int, hour: int, minute: int) -> datetime:
    return datetime(2025, 9, day, hour, minute, tzinfo=UTC)


def test_each_item_keeps_its_time_digest_location_and_restore_test() -> None:
    parsed = parse(CHECKPOINT)
    payload: Any = parsed.payload
    assert (payload.environment, payload.deployed_at) == ("production", at(20, 12, 0))
    data, configuration, version = payload.items
    assert (data.what, data.taken_at, data.sha256) == ("data", at(20, 11, 30), BACKUP)
    assert (data.location, data.restore_tested_at) == ("gs://backups/2025-09-20T11-30", at(18, 9, 0))
    assert (configuration.sha256, configuration.location, configuration.restore_tested_at) == (None, None, None)
    assert (version.what, version.location) == ("version", "v1.7.3")
    assert (parsed.version, parsed.commit, parsed.observed_at) == ("1.8", "0f" * 20, at(20, 11, 36))


def test_every_timed_statement_is_a_citation() -> None:
    parsed = parse(CHECKPOINT)
    assert parsed.assurance is Assurance.STATED
    assert [(citation.step, citation.at, citation.artifact) for citation in parsed.citations] == [
        ("data backup", at(20, 11, 30), LOG),
        ("data restore test", at(18, 9, 0), TEST),
        ("configuration backup", at(20, 11, 35), None),
        ("version backup", at(20, 11, 36), None),
    ]


def test_locations_and_people_are_private() -> None:
    public, private = split_private(parse(CHECKPOINT).payload)
    assert "gs://" not in str(public)
    assert "jane" not in str(public)
    summary = parse(CHECKPOINT).payload.summary()
    assert "gs://" not in str(summary)
    assert [item["what"] for item in summary["items"]] == ["data", "configuration", "version"]
    assert private["paths"]["/items/0/location"] == "gs://backups/2025-09-20T11-30"


def test_only_its_own_kind_claims_it() -> None:
    assert recognised(CHECKPOINT) == ["record-yaml"]
    with pytest.raises(InputError) as caught:
        read("deployment", "record-yaml", CHECKPOINT)
    assert caught.value.reason.startswith("unknown key 'deployed-at'")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("what: data", "what: database", "/items/0/what: 'database'; expected 'data', 'configuration' or 'version'"),
        ("digest:", "sha256:", "/items/0: unknown key 'sha256'"),
        ("{tested-at", "{at", "/items/0/restore-test: unknown key 'at'"),
        ("items:", "items: []\nitem:", "unknown key 'item'; expected 'items'"),
        ("0f" * 20, "0f" * 4, "/commit: '0f0f0f0f'; expected"),
        ('version: "1.8"', "version: 1.8", "/version: 1.8; expected text in quotes"),
        ("deployed-at: 2025-09-20T12:00:00Z", "deployed-at: 2025-09-20T12:00Z", "/deployed-at: '2025-09-20T12:00Z'; expected an RFC 3339"),
        ("    taken-at: 2025-09-20T11:35:00Z\n", "", "/items/1: no key 'taken-at'"),
    ],
)
def test_refusals_say_where_and_what_was_expected(old: str, new: str, reason: str) -> None:
    assert old.encode() in CHECKPOINT
    with pytest.raises(InputError) as caught:
        parse(CHECKPOINT.replace(old.encode(), new.encode()))
    assert reason in caught.value.reason


def test_a_checkpoint_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="items"):
        parse(CHECKPOINT[: CHECKPOINT.index(b"items:")] + b"x: 1\n")
    with pytest.raises(InputError) as caught:
        parse(CHECKPOINT[: CHECKPOINT.index(b"items:")] + b"items: []\n")
    assert caught.value.where == "/items"


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutations(CHECKPOINT))
def test_mutated_records_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("checkpoint", "record-yaml", data)
