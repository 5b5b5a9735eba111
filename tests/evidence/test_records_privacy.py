"""Records of processing: what an activity does not say, and the procedures for people's rights."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from compliance.errors import InputError
from compliance.record import Assurance, split_private

from .helpers import assert_only_refuses, mutations, read, recognised

PRIVACY = b"""\
schema: compliance/privacy/v1
recorded-at: 2025-09-20T09:00:00Z
reviewed-at: 2025-09-01T09:00:00Z
reviewed-by: dpo@example.org
laws: [gdpr, ccpa]
activities:
  - id: accounts
    purpose: Signing in
    lawful-basis: contract
    data-categories: [name, e-mail address]
    recipients: []
    retention-days: 730
    retention-from: the end of the contract
    transfers: [{to: US, safeguard: standard contractual clauses}]
    security-measures: [encryption at rest]
  - {id: newsletter, purpose: News, transfers: [{to: US}]}
rights:
  - right: access
    procedure: docs/privacy/access.md
    limit-days: 30
    test: {tested-at: 2025-08-20T09:00:00Z, took-days: 2}
  - {right: erasure, limit-days: 45}
"""


def privacy(data: bytes | str) -> Any:
    return read("privacy", "record-yaml", data if isinstance(data, bytes) else data.encode()).payload


def test_a_record_is_read() -> None:
    parsed = read("privacy", "record-yaml", PRIVACY)
    payload: Any = parsed.payload
    assert recognised(PRIVACY) == ["record-yaml"]
    assert parsed.assurance is Assurance.STATED
    accounts, newsletter = payload.activities
    assert (accounts.lacks, accounts.retention_days, accounts.transfers, accounts.lawful_basis) == ((), 730, 1, "contract")
    assert newsletter.lacks == ("lawful basis", "data categories", "recipients", "retention", "security measures", "transfer safeguard")
    access, erasure = payload.rights
    assert (access.written, access.limit_days, access.took_days) == (True, 30, 2.0)
    assert (erasure.written, erasure.tested_at) == (False, None)
    assert payload.summary() == {
        "activities": 2,
        "lacking": 1,
        "tested_rights": ["access"],
        "laws": ["gdpr", "ccpa"],
        "reviewed_at": "2025-09-01T09:00:00Z",
    }
    assert [citation.step for citation in parsed.citations] == ["test of access"]


def test_an_empty_list_says_that_there_is_none_and_an_absent_one_says_nothing() -> None:
    activity = PRIVACY.decode().replace("    recipients: []\n", "")
    assert privacy(activity).activities[0].lacks == ("recipients",)
    none = PRIVACY.decode().replace("[{to: US, safeguard: standard contractual clauses}]", "[]")
    assert privacy(none).activities[0].lacks == ()


def test_people_and_paths_are_private() -> None:
    public, private = split_private(privacy(PRIVACY))
    assert "dpo" not in str(public)
    assert "docs/" not in str(public)
    assert private["people"] == {"/reviewed_by": "dpo@example.org"}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("id: newsletter", "id: accounts", "activity 'accounts' twice"),
        ("right: erasure", "right: access", "right 'access' twice"),
        ("lawful-basis: contract", "lawful-basis: habit", "/activities/0/lawful-basis: 'habit'"),
        ("retention-days: 730", "retention-days: unlimited", "/activities/0/retention-days: 'unlimited'"),
        ("data-categories: [name, e-mail address]", "data-categories: []", "/activities/0/data-categories"),
        ("laws: [gdpr, ccpa]", "laws: []", "/laws"),
        ("laws: [gdpr, ccpa]", "laws: [hipaa]", "/laws/0: 'hipaa'"),
        ("right: access", "right: deletion", "/rights/0/right: 'deletion'"),
        ("took-days: 2", "took-days: -2", "/rights/0/test/took-days: -2"),
        ("reviewed-at: 2025-09-01", "reviewed-at: 2025-10-01", "reviewed-at 2025-10-01T09:00:00Z; expected a time not after recorded-at"),
        ("purpose: Signing in", "purposes: x", "/activities/0: unknown key 'purposes'; expected 'purpose'"),
    ],
)
def test_refusals_say_where_and_what_was_expected(old: str, new: str, reason: str) -> None:
    assert old.encode() in PRIVACY
    with pytest.raises(InputError) as caught:
        privacy(PRIVACY.replace(old.encode(), new.encode(), 1))
    assert reason in caught.value.reason


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutations(PRIVACY))
def test_mutated_records_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("privacy", "record-yaml", data)
