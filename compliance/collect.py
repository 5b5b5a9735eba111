"""Runs the collectors that a project configures and reads the files that it names."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from .errors import CollectorError, ComplianceError, ConfigError, InputError
from .intake import Intake, Outcome, Overrides
from .kind import Collector, Context, Options
from .project import Collection, Project, near
from .store import Draft, Store
from .times import now

FILES: Final = "files"
"""Name under which the files of ``[collect.KIND] files`` stand among the collectors."""


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


def collect(project: Project, store: Store, kinds: Sequence[str] = (), *, say: Callable[[str], None] = lambda _: None) -> Iterator[Run]:
    """Runs collectors one after the other and records what they make; ends with a ledger entry that says what ran.

    Args:
        project: Says what to run.
        store: Receives the evidence.
        kinds: Only these kinds; all that are configured when empty.
        say: Shows one line of progress.

    Raises:
        ConfigError: Nothing is configured, or a kind is unknown.
    """
    runs: list[Run] = []
    for collection in _chosen(project, kinds):
        intake = Intake(project, store)
        for collector, options in collection.collectors:
            say(f"{collection.kind.id}: {collector.title}")
            runs.append(_run(intake, collection, collector, options, say))
            yield runs[-1]
        if collection.table.files:
            say(f"{collection.kind.id}: files")
            runs.append(_files(intake, collection))
            yield runs[-1]
    store.append([_entry(runs)])


def _chosen(project: Project, kinds: Sequence[str]) -> list[Collection]:
    collections = project.collections
    configured = [collection.kind.id for collection in collections]
    for name in kinds:
        if name not in configured:
            raise ConfigError(f"nothing is configured for kind {name!r}{near(name, configured)}", hint=f"add [collect.{name}]")
    if not collections:
        raise ConfigError("no [collect.KIND] table is configured", hint="run `compliance init`, or read files with `compliance ingest`")
    return [collection for collection in collections if not kinds or collection.kind.id in kinds]


def _run(intake: Intake, collection: Collection, collector: Collector, options: Options, say: Callable[[str], None]) -> Run:
    started = time.monotonic()
    context = Context(root=intake.project.root, options=options, subject=intake.subject, now=now, say=say)
    files: list[Outcome] = []
    if intake.checkout is not None:
        _ = intake.checkout.dirty  # looked up before the collector runs, and again when its artifact is recorded
    try:
        for item in collector.collect(context):
            item = item if item.environment else replace(item, environment=collection.table.environment)
            files.extend(intake.collected(collection.kind, item, collector.name))
    except (CollectorError, InputError) as error:
        reason = f"{collector.name} could not run: {error}" if "could not run" not in str(error) else str(error)
        return Run(collection.kind.id, collector.name, "could-not-run", time.monotonic() - started, tuple(files), reason, error.hint)
    except ComplianceError:
        raise
    except Exception as error:  # a defect of the collector: the others still run, and it is named
        reason = f"{collector.name} could not run: a defect of the toolkit ({type(error).__name__}: {error})"
        return Run(collection.kind.id, collector.name, "could-not-run", time.monotonic() - started, tuple(files), reason)
    return Run(collection.kind.id, collector.name, "ran", time.monotonic() - started, tuple(files))


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
