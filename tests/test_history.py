"""The releases of a project over time: how each was judged, and what was measured of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from compliance.intake import Intake, Overrides
from compliance.judgement.history import Release, of_assessment, releases, series
from compliance.judgement.judging import judge, record_assessment
from compliance.project import Project
from compliance.record import Severity
from compliance.store import Store
from compliance.times import now, rfc3339
from tests.cli.run import compliance

POINT = '[points.ship]\nlike = "production"\ngates = ["ALPHA-PF-5", "ALPHA-PF-6", "ALPHA-SF-1", "REL-2", "REL-3"]\n'


@dataclass
class Shop:
    """A project that releases one version after the other."""

    root: Path
    store: Store
    project: Project = field(init=False)

    def version(self, number: int) -> None:
        commit = f"{number}" * 40
        head = f'[project]\nname = "shop"\nversion = "1.{number}"\ncommit = "{commit}"\nprofile = "service"\nenvironments = ["staging"]\n'
        (self.root / "compliance.toml").write_text(head + POINT)
        self.project = Project.load(self.root)

    def ingest(self, name: str, content: Any, **overrides: Any) -> None:
        path = self.root / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        commit = overrides.pop("commit", self.project.document.project.commit)
        done = list(Intake(self.project, self.store, Overrides(commit=commit, **overrides)).paths([path]))
        assert [one.status for one in done] == ["recorded"], done

    def judge(self) -> int:
        return record_assessment(self.store, judge(self.project, self.store, "ship").assessment)

    def past(self, **more: Any) -> tuple[Release, ...]:
        return releases(self.store, self.project.catalog.kinds, "shop", "ship", **more)


def junit(passed: int, failed: int) -> str:
    cases = [f'<testcase name="p{n}"/>' for n in range(passed)] + [f'<testcase name="f{n}"><failure/></testcase>' for n in range(failed)]
    return f'<testsuite name="s" tests="{passed + failed}" timestamp="2026-01-01T00:00:00Z">{"".join(cases)}</testsuite>'


def load(p95: float, environment: str) -> dict[str, Any]:
    ended = now() - timedelta(hours=1)
    return {
        "schema": "compliance/load-summary/v1",
        "tool": "load.py",
        "started_at": rfc3339(ended - timedelta(seconds=600)),
        "finished_at": rfc3339(ended),
        "users": 50,
        "environment": environment,
        "requests": 1000,
        "failed": 5,
        "percentiles_over": "all",
        "latency_ms": {"p50": 20.0, "p95": p95, "p99": p95 * 2, "max": p95 * 3},
    }


def sarif(tool: str) -> dict[str, Any]:
    levels = ("error", "warning", "warning")
    results: list[dict[str, Any]] = [{"ruleId": "r", "level": level, "message": {"text": "m"}, "locations": []} for level in levels]
    driver = {"name": tool, "rules": [{"id": "r"}]}
    return {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "artifacts": [{"location": {"uri": "a.py"}}], "results": results}]}


LCOV = "TN:\nSF:a.py\n{}end_of_record\n"


def lcov(hit: int, total: int) -> str:
    return LCOV.format("".join(f"DA:{n + 1},{int(n < hit)}\n" for n in range(total)))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with Store.create(tmp_path / ".compliance" / "evidence.db") as store:
        yield Shop(tmp_path, store)


def released(shop: Shop, number: int, hit: int) -> int:
    shop.version(number)
    shop.ingest("junit.xml", junit(8 + number, 2 - number), observed_at=None)
    shop.ingest("lcov.info", lcov(hit, 10))
    return shop.judge()


def test_each_release_is_there_once_in_order_with_what_its_evidence_measured(shop: Shop) -> None:
    first = released(shop, 0, 7)
    second = released(shop, 1, 9)
    again = shop.judge()
    past = shop.past()
    assert [(one.name, one.assessment) for one in past] == [("1.0", first), ("1.1", again)]
    assert again > second
    assert [one.tests_passed for one in past] == [0.8, 0.9]
    assert [one.lines_covered for one in past] == [0.7, 0.9]
    assert [one.verdicts["ALPHA-PF-6"] for one in past] == ["fail", "pass"]
    assert [one.outcome for one in past] == ["no-go", "no-go"]
    assert past[0].red == 5 and past[1].red == 4


def test_what_was_not_measured_is_none_and_never_zero(shop: Shop) -> None:
    released(shop, 0, 7)
    (one,) = shop.past()
    assert (one.p95_ms, one.error_rate, one.worst, one.branches_covered) == (None, None, None, None)
    names = {measure.name for measure in series([one])}
    assert not names & {"p95", "p99", "error-rate", "findings-critical", "branches-covered"}


def test_evidence_of_another_environment_commit_or_too_little_measures_nothing(shop: Shop) -> None:
    shop.version(3)
    shop.ingest("a.json", load(900, "production"))
    shop.ingest("lcov.info", lcov(1, 10), commit="9" * 40)
    shop.ingest("a.sarif", sarif("no known scanner"))
    shop.judge()
    (one,) = shop.past()
    assert (one.p95_ms, one.lines_covered, one.worst) == (None, None, None)
    shop.ingest("b.json", load(120, "staging"))
    shop.judge()
    (one,) = shop.past()
    assert (one.p95_ms, one.p99_ms, one.error_rate, one.percentiles_over) == (120, 240, 0.005, "all")


def test_findings_are_counted_by_scan_and_severity(shop: Shop) -> None:
    shop.version(4)
    shop.ingest("a.sarif", sarif("Bandit"))
    shop.judge()
    (one,) = shop.past()
    ((tool, category),) = one.scans
    assert (tool, category) == ("Bandit", "sast")
    assert (one.worst, one.found(Severity.MEDIUM), one.found(*Severity)) == (1, 2, 3)


def test_series_have_a_value_for_each_release(shop: Shop) -> None:
    released(shop, 0, 7)
    released(shop, 1, 9)
    shop.version(2)
    shop.ingest("b.json", load(120, "staging"))
    shop.judge()
    by_name = {one.name: one for one in series(shop.past())}
    assert by_name["lines-covered"].values == (0.7, 0.9, None)
    assert by_name["p95"].values == (None, None, 120)
    assert by_name["gate:ALPHA-PF-6"].values == (0, 1, 0)
    assert by_name["gate:REL-2"].values == (0, 0, 1)
    assert {len(one.values) for one in by_name.values()} == {3}


def test_a_judgement_that_is_not_recorded_gives_the_same_figures(shop: Shop) -> None:
    released(shop, 0, 7)
    assessment = judge(shop.project, shop.store, "ship").assessment
    unrecorded = of_assessment(shop.store, shop.project.catalog.kinds, assessment)
    (recorded,) = shop.past()
    different = {name for name in Release.__dataclass_fields__ if getattr(unrecorded, name) != getattr(recorded, name)}
    assert different == {"assessment", "judged_at"}


def test_only_the_asked_prefix_point_project_and_number_are_seen(shop: Shop) -> None:
    released(shop, 0, 7)
    seen = shop.store.size
    released(shop, 1, 9)
    assert [one.name for one in shop.past(upto=seen)] == ["1.0"]
    assert [one.name for one in shop.past(most=1)] == ["1.1"]
    assert shop.past(most=0) == ()
    assert releases(shop.store, shop.project.catalog.kinds, "other", "ship") == ()
    assert releases(shop.store, shop.project.catalog.kinds, "shop", "staging") == ()


def test_the_releases_are_listed_on_the_command_line(shop: Shop) -> None:
    released(shop, 0, 7)
    released(shop, 1, 9)
    printed = compliance("log", "--releases", "--point", "ship", "--format", "json", cwd=shop.root).json
    assert printed["schema"] == "compliance/history/v1"
    assert [one["version"] for one in printed["releases"]] == ["1.0", "1.1"]
    assert {"name": "lines-covered", "title": "Lines covered", "unit": "share", "values": [0.7, 0.9]} in printed["series"]
    text = compliance("log", "--releases", "--point", "ship", cwd=shop.root)
    first, *lines = text.out.splitlines()
    assert first.split() == ["RELEASE", "JUDGED", "OUTCOME", "SCORE", "RED", "WORST", "TESTS", "LINES", "P95"]
    assert [line.split()[0] for line in lines] == ["1.0", "1.1"]
    assert "no release" in compliance("log", "--releases", cwd=shop.root).err
