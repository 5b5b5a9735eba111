from __future__ import annotations

from typing import Any

import pytest

from compliance.gate import Reason

from .helpers import about, ago, assert_fails, assert_open, assert_passes, item, judge


def test_id1_structured_logs_pass() -> None:
    assert_passes(about("ALPHA-ID-1", "audit-log"))


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("with_timestamp", "have a timestamp"),
        ("with_level", "have a level"),
        ("with_event", "have an event"),
        ("with_trace", "have a request or trace id"),
    ],
)
def test_id1_a_field_that_is_missing_too_often_fails(field: str, words: str) -> None:
    assert_passes(about("ALPHA-ID-1", "audit-log", {field: 990}))
    assert_fails(about("ALPHA-ID-1", "audit-log", {field: 989}), f"only 98.9 % of the records {words}; expected at least 99 %")


def test_id1_lines_that_do_not_parse_fail() -> None:
    ten = {"events": 990, "unparsed": 10, "with_timestamp": 990, "with_level": 990, "with_event": 990, "with_trace": 990}
    assert_passes(about("ALPHA-ID-1", "audit-log", ten))
    eleven = {name: 989 if value == 990 else 11 for name, value in ten.items()}
    assert_fails(about("ALPHA-ID-1", "audit-log", eleven), "98.9 % of the lines parse")


def test_id1_a_share_just_below_the_limit_does_not_read_as_the_limit() -> None:
    changes = {"lines": 100_000, "events": 100_000, "with_level": 98_999, "with_timestamp": 100_000, "with_event": 100_000}
    assert_fails(about("ALPHA-ID-1", "audit-log", {**changes, "with_trace": 100_000}), "only 98.99 % of")


def test_id1_each_log_keeps_the_limit_by_itself() -> None:
    bad = item("audit-log", {"with_trace": 0}, entry=2)
    assert_fails(judge("ALPHA-ID-1", item("audit-log"), bad), "only 0 % of the records have a request or trace id")


def test_id1_the_limit_is_the_projects() -> None:
    assert_passes(about("ALPHA-ID-1", "audit-log", {"with_trace": 950}, structured_percent=95))
    assert_fails(about("ALPHA-ID-1", "audit-log", {"with_trace": 949}, structured_percent=95))


def test_id1_a_level_is_not_asked_of_a_format_that_has_none() -> None:
    verdict = about("ALPHA-ID-1", "audit-log", {"with_level": 0, "has_levels": False})
    assert_passes(verdict)
    assert verdict.message == "at least 100 % of the lines parse, with timestamp, event and trace id"
    assert_fails(about("ALPHA-ID-1", "audit-log", {"with_level": 0, "has_levels": False, "with_event": 989}), "have an event")
    others = item("audit-log", {"with_level": 989}, entry=2)
    assert_fails(
        judge("ALPHA-ID-1", item("audit-log", {"with_level": 0, "has_levels": False}), others), "98.9 % of the records have a level"
    )


def test_id1_an_empty_log_is_open_beside_a_good_one_and_silent_beside_a_bad_one() -> None:
    empty = item("audit-log", {"lines": 0, "events": 0}, entry=2)
    assert_open(judge("ALPHA-ID-1", item("audit-log"), empty), Reason.INCOMPLETE)
    assert_fails(judge("ALPHA-ID-1", item("audit-log", {"with_level": 0}), empty))


def test_id2_an_exposition_with_the_four_sorts_passes() -> None:
    verdict = about("ALPHA-ID-2", "metrics")
    assert_passes(verdict)
    assert verdict.message == ("latency: http_request_duration_seconds, errors: http_errors, availability: up, throughput: http_requests")


def test_id2_an_absent_sort_fails_unless_another_exposition_has_it() -> None:
    assert_fails(about("ALPHA-ID-2", "metrics", {"errors": (), "latency": ()}), "no family for latency, errors among 4 families")
    first, second = item("metrics", {"errors": ()}), item("metrics", {"latency": ()}, entry=2)
    assert_passes(judge("ALPHA-ID-2", first, second))


def test_id2_what_another_environment_lacks_is_no_bad_news() -> None:
    elsewhere = item("metrics", {"errors": ()}, environment="production")
    assert_open(judge("ALPHA-ID-2", elsewhere), Reason.INCOMPLETE, "no family for errors")


def test_id2_an_export_of_up_alone_is_no_scrape() -> None:
    range_ = {"families": 1, "latency": (), "errors": (), "throughput": ()}
    assert_open(about("ALPHA-ID-2", "metrics", range_), Reason.INCOMPLETE, "no family for latency, errors, throughput among 1 family")
    assert_passes(judge("ALPHA-ID-2", item("metrics", range_), item("metrics", {"availability": ()}, entry=2)))


def test_id2_the_end_decides_and_a_scrape_without_times_is_dated_by_its_evidence() -> None:
    assert_passes(about("ALPHA-ID-2", "metrics", {"last": ago(hours=24)}))
    assert_open(about("ALPHA-ID-2", "metrics", {"last": ago(hours=24.1)}), Reason.STALE, "ends 24.1 h ago; expected at most 24 h")
    assert_open(about("ALPHA-ID-2", "metrics", {"last": ago(hours=-1)}), Reason.STALE, "1 h after this judgement")
    undated = {"first": None, "last": None, "timestamped": 0}
    assert_passes(judge("ALPHA-ID-2", item("metrics", undated, observed_at=ago(hours=2))))
    assert_open(judge("ALPHA-ID-2", item("metrics", undated, observed_at=None)), Reason.INCOMPLETE, "does not say when")


def test_id2_an_old_exposition_lends_nothing_and_an_empty_one_is_open() -> None:
    old = item("metrics", {"last": ago(hours=30)}, entry=2)
    assert_fails(judge("ALPHA-ID-2", item("metrics", {"errors": ()}), old), "no family for errors")
    assert_open(judge("ALPHA-ID-2", item("metrics", {"samples": 0})), Reason.INCOMPLETE, "without a sample")


def test_id2_the_age_is_the_projects() -> None:
    assert_passes(about("ALPHA-ID-2", "metrics", {"last": ago(hours=30)}, window_max_age_hours=48))


def test_id3_a_rule_for_each_failure_mode_passes() -> None:
    verdict = about("ALPHA-ID-3", "alert-rules")
    assert_passes(verdict)
    assert (
        verdict.message == "alerts cover failing health (ApiDown), error rate (ApiErrorRate), latency (ApiLatency), security (LoginsDenied)"
    )
    assert verdict.observed == {"alerts": 4, "health": 1, "errors": 1, "latency": 1, "security": 1}


def test_id3_one_rule_may_cover_several_modes() -> None:
    assert_passes(about("ALPHA-ID-3", "alert-rules", {"alerts.0.modes": ("health", "errors"), "alerts.1.modes": ()}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"alerts.2.modes": ()}, "for latency (no rule speaks of it)"),
        ({"alerts.2.for_s": None}, "for latency (1 rule, ApiLatency has no `for` of at least 1 s)"),
        ({"alerts.2.for_s": 0.0}, "for latency (1 rule, ApiLatency has no `for` of at least 1 s)"),
        ({"alerts.2.labels": ("cluster",)}, "for latency (1 rule, ApiLatency has no label for a route)"),
    ],
)
def test_id3_a_mode_without_duration_or_route_fails(changes: dict[str, Any], words: str) -> None:
    verdict = about("ALPHA-ID-3", "alert-rules", changes)
    assert_fails(verdict, words)
    assert bool(verdict.places) is ("alerts.2.modes" not in changes)


def test_id3_duration_and_labels_are_the_projects() -> None:
    assert_passes(about("ALPHA-ID-3", "alert-rules", {"alerts.2.for_s": 0.0}, for_s=0))
    assert_fails(about("ALPHA-ID-3", "alert-rules", {"alerts.2.for_s": None}, for_s=0))
    assert_fails(about("ALPHA-ID-3", "alert-rules", route_labels=("team",)))


def test_id3_rule_files_count_together_and_recordings_alone_are_open() -> None:
    recordings = item("alert-rules", {"alerts": (), "recording": 3}, entry=2)
    first, second = (item("alert-rules", {f"alerts.{number}.modes": ()}, entry=number) for number in (1, 2))
    assert_passes(judge("ALPHA-ID-3", first, second, recordings))
    assert_fails(judge("ALPHA-ID-3", first))
    assert_open(judge("ALPHA-ID-3", recordings), Reason.INCOMPLETE, "no alert rule")
