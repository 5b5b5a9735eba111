"""How waivers stand: who may, until when, and how many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.waiver import State, Waiver, WaiversTable, ends_soon, standing
from tests.world import make_gate

AT = datetime(2028, 2, 28, 23, 30, tzinfo=UTC)
GATES = {"T-1": make_gate(), "T-2": make_gate(id="T-2", waivable=False)}
DAY = timedelta(days=1)


def waiver(
    number: int = 1, *, gate: str = "T-1", ends: datetime = AT + DAY, approved: datetime | None = AT - DAY, **given: object
) -> Waiver:
    made = Waiver(
        id=f"W{number}",
        gate=gate,
        finding=None,
        reason="r",
        controls="c",
        requested_by="ada",
        requested_at=AT - 2 * DAY,
        expires_at=ends,
        approved_by="ben" if approved else None,
        approved_at=approved,
    )
    return made.model_copy(update=given)


def state(*waivers: Waiver, at: datetime = AT, table: WaiversTable | None = None) -> list[tuple[State, str]]:
    return [(one.state, one.why) for one in standing(waivers, GATES, table or WaiversTable(), at)]


@pytest.mark.parametrize(
    ("one", "expected", "why"),
    [
        (waiver(), State.ACTIVE, ""),
        (waiver(approved=None), State.REQUESTED, "nobody approved it"),
        (waiver(approved=None, defect="approve does not count: x"), State.INVALID, "approve does not count: x"),
        (waiver(ends=AT), State.EXPIRED, "expired at 2028-02-28T23:30:00Z"),
        (waiver(revoked_by="eve"), State.REVOKED, "revoked by eve"),
        (waiver(gate="T-2"), State.INVALID, "T-2 can never be waived"),
        (waiver(gate="T-3"), State.INVALID, "there is no gate T-3"),
        (waiver(ends=AT + 90 * DAY), State.INVALID, "lasts 91 days; at most 90 are allowed"),
        (waiver(ends=AT + 89 * DAY), State.ACTIVE, ""),
    ],
)
def test_what_speaks_against_a_waiver_is_said(one: Waiver, expected: State, why: str) -> None:
    assert state(one) == [(expected, why)]


def test_the_budget_is_spent_in_the_order_of_the_approvals() -> None:
    late, early = waiver(1, approved=AT - DAY), waiver(2, approved=AT - 3 * DAY)
    found = state(late, early, table=WaiversTable(most=1))
    assert found == [(State.INVALID, "over the budget of 1 waivers"), (State.ACTIVE, "")]
    found = state(late, early, table=WaiversTable(total_days=5))
    assert found == [(State.INVALID, "over the budget of 5 days: 4 are taken, it wants 2"), (State.ACTIVE, "")]
    assert state(late, waiver(3, revoked_by="x"), table=WaiversTable(most=1))[0] == (State.ACTIVE, "")


def test_a_waiver_is_warned_about_before_it_ends() -> None:
    (one,) = standing([waiver(ends=AT + 14 * DAY)], GATES, WaiversTable(), AT)
    assert ends_soon(one, WaiversTable(), AT)
    assert not ends_soon(one, WaiversTable(warn_before=13), AT)


zones = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
instants = st.datetimes(datetime(2024, 2, 27), datetime(2024, 3, 2), timezones=zones)
"""About the leap day of 2024."""


@given(ends=instants, at=instants)
def test_a_waiver_counts_up_to_its_end_and_not_after_whatever_the_zone(ends: datetime, at: datetime) -> None:
    approved = datetime(2024, 2, 1, tzinfo=UTC)
    (found,) = state(waiver(ends=ends, approved=approved), at=at)
    assert (found[0] is State.ACTIVE) is (at.astimezone(UTC) < ends.astimezone(UTC))


@given(spans=st.lists(st.integers(1, 89), max_size=8), most=st.integers(0, 8), total=st.integers(0, 300))
def test_what_counts_never_exceeds_the_budget(spans: list[int], most: int, total: int) -> None:
    waivers = [waiver(number, approved=AT, ends=AT + span * DAY) for number, span in enumerate(spans)]
    found = standing(waivers, GATES, WaiversTable(most=most, total_days=total), AT)
    active = [one for one in found if one.active]
    assert len(active) <= most
    assert sum((one.expires_at - AT) / DAY for one in active) <= total
