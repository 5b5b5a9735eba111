"""What a deployment record says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from compliance.errors import InputError
from compliance.record import Assurance, Parsed, split_private

from .helpers import assert_only_refuses, mutations, read, recognised

LOG, SMOKE = "aa" * 32, "bb" * 32
DEPLOYMENT = f"""\
schema: "compliance/deployment/v1"   # quoted, as some write it
environment: staging
version: "1.8"
commit: {"1a" * 20}
outcome: succeeded
operator: jane@example.org
steps:
  - {{name: build image, started-at: 2025-09-20T10:20:00Z, ended-at: 2025-09-20T10:31:00Z}}
  - {{name: roll out, started-at: 2025-09-20T10:26:00Z, ended-at: 2025-09-20T10:29:00Z}}
log-window: {{first: 2025-09-20T10:29:00Z, last: 2025-09-20T11:29:00Z, critical-errors: 0, artifact: "sha256:{LOG}"}}
smoke-test: {{result: passed, probes: 12, tested-at: 2025-09-20T10:31:00Z, artifact: "sha256:{SMOKE}"}}
limits: {{cpu: "1", memory: 512Mi, termination: true, rate-limit: 100/min}}
""".encode()
ATTEMPT = f"""\
schema: compliance/deployment/v1
environment: staging
commit: {"1a" * 20}
outcome: attempted
steps:
  - name: push of the staging branch
    started-at: 2025-09-20T10:26:00Z
    note: >
      the git host refused the key
""".encode()


def parse(data: bytes) -> Parsed:
    return read("deployment", "record-yaml", data)


def at(hour: int, minute: int) -> datetime:
    return datetime(2025, 9, 20, hour, minute, tzinfo=UTC)


def test_a_deployment_with_everything() -> None:
    parsed = parse(DEPLOYMENT)
    payload: Any = parsed.payload
    assert (payload.environment, payload.version, payload.outcome) == ("staging", "1.8", "succeeded")
    assert (payload.started_at, payload.finished_at) == (at(10, 20), at(10, 31))
    assert (payload.critical_errors, payload.log_first, payload.log_last) == (0, at(10, 29), at(11, 29))
    assert (payload.smoke_test, payload.smoke_probes) == ("passed", 12)
    limits = payload.limits
    assert (limits.cpu, limits.memory, limits.termination, limits.rate_limit) == ("1", "512Mi", True, "100/min")
    assert (parsed.commit, parsed.version, parsed.environment) == ("1a" * 20, "1.8", "staging")
    assert parsed.observed_at == at(11, 29)
    assert recognised(DEPLOYMENT) == ["record-yaml"]


def test_steps_window_and_smoke_test_are_citations() -> None:
    parsed = parse(DEPLOYMENT)
    assert parsed.assurance is Assurance.STATED
    assert [(citation.step, citation.at, citation.artifact) for citation in parsed.citations] == [
        ("build image", at(10, 31), None),
        ("roll out", at(10, 29), None),
        ("log window", at(11, 29), LOG),
        ("smoke test", at(10, 31), SMOKE),
    ]


def test_an_attempt_says_nothing_of_errors_or_limits() -> None:
    parsed = parse(ATTEMPT)
    payload: Any = parsed.payload
    assert (payload.outcome, payload.started_at, payload.finished_at) == ("attempted", at(10, 26), None)
    assert (payload.critical_errors, payload.smoke_test, payload.smoke_probes, payload.limits) == (None, None, None, None)
    _, private = split_private(payload)
    assert private["code"]["/steps/0/note"] == "the git host refused the key"
    assert payload.summary()["outcome"] == "attempted"
    assert "the git host" not in str(payload.summary())


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("outcome: succeeded", "outcome: success", "/outcome: 'success'; expected 'succeeded', 'failed' or 'attempted'"),
        (f"commit: {'1a' * 20}\n", "", "no key 'commit'"),
        (f"commit: {'1a' * 20}", f"commit: '{'1G' * 20}'", "/commit: '1G1G"),
        (f"commit: {'1a' * 20}", f"commit: {'12' * 20}", "/commit: 1212121212121212121212121212121212121212; expected text in quotes"),
        ("critical-errors: 0", "critical-errors: none", "/log-window/critical-errors: 'none'; expected"),
        ("critical-errors: 0", 'critical-errors: "0"', "/log-window/critical-errors: '0'; expected"),
        ("critical-errors: 0", "critical-errors: false", "/log-window/critical-errors: False; expected"),
        ("critical-errors: 0", "critical-errors: 0.0", "/log-window/critical-errors: 0.0; expected"),
        ("critical-errors: 0", "critical-errors: -1", "/log-window/critical-errors: -1; expected"),
        ("critical-errors: 0", f"critical-errors: {'9' * 30}", "/log-window/critical-errors: 9999"),
        ("critical-errors: 0, ", "", "/log-window: no key 'critical-errors'"),
        ("last: 2025-09-20T11:29:00Z", "last: 2025-09-20T09:29:00Z", "/log-window: last 2025-09-20T09:29:00Z; expected a time not before"),
        ("probes: 12", "probes: 0", "/smoke-test/probes: 0; expected"),
        ("tested-at: 2025-09-20T10:31:00Z", "tested-at: 2025-09-20T10:19:00Z", "smoke test at 2025-09-20T10:19:00Z; expected"),
        ("termination: true", "termination: yes", "/limits/termination: 'yes'; expected"),
        ('cpu: "1"', "cpu: 1", "/limits/cpu: 1; expected text in quotes"),
        ("name: roll out", "kind: restore, name: roll out", "/steps/1: unknown key 'kind'"),
        ("started-at: 2025-09-20T10:26:00Z", "started-at: 2025-09-20T10:19:00Z", "step 2 started at 2025-09-20T10:19:00Z; expected"),
    ],
)
def test_refusals_say_where_and_what_was_expected(old: str, new: str, reason: str) -> None:
    assert old.encode() in DEPLOYMENT
    with pytest.raises(InputError) as caught:
        parse(DEPLOYMENT.replace(old.encode(), new.encode()))
    assert reason in caught.value.reason


def test_a_deployment_without_steps_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        parse(ATTEMPT[: ATTEMPT.index(b"steps:")] + b"steps: []\n")
    assert caught.value.where == "/steps"


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutations(DEPLOYMENT))
def test_mutated_records_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("deployment", "record-yaml", data)
