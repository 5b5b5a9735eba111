from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from compliance.gate import Reason

from .helpers import about, assert_fails, assert_open, assert_passes, gate, item, judge, passing


def test_pf2_answers_of_all_endpoints_pass() -> None:
    assert_passes(about("ALPHA-PF-2", "health"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"endpoints.2.failed": 1}, "/api/about: 1 of 3 probes failed"),
        ({"endpoints.0.statuses": {"200": 2, "503": 1}}, "/api/health: answered 503; expected 200"),
        ({"endpoints.0.statuses": {"200": 2, "timeout": 1}}, "/api/health: answered timeout; expected 200"),
        ({"endpoints.1.shape_ok": False}, "/api/metrics: the body does not have the declared shape"),
    ],
)
def test_pf2_a_wrong_answer_fails_with_its_endpoint(changes: dict[str, Any], words: str) -> None:
    verdict = about("ALPHA-PF-2", "health", changes)
    assert_fails(verdict, words)
    assert verdict.places[0].where in words


def test_pf2_another_status_is_wrong_even_where_the_prober_expected_it() -> None:
    changes = {"endpoints.0.statuses": {"401": 3}, "endpoints.0.expected_status": 401}
    assert_fails(about("ALPHA-PF-2", "health", changes), "answered 401")
    health = item("health", {"endpoints.0.path": "/me", "endpoints.0.statuses": {"401": 3}})
    assert_passes(judge("ALPHA-PF-2", health, endpoints=("/me",), status=401))


def test_pf2_endpoints_that_are_not_asked_do_not_decide() -> None:
    health = item("health", {"endpoints.1.failed": 3, "endpoints.1.path": "/beta"})
    assert_passes(judge("ALPHA-PF-2", health, endpoints=("/api/health", "/api/about")))


def test_pf2_an_endpoint_that_nobody_probed_is_open() -> None:
    assert_open(about("ALPHA-PF-2", "health", {"endpoints.1.path": "/x"}), Reason.INCOMPLETE, "/api/metrics was not probed")
    assert_open(about("ALPHA-PF-2", "health", {"endpoints": ()}), Reason.MISSING, "/api/health was not probed")


def test_pf2_three_probes_are_enough_and_two_are_not() -> None:
    verdict = about("ALPHA-PF-2", "health", {"endpoints.0.probes": 2, "endpoints.0.statuses": {"200": 2}})
    assert_open(verdict, Reason.INCOMPLETE, "/api/health was probed 2 times; expected at least 3")
    assert_fails(about("ALPHA-PF-2", "health", {"endpoints.0.statuses": {"200": 1}, "endpoints.2.failed": 1}))


def test_pf2_only_answers_count_as_probes() -> None:
    silent = about("ALPHA-PF-2", "health", {"endpoints.0.statuses": {}}, probes=1)
    assert_open(silent, Reason.INCOMPLETE, "/api/health was probed 0 times; expected at least 1")


def test_pf2_probes_of_several_runs_add_up_and_a_failure_in_any_counts() -> None:
    few: dict[str, Any] = {f"endpoints.{i}.statuses": {"200": 2} for i in range(3)}
    assert_passes(judge("ALPHA-PF-2", item("health", few), item("health", few, entry=2)))
    assert_fails(judge("ALPHA-PF-2", item("health"), item("health", {"endpoints.0.failed": 1}, entry=2)))


def test_pf2_without_a_shape_the_status_decides_and_the_verdict_says_so() -> None:
    half = judge("ALPHA-PF-2", item("health"), item("health", {"endpoints.0.shape_ok": None}, entry=2))
    assert "no shape is declared for /api/health" in half.message
    verdict = about("ALPHA-PF-2", "health", {"endpoints.1.shape_ok": None})
    assert_passes(verdict)
    assert "no shape is declared for /api/metrics" in verdict.message


def test_pf2_a_list_of_no_endpoints_is_refused() -> None:
    with pytest.raises(ValidationError):
        gate("ALPHA-PF-2").params.model_validate({"endpoints": []})


def test_pf7_declared_limits_pass() -> None:
    assert_passes(about("ALPHA-PF-7", "deployment"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"limits.cpu": None}, "no CPU limit"),
        ({"limits.memory": None}, "no memory limit"),
        ({"limits.termination": False}, "no termination handling"),
        ({"limits.termination": None, "limits.rate_limit": None}, "no termination handling, no rate limiting"),
    ],
)
def test_pf7_an_absent_limit_fails(changes: dict[str, Any], words: str) -> None:
    assert_fails(about("ALPHA-PF-7", "deployment", changes), words)


def test_pf7_every_record_that_names_limits_names_all() -> None:
    assert_fails(judge("ALPHA-PF-7", item("deployment"), item("deployment", {"limits.cpu": None}, entry=2)), "no CPU limit")


def test_pf7_a_record_without_limits_is_open() -> None:
    assert_open(about("ALPHA-PF-7", "deployment", {"limits": None}), Reason.INCOMPLETE)
    assert_passes(judge("ALPHA-PF-7", *passing("ALPHA-PF-7"), item("deployment", {"limits": None}, entry=2)))
