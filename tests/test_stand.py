"""How a role stands: of each person the last words that count, and nobody else's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from compliance.decision import SignOff
from compliance.role import RoleTable, roles_of
from compliance.stand import Stand, is_overridden, missing, stands
from tests.report.scenario import WHEN

DIGEST = "d"


def said(by: str, decision: Any, hours: int, **others: Any) -> SignOff:
    at: datetime = WHEN + timedelta(hours=hours)
    about: dict[str, Any] = {
        "entry": 7 + hours, "role": "security", "key": "k", "trial": False, "point": "production", "decision_digest": DIGEST,
        "packet": None, "assessment": 6, "override": False, "reason": None, "expires_at": at + timedelta(days=30), "defect": None,
    }  # fmt: skip
    return SignOff(by=by, decision=decision, at=at, **{**about, **others})


def stood(*signed: SignOff, **table: Any) -> Stand:
    return stands(signed, roles_of({"security": RoleTable(**table)}), "production", DIGEST, WHEN + timedelta(days=1))[0]


def test_of_each_person_the_last_word_counts() -> None:
    taken_back = stood(said("Sam Oduya", "approve", 0), said("sam  oduya", "reject", 1))
    assert (taken_back.approvals, [one.entry for one in taken_back.rejections]) == ((), [8])
    assert missing(taken_back) == "rejected by sam  oduya"
    assert stood(said("Sam Oduya", "reject", 0), said("Sam Oduya", "approve", 1)).approved


@pytest.mark.parametrize("name", ["Sam Oduya", "sam oduya", "sam"])
@pytest.mark.parametrize("decision", ["reject", "approve"])
def test_words_that_do_not_count_take_nothing_back(name: str, decision: str) -> None:
    """Anybody can write an entry that names another person: without that person's signature it must not undo what was signed."""
    other = "approve" if decision == "reject" else "reject"
    stand = stood(said(name, decision, 0), said(name, other, 1, defect="not validly signed"))
    assert [one.entry for one in (*stand.approvals, *stand.rejections)] == [7]
    assert stand.approved is (decision == "approve")


def test_of_words_that_do_not_count_the_last_are_named() -> None:
    stand = stood(said("Sam", "approve", 0, defect="first"), said("Sam", "approve", 1, defect="second"))
    assert [one.defect for one in stand.void] == ["second"]


@pytest.mark.parametrize(
    ("signed", "why"),
    [
        (said("Sam", "approve", 0, decision_digest="other"), "void, because the decision has changed since (#6)"),
        (said("Sam", "approve", 0, expires_at=WHEN + timedelta(hours=2)), "expired at"),
    ],
    ids=["changed", "expired"],
)
def test_an_approval_is_void_with_its_reason(signed: SignOff, why: str) -> None:
    stand = stood(signed)
    assert not stand.approved
    assert str(stand.void[0].defect).startswith(why)
    assert missing(stand) == "waits for an approval"


def test_a_quorum_counts_people_not_words() -> None:
    twice = stood(said("Sam", "approve", 0), said("SAM", "approve", 1), quorum=2)
    assert (twice.approved, missing(twice)) == (False, "waits for 1 of 2 approvals")
    assert stood(said("Sam", "approve", 0), said("Ada", "approve", 1), quorum=2).approved


def test_words_for_another_role_or_point_are_none() -> None:
    assert stood(said("Sam", "approve", 0, role="qa"), said("Ada", "approve", 0, point="staging")).approvals == ()


def test_an_override_needs_the_quorum_of_every_role_that_may() -> None:
    yes = stood(said("Sam", "approve", 0, override=True), override=True)
    plain = stood(said("Sam", "approve", 0), override=True)
    no = stood(said("Ada", "reject", 0))
    assert [is_overridden(many) for many in ((yes,), (yes, plain), (yes, no), (plain,), (no,), ())] == [True, *[False] * 5]
