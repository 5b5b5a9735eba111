from __future__ import annotations

from typing import Any

import pytest

from compliance.gate import Place, Reason

from .helpers import about, ago, assert_fails, assert_open, assert_passes, item, judge


def _found(*fields: str, more: int = 0) -> dict[str, Any]:
    samples = tuple({"rule": "email", "line": number, "field": field} for number, field in enumerate(fields, 1))
    counts = {field: fields.count(field) for field in fields}
    return {"personal_data": len(fields) + more, "personal_fields": counts, "personal_samples": samples}


def test_pr3_logs_without_personal_data_pass() -> None:
    verdict = about("AEI21-PR-3", "audit-log")
    assert_passes(verdict)
    assert verdict.message == "no personal data in 1000 records"
    assert verdict.threshold == {"undeclared": 0, "declared_fields": []}


def test_pr3_personal_data_fails_with_line_and_field_and_never_the_value() -> None:
    verdict = about("AEI21-PR-3", "audit-log", _found("user", "message", "message"))
    assert_fails(verdict, "3 places with personal data outside the declared fields: message (2), user (1)")
    assert verdict.places[:2] == (Place("line 1", "email in user"), Place("line 2", "email in message"))


def test_pr3_a_declared_field_may_hold_it() -> None:
    verdict = about("AEI21-PR-3", "audit-log", _found("actor.email"), declared_fields=("actor.email",))
    assert_passes(verdict)
    assert "outside actor.email" in verdict.message
    mixed = about("AEI21-PR-3", "audit-log", _found("actor.email", "message"), declared_fields=("actor.email",))
    assert_fails(mixed, "1 place with personal data outside the declared fields: message (1)")
    assert mixed.places == (Place("line 2", "email in message"),)


def test_pr3_who_acted_is_no_leak_and_is_shown() -> None:
    verdict = about("AEI21-PR-3", "audit-log", {"personal_data_of_actors": 900})
    assert_passes(verdict)
    assert verdict.message == "no personal data outside the fields for who acted in 1000 records"
    assert verdict.observed["of_actors"] == 900
    assert_fails(about("AEI21-PR-3", "audit-log", {**_found("message"), "personal_data_of_actors": 900}), "1 place")


def test_pr3_places_that_no_field_accounts_for_are_undeclared() -> None:
    verdict = about("AEI21-PR-3", "audit-log", _found("actor", more=20), declared_fields=("actor",))
    assert_fails(verdict, "20 places", "fields that are not named")


def test_pr3_the_worst_three_fields_are_named() -> None:
    fields = ["a"] * 2 + ["b"] * 5 + ["c"] + ["d"] * 3
    assert_fails(about("AEI21-PR-3", "audit-log", _found(*fields)), "11 places", ": b (5), d (3), a (2)")


def test_pr3_every_log_counts() -> None:
    assert_fails(judge("AEI21-PR-3", item("audit-log"), item("audit-log", _found("ip"), entry=2)))


@pytest.mark.parametrize("others", [0, 1])
def test_pr3_a_log_without_events_is_open(others: int) -> None:
    empty = item("audit-log", {"events": 0}, entry=2)
    assert_open(judge("AEI21-PR-3", empty, *[item("audit-log")] * others), Reason.INCOMPLETE)


def test_pr1_a_record_that_says_everything_passes() -> None:
    verdict = about("AEI21-PR-1", "privacy")
    assert_passes(verdict)
    assert verdict.message == "1 processing activity fully recorded, last reviewed 60 d ago"


def test_pr1_an_activity_that_says_too_little_fails_and_is_placed() -> None:
    verdict = about("AEI21-PR-1", "privacy", {"activities.0.lacks": ("retention", "transfer safeguard")})
    assert_fails(verdict, "1 processing activity without retention, transfer safeguard (accounts)")
    assert verdict.places == (Place("accounts", "no retention, no transfer safeguard"),)


def test_pr1_the_review_holds_at_its_boundary() -> None:
    assert_passes(about("AEI21-PR-1", "privacy", {"reviewed_at": ago(days=180)}))
    assert_fails(about("AEI21-PR-1", "privacy", {"reviewed_at": ago(days=180.1)}), "last reviewed 180.1 d ago; expected at most 180 d")
    assert_passes(about("AEI21-PR-1", "privacy", {"reviewed_at": ago(days=300)}, review_max_age_days=365))


@pytest.mark.parametrize("reviewed", [None, ago(days=-1)])
def test_pr1_a_record_without_a_review_is_open(reviewed: Any) -> None:
    assert_open(about("AEI21-PR-1", "privacy", {"reviewed_at": reviewed}), Reason.INCOMPLETE, "does not say when it was last reviewed")


def test_pr1_a_record_without_activities_is_open_and_takes_nothing_away() -> None:
    rights_only = item("privacy", {"activities": (), "reviewed_at": None}, entry=2)
    assert_open(judge("AEI21-PR-1", rights_only), Reason.INCOMPLETE, "no processing activity")
    assert_passes(judge("AEI21-PR-1", item("privacy"), rights_only))


def test_pr2_a_tested_procedure_for_each_right_passes() -> None:
    verdict = about("AEI21-PR-2", "privacy")
    assert_passes(verdict)
    assert verdict.message.endswith("access, rectification, erasure, portability, objection or opt-out")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rights.0.right": "erasure"}, "access: no procedure"),
        ({"rights.1.written": False}, "rectification: the procedure is not written down"),
        ({"rights.2.tested_at": None}, "erasure: never tested"),
        ({"rights.2.tested_at": ago(days=-1)}, "erasure: never tested"),
        ({"rights.3.limit_days": None}, "portability: no limit in days"),
        ({"rights.3.limit_days": 31}, "portability: 31 d; expected at most 30 d"),
        ({"rights.4.took_days": 30.5}, "objection or opt-out: 30.5 d; expected at most 30 d"),
    ],
)
def test_pr2_a_right_without_a_tested_procedure_in_time_fails(changes: dict[str, Any], words: str) -> None:
    assert_fails(about("AEI21-PR-2", "privacy", changes), words)


def test_pr2_under_the_ccpa_alone_there_are_45_days() -> None:
    slow = {f"rights.{number}.limit_days": 45 for number in range(5)}
    assert_passes(about("AEI21-PR-2", "privacy", {"laws": ("ccpa",), **slow}))
    assert_fails(about("AEI21-PR-2", "privacy", {"laws": ("gdpr", "ccpa"), **slow}), "45 d; expected at most 30 d")
    assert_fails(about("AEI21-PR-2", "privacy", {"laws": ("ccpa",), **slow}, ccpa_limit_days=40), "expected at most 40 d")


def test_pr2_records_count_together_and_the_best_procedure_of_a_right_counts() -> None:
    rest = item("privacy", {"rights.0.tested_at": None}, entry=2)
    assert_passes(judge("AEI21-PR-2", rest, item("privacy")))
    assert_open(judge("AEI21-PR-2", item("privacy", {"rights": ()})), Reason.INCOMPLETE, "no procedure for people's rights")
