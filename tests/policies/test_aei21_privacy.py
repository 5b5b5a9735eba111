from __future__ import annotations

from typing import Any

import pytest

from compliance.gate import Place, Reason

from .helpers import about, assert_fails, assert_open, assert_passes, item, judge


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
