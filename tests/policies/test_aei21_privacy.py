from __future__ import annotations

from typing import Any

import pytest

from compliance.gate import Place, Reason

from .helpers import about, assert_fails, assert_open, assert_passes, item, judge


def _found(*fields: str, total: int | None = None) -> dict[str, Any]:
    samples = tuple({"rule": "e-mail", "line": number, "field": field} for number, field in enumerate(fields, 1))
    return {"personal_data": len(fields) if total is None else total, "personal_samples": samples}


def test_pr3_logs_without_personal_data_pass() -> None:
    assert_passes(about("AEI21-PR-3", "audit-log"))


def test_pr3_personal_data_fails_with_line_and_field_and_never_the_value() -> None:
    verdict = about("AEI21-PR-3", "audit-log", _found("user", "message"))
    assert_fails(verdict, "2 values of personal data in 1000 records", "message, user")
    assert verdict.places == (Place("line 1", "e-mail in user"), Place("line 2", "e-mail in message"))


def test_pr3_a_declared_field_may_hold_it() -> None:
    verdict = about("AEI21-PR-3", "audit-log", _found("actor"), declared_fields=("actor",))
    assert_passes(verdict)
    assert "outside actor" in verdict.message
    assert_fails(about("AEI21-PR-3", "audit-log", _found("actor", "message"), declared_fields=("actor",)), "fields: message")


def test_pr3_values_that_are_not_listed_cannot_be_told_from_undeclared_ones() -> None:
    more = _found("actor", total=21)
    assert_open(about("AEI21-PR-3", "audit-log", more, declared_fields=("actor",)), Reason.INCOMPLETE, "20 of 21")
    assert_fails(about("AEI21-PR-3", "audit-log", more))
    assert_fails(about("AEI21-PR-3", "audit-log", _found(total=3)), "3 values", "all")


def test_pr3_every_log_counts() -> None:
    assert_fails(judge("AEI21-PR-3", item("audit-log"), item("audit-log", _found("ip"), entry=2)))


@pytest.mark.parametrize("others", [0, 1])
def test_pr3_a_log_without_events_is_open(others: int) -> None:
    empty = item("audit-log", {"events": 0}, entry=2)
    assert_open(judge("AEI21-PR-3", empty, *[item("audit-log")] * others), Reason.INCOMPLETE)
