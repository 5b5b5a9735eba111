from __future__ import annotations

from typing import Any

import pytest

from compliance.gate import Reason

from .helpers import about, ago, assert_fails, assert_open, assert_passes, item, judge

UNPROTECTED: dict[str, Any] = {"chain": "absent", "retention_locked": False}


def test_at1_a_verified_chain_passes() -> None:
    verdict = about("AEI21-AT-1", "audit-log")
    assert_passes(verdict)
    assert verdict.message == "1 log: 1 with a verified chain, 0 under a retention lock"


def test_at1_a_retention_lock_passes() -> None:
    assert_passes(about("AEI21-AT-1", "audit-log", {"chain": "absent", "retention_locked": True}))


def test_at1_records_that_merely_say_so_fail_and_are_counted() -> None:
    verdict = about("AEI21-AT-1", "audit-log", {**UNPROTECTED, "claims_immutable": 1000})
    assert_fails(verdict, "neither a hash chain nor a retention lock", "that 1000 records say so proves nothing")


def test_at1_a_log_that_nothing_protects_fails() -> None:
    verdict = about("AEI21-AT-1", "audit-log", UNPROTECTED)
    assert_fails(verdict, "neither a hash chain nor a retention lock protects the log")
    assert "say so" not in verdict.message


@pytest.mark.parametrize("locked", [False, True])
def test_at1_a_broken_chain_fails_even_under_a_lock(locked: bool) -> None:
    changes = {"chain": "broken", "chain_broken_at": 17, "retention_locked": locked}
    assert_fails(about("AEI21-AT-1", "audit-log", changes), "cannot be recomputed from line 17 on")


def test_at1_every_log_is_protected() -> None:
    verdict = judge("AEI21-AT-1", item("audit-log"), item("audit-log", UNPROTECTED, entry=2))
    assert_fails(verdict)
    assert verdict.places[0].where == "evidence 2"


def test_at1_a_log_without_events_proves_nothing() -> None:
    assert_open(judge("AEI21-AT-1", item("audit-log"), item("audit-log", {"events": 0}, entry=2)), Reason.INCOMPLETE)
    assert_open(about("AEI21-AT-1", "audit-log", {"events": 0}), Reason.INCOMPLETE)


def test_at2_a_complete_trail_passes() -> None:
    verdict = about("AEI21-AT-2", "audit-log")
    assert_passes(verdict)
    assert verdict.message == "24.33 h are covered without a gap; the longest silence is 300 s"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gaps": 1}, "1 sequence number missing"),
        ({"out_of_order": 2}, "2 records out of time order"),
        ({"out_of_order": 2, "largest_step_back_s": 7.5}, "out of time order by up to 7.5 s; expected at most 1 s"),
        ({"longest_silence_s": 3600.5}, "a silence of 3600.5 s is longer than the heartbeat of 3600 s"),
    ],
)
def test_at2_what_is_missing_fails(changes: dict[str, Any], words: str) -> None:
    assert_fails(about("AEI21-AT-2", "audit-log", changes), words)
    assert_fails(about("AEI21-AT-2", "audit-log", {**changes, "first": ago(hours=1)}), words)


@pytest.mark.parametrize(
    ("changes", "params", "passes"),
    [
        ({"gaps": 2}, {"gaps": 2}, True),
        ({"gaps": 3}, {"gaps": 2}, False),
        ({"out_of_order": 2, "largest_step_back_s": 1.0}, {}, True),
        ({"out_of_order": 2, "largest_step_back_s": 1.01}, {}, False),
        ({"out_of_order": 2, "largest_step_back_s": 30.0}, {"skew_s": 30.0}, True),
        ({"out_of_order": 2, "largest_step_back_s": 0.0}, {"skew_s": 30.0}, False),
        ({"out_of_order": 2, "largest_step_back_s": 300.0, "keeps_order": False}, {}, True),
        ({"out_of_order": 2, "largest_step_back_s": 300.0, "keeps_order": True}, {}, False),
        ({"longest_silence_s": 3600.0}, {}, True),
        ({"longest_silence_s": 7200.0}, {"heartbeat_s": 7200.0}, True),
    ],
)
def test_at2_limits_hold_at_their_boundary(changes: dict[str, Any], params: dict[str, Any], passes: bool) -> None:
    verdict = about("AEI21-AT-2", "audit-log", changes, **params)
    assert_passes(verdict) if passes else assert_fails(verdict)


def test_at2_the_window_is_covered_exactly() -> None:
    assert_passes(about("AEI21-AT-2", "audit-log", {"first": ago(hours=25), "last": ago(hours=1)}))
    short = about("AEI21-AT-2", "audit-log", {"first": ago(hours=24.9), "last": ago(hours=1)})
    assert_open(short, Reason.INCOMPLETE, "without interruption; expected 24 h")


def test_at2_the_window_ends_at_most_a_day_ago() -> None:
    assert_passes(about("AEI21-AT-2", "audit-log", {"first": ago(hours=48), "last": ago(hours=24)}))
    late = about("AEI21-AT-2", "audit-log", {"first": ago(hours=49), "last": ago(hours=24.1), "gaps": 5})
    assert_open(late, Reason.STALE, "no log ends within the last 24 hours")


def _part(first: float, last: float) -> dict[str, Any]:
    return {"first": ago(hours=first), "last": ago(hours=last)}


def test_at2_parts_of_a_rotated_log_cover_the_window_together() -> None:
    newer, older = item("audit-log", _part(10, 0.1)), item("audit-log", _part(25, 10.5), entry=2)
    assert_passes(judge("AEI21-AT-2", newer, older))


def test_at2_a_hole_between_two_parts_is_seen() -> None:
    newer, older = item("audit-log", _part(10, 0.1)), item("audit-log", _part(25, 11.5), entry=2)
    assert_open(judge("AEI21-AT-2", newer, older), Reason.INCOMPLETE, "the logs cover 9.9 h")


@pytest.mark.parametrize(("minutes", "passes"), [(60, True), (61, False)])
def test_at2_a_hole_between_parts_may_be_as_long_as_the_heartbeat(minutes: float, passes: bool) -> None:
    newer, older = item("audit-log", _part(10, 0.1)), item("audit-log", _part(25, 10 + minutes / 60), entry=2)
    verdict = judge("AEI21-AT-2", newer, older)
    assert_passes(verdict) if passes else assert_open(verdict, Reason.INCOMPLETE)


@pytest.mark.parametrize(("minutes", "passes"), [(5, True), (5.1, False)])
def test_at2_clocks_may_differ_by_five_minutes(minutes: float, passes: bool) -> None:
    verdict = about("AEI21-AT-2", "audit-log", {"last": ago(minutes=-minutes)})
    assert_passes(verdict) if passes else assert_open(verdict, Reason.STALE)


@pytest.mark.parametrize("lacking", ["first", "last"])
def test_at2_half_a_window_is_none(lacking: str) -> None:
    assert_open(about("AEI21-AT-2", "audit-log", {lacking: None}), Reason.INCOMPLETE)


def test_at2_shows_what_it_observed() -> None:
    quiet = item("audit-log", {**_part(3, 1), "longest_silence_s": 900.0}, entry=2)
    verdict = judge("AEI21-AT-2", item("audit-log"), quiet)
    assert "the longest silence is 900 s" in verdict.message
    assert [log["hours"] for log in verdict.observed] == [24.33, 2.0]


def test_at2_a_log_within_another_does_not_shorten_it() -> None:
    assert_passes(judge("AEI21-AT-2", item("audit-log"), item("audit-log", _part(3, 0.05), entry=2)))


def test_at2_without_sequence_a_verified_chain_shows_that_nothing_was_taken_out() -> None:
    assert_passes(about("AEI21-AT-2", "audit-log", {"sequenced": False}))
    blind = about("AEI21-AT-2", "audit-log", {"sequenced": False, "chain": "absent"})
    assert_open(blind, Reason.INCOMPLETE, "neither sequence numbers nor a chain")
    assert_passes(about("AEI21-AT-2", "audit-log", {"chain": "absent"}))


def test_at2_a_log_that_says_too_little_is_open() -> None:
    assert_open(about("AEI21-AT-2", "audit-log", {"longest_silence_s": None}), Reason.INCOMPLETE, "how long it was silent")
    assert_open(about("AEI21-AT-2", "audit-log", {"first": None, "last": None}), Reason.INCOMPLETE, "when its records were made")
