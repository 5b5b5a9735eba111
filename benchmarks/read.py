"""Reading of formats, without recording: a large file of each, against the fastest known reader that finds the same numbers.

A floor is the shortest loop that gives the counts; it checks nothing of what it does not count: no totals, names, entities, depth
or lengths. It keeps no findings and no places.
"""

from __future__ import annotations

import importlib
import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import data
import measure


@dataclass(frozen=True)
class _Case:
    """One format."""

    kind: str
    format: str
    what: str
    make: Callable[[Path], Path]
    goal: float
    keys: tuple[str, ...]
    """Of the summary: what the floor finds as well."""


_RESULTS = ("tests", "failed", "errors", "skipped")
_LINES = ("lines_covered", "lines_total")
_CASES = (
    _Case("test-results", "junit-xml", "200,000 cases", lambda path: data.junit(path, 200_000), 1.5, _RESULTS),
    _Case("coverage", "cobertura-xml", "300,000 lines", lambda path: data.cobertura(path, 5000, 60), 1.5, _LINES),
    _Case("coverage", "jacoco-xml", "600,000 lines", lambda path: data.jacoco(path, 5000, 120), 1.5, _LINES),
)


def lines(repeat: int) -> Iterator[measure.Line]:
    """Measures."""
    with tempfile.TemporaryDirectory(prefix="compliance-bench-") as name:
        for case in _CASES:
            file = case.make(Path(name) / case.format)
            pair = measure.paired(partial(_call, "ours", case, file), partial(_call, "floor", case, file), repeat)
            if len({str(sample.result) for sample in (*pair.ours, *pair.floor)}) > 1:
                raise SystemExit(f"read: {case.format}: {pair.ours[0].result}, the floor says {pair.floor[0].result}")
            yield pair.line(f"{case.format}: {case.what}, {file.stat().st_size / 1e6:.0f} MB", case.goal)


def _call(side: str, case: _Case, file: Path) -> measure.Sample:
    return measure.call(f"read:{side}", str(file), case.kind, case.format, list(case.keys))


def ours(file: str, kind: str, format_name: str, keys: list[str]) -> Callable[[], list[int]]:
    """The toolkit's parser."""
    from compliance.catalog import shipped
    from compliance.source import Source

    form = next(item for item in shipped().kinds[kind].formats if item.name == format_name)

    def run() -> list[int]:
        (parsed,) = form.read(Source.from_path(Path(file)))
        summary = parsed.payload.summary()
        return [summary[key] for key in keys]

    return run


def floor(file: str, _kind: str, format_name: str, _keys: list[str]) -> Callable[[], list[int]]:
    """The floor: see above."""
    etree = importlib.import_module("lxml.etree")  # no types
    count = {"junit-xml": _junit, "cobertura-xml": _cobertura, "jacoco-xml": _jacoco}[format_name]
    return lambda: count(etree, io.BytesIO(Path(file).read_bytes()))


def _ends(etree: Any, stream: io.BytesIO, *tags: str) -> Iterator[Any]:
    """Yields the elements as they end, and drops them and what stands before them."""
    for _, element in etree.iterparse(stream, events=("end",), tag=tags, no_network=True, load_dtd=False, resolve_entities=False):
        yield element
        element.clear(keep_tail=True)
        while element.getprevious() is not None:
            del element.getparent()[0]


def _junit(etree: Any, stream: io.BytesIO) -> list[int]:
    counts = {"tests": 0, "failure": 0, "error": 0, "skipped": 0}
    for case in _ends(etree, stream, "testcase"):
        counts["tests"] += 1
        found = {child.tag for child in case}
        worst = next((tag for tag in ("error", "failure", "skipped") if tag in found), None)
        if worst:
            counts[worst] += 1
    return list(counts.values())


def _cobertura(etree: Any, stream: io.BytesIO) -> list[int]:
    covered = total = 0
    for found in _ends(etree, stream, "class"):
        for line in found.find("lines"):
            covered += int(line.get("hits")) > 0
            total += 1
    return [covered, total]


def _jacoco(etree: Any, stream: io.BytesIO) -> list[int]:
    for report in _ends(etree, stream, "package", "report"):
        if report.tag == "report":
            counter = next(item for item in report.iterchildren("counter") if item.get("type") == "LINE")
            covered, missed = int(counter.get("covered")), int(counter.get("missed"))
    return [covered, covered + missed]
