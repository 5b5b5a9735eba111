"""Collectors run beside each other, in time, and are recorded in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compliance.catalog import shipped
from compliance.collecting import collect as module
from compliance.collecting.collect import Run, Silent, collect
from compliance.errors import CollectorError, ConfigError
from compliance.intake import Intake
from compliance.kind import Collected, Collector, Context, Options
from compliance.project import Project
from compliance.store import Store
from compliance.times import now

JUNIT = b'<testsuite name="%b"><testcase name="a"/></testsuite>'


def made(name: str) -> Collected:
    at = now()
    return Collected(format="junit-xml", content=JUNIT % name.encode(), name=name, started_at=at, finished_at=at)


class Timeline:
    """Collectors that say when they run."""

    def __init__(self) -> None:
        self.running: set[str] = set()
        self.beside: dict[str, set[str]] = {}
        self.lock = threading.Lock()

    def collector(self, name: str, *, seconds: float = 0.3, alone: bool = False, then: Callable[[], None] | None = None) -> Collector:
        def run(context: Context) -> Iterator[Collected]:
            context.say("begins")
            with self.lock:
                self.running.add(name)
                for one in self.running:
                    self.beside.setdefault(one, set()).update(self.running - {one})
                    self.beside.setdefault(name, set()).update(self.running - {name})
            time.sleep(seconds)
            with self.lock:
                self.running.discard(name)
            yield made(name)
            if then:
                then()

        return Collector(name=name, title=name, options=Options, collect=run, alone=alone)


def project(root: Path, *collectors: Collector, files: str = "", table: str = "") -> Project:
    """A project whose kind test-results has just these collectors."""
    named = "".join(f"[collect.test-results.{one.name}]\n" for one in collectors)
    (root / "compliance.toml").write_text(f'[project]\nname = "p"\n[collect.test-results]\n{files}\n{table}\n{named}')
    kinds = dict(shipped().kinds)
    kinds["test-results"] = replace(kinds["test-results"], collectors=collectors)
    return replace(Project.load(root), catalog=replace(shipped(), kinds=kinds))


def ran(root: Path, made: Project, **options: Any) -> list[Run]:
    with Store.create(root / "e.db") as store:
        return list(collect(made, store, **options))


def names(root: Path) -> list[str]:
    with Store.open(root / "e.db") as store:
        return [str(store.private(entry.number)["paths"]["name"]) for entry in store.entries(types=["evidence"])]


def test_independent_collectors_run_beside_each_other_and_are_recorded_in_their_order(tmp_path: Path) -> None:
    line = Timeline()
    wanted = [line.collector("slow", seconds=0.8), line.collector("quick", seconds=0.05), line.collector("middle", seconds=0.3)]
    runs = ran(tmp_path, project(tmp_path, *wanted))
    assert "slow" in line.beside["quick"] and "slow" in line.beside["middle"]
    assert [run.collector for run in runs] == ["slow", "quick", "middle"]
    assert names(tmp_path) == ["slow", "quick", "middle"]
    assert runs[1].seconds < runs[0].seconds


def test_one_that_changes_the_tree_or_measures_time_runs_alone_and_in_its_place(tmp_path: Path) -> None:
    line = Timeline()
    wanted = [line.collector("a"), line.collector("b"), line.collector("tests", alone=True), line.collector("c"), line.collector("d")]
    ran(tmp_path, project(tmp_path, *wanted))
    assert line.beside["tests"] == set()
    assert line.beside["a"] == {"b"} and line.beside["c"] == {"d"}


def test_files_are_read_after_the_collectors_before_them_have_ended(tmp_path: Path) -> None:
    def write() -> None:
        time.sleep(0.2)
        (tmp_path / "late.xml").write_bytes(JUNIT % b"late")

    late = Timeline().collector("late", then=write)
    runs = ran(tmp_path, project(tmp_path, late, files='files = ["late.xml"]'))
    assert [(run.collector, run.outcome, len(run.files)) for run in runs] == [("late", "ran", 1), ("files", "ran", 1)]


def test_the_commands_of_a_project_and_probes_run_alone_and_scanners_do_not() -> None:
    alone = {f"{kind.id}/{one.name}" for kind in shipped().kinds.values() for one in kind.collectors if one.alone}
    assert alone == {"test-results/command", "coverage/command", "scan/command", "health/http"}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (CollectorError("no such tool"), "bad could not run: no such tool"),
        (ZeroDivisionError("x"), "bad could not run: a defect of the toolkit (ZeroDivisionError: x)"),
        (SystemExit(0), "bad could not run: it raised SystemExit"),
    ],
)
def test_one_that_fails_costs_itself_alone_and_keeps_what_it_made(tmp_path: Path, error: BaseException, reason: str) -> None:
    def fail() -> None:
        raise error

    line = Timeline()
    runs = ran(tmp_path, project(tmp_path, line.collector("bad", then=fail), line.collector("good")))
    assert [(run.outcome, run.reason, len(run.files)) for run in runs] == [("could-not-run", reason, 1), ("ran", None, 1)]


def test_one_that_never_ends_is_left_behind_at_its_limit_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE_S", 0.1)
    line = Timeline()
    wanted = project(tmp_path, line.collector("endless", seconds=60), line.collector("good"), table="timeout = 0.5")
    started = time.monotonic()
    runs = ran(tmp_path, wanted)
    assert time.monotonic() - started < 20
    assert [(run.outcome, run.reason) for run in runs] == [
        ("could-not-run", "endless could not run: did not end within 0.5 s"),
        ("ran", None),
    ]
    assert runs[0].hint == "raise `timeout` for this collector in compliance.toml"


def test_the_limit_of_a_kind_holds_where_a_collector_says_nothing(tmp_path: Path) -> None:
    text = '[project]\nname = "p"\n[collect.scan]\ntimeout = 7\n[collect.scan.bandit]\n[collect.scan.secrets]\ntimeout = 9\n'
    (tmp_path / "compliance.toml").write_text(text)
    (collection,) = Project.load(tmp_path).collections
    assert {collector.name: options.timeout for collector, options in collection.collectors} == {"bandit": 7, "secrets": 9}
    (tmp_path / "compliance.toml").write_text('[project]\nname = "p"\n[collect.scan]\ntimeout = 0\n')
    with pytest.raises(ConfigError, match=r"\[collect.scan\] timeout"):
        _ = Project.load(tmp_path).collections


@pytest.mark.parametrize(
    ("table", "expected"), [("", "staging"), ('environment = "lab"', "lab")], ids=["the one that is judged", "the one of the table"]
)
def test_a_collector_knows_the_environment(tmp_path: Path, table: str, expected: str) -> None:
    seen: list[str | None] = []

    def run(context: Context) -> Iterator[Collected]:
        seen.append(context.subject.environment)
        yield made("probes")

    ran(tmp_path, project(tmp_path, Collector(name="probes", title="probes", options=Options, collect=run), table=table))
    assert seen == [expected]


def test_progress_is_told_of_every_collector(tmp_path: Path) -> None:
    said: list[tuple[str, ...]] = []

    class Told(Silent):
        def begins(self, name: str, title: str) -> None:
            said.append(("begins", name, title))

        def says(self, name: str, line: str) -> None:
            said.append(("says", name, line))

        def ends(self, name: str, run: Run) -> None:
            said.append(("ends", name, run.outcome))

    ran(tmp_path, project(tmp_path, Timeline().collector("a")), progress=Told())
    name = "test-results/a"
    assert said == [("begins", name, "a"), ("says", name, "begins"), ("ends", name, "ran")]


def test_the_run_of_a_ci_service_is_recorded_people_and_places_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "GITHUB_ACTIONS": "true", "GITHUB_SHA": "c" * 40, "GITHUB_REF_NAME": "main", "GITHUB_ACTOR": "zoe", "GITHUB_RUN_ID": "7",
        "GITHUB_SERVER_URL": "https://git.example", "GITHUB_REPOSITORY": "a/b",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    (tmp_path / "compliance.toml").write_text('[project]\nname = "p"\n')
    (tmp_path / "junit.xml").write_bytes(JUNIT % b"x")
    with Store.create(tmp_path / "e.db") as store:
        (outcome,) = Intake(Project.load(tmp_path), store).paths([tmp_path / "junit.xml"])
        assert outcome.evidence is not None
        body, private = store.entry(outcome.evidence).body, store.private(outcome.evidence)
    assert body["source"]["ci"] == {"service": "github", "commit": "c" * 40}
    assert private["paths"]["ci"] == {"branch": "main", "run": "https://git.example/a/b/actions/runs/7", "change": None}
    assert private["people"]["actor"] == "zoe"
    assert "zoe" not in str(body) and "git.example" not in str(body)
