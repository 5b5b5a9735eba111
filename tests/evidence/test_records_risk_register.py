"""Risk registers: levels, what is missing, and the findings that waivers can accept."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from compliance.catalog import shipped
from compliance.errors import InputError
from compliance.record import Assurance, split_private

from .helpers import assert_only_refuses, mutations, read, recognised

REGISTER = b"""\
schema: compliance/risk-register/v1
recorded-at: 2025-09-20T09:00:00Z
version: "1.8"
risks:
  - id: R1
    title: Background scan answers 500
    likelihood: high
    impact: medium
    owner: jane@example.org
    mitigation: Migration behind a flag
    residual: low
    status: mitigated
  - {id: R2, title: No second region, likelihood: medium, impact: high, owner: ops, mitigation: Daily export, status: accepted}
  - {id: R3, title: Somebody leaves, status: closed}
  - {id: R4, title: Something else}
"""


def register(data: bytes | str) -> Any:
    return read("risk-register", "record-yaml", data if isinstance(data, bytes) else data.encode()).payload


HEAD = "schema: compliance/risk-register/v1\nrecorded-at: 2025-09-20T09:00:00Z\n"


def one(text: str) -> Any:
    (risk,) = register(f"{HEAD}risks:\n  - {{id: R, title: T{text}}}\n").risks
    return risk


def test_a_register_is_read() -> None:
    parsed = read("risk-register", "record-yaml", REGISTER)
    payload: Any = parsed.payload
    assert recognised(REGISTER) == ["record-yaml"]
    assert (parsed.version, parsed.assurance, payload.version) == ("1.8", Assurance.STATED, "1.8")
    assert [risk.residual for risk in payload.risks] == ["low", "high", None, None]
    assert payload.summary() == {"risks": 4, "residual": {"high": 1, "low": 1, "none": 2}, "lacking": 2}
    assert [(finding.rule, finding.severity, finding.message) for finding in parsed.findings] == [
        ("residual-risk", "high", "R2: No second region")
    ]


@pytest.mark.parametrize(
    ("likelihood", "impact", "level"),
    [
        *[("low", "low", "low"), ("low", "medium", "low"), ("low", "high", "medium"), ("medium", "low", "low")],
        *[("medium", "medium", "medium"), ("medium", "high", "high"), ("high", "low", "medium"), ("high", "medium", "high")],
        ("high", "high", "high"),
    ],
)
def test_the_level_is_likelihood_times_impact_where_none_is_written(likelihood: str, impact: str, level: str) -> None:
    assert one(f", likelihood: {likelihood}, impact: {impact}").residual == level
    assert one(f", likelihood: {likelihood}, impact: {impact}, residual: medium").residual == "medium"


def test_a_waived_finding_marks_its_risk() -> None:
    parsed = read("risk-register", "record-yaml", REGISTER)
    without = shipped().kinds["risk-register"].without
    assert without is not None
    changed: Any = without(parsed.payload, list(parsed.findings))
    assert [risk.waived for risk in changed.risks] == [False, True, False, False]
    assert parsed.findings[0].fingerprint == changed.risks[1].fingerprint


def test_people_and_texts_are_private() -> None:
    public, private = split_private(register(REGISTER))
    for word in ("jane", "Background", "Migration"):
        assert word not in str(public)
    assert private["people"]["/risks/0/owner"] == "jane@example.org"


def test_an_empty_register_says_nothing() -> None:
    assert register(f"{HEAD}risks: []\n").incomplete == "no risk in the register"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("id: R2", "id: R1", "risk 'R1' twice"),
        ("likelihood: high", "likelihood: HIGH", "/risks/0/likelihood: 'HIGH'; expected 'low', 'medium' or 'high'"),
        ("status: mitigated", "status: done", "/risks/0/status: 'done'"),
        ("owner: jane", "owners: jane", "/risks/0: unknown key 'owners'; expected 'owner'"),
        ("title: Something else", "name: x", "/risks/3"),
        ("recorded-at: 2025-09-20T09:00:00Z", "recorded-at: 2025-09-20", "/recorded-at: '2025-09-20'; expected an RFC 3339 time"),
        ("recorded-at: 2025-09-20T09:00:00Z\n", "", "no key 'recorded-at'"),
        ("risks:\n", "risk:\n", "unknown key 'risk'; expected 'risks'"),
    ],
)
def test_refusals_say_where_and_what_was_expected(old: str, new: str, reason: str) -> None:
    assert old.encode() in REGISTER
    with pytest.raises(InputError) as caught:
        register(REGISTER.replace(old.encode(), new.encode(), 1))
    assert reason in caught.value.reason


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutations(REGISTER))
def test_mutated_registers_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("risk-register", "record-yaml", data)
