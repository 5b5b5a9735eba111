"""What a rollback drill record says, and what it cannot say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from compliance.errors import InputError
from compliance.record import Assurance, Parsed, split_private

from .helpers import assert_only_refuses, mutations, read, recognised

PROBE = "ab" * 32
DRILL = f"""\
# Drill of the third quarter
schema: compliance/rollback-drill/v1
environment: staging
mode: executed
release-line: "1.8"
from-version: "1.8.0"
to-version: "1.7.3"
operator: jane@example.org
steps:
  - {{kind: other, name: announce, started-at: 2025-09-20T09:55:00Z}}
  - {{kind: trigger, name: error rate raised, started-at: 2025-09-20T10:00:00Z}}
  - {{kind: detect, name: alert fired, started-at: 2025-09-20T10:00:40Z}}
  - {{kind: decide, name: roll back, started-at: 2025-09-20T10:01:10Z}}
  - {{kind: restore, name: previous revision, started-at: 2025-09-20T12:01:15+02:00, ended-at: 2025-09-20T10:02:50Z, note: two tries}}
  - {{kind: verify, name: probe /api/health, started-at: 2025-09-20T10:02:55Z, ended-at: 2025-09-20T10:03:10.5Z, result: passed,
     artifact: "sha256:{PROBE}"}}
""".encode()


def parse(data: bytes) -> Parsed:
    return read("rollback-drill", "record-yaml", data)


def changed(old: str, new: str) -> bytes:
    assert old.encode() in DRILL
    return DRILL.replace(old.encode(), new.encode())


def at(hour: int, minute: int, second: int = 0, micro: int = 0) -> datetime:
    return datetime(2025, 9, 20, hour, minute, second, micro, tzinfo=UTC)


def test_an_executed_drill_is_measured_from_the_trigger_to_the_end_of_the_verification() -> None:
    parsed = parse(DRILL)
    drill: Any = parsed.payload
    assert (drill.mode, drill.environment, drill.release_line) == ("executed", "staging", "1.8")
    assert (drill.from_version, drill.to_version, drill.incomplete) == ("1.8.0", "1.7.3", None)
    assert (drill.started_at, drill.recovered_at) == (at(10, 0), at(10, 3, 10, 500000))
    assert drill.recovery_s == 190.5
    assert drill.restored_verified
    assert drill.verified_by_artifact == PROBE
    assert [step.kind for step in drill.steps] == ["other", "trigger", "detect", "decide", "restore", "verify"]
    assert drill.steps[4].started_at == at(10, 1, 15)


def test_it_is_stated_and_cites_one_artifact_per_timed_step() -> None:
    parsed = parse(DRILL)
    assert parsed.assurance is Assurance.STATED
    assert (parsed.environment, parsed.commit, parsed.observed_at) == ("staging", None, at(10, 3, 10, 500000))
    assert [citation.artifact for citation in parsed.citations] == [None, None, None, None, None, PROBE]
    assert [citation.at for citation in parsed.citations][3:5] == [at(10, 1, 10), at(10, 2, 50)]


def test_people_and_notes_are_private() -> None:
    public, private = split_private(parse(DRILL).payload)
    assert "jane@example.org" not in str(public)
    assert "two tries" not in str(public)
    assert private["people"]["/operator"] == "jane@example.org"
    assert private["code"]["/steps/4/note"] == "two tries"
    assert "jane@example.org" not in str(parse(DRILL).payload.summary())


def test_without_a_citation_the_restored_release_counts_as_unverified() -> None:
    drill: Any = parse(changed(f',\n     artifact: "sha256:{PROBE}"', "")).payload
    assert drill.recovery_s == 190.5
    assert not drill.restored_verified
    assert drill.verified_by_artifact is None


def test_a_failed_verification_is_no_recovery() -> None:
    drill: Any = parse(changed("result: passed", "result: failed")).payload
    assert drill.recovered_at is None
    assert drill.recovery_s is None
    assert not drill.restored_verified
    assert drill.incomplete == "no passed verification after the last restore step"


def test_a_later_failure_undoes_an_earlier_success() -> None:
    again = b"  - {kind: verify, name: again, started-at: 2025-09-20T10:04:00Z, ended-at: 2025-09-20T10:04:05Z, result: failed}\n"
    drill: Any = parse(DRILL + again).payload
    assert drill.recovery_s is None


def test_recovery_lasts_until_the_last_verification() -> None:
    again = b"  - {kind: verify, name: again, started-at: 2025-09-20T10:09:00Z, ended-at: 2025-09-20T10:10:00Z, result: passed}\n"
    drill: Any = parse(DRILL + again).payload
    assert drill.recovery_s == 600
    assert drill.verified_by_artifact == PROBE


def test_a_probe_that_began_before_the_restore_had_ended_verifies_nothing() -> None:
    drill: Any = parse(changed("ended-at: 2025-09-20T10:02:50Z", "ended-at: 2025-09-20T10:02:56Z")).payload
    assert drill.recovery_s is None


@pytest.mark.parametrize("mode", ["simulated", "documented"])
def test_a_drill_that_was_not_executed_needs_no_steps(mode: str) -> None:
    head = f"schema: compliance/rollback-drill/v1\nenvironment: staging\nmode: {mode}\nrecorded-at: 2025-09-20T10:45:00Z\n"
    parsed = parse(head.encode())
    drill: Any = parsed.payload
    assert (drill.mode, drill.steps, drill.started_at, drill.recovery_s, drill.restored_verified) == (mode, (), None, None, False)
    assert parsed.observed_at == at(10, 45)
    assert parsed.citations == ()


def test_json_is_yaml() -> None:
    data = b'{"schema": "compliance/rollback-drill/v1", "environment": "staging", "mode": "documented"}'
    assert recognised(data) == ["record-yaml"]
    assert parse(data).observed_at is None


def test_it_is_recognised_by_its_first_key_only() -> None:
    assert recognised(DRILL) == ["record-yaml"]
    assert recognised(b"---\r\n" + DRILL.replace(b"\n", b"\r\n")) == ["record-yaml"]
    assert recognised(b"environment: staging\n" + DRILL) == []
    assert recognised(changed("compliance/rollback-drill/v1", "compliance/rollback/v1")) == []
    assert recognised(b"# Drill\n\n```yaml\n" + DRILL + b"```\n") in ([], ["markdown-runbook"])


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('release-line: "1.8"', "release-line: 1.10", "/release-line: 1.1; expected text in quotes"),
        ("environment:", "environnement:", "unknown key 'environnement'; expected 'environment'"),
        ("environment: staging\n", "", "no key 'environment'; expected 'environment'"),
        ("environment: staging", "environment:", "/environment: nothing; expected text"),
        ("environment: staging", "environment: yes\nenvironment: no", "line 4 column 1: duplicate key 'environment'"),
        ("drill/v1", "drill/v2", "/schema: 'compliance/rollback-drill/v2'; expected 'compliance/rollback-drill/v1'"),
        ("mode: executed", "mode: done", "/mode: 'done'; expected 'executed', 'simulated' or 'documented'"),
        (
            "started-at: 2025-09-20T10:00:40Z",
            "started_at: 2025-09-20T10:00:40Z",
            "/steps/2: unknown key 'started_at'; expected 'started-at'",
        ),
        ("10:00:40Z", "10:00:40", "/steps/2/started-at: '2025-09-20T10:00:40'; expected an RFC 3339 time with zone"),
        ("2025-09-20T10:00:40Z", "2025-09-20", "/steps/2/started-at: '2025-09-20'; expected an RFC 3339 time"),
        ("2025-09-20T10:00:40Z", "10:00:40", "/steps/2/started-at: '10:00:40'; expected an RFC 3339 time"),
        ("2025-09-20T10:00:40Z", "1758362440", "/steps/2/started-at: 1758362440; expected an RFC 3339 time"),
        ("10:00:40Z", "25:00:40Z", "/steps/2/started-at: '2025-09-20T25:00:40Z'; expected an RFC 3339 time"),
        ("2025-09-20T09:55:00Z", "0001-01-01T00:00:00+14:00", "/steps/0/started-at: '0001-01-01T00:00:00+14:00'; expected"),
        ("10:02:50Z", "10:01:14Z", "/steps/4: ended-at 2025-09-20T10:01:14Z; expected a time not before started-at 2025-09-20T10:01:15Z"),
        ("10:00:40Z", "10:01:11Z", "step 4 started at 2025-09-20T10:01:10Z; expected steps in the order of time"),
        ("kind: trigger", "kind: other", "an executed drill without a trigger step; expected a trigger step"),
        ("kind: detect", "kind: trigger", "2 trigger steps; expected one"),
        ("kind: other", "kind: detect", "a detect step before the trigger; expected the trigger first"),
        ("kind: detect", "kind: detekt", "/steps/2/kind: 'detekt'; expected 'trigger', 'detect'"),
        (", result: passed", "", "/steps/5: verify step 'probe /api/health' without result or ended-at"),
        ("name: alert fired", "name: alert fired, result: passed", "/steps/2: result of a detect step; expected"),
        ("sha256:ab", "sha256:AB", "/steps/5/artifact: 'sha256:AB"),
        ("steps:", "recorded-at: 2025-09-20T10:00:00Z\nsteps:", "recorded-at 2025-09-20T10:00:00Z; expected a time not before"),
        ("steps:", "steps: 5\nx:", "unknown key 'x'"),
        ("operator: jane@example.org", 'operator: "\\ud800"', "surrogate"),
        ("operator: jane@example.org", "operator: &a [*a]", "alias to a node around it"),
        ("operator: jane@example.org", "operator: !!python/name:os.system x", "could not determine a constructor"),
    ],
)
def test_refusals_say_where_and_what_was_expected(old: str, new: str, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(changed(old, new))
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"\xff", b"[]", b"null", b"text", b"- 1", b"a: [", b"[" * 50_000, b"---\n---\n", DRILL + b"\0", DRILL + b"#" * (1 << 18)],
    ids=["empty", "nul", "not-utf-8", "list", "null", "word", "items", "cut", "deep", "two-documents", "nul-at-end", "too-large"],
)
def test_hostile_bytes_are_refused(data: bytes) -> None:
    assert_only_refuses("rollback-drill", "record-yaml", data)
    with pytest.raises(InputError):
        parse(data)


def test_a_thousand_steps_are_the_limit() -> None:
    step = b"  - {kind: other, name: x, started-at: 2025-09-20T10:30:00Z}\n"
    assert len(parse(DRILL + step * 994).citations) == 1000
    with pytest.raises(InputError) as caught:
        parse(DRILL + step * 995)
    assert caught.value.where == "/steps"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutations(DRILL))
def test_mutated_records_are_read_or_refused(data: bytes) -> None:
    assert_only_refuses("rollback-drill", "record-yaml", data)
