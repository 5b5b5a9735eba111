"""The helpers for tests of gates of one's own, on a gate of one's own; and what a broken policy does."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import pytest

from compliance.gate import Area, AtLeast, Gate, Inputs, Params, Reason, Verdict, failed, gate, passed
from compliance.judgement.judging import judge
from compliance.project import Project
from compliance.store import Store
from compliance.testing import assert_fails, assert_not_assessed, assert_passes, evidence, judged
from tests.test_intake import Place, junit


class Limit(Params):
    """Its threshold."""

    lines: Annotated[int, AtLeast()] = 50
    """Lines covered, at least (count)."""


def covered(inputs: Inputs, params: Limit) -> Verdict:
    """Counts lines.

    Asks: Enough lines are covered.
    Why: Because.
    Evidence: Coverage.
    Fix: Write tests.
    Maps to: nothing.
    """
    lines = sum(item.payload.lines_covered for item in inputs.of("coverage"))
    if lines < params.lines:
        return failed(f"{lines} lines", observed=lines, threshold=params.lines)
    return passed(f"{lines} lines", observed=lines, threshold=params.lines)


def make(**metadata: object) -> Gate:
    made = gate(id="OWN-1", statement="s", principle="p", area=Area.SECURITY, reads=["coverage"], params=Limit, **metadata)  # type: ignore[arg-type]
    return made(covered)


GOOD = evidence("coverage", lines_covered=90, lines_total=100, branches_covered=None, branches_total=None, files=3)


def test_a_gate_of_ones_own_passes_fails_and_is_not_assessed() -> None:
    assert_passes(judged(make(), GOOD), "90 lines")
    assert_fails(judged(make(), evidence("coverage", of=GOOD, lines_covered=10)), "10 lines")
    assert_fails(judged(make(), GOOD, settings={"lines": 95}), "90 lines")
    assert_not_assessed(judged(make()), Reason.MISSING, "no evidence of kind coverage")
    old = evidence("coverage", of=GOOD, age=timedelta(days=3))
    assert_not_assessed(judged(make(max_age=timedelta(days=2)), old), Reason.STALE)
    assert_not_assessed(judged(make(), evidence("coverage", of=GOOD, commit="0" * 40)), Reason.FOREIGN)


def test_an_expectation_that_does_not_hold_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="expected fail"):
        assert_fails(judged(make(), GOOD))
    with pytest.raises(AssertionError, match="expected a message with"):
        assert_passes(judged(make(), GOOD), "91 lines")


OWN = '''
"""Ours."""
from compliance.gate import Framework
FRAMEWORK = Framework(id="own", title="Own")
'''
BAD_JUDGE = '''
from compliance.gate import Area, gate
@gate(id="OWN-2", statement="s", principle="p", area=Area.SECURITY, reads=["test-results"])
def divides(inputs, params):
    """Fails.

    Asks: a.
    Why: b.
    Evidence: c.
    Fix: d.
    Maps to: e.
    """
    return 1 / 0
'''


def test_a_broken_policy_fails_alone_and_by_name(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "__init__.py").write_text(OWN)
    (tmp_path / "own" / "syntax.py").write_text("def broken(:\n")
    (tmp_path / "own" / "divides.py").write_text(BAD_JUDGE)
    place = Place(tmp_path, f'commit = "{"c" * 40}"\n[frameworks]\nown = "own"\n')
    place.ingest(place.write("j.xml", junit()))
    place.store.close()
    for point in ("change", "production"):
        with Store.open(tmp_path / ".compliance" / "evidence.db") as store:
            assessment = judge(Project.load(tmp_path), store, point).assessment
        module, own = assessment.result("own/syntax"), assessment.result("OWN-2")
        assert (module.verdict.value, own.verdict.value, assessment.outcome) == ("not-assessed", "not-assessed", "no-go")
        assert "syntax: SyntaxError" in module.message
        assert "ZeroDivisionError: division by zero" in own.message
        assert assessment.result("ALPHA-PF-5").verdict.value == "pass"
