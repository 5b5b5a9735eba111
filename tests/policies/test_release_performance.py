from __future__ import annotations

from typing import Any

import pytest

from compliance.gate import Place, Reason

from .helpers import about, ago, assert_fails, assert_open, assert_passes, item, judge, passing

SUCCESSFUL: dict[str, Any] = {"percentiles_over": "successful", "requests": 242, "failed": 114, "error_rate": 114 / 242}


def test_rel2_a_fast_service_passes() -> None:
    verdict = about("REL-2", "load-test")
    assert_passes(verdict)
    assert verdict.message == "P95 221 ms keeps 250 ms; P99 900 ms keeps 1000 ms"


def test_rel2_the_founding_release_fails_in_one_plain_sentence() -> None:
    verdict = about("REL-2", "load-test", {**SUCCESSFUL, "p99_ms": 1891.0, "users": 5, "duration_s": 30.354})
    assert_fails(verdict)
    assert verdict.message == "P99 1891 ms exceeds the limit of 1000 ms; P95 221 ms keeps 250 ms (over the successful requests only)"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"p95_ms": 249.99}, None),
        ({"p95_ms": 250.0}, "P95 250 ms reaches the limit of 250 ms"),
        ({"p95_ms": 250.01}, "P95 250.01 ms exceeds the limit of 250 ms"),
        ({"p99_ms": 999.99}, None),
        ({"p99_ms": 1000.0}, "P99 1000 ms reaches the limit of 1000 ms"),
    ],
)
def test_rel2_limits_hold_at_their_boundary(changes: dict[str, Any], words: str | None) -> None:
    verdict = about("REL-2", "load-test", changes)
    assert_passes(verdict) if words is None else assert_fails(verdict, words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"users": 9}, "9 users; expected at least 10"),
        ({"users": None}, "an unknown number of users"),
        ({"duration_s": 59.99}, "lasted 59.99 s; expected at least 60 s"),
        ({"duration_s": None}, "lasted an unknown time"),
        ({"p95_ms": None}, "does not say P95"),
        ({"p99_ms": None}, "does not say P99"),
        ({"percentiles_over": "successful", "failed": 1}, "leave out 1 failed request of 5000"),
        ({"percentiles_over": None, "failed": 1}, "may leave out 1 failed request"),
        ({"percentiles_over": None, "failed": None}, "how many requests failed"),
    ],
)
def test_rel2_a_test_that_shows_too_little_is_open_and_fails_all_the_same_when_the_limit_is_broken(
    changes: dict[str, Any], words: str
) -> None:
    assert_open(about("REL-2", "load-test", changes), Reason.INCOMPLETE, words)
    slow = {"p99_ms": 5000.0} if "p99_ms" not in changes else {"p95_ms": 5000.0}
    assert_fails(about("REL-2", "load-test", {**changes, **slow}), "5000 ms exceeds")


@pytest.mark.parametrize(
    "changes",
    [
        {"users": 10, "duration_s": 60.0},
        {"failed": 100, "percentiles_over": "all"},
        {"failed": 0, "percentiles_over": "successful"},
        {"failed": 0, "percentiles_over": None},
        {"failed": None, "percentiles_over": "all"},
    ],
)
def test_rel2_a_sufficient_test_passes(changes: dict[str, Any]) -> None:
    assert_passes(about("REL-2", "load-test", changes))


def test_rel2_a_small_test_takes_nothing_away_and_a_slow_one_fails() -> None:
    assert_passes(judge("REL-2", item("load-test", {"users": 1}, entry=2), item("load-test")))
    assert_fails(judge("REL-2", item("load-test"), item("load-test", {"users": 1, "p95_ms": 300.0}, entry=2)))


def test_rel2_the_population_is_named_only_if_it_matters() -> None:
    assert "successful" not in about("REL-2", "load-test", {"percentiles_over": "successful"}).message
    assert "successful" not in about("REL-2", "load-test", {"failed": 1}).message


def test_rel2_endpoints_at_the_limit_are_slow() -> None:
    at = {
        "p95_ms": 250.0,
        "endpoints.0.p95_ms": 250.0,
        "endpoints.0.p99_ms": None,
        "endpoints.1.p95_ms": None,
        "endpoints.1.p99_ms": 1000.0,
    }
    verdict = about("REL-2", "load-test", at)
    assert verdict.places == (Place("GET /api/files", "P99 1000 ms"), Place("GET /api/health", "P95 250 ms"))


def test_rel2_slow_endpoints_are_placed() -> None:
    verdict = about("REL-2", "load-test", {"p99_ms": 1200.0, "endpoints.1.p99_ms": 1500.0})
    assert verdict.places == (Place("GET /api/files", "P95 240 ms, P99 1500 ms"),)


def test_rel3_few_errors_pass() -> None:
    assert_passes(about("REL-3", "load-test"))


@pytest.mark.parametrize(("failed", "passes"), [(49, True), (50, False)])
def test_rel3_the_overall_limit_holds_at_its_boundary(failed: int, passes: bool) -> None:
    split = {"endpoints.0.failed": failed - 19, "endpoints.0.requests": 3200, "endpoints.1.failed": 19, "endpoints.1.requests": 2000}
    verdict = about("REL-3", "load-test", {"failed": failed, "error_rate": failed / 5000, **split})
    assert_passes(verdict) if passes else assert_fails(verdict, "1 % of the requests failed; expected less than 1 %")


@pytest.mark.parametrize(("failed", "passes"), [(19, True), (20, False)])
def test_rel3_the_limit_per_endpoint_holds_at_its_boundary(failed: int, passes: bool) -> None:
    verdict = about("REL-3", "load-test", {"failed": failed, "error_rate": failed / 5000, "endpoints.1.failed": failed})
    assert_passes(verdict) if passes else assert_fails(verdict, "at GET /api/files 20 of 2000 failed")


def test_rel3_an_endpoint_that_always_fails_is_named_first() -> None:
    changes = {"failed": 31, "error_rate": 0.0062, "endpoints.1.failed": 1, "endpoints.1.requests": 1, "endpoints.0.failed": 30}
    verdict = about("REL-3", "load-test", changes)
    assert_fails(verdict, "0.62 % of the requests failed; at GET /api/files 1 of 1 failed")
    assert [place.where for place in verdict.places] == ["GET /api/files", "GET /api/health"]


def test_rel3_failures_apart_from_the_requests_are_no_more_than_all() -> None:
    assert_fails(about("REL-3", "load-test", {"requests": 100, "failed": 150, "error_rate": 1.0}), "100 % of the requests failed")
    assert_fails(about("REL-3", "load-test", {"requests": 0, "failed": 8, "error_rate": 1.0, "endpoints": ()}), "100 % of the requests")


def test_rel3_what_is_counted_and_what_is_stated_both_count() -> None:
    assert_fails(about("REL-3", "load-test", {"error_rate": 0.5}))
    assert_fails(about("REL-3", "load-test", {"failed": 500, "error_rate": None}))
    assert_fails(about("REL-3", "load-test", {"failed": None, "requests": None, "error_rate": 0.01}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"failed": None, "error_rate": None}, "does not say how many"),
        ({"requests": 0, "endpoints": ()}, "does not say how many"),
        ({"failed": 10, "error_rate": 0.002, "endpoints": ()}, "does not say at which endpoints"),
        ({"failed": 10, "error_rate": 0.002, "endpoints.0.failed": 4}, "6 of 10 failed requests belong to no listed endpoint"),
    ],
)
def test_rel3_a_test_that_shows_too_little_is_open(changes: dict[str, Any], words: str) -> None:
    assert_open(about("REL-3", "load-test", changes), Reason.INCOMPLETE, words)


def test_rel3_a_test_without_any_failure_needs_no_endpoints() -> None:
    assert_passes(about("REL-3", "load-test", {"endpoints": ()}))


def test_rel3_an_endpoint_fails_even_if_the_total_is_unknown() -> None:
    changes = {"failed": None, "error_rate": None, "endpoints.0.failed": 3000}
    assert_fails(about("REL-3", "load-test", changes), "an unknown share of the requests failed; at GET /api/health 3000 of 3000")


def test_rel3_every_test_counts() -> None:
    verdict = judge("REL-3", item("load-test"), item("load-test", {"failed": 5000, "error_rate": 1.0}, entry=2))
    assert_fails(verdict, "100 % of the requests failed")


def test_rel4_a_day_of_probes_passes() -> None:
    verdict = about("REL-4", "health")
    assert_passes(verdict)
    assert verdict.message == "1439 of 1440 samples answered as expected"


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({"samples": 1000, "failed": 1}, True),
        ({"samples": 1999, "failed": 2}, False),
        ({"samples": 2000, "failed": 2}, True),
    ],
)
def test_rel4_the_target_holds_at_its_boundary(changes: dict[str, Any], passes: bool) -> None:
    verdict = about("REL-4", "health", changes)
    assert_passes(verdict) if passes else assert_fails(verdict, "2 of 1999 samples failed; expected at least 99.9 % answered")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"samples": 999, "failed": 0}, "999 samples over 24 h; expected at least 1000 over 24 h"),
        ({"first": ago(hours=24)}, "1440 samples over 23.5 h"),
        ({"first": None, "last": None}, "1440 samples over 0 h"),
    ],
)
def test_rel4_a_series_that_is_too_short_is_open(changes: dict[str, Any], words: str) -> None:
    assert_open(about("REL-4", "health", changes), Reason.INCOMPLETE, words)


def test_rel4_exactly_a_day_is_enough() -> None:
    assert_passes(about("REL-4", "health", {"first": ago(hours=24.5), "last": ago(hours=0.5)}))


def test_rel4_a_short_series_can_break_the_target_and_takes_nothing_away() -> None:
    short = item("health", entry=2)
    day = item("health", {"samples": 1440, "failed": 0, "first": ago(hours=25)})
    assert_passes(judge("REL-4", short, day))
    assert_fails(judge("REL-4", day, item("health", {"failed": 1, "endpoints.0.failed": 1}, entry=2)), "1 of 9 samples failed")


def test_rel4_the_worst_series_fails_and_the_longest_is_told() -> None:
    bad, worse = {"failed": 3, "endpoints.0.failed": 3}, {"failed": 6, "endpoints.0.failed": 3, "endpoints.1.failed": 3}
    assert_fails(judge("REL-4", item("health", bad), item("health", worse, entry=2)), "6 of 9 samples failed")
    longer = item("health", {"first": ago(hours=5), "last": ago(hours=2)}, entry=2)
    verdict = judge("REL-4", item("health"), longer)
    assert_open(verdict, Reason.INCOMPLETE, "9 samples over 3 h")
    assert [one["window_hours"] for one in verdict.observed] == [0.02, 3.0]


@pytest.mark.parametrize("lacking", ["first", "last"])
def test_rel4_half_a_window_is_none(lacking: str) -> None:
    assert_open(about("REL-4", "health", {lacking: None}), Reason.INCOMPLETE)


def test_rel4_failing_endpoints_are_placed() -> None:
    verdict = about("REL-4", "health", {"failed": 30, "endpoints.2.failed": 30, "endpoints.2.probes": 480})
    assert verdict.places == (Place("/api/about", "30 of 480 failed"),)


def test_rel4_no_sample_is_no_availability() -> None:
    assert_open(about("REL-4", "health", {"samples": 0, "failed": 0}), Reason.MISSING, "no samples")
    assert_open(judge("REL-4", item("metrics")), Reason.MISSING)


def _up(**changes: Any) -> Any:
    up = {"series": 1, "samples": 5760, "failed": 0, "first": ago(hours=24.5), "last": ago(minutes=10), "failing": {}, **changes}
    return item("metrics", {"up": up}, entry=2)


def test_rel4_a_day_of_up_samples_passes() -> None:
    verdict = judge("REL-4", _up())
    assert_passes(verdict)
    assert verdict.message == "5760 of 5760 samples answered as expected"
    assert_passes(judge("REL-4", _up(samples=1000, failed=1)))


def test_rel4_failed_up_samples_fail_beside_good_probes() -> None:
    verdict = judge("REL-4", *passing("REL-4"), _up(failed=6, failing={'up{job="api"}': 6}))
    assert_fails(verdict, "6 of 5760 samples failed")
    assert verdict.places == (Place('up{job="api"}', "6 failed samples"),)


@pytest.mark.parametrize("changes", [{"samples": 999}, {"first": ago(hours=24), "last": ago(minutes=1)}])
def test_rel4_too_few_up_samples_are_open(changes: dict[str, Any]) -> None:
    assert_open(judge("REL-4", _up(**changes)), Reason.INCOMPLETE, "expected at least 1000 over 24 h")
