"""Memory that reading a large file takes, beyond what reading a small one of the same format takes.

Recognised and parsed as ``ingest`` does it, without the store. Up to 256 MiB a file is held as it is
(`compliance.source.MEMORY_LIMIT`); a larger one of lines or events is never held whole. A SARIF log is one document, cut into its
results piece by piece; its figure is plain. Floor: the small file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import data
import measure

GOAL_MB = 300.0
"""For files of lines and of events."""
_SMALL = 100


@dataclass(frozen=True)
class Large:
    """A large file."""

    what: str
    kind: str
    format: str
    file: Callable[[Path, int], Path]
    count: int
    goal_mb: float | None = GOAL_MB


FILES = (
    Large("JUnit XML", "test-results", "junit-xml", data.junit, 2_900_000),
    Large("JMeter CSV", "load-test", "jmeter-jtl", data.jtl, 8_000_000),
    Large("JSON log", "audit-log", "jsonl-log", data.jsonl, 1_500_000),
    Large("LCOV", "coverage", "lcov", data.lcov, 60_000),
    Large("SARIF", "scan", "sarif", data.sarif, 470_000, None),
)


def lines(repeat: int) -> Iterator[measure.Line]:
    """Measures once, whatever number of repeats was asked for: the peak hardly varies, and the files are large."""
    del repeat
    with tempfile.TemporaryDirectory(prefix="compliance-bench-") as name:
        for large in FILES:
            small, big = (measure.call("read:ours", *_arguments(large, Path(name), count)) for count in (_SMALL, large.count))
            grown = big.peak_mb - small.peak_mb
            file = Path(name) / str(large.count)
            yield measure.Line(
                what=f"{large.what}, {file.stat().st_size / 1e6:,.0f} MB",
                ours=f"{grown:.0f} MB more; {measure.figures([big])}",
                floor=measure.figures([small]),
                goal="" if large.goal_mb is None else f"at most {large.goal_mb:g} MB more",
                met=None if large.goal_mb is None else grown <= large.goal_mb,
            )
            file.unlink()


def _arguments(large: Large, folder: Path, count: int) -> tuple[str, str, str]:
    return str(large.file(folder / str(count), count)), large.kind, large.format
