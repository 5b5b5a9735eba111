"""Runs the collectors that a project configures and reads the files that it names.

Collectors that stand one behind the other and may run beside each other do; one that changes the tree or measures time runs alone, and so
are files read that an earlier one may have written. What is found is recorded in the order of the configuration, whoever ends first.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, Literal, Protocol

from ..configuration import near
from ..errors import CollectorError, ComplianceError, ConfigError, InputError
from ..intake import Intake, Outcome, Overrides
from ..kind import Collected, Collector, Context, Options
from ..project import Collection, Project
from ..store import Draft, Store
from ..times import now

FILES: Final = "files"
"""Name under which the files of ``[collect.KIND] files`` stand among the collectors."""
GRACE_S: Final = 10.0
"""Seconds that a collector has beyond its limit to end by itself and say why, before it is left behind."""


@dataclass(frozen=True)
class Run:
    """What one collector did."""

    kind: str
    collector: str
    outcome: Literal["ran", "could-not-run"]
    seconds: float
    files: tuple[Outcome, ...] = ()
    reason: str | None = None
    hint: str | None = None


class Progress(Protocol):
    """Is told what happens while collectors run; from several threads at once."""

    def begins(self, name: str, title: str) -> None:
        """A collector, named ``kind/collector``, begins."""

    def says(self, name: str, line: str) -> None:
        """It says what it does."""

    def ends(self, name: str, run: Run) -> None:
        """It ended, and what it found is recorded."""


class Silent:
    """A `Progress` that nobody looks at."""

    def begins(self, name: str, title: str) -> None:
        """Does nothing."""

    def says(self, name: str, line: str) -> None:
        """Does nothing."""

    def ends(self, name: str, run: Run) -> None:
        """Does nothing."""


@dataclass(frozen=True)
class _Step:
    """One collector, or the files of one kind."""

    collection: Collection
    intake: Intake
    collector: Collector | None
    options: Options | None

    @property
    def name(self) -> str:
        return f"{self.collection.kind.id}/{self.collector.name if self.collector else FILES}"

    @property
    def alone(self) -> bool:
        return self.collector is None or self.collector.alone


@dataclass
class _Job:
    """A collector that runs in a thread of its own, which ends with the process if nothing else ends it."""

    step: _Step
    collector: Collector
    options: Options
    progress: Progress
    made: SimpleQueue[Collected | Exception | None] = field(default_factory=SimpleQueue)
    """What it yields, then None or the error that ended it."""
    started: float = 0.0
    ended: float | None = None

    def start(self) -> None:
        self.started = time.monotonic()
        self.progress.begins(self.step.name, self.collector.title)
        Thread(target=self._run, name=self.step.name, daemon=True).start()

    def _run(self) -> None:
        intake = self.step.intake
        environment = self.step.collection.table.environment or intake.project.point().environment
        context = Context(
            root=intake.project.root,
            options=self.options,
            subject=intake.subject.model_copy(update={"environment": environment}),
            now=now,
            say=lambda line: self.progress.says(self.step.name, line),
        )
        last: Exception | None = None
        try:
            for item in self.collector.collect(context):
                self.made.put(item)
        except Exception as error:  # handed to the thread that records, which names it
            last = error
        except BaseException as error:  # it tried to end the process, which only ends its thread
            last = CollectorError(f"it raised {type(error).__name__}")
        self.ended = time.monotonic()
        self.made.put(last)

    def items(self) -> Iterator[Collected]:
        """Yields what the collector makes.

        Raises:
            CollectorError: It did not end within its limit.
        """
        while True:
            left = self.started + self.options.timeout + GRACE_S - time.monotonic()
            try:
                item = self.made.get(timeout=max(0.0, left))
            except Empty:
                hint = "raise `timeout` for this collector in compliance.toml"
                raise CollectorError(f"did not end within {self.options.timeout:g} s", hint=hint) from None
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item

    @property
    def seconds(self) -> float:
        return (self.ended or time.monotonic()) - self.started


def collect(project: Project, store: Store, kinds: Sequence[str] = (), *, progress: Progress | None = None) -> Iterator[Run]:
    """Runs collectors and records what they make; ends with a ledger entry that says what ran.

    Args:
        project: Says what to run.
        store: Receives the evidence.
        kinds: Only these kinds; all that are configured when empty.
        progress: Is told what happens.

    Raises:
        ConfigError: Nothing is configured, or a kind is unknown.
    """
    told = progress or Silent()
    runs: list[Run] = []
    for alone, group in groupby(_steps(project, store, kinds), key=lambda step: step.alone):
        for steps in [[step] for step in group] if alone else [list(group)]:
            for run in _together(steps, told):
                runs.append(run)
                yield run
    store.append([_entry(runs)])


def _steps(project: Project, store: Store, kinds: Sequence[str]) -> Iterator[_Step]:
    for collection in _chosen(project, kinds):
        intake = Intake(project, store)
        for collector, options in collection.collectors:
            yield _Step(collection, intake, collector, options)
        if collection.table.files:
            yield _Step(collection, intake, None, None)


def _chosen(project: Project, kinds: Sequence[str]) -> list[Collection]:
    collections = project.collections
    configured = [collection.kind.id for collection in collections]
    for name in kinds:
        if name not in project.catalog.kinds:
            kinds_there = near(name, configured) if configured else near(name, project.catalog.kinds)
            raise ConfigError(
                f"no kind of evidence {name!r}{kinds_there}", hint="`compliance collect` without a name runs all that is configured"
            )
        if name not in configured:
            hint = f"add [collect.{name}] to compliance.toml; `compliance explain {name}` says what it may hold"
            raise ConfigError(f"nothing is configured for kind {name!r}", hint=hint)
    if not collections:
        first = "run `compliance init`" if project.path is None else "add one to compliance.toml (docs/configuration.md)"
        raise ConfigError("no [collect.KIND] table is configured", hint=f"{first}, or record files with `compliance ingest`")
    return [collection for collection in collections if not kinds or collection.kind.id in kinds]


def _together(steps: Sequence[_Step], progress: Progress) -> Iterator[Run]:
    """Runs steps beside each other and records what they make, in their order."""
    for step in steps:
        if step.intake.checkout is not None:
            _ = step.intake.checkout.dirty  # looked up before a collector runs, and again when its artifact is recorded
    jobs = {step.name: _Job(step, step.collector, step.options, progress) for step in steps if step.collector and step.options}
    for job in jobs.values():
        job.start()
    for step in steps:
        if step.name not in jobs:
            progress.begins(step.name, "reads files")
        run = _recorded(jobs[step.name]) if step.name in jobs else _files(step.intake, step.collection)
        progress.ends(step.name, run)
        yield run


def _recorded(job: _Job) -> Run:
    """Records what a collector makes, as it makes it."""
    step, name = job.step, job.collector.name
    files: list[Outcome] = []
    reason = hint = None
    try:
        for item in job.items():
            item = item if item.environment else replace(item, environment=step.collection.table.environment)
            files.extend(step.intake.collected(step.collection.kind, item, name))
    except (CollectorError, InputError) as error:
        reason = f"{name} could not run: {error}" if "could not run" not in str(error) else str(error)
        hint = error.hint
    except ComplianceError:
        raise
    except Exception as error:  # a defect of the collector: the others still run, and it is named
        reason = f"{name} could not run: a defect of the toolkit ({type(error).__name__}: {error})"
    outcome: Literal["ran", "could-not-run"] = "ran" if reason is None else "could-not-run"
    return Run(step.collection.kind.id, name, outcome, job.seconds, tuple(files), reason, hint)


def _files(intake: Intake, collection: Collection) -> Run:
    started = time.monotonic()
    table = collection.table
    reader = Intake(intake.project, intake.store, Overrides(kind=collection.kind.id), table.environment)
    paths, missing = [], []
    for pattern in table.files:
        found = sorted(_glob(intake.project.root, pattern, collection.kind.id))
        paths += found
        missing += [] if found else [pattern]
    outcomes = tuple(reader.paths(dict.fromkeys(paths)))
    seconds = time.monotonic() - started
    if missing:
        reason = f"no file matches {', '.join(missing)}"
        return Run(collection.kind.id, FILES, "could-not-run", seconds, outcomes, reason, "make the file, or correct the pattern")
    refused = [outcome for outcome in outcomes if outcome.refused]
    if refused:
        reason = f"{refused[0].path}: {refused[0].reason}"
        return Run(collection.kind.id, FILES, "could-not-run", seconds, outcomes, reason)
    return Run(collection.kind.id, FILES, "ran", seconds, outcomes)


def _glob(root: Path, pattern: str, kind: str) -> list[Path]:
    if Path(pattern).is_absolute():
        raise ConfigError(f"[collect.{kind}] files: {pattern!r} is absolute; expected a pattern relative to the project")
    return [path for path in root.glob(pattern) if path.is_file()]


def _entry(runs: Sequence[Run]) -> Draft:
    """Returns the ledger entry of a collection: what ran is public, what tools said may name paths and is private."""
    public = [
        {
            "kind": run.kind,
            "collector": run.collector,
            "outcome": run.outcome,
            "seconds": round(run.seconds, 3),
            "evidence": [one.evidence for one in run.files if one.evidence is not None],
        }
        for run in runs
    ]
    reasons = {f"{run.kind}/{run.collector}": run.reason for run in runs if run.reason}
    return Draft(type="collection", body={"runs": public}, private={"paths": {"reasons": reasons}})
