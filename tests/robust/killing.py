"""Kills recordings at many instants: a process that imports everything once and forks a victim per trial.

``python -m tests.robust.killing FOLDER TRIALS SEED`` prints one JSON object: the figures, and what went wrong. Without TRIALS and SEED
it kills the making of a store, once before each step.
"""

from __future__ import annotations

import json
import os
import random
import re
import select
import shutil
import signal
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compliance.cli import main
from compliance.intake import Intake, Overrides
from compliance.project import Project
from compliance.record import sha256_hex
from compliance.store import Store
from compliance.verification.verify import verify_store

from .samples import NAMES, SUFFIXES, sample

FILES = 20
"""Each format at least once; with sixty files nearly all of the time went into recording what a kill had cut off."""
ROUNDS = 4
"""Kills of one store before the next one is begun."""
PATIENCE_S = 60.0
STEPS_LIMIT = 2000
_ACKNOWLEDGED = re.compile(rb"recorded (\S+) as evidence (\d+)")


@dataclass
class Trial:
    """One recording that is killed."""

    commit: str
    delay_s: float
    """Seconds after the start, or after an acknowledgement."""
    after: int | None
    """Number of the acknowledgement that is waited for; None: none."""


@dataclass
class Figures:
    """What the trials met."""

    trials: int = 0
    without_store: int = 0
    in_creation: int = 0
    """Killed with a key or a part of a store in the folder, but no store yet."""
    before_first: int = 0
    in_the_middle: int = 0
    after_the_end: int = 0
    acknowledged: int = 0
    failures: list[str] = field(default_factory=list)


class Place:
    """A project with files and a store that is killed again and again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "evidence"
        self.folder.mkdir(parents=True)
        (root / "compliance.toml").write_text('[project]\nname = "p"\n')
        for number in range(FILES):
            name = NAMES[number % len(NAMES)]
            (self.folder / f"{number:02}{SUFFIXES[name]}").write_bytes(sample(name, number))
        self.digests = {path.name: sha256_hex(path.read_bytes()) for path in self.folder.iterdir()}
        self.acknowledged: dict[int, str] = {}
        """Digest of the artifact by number of the evidence."""
        self.project = Project.load(root)

    @property
    def store(self) -> Path:
        return self.root / ".compliance" / "evidence.db"

    def fresh(self) -> None:
        """Begins without a store."""
        shutil.rmtree(self.store.parent, ignore_errors=True)
        self.acknowledged.clear()


def fork(run: Callable[[], None], *, standard_error: int | None = None) -> int:
    """Runs something in a child process that shares what is imported, and returns its id."""
    child = os.fork()
    if child:
        return child
    code = 0
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for target, descriptor in ((0, null), (1, null), (2, standard_error)):
            if descriptor is not None:
                os.dup2(descriptor, target)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
        code = 99
    finally:
        os._exit(code)


def killed(place: Place, trial: Trial) -> bytes:
    """Runs ``compliance ingest -v`` on the folder, kills it, and returns what it printed on standard error."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    words = ["--project", str(place.root), "ingest", "-v", "--commit", trial.commit, str(place.folder)]
    started = time.monotonic()
    child = fork(lambda: main(words), standard_error=writing)
    os.close(writing)
    said = b""
    due = started + trial.delay_s if trial.after is None else None
    while due is None or time.monotonic() < due:
        left = PATIENCE_S if due is None else max(0.0, due - time.monotonic())
        if select.select([reading], [], [], left)[0]:
            piece = os.read(reading, 65536)
            if not piece:
                break
            said += piece
        if due is None and trial.after is not None and len(_ACKNOWLEDGED.findall(said)) > trial.after:
            due = time.monotonic() + trial.delay_s
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while piece := os.read(reading, 65536):
        said += piece
    os.close(reading)
    return said


def check(place: Place, trial: Trial, figures: Figures, said: bytes) -> None:
    """Looks at what a kill has left."""
    if b"Traceback" in said:
        raise AssertionError(said.decode(errors="replace")[-2000:])
    said = said[: said.rfind(b"\n") + 1]  # a line that was cut off acknowledges nothing
    told = {int(number): place.digests[Path(name.decode()).name] for name, number in _ACKNOWLEDGED.findall(said)}
    place.acknowledged |= told
    figures.trials += 1
    figures.acknowledged += len(told)
    if not place.store.exists():
        figures.without_store += 1
        figures.in_creation += place.store.parent.exists() and any(place.store.parent.iterdir())
        assert not place.acknowledged, "the store is gone"
    else:
        figures.before_first += not told
        figures.in_the_middle += 0 < len(told) < FILES
        figures.after_the_end += len(told) == FILES
        inspect(place)
    outcomes = record(place, trial.commit)
    assert len(outcomes) == FILES
    place.acknowledged |= outcomes


def inspect(place: Place) -> None:
    """The store verifies, and holds what was acknowledged under its number."""
    refuted = [str(one) for one in verify_store(place.store) if one.status != "proven"]
    assert not refuted, refuted
    with Store.open(place.store) as store:
        for number, digest in place.acknowledged.items():
            found = store.evidence_of(number).entry.body["artifact"]["sha256"]
            assert found == digest, f"evidence {number} is another file's"


def record(place: Place, commit: str, name: str = "") -> dict[int, str]:
    """Records the folder, or one file of it; all of it is recorded, or was."""
    with Store.create(place.store) as store:
        outcomes = list(Intake(place.project, store, Overrides(commit=commit)).paths([place.folder / name]))
    other = [one for one in outcomes if one.status not in ("recorded", "duplicate")]
    assert not other, other
    return {one.evidence: one.sha256 for one in outcomes if one.evidence is not None and one.sha256 is not None}


def plan(chance: random.Random, number: int, first_s: float) -> Trial:
    """Spreads the kills: a quarter up to the first acknowledgement, the others behind one of them, or between two."""
    commit = f"{chance.getrandbits(160):040x}"
    if number % 4 == 0:
        return Trial(commit, chance.uniform(0, 1.2 * first_s), None)
    return Trial(commit, chance.choice([0.0, chance.uniform(0, 0.002), chance.uniform(0, 0.02)]), chance.randrange(FILES - 1))


def calibrate(place: Place) -> float:
    """Returns how many seconds pass up to the first acknowledgement of a new store; imports all that is needed on the way."""
    record(place, "0" * 40)
    place.fresh()
    started = time.monotonic()
    killed(place, Trial("0" * 40, 0, 0))
    place.fresh()
    return time.monotonic() - started


def trials(root: Path, count: int, seed: int) -> Figures:
    """Runs the trials; every `ROUNDS` of them, and whenever the plan is to kill the creation, the store is a new one."""
    place, chance, figures = Place(root), random.Random(seed), Figures()
    first_s = calibrate(place)
    for number in range(count):
        trial = plan(chance, number, first_s)
        try:
            if number % ROUNDS == 0 and number:
                inspect(place)
            if number % ROUNDS == 0:
                place.fresh()
            check(place, trial, figures, killed(place, trial))
        except Exception as error:
            figures.failures.append(f"trial {number} ({trial}): {traceback.format_exception_only(error)[0]}"[:2000])
            place.fresh()
    return figures


def steps(root: Path) -> Figures:
    """Kills the making of a store and its first entry before each step: every file that is touched, every SQL statement."""
    place, figures = Place(root), Figures()
    first = f"00{SUFFIXES[NAMES[0]]}"
    record(place, "0" * 40, first)
    for number in range(1, STEPS_LIMIT):
        place.fresh()
        child = fork(lambda: _first_entry(place, first, number))  # noqa: B023 (it runs at once)
        if not os.WIFSIGNALED(os.waitpid(child, 0)[1]):
            break
        figures.trials += 1
        try:
            figures.without_store += not place.store.exists()
            figures.in_creation += not place.store.exists() and place.store.parent.exists() and any(place.store.parent.iterdir())
            if place.store.exists():
                inspect(place)
            assert len(record(place, "1" * 40, first)) == 1
            inspect(place)
        except Exception as error:
            figures.failures.append(f"step {number}: {traceback.format_exception_only(error)[0]}"[:2000])
    return figures


def _first_entry(place: Place, name: str, last: int) -> None:
    taken = 0

    def step(*_: object) -> None:
        nonlocal taken
        taken += 1
        if taken == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, _: object) -> None:
        if event in ("open", "sqlite3.connect") or event.startswith("os."):
            step()

    connect = sqlite3.connect

    def traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.set_trace_callback(step)
        return connection

    sqlite3.connect = traced  # type: ignore[assignment]
    sys.addaudithook(hook)
    record(place, "0" * 40, name)


if __name__ == "__main__":
    folder, *numbers = sys.argv[1:]
    print(json.dumps(vars(trials(Path(folder), *map(int, numbers)) if numbers else steps(Path(folder)))))
