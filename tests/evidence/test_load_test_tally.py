"""Percentiles by the nearest rank, and what follows from counts."""

from __future__ import annotations

import importlib
from collections import Counter
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.errors import InputError

from .helpers import format_of


@pytest.fixture
def check() -> ModuleType:
    return importlib.import_module(format_of("load-test", "jmeter-jtl").parse.__module__.rpartition(".")[0] + "._check")


def by_definition(values: list[int], percent: int) -> int:
    """The smallest value such that at least so many percent of the values are not above it."""
    return min(value for value in values if 100 * sum(other <= value for other in values) >= percent * len(values))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=250))
def test_the_nearest_rank_is_that_of_the_definition(values: list[int]) -> None:
    module = importlib.import_module(format_of("load-test", "jmeter-jtl").parse.__module__.rpartition(".")[0] + "._check")
    percents = (1, 50, 95, 99, 100)
    assert module.nearest_rank(Counter(values), percents) == [by_definition(values, percent) for percent in percents]


def test_the_nearest_rank_of_textbook_lists(check: ModuleType) -> None:
    assert check.nearest_rank(Counter([15, 20, 35, 40, 50]), (5, 30, 40, 50, 100)) == [15, 20, 20, 35, 50]
    assert check.nearest_rank(Counter(range(1, 101)), (50, 95, 99)) == [50, 95, 99]
    assert check.nearest_rank({7: 1}, (50, 95, 99)) == [7, 7, 7]
    assert check.nearest_rank({}, (50, 95, 99)) == [None, None, None]


@pytest.mark.parametrize(
    ("requests", "failed", "rate"),
    [(100, 1, 0.01), (100, 0, 0.0), (0, 0, None), (0, 8, 1.0), (10, 15, 1.0), (None, 1, None), (1, None, None)],
)
def test_error_rate(check: ModuleType, requests: int | None, failed: int | None, rate: float | None) -> None:
    assert check.error_rate(requests, failed) == rate


@pytest.mark.parametrize(
    ("measured", "requests", "failed", "population"),
    [
        (10, 10, 3, "all"),
        (10, 10, None, "all"),
        (7, 10, 3, "successful"),
        (8, 10, 3, None),
        (7, 10, None, None),
        (0, 10, 10, None),
        (None, 10, 0, None),
        (5, None, 0, None),
    ],
)
def test_what_times_are_over(
    check: ModuleType, measured: int | None, requests: int | None, failed: int | None, population: str | None
) -> None:
    assert check.over(measured, requests, failed) == population


def test_times_out_of_order_are_refused_beyond_the_slack(check: ModuleType) -> None:
    check.in_order([("p50", 5.0), ("p95", None), ("p99", 5.0)], None)
    check.in_order([("p50", 5.1), ("p99", 5.0)], None, slack=0.02)
    with pytest.raises(InputError, match=r"p50 5\.2 ms above p99 5 ms"):
        check.in_order([("p50", 5.2), ("p99", 5.0)], None, slack=0.02)
