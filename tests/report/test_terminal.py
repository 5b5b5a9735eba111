"""The text form of a check: what of waivers somebody has to look at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from compliance.report.terminal import lines
from compliance.waiver import State, Waiver, WaiversTable
from tests.report.checks import assessment, checked


@pytest.mark.parametrize(("days", "said"), [(13, False), (20, False), (21, True), (60, True)])
def test_a_waiver_that_ends_is_named_from_the_day_on_that_the_project_says(tmp_path: Path, days: int, said: bool) -> None:
    found = assessment()
    ends = found.as_of + timedelta(days=21)
    about: dict[str, Any] = {"reason": "r", "controls": "c", "requested_by": "ada", "approved_by": "ben"}
    waiver = Waiver(id="W7", gate="T-1", finding=None, requested_at=found.as_of, expires_at=ends, state=State.ACTIVE, **about)
    shown = replace(checked(tmp_path, found.model_copy(update={"waivers": (waiver,)})), waivers=WaiversTable(warn_before=days))
    assert any("waiver W7 for T-1 ends in 21 d" in line for line in lines(shown)) is said


def test_the_advice_is_one_sentence_and_says_where_there_is_more(tmp_path: Path) -> None:
    found = assessment()
    fix = "Run `a.b --c=1.5`, e.g. now. Then read all of this. And this."
    gates = tuple(one.model_copy(update={"fix": fix}) for one in found.gates)
    shown = list(lines(checked(tmp_path, found.model_copy(update={"gates": gates}))))
    assert [line.strip() for line in shown if "fix:" in line] == ["fix: Run `a.b --c=1.5`, e.g. now."] * 3
    assert shown.count("`compliance explain GATE` says more about a gate.") == 1
    green = found.model_copy(update={"gates": found.gates[2:3]})
    assert not any("explain" in line for line in lines(checked(tmp_path, green)))


def test_the_head_names_what_each_word_is(tmp_path: Path) -> None:
    found = assessment()
    service = next(iter(lines(checked(tmp_path, found.model_copy(update={"profile": "service"})))))
    nowhere = found.subject.model_copy(update={"environment": None})
    library = next(iter(lines(checked(tmp_path, found.model_copy(update={"profile": "library", "subject": nowhere})))))
    assert f"commit {str(found.subject.commit)[:12]}" in library and f"point {found.point}" in library
    assert (f"environment {found.subject.environment}" in service, "environment" in library) == (True, False)
