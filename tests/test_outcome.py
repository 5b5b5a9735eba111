"""The tables of verdicts, exhaustively, and the score that never decides."""

from __future__ import annotations

import itertools

import pytest

from compliance.assessment import GateResult
from compliance.gate import Area, Status
from compliance.outcome import because, outcome_of, score_of


def result(verdict: Status, *, required: bool = True, area: Area = Area.SECURITY, id: str = "T-1") -> GateResult:
    return GateResult(id=id, framework="f", principle="p", title="t", area=area, required=required, verdict=verdict, message="m", fix="f")


@pytest.mark.parametrize("confirmed", [True, False])
@pytest.mark.parametrize("conditions", [0, 1])
@pytest.mark.parametrize("verdicts", list(itertools.combinations_with_replacement(Status, 3)))
def test_every_combination_of_three_required_gates(verdicts: tuple[Status, ...], conditions: int, confirmed: bool) -> None:
    got = outcome_of([result(v) for v in verdicts], open_conditions=conditions, profile_confirmed=confirmed)
    if Status.FAIL in verdicts or Status.NOT_ASSESSED in verdicts:
        assert got == "no-go"
    elif Status.WAIVED in verdicts or conditions or not confirmed:
        assert got == "go-with-conditions"
    else:
        assert got == "go"


@pytest.mark.parametrize("verdict", list(Status))
def test_advisory_gates_never_change_an_outcome(verdict: Status) -> None:
    results = [result(Status.PASS), result(verdict, required=False)]
    assert outcome_of(results, open_conditions=0, profile_confirmed=True) == "go"


def test_one_red_gate_among_many_is_no_go_whatever_the_score() -> None:
    results = [result(Status.PASS, id=str(n)) for n in range(15)] + [result(Status.FAIL, id="16")]
    assert score_of(results).readiness == pytest.approx(15 / 16)
    assert outcome_of(results, open_conditions=0, profile_confirmed=True) == "no-go"


def test_the_score_renormalises_over_areas_that_have_gates() -> None:
    results = [
        result(Status.PASS, area=Area.SECURITY),
        result(Status.FAIL, area=Area.SECURITY),
        result(Status.PASS, area=Area.DATA),
        result(Status.NOT_APPLICABLE, area=Area.RECOVERY),
    ]
    score = score_of(results)
    assert score.readiness == pytest.approx((30 * 0.5 + 10 * 1) / 40)
    assert score.formula == "(30 x 1/2 security + 10 x 1/1 data) / 40"
    assert set(score.areas) == {"security", "data"}


@pytest.mark.parametrize("verdict", [Status.WAIVED, Status.FAIL, Status.NOT_ASSESSED])
def test_only_a_pass_scores(verdict: Status) -> None:
    assert score_of([result(verdict)]).readiness == 0


def test_nothing_applicable_has_no_score() -> None:
    assert score_of([result(Status.NOT_APPLICABLE)]).readiness is None


def test_the_sentence_names_what_stands_in_the_way() -> None:
    results = [result(Status.FAIL, id="A"), result(Status.NOT_ASSESSED, id="B"), result(Status.PASS, id="C")]
    assert (
        because(results, "no-go", profile_confirmed=True) == "2 of 3 required gates stand in the way: 1 failed (A) and 1 not assessed (B)."
    )
    beside = [*results, result(Status.NOT_APPLICABLE, id="D")]
    assert because(beside, "no-go", profile_confirmed=True).startswith("2 of 3 required gates that apply stand in the way")
    assert "profile" in because([result(Status.PASS)], "go-with-conditions", profile_confirmed=False)
    assert because([result(Status.PASS)], "go", profile_confirmed=True) == "The required gate passed or does not apply."
    two = [result(Status.PASS, id="A"), result(Status.NOT_APPLICABLE, id="B")]
    assert because(two, "go", profile_confirmed=True) == "All 2 required gates passed or do not apply."
