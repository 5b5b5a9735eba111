from __future__ import annotations

from typing import Any

import pytest

from compliance.gate import Place, Reason

from .helpers import about, ago, assert_fails, assert_open, assert_passes, item, judge, passing


def test_dr1_an_executed_drill_passes() -> None:
    verdict = about("AEI21-DR-1", "rollback-drill")
    assert_passes(verdict)
    assert verdict.message == "recovered in 190 s in staging, verified by a health probe"


@pytest.mark.parametrize(("seconds", "passes"), [(299.9, True), (300.0, False), (480.0, False)])
def test_dr1_recovery_takes_less_than_five_minutes(seconds: float, passes: bool) -> None:
    verdict = about("AEI21-DR-1", "rollback-drill", {"recovery_s": seconds})
    assert_passes(verdict) if passes else assert_fails(verdict, f"recovery took {seconds:g} s; expected less than 300 s")


def test_dr1_a_slow_drill_fails_whatever_else_it_lacks() -> None:
    verdict = about("AEI21-DR-1", "rollback-drill", {"recovery_s": 301.0, "environment": None, "restored_verified": False})
    assert_fails(verdict)
    assert verdict.places[0] == Place("previous revision", "took 95 s")


@pytest.mark.parametrize("mode", ["simulated", "documented"])
def test_dr1_a_drill_that_was_not_executed_is_no_drill(mode: str) -> None:
    assert_open(about("AEI21-DR-1", "rollback-drill", {"mode": mode, "recovery_s": None}), Reason.MISSING, f"only {mode}")
    assert_open(about("AEI21-DR-1", "rollback-drill", {"mode": mode}), Reason.MISSING)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"environment": None}, "names no environment"),
        ({"steps": ()}, "no time-stamped steps"),
        ({"recovery_s": None}, "when the service had recovered"),
        ({"restored_verified": False}, "no health probe verified"),
    ],
)
def test_dr1_a_drill_that_says_too_little_is_open(changes: dict[str, Any], words: str) -> None:
    assert_open(about("AEI21-DR-1", "rollback-drill", changes), Reason.INCOMPLETE, words)


@pytest.mark.parametrize(
    ("line", "version"),
    [("1.8", "1.8.0"), ("1.8", "v1.8.3"), ("v1.8", "1.8"), ("1.8", "1.8-rc.1"), ("1", "1.8.0"), ("1.8.x", "1.8.4"), ("1.8.*", "1.8")],
)
def test_dr1_the_drill_is_of_this_release_line(line: str, version: str) -> None:
    assert_passes(about("AEI21-DR-1", "rollback-drill", {"release_line": line}, version=version))


@pytest.mark.parametrize(("line", "version"), [("1.8", "1.80.0"), ("1.7", "1.8.0"), ("1.8.0", "1.8"), ("2", "1.8.0")])
def test_dr1_a_drill_of_another_line_is_foreign_even_if_it_was_slow(line: str, version: str) -> None:
    verdict = about("AEI21-DR-1", "rollback-drill", {"release_line": line, "recovery_s": 900.0}, version=version)
    assert_open(verdict, Reason.FOREIGN, f"release line {line}; expected that of {version}")


def test_dr1_without_a_line_the_version_that_was_rolled_back_counts() -> None:
    assert_passes(about("AEI21-DR-1", "rollback-drill", {"release_line": None}))
    other = about("AEI21-DR-1", "rollback-drill", {"release_line": None, "from_version": "1.7.9"})
    assert_open(other, Reason.INCOMPLETE, "does not say for which release line")
    assert_open(about("AEI21-DR-1", "rollback-drill", version=None), Reason.INCOMPLETE, "version that is judged is not known")


def test_dr1_the_newest_executed_drill_answers_the_ones_before() -> None:
    slow = item("rollback-drill", {"recovery_s": 480.0, "started_at": ago(days=40)}, entry=2)
    assert_passes(judge("AEI21-DR-1", slow, item("rollback-drill")))
    newer = item("rollback-drill", {"recovery_s": 480.0, "started_at": ago(days=1)}, entry=2)
    assert_fails(judge("AEI21-DR-1", item("rollback-drill"), newer))


def test_dr1_a_later_simulation_takes_nothing_away() -> None:
    simulated = item("rollback-drill", {"mode": "simulated", "started_at": ago(days=1)}, entry=2)
    assert_passes(judge("AEI21-DR-1", simulated, item("rollback-drill")))


def test_dr2_a_proven_checkpoint_passes() -> None:
    assert_passes(about("AEI21-DR-2", "checkpoint"))


def test_dr2_shows_what_it_observed_without_places() -> None:
    verdict = about("AEI21-DR-2", "checkpoint", {"items.1.sha256": None, "items.2.location": None})
    shown = {name: (one["digest"], one["location"], one["restore_tested_days_ago"]) for name, one in verdict.observed.items()}
    assert shown == {"data": (True, True, 10.0), "configuration": (False, True, 10.0), "version": (True, False, 10.0)}


@pytest.mark.parametrize(("minutes", "passes"), [(5, True), (5.1, False)])
def test_dr2_clocks_may_differ_by_five_minutes(minutes: float, passes: bool) -> None:
    for field in ("taken_at", "restore_tested_at"):
        verdict = about("AEI21-DR-2", "checkpoint", {f"items.0.{field}": ago(minutes=-minutes), "deployed_at": None})
        assert_passes(verdict) if passes else assert_open(verdict, Reason.INCOMPLETE)


def test_dr2_a_checkpoint_before_any_deployment_passes() -> None:
    assert_passes(about("AEI21-DR-2", "checkpoint", {"deployed_at": None}))


@pytest.mark.parametrize(("hours", "passes"), [(2.01, True), (2, False), (1, False)])
@pytest.mark.parametrize("index", [0, 1, 2])
def test_dr2_each_backup_was_taken_before_the_deployment(index: int, hours: float, passes: bool) -> None:
    verdict = about("AEI21-DR-2", "checkpoint", {f"items.{index}.taken_at": ago(hours=hours)})
    assert_passes(verdict) if passes else assert_fails(verdict, "expected before the deployment")


@pytest.mark.parametrize(("days", "passes"), [(90, True), (90.1, False)])
@pytest.mark.parametrize("index", [0, 1])
def test_dr2_the_restore_was_tested_within_ninety_days(index: int, days: float, passes: bool) -> None:
    verdict = about("AEI21-DR-2", "checkpoint", {f"items.{index}.restore_tested_at": ago(days=days)})
    assert_passes(verdict) if passes else assert_fails(verdict, "tested 90.1 d ago; expected at most 90 d")


def test_dr2_the_restore_of_the_version_is_what_the_drill_shows() -> None:
    assert_passes(about("AEI21-DR-2", "checkpoint", {"items.2.restore_tested_at": None}))


@pytest.mark.parametrize(
    ("index", "words"), [(0, "no data export is on record"), (1, "no configuration backup is"), (2, "no version tag is on record")]
)
def test_dr2_each_sort_is_needed(index: int, words: str) -> None:
    other = "version" if index < 2 else "data"
    assert_open(about("AEI21-DR-2", "checkpoint", {f"items.{index}.what": other}), Reason.MISSING, words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"items.0.sha256": None}, "data export has no digest"),
        ({"items.2.location": None}, "version tag has no location"),
        ({"items.1.restore_tested_at": None}, "restore of the configuration backup was not tested"),
        ({"items.1.restore_tested_at": ago(hours=-1)}, "restore of the configuration backup was not tested"),
        ({"items.0.taken_at": ago(hours=-1), "deployed_at": None}, "dated after this judgement"),
    ],
)
def test_dr2_a_backup_that_says_too_little_is_open(changes: dict[str, Any], words: str) -> None:
    assert_open(about("AEI21-DR-2", "checkpoint", changes), Reason.INCOMPLETE, words)


def test_dr2_several_records_hold_the_sorts_together_and_the_newest_backup_counts() -> None:
    first = item("checkpoint", {"items.0.taken_at": ago(days=400), "items.0.restore_tested_at": ago(days=300)})
    assert_fails(judge("AEI21-DR-2", first))
    assert_passes(judge("AEI21-DR-2", first, item("checkpoint", {"items.1.what": "data", "items.2.what": "data"}, entry=2)))


def test_dr3_nothing_tripped_passes_once_alerts_can_be_read() -> None:
    verdict = judge("AEI21-DR-3", *passing("AEI21-DR-3"))
    assert_passes(verdict)
    assert verdict.message == "error rate 0 %, P95 221 ms, 0 failed health probes, 0 critical alerts"


@pytest.mark.parametrize(
    ("kind", "changes", "words"),
    [
        ("load-test", {"error_rate": 0.051}, "error rate 5.1 %, at most 5 % allowed"),
        ("load-test", {"failed": 251}, "error rate 5.02 %"),
        ("load-test", {"p95_ms": 500.01}, "P95 500.01 ms, at most 500 ms allowed"),
        ("health", {"failed": 1, "endpoints.1.failed": 1}, "1 failed health probe, at most 0 allowed"),
        ("metrics", {"critical_alerts": 2}, "2 critical alerts, at most 0 allowed"),
    ],
)
def test_dr3_a_tripped_trigger_fails_even_if_it_is_all_that_is_known(kind: str, changes: dict[str, Any], words: str) -> None:
    assert_fails(about("AEI21-DR-3", kind, changes), words)
    assert_fails(judge("AEI21-DR-3", item(kind, changes)), words)


@pytest.mark.parametrize(("kind", "changes"), [("load-test", {"error_rate": 0.05, "failed": 250}), ("load-test", {"p95_ms": 500.0})])
def test_dr3_limits_may_be_reached(kind: str, changes: dict[str, Any]) -> None:
    assert_passes(about("AEI21-DR-3", kind, changes))


def test_dr3_a_failing_probe_is_placed() -> None:
    verdict = about("AEI21-DR-3", "health", {"failed": 1, "endpoints.1.failed": 1})
    assert verdict.places == (Place("/api/metrics", "1 of 3 probes failed"),)


def test_dr3_cannot_pass_without_alerts() -> None:
    verdict = judge("AEI21-DR-3", item("load-test"), item("health"))
    assert_open(verdict, Reason.MISSING, "nothing shows critical alerts; not tripped: error rate 0 %, P95 221 ms")
    unread = judge("AEI21-DR-3", item("load-test"), item("health"), item("metrics", {"critical_alerts": None}))
    assert_open(unread, Reason.MISSING, "critical alerts")


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        ("load-test", "error rate, P95 of all requests"),
        ("health", "health probes"),
        ("metrics", "critical alerts"),
    ],
)
def test_dr3_each_trigger_must_have_been_measured(left_out: str, words: str) -> None:
    rest = [one for one in passing("AEI21-DR-3") if one.kind != left_out]
    assert_open(judge("AEI21-DR-3", *rest), Reason.MISSING, f"nothing shows {words};")


def test_dr3_a_load_test_without_requests_measures_nothing() -> None:
    nothing = {"requests": 0, "failed": 0, "error_rate": 0.0, "p95_ms": None}
    assert_open(about("AEI21-DR-3", "load-test", nothing), Reason.MISSING, "error rate, P95")


@pytest.mark.parametrize("over", ["successful", None])
def test_dr3_a_p95_without_the_failed_requests_can_only_trip(over: str | None) -> None:
    hidden = {"percentiles_over": over, "failed": 1, "error_rate": 0.0002}
    words = "nothing shows P95 of all requests; not tripped: error rate 0.02 %, 0 failed health probes, 0 critical alerts"
    assert_open(about("AEI21-DR-3", "load-test", hidden), Reason.MISSING, words)
    assert_fails(about("AEI21-DR-3", "load-test", {**hidden, "p95_ms": 501.0}), "P95 501 ms")
    assert_passes(about("AEI21-DR-3", "load-test", {**hidden, "failed": 0}))


def test_dr3_failures_apart_from_the_requests_are_no_more_than_all() -> None:
    assert_fails(about("AEI21-DR-3", "load-test", {"requests": 100, "failed": 150, "error_rate": 1.0}), "error rate 100 %")
    assert_fails(about("AEI21-DR-3", "load-test", {"requests": 0, "failed": 8, "error_rate": 1.0}), "error rate 100 %")


@pytest.mark.parametrize("missing", ["requests", "failed"])
def test_dr3_a_stated_error_rate_is_enough(missing: str) -> None:
    assert_passes(about("AEI21-DR-3", "load-test", {missing: None}))
    assert_fails(about("AEI21-DR-3", "load-test", {missing: None, "error_rate": 0.06}))


def test_dr3_the_worst_run_counts() -> None:
    slow = item("load-test", {"p95_ms": 900.0}, entry=9)
    assert_fails(judge("AEI21-DR-3", *passing("AEI21-DR-3"), slow), "P95 900 ms")
