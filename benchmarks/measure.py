"""Measures functions and commands in fresh processes: wall time, CPU time, peak memory; medians and ratios of interleaved pairs."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True)
class Sample:
    """One measurement."""

    wall_s: float
    cpu_s: float
    """User and system time of all threads."""
    peak_mb: float
    """Largest resident set of the process, in 10^6 bytes."""
    result: Any = None
    """What the measured function returned: a JSON value."""


@dataclass(frozen=True)
class Line:
    """One line of the results."""

    what: str
    ours: str
    floor: str = ""
    ratio: str = ""
    goal: str = ""
    met: bool | None = None
    """None for a plain figure without a goal."""

    @property
    def verdict(self) -> str:
        """The goal's outcome in words."""
        return {None: "", True: "met", False: "NOT MET"}[self.met]


@dataclass(frozen=True)
class Pair:
    """Samples that were taken in turns, so that what else the machine does falls on both."""

    ours: list[Sample] = field(default_factory=list)
    floor: list[Sample] = field(default_factory=list)

    @property
    def wall(self) -> float:
        """Median over the pairs of the ratio of wall times."""
        return statistics.median(a.wall_s / b.wall_s for a, b in zip(self.ours, self.floor, strict=True))

    @property
    def cpu(self) -> float:
        """Median over the pairs of the ratio of CPU times."""
        return statistics.median(a.cpu_s / b.cpu_s for a, b in zip(self.ours, self.floor, strict=True))

    def line(self, what: str, goal: float | None = None) -> Line:
        """Returns the line of a goal for wall time, which people wait for; CPU time stands beside it, because it is steadier."""
        return Line(
            what=what,
            ours=figures(self.ours),
            floor=figures(self.floor),
            ratio=f"{self.wall:.2f} wall, {self.cpu:.2f} CPU",
            goal="" if goal is None else f"at most {goal:g}",
            met=None if goal is None else self.wall <= goal,
        )


def paired(ours: Callable[[], Sample], floor: Callable[[], Sample], repeat: int) -> Pair:
    """Takes samples in turns, changing who goes first."""
    pair = Pair()
    for number in range(repeat):
        for mine in (True, False) if number % 2 else (False, True):
            (pair.ours if mine else pair.floor).append(ours() if mine else floor())
    return pair


def figures(samples: Sequence[Sample]) -> str:
    """Writes the medians of samples."""
    wall, cpu, peak = (statistics.median(getattr(one, name) for one in samples) for name in ("wall_s", "cpu_s", "peak_mb"))
    return f"{wall:.2f} s wall, {cpu:.2f} s CPU, {peak:.0f} MB"


def call(function: str, *arguments: Any) -> Sample:
    """Measures what a function of these modules returns, called in a fresh process.

    Args:
        function: ``module:name``; it prepares, untimed, and returns the function without arguments that is timed. When that returns a
            function, the result is what this one returns, untimed.
        *arguments: JSON values.
    """
    done = subprocess.run([sys.executable, str(_CHILD), function, json.dumps(arguments)], capture_output=True, check=False, text=True)
    if done.returncode:
        raise SystemExit(f"{function} failed:\n{done.stderr}")
    return Sample(**json.loads(done.stdout.splitlines()[-1]))


def command(*words: str, environment: Mapping[str, str] | None = None, codes: Sequence[int] = (0,)) -> Sample:
    """Measures a command from start to end.

    Args:
        *words: The command; it starts with Python's own arguments.
        environment: Variables besides those of this process.
        codes: Exit codes that are expected.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *words], env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        raise SystemExit(f"{' '.join(words)}: exit code {process.returncode}, expected {codes}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)
