from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compliance.assessment import StoreState
from compliance.judgement import history
from compliance.judgement.assessing import Case, assess
from compliance.judgement.judging import record_assessment
from compliance.judgement.view import build
from compliance.record import Severity
from compliance.report.figures.model import SeverityFigure, TrendsFigure
from compliance.report.figures.trends import figure as trends
from compliance.report.model import ReportModel
from compliance.store import EvidenceDraft
from compliance.subject import Subject
from tests.report import scenario
from tests.report.scenario import WHEN, Release


def of(draft: EvidenceDraft, version: str, commit: str) -> EvidenceDraft:
    subject = {**draft.body["subject"], "version": version, "commit": commit}
    return replace(draft, body={**draft.body, "subject": subject})


def released(release: Release, version: str, commit: str, drafts: Sequence[EvidenceDraft], point: str = "production") -> None:
    """Records and judges another release in the same store."""
    store, project = release.store, release.project
    store.record([of(one, version, commit) for one in drafts])
    at = project.point(point)
    subject = Subject(project="Orchard", version=version, commit=commit, environment=at.environment)
    seen = build(store, project.catalog.kinds, subject)
    state = StoreState(size=store.size, root=store.root_at(store.size).hex())
    record_assessment(store, assess(Case(project, seen, subject, at, state), WHEN))


@pytest.fixture
def third(tmp_path: Path) -> Any:
    """The third release: two others were judged before, one of them twice."""
    with scenario.release(tmp_path, [scenario.scan(12), *scenario.others()]) as made:
        released(made, "1.6.0", "a" * 40, [scenario.scan(60), *scenario.others()])
        released(made, "1.7.0", "b" * 40, [scenario.scan(90), scenario.scan(6, "second")])
        released(made, "1.7.0", "b" * 40, [scenario.scan(30)])
        released(made, "1.7.1", "c" * 40, [scenario.scan(1)], point="staging")
        yield scenario.judged(made.store, made.project, made.key)


def model(release: Release) -> ReportModel:
    return release.bundle()[0]


def test_what_was_judged_after_the_frozen_prefix_or_at_another_point_is_not_seen(third: Release) -> None:
    released(third, "1.7.9", "d" * 40, [scenario.scan(1)])
    figure = next(one for one in model(third).figures if isinstance(one, TrendsFigure))
    assert figure.releases == ("1.6.0", "1.7.0", "1.8.0")


def test_findings_are_shown_against_the_last_release(third: Release) -> None:
    figure = next(one for one in model(third).figures if isinstance(one, SeverityFigure))
    assert figure.against == "1.7.0"
    assert figure.rows[0].counts[Severity.CRITICAL] == 2
    assert figure.rows[0].before is not None
    assert figure.rows[0].before[Severity.CRITICAL] == 5
    assert "release 1.7.0 had 6 critical, 6 high and 24\u00a0other open findings." in figure.caption
    assert figure.note == "Not among the scans of this commit, but of release 1.7.0: second (sast)."


def test_trends_say_what_changed_since_the_last_release(third: Release) -> None:
    figure = next(one for one in model(third).figures if isinstance(one, TrendsFigure))
    assert figure.releases == ("1.6.0", "1.7.0", "1.8.0")
    assert [one.title for one in figure.trends] == [
        "Readiness score", "Required gates in the way", "Critical and high findings", "Tests passed", "Lines covered", "P99 latency",
    ]  # fmt: skip
    assert "critical and high findings from 12 to 4" in figure.caption
    assert figure.trends[4].values[1] is None
    assert figure.trends[4].limit == 0.8
    assert figure.alt.endswith("P99 latency: 1.6.0 1,891\u00a0ms, 1.8.0 1,891\u00a0ms.")


def test_the_first_release_has_no_trend(release: Release) -> None:
    made = model(release)
    assert not [one for one in made.figures if isinstance(one, TrendsFigure)]
    assert all(row.before is None for one in made.figures if isinstance(one, SeverityFigure) for row in one.rows)


class NoLimits:
    def find(self, *_: Any) -> None:
        return None


def measured(version: str, **given: Any) -> history.Release:
    base: dict[str, Any] = {"assessment": 1, "commit": None, "point": "production", "outcome": "go", "evidence_outcome": "go"}
    return history.Release(version=version, judged_at=WHEN, **{**base, "readiness": 0.5, "red": 1, **given})


def test_what_only_one_release_measured_is_no_trend() -> None:
    figure = trends([measured("1", p99_ms=3.0), measured("2")], NoLimits())
    assert figure is not None
    assert [one.title for one in figure.trends] == ["Readiness score", "Required gates in the way"]
    assert figure.caption == "Since 1: readiness score still 50\u00a0% and required gates in the way still 1."


def test_percentiles_over_other_requests_are_not_compared() -> None:
    releases = [measured("1", p99_ms=3.0, percentiles_over="all"), measured("2", p99_ms=5.0, percentiles_over="successful")]
    figure = trends(releases, NoLimits())
    assert figure is not None
    assert "P99 latency" not in [one.title for one in figure.trends]
    same = trends([releases[0], measured("2", p99_ms=5.0, percentiles_over="all")], NoLimits())
    assert same is not None
    assert "P99 latency from 3\u00a0ms to 5\u00a0ms" in same.caption
