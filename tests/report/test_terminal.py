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
